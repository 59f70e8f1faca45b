"""Pack `audio`: sounds cut, mixed and shaped, drawn, and what is heard in them."""

from pathlib import Path

from musegraph import Pack

from .dance import MusicFeatures, clicks, dance_features
from .edit import (
    channels,
    fade,
    join,
    mix,
    pan,
    resample,
    reverse,
    trim,
    trim_silence,
    volume,
)
from .effects import compress, drive, echo, equalise, reverb
from .files import load, open_file, save, split
from .levels import limit, measure, normalise
from .listen import find_beats, find_chords, find_key, find_pitch, find_structure, onsets
from .pictures import chromagram, spectrogram, waveform
from .vocoder import shift_pitch, stretch

__all__ = ["MusicFeatures", "pack"]

pack = Pack(
    "audio",
    nodes=[
        load,
        open_file,
        save,
        split,
        resample,
        channels,
        trim,
        trim_silence,
        fade,
        join,
        mix,
        pan,
        volume,
        reverse,
        normalise,
        limit,
        equalise,
        compress,
        reverb,
        echo,
        drive,
        stretch,
        shift_pitch,
        waveform,
        spectrogram,
        chromagram,
        measure,
        find_beats,
        onsets,
        find_key,
        find_chords,
        find_pitch,
        find_structure,
        dance_features,
        clicks,
    ],
    version="1.0.0",
    title="Sound",
    libraries=("numpy", "pillow", "scipy", "soundfile", "torch"),
    imports=("scipy",),
    texts=Path(__file__).parent / "texts",
)
