"""Pack `autoregressive`: pictures that are written token after token, as texts are."""

from pathlib import Path

from musegraph import Pack

from .load import load
from .loader import transformers
from .tokens import decode, encode, show_tokens
from .write import complete, draw

pack = Pack(
    "autoregressive",
    nodes=[load, draw, complete, encode, decode, show_tokens],
    version="1.0.0",
    title="Autoregressive pictures",
    loaders={"transformers": transformers},
    libraries=("torch", "transformers"),
    texts=Path(__file__).parent / "texts",
)
