"""What a dancer hears of music, on a grid of so many frames to a beat.

On such a grid a dance is the same at every tempo, and a bar lies where a bar lies: a small net
learns from little what EDGE learns from hours of recordings at thirty frames a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from musegraph_nodes.motion.dance.make import COUNTS, beat_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musegraph_nodes.motion.dance.make import Music
    from musegraph_nodes.motion.turns import Doubles

ROUNDS = (1, 2, 4, 8, 16)
"""Beats after which something begins again: a beat, half a bar, a bar, a phrase, both its sides."""
COUNT = 2 * len(ROUNDS) + 4
"""Numbers of a frame, before those that say which style it is."""
_NEAR = 16.0
"""Beats from the start and to the end of music that are told apart."""


class Grid(NamedTuple):
    """Moments that a dance is made at."""

    beats: Doubles
    """Which beat each is, with its part; 0 is the first of a phrase."""
    seconds: Doubles


def grid_of(music: Music, per_beat: int, window: int) -> Grid:
    """Moments from a whole phrase before the music on, as many as whole windows have.

    ``window`` is in beats; windows begin half of that apart.
    """
    start = -COUNTS * -(-music.first // COUNTS)
    end = float(beat_of(np.array([music.seconds]), music)[0]) + 0.25
    half = window // 2
    halves = max(-(-(end - start) // half), 2)
    beats = start + np.arange(round(halves * half * per_beat)) / per_beat
    return Grid(beats, seconds_of(beats, music))


def seconds_of(beats: Doubles, music: Music) -> Doubles:
    """When beats are; they go on before the music and after it."""
    known = music.beats
    step = float(np.median(np.diff(known))) if len(known) > 1 else 0.5
    at = np.asarray(beats, float) + music.first
    inside = np.interp(at, np.arange(len(known)), known)
    before = known[0] + at * step
    after = known[-1] + (at - len(known) + 1) * step
    return np.asarray(np.where(at < 0, before, np.where(at > len(known) - 1, after, inside)))


def heard_of(music: Music, beats: Doubles, style: int, styles: int) -> Doubles:
    """Numbers [T,14 + styles]: where in the phrase, how loud, how fast, how near to the ends."""
    turns = 2 * np.pi * beats[:, None] / np.array(ROUNDS, float)
    energy = np.interp(beats + music.first, np.arange(len(music.energy)), music.energy)
    step = float(np.median(np.diff(music.beats))) if len(music.beats) > 1 else 0.5
    last = len(music.beats) - music.first
    told = np.zeros((len(beats), styles))
    told[:, style] = 1
    return np.concatenate((
        np.sin(turns), np.cos(turns), 2 * energy[:, None] - 1,
        np.full((len(beats), 1), np.log2(0.5 / step)),
        np.clip(beats / _NEAR, -0.5, 1)[:, None], np.clip((last - beats) / _NEAR, -0.5, 1)[:, None],
        told,
    ), axis=1)  # fmt: skip


def on_grid(turns: Doubles, root: Doubles, fps: float, grid: Grid) -> tuple[Doubles, Doubles]:
    """A motion at the moments of a grid; it stands still before its start and after its end."""
    from musegraph_nodes.motion.shaping import sampled

    return sampled(turns, root, grid.seconds * fps)


def known_styles(names: Sequence[str], style: str) -> int:
    """The number of a style; the first where a model has but one."""
    return list(names).index(style) if style in names else 0
