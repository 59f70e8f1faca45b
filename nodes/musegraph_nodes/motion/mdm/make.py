"""From numbers of a net to motions, and what is kept of a motion where a net goes on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musegraph_nodes.motion.body import BODY, SOLE, arrays, motion_of
from musegraph_nodes.motion.contacts import floor_of, planted, standing
from musegraph_nodes.motion.layouts import FPS, JOINTS, features, fitted, places_of
from musegraph_nodes.motion.limits import kept
from musegraph_nodes.motion.retargeting import retargeted
from musegraph_nodes.motion.shaping import Pair, mixed_of, moved, sampled, smoothed, upper_joints
from musegraph_nodes.motion.turns import (
    NONE,
    UP,
    Doubles,
    about,
    back,
    of_six,
    placed,
    product,
    slerp,
    yaw_of,
)

if TYPE_CHECKING:
    from musegraph import Motion

_LOWER = (0, 1, 2, 4, 5, 7, 8, 10, 11)
"""Pelvis, hips, knees, ankles and balls: what MDM counts as the lower body."""
_SLOW = 0.6
_ROLES = ("shoulder", "collar", "elbow", "wrist", "neck", "head", "hip", "knee", "ankle", "foot",
          "spine1", "spine2", "spine3")  # fmt: skip


def of_numbers(table: Doubles, fps: float = FPS) -> Pair:
    """Turns and root on our body of what a net says: features, or rows of actions."""
    if table.shape[1] == 263:
        turns, root, skeleton = fitted(places_of(table))
    else:
        turns, root = _of_rows(table)
        skeleton = BODY
    if skeleton != BODY:
        turns, root = retargeted(turns, root, skeleton, BODY, fps, False)
    where = placed(turns, root, BODY)[1]
    root = root - np.array([0.0, floor_of(where, BODY) - SOLE, 0.0])
    return turns, root


def _of_rows(table: Doubles) -> Pair:
    """Of MDM's action models: 24 turns of six numbers by rows, and where the root is."""
    rows = table.reshape(len(table), 25, 6)
    turns, root = of_six(rows[:, :24], rows=True), rows[:, 24, :3]
    where = placed(turns, root, BODY)[1]
    if np.mean(where[:, 15, 1] - where[:, 0, 1]) < 0:  # a camera that counts downward, as UESTC's
        over = about([1.0, 0, 0], np.pi)
        turns = turns.copy()
        turns[:, 0] = product(over, turns[:, 0])
        root = root * np.array([1.0, -1.0, -1.0])
    return turns, root - root[:1] * np.array([1.0, 0.0, 1.0])


def tidied(pair: Pair) -> Pair:
    """No tremble, and joints within their limits."""
    turns, root = smoothed(*pair, 0.04 * FPS)
    return kept(turns, BODY, _ROLES), root


def stood(pair: Pair) -> Pair:
    """Feet that stay where they stand; legs follow, and the body where they are too short."""
    stands = standing(placed(*pair, BODY)[1], BODY, FPS, _SLOW)
    turns, root = planted(*pair, BODY, stands, FPS)
    return kept(turns, BODY, ("knee", "hip")), root


def cleaned(pair: Pair) -> Pair:
    """No tremble, joints within their limits, feet that stay where they stand."""
    return stood(tidied(pair))


def motion(pair: Pair) -> Motion:
    return motion_of(*pair, FPS, BODY)


def onto_body(motion: Motion) -> Pair:
    """Turns and root of any motion on our body, at 20 frames a second."""
    turns, root = arrays(motion)
    if motion.fps != FPS:
        at = np.arange(max(round(motion.seconds * FPS), 1)) * motion.fps / FPS
        turns, root = sampled(turns, root, at)
    if motion.skeleton != BODY:
        turns, root = retargeted(turns, root, motion.skeleton, BODY, FPS, True)
    return turns.copy(), root.copy()


