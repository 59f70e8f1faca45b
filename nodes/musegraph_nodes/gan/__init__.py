"""Pack `gan`: pictures by networks of the StyleGAN2 kind, and their styles as an instrument."""

from pathlib import Path

from musegraph import Pack

from .directions import directions, move
from .draw import draw
from .find import find
from .load import generators, load
from .styles import mix, styles
from .train import train
from .walk import walk, walk_to_beats

pack = Pack(
    "gan",
    nodes=[load, styles, draw, mix, walk, walk_to_beats, directions, move, find, train],
    version="1.0.0",
    title="GAN",
    loaders={"generators": generators},
    libraries=("torch",),
    texts=Path(__file__).parent / "texts",
)
