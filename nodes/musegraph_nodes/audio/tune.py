"""The pitch of one voice: YIN with the likeliest way through its candidates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .samples import Doubles, Wave

HOP = 0.01
"""Seconds between the pitches that are found."""

_MOST = 5
"""Candidates of a frame."""

_JUMP, _SWITCH = 0.035, 0.35
"""What a semitone of a leap costs, and what beginning or ending does."""


@dataclass(frozen=True)
class Pitch:
    """The pitch in Hz every :data:`HOP` seconds, 0 where there is none, and how sure it is."""

    hertz: Doubles
    sure: Doubles
    loud: Doubles


def pitch(wave: Wave, rate: int, lowest: float, highest: float) -> Pitch:
    """The pitch of samples [N] of one voice (YIN, de Cheveigné and Kawahara 2002).

    Of each frame several lags may be the period; the way through them with small leaps is taken.
    """
    import numpy as np

    longest = math.ceil(rate / lowest) + 2
    shortest = max(int(rate / highest), 2)
    hop = round(rate * HOP)
    padded = np.pad(wave.astype(np.float64), (longest, 2 * longest + hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, 2 * longest)[::hop]
    frames = frames[: len(wave) // hop + 1]
    lags = np.zeros((len(frames), _MOST))
    costs = np.full((len(frames), _MOST), np.inf)
    for first in range(0, len(frames), 256):
        some = frames[first : first + 256]
        for index, row in enumerate(_normal(some, longest)):
            _candidates(row, shortest, longest, lags[first + index], costs[first + index])
    loud = np.sqrt((frames**2).mean(axis=1))
    costs = np.where(loud[:, None] > max(0.01 * float(loud.max(initial=0.0)), 1e-5), costs, np.inf)
    hertz = np.where(lags > 0, rate / np.maximum(lags, 1), 0)
    path, sure = _way(hertz, costs)
    return Pitch(path, sure, loud)


def _normal(frames: NDArray[np.float64], longest: int) -> Doubles:
    """The cumulative mean normalised difference [T,lags] of frames that are twice as long."""
    import numpy as np
    from scipy.fft import irfft, next_fast_len, rfft

    size = next_fast_len(frames.shape[1] + longest)
    head = np.zeros_like(frames)
    head[:, :longest] = frames[:, :longest]
    cross = irfft(rfft(frames, size) * np.conj(rfft(head, size)), size)[:, :longest]
    power = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    window = power[:, longest:] - power[:, : power.shape[1] - longest]
    difference = np.maximum(window[:, :1] + window[:, :longest] - 2 * cross, 0)
    difference[:, 0] = 0
    mean = np.cumsum(difference, axis=1) / np.maximum(np.arange(longest), 1)
    made = difference / np.maximum(mean, 1e-12)
    made[:, 0] = 1
    return np.asarray(made)


def _candidates(row: Doubles, shortest: int, longest: int, lags: Doubles, costs: Doubles) -> None:
    """The deepest valleys of a frame, the shorter lag first where two are as deep."""
    import numpy as np

    inner = row[shortest : longest - 1]
    valleys = np.flatnonzero((inner < row[shortest - 1 : longest - 2]) &
                             (inner <= row[shortest + 1 : longest]) & (inner < 0.6))  # fmt: skip
    if not len(valleys):
        return
    valleys = valleys + shortest
    # A multiple of the period is a valley as well: a longer lag has to be deeper to be taken.
    worth = row[valleys] + 0.08 * np.log2(valleys / shortest) * 0.5
    for index, lag in enumerate(valleys[np.argsort(worth, kind="stable")][:_MOST].tolist()):
        left, low, right = row[lag - 1], row[lag], row[min(lag + 1, len(row) - 1)]
        bend = left - 2 * low + right
        lags[index] = lag + (0.5 * (left - right) / bend if bend > 1e-12 else 0)
        costs[index] = max(low, 0) + 0.04 * math.log2(lag / shortest)


def _way(hertz: Doubles, costs: Doubles) -> tuple[Doubles, Doubles]:
    """The best way through candidates; a frame may have none, which costs as a weak one does."""
    import numpy as np

    heights = 12 * np.log2(np.maximum(hertz, 1) / 440)
    every = np.concatenate((costs, np.full((len(costs), 1), 0.38)), axis=1)
    total = every[0].copy()
    back = np.zeros(every.shape, np.int64)
    for now in range(1, len(every)):
        leap = np.minimum(_JUMP * np.abs(heights[now][None] - heights[now - 1][:, None]), 0.8)
        move = np.full((_MOST + 1, _MOST + 1), _SWITCH)
        move[:_MOST, :_MOST] = leap
        move[_MOST, _MOST] = 0
        ways = total[:, None] + move
        back[now] = ways.argmin(axis=0)
        total = ways.min(axis=0) + every[now]
        total = np.where(np.isfinite(total), total, 1e9)
    state, path = int(total.argmin()), np.zeros(len(every))
    sure = np.zeros(len(every))
    for now in range(len(every) - 1, -1, -1):
        if state < _MOST and np.isfinite(costs[now, state]):
            path[now], sure[now] = hertz[now, state], max(0.0, 1 - costs[now, state])
        state = int(back[now, state])
    return path, sure


@dataclass(frozen=True)
class Held:
    """A note that was sung or played: times in seconds, a pitch of MIDI, how loud beside others."""

    start: float
    end: float
    pitch: int
    loud: float


def notes(found: Pitch, shortest: float) -> list[Held]:
    """Pitches as notes: stretches that stay within a semitone, or begin anew."""
    import numpy as np
    from scipy.ndimage import median_filter

    heights = np.where(found.hertz > 0, 69 + 12 * np.log2(np.maximum(found.hertz, 1) / 440), np.nan)
    voiced = found.hertz > 0
    smooth = np.where(voiced, median_filter(np.nan_to_num(heights), 7, mode="nearest"), np.nan)
    near = np.where(np.isnan(smooth), -1, np.round(smooth)).astype(int)
    level = 20 * np.log10(np.maximum(found.loud, 1e-6))
    made: list[Held] = []
    first = 0
    for now in range(1, len(near) + 1):
        if now < len(near) and near[now] == near[first] and not _struck(level, now, first):
            continue
        if near[first] >= 0 and (now - first) * HOP >= shortest:
            loud = float(np.max(found.loud[first:now]))
            made.append(Held(first * HOP, now * HOP, int(near[first]), loud))
        first = now
    return made


def _struck(level: Doubles, now: int, first: int) -> bool:
    """Whether a tone that goes on was struck again: it is louder of a sudden."""
    return bool(now - first > 8 and now + 1 < len(level) and level[now + 1] - level[now - 3] > 6)
