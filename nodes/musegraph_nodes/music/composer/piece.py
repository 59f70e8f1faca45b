"""A piece on a grid: what the composer writes, what the model reads and writes, and its score.

Times are steps, of which a quarter note has twelve, so that sixteenths and triplets both lie on
whole ones. A piece has one tempo, one key and bars of one length; a score may have more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from musegraph import KeySignature, Message, Meter, Note, Score, Tempo, Track
from musegraph_nodes.music.theory import Chord, Key

STEPS = 12
"""To a quarter note."""
RESOLUTION = 480
MELODY, CHORDS, BASS, DRUMS, PAD = range(5)
ROLES = ("melody", "chords", "bass", "drums", "pad")
CHANNELS = (0, 1, 2, 9, 3)
LEVELS = (46, 68, 90, 112)
"""The velocities of four levels, from soft to strong."""
LOWEST_DRUM, HIGHEST_DRUM = 27, 87


class Tone(NamedTuple):
    """A note of a part: when it begins and how long it lasts in steps, its pitch and level."""

    start: int
    length: int
    pitch: int
    level: int = 2

    @property
    def end(self) -> int:
        return self.start + self.length


class Harmony(NamedTuple):
    """From a step on, a chord; None where there is none."""

    start: int
    chord: Chord | None


@dataclass(frozen=True)
class Part:
    """What one role plays, on which instrument of General MIDI."""

    program: int
    tones: tuple[Tone, ...] = ()


@dataclass(frozen=True)
class Piece:
    """Parts by role over chords, so many bars of so many quarter notes."""

    genre: str
    key: Key
    tempo: float
    beats: int
    bars: int
    harmony: tuple[Harmony, ...] = ()
    parts: dict[int, Part] = field(default_factory=dict)

    @property
    def bar(self) -> int:
        """The steps of a bar."""
        return self.beats * STEPS

    @property
    def end(self) -> int:
        return self.bars * self.bar

    def chord_at(self, step: int) -> Chord | None:
        """The chord that sounds at a step."""
        found = None
        for start, chord in self.harmony:
            if start > step:
                break
            found = chord
        return found


def tidy(tones: Iterable[Tone], drums: bool, end: int) -> tuple[Tone, ...]:
    """Tones in order: none twice at once, none beyond the end, none into the next of its pitch."""
    longest: dict[tuple[int, int], Tone] = {}
    for tone in tones:
        if 0 <= tone.start < end and _known(tone.pitch, drums):
            held = longest.get((tone.start, tone.pitch))
            if held is None or (tone.length, tone.level) > (held.length, held.level):
                longest[tone.start, tone.pitch] = tone
    later: dict[int, int] = {}
    made = []
    for tone in sorted(longest.values(), reverse=True):
        most = 1 if drums else later.get(tone.pitch, end) - tone.start
        later[tone.pitch] = tone.start
        made.append(tone._replace(length=lasting(max(min(tone.length, most), 1))))
    return tuple(sorted(made))


def lasting(length: int) -> int:
    """A duration on the grid: beyond four quarters whole ones, and sixteen at most."""
    return length if length <= 4 * STEPS else min(length, 16 * STEPS) // STEPS * STEPS


def _known(pitch: int, drums: bool) -> bool:
    return LOWEST_DRUM <= pitch <= HIGHEST_DRUM if drums else 0 <= pitch <= 127


def score_of(piece: Piece) -> Score:
    """The piece as a score: a track for each part, drums on channel 10."""
    tick = RESOLUTION // STEPS
    tracks = []
    for role, part in sorted(piece.parts.items()):
        channel = CHANNELS[role]
        notes = [note_of(tone, role, tick) for tone in part.tones]
        program = Message(0, bytes((0xC0 | channel, part.program)))
        tracks.append(
            Track.of(
                [note._replace(channel=channel) for note in notes],
                [program],
                ROLES[role].capitalize(),
                piece.end * tick,
            )
        )
    return Score(
        RESOLUTION,
        tuple(tracks),
        (Tempo(0, round(60e6 / piece.tempo)),),
        (Meter(0, piece.beats, 4),),
        (KeySignature(0, piece.key.sharps, piece.key.minor),),
    )


def note_of(tone: Tone, role: int, tick: int, at: int = 0) -> Note:
    """A tone as a note, steps of so many ticks, shifted by some; drums are let go at once."""
    length = tone.length * tick if role != DRUMS else max(tick * STEPS // 4, 1)
    return Note(at + tone.start * tick, length, tone.pitch, LEVELS[tone.level], CHANNELS[role])


def level_of(velocity: int) -> int:
    """The nearest of the four levels."""
    return min(range(len(LEVELS)), key=lambda level: abs(LEVELS[level] - velocity))
