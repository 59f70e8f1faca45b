"""The notes of an ABC tune, voice by voice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from . import fields
from .fields import SIGNS, Bars, Place, Tonality
from .unfold import Changed, Ending, Item, Named, Sound, Turn

MOST_LETTERS = 400_000
MOST_VOICES = 16
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}

_NOTE = re.compile(r"(\^\^|\^|__|_|=)?([A-Ga-g])([,']{0,6})")
_LENGTH = re.compile(r"(\d{0,4})(/{0,6})(\d{0,4})")
_BAR = re.compile(r":*\|?\[?\|+\]?:*|::+|\[\|\]?:*")
_ENDING = re.compile(r"\[?\s*(\d{1,2}(?:\s*[,-]\s*\d{1,2})*)\.?")
_TUPLET = re.compile(r"\((\d)(?::(\d{0,2}))?(?::(\d{0,2}))?")
_INLINE = re.compile(r"\[([A-Za-z]):([^\]]*)\]")
_GRACE = re.compile(r"\{[^}]*\}")
_ORNAMENT = re.compile(r"![^!\s][^!]*!|\+[^+\s]+\+|[.~H-Wh-w]")
_STANDS_FOR = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}
_TEXT = "^_<>@"
"""What a text in quotes begins with that is no chord."""


@dataclass
class Voice:
    """What is known while a voice is read."""

    name: str
    unit: Fraction
    meter: Bars
    key: Tonality
    items: list[Item] = field(default_factory=list)
    signs: dict[str, int] = field(default_factory=dict)
    """Signs that were set in this bar, by letter."""
    tied: dict[tuple[str, int], int] = field(default_factory=dict)
    """What the notes sound that are tied into the next, by how they are written."""
    broken: Fraction | None = None
    tuplet: tuple[int, Fraction] = (0, Fraction(1))
    """How many notes are still of it, and by how much they are shorter."""


class Reader:
    """Reads a tune line by line: first what its head says, then the notes after its key."""

    def __init__(self) -> None:
        self.unit: Fraction | None = None
        self.meter = Bars()
        self.key = Tonality()
        self.speed: list[tuple[str, Place]] = []
        self.voices: dict[str, Voice] = {}
        self.voice: Voice | None = None
        self.body = False

    def read(self, text: str) -> list[Voice]:
        place = Place(1, 1)
        for place, line in _lines(text):
            known = re.match(r"([A-Za-z+]):(?!\|)", line)
            if known:
                self._field(known[1], line[2:].strip(), place)
            elif not self.body:
                place.wrong("notes come after a line such as K:G, which says their key")
            else:
                self._music(line, place.line)
        found = [voice for voice in self.voices.values() if voice.items]
        if not any(isinstance(item, Sound) for voice in found for item in voice.items):
            place.wrong("the tune has no notes; write some after the line of its key, K:C")
        for voice in found:
            self._finish(voice, place)
        return found

    # -- lines that say something -------------------------------------------------------------

    def _field(self, letter: str, text: str, place: Place) -> None:
        """Takes in what a line says; what says nothing of the notes is passed over."""
        voice = self._now() if self.body else None
        if letter == "M":
            made = fields.meter(text, place)
            if voice is None:
                self.meter = made
            else:
                voice.meter = made
                voice.items.append(Changed(place, made))
        elif letter == "L":
            self.unit = unit = fields.unit_length(text, place)
            if voice is not None:
                voice.unit = unit
        elif letter == "Q":
            if voice is None:
                self.speed.append((text, place))
            else:
                self._tempo(voice, text, place)
        elif letter == "K":
            self._key(voice, text, place)
        elif letter == "V":
            self._switch(text, place)
        elif letter == "m":
            place.wrong("macros are not read; write their notes out")
        elif letter == "X" and self.body:
            place.wrong("a second tune begins; give one tune, and merge scores with music.merge")

    def _key(self, voice: Voice | None, text: str, place: Place) -> None:
        made = fields.key(text, place)
        if voice is None:
            self.key, self.body = made, True
            for known in self.voices.values():
                known.unit, known.meter, known.key = self._unit(), self.meter, self.key
            for said, where in self.speed:
                self._tempo(self._now(), said, where)
            return
        voice.key = made
        voice.items.append(Changed(place, made))

    def _unit(self) -> Fraction:
        """That of the head, or by the meter: sixteenths where a bar is shorter than 3/4."""
        short = not self.meter.free and self.meter.whole < Fraction(3, 4)
        return self.unit or Fraction(1, 16 if short else 8)

    def _tempo(self, voice: Voice, text: str, place: Place) -> None:
        bpm = fields.tempo(text, voice.unit, place)
        if bpm is not None:
            voice.items.append(Changed(place, bpm))

    def _switch(self, text: str, place: Place) -> None:
        name = (text.split() or [""])[0]
        if not name:
            place.wrong("a voice has a name: V:1")
        if name not in self.voices:
            if len(self.voices) >= MOST_VOICES:
                place.wrong(f"there are more than {MOST_VOICES} voices")
            self.voices[name] = Voice(name, self._unit(), self.meter, self.key)
        if self.body:
            self.voice = self.voices[name]

    def _now(self) -> Voice:
        """The voice that is written; one is there without a name."""
        if self.voice is None:
            if not self.voices:
                self.voices[""] = Voice("", self._unit(), self.meter, self.key)
            self.voice = next(iter(self.voices.values()))
        return self.voice

    # -- lines of notes -----------------------------------------------------------------------

    def _music(self, line: str, number: int) -> None:
        at = 0
        while at < len(line):
            place = Place(number, at + 1)
            after = self._one(line, at, place)
            if after <= at:
                place.wrong(f"{line[at]!r} is nothing that is read here")
            at = after

    def _one(self, line: str, at: int, place: Place) -> int:
        """Reads what stands at a place, and says where the next begins; the same place: nothing."""
        letter = line[at]
        voice = self._now()
        if letter.isspace() or letter in "`\\$y":
            return at + 1
        if found := _INLINE.match(line, at):
            self._field(found[1], found[2].strip(), place)
            return found.end()
        if letter == '"':
            return _quoted(voice, line, at, place)
        if letter in ":|[" and (after := _bar(voice, line, at, place)) > at:
            return after
        return _played(voice, line, at, place)

    def _finish(self, voice: Voice, place: Place) -> None:
        if voice.broken is not None:
            place.wrong("the last note is to share its length with a next one, and there is none")
        if voice.tuplet[0]:
            place.wrong(f"a tuplet lacks {voice.tuplet[0]} of its notes")


def _played(voice: Voice, line: str, at: int, place: Place) -> int:
    """Reads what is no bar and no field: a note, a chord, a rest, or what is about them."""
    letter = line[at]
    if letter in "><":
        return _broken(voice, line, at, place)
    if letter == "(" and (found := _TUPLET.match(line, at)):
        _tuplet(voice, found, place)
        return found.end()
    if letter in "()":
        return at + 1  # a slur, which changes no note
    if letter == "&":
        place.wrong("voices laid over each other are not read; write each as V: of its own")
    if letter in "zxZX":
        return _rest(voice, line, at, place)
    if letter == "[":
        return _chord(voice, line, at, place)
    if found := _NOTE.match(line, at):
        pitch = _pitch(voice, found, place)
        return _sounded(voice, line, found.end(), place, [(found, pitch)], Fraction(1))
    found = _GRACE.match(line, at) or _ORNAMENT.match(line, at)
    return found.end() if found else at


def _lines(text: str) -> Iterator[tuple[Place, str]]:
    """Lines without remarks, and none that are empty."""
    for number, line in enumerate(text.splitlines(), 1):
        said = re.sub(r"(?<!\\)%.*", "", line)
        if said.strip():
            yield Place(number, 1), said


def _length(line: str, at: int, place: Place) -> tuple[Fraction, int]:
    """The number after a note: ``2``, ``/``, ``3/2``; and where it ends."""
    found = _LENGTH.match(line, at)
    assert found is not None
    above, strokes, below = found.groups()
    made = Fraction(int(above) if above else 1)
    if below and not strokes:
        place.wrong("the length of a note has more than four digits")
    if below and len(strokes) == 1:
        if not int(below):
            place.wrong("a note lasts the part of nothing; write a number after the stroke")
        made /= int(below)
    else:
        made /= 2 ** len(strokes)
    if not made:
        place.wrong("a note lasts nothing; leave it out, or write its length")
    return made, found.end()


def _pitch(voice: Voice, found: re.Match[str], place: Place) -> int:
    """What a written note sounds: by its own sign, one of this bar, the tie before or the key."""
    sign, letter, marks = found[1], found[2], found[3]
    octave = (5 if letter.islower() else 4) + marks.count("'") - marks.count(",")
    name = letter.upper()
    if sign:
        voice.signs[name] = SIGNS[sign]
    elif (name, octave) in voice.tied:
        return voice.tied[name, octave]
    shift = voice.signs.get(name, voice.key.signs.get(name, 0))
    pitch = 12 * (octave + 1) + _STEPS[name] + shift + voice.key.moved
    if not 0 <= pitch <= 127:
        place.wrong(f"{found[0]} is beyond all instruments; take away some of its marks")
    return pitch


def _sounded(
    voice: Voice,
    line: str,
    at: int,
    place: Place,
    notes: list[tuple[re.Match[str], int]],
    inner: Fraction,
) -> int:
    """Adds notes that begin together, whose length and tie stand at a place."""
    length, at = _length(line, at, place)
    length *= inner * voice.unit
    if voice.broken is not None:
        length, voice.broken = length * voice.broken, None
    left, share = voice.tuplet
    if left:
        length, voice.tuplet = length * share, (left - 1, share)
    tied = line[at : at + 1] == "-"
    voice.tied = {}
    if tied:
        for found, pitch in notes:
            octave = (5 if found[2].islower() else 4) + found[3].count("'") - found[3].count(",")
            voice.tied[found[2].upper(), octave] = pitch
    voice.items.append(Sound(place, tuple(pitch for _, pitch in notes), length, tied))
    return at + tied


def _rest(voice: Voice, line: str, at: int, place: Place) -> int:
    if line[at] in "zx":
        return _sounded(voice, line, at + 1, place, [], Fraction(1))
    if voice.meter.free:
        place.wrong("a rest of whole bars needs a meter; write M:4/4")
    bars, after = _length(line, at + 1, place)
    voice.items.append(Sound(place, (), bars * voice.meter.whole))
    return after


def _chord(voice: Voice, line: str, at: int, place: Place) -> int:
    """Notes in brackets; the length of the first is that of all."""
    at += 1
    notes: list[tuple[re.Match[str], int]] = []
    inner = Fraction(1)
    tied = False
    while line[at : at + 1] != "]":
        where = Place(place.line, at + 1)
        skipped = _ORNAMENT.match(line, at)
        if found := _NOTE.match(line, at):
            notes.append((found, _pitch(voice, found, where)))
            length, at = _length(line, found.end(), where)
            inner = length if len(notes) == 1 else inner
            if line[at : at + 1] == "-":
                tied, at = True, at + 1
        elif line[at : at + 1].isspace() or skipped:
            at = skipped.end() if skipped else at + 1
        elif at >= len(line):
            place.wrong("a chord in brackets has no end; write ]")
        else:
            where.wrong(f"{line[at]!r} is no note of a chord")
    if not notes:
        place.wrong("there is no note in the brackets")
    after = _sounded(voice, line, at + 1, place, notes, inner)
    last = voice.items[-1]
    if tied and isinstance(last, Sound) and not last.tied:
        voice.items[-1] = Sound(last.place, last.pitches, last.length, True)
    return after


def _broken(voice: Voice, line: str, at: int, place: Place) -> int:
    """``a>b``: the first is lengthened by half, the second shortened; ``<`` the other way."""
    marks = re.match(r">{1,3}|<{1,3}", line[at:])
    last = voice.items[-1] if voice.items else None
    if marks is None or not isinstance(last, Sound) or voice.broken is not None:
        place.wrong(f"{line[at]!r} stands between two notes, which share their lengths")
    short = Fraction(1, 2 ** len(marks[0]))
    first, second = (2 - short, short) if line[at] == ">" else (short, 2 - short)
    voice.items[-1] = Sound(last.place, last.pitches, last.length * first, last.tied)
    voice.broken = second
    return at + len(marks[0])


def _tuplet(voice: Voice, found: re.Match[str], place: Place) -> None:
    """``(3``, ``(p:q:r``: p notes in the time of q, for the next r of them."""
    notes = int(found[1])
    if notes < 2 or voice.tuplet[0]:
        place.wrong("a tuplet has two to nine notes, and no other in it")
    usual = _STANDS_FOR.get(notes, 3 if voice.meter.compound else 2)
    time = int(found[2]) if found[2] else usual
    count = int(found[3]) if found[3] else notes
    if not time or not count:
        place.wrong("a tuplet of nothing; write (3abc")
    voice.tuplet = (count, Fraction(time, notes))


def _quoted(voice: Voice, line: str, at: int, place: Place) -> int:
    end = line.find('"', at + 1)
    if end < 0:
        place.wrong('a text in quotes has no end; write "')
    text = line[at + 1 : end].strip()
    if text and text[0] not in _TEXT:
        voice.items.append(Named(place, text))
    return end + 1


def _bar(voice: Voice, line: str, at: int, place: Place) -> int:
    """Bar lines, repeats and endings; the same place if what stands there is none of them."""
    found = _BAR.match(line, at)
    mark = found[0] if found else ""
    after = at + len(mark)
    if mark:
        before, behind = mark.split("|")[0], mark.rstrip("]").split("|")[-1]
        back, begins = before.count(":"), behind.count(":")
        if "|" not in mark:
            back, begins = max(len(mark) // 2, 1), len(mark) // 2
        thick = any(sign in mark for sign in ("||", "[|", "|]"))
        if mark.count(":") > 8:
            place.wrong("a repeat has at most four colons")
        voice.items.append(Turn(place, back, bool(begins), thick))
        voice.signs = {}
    ending = _ENDING.match(line, after)
    if ending and (mark or line[after] == "["):
        voice.items.append(Ending(place, _numbers(ending[1], place)))
        after = ending.end()
    return after


def _numbers(text: str, place: Place) -> frozenset[int]:
    """The turns of an ending: ``1``, ``1,3``, ``1-3``."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found |= {*range(int(first), int(last or first) + 1)}
    if not found or max(found) > 20 or min(found) < 1:
        place.wrong(f"an ending for the turns {text} is none; write [1 or [1,3")
    return frozenset(found)
