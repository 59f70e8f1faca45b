"""Pack `motion`: figures that move: files, changes, dances to music, measures, pictures, films."""

from pathlib import Path

from musegraph import Pack

from .choreograph import choreograph
from .diffusion.model import dancer, load_dance_model
from .diffusion.nodes import dance
from .diffusion.train import train_dance
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
from .mdm.model import load_text_model, mdm
from .mdm.nodes import in_between, redo_part, text_to_motion
from .mdm.readers import mdm_texts
from .metrics import beat_alignment, diversity, foot_skate, jerk, plausibility
from .show import dub, film, filmstrip, mux, pose_pictures, render
from .sprites import sprite_sheet

pack = Pack(
    "motion",
    nodes=[
        load,
        open_file,
        save,
        choreograph,
        load_dance_model,
        dance,
        train_dance,
        load_text_model,
        text_to_motion,
        in_between,
        redo_part,
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
        sprite_sheet,
        film,
        mux,
        dub,
    ],
    version="1.0.0",
    title="Motion",
    loaders={"dancer": dancer, "mdm": mdm, "mdm_texts": mdm_texts},
    libraries=("av", "numpy", "pillow", "scipy", "torch", "transformers"),
    imports=("scipy",),
    texts=Path(__file__).parent / "texts",
)
