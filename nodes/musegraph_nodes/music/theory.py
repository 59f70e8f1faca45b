"""Chords and keys: their names, their notes, and how one chord moves to the next.

Names are those of lead sheets (``Am7``, ``F#dim``, ``C/E``) or roman numerals in a key (``ii7``,
``V/V``, ``bVII``), as musicians write them. Pitch classes count from 0, the C.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from musegraph import NodeError

SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
MIXED = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = {"#": 1, "♯": 1, "b": -1, "♭": -1, "x": 2}

QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7), "m": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8),
    "sus2": (0, 2, 7), "sus4": (0, 5, 7), "5": (0, 7),
    "6": (0, 4, 7, 9), "m6": (0, 3, 7, 9), "6/9": (0, 4, 7, 9, 14),
    "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "m7": (0, 3, 7, 10), "mmaj7": (0, 3, 7, 11),
    "m7b5": (0, 3, 6, 10), "dim7": (0, 3, 6, 9), "7sus4": (0, 5, 7, 10), "aug7": (0, 4, 8, 10),
    "7b9": (0, 4, 7, 10, 13), "7#9": (0, 4, 7, 10, 15), "7b5": (0, 4, 6, 10),
    "9": (0, 4, 7, 10, 14), "maj9": (0, 4, 7, 11, 14), "m9": (0, 3, 7, 10, 14),
    "add9": (0, 4, 7, 14), "madd9": (0, 3, 7, 14), "11": (0, 4, 7, 10, 14, 17),
    "m11": (0, 3, 7, 10, 14, 17), "13": (0, 4, 7, 10, 14, 21), "maj7#11": (0, 4, 7, 11, 18),
}  # fmt: skip
"""By how a chord is written after its root, its notes in semitones above it."""

_ALIKE = {
    "maj": "", "M": "", "min": "m", "-": "m", "o": "dim", "°": "dim", "+": "aug", "sus": "sus4",
    "M7": "maj7", "Δ": "maj7", "Δ7": "maj7", "ma7": "maj7", "min7": "m7", "-7": "m7",
    "ø": "m7b5", "ø7": "m7b5", "min7b5": "m7b5", "o7": "dim7", "°7": "dim7", "+7": "aug7",
    "7+": "aug7", "7#5": "aug7", "M9": "maj9", "min9": "m9", "min6": "m6", "69": "6/9",
    "mM7": "mmaj7", "minmaj7": "mmaj7", "2": "sus2", "4": "sus4", "min11": "m11", "dom7": "7",
}  # fmt: skip

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
MODES: dict[str, tuple[int, ...]] = {
    "major": MAJOR, "minor": MINOR, "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10), "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10), "locrian": (0, 1, 3, 5, 6, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11), "melodic minor": (0, 2, 3, 5, 7, 9, 11),
}  # fmt: skip
"""The scales of seven notes, in semitones above their first."""

_ROOT = re.compile(r"([A-G])([#♯b♭x]{0,2})")
_ROMAN = re.compile(r"([#♯b♭]?)(VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)")
_DEGREES = {"I": 0, "II": 1, "III": 2, "IV": 3, "V": 4, "VI": 5, "VII": 6}
_KEY = re.compile(r"([A-G][#♯b♭]?)\s*(.*)")


@dataclass(frozen=True)
class Key:
    """A tonic, 0 the C, and its mode, one of :data:`MODES`."""

    tonic: int
    mode: str = "major"

    @property
    def scale(self) -> tuple[int, ...]:
        """Its pitch classes, the tonic first."""
        return tuple((self.tonic + step) % 12 for step in MODES[self.mode])

    @property
    def minor(self) -> bool:
        return MODES[self.mode][2] == 3

    @property
    def sharps(self) -> int:
        """The sharps of its signature, or flats below 0; of a mode, those of its major or minor."""
        major = (self.tonic + 3) % 12 if self.minor else self.tonic
        fifths = major * 7 % 12
        return fifths if fifths <= 6 else fifths - 12

    def name(self, pitch: int) -> str:
        """What a pitch class is called in it."""
        names = FLATS if self.sharps < 0 else MIXED if self.sharps < 2 else SHARPS
        return names[pitch % 12]

    def __str__(self) -> str:
        return f"{self.name(self.tonic)} {self.mode}"


def parse_key(text: str) -> Key:
    """``C major``, ``a minor``, ``F#m``, ``D dorian``; :class:`NodeError` if it is none."""
    found = _KEY.fullmatch(text.strip()[:1].upper() + text.strip()[1:])
    if found is not None:
        mode = found[2].strip().lower()
        mode = {"": "major", "maj": "major", "m": "minor", "min": "minor"}.get(mode, mode)
        if found[2].strip() == "M":
            mode = "major"
        if not found[2] and text.strip()[:1].islower():
            mode = "minor"
        if mode in MODES:
            return Key(_pitch(found[1]), mode)
    raise NodeError(
        f"{text!r} is no key; write C major, A minor, F#m, or a mode: {', '.join(MODES)}"
    )


