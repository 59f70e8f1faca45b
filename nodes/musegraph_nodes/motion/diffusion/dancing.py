"""Dances of any length by a net: windows that agree, what is kept of a motion, and tidying up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from scipy.interpolate import make_interp_spline
from torch import Tensor

from musegraph_nodes.motion.body import BODY, SOLE
from musegraph_nodes.motion.contacts import floor_of, planted, standing
from musegraph_nodes.motion.limits import RANGES, kept
from musegraph_nodes.motion.shaping import smoothed
from musegraph_nodes.motion.turns import placed, steady

from .heard import grid_of, heard_of
from .learning import TIMES, folded
from .numbers import COUNT, motion_from
from .x0 import Given, Way, cosine, guided, sample, seeded

if TYPE_CHECKING:
    from collections.abc import Callable

    from musegraph_nodes.motion.dance.make import Music
    from musegraph_nodes.motion.shaping import Pair
    from musegraph_nodes.motion.turns import Doubles

    from .model import Dancer

_SOFT = 0.04
"""Seconds of the Gaussian that takes away what trembles: where a net is unsure, it does."""
_AT_ONCE = 16
"""Windows that the net sees at once, so that a long dance takes no more memory than a short one."""
_FLOOR = slice(4, 6)
"""Where the root is on the floor, of the 151 numbers."""
LOWER = (0, 1, 2, 4, 5, 7, 8, 10, 11)
"""The pelvis and the joints of the legs."""


class Kept(NamedTuple):
    """Numbers that a dance has to have, and where: both [T,151], in the units of a motion."""

    numbers: Doubles
    mask: Doubles


def lower_numbers() -> list[int]:
    """Which of the 151 numbers say what the legs do, and where the body is."""
    return [*range(7), *(7 + 6 * joint + at for joint in LOWER for at in range(6))]


def windows_of(table: Tensor, length: int) -> Tensor:
    """A table [T,N] as windows [W,length,N], each half a window after the one before."""
    return table.unfold(0, length, length // 2).transpose(1, 2)


def whole_of(windows: Tensor) -> Tensor:
    """Windows [W,length,N] as one table [T,N]."""
    half = windows.shape[1] // 2
    return torch.cat((windows[0], *(one[half:] for one in windows[1:])))


def dance(
    dancer: Dancer, heard: Doubles, seed: int, steps: int, guidance: float,
    keep: Kept | None = None, told: Callable[[int, int, Callable[[], Doubles]], None] | None = None,
) -> Doubles:  # fmt: skip
    """Numbers [T,151] of a dance to what is heard [T,H], a whole number of half windows."""
    net, build = dancer.net, dancer.build
    device = next(net.parameters()).device
    frames = net.size.tokens * build.patch
    patch, half = build.patch, net.size.tokens // 2
    music = folded(windows_of(torch.from_numpy(heard).float(), frames), patch).to(device)

    def seen(x: Tensor, time: Tensor, /, free: bool) -> Tensor:
        made = []
        for first in range(0, len(x), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            without = torch.full((len(x[part]),), free, device=device)
            made.append(net(x[part], music[part], time[part], without))
        return torch.cat(made)

    def agreed(x: Tensor) -> Tensor:
        """A window begins as the one before it goes on; one after the other, so that all agree."""
        x = x.clone()
        for at in range(1, len(x)):
            x[at, :half] = x[at - 1, half:]
        return x

    def out(x: Tensor) -> Doubles:
        table = whole_of(x.cpu().double().reshape(len(x), frames, COUNT)).numpy()
        numbers = dancer.scope.out(table)
        return numbers if keep is None else joined(numbers, keep)

    given = None
    if keep is not None:
        values = torch.from_numpy(dancer.scope.into(keep.numbers)).float()
        mask = torch.from_numpy(keep.mask).float()
        given = Given(
            *(folded(windows_of(one, frames), patch).to(device) for one in (values, mask))
        )
    noise, draw = seeded((len(music), net.size.tokens, COUNT * patch), seed)
    made = sample(
        guided(seen, guidance), noise.to(device), cosine(TIMES), Way(steps, 1.0, 1.0), draw, given,
        agreed, None if told is None else lambda n, of, x0: told(n, of, lambda: out(agreed(x0))),
    )  # fmt: skip
    return out(made)


def joined(numbers: Doubles, keep: Kept) -> Doubles:
    """Numbers [T,151] with what is kept, and a root that goes on from there without a jump.

    A net says places by themselves, and those of other dances: beside what is kept they may be far
    off. So what it danced is moved on the floor, evenly from one end to the other.
    """
    made = np.where(keep.mask > 0, keep.numbers, numbers)
    free = np.flatnonzero((keep.mask[:, _FLOOR] == 0).any(axis=1))
    if not len(free):
        return made
    first, last = free[0], free[-1] + 1
    if last - first == 1 and first > 0 and last < len(made):
        made[first, _FLOOR] = (made[first - 1, _FLOOR] + made[last, _FLOOR]) / 2
        return made
    start = -_jump(made, first) if first else np.zeros(2)
    end = _jump(made, last) if last < len(made) else start
    made[first:last, _FLOOR] += np.linspace(start, end, last - first)
    return made


def _jump(numbers: Doubles, at: int) -> Doubles:
    """How much further a root goes on the floor to a frame than the steps beside it are long."""
    steps = np.diff(numbers[max(at - 2, 0) : at + 2, _FLOOR], axis=0)
    here = min(at, 2) - 1
    return np.asarray(steps[here] - np.delete(steps, here, axis=0).mean(axis=0))


def danced(
    dancer: Dancer, music: Music, style: int, seed: int, steps: int, guidance: float, fps: float
) -> Pair:
    """Turns and root of a dance to music by one of our own nets, tidied."""
    build = dancer.build
    grid = grid_of(music, build.per_beat, build.window)
    heard = heard_of(music, grid.beats, style, len(build.styles))
    numbers = dance(dancer, heard, seed, steps, guidance)
    return tidied(performed(numbers, grid.seconds, fps, round(music.seconds * fps)), fps)


def performed(numbers: Doubles, seconds: Doubles, fps: float, count: int) -> Pair:
    """Turns and root of numbers [T,151] that are at ``seconds``, so many frames a second.

    Between them a cubic spline goes through them all; before and after them nothing moves.
    """
    curve = make_interp_spline(seconds, numbers, min(3, len(seconds) - 1))
    at = np.clip(np.arange(count) / fps, seconds[0], seconds[-1])
    turns, root, _ = motion_from(np.asarray(curve(at)))
    return steady(turns), root


def tidied(pair: Pair, fps: float) -> Pair:
    """Nothing trembles, joints within what a person can do, feet that stand do not slide.

    The balls of the feet stand on the floor, at 0.
    """
    turns, root = smoothed(*pair, _SOFT * fps)
    turns = kept(turns, BODY, tuple(RANGES))
    root = root.copy()
    root[:, 1] += SOLE - floor_of(placed(turns, root, BODY)[1], BODY)
    stands = standing(placed(turns, root, BODY)[1], BODY, fps, 0.6)
    turns, root = planted(turns, root, BODY, stands, fps)
    return turns, _above(turns, root)


def _above(turns: Doubles, root: Doubles) -> Doubles:
    """The root where no joint goes through the floor."""
    lowest = placed(turns, root, BODY)[1][..., 1].min(axis=1)
    lift = np.maximum(0.006 - lowest, 0)[:, None] * np.array([0.0, 1.0, 0.0])
    return np.asarray(root + lift)
