"""Pack `soundgen`: models that make sound, from texts and from sounds, and sounds as codes."""

from pathlib import Path

from musegraph import Pack

from .codes import decode, encode, show_codes
from .edit import extend, repaint, vary
from .generate import follow_melody, generate, song
from .load import load
from .loader import models

pack = Pack(
    "soundgen",
    nodes=[
        load,
        generate,
        song,
        follow_melody,
        extend,
        repaint,
        vary,
        encode,
        decode,
        show_codes,
    ],
    version="1.0.0",
    title="Sound models",
    loaders={"models": models},
    libraries=("torch", "diffusers", "transformers"),
    imports=("scipy",),
    texts=Path(__file__).parent / "texts",
)
