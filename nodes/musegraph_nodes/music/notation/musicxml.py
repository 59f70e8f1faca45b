"""Scores as MusicXML 4.0, which programs for sheet music open."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar
from xml.etree import ElementTree as xml

from pydantic import Field

from musegraph import File, KeySignature, Meter, NodeError, Note, Score, Tempo, node
from musegraph_nodes.music.programs import DRUM_NAMES, PROGRAMS

from .layout import QUARTER, Bar, Piece, bars_of, voices_of
from .spelling import drum_place, spelt

DRUMS = 9
MOST_NOTES = 100_000
MEDIA = "application/vnd.recordare.musicxml+xml"
_HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN"'
    b' "http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_Row = TypeVar("_Row", KeySignature, Tempo)
_FORTE = 90
"""The velocity that MusicXML counts loudness from."""


@node(version="1", title="Score to MusicXML")
def musicxml(
    score: Score,
    title: Annotated[str, Field(max_length=200, description="Above the music.")] = "",
    composer: Annotated[str, Field(max_length=200, description="Who wrote it.")] = "",
    name: Annotated[
        str, Field(min_length=1, max_length=200, description="Of the file, without its ending.")
    ] = "score",
) -> File:
    """Make a MusicXML file, which programs for sheet music open, such as MuseScore and Sibelius.

    A staff for each track and channel. Notes go to the nearest sixteenth, triplet or, where they
    are that fine, 32nd; up to four voices a staff, and what is more at once is shortened. Tempos,
    meters, keys, programs and how loud notes are go along; controls and bends do not.
    """
    if not score.notes:
        raise NodeError("the score has no notes to write down; link one that has")
    if len(score.notes) > MOST_NOTES:
        raise NodeError(
            f"more than {MOST_NOTES:,} notes are not written; music.split takes it apart"
        )
    root = xml.Element("score-partwise", version="4.0")
    if title:
        _add(_add(root, "work"), "work-title", _plain(title))
    said = _add(root, "identification")
    if composer:
        _add(said, "creator", _plain(composer), type="composer")
    _add(_add(said, "encoding"), "software", "Musegraph")
    parts, bars = list(_parts(score)), bars_of(score)
    listed = _add(root, "part-list")
    for part in parts:
        _announce(listed, part)
    for number, part in enumerate(parts):
        _Writer(score, part, bars).write(_add(root, "part", id=part.id), first=number == 0)
    xml.indent(root, " ")
    data = _HEAD + xml.tostring(root, "utf-8") + b"\n"
    return File(data, f"{name}.musicxml", MEDIA)


@dataclass(frozen=True)
class Part:
    """The notes of a track on a channel."""

    id: str
    name: str
    channel: int
    program: int
    notes: tuple[Note, ...]

    @property
    def drums(self) -> bool:
        return self.channel == DRUMS

    @property
    def pitches(self) -> list[int]:
        return sorted({note.pitch for note in self.notes})


def _parts(score: Score) -> Iterator[Part]:
    count = 0
    for track in score.tracks:
        for channel in track.channels:
            count += 1
            program = track.programs.get(channel, 0)
            known = "Drums" if channel == DRUMS else PROGRAMS[program]
            notes = tuple(note for note in track.notes if note.channel == channel)
            yield Part(f"P{count}", _plain(track.name) or known, channel, program, notes)


def _announce(listed: xml.Element, part: Part) -> None:
    """A part in the list of parts, with the instruments of MIDI that play it."""
    said = _add(listed, "score-part", id=part.id)
    _add(said, "part-name", part.name)
    played = part.pitches if part.drums else [0]
    for pitch in played:
        one = _add(said, "score-instrument", id=_instrument(part, pitch))
        known = DRUM_NAMES.get(pitch, f"Drum {pitch}") if part.drums else PROGRAMS[part.program]
        _add(one, "instrument-name", known)
    for pitch in played:
        one = _add(said, "midi-instrument", id=_instrument(part, pitch))
        _add(one, "midi-channel", part.channel + 1)
        _add(one, "midi-program", part.program + 1)
        if part.drums:
            _add(one, "midi-unpitched", pitch + 1)


def _instrument(part: Part, pitch: int) -> str:
    return f"{part.id}-I{pitch if part.drums else 1}"


class _Writer:
    """Writes a part bar by bar."""

    def __init__(self, score: Score, part: Part, bars: Sequence[Bar]) -> None:
        self.score, self.part, self.bars = score, part, bars
        self.keys = self._by_bar(score.keys)
        self.tempos = self._by_bar(score.tempos)
        self.key = KeySignature(0, 0)

    def _at(self, ticks: int) -> int:
        return round(ticks * QUARTER / self.score.resolution)

    def _by_bar(self, rows: Sequence[_Row]) -> dict[int, list[_Row]]:
        """By the start of a bar what is said in it."""
        starts = [bar.start for bar in self.bars]
        found: dict[int, list[_Row]] = defaultdict(list)
        for row in rows:
            found[starts[bisect_right(starts, self._at(row.time)) - 1]].append(row)
        return found

    def write(self, home: xml.Element, first: bool) -> None:
        rows = voices_of(self.score, self.part.notes, self.bars)
        for number, (bar, voices) in enumerate(zip(self.bars, rows, strict=True), 1):
            measure = _add(home, "measure", number=str(number))
            self._attributes(measure, bar, number == 1)
            if first:
                for tempo in self.tempos.get(bar.start, ()):
                    self._tempo(measure, tempo, self._at(tempo.time) - bar.start)
            for voice, pieces in enumerate(voices, 1):
                if voice > 1:
                    _add(_add(measure, "backup"), "duration", bar.end - bar.start)
                for piece, place in zip(pieces, _tuplets(pieces), strict=True):
                    self._piece(measure, piece, voice, place, piece.length == bar.end - bar.start)

    def _attributes(self, measure: xml.Element, bar: Bar, first: bool) -> None:
        """What is new in a bar: of the first one all, later keys and meters that change."""
        changed = self.keys.get(bar.start, [])
        self.key = changed[-1] if changed else self.key
        if not (first or changed or bar.meter):
            return
        said = _add(measure, "attributes")
        if first:
            _add(said, "divisions", QUARTER)
        if (first or changed) and not self.part.drums:
            key = _add(said, "key")
            _add(key, "fifths", max(min(self.key.sharps, 7), -7))
            _add(key, "mode", "minor" if self.key.minor else "major")
        if first or bar.meter:
            meter = bar.meter or Meter(0, 4, 4)
            time = _add(said, "time")
            _add(time, "beats", meter.beats)
            _add(time, "beat-type", meter.unit)
        if first:
            clef = _add(said, "clef")
            sign, line = self._clef()
            _add(clef, "sign", sign)
            if line:
                _add(clef, "line", line)

    def _clef(self) -> tuple[str, int]:
        if self.part.drums:
            return "percussion", 0
        pitches = sorted(note.pitch for note in self.part.notes)
        return ("F", 4) if pitches[len(pitches) // 2] < 57 else ("G", 2)

    def _tempo(self, measure: xml.Element, tempo: Tempo, late: int) -> None:
        said = _add(measure, "direction", placement="above")
        mark = _add(_add(said, "direction-type"), "metronome")
        _add(mark, "beat-unit", "quarter")
        _add(mark, "per-minute", f"{tempo.bpm:.6g}")
        if late:
            _add(said, "offset", late, sound="yes")
        _add(said, "sound", tempo=f"{tempo.bpm:.6g}")

    def _piece(
        self, measure: xml.Element, piece: Piece, voice: int, place: tuple[bool, bool], whole: bool
    ) -> None:
        """A rest, or notes of which all but the first are said to be of the chord."""
        for number, note in enumerate(piece.notes or (None,)):
            made = _add(measure, "note")
            if note is not None:
                made.set("dynamics", f"{note.velocity / _FORTE * 100:.1f}")
            if number:
                _add(made, "chord")
            head = self._pitch(made, note, whole)
            _add(made, "duration", piece.length)
            ties = _marked((piece.stops, piece.begins), ("stop", "start")) if note else []
            for kind in ties:
                _add(made, "tie", type=kind)
            if note is not None and self.part.drums:
                _add(made, "instrument", id=_instrument(self.part, note.pitch))
            _add(made, "voice", voice)
            kind, dots = piece.kind
            if kind and (note or not whole):
                _add(made, "type", kind)
                for _ in range(dots):
                    _add(made, "dot")
            if piece.triplet:
                ratio = _add(made, "time-modification")
                _add(ratio, "actual-notes", 3)
                _add(ratio, "normal-notes", 2)
            if head:
                _add(made, "notehead", head)
            _notations(made, ties, place if not number else (False, False))

    def _pitch(self, made: xml.Element, note: Note | None, whole: bool) -> str:
        """Adds what a note sounds, or that it is a rest; the head that it is drawn with."""
        if note is None:
            _add(made, "rest", **({"measure": "yes"} if whole else {}))
            return ""
        if self.part.drums:
            step, octave, head = drum_place(note.pitch)
            place = _add(made, "unpitched")
            _add(place, "display-step", step)
            _add(place, "display-octave", octave)
            return head
        step, alter, octave = spelt(note.pitch, self.key.sharps, self.key.minor)
        pitch = _add(made, "pitch")
        _add(pitch, "step", step)
        if alter:
            _add(pitch, "alter", alter)
        _add(pitch, "octave", octave)
        return ""


def _notations(made: xml.Element, ties: list[str], place: tuple[bool, bool]) -> None:
    marks = [("tied", kind) for kind in ties]
    marks += [("tuplet", kind) for kind in _marked(place, ("start", "stop"))]
    if marks:
        said = _add(made, "notations")
        for name, kind in marks:
            _add(said, name, type=kind)


def _marked(which: tuple[bool, bool], names: tuple[str, str]) -> list[str]:
    return [name for name, is_so in zip(names, which, strict=True) if is_so]


def _tuplets(pieces: Sequence[Piece]) -> list[tuple[bool, bool]]:
    """For each piece whether a bracket of a triplet begins and ends with it: those of a beat."""
    found = []
    for index, piece in enumerate(pieces):
        beat = piece.start // QUARTER
        before = pieces[index - 1] if index else None
        after = pieces[index + 1] if index + 1 < len(pieces) else None
        alone = [
            other is None or not other.triplet or other.start // QUARTER != beat
            for other in (before, after)
        ]
        found.append((piece.triplet and alone[0], piece.triplet and alone[1]))
    return found


def _add(home: xml.Element, name: str, text: object = None, **more: str) -> xml.Element:
    made = xml.SubElement(home, name, more)
    if text is not None:
        made.text = str(text)
    return made


def _plain(text: str) -> str:
    """A text without what no XML file may hold."""
    return "".join(sign for sign in text if sign.isprintable()).strip()
