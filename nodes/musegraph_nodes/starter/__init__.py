"""Pack `starter`: small models of our own, so that a fresh machine can make something at once."""

from pathlib import Path

from musegraph import Pack

pack = Pack(
    "starter",
    version="1.0.0",
    title="Starter models",
    models=Path(__file__).parent / "weights",
)
