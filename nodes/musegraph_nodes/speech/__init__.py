"""Pack `speech`: texts that are read aloud, mouths that move with them, speech as text."""

from pathlib import Path

from musegraph import Pack

from .load import load
from .loader import transformers
from .mouth import mouth
from .say import say
from .transcribe import transcribe

pack = Pack(
    "speech",
    nodes=[load, say, mouth, transcribe],
    version="1.0.0",
    title="Speech",
    loaders={"transformers": transformers},
    libraries=("numpy", "scipy", "torch", "transformers"),
    imports=("scipy",),
    texts=Path(__file__).parent / "texts",
)
