"""Pack `image`: pictures and masks, whole, in parts and in tiles."""

from pathlib import Path

from musegraph import Pack

from .batches import split, stack
from .colour import (
    adjust,
    blend,
    blur,
    flatten_alpha,
    invert,
    match_colors,
    sharpen,
    to_grayscale,
)
from .compose import compose
from .files import load, open_file, save
from .fills import color, gradient, noise
from .geometry import crop, flip, pad, resize, rotate, scale, size
from .holes import fill_hole
from .mask_tools import mask_box, mask_fill_holes, mask_from_color, mask_pieces
from .masks import (
    from_mask,
    mask_combine,
    mask_ellipse,
    mask_feather,
    mask_grow,
    mask_invert,
    mask_rectangle,
    mask_resize,
    mask_threshold,
    set_alpha,
    to_mask,
)
from .outpaint import outpaint, square, zoom_out
from .regions import cut_out, stitch
from .seams import repeat, seamless, seams, wrap
from .sheets import grid
from .tiles import merge_tiles, split_tiles

pack = Pack(
    "image",
    nodes=[
        load,
        open_file,
        save,
        size,
        resize,
        scale,
        crop,
        pad,
        flip,
        rotate,
        grid,
        split,
        stack,
        compose,
        blend,
        adjust,
        blur,
        sharpen,
        to_grayscale,
        invert,
        match_colors,
        flatten_alpha,
        color,
        gradient,
        noise,
        to_mask,
        from_mask,
        set_alpha,
        mask_rectangle,
        mask_ellipse,
        mask_invert,
        mask_grow,
        mask_feather,
        mask_threshold,
        mask_combine,
        mask_resize,
        mask_fill_holes,
        mask_from_color,
        mask_box,
        mask_pieces,
        cut_out,
        stitch,
        fill_hole,
        outpaint,
        zoom_out,
        square,
        split_tiles,
        merge_tiles,
        wrap,
        repeat,
        seamless,
        seams,
    ],
    version="1.0.0",
    title="Image",
    libraries=("torch", "pillow", "scipy"),
    imports=("scipy",),
    texts=Path(__file__).parent / "texts",
)
