"""The chunks of a SoundFont 2.04 file, each number checked before it is used.

A file comes from anywhere: whatever it says of lengths and places is held against what is there.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from musegraph import NodeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_BYTES = 1 << 30
MOST_ROWS = 65_536
"""Of each table; the format counts them in 16 bits."""

_ROM, _COMPRESSED = 0x8000, 0x10
_ROWS = {
    b"phdr": "<20sHHHIII", b"pbag": "<HH", b"pgen": "<HH", b"inst": "<20sH", b"ibag": "<HH",
    b"igen": "<HH", b"shdr": "<20sIIIIIBbHH",
}  # fmt: skip


class Sample(NamedTuple):
    """A recording: where it is in the pool, where it goes round, and what it sounds."""

    name: str
    start: int
    end: int
    loop: int
    loop_end: int
    rate: int
    pitch: int
    cents: int


class Preset(NamedTuple):
    """A program of a bank, and its zones."""

    name: str
    program: int
    bank: int
    zones: list[dict[int, int]]


@dataclass(frozen=True)
class Tables:
    """All that a file holds. A zone is its generators by number."""

    pool: NDArray[np.int16]
    presets: list[Preset]
    instruments: list[list[dict[int, int]]]
    samples: list[Sample | None]


def read(data: bytes, name: str) -> Tables:
    """What is in the bytes of a file; a sentence if it is none, or not whole."""
    import numpy as np

    if len(data) > MOST_BYTES:
        raise NodeError(
            f"{name!r} has {len(data):,} bytes; SoundFonts of up to {MOST_BYTES:,} are read"
        )
    if data[:4] != b"RIFF" or data[8:12] != b"sfbk":
        raise NodeError(
            f"{name!r} is no SoundFont: it begins with neither RIFF nor sfbk; give an .sf2"
        )
    reader = _Reader(data, name)
    pool, rows = reader.chunks()
    samples = [reader.sample(row, len(pool) // 2) for row in rows[b"shdr"][:-1]]
    instruments = reader.zones(rows[b"inst"], 1, rows[b"ibag"], rows[b"igen"], 53, len(samples))
    zones = reader.zones(rows[b"phdr"], 3, rows[b"pbag"], rows[b"pgen"], 41, len(instruments))
    presets = [
        Preset(_text(row[0]), row[1], row[2], own)
        for row, own in zip(rows[b"phdr"], zones, strict=False)
    ]
    return Tables(np.frombuffer(pool, "<i2"), presets, instruments, samples)


class _Reader:
    def __init__(self, data: bytes, name: str) -> None:
        self.data, self.name = data, name

    def wrong(self, what: str) -> NoReturn:
        raise NodeError(f"the SoundFont {self.name!r} is damaged: {what}; get it again")

    def chunks(self) -> tuple[bytes, dict[bytes, list[tuple[int, ...]]]]:
        """The pool of samples and the rows of each table."""
        pool: bytes | None = None
        rows: dict[bytes, list[tuple[int, ...]]] = {}
        for kind, start, stop in self._within(12, min(len(self.data), self._size())):
            if kind != b"LIST":
                continue
            for name, first, last in self._within(start + 4, stop):
                if name == b"smpl":
                    pool = self.data[first : last - (last - first) % 2]
                elif name in _ROWS:
                    rows[name] = self._rows(name, first, last)
        missing = [name.decode() for name in _ROWS if len(rows.get(name, ())) < 1]
        if missing or pool is None:
            self.wrong(f"it lacks {', '.join(missing) or 'its samples'}")
        return pool, rows

    def _size(self) -> int:
        (size,) = struct.unpack_from("<I", self.data, 4)
        if size + 8 > len(self.data):
            self.wrong(f"it is cut off: {len(self.data):,} of {size + 8:,} bytes are there")
        return int(size) + 8

    def _within(self, at: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
        """The chunks between two places: kind, and where what they hold begins and ends."""
        while at + 8 <= stop:
            kind, size = struct.unpack_from("<4sI", self.data, at)
            if at + 8 + size > stop:
                self.wrong(f"its part {kind.decode('ascii', 'replace')!r} is longer than the file")
            yield kind, at + 8, at + 8 + size
            at += 8 + size + size % 2

    def _rows(self, kind: bytes, first: int, last: int) -> list[tuple[int, ...]]:
        size = struct.calcsize(_ROWS[kind])
        if (last - first) % size or (last - first) // size > MOST_ROWS:
            self.wrong(
                f"its table {kind.decode()} has {last - first:,} bytes, not so many of {size}"
            )
        return [*struct.iter_unpack(_ROWS[kind], self.data[first:last])]

    def sample(self, row: tuple[int, ...], count: int) -> Sample | None:
        """A recording, or None of one that cannot be played: in the memory of a sound card."""
        name, start, end, loop, loop_end, rate, pitch, cents, _, kind = row
        if kind & _COMPRESSED:
            raise NodeError(
                f"{self.name!r} holds compressed samples (SoundFont 3), which are not read;"
                " convert it to .sf2"
            )
        if kind & _ROM or start == end:
            return None
        if not start < end <= count:
            self.wrong(f"the sample {_text(name)!r} lies outside of the file")
        if not 400 <= rate <= 192_000:
            self.wrong(f"the sample {_text(name)!r} has a rate of {rate}")
        return Sample(
            _text(name), start, end, loop, loop_end, rate, pitch if pitch < 128 else 60, cents
        )

    def zones(
        self,
        heads: list[tuple[int, ...]],
        column: int,
        bags: list[tuple[int, ...]],
        gens: list[tuple[int, ...]],
        names: int,
        count: int,
    ) -> list[list[dict[int, int]]]:
        """By row of a table its zones; the first, if it names nothing, goes for all others."""
        found = []
        for row, after in pairwise(heads):
            zones, common = [], dict[int, int]()
            for bag in range(*self._span(row[column], after[column], len(bags) - 1)):
                first, last = self._span(bags[bag][0], bags[bag + 1][0], len(gens))
                own = {row[0]: row[1] for row in gens[first:last]}
                if names in own and own[names] < count:
                    zones.append({**common, **own})
                elif names in own:
                    self.wrong(f"a zone of {_text(row[0])!r} plays what is not there")
                elif not zones:
                    common = own
            found.append(zones)
        return found

    def _span(self, first: int, last: int, most: int) -> tuple[int, int]:
        if not 0 <= first <= last <= most:
            self.wrong("its tables do not go with each other")
        return first, last


def _text(name: object) -> str:
    assert isinstance(name, bytes)
    return name.split(b"\0")[0].decode("latin-1").strip()
