"""Layouts that models of motion learn from: HumanML3D's 263 numbers, turns of SMPL joints."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from musegraph import NodeError, Skeleton, files

from .body import BODY, arrays, motion_of
from .limbs import local
from .retargeting import retargeted
from .turns import (
    NONE,
    UP,
    Doubles,
    about,
    back,
    between,
    of_matrices,
    placed,
    product,
    rotated,
    six_of,
    unit,
    vectors_of,
)

if TYPE_CHECKING:
    from musegraph import Motion

WIDTH = 263
JOINTS = 22
FPS = 20.0
_FEET = ((7, 10), (8, 11))
_STILL = 0.002
"""Squared metres from frame to frame below which a foot of HumanML3D stands."""


def on_body(motion: Motion, fps: float) -> tuple[Doubles, Doubles]:
    """Turns and root of a motion on the body with 24 joints, so many frames a second."""
    from .shaping import sampled

    turns, root = arrays(motion)
    if motion.fps != fps:
        count = max(round(motion.seconds * fps), 1)
        turns, root = sampled(turns, root, np.arange(count) * motion.fps / fps)
    if motion.skeleton.names[:JOINTS] != BODY.names[:JOINTS]:
        turns, root = retargeted(turns, root, motion.skeleton, BODY, fps, True)
    return turns, root


def features(motion: Motion) -> Doubles:
    """The features of HumanML3D of a motion at 20 frames a second, [T-1,263].

    The floor is at 0, the first pose stands at the origin and looks along z. Turns are six numbers
    by columns; they are those of the joints in their parents, where the data set's own come from
    its inverse kinematics.
    """
    turns, root = on_body(motion, FPS)
    if len(root) < 2:
        raise NodeError("features need a motion of two frames at 20 a second or more")
    skeleton = motion.skeleton if motion.skeleton.names[:JOINTS] == BODY.names[:JOINTS] else BODY
    where = placed(turns, root, skeleton)[1][:, :JOINTS]
    where[..., 1] -= where[..., 1].min()
    where[..., [0, 2]] -= where[0, 0, [0, 2]]
    across = where[:, 1] - where[:, 2] + where[:, 16] - where[:, 17]
    ahead = np.cross(unit(across), UP)
    facing = np.arctan2(ahead[:, 0], ahead[:, 2])
    where = rotated(about(UP, -facing[:1])[:, None], where)
    facing = facing - facing[0]
    turn = about(UP, -facing)  # from the world to where the figure looks
    heading = product(turn[1:], back(turn[:-1]))
    spin = np.arcsin(np.clip(heading[:, 2], -1, 1))
    pace = rotated(turn[1:], np.diff(where[:, 0], axis=0))[:, [0, 2]]
    flat = where - where[:, :1] * np.array([1.0, 0.0, 1.0])
    seen = rotated(turn[:, None], flat)
    speeds = rotated(turn[:-1, None], np.diff(where, axis=0))
    stands = [
        ((np.diff(where[:, joint], axis=0) ** 2).sum(-1) < _STILL).astype(float)
        for pair in _FEET
        for joint in pair
    ]
    return np.concatenate((
        spin[:, None], pace, where[:-1, 0, 1:2], seen[:-1, 1:].reshape(len(spin), -1),
        six_of(turns[:-1, 1:JOINTS]).reshape(len(spin), -1), speeds.reshape(len(spin), -1),
        np.stack(stands, axis=-1),
    ), axis=1)  # fmt: skip


def places_of(data: Doubles) -> Doubles:
    """Places of the 22 joints [T,22,3] that features say."""
    half = np.concatenate(([0.0], np.cumsum(data[:-1, 0])))
    turn = about(UP, 2 * half)
    root = np.zeros((len(data), 3))
    root[1:, [0, 2]] = data[:-1, 1:3]
    root = np.cumsum(rotated(back(turn), root), axis=0)
    root[:, 1] = data[:, 3]
    rest = rotated(back(turn)[:, None], data[:, 4:67].reshape(len(data), JOINTS - 1, 3))
    rest = rest + (root * np.array([1.0, 0.0, 1.0]))[:, None]
    return np.concatenate((root[:, None], rest), axis=1)


def fitted(where: Doubles) -> tuple[Doubles, Doubles, Skeleton]:
    """Turns, root and a body whose bones are as long as those between places [T,22,3]."""
    rest = np.array(BODY.offsets)
    offsets = rest.copy()
    for at in range(1, JOINTS):
        length = np.linalg.norm(where[:, at] - where[:, BODY.parents[at]], axis=-1)
        own = float(np.linalg.norm(rest[at]))
        offsets[at] = rest[at] * (float(np.median(length)) / own if own else 1.0)
    skeleton = Skeleton(
        BODY.names, BODY.parents, tuple((x, y, z) for x, y, z in offsets.tolist()), "smpl"
    )
    turned = np.tile(NONE, (len(where), len(BODY.names), 1))
    for at, parent in enumerate(BODY.parents):
        above = turned[:, parent] if parent >= 0 else turned[:, 0]
        below = [one for one in range(1, JOINTS) if BODY.parents[one] == at]
        turned[:, at] = above
        if len(below) == 1:
            bone = rotated(above, offsets[below[0]])
            turned[:, at] = product(between(bone, where[:, below[0]] - where[:, at]), above)
        elif below:
            turned[:, at] = _kabsch(offsets[below], where[:, below] - where[:, at, None])
    return local(turned, BODY.parents), where[:, 0], skeleton


def _kabsch(rest: Doubles, now: Doubles) -> Doubles:
    """The turns that bring several bones at rest [K,3] nearest to where they are [T,K,3]."""
    u, _, v = np.linalg.svd(np.einsum("tki,kj->tij", now, rest))
    sign = np.sign(np.linalg.det(u @ v))
    fix = np.tile(np.eye(3), (len(now), 1, 1))
    fix[:, 2, 2] = sign
    return of_matrices(u @ fix @ v)


def is_features(data: bytes) -> bool:
    """Whether a file is an array with 263 numbers to a row."""
    return data[:6] == b"\x93NUMPY" and b", 263)" in data[:256]


def of_features(data: bytes, name: str, fps: float) -> Motion:
    found = next(iter(files.arrays_of(data, name).values()))
    if found.ndim != 2 or found.shape[1] != WIDTH or not 1 <= len(found) <= 100_000:
        raise NodeError(f"{name!r} has the shape {list(found.shape)}; features are [frames, 263]")
    if found.dtype.kind not in "fiu":
        raise NodeError(f"{name!r} holds {found.dtype}; features are numbers")
    table = found.astype(float)
    if not np.isfinite(table).all():
        raise NodeError(f"{name!r} holds a number that is not finite")
    if np.abs(table[:, :67]).max() > 1000:
        raise NodeError(
            f"{name!r} holds places a kilometre away; features that are normalised need their mean"
            " and deviation first"
        )
    turns, root, skeleton = fitted(places_of(table))
    return motion_of(turns, root, fps, skeleton)


def features_file(motion: Motion) -> bytes:
    stream = BytesIO()
    np.save(stream, features(motion).astype(np.float32), allow_pickle=False)
    return stream.getvalue()


def as_smpl(motion: Motion) -> bytes:
    """Turns as AMASS keeps them: axis and angle of 22 joints, z up, with the frames a second."""
    turns, root = on_body(motion, motion.fps)
    up = np.array([np.sqrt(0.5), np.sqrt(0.5), 0.0, 0.0])
    turns = turns.copy()
    turns[:, 0] = product(up, turns[:, 0])
    poses = vectors_of(turns[:, :JOINTS]).reshape(len(root), -1)
    return files.pack_arrays(
        {"poses": poses, "trans": rotated(up, root), "mocap_framerate": np.array(motion.fps)}
    )
