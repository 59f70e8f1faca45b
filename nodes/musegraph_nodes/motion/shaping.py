"""Motions cut, joined, mixed and bent in time: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from .body import parts_of
from .turns import UP, Doubles, about, product, rotated, slerp, steady, unit, yaw_of

if TYPE_CHECKING:
    from musegraph import Skeleton

Pair = tuple[Doubles, Doubles]
UPPER = (
    "spine1", "spine2", "spine3", "neck", "head", "left_collar", "right_collar", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand",
    "right_hand",
)  # fmt: skip


def sampled(turns: Doubles, root: Doubles, at: Any) -> Pair:
    """A motion at frames between its frames, ``at`` [N]."""
    at = np.clip(np.asarray(at, float), 0, len(root) - 1)
    before = np.minimum(at.astype(int), max(len(root) - 2, 0))
    after = np.minimum(before + 1, len(root) - 1)
    part = at - before
    turn = slerp(
        turns[before], turns[after], np.broadcast_to(part[:, None], (len(at), turns.shape[1]))
    )
    return turn, root[before] + (root[after] - root[before]) * part[:, None]


def moved(turns: Doubles, root: Doubles, yaw: float, about_: Doubles, to: Doubles) -> Pair:
    """A motion turned by ``yaw`` about a place on the floor, which then lies at ``to``."""
    turn = about(UP, yaw)
    turns = turns.copy()
    turns[:, 0] = product(turn, turns[:, 0])
    flat = np.array([1.0, 0.0, 1.0])
    return turns, rotated(turn, root - about_ * flat) + to * flat


def joined(first: Pair, second: Pair, overlap: int) -> Pair:
    """Two motions one after the other; the second goes on where the first is, and looks as it does.

    Over ``overlap`` frames the one goes over into the other.
    """
    overlap = min(overlap, len(first[1]), len(second[1]))
    at = max(len(first[1]) - max(overlap, 1), 0)
    yaw = float(yaw_of(first[0][at, 0]) - yaw_of(second[0][0, 0]))
    turns, root = moved(*second, yaw, second[1][0], first[1][at])
    if not overlap:
        return np.concatenate((first[0], turns)), np.concatenate((first[1], root))
    part = (np.arange(overlap) + 1) / (overlap + 1)
    part = part * part * (3 - 2 * part)
    mixed = mixed_of(
        (first[0][-overlap:], first[1][-overlap:]), (turns[:overlap], root[:overlap]), part
    )
    return (
        np.concatenate((first[0][:-overlap], mixed[0], turns[overlap:])),
        np.concatenate((first[1][:-overlap], mixed[1], root[overlap:])),
    )


def mixed_of(first: Pair, second: Pair, part: Doubles, joints: list[int] | None = None) -> Pair:
    """Two motions of one length mixed, ``part`` [T] of the second; of some joints only if told."""
    count = first[0].shape[1]
    turns = first[0].copy()
    chosen = list(range(count)) if joints is None else joints
    share = np.broadcast_to(part[:, None], (len(part), len(chosen)))
    turns[:, chosen] = slerp(first[0][:, chosen], second[0][:, chosen], share)
    root = first[1]
    if joints is None or 0 in joints:
        root = first[1] + (second[1] - first[1]) * part[:, None]
    return turns, root


def upper_joints(skeleton: Skeleton) -> list[int]:
    """All joints above the pelvis: chest, head and arms, with all that hangs from them."""
    parts = parts_of(skeleton)
    found = {parts[role] for role in UPPER if role in parts}
    for at, parent in enumerate(skeleton.parents):
        if parent in found:
            found.add(at)
    return sorted(found)


def mirrored(turns: Doubles, root: Doubles, skeleton: Skeleton) -> Pair:
    """What a mirror shows: left and right change places."""
    partner = list(range(len(skeleton.names)))
    names = list(skeleton.names)
    parts = parts_of(skeleton)
    for role, at in parts.items():
        other = (
            role.replace("left_", "right_") if "left_" in role else role.replace("right_", "left_")
        )
        partner[at] = parts.get(other, at)
    for at, name in enumerate(names):
        if at in parts.values():
            continue
        for a, b in (
            ("left", "right"),
            ("Left", "Right"),
            ("L_", "R_"),
            ("_l", "_r"),
            ("_L", "_R"),
        ):
            if name.replace(a, b) != name and name.replace(a, b) in names:
                partner[at] = names.index(name.replace(a, b))
            elif name.replace(b, a) != name and name.replace(b, a) in names:
                partner[at] = names.index(name.replace(b, a))
    turns = turns[:, partner] * np.array([1.0, 1.0, -1.0, -1.0])
    return turns, root * np.array([-1.0, 1.0, 1.0])


def smoothed(turns: Doubles, root: Doubles, frames: float) -> Pair:
    """A motion without what trembles, by a Gaussian of so many frames."""
    soft = gaussian_filter1d(steady(turns), frames, axis=0, mode="nearest")
    return unit(soft), np.asarray(gaussian_filter1d(root, frames, axis=0, mode="nearest"))


def speed_of(where: Doubles, fps: float) -> Doubles:
    """The mean speed of all joints at each frame, in metres a second."""
    if len(where) < 2:
        return np.zeros(len(where))
    return np.asarray(np.linalg.norm(np.gradient(where, axis=0), axis=-1).mean(axis=1) * fps)


def motion_beats(where: Doubles, fps: float) -> Doubles:
    """Seconds at which a body is slowest: local minima of its mean speed, smoothed by 1/12 s."""
    speed = gaussian_filter1d(speed_of(where, fps), fps / 12, mode="nearest")
    low = np.flatnonzero((speed[1:-1] < speed[:-2]) & (speed[1:-1] <= speed[2:])) + 1
    return low / fps


def warp_of(own: Doubles, goal: Doubles, seconds: float) -> tuple[Doubles, Doubles]:
    """Pairs of moments: those of ``own`` that fall on those of ``goal``, each at most once.

    Each of ``goal`` takes the nearest of ``own`` that is left, where the pace does not change to
    less than half or more than twice.
    """
    pairs = [(0.0, 0.0)]
    for beat in goal:
        if beat <= pairs[-1][1] + 1e-3:
            if beat <= 1e-3 and len(own) and abs(own[0] - beat) < 0.1:
                pairs[0] = (float(own[0]), float(beat)) if own[0] >= 0 else pairs[0]
            continue
        # Where the motion would be if it went on at its own pace from the last pair.
        expected = pairs[-1][0] + beat - pairs[-1][1]
        later = own[own > pairs[-1][0] + 1e-3]
        if not len(later):
            break
        best = float(later[np.abs(later - expected).argmin()])
        pace = (best - pairs[-1][0]) / (beat - pairs[-1][1])
        if 0.5 <= pace <= 2:
            pairs.append((best, float(beat)))
    last = pairs[-1]
    pairs.append((seconds, last[1] + seconds - last[0]))
    a, b = np.array(pairs).T
    keep = np.concatenate(([True], np.diff(a) > 1e-6))
    return a[keep], b[keep]