def _pitch(name: str) -> int:
    return (_LETTERS[name[0]] + sum(_SIGNS[sign] for sign in name[1:])) % 12


@dataclass(frozen=True)
class Chord:
    """A chord: root and bass as pitch classes, and its quality, one of :data:`QUALITIES`."""

    root: int
    quality: str = ""
    bass: int | None = None

    @property
    def steps(self) -> tuple[int, ...]:
        return QUALITIES[self.quality]

    @property
    def pitches(self) -> tuple[int, ...]:
        """Its pitch classes, the root first."""
        return tuple(dict.fromkeys((self.root + step) % 12 for step in self.steps))

    def name(self, key: Key | None = None) -> str:
        known = key or Key(0)
        below = "" if self.bass is None else f"/{known.name(self.bass)}"
        return f"{known.name(self.root)}{self.quality}{below}"


def parse_chord(text: str, key: Key | None = None) -> Chord:
    """A chord by its name, or by its roman numeral in a key."""
    name, bass = text, None
    if "/" in text and not text.endswith("6/9"):
        name, _, below = text.rpartition("/")
        if (found := _ROOT.fullmatch(below)) is not None:
            bass = _pitch(found[0])
        elif key is not None and _ROMAN.fullmatch(below):
            return _in(name, Key(parse_chord(below, key).root))
        else:
            raise _no_chord(text)
    found = _ROOT.match(name)
    if found is not None and (quality := _quality(name[found.end() :])) is not None:
        return Chord(_pitch(found[0]), quality, bass)
    if key is not None and _ROMAN.match(name):
        chord = _in(name, key)
        return Chord(chord.root, chord.quality, bass)
    raise _no_chord(text)


def _in(text: str, key: Key) -> Chord:
    """A roman numeral in a key: small letters are minor, the rest is written after it."""
    found = _ROMAN.match(text)
    if found is None:
        raise _no_chord(text)
    sign, numeral, rest = found[1], found[2], text[found.end() :]
    step = (MODES[key.mode] if not sign else MAJOR)[_DEGREES[numeral.upper()]]
    if numeral == "vii" and not sign and key.minor:
        step = 11  # the leading note, which minor raises for this chord
    root = (key.tonic + step + _SIGNS.get(sign, 0)) % 12
    quality = _quality(rest)
    if numeral.islower():
        small = {"": "m", "7": "m7", "9": "m9", "6": "m6", "maj7": "mmaj7", "add9": "madd9"}
        quality = small.get(rest, quality)
    if quality is None:
        raise _no_chord(text)
    return Chord(root, quality)


def _quality(text: str) -> str | None:
    text = text.replace("♭", "b").replace("♯", "#").replace("(", "").replace(")", "")
    text = _ALIKE.get(text, text)
    return text if text in QUALITIES else None


def _no_chord(text: str) -> NodeError:
    return NodeError(
        f"{text!r} is no chord; write C, Am7, F#dim, Bbmaj7, C/E, or in a key I, ii7, V/V, bVII"
    )


