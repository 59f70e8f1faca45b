"""Unit quaternions w, x, y, z in the last axis, matrices and the two ways of six numbers; NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musegraph import Skeleton

Doubles: TypeAlias = "NDArray[np.float64]"
UP = np.array([0.0, 1.0, 0.0])
NONE = np.array([1.0, 0.0, 0.0, 0.0])


def product(a: Any, b: Any) -> Doubles:
    """The turn b, then the turn a."""
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
    return np.asarray(np.asarray(turn, float) * np.array([1.0, -1.0, -1.0, -1.0]))


def rotated(turn: Any, place: Any) -> Doubles:
    turn, place = np.asarray(turn, float), np.asarray(place, float)
    w, axis = turn[..., :1], turn[..., 1:]
    across = 2 * np.cross(axis, place)
    return np.asarray(place + w * across + np.cross(axis, across))


def unit(vectors: Any) -> Doubles:
    vectors = np.asarray(vectors, float)
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def about(axis: Any, angle: Any) -> Doubles:
    """A turn about an axis [3] by angles [...] in radians."""
    half = np.asarray(angle, float)[..., None] / 2
    return np.concatenate((np.cos(half), np.sin(half) * unit(axis)), axis=-1)


def euler(x: Any, y: Any, z: Any) -> Doubles:
    """Turns by angles: about y, then the turned x, then the turned z."""
    first = product(about(UP, y), about([1, 0, 0], x))
    return product(first, about([0, 0, 1], z))


def yaw_of(turn: Any) -> Doubles:
    """How far a turn looks aside from z, about y, in radians."""
    ahead = rotated(turn, np.array([0.0, 0.0, 1.0]))
    return np.asarray(np.arctan2(ahead[..., 0], ahead[..., 2]))


def between(a: Any, b: Any) -> Doubles:
    """The shortest turn from directions a to directions b [...,3]."""
    a, b = unit(a), unit(b)
    w = 1 + (a * b).sum(-1, keepdims=True)
    axis = np.cross(a, b)
    # Opposite directions: any axis across will do.
    other = np.cross(a, np.where(np.abs(a[..., :1]) < 0.9, [1.0, 0, 0], [0, 1.0, 0]))
    far = w < 1e-6
    return unit(np.concatenate((np.where(far, 0, w), np.where(far, unit(other), axis)), axis=-1))


def vectors_of(turn: Any) -> Doubles:
    """Rotation vectors [...,3]: the axis, as long as the angle."""
    turn = np.asarray(turn, float)
    turn = np.where(turn[..., :1] < 0, -turn, turn)
    across = np.linalg.norm(turn[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(across, turn[..., :1])
    small = across < 1e-9
    return np.asarray(turn[..., 1:] * np.where(small, 2.0, angle / np.where(small, 1, across)))


def of_vectors(vectors: Any) -> Doubles:
    vectors = np.asarray(vectors, float)
    angle = np.linalg.norm(vectors, axis=-1, keepdims=True)
    small = angle < 1e-8
    factor = np.where(small, 0.5, np.sin(angle / 2) / np.where(small, 1, angle))
    return np.concatenate((np.cos(angle / 2), vectors * factor), axis=-1)


def angle_of(turn: Any) -> Doubles:
    """How far a turn goes, in radians, by the shorter way."""
    return np.asarray(np.linalg.norm(vectors_of(turn), axis=-1))


def slerp(a: Any, b: Any, part: Any) -> Doubles:
    """So large a part of the way from a to b, by the shorter way."""
    part = np.asarray(part, float)[..., None]
    return product(a, of_vectors(vectors_of(product(back(a), b)) * part))


def steady(turns: Any) -> Doubles:
    """The same turns [T,…,4] with signs that go on: q and -q are one turn."""
    turns = np.array(turns, float)
    flips = (turns[1:] * turns[:-1]).sum(-1) < 0
    turns[1:] *= np.where(np.cumsum(flips, axis=0) % 2, -1.0, 1.0)[..., None]
    return np.asarray(turns)


def matrices(turn: Any) -> Doubles:
    """[...,3,3]: columns are where the axes go."""
    return np.stack([rotated(turn, axis) for axis in np.eye(3)], axis=-1)


def of_matrices(matrix: Any) -> Doubles:
    """Quaternions of rotation matrices, by the largest of their four parts."""
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


def six_of(turn: Any, rows: bool = False) -> Doubles:
    """Six numbers: the first two columns of the matrix, or its first two rows.

    HumanML3D keeps columns, MDM's action models and EDGE keep rows: they look alike and differ by
    the inverse.
    """
    matrix = matrices(turn)
    two = matrix[..., :2, :] if rows else np.swapaxes(matrix[..., :, :2], -1, -2)
    return np.asarray(two.reshape(*two.shape[:-2], 6))


def of_six(six: Any, rows: bool = False) -> Doubles:
    """Turns of six numbers, made upright by Gram and Schmidt."""
    six = np.asarray(six, float)
    first = unit(six[..., :3])
    second = six[..., 3:] - (first * six[..., 3:]).sum(-1, keepdims=True) * first
    second = unit(second)
    stacked = np.stack((first, second, np.cross(first, second)), axis=-2 if rows else -1)
    return of_matrices(stacked)


def placed(turns: Any, root: Any, skeleton: Skeleton) -> tuple[Doubles, Doubles]:
    """Turns and places of all joints in the world, [T,J,4] and [T,J,3]."""
    local = np.asarray(turns, float)
    offsets = np.array(skeleton.offsets, float)
    turned, where = local.copy(), np.empty((*local.shape[:2], 3))
    where[:, 0] = root
    for at, parent in enumerate(skeleton.parents):
        if at:
            turned[:, at] = product(turned[:, parent], local[:, at])
            where[:, at] = where[:, parent] + rotated(turned[:, parent], offsets[at])
    return turned, where
