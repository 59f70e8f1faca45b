"""Where a figure is seen from: a camera that stands, goes round or goes along."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .turns import Doubles, unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .looks import View

_ANGLES: dict[str, tuple[float, float]] = {
    "front": (0, 8), "three quarters": (35, 12), "side": (90, 8), "back": (180, 10),
    "above": (20, 55), "low": (15, -4), "orbit": (0, 12),
}  # fmt: skip
"""Degrees round the figure and above it."""

_FOV = 0.5
"""Half the height of the picture, at one metre from the camera: a lens as for portraits."""


class Shot(NamedTuple):
    """A camera at one frame: its place, its axes as rows (right, up, back), pixels a metre."""

    eye: Doubles
    axes: Doubles
    scale: float
    width: int
    height: int

    def seen(self, places: Doubles) -> tuple[Doubles, Doubles]:
        """Pixels [N,2], y down, and metres ahead of the camera [N]."""
        local = (places - self.eye) @ self.axes.T
        ahead = np.maximum(-local[..., 2], 0.05)
        x = self.width / 2 + self.scale * local[..., 0] / ahead
        y = self.height / 2 - self.scale * local[..., 1] / ahead
        return np.stack((x, y), axis=-1), ahead


def shots(
    places: Sequence[Doubles],
    view: View,
    width: int,
    height: int,
    fps: float,
    follow: bool,
    closer: float,
    round_seconds: float = 12.0,
) -> list[Shot]:
    """A camera for each frame of figures [T,J,3] that dance together: all of them stay in sight."""
    from scipy.ndimage import gaussian_filter1d

    everything = np.concatenate(list(places), axis=1)
    least, most = everything.min(axis=1), everything.max(axis=1)
    middle = (least + most) / 2
    # The joint of a head is at its base: the crown is higher.
    tall = 0.17 + float(np.percentile(most[:, 1], 99))
    tall = max(tall, 0.5 * float(np.ptp(everything.reshape(-1, 3), axis=0).max()), 0.3)
    count = len(everything)
    if follow:
        centre = gaussian_filter1d(middle, max(0.4 * fps, 1), axis=0, mode="nearest")
    else:
        centre = np.tile((least.min(0) + most.max(0)) / 2, (count, 1))
    centre[:, 1] = tall * 0.50
    spread = everything - centre[:, None]
    wide = float(np.percentile(np.abs(spread[..., [0, 2]]).max(axis=(1, 2)), 99.5))
    wide += 0.07 * tall  # a hand goes on beyond its joint
    half = max(tall * 0.60, wide * 1.06 * height / width)
    far = half / _FOV / closer
    around, above = (np.radians(angle) for angle in _ANGLES[view])
    turn = np.full(count, around)
    if view == "orbit":
        turn = around + 2 * np.pi * np.arange(count) / (fps * round_seconds)
    made = []
    for at, angle in enumerate(turn.tolist()):
        way = np.array([
            np.sin(angle) * np.cos(above), np.sin(above), np.cos(angle) * np.cos(above),
        ])  # fmt: skip
        made.append(_look(centre[at] + far * way, centre[at], width, height))
    return made


def _look(eye: Doubles, at: Doubles, width: int, height: int) -> Shot:
    behind = unit(eye - at)
    right = unit(np.cross(np.array([0.0, 1.0, 0.0]), behind))
    axes = np.stack((right, np.cross(behind, right), behind))
    return Shot(eye, axes, height / 2 / _FOV, width, height)
