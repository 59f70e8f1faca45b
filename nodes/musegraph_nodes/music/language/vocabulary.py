"""The tokens, in ranges: what a piece is, then bar by bar chords and notes by their position.

Pitches and roots count from the tonic, so a tune is the same tokens in every key, and a model need
learn it only once. A note is a group's role and level, its pitches, and how long they last.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

from musegraph_nodes.music.composer.piece import HIGHEST_DRUM, LEVELS, LOWEST_DRUM, ROLES
from musegraph_nodes.music.theory import QUALITIES

BEATS = (3, 4)
"""The quarter notes of the bars that there are words for."""
LONGEST_BAR = 48
CHORD_QUALITIES = (
    "", "m", "7", "maj7", "m7", "dim", "m7b5", "sus4", "aug", "6", "m6", "sus2", "dim7", "5",
)  # fmt: skip
NO_ROOT = 12
SLOWEST, FASTEST, TEMPOS = 30.0, 300.0, 117
_DURATIONS: tuple[int, ...] = (*range(1, 49), *range(60, 193, 12))
GENRES = 24
"""Words for genres; the first are those of the composer, in its order."""


@dataclass(frozen=True)
class Range:
    """Tokens of one kind: ``first`` and how many there are."""

    first: int
    count: int

    def __contains__(self, token: int) -> bool:
        return self.first <= token < self.first + self.count

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < self.count:
            raise IndexError(index)
        return self.first + index

    @property
    def slice(self) -> slice:
        return slice(self.first, self.first + self.count)


def _ranges(sizes: dict[str, int]) -> dict[str, Range]:
    made, first = {}, 0
    for name, count in sizes.items():
        made[name] = Range(first, count)
        first += count
    return made


_R = _ranges({
    "special": 3, "genre": GENRES, "mode": 2, "key": 12, "tempo": TEMPOS, "meter": len(BEATS),
    "part": len(ROLES), "program": 128, "bar": 9, "pos": LONGEST_BAR, "root": 13,
    "quality": len(CHORD_QUALITIES), "group": len(ROLES) * len(LEVELS), "pitch": 139,
    "drum": HIGHEST_DRUM - LOWEST_DRUM + 1, "length": len(_DURATIONS),
})  # fmt: skip
NOTHING, BEGIN, END = 0, 1, 2
GENRE, MODE, KEY, TEMPO, METER = (_R[n] for n in ("genre", "mode", "key", "tempo", "meter"))
PART, PROGRAM, BAR, POS = (_R[n] for n in ("part", "program", "bar", "pos"))
ROOT, QUALITY, GROUP = (_R[n] for n in ("root", "quality", "group"))
PITCH, DRUM, LENGTH = (_R[n] for n in ("pitch", "drum", "length"))
SIZE = LENGTH.first + LENGTH.count
"""How many tokens there are."""

LAST_BAR = 8
"""The bar word of the last bar; the others count within eight."""
LOWEST = -6
"""The lowest pitch from the tonic: that of the note 0 in F sharp."""


def shift(tonic: int) -> int:
    """By how much a key lies above C, or below it where that is nearer."""
    return tonic if tonic <= 6 else tonic - 12


def tempo_index(bpm: float) -> int:
    """The nearest word for a tempo; each is two percent faster than the one before."""
    share = math.log(bpm / SLOWEST) / math.log(FASTEST / SLOWEST)
    return min(max(round(share * (TEMPOS - 1)), 0), TEMPOS - 1)


def tempo_of(index: int) -> float:
    """The tempo of a word, to a tenth."""
    made: float = SLOWEST * (FASTEST / SLOWEST) ** (index / (TEMPOS - 1))
    return round(made, 1)


def length_index(steps: int) -> int:
    """The word for a duration; beyond 48 steps whole quarters, so what is longer is shortened."""
    return bisect_right(_DURATIONS, max(steps, 1)) - 1


def length_of(index: int) -> int:
    return _DURATIONS[index]


_PLAINER = {
    "mmaj7": "m", "7sus4": "sus4", "aug7": "aug", "7b9": "7", "7#9": "7", "7b5": "7", "9": "7",
    "maj9": "maj7", "m9": "m7", "add9": "", "madd9": "m", "11": "7", "m11": "m7", "13": "7",
    "maj7#11": "maj7", "6/9": "6",
}  # fmt: skip
assert {*_PLAINER, *CHORD_QUALITIES} == {*QUALITIES}


def plainer(quality: str) -> str:
    """The quality that there is a word for: of many tensions the chord below them."""
    return _PLAINER.get(quality, quality)
