"""A score as it is written down: bars, and in them voices of notes and rests that fill them.

Times are in :data:`QUARTER` parts of a quarter note, which hold 64ths and triplets of sixteenths.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from musegraph import Meter, NodeError, Note, Score

QUARTER = 48
MOST_BARS = 20_000
MOST_VOICES = 4
"""Of a part; what programs for sheet music can show on one staff."""

_GRIDS = ((12, 0.0), (16, 0.7), (6, 1.1), (8, 1.3))
"""Steps that a beat may have, and how much nearer to notes each must be than those before."""

LENGTHS = {
    288: ("whole", 1), 192: ("whole", 0), 144: ("half", 1), 96: ("half", 0), 72: ("quarter", 1),
    48: ("quarter", 0), 36: ("eighth", 1), 24: ("eighth", 0), 18: ("16th", 1), 12: ("16th", 0),
    9: ("32nd", 1), 6: ("32nd", 0), 3: ("64th", 0),
}  # fmt: skip
"""Written lengths that are no triplets, the longest first, with how many dots they have."""
TRIPLETS = {32: ("quarter", 0), 16: ("eighth", 0), 8: ("16th", 0)}


@dataclass(frozen=True)
class Bar:
    """From where to where it goes; and the meter, if it is a new one."""

    start: int
    end: int
    meter: Meter | None


@dataclass(frozen=True)
class Piece:
    """A written note, chord or rest: where, how long, and tied to what is before and behind."""

    start: int
    length: int
    notes: tuple[Note, ...] = ()
    stops: bool = False
    begins: bool = False

    @property
    def triplet(self) -> bool:
        return self.length in TRIPLETS

    @property
    def kind(self) -> tuple[str, int]:
        """What it is called, and how many dots it has; a rest of a whole bar may have no name."""
        return TRIPLETS.get(self.length) or LENGTHS.get(self.length, ("", 0))


@dataclass(frozen=True)
class _Chord:
    start: int
    end: int
    notes: tuple[Note, ...]


def bars_of(score: Score) -> list[Bar]:
    """The bars of a score by its meters; one that a new meter cuts short is shorter."""
    end = max(_at(score, score.end), 1)
    changes = {_at(score, meter.time): meter for meter in score.meters}
    changes.setdefault(0, Meter(0, 4, 4))
    times = sorted(changes)
    made: list[Bar] = []
    start, meter = 0, changes[0]
    while start < end:
        meter = changes.get(start, meter)
        if meter.unit > 64 or not meter.beats:
            raise NodeError(
                f"bars of {meter.beats}/{meter.unit} cannot be written; use 64ths at most"
            )
        until = start + max(QUARTER * 4 * meter.beats // meter.unit, 1)
        after = bisect_right(times, start)
        if after < len(times):
            until = min(until, times[after])
        made.append(Bar(start, until, meter if start in changes else None))
        if len(made) > MOST_BARS:
            raise NodeError(f"the score has more than {MOST_BARS:,} bars; write a part of it")
        start = until
    return made


def _at(score: Score, ticks: int) -> int:
    return round(ticks * QUARTER / score.resolution)


def voices_of(score: Score, notes: Sequence[Note], bars: Sequence[Bar]) -> list[list[list[Piece]]]:
    """For each bar its voices, each a row of pieces from the start of the bar to its end."""
    rows: list[list[_Chord]] = []
    # Where bars begin within a half of a beat, a triplet could not be cut in two.
    even = all(bar.start % 24 == 0 for bar in bars)
    for chord in _chords(score, notes, even, bars[-1].end):
        free = next((row for row in rows if row[-1].end <= chord.start), None)
        if free is not None:
            free.append(chord)
        elif len(rows) < MOST_VOICES:
            rows.append([chord])
        else:
            # More at once than can be written: what is soonest over anyway ends here.
            row = min((r for r in rows if r[-1].start < chord.start), key=lambda r: r[-1].end)
            last = row[-1]
            row[-1:] = [_Chord(last.start, chord.start, last.notes), chord]
    found: list[list[list[Piece]]] = [[] for _ in bars]
    starts = [bar.start for bar in bars]
    for number, row in enumerate(rows):
        by_bar: dict[int, list[_Chord]] = defaultdict(list)
        for chord in row:
            first = bisect_right(starts, chord.start) - 1
            for index in range(first, bisect_right(starts, chord.end - 1)):
                by_bar[index].append(chord)
        for index, bar in enumerate(bars):
            if number == 0 or by_bar[index]:
                found[index].append([*_filled(bar, by_bar[index])])
    return found


def _chords(score: Score, notes: Sequence[Note], even: bool, last: int) -> list[_Chord]:
    """Notes on the grid of their beat, those that begin and end together as one."""
    grids = _grids(score, notes, even)
    together: dict[int, dict[int, dict[int, Note]]] = defaultdict(lambda: defaultdict(dict))
    for note in notes:
        start = min(_snapped(note.start * QUARTER / score.resolution, grids), last - 6)
        end = _snapped(note.end * QUARTER / score.resolution, grids)
        end = max(end, start + grids.get(start // QUARTER, 12))
        together[start][end].setdefault(note.pitch, note)
    made = []
    for start, by_end in sorted(together.items()):
        ends = sorted(by_end, reverse=True)
        for end in ends[MOST_VOICES - 1 :]:
            by_end[ends[MOST_VOICES - 2]].update(by_end.pop(end))
        for end in sorted(by_end, reverse=True):
            own = by_end[end]
            made.append(_Chord(start, end, tuple(own[pitch] for pitch in sorted(own))))
    return made


def _grids(score: Score, notes: Sequence[Note], even: bool) -> dict[int, int]:
    """By quarter note, the step that its notes are on."""
    known = [grid for grid in _GRIDS if even or grid[0] % 3 == 0]
    found: dict[int, set[float]] = defaultdict(set)
    for note in notes:
        at = note.start * QUARTER / score.resolution
        found[int(at // QUARTER)].add(at % QUARTER)
    return {
        beat: min(known, key=lambda grid: _off(places, *grid))[0] for beat, places in found.items()
    }


def _off(places: set[float], step: int, more: float) -> float:
    return sum(abs(at - round(at / step) * step) for at in places) / len(places) + more


def _snapped(at: float, grids: dict[int, int]) -> int:
    beat = int(at // QUARTER)
    step = grids.get(beat, 12)
    return beat * QUARTER + round((at - beat * QUARTER) / step) * step


def _filled(bar: Bar, chords: Sequence[_Chord]) -> Iterator[Piece]:
    """The pieces of a voice in a bar, rests between them."""
    at = bar.start
    for chord in chords:
        start, end = max(chord.start, bar.start), min(chord.end, bar.end)
        for first, length in _written(at, start):
            yield Piece(first, length)
        parts = [*_written(start, end)]
        for first, length in parts:
            yield Piece(first, length, chord.notes, first > chord.start, first + length < chord.end)
        at = end
    if not chords and at == bar.start:
        yield Piece(at, bar.end - bar.start)
        return
    for first, length in _written(at, bar.end):
        yield Piece(first, length)


def _written(start: int, end: int) -> Iterator[tuple[int, int]]:
    """A stretch of time in lengths that can be written, split at beats where one is not enough."""
    while start < end:
        beat = (start // QUARTER + 1) * QUARTER
        length = end - start
        if length not in LENGTHS or start % 3:
            whole = length // QUARTER * QUARTER if start % QUARTER == 0 else 0
            length = whole or min(length, beat - start)
        known = [*(LENGTHS if start % 3 == 0 and length % 3 == 0 else ()), *TRIPLETS]
        length = next(one for one in known if one <= length)
        yield start, length
        start += length
