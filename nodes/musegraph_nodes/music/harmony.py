"""Chords as values: from text, and as notes that move as little as they can."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from musegraph import (
    KeySignature,
    Message,
    Meter,
    Named,
    NodeError,
    Note,
    Score,
    Tempo,
    Track,
    node,
)

from .theory import QUALITIES, Chord, Key, parse_key, progression, voicing

Chords: TypeAlias = Annotated[dict[str, Any], Named("Chords")]

RESOLUTION = 480
MOST_BARS = 1024

KeyName = Annotated[
    str, Field(description="C major, A minor, F#m, D dorian; what roman numerals count from.")
]
Beats = Annotated[int, Field(ge=1, le=16, description="Quarter notes in a bar.")]
Bpm = Annotated[float, Field(ge=20, le=400, description="Quarter notes in a minute.")]
Program = Annotated[
    int,
    Field(ge=0, le=127, description="Instrument of General MIDI: 0 piano, 24 guitar, 48 strings."),
]


class Sounding(BaseModel):
    """A chord of a progression: from which quarter note on it sounds, and for how many."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: float = Field(ge=0, le=1e6)
    duration: float = Field(gt=0, le=1e6)
    root: int = Field(ge=0, le=11)
    quality: str = ""
    bass: int | None = Field(default=None, ge=0, le=11)
    name: str = ""

    @property
    def chord(self) -> Chord:
        if self.quality not in QUALITIES:
            raise NodeError(f"{self.quality!r} is no quality of a chord; music.chords makes them")
        return Chord(self.root, self.quality, self.bass)


class Progression(BaseModel):
    """Chords one after the other, as they travel on an edge."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = "C major"
    beats: int = Field(default=4, ge=1, le=16)
    chords: tuple[Sounding, ...] = ()


def progression_of(value: dict[str, Any]) -> Progression:
    """The chords in a value; a sentence if somebody wrote it by hand and it is wrong."""
    try:
        return Progression.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise NodeError(
            f"the chords are none: {where}: {first['msg']}; music.chords makes them"
        ) from None


@node(version="1")
def chords(
    text: Annotated[
        str,
        Field(
            description="Am F C G, or ii7 V7 I, a bar each; or with bar lines: | Am F | C . G . |"
        ),
    ],
    key: KeyName = "C major",
    beats: Beats = 4,
    times: Annotated[int, Field(ge=1, le=256, description="How often, one after another.")] = 1,
) -> Chords:
    """Write chords: names as on a lead sheet, or roman numerals in a key.

    ``F#m7b5``, ``Bbmaj7``, ``C/E``; ``bVII``, ``V/V``. Small numerals are minor. A point holds the
    chord before, ``%`` repeats a bar.
    """
    known = parse_key(key)
    found = progression(text, known) * times
    if not found:
        raise NodeError("there is no chord in the text; write such as Am F C G")
    if sum(bars for _, bars in found) > MOST_BARS:
        raise NodeError(f"these are more than {MOST_BARS} bars; repeat them less often")
    made, at = [], 0.0
    for chord, bars in found:
        length = bars * beats
        made.append(
            Sounding(
                start=round(at, 6), duration=round(length, 6), root=chord.root,
                quality=chord.quality, bass=chord.bass, name=chord.name(known),
            )
        )  # fmt: skip
        at += length
    return Progression(key=str(known), beats=beats, chords=tuple(made)).model_dump(mode="json")


@node(version="1")
def voice_chords(
    chords: Chords,
    style: Annotated[
        Literal["block", "arpeggio", "strum", "pulse"],
        Field(description="All at once; one after another; nearly at once; anew on each beat."),
    ] = "block",
    tempo: Bpm = 100.0,
    voices: Annotated[int, Field(ge=1, le=7, description="Notes of a chord.")] = 4,
    low: Annotated[int, Field(ge=0, le=115, description="Lowest pitch; 48 is C3.")] = 48,
    high: Annotated[int, Field(ge=12, le=127, description="Highest pitch; 72 is C5.")] = 72,
    bass: Annotated[bool, Field(description="Whether the root is played below them.")] = True,
    program: Program = 0,
    velocity: Annotated[int, Field(ge=1, le=127, description="How strongly.")] = 80,
) -> Score:
    """Play chords: each voice moves as little as it can from one to the next."""
    if high - low < 12:
        raise NodeError(
            f"from {low} to {high} is less than an octave, and chords need one; set high higher"
        )
    read = progression_of(chords)
    notes: list[Note] = []
    before: list[int] | None = None
    for one in read.chords:
        before = voicing(one.chord, before, low, high, voices)
        notes += _played(one, before, style, velocity)
        if bass:
            root = one.chord.root if one.chord.bass is None else one.chord.bass
            notes.append(_note(one.start, one.duration, _below(root, low), velocity))
    key = parse_key(read.key)
    track = Track.of(notes, [Message(0, bytes((0xC0, program)))], "Chords")
    return Score(
        RESOLUTION,
        (track,),
        (Tempo(0, round(60e6 / tempo)),),
        (Meter(0, read.beats, 4),),
        (signature(key),),
    )


def signature(key: Key) -> KeySignature:
    return KeySignature(0, key.sharps, key.minor)


def _below(pitch: int, low: int) -> int:
    """The pitch in the octave below the others."""
    return pitch + 12 * max((low - 1 - pitch) // 12, 0)


def _note(start: float, duration: float, pitch: int, velocity: int) -> Note:
    begin = round(start * RESOLUTION)
    return Note(begin, max(round((start + duration) * RESOLUTION) - begin, 1), pitch, velocity)


def _played(one: Sounding, pitches: list[int], style: str, velocity: int) -> list[Note]:
    start, length = one.start, one.duration
    if style == "arpeggio":
        step = 0.5
        order = [*pitches, *pitches[-2:0:-1]]
        return [
            _note(start + at * step, step, order[at % len(order)], velocity)
            for at in range(max(int(length / step), 1))
        ]
    if style == "strum":
        return [
            _note(start + at * 0.04, max(length - at * 0.04, 0.1), pitch, velocity)
            for at, pitch in enumerate(pitches)
        ]
    if style == "pulse":
        beats = max(int(length), 1)
        return [
            _note(start + beat * length / beats, length / beats * 0.9, pitch, velocity)
            for beat in range(beats)
            for pitch in pitches
        ]
    return [_note(start, length, pitch, velocity) for pitch in pitches]
