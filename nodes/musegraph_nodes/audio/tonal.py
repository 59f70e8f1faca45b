"""Chroma, key and chords of a sound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .frames import RATE, magnitudes
from .learned import KEY

if TYPE_CHECKING:
    from .samples import Doubles, Wave

HOP, SIZE = 2205, 8192
FPS = RATE / HOP
_LOW, _HIGH = 40, 96
"""The pitches that chroma is made of: E2 to C7."""

_BASS = (28, 52)
_OVERTONE = 0.8
"""How strong each overtone of a note is taken to be beside the one before (Gómez 2006)."""

_BEGINNING = 1.5
"""Seconds at the beginning, and at the end, whose notes speak for a key of their own."""


@dataclass(frozen=True)
class Chroma:
    """How strongly the twelve notes are heard [T,12], from the C, as a whole and in the bass."""

    notes: Doubles
    bass: Doubles
    tuning: float
    """Semitones by which all of it is higher than A at 440 Hz."""


def chroma(wave: Wave, harmonic: bool = True) -> Chroma:
    """Chroma of samples at :data:`RATE`, ten times a second.

    Drums are taken out (what lasts stays: Fitzgerald 2010), loudness is flattened, the tuning is
    found, and a note's own overtones count for it.
    """
    import numpy as np
    from scipy.ndimage import median_filter

    loud = magnitudes(wave, SIZE, HOP)[:, : int(2300 * SIZE / RATE)]
    if harmonic and len(loud) > 3:
        lasting = median_filter(loud, (5, 1), mode="nearest")
        struck = median_filter(loud, (1, 21), mode="nearest")
        loud = loud * (lasting**2 / np.maximum(lasting**2 + struck**2, 1e-12))
    tuning = _tuning(loud)
    level = np.sqrt(loud)
    pitches = level @ _pitch_filters(loud.shape[1], tuning).T
    notes = np.zeros((len(loud), 12))
    bass = np.zeros((len(loud), 12))
    for index, pitch in enumerate(range(_BASS[0], _HIGH + 1)):
        if pitch >= _LOW:
            notes[:, pitch % 12] += pitches[:, index] * min(1.0, 2 ** ((76 - pitch) / 24))
        if pitch <= _BASS[1]:
            bass[:, pitch % 12] += pitches[:, index]
    return Chroma(notes, bass, tuning)


def _pitch_filters(bins: int, tuning: float) -> Doubles:
    import numpy as np

    hertz = np.maximum(np.arange(bins) * RATE / SIZE, 1e-3)
    heights = 69 + 12 * np.log2(hertz / 440) - tuning
    pitches = np.arange(_BASS[0], _HIGH + 1)
    # No narrower than a bin: the lowest notes are closer together than the spectrum sees.
    wide = np.maximum(0.32, 0.55 * 12 * np.log2(1 + RATE / SIZE / hertz))
    shape = np.exp(-0.5 * ((heights[None] - pitches[:, None]) / wide) ** 2)
    return np.asarray(shape / np.sqrt((shape**2).sum(axis=1, keepdims=True)))


def _tuning(loud: Doubles) -> float:
    """Semitones above 440 Hz that peaks are on the whole, -0.5 to 0.5."""
    import numpy as np

    mean = np.sqrt(loud).mean(axis=0)
    inner = mean[1:-1]
    peaks = np.flatnonzero((inner > mean[:-2]) & (inner >= mean[2:])) + 1
    peaks = peaks[peaks > 130 * SIZE / RATE]
    if not len(peaks):
        return 0.0
    left, top, right = (np.log(np.maximum(mean[peaks + d], 1e-9)) for d in (-1, 0, 1))
    bend = left - 2 * top + right
    spots = peaks + np.where(bend < -1e-9, 0.5 * (left - right) / np.minimum(bend, -1e-9), 0)
    parts = 12 * np.log2(spots * RATE / SIZE / 440)
    turned = (mean[peaks] ** 2 * np.exp(2j * np.pi * parts)).sum()
    return float(np.angle(turned) / (2 * np.pi))


def change(wave: Wave, count: int) -> Doubles:
    """How much the harmony changes, at so many frames of the rhythm."""
    import numpy as np

    from . import rhythm

    heard = chroma(wave, harmonic=False)
    both = np.concatenate((heard.notes, 0.5 * heard.bass), axis=1)
    both = both / np.maximum(np.linalg.norm(both, axis=1, keepdims=True), 1e-9)
    turn = np.zeros(len(both))
    turn[1:-1] = 1 - (both[2:] * both[:-2]).sum(axis=1)
    return np.interp(np.arange(count) / rhythm.FPS, np.arange(len(turn)) / FPS, turn)


# -- key --------------------------------------------------------------------------------------


def with_overtones(notes: Doubles) -> Doubles:
    """What twelve strengths of notes look like as chroma: each with its first overtones."""
    import numpy as np

    made = np.zeros(12)
    for overtone in range(1, 7):
        shift = round(12 * math.log2(overtone)) % 12
        made += np.roll(notes, shift) * _OVERTONE ** (overtone - 1)
    return made


def evidence(heard: Chroma) -> Doubles:
    """What speaks for each key [24,72], majors first: its notes in the whole, at both ends.

    What music begins and ends with tells the tonic of keys that have all notes in common.
    """
    import numpy as np

    loud = np.linalg.norm(heard.notes, axis=1)
    kept = loud > 0.1 * loud.max(initial=0.0)
    each = heard.notes[kept] / np.maximum(loud[kept][:, None], 1e-9)
    count = max(min(round(_BEGINNING * FPS), len(each) // 4), 1)
    parts = np.stack([part.mean(axis=0) for part in (each, each[:count], each[-count:])])
    parts = even(parts)
    made = np.zeros((2, 12, 2, parts.size))
    for tonic in range(12):
        made[:, tonic] = np.roll(parts, -tonic, axis=1).ravel() * np.eye(2)[:, :, None]
    return made.reshape(24, -1)


def keys(heard: Chroma) -> list[tuple[float, int, bool]]:
    """All 24 keys, the likeliest first: how likely, tonic, whether it is minor."""
    import numpy as np

    if not heard.notes.any():
        return []
    odds = evidence(heard) @ np.array(KEY)
    odds = np.exp(odds - odds.max())
    shares = (odds / odds.sum()).tolist()
    return sorted(((s, index % 12, index >= 12) for index, s in enumerate(shares)), reverse=True)


def even(notes: Doubles) -> Doubles:
    """Without what all twelve have in common, of length 1."""
    import numpy as np

    notes = notes - notes.mean(axis=-1, keepdims=True)
    return np.asarray(notes / np.maximum(np.linalg.norm(notes, axis=-1, keepdims=True), 1e-9))
