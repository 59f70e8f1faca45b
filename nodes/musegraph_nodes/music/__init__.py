"""Pack `music`: chords, scores, what is done with them, and how they sound."""

from pathlib import Path

from musegraph import Pack

from .edit import change_tempo, humanise, loop, merge, quantise, split, transpose
from .harmony import chords, voice_chords
from .picture import piano_roll
from .sound import render

pack = Pack(
    "music",
    nodes=[
        chords,
        voice_chords,
        transpose,
        quantise,
        humanise,
        change_tempo,
        merge,
        split,
        loop,
        piano_roll,
        render,
    ],
    version="1.0.0",
    title="Music",
    libraries=("pillow", "scipy", "torch"),
    texts=Path(__file__).parent / "texts",
)
