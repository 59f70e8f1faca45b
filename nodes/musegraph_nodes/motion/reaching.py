"""A hand or a foot at a place for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .body import arrays, need
from .limbs import local, reached
from .turns import UP, Doubles, about, placed, rotated, slerp, yaw_of

if TYPE_CHECKING:
    from musegraph import Motion

    from .options import Side

_CHAINS = {"hand": ("shoulder", "elbow", "wrist"), "foot": ("hip", "knee", "ankle")}


def reaching(
    motion: Motion,
    limb: Side,
    place: tuple[float, float, float],
    of_floor: bool,
    span: tuple[float, float, float],
) -> tuple[Doubles, Doubles]:
    """Turns and root with a limb at ``place`` for a span (start, length and ease in seconds)."""
    side, what = limb.split()
    top, middle, end = need(motion.skeleton, *(f"{side}_{one}" for one in _CHAINS[what]))
    turns, root = arrays(motion)
    turned, where = placed(turns, root, motion.skeleton)
    target = np.tile(np.array(place, float), (len(root), 1))
    if not of_floor:
        facing = about(UP, yaw_of(turned[:, 0]))
        target = rotated(facing, target) + where[:, 0] * np.array([1.0, 0.0, 1.0])
    start, length, ease = span
    time = np.arange(len(root)) / motion.fps
    part = np.minimum(time - start + ease, start + length + ease - time)
    part = np.clip(part / ease, 0, 1) if ease else (part >= 0).astype(float)
    part = part * part * (3 - 2 * part)
    offsets = np.array(motion.skeleton.offsets)
    upper, lower = reached(turned, where, (top, middle, end), target, offsets)
    held = turned.copy()
    for joint, way in ((top, upper), (middle, lower)):
        held[:, joint] = slerp(turned[:, joint], way, part)
    if what == "hand":  # a hand goes along with its arm; a foot stays as it is turned
        children = [end]
        for at, parent in enumerate(motion.skeleton.parents):
            if parent in children:
                children.append(at)
        made = local(held, motion.skeleton.parents)
        made[:, children] = turns[:, children]
        return made, root
    return local(held, motion.skeleton.parents), root
