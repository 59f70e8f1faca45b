"""Pack `speech`: texts that are read aloud."""

from pathlib import Path

from musegraph import Pack

from .load import load
from .loader import transformers
from .say import say

pack = Pack(
    "speech",
    nodes=[load, say],
    version="1.0.0",
    title="Speech",
    loaders={"transformers": transformers},
    libraries=("torch", "transformers"),
    texts=Path(__file__).parent / "texts",
)
