"""What lines such as ``M:6/8`` say in an ABC tune: meter, length, tempo and key."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NoReturn

from musegraph import NodeError

QUARTER = Fraction(1, 4)
LETTERS = "FCGDAEB"
"""In the order in which sharps are set; flats come from its end."""

_MODES = {
    "": 0, "maj": 0, "ion": 0, "mix": -1, "dor": -2, "m": -3, "min": -3, "aeo": -3, "phr": -4,
    "loc": -5, "lyd": 1,
}  # fmt: skip
"""By how many fifths the signature of a mode is beside that of the major key of its tonic."""

_KEY = re.compile(r"([A-G])([#b]?)\s*([A-Za-z]*)")
_FRACTION = re.compile(r"(\d{1,3})\s*/\s*(\d{1,3})")
_TEMPO = re.compile(r"((?:\d{1,3}/\d{1,3}\s*)+)=\s*(\d{1,4}(?:\.\d{1,4})?)")
_SIGN = re.compile(r"(\^\^|\^|__|_|=)([A-Ga-g])")
SIGNS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_PLAIN = {"treble", "bass", "alto", "tenor", "perc", "none", "exp", "treble-8", "bass-8"}
"""Words of a key that say how it is drawn."""


@dataclass(frozen=True)
class Place:
    """Where something stands, for whoever has to mend it."""

    line: int
    column: int

    def wrong(self, what: str) -> NoReturn:
        raise NodeError(f"the ABC, line {self.line}, column {self.column}: {what}")


@dataclass(frozen=True)
class Tonality:
    """A key: its signature in sharps, whether it is minor, and by letter what is sharp or flat."""

    sharps: int = 0
    minor: bool = False
    signs: dict[str, int] = field(default_factory=dict)
    name: str = "C major"
    moved: int = 0
    """Semitones by which notes sound higher than they are written."""


@dataclass(frozen=True)
class Bars:
    """A meter: how many of which part of a whole note a bar has; none where there are no bars."""

    beats: int = 4
    unit: int = 4
    free: bool = False

    @property
    def whole(self) -> Fraction:
        return Fraction(self.beats, self.unit)

    @property
    def compound(self) -> bool:
        """Whether beats are of three: tuplets of five, seven and nine then stand for three."""
        return self.beats % 3 == 0 and self.beats > 3 and self.unit == 8


def meter(text: str, place: Place) -> Bars:
    """``4/4``, ``C``, ``C|``, ``(2+3)/8``, ``none``."""
    text = text.strip()
    if text in ("C", "c"):
        return Bars(4, 4)
    if text in ("C|", "c|"):
        return Bars(2, 2)
    if text.lower() in ("none", ""):
        return Bars(free=True)
    above, stroke, below = text.replace("(", "").replace(")", "").replace(" ", "").partition("/")
    parts = above.split("+")
    known = stroke and below.isdecimal() and all(part.isdecimal() for part in parts)
    if not known or len(text) > 24:
        place.wrong(f"{text!r} is no meter; write 4/4, 6/8, C, C| or none")
    beats, unit = sum(map(int, parts)), int(below)
    if not 1 <= beats <= 64 or unit not in (1, 2, 4, 8, 16, 32, 64):
        place.wrong(
            f"a bar of {beats}/{unit} is none; the lower number is 1, 2, 4, 8, 16, 32 or 64"
        )
    return Bars(beats, unit)


def unit_length(text: str, place: Place) -> Fraction:
    """``1/8``: what a note without a length lasts."""
    found = _FRACTION.fullmatch(text.strip())
    if text.strip() == "1":
        return Fraction(1)
    if found is None or not int(found[2]) or not int(found[1]):
        place.wrong(f"{text.strip()!r} is no length; write L:1/8")
    return Fraction(int(found[1]), int(found[2]))


def tempo(text: str, unit: Fraction, place: Place) -> float | None:
    """Quarter notes a minute: ``1/4=120``, ``"Allegro" 3/8=50``, ``120``; None of words alone."""
    plain = re.sub(r'"[^"]*"', "", text).strip()
    if not plain:
        return None
    if found := _TEMPO.fullmatch(plain):
        length = sum((unit_length(part, place) for part in found[1].split()), Fraction(0))
        bpm = float(length / QUARTER) * float(found[2])
    elif plain.isdecimal() and len(plain) < 5:
        bpm = float(unit / QUARTER) * int(plain)
    else:
        place.wrong(f"{plain!r} is no tempo; write Q:1/4=120")
    if not 4 <= bpm <= 1000:
        place.wrong(f"{bpm:g} quarter notes a minute are no tempo; write Q:1/4=120")
    return bpm


def key(text: str, place: Place) -> Tonality:
    """``G``, ``F#m``, ``D dorian``, ``none``; ``C ^f _b``; ``clef=bass transpose=-12``."""
    text, moved = _settings(text.strip(), place)
    words = text.split()
    if words and words[0].lower() in ("hp", "none"):
        pipes = {"F": 1, "C": 1} if words[0] == "Hp" else {}
        signs = {**pipes, **_explicit(words[1:], place)}
        return Tonality(2 if pipes else 0, False, signs, "D major" if pipes else "C major", moved)
    found = _KEY.match(text)
    if text and found is None:
        place.wrong(f"{text!r} is no key; write K:G, K:F#m, K:D dorian or K:none")
    if found is None:
        return Tonality(moved=moved)
    mode, rest = found[3][:3].lower(), text[found.end() :].split()
    if found[3] in ("M", "MAJ"):
        mode = "maj"
    if found[3] in _PLAIN:
        mode = ""
    if mode not in _MODES:
        place.wrong(f"{found[3]!r} is no mode; write m, dor, phr, lyd, mix, aeo, ion or loc")
    sharps = LETTERS.index(found[1]) - 1 + {"": 0, "#": 7, "b": -7}[found[2]] + _MODES[mode]
    if not -7 <= sharps <= 7:
        place.wrong(f"{text!r} has more than seven sharps or flats; write a key that sounds alike")
    signs = _explicit(rest, place)
    if "exp" not in rest:
        signs = {**signature(sharps), **signs}
    minor = mode in ("m", "min", "aeo", "dor", "phr", "loc")
    tonic = found[1] + found[2]
    return Tonality(sharps, minor, signs, f"{tonic} {'minor' if minor else 'major'}", moved)


def signature(sharps: int) -> dict[str, int]:
    """Which letters are sharp or flat."""
    if sharps >= 0:
        return dict.fromkeys(LETTERS[:sharps], 1)
    return dict.fromkeys(LETTERS[sharps:], -1)


def _settings(text: str, place: Place) -> tuple[str, int]:
    """A key without what is set by name, and by how many semitones that moves it."""
    moved = 0
    for name, value in re.findall(r"(\S+?)=(\S*)", text):
        if name not in ("transpose", "octave"):
            continue
        if not re.fullmatch(r"[+-]?\d{1,2}", value):
            place.wrong(f"{name}={value} is no whole number")
        moved += int(value) * (12 if name == "octave" else 1)
    # A sign of a key may begin with "=", which names nothing.
    return re.sub(r"[^\s=]+=\S*", "", text).strip(), moved


def _explicit(words: list[str], place: Place) -> dict[str, int]:
    signs = {}
    for word in words:
        if found := _SIGN.fullmatch(word):
            signs[found[2].upper()] = SIGNS[found[1]]
        elif word.lower() not in _PLAIN:
            place.wrong(f"{word!r} in a key is neither a sign such as ^f nor a clef")
    return signs
