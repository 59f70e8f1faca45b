"""Pack `control`: maps of pictures that a ControlNet or T2I-Adapter follows.

Edges, lines, tones and colours are computed here and need no model; depth, pose and
captions do.
"""

from pathlib import Path

from musegraph import Pack

from .caption import caption
from .depth import depth, normals
from .edges import canny, soft_edges
from .estimators import transformers
from .lines import lines, scribble, thin
from .pose import draw_pose, pose
from .tones import color_grid, luminance, palette, shuffle, threshold, tile

pack = Pack(
    "control",
    nodes=[
        canny,
        soft_edges,
        lines,
        thin,
        scribble,
        threshold,
        luminance,
        color_grid,
        palette,
        tile,
        shuffle,
        depth,
        normals,
        pose,
        draw_pose,
        caption,
    ],
    version="1.0.0",
    title="Control",
    loaders={"transformers": transformers},
    libraries=("torch", "scipy", "transformers"),
    imports=("scipy",),
    texts=Path(__file__).parent / "texts",
)
