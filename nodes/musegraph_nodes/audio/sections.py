"""The structure of a piece: where something else begins, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .frames import RATE, magnitudes, mel_filters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .samples import Doubles, Wave


@dataclass(frozen=True)
class Structure:
    """The edges of parts in seconds, the first 0 and the last the end, their letters, likeness."""

    edges: list[float]
    letters: list[str]
    alike: Doubles
    step: float


def structure(wave: Wave, times: Doubles, least: float) -> Structure:
    """The parts of samples at :data:`RATE`, none shorter than ``least`` seconds.

    Frames, one for each beat where beats are known, are compared by their harmony and their timbre;
    a part begins where what was and what comes are each alike and unlike each other (Foote 2000).
    """
    import numpy as np
    from scipy.signal import find_peaks

    seconds = len(wave) / RATE
    step, described = _described(wave, times, seconds)
    alike = np.clip(described @ described.T, -1, 1)
    half = max(min(round(max(least, 4.0) / step), len(alike) // 2), 1)
    novel = _novelty(alike, half)
    tops, _ = find_peaks(novel, distance=max(round(least / step), 1), prominence=0.06)
    inner = [int(top) for top in tops if least <= top * step <= seconds - least * 0.5]
    places = [0, *inner, len(alike)]
    letters = _letters(described, places)
    edges = [0.0, *(place * step for place in inner), seconds]
    if len(times) > 8:
        first = float(times[0])
        edges = [0.0, *(min(first + place * step, seconds) for place in inner), seconds]
    return Structure(edges, letters, alike, step)


def _described(wave: Wave, times: Doubles, seconds: float) -> tuple[float, Doubles]:
    """How far frames are apart, and each as harmony and timbre of length 1."""
    import numpy as np
    from scipy.fft import dct

    from .tonal import FPS, chroma

    step = float(np.median(np.diff(times))) if len(times) > 8 else 0.5
    count = max(int(seconds / step), 1)
    begin = float(times[0]) if len(times) > 8 else 0.0
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
        # Four beats together say more than one.
        mean = np.pad(mean, ((0, 3), (0, 0)), mode="edge")
        mean = np.concatenate([mean[k : len(mean) - 3 + k] for k in range(4)], axis=1)
        rows.append(mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9))
    return step, np.concatenate(rows, axis=1) / np.sqrt(2)


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


def _letters(described: Doubles, places: list[int]) -> list[str]:
    """The same letter for parts that are alike, in the order in which they come."""
    import numpy as np

    means: list[NDArray[np.float64]] = []
    letters: list[str] = []
    for first, last in pairwise(places):
        mean = described[first:last].mean(axis=0)
        mean = mean / max(float(np.linalg.norm(mean)), 1e-9)
        near = [float(mean @ other) for other in means]
        if near and max(near) > 0.6:
            letters.append(letters[near.index(max(near))])
        else:
            letters.append(chr(ord("A") + min(len(set(letters)), 25)))
        means.append(mean)
    return letters
