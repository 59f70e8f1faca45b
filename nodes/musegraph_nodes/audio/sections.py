"""The structure of a piece: where something else begins, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .frames import RATE, magnitudes, mel_filters

if TYPE_CHECKING:
    from .samples import Doubles, Wave


@dataclass(frozen=True)
class Structure:
    """The edges of parts in seconds, the first 0 and the last the end, their letters, likeness."""

    edges: list[float]
    letters: list[str]
    alike: Doubles
    step: float


_MOST = 768
"""Frames of a piece at the most; of longer ones several beats are a frame."""

_LONGEST = 96
"""Frames of a part at the most."""

_NOVEL = 0.2
"""How unlike before and after are where a stretch is parted that never comes back."""

_EDGE = 1.5
"""What a part more costs, in frames that come back as they were."""


def structure(wave: Wave, times: Doubles, least: float) -> Structure:
    """The parts of samples at :data:`RATE`, none shorter than ``least`` seconds.

    Frames, one for each beat where beats are known, are compared by their harmony and their timbre.
    Parts are the stretches by which most comes back elsewhere with the fewest of them (the stripes
    of a matrix of likenesses: Müller 2015, *Fundamentals of Music Processing*, chapter 4); where
    one comes back, so do its edges. What never comes back is parted where before and after are each
    alike and unlike each other (Foote 2000).
    """
    import numpy as np

    seconds = len(wave) / RATE
    step, first, described = _described(wave, times, seconds)
    alike = np.clip(described @ described.T, -1, 1)
    short = max(round(0.9 * least / step), 2)
    usual = _usual(alike, short)
    inner = _parts(alike, short, usual)
    letters = _letters(alike, [0, *inner, len(alike)], 0.8 * usual)
    edges = [0.0, *(min(first + place * step, seconds) for place in inner), seconds]
    return Structure(edges, letters, alike, step)


def _usual(alike: Doubles, short: int) -> float:
    """The likeness from which on something comes back: that of most frames to the one most like."""
    import numpy as np
    from scipy.ndimage import uniform_filter1d

    found = np.zeros(len(alike))
    for lag in range(short, len(alike)):
        stripe = uniform_filter1d(np.diagonal(alike, lag), 8, mode="nearest")
        found[: len(stripe)] = np.maximum(found[: len(stripe)], stripe)
        found[lag:] = np.maximum(found[lag:], stripe)
    return float(np.clip(0.78 * np.median(found), 0.3, 0.95))


def _parts(alike: Doubles, short: int, usual: float) -> list[int]:
    """The frames at which parts begin, but for the first."""
    spans = _spans(alike, short, usual)
    edges = {start for start, _, _ in spans if start}
    cuts = [0, *sorted(edges), len(alike)]

    def add(place: int) -> None:
        if all(abs(place - cut) >= short for cut in cuts):
            edges.add(place)
            cuts.append(place)

    for _ in range(2):
        for start, end, lag in spans:
            if lag:
                add(start + lag)
                add(end + lag)
                for edge in sorted(edges):
                    if start + lag < edge < end + lag:
                        add(edge - lag)
    novel = _novelty(alike, max(min(2 * short, len(alike) // 2), 1))
    for place in sorted(range(1, len(novel) - 1), key=lambda at: -novel[at]):
        alone = any(start < place < end and not lag for start, end, lag in spans)
        top = novel[place - 1] < novel[place] >= novel[place + 1]
        if alone and top and novel[place] > _NOVEL:
            add(place)
    return sorted(edges)


def _spans(alike: Doubles, short: int, usual: float) -> list[tuple[int, int, int]]:
    """From where to where parts go and how much later they come back, 0 for never.

    The best way through all of them: what they are more alike than usual, less what they cost.
    """
    import numpy as np

    count = len(alike)
    lags = np.array([lag for lag in range(short - count, count - short + 1) if abs(lag) >= short])
    if not len(lags):
        return [(0, count, 0)]
    sums = np.full((len(lags), count + 1), np.nan)
    for row, lag in enumerate(lags.tolist()):
        begin = max(0, -lag)
        stripe = np.diagonal(alike, lag) - usual
        sums[row, begin : begin + len(stripe) + 1] = np.concatenate(([0.0], np.cumsum(stripe)))
    best, back = np.full(count + 1, -np.inf), np.zeros((count + 1, 2), np.int64)
    best[0] = 0.0
    for end in range(short, count + 1):
        for start in range(max(0, end - _LONGEST), end - short + 1):
            gain, lag = 0.0, 0
            ways = np.where(np.abs(lags) >= end - start, sums[:, end] - sums[:, start], np.nan)
            ways = np.nan_to_num(ways, nan=0.0)
            if ways[row := int(ways.argmax())] > 0:
                gain, lag = float(ways[row]), int(lags[row])
            if best[start] + gain - _EDGE > best[end]:
                best[end] = best[start] + gain - _EDGE
                back[end] = start, lag
    made, end = [], count
    while end > 0:
        start, lag = back[end].tolist()
        made.append((start, end, lag))
        end = start
    return made[::-1]


def _described(wave: Wave, times: Doubles, seconds: float) -> tuple[float, float, Doubles]:
    """How far frames are apart, when the first begins, and each as harmony and timbre."""
    import numpy as np
    from scipy.fft import dct

    from .tonal import FPS, chroma

    step = float(np.median(np.diff(times))) if len(times) > 8 else 0.5
    step *= max(-(-int(seconds / step) // _MOST), 1)
    begin = float(times[0]) if len(times) > 8 else 0.0
    count = max(int((seconds - begin) / step), 1)
    heard = chroma(wave)
    mel = magnitudes(wave, 2048, 1024) @ mel_filters(RATE, 2048, 40, 40, 10_000).T
    timbre = dct(np.log(np.maximum(mel, 1e-6)), axis=1, norm="ortho")[:, :14]
    notes = heard.notes + 0.0
    rows = []
    for values, rate in ((notes, FPS), (timbre, RATE / 1024)):
        edges = (begin + np.arange(count + 1) * step) * rate
        mean = np.array([
            values[min(int(a), len(values) - 1) : max(int(b), int(a) + 1)].mean(axis=0)
            for a, b in pairwise(edges)
        ])  # fmt: skip
        mean = np.nan_to_num(mean)
        mean = mean - mean.mean(axis=0)
        mean = mean / np.maximum(mean.std(axis=0), 0.2 * float(mean.std()) + 1e-9)
        rows.append(mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9))
    return step, begin, np.concatenate(rows, axis=1) / np.sqrt(2)


def _novelty(alike: Doubles, half: int) -> Doubles:
    import numpy as np

    spots = np.arange(-half, half) + 0.5
    shape = np.exp(-0.5 * (spots / (half * 0.5)) ** 2)
    kernel = np.outer(shape * np.sign(spots), shape * np.sign(spots))
    padded = np.pad(alike, half, mode="reflect" if len(alike) > half else "edge")
    made = np.array([
        (padded[i : i + 2 * half, i : i + 2 * half] * kernel).sum() for i in range(len(alike))
    ])  # fmt: skip
    return np.asarray(made / max(float(np.abs(kernel).sum()), 1e-9))


def _letters(alike: Doubles, places: list[int], least: float) -> list[str]:
    """The same letter for parts that are alike from beginning to end, in the order they come."""
    kinds: list[list[tuple[int, int]]] = []
    letters: list[str] = []
    for part in pairwise(places):
        near = [max(_likeness(alike, part, other) for other in kind) for kind in kinds]
        if near and max(near) > least:
            index = near.index(max(near))
        else:
            index = len(kinds)
            kinds.append([])
        kinds[index].append(part)
        letters.append(chr(ord("A") + min(index, 25)))
    return letters


def _likeness(alike: Doubles, part: tuple[int, int], other: tuple[int, int]) -> float:
    """How alike two parts are side by side; less so if one is much longer."""
    import numpy as np

    both = min(part[1] - part[0], other[1] - other[0])
    share = both / max(part[1] - part[0], other[1] - other[0])
    found = []
    for shift in range(-4, 5):
        first, begin = part[0], other[0] + shift
        first, begin = first - min(begin, 0), max(begin, 0)
        stripe = np.diagonal(alike[first : first + both, begin : begin + both])
        if len(stripe) >= 0.7 * both:
            found.append(float(stripe.mean()))
    return max(found, default=0.0) * (1.0 if share > 0.6 else 0.6)
