"""A score from a text in ABC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Annotated, NamedTuple

from pydantic import Field

from musegraph import (
    Context,
    KeySignature,
    Message,
    Meter,
    NodeError,
    Note,
    Score,
    Tempo,
    Track,
    node,
)
from musegraph_nodes.music.harmony import RESOLUTION, Chords, Program, Progression, Sounding
from musegraph_nodes.music.theory import Chord, parse_chord, parse_key

from .fields import Bars, Place, Tonality
from .tune import MOST_LETTERS, Reader, Voice
from .unfold import Changed, Sound, unfolded

DRUMS = 9
MOST_QUARTERS = 500_000
"""No tune is longer; what a Score can hold is a little more."""

_NO_CHORD = {"NC", "N.C.", "N.C"}


class Written(NamedTuple):
    """The notes, and the chords that stand above them in quotes."""

    score: Score
    chords: Chords


@node(version="1", title="Score from ABC")
def abc(
    text: Annotated[
        str,
        Field(
            max_length=MOST_LETTERS,
            description="A tune: lines such as M:6/8, L:1/8, Q:1/4=120, then K:G, then notes.",
            json_schema_extra={"multiline": True},
        ),
    ],
    ctx: Context,
    program: Program = 0,
    velocity: Annotated[int, Field(ge=1, le=127, description="How strongly.")] = 80,
) -> Written:
    """Write a score in ABC, the notation of folk tunes (standard 2.1); repeats are played out.

    Notes ``C D ^f _b, c'``, lengths ``A2 A/2``, ``a>b``, ``(3abc``, chords ``[CEG]`` and ``"Am"``,
    ties, rests, ``|: … :|``, ``[1 … [2``, voices ``V:``, and changes such as ``[K:D]``. A sign
    counts to the end of its bar in all octaves. Grace notes, ornaments, slurs and words are passed
    over.
    """
    reader = Reader()
    played = [_Played(voice) for voice in reader.read(text)]
    channels = [channel for channel in range(16) if channel != DRUMS]
    tracks = []
    for index, one in enumerate(played):
        channel = channels[index % len(channels)]
        notes = [note._replace(channel=channel, velocity=velocity) for note in one.notes]
        asked = Message(0, bytes((0xC0 | channel, program)))
        tracks.append(Track.of(notes, (asked,), one.name, _ticks(one.time)))
    tempos = {0: Tempo(0, 500_000)}
    meters = {0: _meter(0, reader.meter)}
    keys = {0: KeySignature(0, reader.key.sharps, reader.key.minor)}
    for tick, what in (row for one in played for row in one.changes):
        if isinstance(what, Bars):
            meters[tick] = _meter(tick, what)
        elif isinstance(what, Tonality):
            keys[tick] = KeySignature(tick, what.sharps, what.minor)
        else:
            tempos[tick] = Tempo(tick, round(60e6 / what))
    score = Score(
        RESOLUTION, tuple(tracks), tuple(tempos.values()), tuple(meters.values()),
        tuple(keys.values()),
    )  # fmt: skip
    beats = min(max(round(reader.meter.whole * 4), 1), 16)
    found = list(_chords(played, reader.key.name, ctx))
    made = Progression(key=reader.key.name, beats=beats, chords=tuple(found))
    return Written(score, made.model_dump(mode="json"))


class _Played:
    """The notes of a voice in time, with what changes and what is said above them."""

    def __init__(self, voice: Voice) -> None:
        self.name = voice.name
        self.time = Fraction(0)
        """In quarter notes."""
        self.notes: list[Note] = []
        self.changes: list[tuple[int, Bars | Tonality | float]] = []
        self.chords: list[tuple[Fraction, str, Place]] = []
        self._tied: dict[int, int] = {}
        for item in unfolded(voice.items):
            if isinstance(item, Sound):
                self._sound(item)
            elif isinstance(item, Changed):
                self.changes.append((_ticks(self.time), item.what))
            else:
                self.chords.append((self.time, item.text, item.place))

    def _sound(self, item: Sound) -> None:
        start, self.time = self.time, self.time + item.length * 4
        if self.time > MOST_QUARTERS:
            item.place.wrong("the tune is longer than any music; write shorter notes")
        tied = {}
        for pitch in item.pitches:
            if pitch in self._tied:
                before = self.notes[self._tied[pitch]]
                longer = _ticks(self.time) - before.start
                self.notes[self._tied[pitch]] = before._replace(duration=longer)
                tied[pitch] = self._tied[pitch]
                continue
            length = max(_ticks(self.time) - _ticks(start), 1)
            self.notes.append(Note(_ticks(start), length, pitch))
            tied[pitch] = len(self.notes) - 1
        self._tied = tied if item.tied else {}


def _ticks(quarters: Fraction) -> int:
    return round(quarters * RESOLUTION)


def _meter(tick: int, bars: Bars) -> Meter:
    return Meter(tick, bars.beats, bars.unit)


def _chords(played: Iterable[_Played], key: str, ctx: Context) -> Iterator[Sounding]:
    """The chords above all voices, each until the next; what is none is told of and passed over."""
    known = parse_key(key)
    rows: list[tuple[Fraction, Chord | None]] = []
    end = Fraction(0)
    for one in played:
        end = max(end, one.time)
        for start, text, place in one.chords:
            try:
                plain = text.strip("()")
                rows.append((start, None if plain in _NO_CHORD else parse_chord(plain)))
            except NodeError:
                where = f"line {place.line}, column {place.column}"
                ctx.warn(f"the ABC, {where}: {text!r} is no chord, and is passed over")
    rows.sort(key=lambda row: row[0])
    ends = [row[0] for row in rows[1:]] + [end] * bool(rows)
    for (start, chord), after in zip(rows, ends, strict=True):
        if chord is not None and after > start:
            yield Sounding(
                start=round(float(start), 6), duration=round(float(after - start), 6),
                root=chord.root, quality=chord.quality, bass=chord.bass, name=chord.name(known),
            )  # fmt: skip
