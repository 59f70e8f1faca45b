"""How far joints of a person go: about their three axes, in degrees, and what goes beyond."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .body import parts_of
from .turns import Doubles, of_vectors, vectors_of

if TYPE_CHECKING:
    from musegraph import Skeleton

# Smallest and largest angle about x (bends ahead where it is positive), y and z, on the left side;
# about y and z the right side is the mirror image. Rotation vectors of a body with its arms spread.
RANGES: dict[str, tuple[tuple[float, float], ...]] = {
    "hip": ((-140, 65), (-80, 80), (-70, 85)),
    "knee": ((-5, 155), (-25, 25), (-25, 25)),
    "ankle": ((-65, 75), (-60, 60), (-50, 50)),
    "foot": ((-60, 60), (-20, 20), (-20, 20)),
    "spine1": ((-40, 50), (-40, 40), (-35, 35)),
    "spine2": ((-40, 50), (-40, 40), (-35, 35)),
    "spine3": ((-40, 50), (-40, 40), (-35, 35)),
    "neck": ((-50, 60), (-65, 65), (-45, 45)),
    "head": ((-50, 60), (-65, 65), (-45, 45)),
    "collar": ((-35, 35), (-40, 40), (-35, 55)),
    "shoulder": ((-140, 140), (-150, 120), (-130, 130)),
    "elbow": ((-100, 100), (-165, 20), (-100, 100)),
    "wrist": ((-90, 90), (-60, 60), (-90, 90)),
    "hand": ((-60, 60), (-60, 60), (-90, 90)),
}


def bounds(skeleton: Skeleton) -> tuple[list[int], Doubles, Doubles]:
    """Joints that have limits, and the least and most of each [K,3] in radians."""
    joints, least, most = [], [], []
    for role, at in parts_of(skeleton).items():
        side, _, word = role.rpartition("_")
        if word not in RANGES:
            continue
        ranges = np.radians(np.array(RANGES[word], float))
        low, high = ranges[:, 0].copy(), ranges[:, 1].copy()
        if side == "right":
            low[1:], high[1:] = -ranges[1:, 1], -ranges[1:, 0]
        joints.append(at)
        least.append(low)
        most.append(high)
    return joints, np.array(least).reshape(-1, 3), np.array(most).reshape(-1, 3)


def beyond(turns: Doubles, skeleton: Skeleton) -> Doubles:
    """By how many radians each joint [T,K] is beyond what it can do, at the worst of its axes."""
    joints, least, most = bounds(skeleton)
    found = vectors_of(turns[:, joints])
    over = np.maximum(np.maximum(least - found, found - most), 0)
    return np.asarray(over.max(-1, initial=0.0))


def kept(turns: Doubles, skeleton: Skeleton, roles: tuple[str, ...]) -> Doubles:
    """Turns in which the joints of these parts stay within what they can do."""
    joints, least, most = bounds(skeleton)
    named = {at: role for role, at in parts_of(skeleton).items()}
    made = turns.copy()
    for number, at in enumerate(joints):
        if named[at].rpartition("_")[2] in roles:
            found = vectors_of(made[:, at])
            made[:, at] = of_vectors(np.clip(found, least[number], most[number]))
    return made