def table_of(pair: Pair) -> Doubles:
    """As many features as a motion has frames; the last speed is that of the frame before."""
    turns, root = pair
    ahead = 2 * root[-1:] - root[-2:-1] if len(root) > 1 else root
    longer = np.concatenate((turns, turns[-1:])), np.concatenate((root, ahead))
    return features(motion_of(*longer, FPS, BODY))


def mask_of_joints(joints: list[int]) -> Doubles:
    """Which of the 263 numbers say where these joints are, 1 for each that does."""
    made = np.zeros(263)
    for joint in joints:
        if joint == 0:
            made[:4] = 1
        elif joint < JOINTS:
            made[4 + 3 * (joint - 1) : 4 + 3 * joint] = 1
            made[67 + 6 * (joint - 1) : 67 + 6 * joint] = 1
        if joint < JOINTS:
            made[193 + 3 * joint : 196 + 3 * joint] = 1
    if 10 in joints:
        made[259:] = 1
    return made


def lower() -> list[int]:
    return list(_LOWER)


def upper() -> list[int]:
    return [at for at in range(JOINTS) if at not in _LOWER]


def gap_mask(frames: int, start: int, end: int) -> Doubles:
    """1 for all numbers of frames that are kept: those outside ``start`` to ``end``."""
    made = np.ones((frames, 263))
    made[start:end] = 0
    return made


def with_part(own: Pair, made: Pair, part: str) -> Pair:
    """A motion whose upper or lower body is that of another, frame by frame."""
    above = upper_joints(BODY)
    turns = own[0].copy()
    if part == "upper body":
        turns[:, above] = made[0][:, above]
        return turns, own[1]
    below = [at for at in range(len(BODY.names)) if at not in above]
    turns[:, below] = made[0][:, below]
    # The net began where the motion stands, and looked along z.
    yaw = float(yaw_of(own[0][0, 0]) - yaw_of(made[0][0, 0]))
    laid, root = moved(made[0], made[1], yaw, made[1][0], own[1][0])
    turns[:, 0] = laid[:, 0]
    return stood((turns, root))


def between(own: Pair, made: Pair, start: int, end: int) -> Pair:
    """A motion whose frames from ``start`` to ``end`` are those of another; the rest is as it was.

    What was made is laid so that it begins where the motion was and ends where it goes on.
    """
    turns, root = own[0].copy(), own[1].copy()
    count = len(root)
    laid = [_laid(own, made, at) for at in (start - 1, end) if 0 <= at < count]
    part = (np.arange(start, end) - (start - 1)) / (end - start + 1)
    ease = part * part * (3 - 2 * part)
    inside = [(one[0][start:end], one[1][start:end]) for one in laid]
    new = inside[0] if len(inside) == 1 else mixed_of(inside[0], inside[1], ease)
    for at, way in ((start - 1, part), (end, 1 - part)):
        if 0 <= at < count:
            new = _eased(new, own, laid[0 if at < start or len(laid) == 1 else 1], at, way)
    turns[start:end], root[start:end] = new
    return turns, root


def _laid(own: Pair, made: Pair, at: int) -> Pair:
    """What was made, so that it stands and looks as the motion does at a frame."""
    yaw = float(yaw_of(own[0][at, 0]) - yaw_of(made[0][at, 0]))
    turns, root = moved(made[0], made[1], yaw, made[1][at], own[1][at])
    return turns, root


def _eased(new: Pair, own: Pair, laid: Pair, at: int, way: Doubles) -> Pair:
    """What is left at the seam fades out over the first third of the way from it."""
    share = np.clip(1 - 3 * way, 0, 1)
    share = share * share * (3 - 2 * share)
    off = product(own[0][at], back(laid[0][at]))
    none = np.broadcast_to(NONE, off.shape)
    turn = slerp(
        np.broadcast_to(none, new[0].shape), np.broadcast_to(off, new[0].shape),
        np.broadcast_to(share[:, None], new[0].shape[:2]),
    )  # fmt: skip
    high = (own[1][at] - laid[1][at]) * UP
    return product(turn, new[0]), new[1] + share[:, None] * high
