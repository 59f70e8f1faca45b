"""Feet on the floor: when they stand, and how to keep them there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from .body import feet, need
from .limbs import REACH, local, reached
from .turns import Doubles, placed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musegraph import Skeleton

NEAR, SLOW = 0.05, 0.25
"""A foot stands where it is so many metres over the floor and slower than so many a second."""


def floor_of(where: Doubles, skeleton: Skeleton) -> float:
    """How high the balls of the feet are where they are lowest, but for a few frames."""
    balls = [ball for _, ball in feet(skeleton)]
    return float(np.percentile(where[:, balls, 1], 2))


def standing(
    where: Doubles, skeleton: Skeleton, fps: float, slow: float = SLOW
) -> NDArray[np.bool_]:
    """Whether the left and the right foot stand, [T,2]; never for less than three frames."""
    floor = floor_of(where, skeleton)
    found = np.zeros((len(where), 2), bool)
    for side, (_, ball) in enumerate(feet(skeleton)):
        place = where[:, ball]
        speed = np.zeros(len(place))
        if len(place) > 1:
            speed[1:] = np.linalg.norm(np.diff(place, axis=0), axis=-1) * fps
            speed[0] = speed[1]
        stands = (speed < slow) & (place[:, 1] < floor + NEAR)
        for start, end in runs(stands):
            found[start:end, side] = end - start >= 3
    return found


def runs(flags: Any) -> list[tuple[int, int]]:
    """Where a row of yes and no says yes: first and one beyond the last."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], np.asarray(flags, int), [0]))))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def planted(
    turns: Doubles,
    root: Doubles,
    skeleton: Skeleton,
    stands: NDArray[np.bool_],
    fps: float,
    goals: Doubles | None = None,
    ease: float = 0.12,
) -> tuple[Doubles, Doubles]:
    """A motion whose feet stay in their places while they stand.

    Each place is that in the middle of the time that the foot stands, or of ``goals`` [T,2,3]. Feet
    come and go from it within ``ease`` seconds; where a leg would be too short the body sinks.
    """
    turned, where = placed(turns, root, skeleton)
    sole = floor_of(where, skeleton)
    targets = []
    for side, (ankle, ball) in enumerate(feet(skeleton)):
        place = where[:, ball]
        shift = np.zeros_like(place)
        for start, end in runs(stands[:, side]):
            if goals is None:
                spot = np.median(place[start:end], axis=0)
                spot[1] = sole
            else:
                spot = np.median(goals[start:end, side], axis=0)
            shift[start:end] = spot - place[start:end]
        _faded(shift, stands[:, side], max(round(ease * fps), 1))
        shift[:, 1] += np.maximum(sole - (place[:, 1] + shift[:, 1]), 0)
        targets.append(where[:, ankle] + shift)
    root = root.copy()
    sink = _sunk(where, skeleton, targets, fps)
    root[:, 1] -= sink
    where = where - sink[:, None, None] * np.array([0.0, 1.0, 0.0])
    offsets = np.array(skeleton.offsets)
    for name, (ankle, _), target in zip(("left", "right"), feet(skeleton), targets, strict=True):
        hip, knee = need(skeleton, f"{name}_hip", f"{name}_knee")
        upper, lower = reached(turned, where, (hip, knee, ankle), target, offsets)
        turned[:, hip], turned[:, knee] = upper, lower
    return local(turned, skeleton.parents), root


def _faded(shift: Doubles, stands: NDArray[np.bool_], width: int) -> None:
    """Between stands a shift goes over from the one before to the one after, or away."""
    count = len(shift)
    for start, end in runs(~stands):
        before = shift[start - 1] if start else np.zeros(3)
        after = shift[end] if end < count else np.zeros(3)
        steps = np.arange(1, end - start + 1, dtype=float)
        span = min(width, end - start) if not (start and end < count) else end - start
        span = max(span, 1)
        leaving = np.clip(1 - steps / (span + 1), 0, 1)
        coming = np.clip(1 - steps[::-1] / (span + 1), 0, 1)
        leaving, coming = (one * one * (3 - 2 * one) for one in (leaving, coming))
        shift[start:end] = leaving[:, None] * before + coming[:, None] * after


def _sunk(where: Doubles, skeleton: Skeleton, targets: list[Doubles], fps: float) -> Doubles:
    """By how much a body sinks so that both legs are long enough, smoothly."""
    need_ = np.zeros(len(where))
    for name, (ankle, _), target in zip(("left", "right"), feet(skeleton), targets, strict=True):
        hip, knee = need(skeleton, f"{name}_hip", f"{name}_knee")
        a, b, c = where[:, hip], where[:, knee], where[:, ankle]
        whole = np.linalg.norm(b - a, axis=-1) + np.linalg.norm(c - b, axis=-1)
        # A leg that was straighter than usual may stay so.
        most = np.maximum(whole * REACH, np.minimum(np.linalg.norm(c - a, axis=-1), whole * 0.9999))
        across = np.linalg.norm((target - a)[:, [0, 2]], axis=-1)
        height = np.sqrt(np.maximum(most**2 - across**2, 0))
        need_ = np.maximum(need_, (a - target)[:, 1] - height)
    need_ = np.clip(need_, 0, 0.5)
    if not need_.any():
        return need_
    reach = max(round(0.1 * fps), 1)
    wide = maximum_filter1d(need_, 2 * reach + 1, mode="nearest")
    return np.asarray(gaussian_filter1d(wide, reach / 2.5, mode="nearest", truncate=2.5))
