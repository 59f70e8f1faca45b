"""Unit quaternions w, x, y, z in the last axis, matrices and the two ways of six numbers; NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from musegraph import turns

if TYPE_CHECKING:
    from numpy.typing import NDArray

Doubles: TypeAlias = "NDArray[np.float64]"
# What the readers of files in the engine go by too.
product, back, rotated, unit = turns.product, turns.back, turns.rotated, turns.unit
vectors_of, of_vectors, of_matrices = turns.vectors_of, turns.of_vectors, turns.of_matrices
slerp, steady, placed = turns.slerp, turns.steady, turns.placed

UP = np.array([0.0, 1.0, 0.0])
NONE = np.array([1.0, 0.0, 0.0, 0.0])


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


def angle_of(turn: Any) -> Doubles:
    """How far a turn goes, in radians, by the shorter way."""
    return np.asarray(np.linalg.norm(vectors_of(turn), axis=-1))


def matrices(turn: Any) -> Doubles:
    """[...,3,3]: columns are where the axes go."""
    return np.stack([rotated(turn, axis) for axis in np.eye(3)], axis=-1)


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
