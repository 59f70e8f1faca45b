"""Repeats and endings written out: the row of what is played."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from .fields import Bars, Place, Tonality

MOST_ITEMS = 200_000


@dataclass(frozen=True)
class Sound:
    """Notes that begin together, or a rest where there are none; ``tied`` into the next."""

    place: Place
    pitches: tuple[int, ...]
    length: Fraction
    tied: bool = False


@dataclass(frozen=True)
class Named:
    """A chord symbol above what comes next."""

    place: Place
    text: str


@dataclass(frozen=True)
class Turn:
    """A bar line: whether what comes before, and what comes after, is repeated and how often."""

    place: Place
    back: int = 0
    begins: bool = False
    thick: bool = False


@dataclass(frozen=True)
class Ending:
    """From here on to the end of the ending it is played in these turns only."""

    place: Place
    turns: frozenset[int]


@dataclass(frozen=True)
class Changed:
    """A new meter, key or tempo in quarter notes a minute."""

    place: Place
    what: Bars | Tonality | float


Item = Sound | Named | Turn | Ending | Changed


def unfolded(items: list[Item]) -> Iterator[Sound | Named | Changed]:
    """What is played, in its order.

    A repeat goes back to where the last one began or ended. An ending lasts to the end of its
    repeat, to the next ending or to a thick or double bar line.
    """
    at, start, turn, made = 0, 0, 1, 0
    endings: set[frozenset[int]] = set()  # those of this repeat
    ending = False
    while at < len(items):
        item = items[at]
        at, made = at + 1, made + 1
        if made > MOST_ITEMS:
            item.place.wrong(f"with its repeats the tune has more than {MOST_ITEMS:,} notes")
        if isinstance(item, Ending):
            endings.add(item.turns)
            ending = turn in item.turns
            if not ending:
                at = _after(items, at)
                if not _turns(items, at):
                    start, turn, endings = at, 1, set()
        elif not isinstance(item, Turn):
            yield item
        elif item.back and turn < _times(item.back, endings, _turns(items, at)):
            at, turn, ending = start, turn + 1, False
        elif item.back or item.begins or (item.thick and ending):
            start, turn, endings, ending = at, 1, set(), False


def _times(back: int, endings: set[frozenset[int]], following: frozenset[int]) -> int:
    """How often a repeat is played: as it says, or as often as there are endings."""
    if following:
        endings.add(following)
    if not endings:
        return back + 1
    # An ending alone is left out the last time.
    return max(max(turns) for turns in endings) + (len(endings) == 1)


def _turns(items: list[Item], at: int) -> frozenset[int]:
    """The turns of the ending that begins here, if one does."""
    item = items[at] if at < len(items) else None
    return item.turns if isinstance(item, Ending) else frozenset()


def _after(items: list[Item], at: int) -> int:
    """Where an ending that is passed over is over."""
    while at < len(items):
        item = items[at]
        if isinstance(item, Ending):
            return at
        at += 1
        if isinstance(item, Turn) and (item.back or item.begins or item.thick):
            return at
    return at