def progression(text: str, key: Key | None = None) -> list[tuple[Chord, float]]:
    """The chords of a text and how many bars each lasts: ``Am F C G``, ``| Am F | C . G . |``.

    Without bar lines each is a bar. Between bar lines the chords of a bar share it, a point holds
    the one before, ``%`` repeats the bar before.
    """
    if "|" not in text:
        return [(parse_chord(word, key), 1.0) for word in text.replace(",", " ").split()]
    bars: list[list[tuple[Chord, float]]] = []
    for part in text.replace(",", " ").split("|"):
        words = part.split()
        if words == ["%"] and bars:
            bars.append(bars[-1])
        elif words:
            bars.append(_bar(words, key, bars))
    return [chord for bar in bars for chord in bar]


def _bar(
    words: Sequence[str], key: Key | None, bars: Sequence[Sequence[tuple[Chord, float]]]
) -> list[tuple[Chord, float]]:
    share = 1 / len(words)
    bar: list[tuple[Chord, float]] = []
    for word in words:
        if word not in (".", "-"):
            bar.append((parse_chord(word, key), share))
        elif bar:
            bar[-1] = (bar[-1][0], bar[-1][1] + share)
        elif bars:
            bar.append((bars[-1][-1][0], share))
        else:
            raise NodeError("the chords begin with a point, and there is none before to hold")
    return bar


# -- voices -----------------------------------------------------------------------------------


def voicing(
    chord: Chord, before: Sequence[int] | None, low: int = 48, high: int = 72, voices: int = 4
) -> list[int]:
    """Pitches of a chord between ``low`` and ``high``, rising, as near to those before as can be.

    Every voice moves as little as it can; the third and the highest tension are never left out, the
    fifth is where there are too few voices. Without a chord before, a close position in the middle.
    """
    wanted = _wanted(chord, voices)
    spots = [[p for p in range(low, high + 1) if p % 12 == pitch] for pitch in wanted]
    if not all(spots):
        raise NodeError(f"between {low} and {high} there is no room for {chord.name()}; widen it")
    middle = (low + high) / 2
    best: tuple[float, list[int]] | None = None
    for made in _placed(spots):
        if before is None:
            cost = abs(sum(made) / len(made) - middle) + 0.6 * (made[-1] - made[0])
        else:
            cost = _moved(before, made) + 0.1 * abs(sum(made) / len(made) - middle)
            cost += 0.2 * max(0, made[-1] - made[0] - 16)
        cost += sum(4.0 for a, b in pairwise(made) if b - a == 1 or b == a)
        if best is None or cost < best[0]:
            best = (cost, made)
    assert best is not None
    return best[1]


def _wanted(chord: Chord, voices: int) -> list[int]:
    """The pitch classes that so many voices take, doubled from the root where there are more."""
    steps = list(dict.fromkeys(step % 12 for step in chord.steps))
    for spare in (7, 0):
        if len(steps) > voices and spare in steps:
            steps.remove(spare)
    steps = steps[: max(voices - 1, 1)] + steps[-1:] if len(steps) > voices else steps
    doubled = [0, 7 if 7 in steps else steps[-1], steps[min(1, len(steps) - 1)]]
    while len(steps) < voices:
        steps.append(doubled[(len(steps)) % len(doubled)])
    return [(chord.root + step) % 12 for step in steps]


def _placed(spots: Sequence[Sequence[int]]) -> Iterable[list[int]]:
    made: list[list[int]] = [[]]
    for places in spots:
        made = [[*one, place] for one in made for place in places if place not in one] or [
            [*one, place] for one in made for place in places
        ]
    return [sorted(one) for one in made]


def _moved(before: Sequence[int], after: Sequence[int]) -> float:
    """How far the voices move together, each to the one at its place."""
    if len(before) == len(after):
        return float(sum(abs(a - b) for a, b in zip(sorted(before), after, strict=True)))
    return float(sum(min(abs(a - b) for b in before) for a in after))
