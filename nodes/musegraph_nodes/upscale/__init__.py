"""Pack `upscale`: larger pictures by nets that learned what detail looks like."""

from pathlib import Path

from musegraph import Pack

from .enlarge import upscale
from .loader import nets

pack = Pack(
    "upscale",
    nodes=[upscale],
    version="1.0.0",
    title="Upscale",
    loaders={"nets": nets},
    libraries=("torch", "transformers"),
    imports=("scipy",),
    texts=Path(__file__).parent / "texts",
)
