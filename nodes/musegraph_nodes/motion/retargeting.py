"""A motion on another skeleton: turns by what joints are, and feet where they stood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .body import feet, leg_length, need, parts_of, sole_of
from .contacts import planted, standing
from .limbs import framed, local
from .turns import NONE, UP, Doubles, placed, product, unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musegraph import Skeleton

_NEXT = {
    "pelvis": ("spine1", "spine2", "spine3", "neck"), "spine1": ("spine2", "spine3", "neck"),
    "spine2": ("spine3", "neck"), "spine3": ("neck", "head"), "neck": ("head",),
    "hip": ("knee",), "knee": ("ankle",), "ankle": ("foot",), "collar": ("shoulder",),
    "shoulder": ("elbow",), "elbow": ("wrist",), "wrist": ("hand",),
}  # fmt: skip
"""Which joint the bone of one goes to."""


def retargeted(
    turns: Doubles,
    root: Doubles,
    skeleton: Skeleton,
    target: Skeleton,
    fps: float,
    feet_stand: bool,
) -> tuple[Doubles, Doubles]:
    """Turns and root of a motion for another skeleton, as large as that is."""
    source, goal = parts_of(skeleton), parts_of(target)
    need(skeleton, "pelvis", "left_hip", "right_hip")
    need(target, "pelvis", "left_hip", "right_hip")
    turned, where = placed(turns, root, skeleton)
    rest, other = _rest(skeleton), _rest(target)
    made = np.tile(NONE, (len(turns), len(target.names), 1))
    roles = {at: role for role, at in goal.items() if role in source}
    for at, parent in enumerate(target.parents):
        role = roles.get(at)
        if role is None:
            made[:, at] = made[:, parent] if at else _facing(rest, other, source, goal)
            continue
        align = _aligned(role, rest, other, source, goal)
        made[:, at] = product(turned[:, source[role]], align)
    scale = leg_length(target) / max(leg_length(skeleton), 1e-6)
    moved = where * scale
    return _stood(made, moved, source, goal, skeleton, target, where, fps, feet_stand)


def _stood(
    made: Doubles,
    moved: Doubles,
    source: dict[str, int],
    goal: dict[str, int],
    skeleton: Skeleton,
    target: Skeleton,
    where: Doubles,
    fps: float,
    feet_stand: bool,
) -> tuple[Doubles, Doubles]:
    """The root where the middle of the hips was, and feet where they stood."""
    turns = local(made, target.parents)
    middle = (moved[:, source["left_hip"]] + moved[:, source["right_hip"]]) / 2
    places = placed(turns, np.zeros((len(turns), 3)), target)[1]
    own = (places[:, goal["left_hip"]] + places[:, goal["right_hip"]]) / 2
    root = middle - own
    whole = {"left_ankle", "right_ankle", "left_knee", "right_knee"}
    if not whole <= source.keys() & goal.keys():
        return turns, root
    balls = [ball for _, ball in feet(skeleton)]
    stands = standing(where, skeleton, fps)
    places = placed(turns, root, target)[1]
    theirs = [ball for _, ball in feet(target)]
    # Soles differ in thickness: what stood on the floor stands on it again.
    floor = float(np.percentile(moved[:, balls, 1], 2))
    sole = sole_of(target)
    root = root + UP * (sole - _lowest(places[:, theirs, 1], stands))
    if not feet_stand:
        return turns, root
    goals = moved[:, balls].copy()
    goals[..., 1] += sole - floor
    goals[..., 1] = np.where(stands, sole, goals[..., 1])
    return planted(turns, root, target, stands, fps, goals)


def _lowest(heights: Doubles, stands: NDArray[np.bool_]) -> float:
    return float(np.median(heights[stands]) if stands.any() else np.percentile(heights, 2))


def _rest(skeleton: Skeleton) -> Doubles:
    """Places of all joints at rest [J,3]."""
    one = np.tile(NONE, (1, len(skeleton.names), 1))
    return np.asarray(placed(one, np.zeros((1, 3)), skeleton)[1][0])


def _ahead(rest: Doubles, parts: dict[str, int]) -> Doubles:
    left = unit(rest[parts["left_hip"]] - rest[parts["right_hip"]])
    return unit(np.cross(left, UP))


def _facing(rest: Doubles, other: Doubles, source: dict[str, int], goal: dict[str, int]) -> Doubles:
    return framed(UP, _ahead(rest, source), UP, _ahead(other, goal))


def _aligned(
    role: str, rest: Doubles, other: Doubles, source: dict[str, int], goal: dict[str, int]
) -> Doubles:
    """The turn that brings the bone of the target at rest to where that of the source is."""
    side, _, word = role.rpartition("_")
    follow = _NEXT.get(role) or tuple(f"{side}_{one}" for one in _NEXT.get(word, ()))
    shared = next((one for one in follow if one in source and one in goal), None)
    ahead, theirs = _ahead(rest, source), _ahead(other, goal)
    if shared is None:
        # The end of a limb is turned as what it hangs from is, from one rest to the other.
        before = {"head": "neck", "hand": "wrist", "wrist": "elbow", "foot": "ankle"}.get(word)
        above = f"{side}_{before}" if side else before
        if above and above in source and above in goal:
            return _aligned(above, rest, other, source, goal)
        return _facing(rest, other, source, goal)
    bone = unit(rest[source[shared]] - rest[source[role]])
    own = unit(other[goal[shared]] - other[goal[role]])
    if abs(float(bone @ ahead)) > 0.7 or abs(float(own @ theirs)) > 0.7:
        return framed(bone, UP, own, UP)
    return framed(bone, ahead, own, theirs)
