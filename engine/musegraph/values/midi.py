"""The Standard MIDI File 1.0 (RP-001): read whole, written so that nothing is lost.

Everything that is no note, tempo, meter or key stays as the bytes it was. A file that is cut off or
wrong is refused in a sentence that says where.
"""

from __future__ import annotations

import struct
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import replace

from musegraph.errors import MusegraphError
from musegraph.values.score import (
    MOST_TICKS,
    KeySignature,
    Message,
    Meter,
    Note,
    Score,
    Tempo,
    Track,
)

MOST_BYTES = 16 << 20
MOST_MESSAGES = 250_000
MOST_TRACKS = 4096
_NAME, _END, _TEMPO, _METER, _KEY = 0x03, 0x2F, 0x51, 0x58, 0x59
_LENGTHS = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
_SONG = "is no Standard MIDI File"


class MidiError(MusegraphError):
    """A file is no Standard MIDI File, or not a whole one."""


# -- reading ----------------------------------------------------------------------------------


def read_midi(data: bytes) -> Score:
    """The score in the bytes of a file; :class:`MidiError` says what is wrong, and where."""
    if len(data) > MOST_BYTES:
        raise MidiError(f"it has {len(data):,} bytes, and more than {MOST_BYTES:,} are not read")
    data = _unwrapped(data)
    if data[:4] != b"MThd" or len(data) < 14:
        raise MidiError(f"it {_SONG}: it does not begin with MThd; was it renamed?")
    length, form, count, division = struct.unpack_from(">IHHh", data, 4)
    if form > 1:
        raise MidiError(
            f"it holds several songs (format {form}); save the one that is meant as format 1"
        )
    if length < 6 or not count or count > MOST_TRACKS:
        raise MidiError(f"it {_SONG}: its head says {length} bytes and {count} tracks")
    resolution, tempos = _resolution(division)
    reader = _Reader(data, 8 + length)
    first, *others = [reader.track(number, tempos) for number in range(count)]
    if not tempos:
        reader.tempos = [_FRAMES[division >> 8]]
    maps: list[Tempo | Meter | KeySignature] = [*reader.tempos, *reader.meters, *reader.keys]
    first = replace(first, end=max([first.end, *(row.time for row in maps)]))
    return Score(
        resolution,
        (first, *others),
        tuple(reader.tempos),
        tuple(reader.meters),
        tuple(reader.keys),
    )


def _unwrapped(data: bytes) -> bytes:
    """What a RIFF file of the type RMID holds, as some programs save it."""
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        at = data.find(b"data", 12)
        return data[at + 8 :] if at > 0 else data
    return data


_FRAMES = {
    -24: Tempo(0, 1_000_000),
    -25: Tempo(0, 1_000_000),
    -29: Tempo(0, 1_001_000),
    -30: Tempo(0, 1_000_000),
}
"""How long a quarter note lasts where a file counts frames of film: a second, or 30 frames at
29.97 of them a second."""


def _resolution(division: int) -> tuple[int, bool]:
    """Ticks to a quarter note, and whether tempos count: a file of frames has its own."""
    if division > 0:
        return division, True
    frames, ticks = division >> 8, division & 0xFF
    if frames not in _FRAMES or not ticks:
        raise MidiError(f"it {_SONG}: it counts time in {division}, neither notes nor frames")
    return (30 if frames == -29 else -frames) * ticks, False


