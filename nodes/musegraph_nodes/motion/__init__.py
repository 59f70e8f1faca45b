"""Pack `motion`: figures that move: files, changes, dances to music, measures, pictures, films."""

from pathlib import Path

from musegraph import Pack

from .choreograph import choreograph
from .edit import (
    blend,
    contacts,
    fix_feet,
    join,
    loop,
    mirror,
    reach,
    resample,
    retarget,
    smooth,
    trim,
    warp,
)
from .files import load, open_file, save
from .metrics import beat_alignment, diversity, foot_skate, jerk, plausibility
from .show import dub, film, filmstrip, mux, pose_pictures, render

pack = Pack(
    "motion",
    nodes=[
        load,
        open_file,
        save,
        choreograph,
        trim,
        loop,
        join,
        blend,
        mirror,
        resample,
        warp,
        smooth,
        contacts,
        fix_feet,
        reach,
        retarget,
        beat_alignment,
        foot_skate,
        jerk,
        diversity,
        plausibility,
        render,
        pose_pictures,
        filmstrip,
        film,
        mux,
        dub,
    ],
    version="1.0.0",
    title="Motion",
    libraries=("av", "numpy", "pillow", "scipy", "torch"),
    texts=Path(__file__).parent / "texts",
)
