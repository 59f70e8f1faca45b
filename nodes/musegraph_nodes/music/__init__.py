"""Pack `music`: chords, scores, what is done with them, how they sound, and who writes them."""

from pathlib import Path

from musegraph import Pack

from .abc.nodes import abc
from .anticipation.model import events, load_event_model
from .anticipation.nodes import anticipate
from .arrange import arrange
from .edit import change_tempo, humanise, loop, merge, quantise, split, transpose
from .harmony import chords, voice_chords
from .language.model import load_model, model
from .language.nodes import compose, continue_, harmonise, infill
from .language.train import train
from .mood import mood, mood_of_words
from .notation.musicxml import musicxml
from .picture import piano_roll
from .programs import instruments
from .sound import render
from .soundfont.nodes import play_soundfont

pack = Pack(
    "music",
    nodes=[
        chords,
        voice_chords,
        abc,
        mood,
        mood_of_words,
        arrange,
        transpose,
        quantise,
        humanise,
        change_tempo,
        merge,
        split,
        loop,
        instruments,
        musicxml,
        piano_roll,
        render,
        play_soundfont,
        load_model,
        compose,
        continue_,
        infill,
        harmonise,
        train,
        load_event_model,
        anticipate,
    ],
    version="1.0.0",
    title="Music",
    loaders={"model": model, "events": events},
    libraries=("pillow", "scipy", "torch", "transformers"),
    imports=("scipy",),
    texts=Path(__file__).parent / "texts",
)
