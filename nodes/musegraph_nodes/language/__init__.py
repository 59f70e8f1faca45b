"""Pack `language`: language models that write prompts, lyrics and other texts."""

from pathlib import Path

from musegraph import Pack

from .load import load
from .loader import transformers
from .manners import expand_prompt, lyrics
from .write import write

pack = Pack(
    "language",
    nodes=[load, write, expand_prompt, lyrics],
    version="1.0.0",
    title="Language",
    loaders={"transformers": transformers},
    libraries=("torch", "transformers"),
    texts=Path(__file__).parent / "texts",
)
