"""Onsets, tempo and beats of a sound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .frames import RATE, magnitudes, mel_filters
from .learned import METRE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .samples import Doubles, Wave

HOP, SIZE = 220, 1024
FPS = RATE / HOP
LATE = 0.0
"""Seconds by which an attack comes after the middle of the frame that shows it first."""

SLOWEST, FASTEST = 55.0, 190.0
"""Beats a minute between which a tempo is looked for."""

_LONGEST = 9.0
"""Seconds of the longest lag that is looked at: eight beats of the slowest tempo."""


@dataclass(frozen=True)
class Strength:
    """How strongly something begins at each frame: as a whole, and what is low, middle, high."""

    whole: Doubles
    low: Doubles
    middle: Doubles
    high: Doubles


def strength(wave: Wave) -> Strength:
    """The rise of the loudness of all pitches from frame to frame, of samples at :data:`RATE`.

    A rise counts over what was loudest around a pitch before, so that vibrato is none (SuperFlux,
    Böck and Widmer 2013).
    """
    import numpy as np
    from scipy.ndimage import maximum_filter1d

    mel = magnitudes(wave, SIZE, HOP) @ mel_filters(RATE, SIZE, 72, 30, 10_000).T
    level = np.log1p(mel * (200 / max(float(mel.max()), 1e-9)))
    before = maximum_filter1d(level, 3, axis=1)
    rise = np.zeros_like(level)
    rise[2:] = np.maximum(level[2:] - before[:-2], 0)
    return Strength(*(rise[:, part].mean(axis=1) for part in (
        slice(None), slice(0, 5), slice(5, 40), slice(40, None))))  # fmt: skip


def onset_frames(rise: Doubles, sensitivity: float = 0.5) -> NDArray[np.int64]:
    """The frames at which something begins: peaks that stand out from what is around them."""
    import numpy as np
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    highest = float(np.quantile(rise, 0.995)) if len(rise) else 0.0
    if highest < 1e-4:
        return np.zeros(0, np.int64)
    even = rise / highest
    floor = uniform_filter1d(even, round(0.2 * FPS) | 1)
    apart = maximum_filter1d(even, round(0.06 * FPS) | 1)
    return np.flatnonzero((even == apart) & (even > floor + 0.04 + 0.16 * (1 - sensitivity)))


def seconds_of(frames: NDArray[np.integer], rise: Doubles) -> Doubles:
    """When frames are, between them where the peak lies."""
    import numpy as np

    inner = np.clip(frames, 1, max(len(rise) - 2, 1))
    if len(rise) < 3:
        return frames / FPS
    left, top, right = rise[inner - 1], rise[inner], rise[inner + 1]
    bend = left - 2 * top + right
    shift = np.where(np.abs(bend) > 1e-12, 0.5 * (left - right) / np.where(bend, bend, 1), 0)
    return np.asarray(np.maximum((frames + np.clip(shift, -0.5, 0.5)) / FPS + LATE, 0))


# -- tempo ------------------------------------------------------------------------------------


def autocorrelation(rise: Doubles, most: int) -> Doubles:
    """How alike a curve is to itself so many frames later, 1 at none."""
    import numpy as np
    from scipy.fft import irfft, next_fast_len, rfft
    from scipy.ndimage import gaussian_filter1d, uniform_filter1d

    smooth = gaussian_filter1d(rise, 1.5)
    even = smooth - uniform_filter1d(smooth, round(1.5 * FPS))
    size = next_fast_len(2 * len(even))
    raw = irfft(np.abs(rfft(even, size)) ** 2, size)[: min(most + 1, len(even))]
    made = raw / np.maximum(len(even) - np.arange(len(raw)), 1)
    made = made / max(float(made[0]), 1e-12)
    return np.pad(made, (0, most + 1 - len(made)))


@dataclass(frozen=True)
class Candidate:
    """A length of a beat in frames, and what speaks for it."""

    lag: float
    signs: tuple[float, ...]


def candidates(rise: Strength, chroma_change: Doubles) -> list[Candidate]:
    """The lengths that a beat may have, with what is told apart of them.

    The curves are looked at as one who taps does: do all, the low and the high voices come back
    after one, two, three, four beats, and after half of one; how much begins in one; and does the
    harmony change after so many. Beats make bars of three or four: what comes back after one and
    two such bars, and not half a beat beside them, tells a beat from what only goes across it.
    """
    most = round(_LONGEST * FPS)
    whole = autocorrelation(rise.whole, most)
    low, high = autocorrelation(rise.low, most), autocorrelation(rise.high, most)
    harmony = autocorrelation(chroma_change, most)
    count = len(onset_frames(rise.whole))
    lags = _lags(whole)
    found = []
    for lag in lags:
        signs = [1.0 * math.log2(lag / FPS / 0.5), math.log2(lag / FPS / 0.5) ** 2]
        for curve in (whole, low, high):
            signs += [at(curve, lag * times) for times in (0.25, 1 / 3, 0.5, 1, 1.5, 2, 3, 4)]
        signs += [at(harmony, lag * times) for times in (0.5, 1, 2, 3, 4)]
        per = math.log2(max(count * lag / max(len(rise.whole), 1), 0.05))
        signs += [per, per**2, *_stress(rise, lag)]
        for curve in (whole, low, harmony):
            signs += _bars(curve, lag)
        found.append(Candidate(lag, tuple(float(sign) for sign in signs)))
    return found


def _lags(curve: Doubles) -> list[float]:
    """Lags at which a curve comes back, and those that they are a simple part or multiple of."""
    import numpy as np

    shortest, longest = 60 / FASTEST * FPS, 60 / SLOWEST * FPS
    combed = sum(
        np.array([at(curve, lag * times) for lag in range(1, round(longest) + 2)]) / times**0.5
        for times in (1, 2, 3, 4)
    )
    assert not isinstance(combed, int)
    inner = np.flatnonzero((combed[1:-1] > combed[:-2]) & (combed[1:-1] >= combed[2:])) + 1
    strong = sorted(inner.tolist(), key=lambda i: -combed[i])[:8] or [round(0.5 * FPS)]
    found: list[float] = []
    for lag in strong:
        for times in (1, 2, 0.5, 3, 1 / 3, 1.5, 2 / 3, 4, 0.25):
            wanted = (lag + 1) * times
            if shortest <= wanted <= longest and all(abs(f / wanted - 1) > 0.04 for f in found):
                found.append(_refined(curve, wanted))
    return found or [0.5 * FPS]


def _refined(curve: Doubles, lag: float) -> float:
    """The lag nearby at which the curve comes back best, by its multiples as well."""
    import numpy as np

    near = lag * np.linspace(0.97, 1.03, 25)
    worth = sum(np.interp(near * times, np.arange(len(curve)), curve) for times in (1, 2, 4))
    return float(near[int(np.argmax(worth))])


def at(curve: Doubles, place: float) -> float:
    """A curve between its frames; nothing beyond its end."""
    first = int(place)
    if first + 1 >= len(curve):
        return 0.0
    return float(curve[first] + (curve[first + 1] - curve[first]) * (place - first))


def _bars(curve: Doubles, lag: float) -> list[float]:
    """How much more comes back after bars of three beats, of four, and of either, than beside."""
    found = []
    for beats in (3, 4):
        on = sum(at(curve, lag * beats * bars) for bars in (1, 2)) / 2
        off = sum(at(curve, lag * (beats * bars + d)) for bars in (1, 2) for d in (-0.5, 0.5)) / 4
        found.append(on - off)
    return [*found, max(found)]


def _stress(rise: Strength, lag: float) -> list[float]:
    """How much stronger beats are than what lies halfway; of all, low and high voices."""
    import numpy as np

    steps = 16
    places = np.arange(len(rise.whole)) / lag % 1 * steps
    made = []
    fold = np.array([
        np.bincount(places.astype(int), curve / (curve.std() + 1e-6), steps)
        / np.maximum(np.bincount(places.astype(int), minlength=steps), 1)
        for curve in (rise.whole, rise.low, rise.high)
    ])  # fmt: skip
    top = int(fold[0].argmax())
    for curve in fold:
        turned = np.roll(curve, -top)
        made += [float(turned[0] - turned[steps // 2]), float(turned[0] - turned[steps // 4])]
    return made


def choose(found: list[Candidate]) -> float:
    """The most likely length of a beat in frames."""
    return max(found, key=lambda one: sum(w * s for w, s in zip(METRE, one.signs, strict=True))).lag


# -- beats ------------------------------------------------------------------------------------


def track(rise: Doubles, lag: float, tightness: float = 300.0) -> NDArray[np.int64]:
    """Frames of beats about ``lag`` apart on what begins, the best way through all of them.

    Dynamic programming (Ellis 2007): what begins at beats, less how uneven they are.
    """
    import numpy as np
    from scipy.ndimage import gaussian_filter1d

    smooth = gaussian_filter1d(rise, max(lag / 32, 0.8))
    worth = smooth / max(float(smooth.std()), 1e-9)
    span = np.arange(-round(2 * lag), -round(lag / 2))
    cost = -tightness * np.log(-span / lag) ** 2
    total, back = worth.copy(), np.full(len(worth), -1)
    for now in range(len(worth)):
        first = now + int(span[0])
        known = total[max(first, 0) : max(now + int(span[-1]) + 1, 0)]
        if len(known):
            ways = known + cost[len(cost) - len(known) :]
            best = int(ways.argmax())
            if ways[best] > 0:
                total[now] += ways[best]
                back[now] = max(first, 0) + best
    last = max(len(worth) - round(lag * 1.2), 0)
    beat = last + int(total[last:].argmax())
    found = []
    while beat >= 0:
        found.append(beat)
        beat = int(back[beat])
    return _ends(np.array(found[::-1]), smooth, lag)


def tracked(rise: Strength, lag: float) -> Doubles:
    """Seconds of beats on what begins, low voices more than others; perhaps all a half early."""
    heard = rise.whole + 0.7 * rise.low * float(rise.whole.mean() / max(rise.low.mean(), 1e-9))
    return seconds_of(track(heard, lag), heard)


def _ends(beats: NDArray[np.int64], rise: Doubles, lag: float) -> NDArray[np.int64]:
    """Without the beats before anything begins and after all has ended."""
    import numpy as np

    if len(beats) < 3:
        return beats
    reach = max(round(lag / 8), 1)
    loud = np.array([rise[max(b - reach, 0) : b + reach + 1].max() for b in beats.tolist()])
    heard = np.flatnonzero(loud > 0.3 * math.sqrt(float((loud**2).mean())))
    return beats[heard[0] : heard[-1] + 1] if len(heard) else beats


def tempo_of(times: Doubles) -> float:
    """Beats a minute of beats, by the straightest line through them; 0 of less than two."""
    import numpy as np

    if len(times) < 2:
        return 0.0
    steps = np.diff(times)
    middle = float(np.median(steps))
    numbers = np.concatenate(([0], np.cumsum(np.maximum(np.round(steps / middle), 1))))
    line = np.polyfit(numbers, times, 1)
    off = np.abs(times - np.polyval(line, numbers))
    near = off <= max(3 * float(np.median(off)), 0.01)
    if near.sum() >= max(len(times) // 2, 2):
        line = np.polyfit(numbers[near], times[near], 1)
    return float(60 / line[0]) if line[0] > 1e-6 else 0.0


@dataclass(frozen=True)
class Pulse:
    """Beats in seconds and how many of them a minute has."""

    tempo: float
    times: Doubles


def pulse(wave: Wave, slowest: float = SLOWEST, fastest: float = FASTEST) -> Pulse:
    """Tempo and beats of samples at :data:`RATE`."""
    import numpy as np

    from .phase import phased
    from .tonal import change, chroma

    rise = strength(wave)
    if float(rise.whole.max(initial=0.0)) < 1e-3 or len(rise.whole) < FPS:
        return Pulse(0.0, np.zeros(0))
    turn = change(wave, len(rise.whole))
    found = candidates(rise, turn)
    inside = [one for one in found if slowest * 0.98 <= 60 * FPS / one.lag <= fastest * 1.02]
    lag = choose(inside or found)
    while 60 * FPS / lag > fastest * 1.02 and not inside:
        lag *= 2
    while 60 * FPS / lag < slowest * 0.98 and not inside:
        lag /= 2
    times = phased(rise, turn, chroma(wave), tracked(rise, lag))
    return Pulse(tempo_of(times), times)
