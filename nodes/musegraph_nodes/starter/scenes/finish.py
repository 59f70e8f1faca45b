"""What paper and screen do to a finished drawing, on float pixels `[side, side, 3]`, 0 to 255.

All textures are the same in every picture, or one of a few: a small model can learn those, and
cannot learn noise.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from musegraph_nodes.starter.scenes.colour import Colour

Field = np.ndarray[Any, np.dtype[np.float32]]
VARIANTS = 8
# How far edges wander, and how wide the ragged border of paper is, as parts of the side.
WANDER = 0.008
BORDER = 0.028
# How wide strokes of paint are, of 128 across, and how much of the paint is of one colour: the
# broad ones, and those that keep small shapes. Narrower ones an
# autoencoder would smooth away.
STROKES = ((3.8, 0.9), (1.8, 0.62))
# Points along a pixel at which it is asked which stroke is there: edges would be jagged of one.
FINENESS = 2


def grain(pixels: Field, strength: float) -> Field:
    """The tooth of paper."""
    textured: Field = pixels * (1 - strength * _tooth(len(pixels)))
    return textured


def wobble(pixels: Field, variant: int) -> Field:
    """Let edges wander as wet paint does."""
    whole, parts = _displacement(len(pixels), variant)
    flat = pixels.reshape(-1, 3)
    moved: Field = sum(
        (flat[index] * part for index, part in zip(whole, parts, strict=True)),
        start=np.zeros_like(flat),
    ).reshape(pixels.shape)
    return moved


def wash(pixels: Field, variant: int) -> Field:
    """More pigment here, less there."""
    pigment = _cloud(len(pixels), 300 + variant, 7)[..., None]
    # More pigment deepens the colour, but what is dark already stays as it is: night skies must
    # not turn black. Less lets the paper through.
    more, less = np.clip(pigment, 0, None), np.clip(-pigment, 0, None)
    washed = pixels + (255 - pixels) * (0.2 * less - 0.36 * more * pixels / 255)
    return washed.astype(np.float32)


def strokes(pixels: Field, fine: Field, variant: int) -> Field:
    """Paint laid on in strokes, each of nearly one colour, with light on their ridges.

    Where `fine`, float `[side, side, 1]`, is 1, they are thin and keep small shapes.
    """
    flat = pixels.reshape(-1, 3)
    painted = []
    for wide, share in STROKES:
        points = _strokes(len(pixels), variant, wide)
        paint: Field = np.zeros_like(flat)
        for source, relief in points:
            paint += (flat + share * (flat[source] - flat)) * relief
        painted.append((paint / len(points)).reshape(pixels.shape))
    both: Field = (painted[0] + fine * (painted[1] - painted[0])).astype(np.float32)
    return both


def ragged_border(pixels: Field, paper: Colour) -> Field:
    """Bare paper around the painting."""
    bare = _border(len(pixels))
    bordered: Field = pixels * (1 - bare) + np.array(paper, np.float32) * bare
    return bordered


def bloom(pixels: Field) -> Field:
    """Bright parts shine on what is near them."""
    bright = np.clip(pixels - 70, 0, 255).astype(np.uint8)
    radius = 2.6 * len(pixels) / 128
    shine = np.asarray(Image.fromarray(bright).filter(ImageFilter.GaussianBlur(radius)))
    lit: Field = pixels + 0.7 * shine.astype(np.float32)
    return lit


@lru_cache(64)
def _cloud(side: int, seed: int, cells: int) -> Field:
    """Smooth noise around 0, mostly within ±1, with about `cells` bumps along a side."""
    coarse = np.random.default_rng(seed).normal(0, 0.7, (cells, cells)).astype(np.float32)
    picture = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    noise: Field = np.clip(np.asarray(picture), -1.5, 1.5)
    return noise


@lru_cache(8)
def _tooth(side: int) -> Field:
    return _cloud(side, 7, 52)[..., None]


@lru_cache(4 * VARIANTS)
def _displacement(side: int, variant: int) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """For each pixel the four source pixels between which it falls, and their shares."""
    reach = WANDER * side
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    x = x + reach * (_cloud(side, 100 + variant, 11) + 0.3 * _cloud(side, 120 + variant, 30))
    y = y + reach * (_cloud(side, 200 + variant, 11) + 0.3 * _cloud(side, 220 + variant, 30))
    x, y = np.clip(x, 0, side - 1.001), np.clip(y, 0, side - 1.001)
    left, top = x.astype(np.int64), y.astype(np.int64)
    right_share, low_share = (x - left).reshape(-1, 1), (y - top).reshape(-1, 1)
    first = (top * side + left).ravel()
    indices = (first, first + 1, first + side, first + side + 1)
    shares = (
        (1 - right_share) * (1 - low_share),
        right_share * (1 - low_share),
        (1 - right_share) * low_share,
        right_share * low_share,
    )
    return indices, shares


@lru_cache(4 * VARIANTS)
def _strokes(side: int, variant: int, width: float) -> list[tuple[Any, Field]]:
    """At some points of pixels the pixel amid the stroke, and its light and tint, `[n, 3]`."""
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(400 + variant)
    unit, points = side / 128, FINENESS * side
    wide, long = width * unit, 2.6 * width * unit
    turn = rng.uniform(-0.7, 0.7)
    cos, sin = np.cos(turn), np.sin(turn)
    y, x = (np.mgrid[0:points, 0:points].astype(np.float32) + 0.5) / FINENESS - 0.5
    bend = 6 * unit * _cloud(points, 440 + variant, 6)
    along, across = (x * cos + y * sin) / long, (y * cos - x * sin + bend) / wide
    # A jittered grid in the measure of the strokes, in which they are round.
    reach = int(1.6 * side / wide) + 2
    nodes = np.stack(np.meshgrid(np.arange(-reach, reach), np.arange(-reach, reach)), -1)
    centres = nodes.reshape(-1, 2) + rng.uniform(-0.4, 0.4, (4 * reach * reach, 2))
    spots = np.stack([along.ravel(), across.ravel()], 1)
    low, high = spots.min(0) - 1, spots.max(0) + 1
    centres = centres[((centres > low) & (centres < high)).all(1)]
    own = cKDTree(centres).query(spots)[1]
    middles = cKDTree(spots).query(centres)[1]
    amid = ((middles // points // FINENESS) * side + middles % points // FINENESS)[own]
    offset = (across.ravel() - centres[own, 1]) * 2
    # Neighbours differ in light, and a little in hue, as paint that is not mixed through.
    tints = 1 + rng.normal(0, 0.045, (len(centres), 1)) + rng.normal(0, 0.02, (len(centres), 3))
    ridges = 0.015 * np.sin(across.ravel() * 14) - 0.07 * np.clip(offset, -1, 1)
    relief: Field = (tints[own] + ridges[:, None]).astype(np.float32)
    # Which point of a pixel, before which pixel.
    grid = np.arange(points * points).reshape(side, FINENESS, side, FINENESS)
    order = grid.transpose(1, 3, 0, 2).reshape(FINENESS**2, -1)
    return [(amid[chosen], relief[chosen]) for chosen in order]


@lru_cache(8)
def _border(side: int) -> Field:
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / (side - 1)
    inset = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y))
    inset = inset + 0.012 * _cloud(side, 99, 14)
    bare: Field = np.clip(1 - (inset - BORDER / 2) / (BORDER / 2), 0, 1)[..., None]
    return bare
