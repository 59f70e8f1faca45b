"""Written music: notes in tracks over a map of tempos, meters and keys; nothing of MIDI is lost.

Times are whole ticks, and ``resolution`` says how many of them a quarter note has: so a score comes
back from a file exactly as it went, which quarter notes in floating point would not.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from musegraph.errors import NodeError
from musegraph.values.media import Media

MOST_TICKS = 2**28 - 1
"""No time of a score is later: what files can say; 38 hours at 960 ticks and 120 to the minute."""

MOST_RESOLUTION = 2**15 - 1
DRUMS = 9
"""The channel of drums in General MIDI, counted from 0."""


class Note(NamedTuple):
    """A note: when it starts and how long it lasts in ticks, and what is played how strongly.

    ``pitch`` 0..127, 60 the middle C; ``velocity`` 1..127; ``channel`` 0..15, 9 for drums;
    ``release`` 0..127 is how fast it is let go, which few instruments heed.
    """

    start: int
    duration: int
    pitch: int
    velocity: int = 80
    channel: int = 0
    release: int = 64

    @property
    def end(self) -> int:
        return self.start + self.duration


class Message(NamedTuple):
    """Anything else at a time: the bytes of a message of the Standard MIDI File without its delta.

    Control changes, programs, bends, pressure, texts and what only some instrument understands.
    """

    time: int
    data: bytes


class Tempo(NamedTuple):
    """From ``time`` on a quarter note lasts so many microseconds: 500,000 is 120 to the minute."""

    time: int
    microseconds: int

    @property
    def bpm(self) -> float:
        return 60e6 / self.microseconds


class Meter(NamedTuple):
    """From ``time`` on a bar has so many beats of the ``unit``-th of a whole note.

    ``clocks`` MIDI clocks to a click of the metronome, ``notated`` 32nds to a quarter note.
    """

    time: int
    beats: int
    unit: int
    clocks: int = 24
    notated: int = 8


class KeySignature(NamedTuple):
    """From ``time`` on so many sharps are set, or flats below 0; in minor or in major."""

    time: int
    sharps: int
    minor: bool = False


_NOTE = struct.Struct("<qqBBBB")
_EVENT = struct.Struct("<qI")


@dataclass(frozen=True, slots=True)
class Track:
    """A track: its notes by time, and its other events in their order; :meth:`of` makes one.

    Both are kept packed: the score of an orchestra is a few hundred kilobytes.
    """

    name: str = ""
    end: int = 0
    """The tick at which it ends; never before its last note or event."""
    packed_notes: bytes = b""
    packed_events: bytes = b""

    @classmethod
    def of(
        cls,
        notes: Iterable[Note] = (),
        events: Iterable[Message] = (),
        name: str = "",
        end: int = 0,
    ) -> Track:
        """A track of notes and events in any order; events of one time stay in theirs."""
        by_time = sorted(notes)
        for note in by_time:
            _check_note(note)
        others = sorted(events, key=lambda event: event.time)
        for event in others:
            _check_time(event.time)
        last = [end, *(note.end for note in by_time), *(event.time for event in others[-1:])]
        packed = b"".join(_EVENT.pack(e.time, len(e.data)) + e.data for e in others)
        table = b"".join(_NOTE.pack(*note) for note in by_time)
        return cls(name, max(last), table, packed)

    @property
    def notes(self) -> list[Note]:
        return [Note._make(row) for row in _NOTE.iter_unpack(self.packed_notes)]

    @property
    def events(self) -> list[Message]:
        found, at, data = [], 0, self.packed_events
        while at < len(data):
            time, length = _EVENT.unpack_from(data, at)
            at += _EVENT.size + length
            found.append(Message(time, data[at - length : at]))
        return found

    @property
    def channels(self) -> list[int]:
        """The channels that its notes sound on."""
        return sorted({note.channel for note in self.notes})

    @property
    def programs(self) -> dict[int, int]:
        """By channel, the first instrument of General MIDI that it asks for, counted from 0."""
        found: dict[int, int] = {}
        for event in self.events:
            if len(event.data) == 2 and event.data[0] & 0xF0 == 0xC0:
                found.setdefault(event.data[0] & 0x0F, event.data[1])
        return found


@dataclass(frozen=True, eq=False, slots=True)
class Score(Media):
    """Written music. ``resolution`` ticks are a quarter note.

    Without a tempo it is 120 to the minute, without a meter 4/4, as in the Standard MIDI File 1.0.
    """

    resolution: int
    tracks: tuple[Track, ...]
    tempos: tuple[Tempo, ...] = ()
    meters: tuple[Meter, ...] = ()
    keys: tuple[KeySignature, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.resolution <= MOST_RESOLUTION:
            raise NodeError(
                f"a Score has 1 to {MOST_RESOLUTION} ticks to a quarter, and got {self.resolution}"
            )
        for name, kind in (("tempos", Tempo), ("meters", Meter), ("keys", KeySignature)):
            rows = tuple(
                sorted((kind(*row) for row in getattr(self, name)), key=lambda row: row.time)
            )
            object.__setattr__(self, name, rows)
            for row in rows:
                _check_time(row.time)
        for tempo in self.tempos:
            if not 1 <= tempo.microseconds < 1 << 24:
                raise NodeError(
                    f"a quarter note lasts up to 16.7 s, and got {tempo.microseconds} µs"
                )

    @property
    def end(self) -> int:
        """The tick at which the last track ends."""
        return max((track.end for track in self.tracks), default=0)

    @property
    def seconds(self) -> float:
        return self.clock().seconds(self.end)

    @property
    def notes(self) -> list[Note]:
        """Those of all tracks, by time."""
        return sorted(note for track in self.tracks for note in track.notes)

    def clock(self) -> Clock:
        return Clock(self.resolution, self.tempos)

    def quarters(self, ticks: int) -> float:
        return ticks / self.resolution


class Clock:
    """Turns ticks into seconds and back, through all changes of tempo."""

    def __init__(self, resolution: int, tempos: Iterable[Tempo]) -> None:
        self.resolution = resolution
        self._ticks, self._seconds, self._speeds = [0], [0.0], [500_000]
        for time, microseconds in tempos:
            if time == self._ticks[-1]:
                self._speeds[-1] = microseconds
                continue
            self._seconds.append(self.seconds(time))
            self._ticks.append(time)
            self._speeds.append(microseconds)

    def seconds(self, ticks: int) -> float:
        at = max(bisect_right(self._ticks, ticks) - 1, 0)
        more = (ticks - self._ticks[at]) * self._speeds[at]
        return self._seconds[at] + more / (1e6 * self.resolution)

    def ticks(self, seconds: float) -> int:
        """The nearest tick."""
        at = max(bisect_right(self._seconds, seconds) - 1, 0)
        more = (seconds - self._seconds[at]) * 1e6 * self.resolution / self._speeds[at]
        return self._ticks[at] + round(more)


def _check_time(time: int) -> None:
    if not 0 <= time <= MOST_TICKS:
        raise NodeError(f"a time in a Score is 0 to {MOST_TICKS} ticks, and got {time}")


def _check_note(note: Note) -> None:
    _check_time(note.start)
    _check_time(note.duration)
    wrong = [
        f"{name} {value}"
        for name, value, least, most in (
            ("pitch", note.pitch, 0, 127),
            ("velocity", note.velocity, 1, 127),
            ("channel", note.channel, 0, 15),
            ("release", note.release, 0, 127),
        )
        if not least <= value <= most
    ]
    if wrong:
        raise NodeError(
            f"a note of a Score has {', '.join(wrong)}; pitches and releases are 0 to 127,"
            " velocities 1 to 127, channels 0 to 15"
        )
