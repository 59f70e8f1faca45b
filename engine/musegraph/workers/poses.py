"""A motion as a small picture: some of its poses beside each other, seen from the front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musegraph.values import Image

if TYPE_CHECKING:
    from musegraph.values import Motion

POSES = 5
_SIDE, _HIGH, _FINE = 96, 128, 3
_BACK, _BONE = (30, 32, 40), (236, 150, 92)
_MOST = 400
"""Frames whose place counts for the size; those of longer motions are spread over the whole."""


def poses(motion: Motion) -> Image:
    """Five poses from the first frame to the last, each with its feet on the same line."""
    import numpy as np
    import torch
    from PIL import Image as pil
    from PIL import ImageDraw

    from musegraph.values import Motion

    frames = np.linspace(0, motion.frames - 1, min(motion.frames, _MOST)).round().astype(int)
    few = Motion(
        motion.rotations[frames].cpu(), motion.root[frames].cpu(), motion.fps, motion.skeleton
    )
    places = few.positions().numpy()
    # Each pose is seen by itself: what counts is the figure, not where it has gone.
    places = places - places[:, :1] * np.array([1.0, 0.0, 1.0])
    low, high = float(places[..., 1].min()), float(places[..., 1].max())
    wide = float(np.abs(places[..., 0]).max())
    scale = min(_HIGH * 0.84 / max(high - low, 1e-3), _SIDE * 0.48 / max(wide, 1e-3)) * _FINE
    page = pil.new("RGB", (POSES * _SIDE * _FINE, _HIGH * _FINE), _BACK)
    draw = ImageDraw.Draw(page)
    for number in range(POSES):
        pose = places[round(number * (len(places) - 1) / (POSES - 1))]
        x = (number + 0.5) * _SIDE * _FINE + pose[:, 0] * scale
        y = _HIGH * 0.92 * _FINE - (pose[:, 1] - low) * scale
        for at, parent in enumerate(motion.skeleton.parents):
            if at:
                line = (float(x[parent]), float(y[parent]), float(x[at]), float(y[at]))
                draw.line(line, _BONE, 3 * _FINE, joint="curve")
    small = page.resize((POSES * _SIDE, _HIGH), pil.Resampling.LANCZOS)
    return Image(torch.from_numpy(np.asarray(small, np.float32) / 255)[None])
