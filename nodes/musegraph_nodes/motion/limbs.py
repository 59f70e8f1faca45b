"""Two bones to a target: legs that stand where feet are, arms that reach."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .turns import Doubles, back, between, of_matrices, product, rotated, unit

REACH = 0.995
"""How much of its length a limb is stretched at the most: a knee never locks."""


class Bent(NamedTuple):
    """Turns in the world of the upper and the lower bone, [T,4] each, and where the end is."""

    upper: Doubles
    lower: Doubles
    end: Doubles


def bend(
    top: Any, target: Any, upper: Any, lower: Any, pole: Any, hinge: Any, reach: float = REACH
) -> Bent:
    """Turns that bring the end of two bones from ``top`` [T,3] to ``target`` [T,3].

    ``upper`` and ``lower`` [3] are the bones at rest and ``hinge`` [3] the axis at rest that the
    lower one turns about; the joint between them lies towards ``pole`` [T,3].
    """
    long, short = float(np.linalg.norm(upper)), float(np.linalg.norm(lower))
    way = np.asarray(target, float) - top
    length = np.linalg.norm(way, axis=-1, keepdims=True)
    way = way / np.maximum(length, 1e-9)
    length = np.clip(length, abs(long - short) + 0.02 * long, (long + short) * reach)
    aside = np.asarray(pole, float)
    aside = unit(aside - (aside * way).sum(-1, keepdims=True) * way)
    along = (long**2 - short**2 + length**2) / (2 * length)
    middle = along * way + np.sqrt(np.maximum(long**2 - along**2, 0)) * aside
    axis = unit(np.cross(aside, way))
    first = framed(middle, axis, upper, hinge)
    second = framed(length * way - middle, axis, lower, hinge)
    return Bent(first, second, top + length * way)


def framed(bone: Doubles, axis: Doubles, rest: Any, hinge: Any) -> Doubles:
    """The turn that takes a bone at rest to ``bone`` and what lies across it to ``axis``."""
    now = _frame(bone, axis)
    before = _frame(np.asarray(rest, float), np.asarray(hinge, float))
    return of_matrices(now @ np.swapaxes(before, -1, -2))


def _frame(bone: Doubles, axis: Doubles) -> Doubles:
    first = unit(bone)
    second = unit(axis - (axis * first).sum(-1, keepdims=True) * first)
    return np.stack((first, second, np.cross(first, second)), axis=-1)


def reached(
    turned: Doubles, where: Doubles, chain: tuple[int, int, int], target: Any, offsets: Doubles
) -> tuple[Doubles, Doubles]:
    """New turns in the world of two joints of a chain so that its third reaches a target.

    The joint between stays on the side that it is on, and nothing turns more than it has to: what
    a person did with the limb is kept.
    """
    top, middle, end = chain
    a, b, c = where[:, top], where[:, middle], where[:, end]
    long = np.linalg.norm(b - a, axis=-1, keepdims=True)
    short = np.linalg.norm(c - b, axis=-1, keepdims=True)
    want = np.asarray(target, float) - a
    length = np.linalg.norm(want, axis=-1, keepdims=True)
    # Where a limb was straighter than usual it may stay so.
    now = np.linalg.norm(c - a, axis=-1, keepdims=True)
    most = np.maximum((long + short) * REACH, np.minimum(now, (long + short) * 0.99999))
    length = np.clip(length, np.abs(long - short) + 1e-3, most)
    axis = np.cross(b - a, c - a)
    rest = np.broadcast_to(np.cross(offsets[middle], [0.0, 0.0, 1.0]), axis.shape)
    flat = np.linalg.norm(axis, axis=-1, keepdims=True) < 1e-7
    axis = unit(np.where(flat, rotated(turned[:, top], rest), axis))
    inner = np.arccos(np.clip((long**2 + length**2 - short**2) / (2 * long * length), -1, 1))
    part = (long**2 + now**2 - short**2) / (2 * long * np.maximum(now, 1e-9))
    was = np.arccos(np.clip(part, -1, 1))
    swung = _about(axis, was - inner)
    bone = rotated(swung, b - a)
    outer = np.arccos(np.clip((long**2 + short**2 - length**2) / (2 * long * short), -1, 1))
    before = np.arccos(np.clip((long**2 + short**2 - now**2) / (2 * long * short), -1, 1))
    folded = product(swung, _about(axis, before - outer))
    tip = bone + rotated(folded, c - b)
    aimed = between(tip, want)
    first = product(aimed, product(swung, turned[:, top]))
    second = product(aimed, product(folded, turned[:, middle]))
    return first, second


def _about(axis: Doubles, angle: Doubles) -> Doubles:
    return np.concatenate((np.cos(angle / 2), np.sin(angle / 2) * axis), axis=-1)


def local(turned: Doubles, parents: tuple[int, ...]) -> Doubles:
    """Turns in their parents of turns in the world, [T,J,4]."""
    made = turned.copy()
    for at, parent in enumerate(parents):
        if parent >= 0:
            made[:, at] = product(back(turned[:, parent]), turned[:, at])
    return made