class _Reader:
    """Goes through the chunks of a file; what the first track says of tempo, meter and key is kept.

    Tempos count from whichever track; meters and keys of later ones are theirs, and stay in them.
    """

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at
        self.messages = 0
        self.tempos: list[Tempo] = []
        self.meters: list[Meter] = []
        self.keys: list[KeySignature] = []

    def track(self, number: int, tempos: bool) -> Track:
        start, stop = self._chunk(number)
        played = _Played()
        name = ""
        events: list[Message] = []
        time = 0
        for time, status, body in self._walk(number, start, stop):
            kind = status & 0xF0
            if kind == 0x90 and body[1]:
                played.on(time, status & 15, body[0], body[1])
            elif kind in (0x80, 0x90):
                if not played.off(time, status & 15, body[0], body[1] if kind == 0x80 else 64):
                    events.append(Message(time, bytes((status,)) + body))
            elif status != 0xFF:
                events.append(Message(time, bytes((status,)) + body))
            elif body[0] == _NAME and not name and not time and len(body) > 2:
                name = _text(_payload(body))
            elif body[0] != _END and not self._global(number, time, body, tempos):
                events.append(Message(time, b"\xff" + body))
        return Track.of(played.all(time), events, name, time)

    def _chunk(self, number: int) -> tuple[int, int]:
        """Where the messages of the next track are; chunks of other kinds are passed over."""
        while True:
            if self.at + 8 > len(self.data):
                raise MidiError(f"it is cut off: track {number + 1} is missing; get it again")
            kind, length = struct.unpack_from(">4sI", self.data, self.at)
            start, stop = self.at + 8, self.at + 8 + length
            if stop > len(self.data):
                raise MidiError(f"it is cut off in track {number + 1}; get it again")
            self.at = stop
            if kind == b"MTrk":
                return start, stop

    def _walk(self, number: int, at: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
        """The messages of a track: time in ticks, status byte, and what follows it."""
        data, time, running = self.data, 0, 0
        try:
            while at < stop:
                delta, at = _variable(data, at)
                time += delta
                self.messages += 1
                if time > MOST_TICKS or self.messages > MOST_MESSAGES:
                    raise MidiError(
                        f"it has more than {MOST_MESSAGES:,} messages, which are not read"
                        if self.messages > MOST_MESSAGES
                        else f"track {number + 1} lasts longer than any music"
                    )
                status = data[at]
                if status >= 0x80:
                    at += 1
                elif running:
                    status = running
                else:
                    raise _damaged(number, at, "a message has no status")
                start = at
                if status < 0xF0:
                    running = status
                    at += _LENGTHS[status & 0xF0]
                    if any(byte > 127 for byte in data[start:at]):
                        raise _damaged(number, start, "a message is cut short by the next")
                elif status in (0xF0, 0xF7, 0xFF):
                    running = 0
                    size, body = _variable(data, at + (status == 0xFF))
                    at = body + size
                else:
                    raise _damaged(number, at - 1, f"there is no message {status:#04x} in files")
                if at > stop:
                    raise _damaged(number, start, "a message is longer than its track")
                yield time, status, data[start:at]
                if status == 0xFF and data[start] == _END:
                    return
        except IndexError:
            raise _damaged(number, at, "the file ends in the middle of a message") from None

    def _global(self, number: int, time: int, body: bytes, tempos: bool) -> bool:
        """Keep what holds for the whole score; False for what does not, or is not understood."""
        kind, data = body[0], _payload(body)
        if kind == _TEMPO and len(data) == 3 and any(data):
            # Where a file counts frames none holds, and kept as an event it would once it is saved.
            if tempos:
                self.tempos.append(Tempo(time, int.from_bytes(data, "big")))
        elif number:
            return False
        elif kind == _METER and len(data) == 4 and data[0] and data[1] <= 10:
            self.meters.append(Meter(time, data[0], 1 << data[1], data[2], data[3]))
        elif kind == _KEY and len(data) == 2 and data[1] <= 1 and (data[0] + 7) % 256 <= 14:
            self.keys.append(KeySignature(time, (data[0] + 7) % 256 - 7, bool(data[1])))
        else:
            return False
        return True


class _Played:
    """Notes that sound: who was struck first is let go first."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._sounding: dict[tuple[int, int], deque[tuple[int, int]]] = defaultdict(deque)

    def on(self, time: int, channel: int, pitch: int, velocity: int) -> None:
        self._sounding[channel, pitch].append((time, velocity))

    def off(self, time: int, channel: int, pitch: int, release: int) -> bool:
        waiting = self._sounding.get((channel, pitch))
        if not waiting:
            return False
        start, velocity = waiting.popleft()
        self.notes.append(Note(start, time - start, pitch, velocity, channel, release))
        return True

    def all(self, end: int) -> list[Note]:
        """All of them; those that nobody let go sound to the end of the track."""
        for channel, pitch in list(self._sounding):
            while self.off(end, channel, pitch, 64):
                pass
        return self.notes


def _variable(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    value = 0
    for index in range(at, at + 4):
        byte = data[index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, index + 1
    raise MidiError(f"it is damaged at byte {at:,}: a number goes on beyond four bytes")


def _payload(body: bytes) -> bytes:
    """What a meta message carries: after its kind and its length."""
    return body[_variable(body, 1)[1] :]


def _damaged(number: int, at: int, what: str) -> MidiError:
    return MidiError(f"it is damaged in track {number + 1} at byte {at:,}: {what}; get it again")


def _text(data: bytes) -> str:
    """UTF-8 as programs of today write it; Latin 1, which the specification means, otherwise."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


# -- writing ----------------------------------------------------------------------------------


def write_midi(score: Score) -> bytes:
    """The bytes of a file: format 0 for a single track, else 1; equal scores give equal bytes.

    Of what happens at one time, notes end first, then come other messages, then notes begin.
    """
    tracks = score.tracks or (Track(),)
    head = struct.pack(">4sIHHH", b"MThd", 6, len(tracks) > 1, len(tracks), score.resolution)
    return head + b"".join(
        _track(track, list(_maps(score)) if not number else [])
        for number, track in enumerate(tracks)
    )


def _maps(score: Score) -> Iterator[tuple[int, bytes]]:
    for tempo in score.tempos:
        yield tempo.time, _meta(_TEMPO, tempo.microseconds.to_bytes(3, "big"))
    for m in score.meters:
        yield m.time, _meta(_METER, bytes((m.beats, m.unit.bit_length() - 1, m.clocks, m.notated)))
    for key in score.keys:
        yield key.time, _meta(_KEY, bytes((key.sharps % 256, key.minor)))


def _track(track: Track, maps: list[tuple[int, bytes]]) -> bytes:
    timed: list[tuple[int, int, bytes]] = [(time, 1, data) for time, data in maps]
    if track.name:
        timed.append((0, 0, _meta(_NAME, track.name.encode())))
    for note in track.notes:
        on = bytes((0x90 | note.channel, note.pitch, note.velocity))
        off = bytes((0x80 | note.channel, note.pitch, note.release))
        timed.append((note.start, 4, on))
        timed.append((note.end, 2 if note.duration else 5, off))
    timed += [(event.time, 3, event.data) for event in track.events]
    timed.sort(key=lambda row: row[:2])
    end = max([track.end, *(time for time, _ in maps)])
    body, before = bytearray(), 0
    for time, _, data in [*timed, (end, 6, _meta(_END, b""))]:
        body += _as_variable(time - before) + data
        before = time
    return struct.pack(">4sI", b"MTrk", len(body)) + body


def _meta(kind: int, data: bytes) -> bytes:
    return bytes((0xFF, kind)) + _as_variable(len(data)) + data


def _as_variable(value: int) -> bytes:
    made = bytearray((value & 0x7F,))
    while value := value >> 7:
        made.insert(0, 0x80 | value & 0x7F)
    return bytes(made)
