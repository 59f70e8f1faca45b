"""A dance as EDGE has it: 151 numbers to a frame, and these between -1 and 1.

Contacts of both ankles and both balls of the feet, the root with z up, and the turns of 24 joints
as the first two rows of their matrices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from musegraph_nodes.motion.body import BODY
from musegraph_nodes.motion.turns import (
    Doubles,
    back,
    of_six,
    placed,
    product,
    rotated,
    six_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

COUNT = 151
FPS = 30.0
JOINTS = 24
_FEET = (7, 8, 10, 11)
"""Ankles and balls of the feet, left before right."""
STILL = 0.3
"""Metres a second below which a foot stands: EDGE has 1 cm to a frame of 1/30 s."""
_UP = np.array([np.sqrt(0.5), np.sqrt(0.5), 0.0, 0.0])
"""From y up to z up."""


def numbers_of(turns: Doubles, root: Doubles, seconds: Doubles | None = None) -> Doubles:
    """The numbers [T,151] of turns [T,24,4] and root [T,3] of our body.

    ``seconds`` is when the frames are, where they do not come thirty times in one.
    """
    where = placed(turns, root, BODY)[1][:, _FEET]
    gaps = np.full(max(len(root) - 1, 0), 1 / FPS) if seconds is None else np.diff(seconds)
    stands = np.ones((len(root), 4))
    step = np.linalg.norm(np.diff(where, axis=0), axis=-1)
    stands[:-1] = step < STILL * gaps[:, None]
    turns = turns.copy()
    turns[:, 0] = product(_UP, turns[:, 0])
    six = six_of(turns, rows=True).reshape(len(root), -1)
    return np.concatenate((stands, rotated(_UP, root), six), axis=1)


def motion_from(numbers: Doubles) -> tuple[Doubles, Doubles, NDArray[np.bool_]]:
    """Turns, root, and whether ankles and balls stand [T,4], of numbers [T,151]."""
    turns = of_six(numbers[:, 7:].reshape(len(numbers), JOINTS, 6), rows=True)
    turns[:, 0] = product(back(_UP), turns[:, 0])
    return turns, rotated(back(_UP), numbers[:, 4:7]), numbers[:, :4] > 0.5


class Range(NamedTuple):
    """What brings numbers to between -1 and 1: times ``scale``, plus ``shift``, both [151]."""

    scale: Doubles
    shift: Doubles

    @classmethod
    def of(cls, numbers: Doubles) -> Range:
        """The range of numbers [N,151], as EDGE takes it: of all that are there."""
        least, most = numbers.min(axis=0), numbers.max(axis=0)
        span = np.where(most - least < 1e-6, 1.0, most - least)
        return cls(2 / span, -1 - least * 2 / span)

    def into(self, numbers: Doubles) -> Doubles:
        return np.asarray(np.clip(numbers * self.scale + self.shift, -1, 1))

    def out(self, numbers: Doubles) -> Doubles:
        return np.asarray((np.clip(numbers, -1, 1) - self.shift) / self.scale)
