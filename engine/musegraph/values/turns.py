"""Turns in space as unit quaternions w, x, y, z in the last axis, NumPy in float64.

What readers of motion and packs that move figures share; NumPy is imported inside functions only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from musegraph.values.motion import Skeleton

Doubles: TypeAlias = "NDArray[np.float64]"


def product(a: Any, b: Any) -> Doubles:
    """The turn b, then the turn a."""
    import numpy as np

    w, x, y, z = np.moveaxis(np.asarray(a, float), -1, 0)
    s, t, u, v = np.moveaxis(np.asarray(b, float), -1, 0)
    return np.stack(
        (
            w * s - x * t - y * u - z * v,
            w * t + x * s + y * v - z * u,
            w * u - x * v + y * s + z * t,
            w * v + x * u - y * t + z * s,
        ),
        axis=-1,
    )


def back(turn: Any) -> Doubles:
    """The turn that undoes one."""
    import numpy as np

    return np.asarray(np.asarray(turn, float) * np.array([1.0, -1.0, -1.0, -1.0]))


def rotated(turn: Any, place: Any) -> Doubles:
    """A place [...,3] turned by turns [...,4]."""
    import numpy as np

    turn, place = np.asarray(turn, float), np.asarray(place, float)
    w, axis = turn[..., :1], turn[..., 1:]
    across = 2 * np.cross(axis, place)
    return np.asarray(place + w * across + np.cross(axis, across))


def unit(vectors: Any) -> Doubles:
    """Vectors, or quaternions, of length 1; those of no length stay so."""
    import numpy as np

    vectors = np.asarray(vectors, float)
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def vectors_of(turn: Any) -> Doubles:
    """Rotation vectors [...,3]: the axis, as long as the angle in radians, by the shorter way."""
    import numpy as np

    turn = np.asarray(turn, float)
    turn = np.where(turn[..., :1] < 0, -turn, turn)
    across = np.linalg.norm(turn[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(across, turn[..., :1])
    small = across < 1e-9
    return np.asarray(turn[..., 1:] * np.where(small, 2.0, angle / np.where(small, 1, across)))


def of_vectors(vectors: Any) -> Doubles:
    """The turns of rotation vectors [...,3]."""
    import numpy as np

    vectors = np.asarray(vectors, float)
    angle = np.linalg.norm(vectors, axis=-1, keepdims=True)
    small = angle < 1e-8
    factor = np.where(small, 0.5, np.sin(angle / 2) / np.where(small, 1, angle))
    return np.concatenate((np.cos(angle / 2), vectors * factor), axis=-1)


def of_matrices(matrix: Any) -> Doubles:
    """The turns of rotation matrices [...,3,3], by the largest of their four parts."""
    import numpy as np

    m = np.asarray(matrix, float)
    a, b, c = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    x, y, z = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    u, v, w = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    ways = np.stack((
        np.stack((1 + a + b + c, x, y, z), -1),
        np.stack((x, 1 + a - b - c, u, v), -1),
        np.stack((y, u, 1 - a + b - c, w), -1),
        np.stack((z, v, w, 1 - a - b + c), -1),
    ), -2)  # fmt: skip
    best = np.stack((1 + a + b + c, 1 + a - b - c, 1 - a + b - c, 1 - a - b + c), -1).argmax(-1)
    return unit(np.take_along_axis(ways, best[..., None, None], axis=-2)[..., 0, :])


def slerp(a: Any, b: Any, part: Any) -> Doubles:
    """So large a part of the way from a to b, by the shorter way."""
    import numpy as np

    part = np.asarray(part, float)[..., None]
    return product(a, of_vectors(vectors_of(product(back(a), b)) * part))


def steady(turns: Any) -> Doubles:
    """The same turns [T,…,4] with signs that go on from frame to frame: q and -q are one turn."""
    import numpy as np

    turns = np.array(turns, float)
    flips = (turns[1:] * turns[:-1]).sum(-1) < 0
    turns[1:] *= np.where(np.cumsum(flips, axis=0) % 2, -1.0, 1.0)[..., None]
    return np.asarray(turns)


def placed(turns: Any, root: Any, skeleton: Skeleton) -> tuple[Doubles, Doubles]:
    """Turns and places of all joints in the world, [T,J,4] and [T,J,3].

    ``turns`` [T,J,4] are those of joints in their parents, ``root`` [T,3] is in metres.
    """
    import numpy as np

    local = np.asarray(turns, float)
    offsets = np.array(skeleton.offsets, float)
    turned, where = local.copy(), np.empty((*local.shape[:2], 3))
    where[:, 0] = root
    for at, parent in enumerate(skeleton.parents):
        if at:
            turned[:, at] = product(turned[:, parent], local[:, at])
            where[:, at] = where[:, parent] + rotated(turned[:, parent], offsets[at])
    return turned, where
