"""Pack `pipelines`: every pipeline of Diffusers for pictures and videos, each as one node."""

from pathlib import Path

from musegraph import Pack

from .load import load, load_part
from .loader import diffusers
from .make import makers

pack = Pack(
    "pipelines",
    nodes=[load, load_part],
    made=makers(),
    version="1.0.0",
    title="Pipelines",
    loaders={"diffusers": diffusers},
    libraries=("torch", "diffusers", "transformers"),
    imports=("scipy",),
    texts=Path(__file__).parent / "texts",
)
