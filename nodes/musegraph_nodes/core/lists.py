"""Lists: made, cut, counted, paired."""

import itertools
from typing import Annotated, Generic, NamedTuple, TypeVar

from pydantic import Field

from musegraph import Integer, NodeError, Number, Seed, Text, node

from .strings import LongText

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")

MOST = 100_000
MAX_SEED = 2**53 - 1

Count = Annotated[int, Field(ge=0, le=MOST)]


class Pairs(NamedTuple, Generic[A, B]):
    """Two lists of the same length: item by item, one pair each."""

    a: list[A]
    b: list[B]


@node(id="range", version="1")
def number_range(
    start: Number = 0.0,
    step: Number = 1.0,
    count: Annotated[Count, Field(description="How many numbers.")] = 4,
) -> list[Number]:
    """List evenly spaced numbers: start, start + step and so on."""
    return [start + index * step for index in range(count)]


@node(version="1")
def seeds(
    first: Annotated[Seed, Field(description="The first seed; the others follow it.")] = 0,
    count: Annotated[Count, Field(description="How many seeds.")] = 4,
) -> list[Seed]:
    """List seeds that follow one another."""
    if first + count - 1 > MAX_SEED:
        raise NodeError(f"{count} seeds from {first} go beyond the last one, 2^53 − 1")
    return list(range(first, first + count))


@node(version="1")
def lines(
    text: Annotated[LongText, Field(description="One item a line; empty lines do not count.")],
) -> list[Text]:
    """List the lines of a text."""
    return [line.strip() for line in text.splitlines() if line.strip()]


@node(version="1")
def repeat(value: T, times: Annotated[Count, Field(description="How often.")] = 2) -> list[T]:
    """List one value several times."""
    return [value] * times


@node(version="1")
def take(
    items: list[T],
    count: Annotated[Count, Field(description="How many to take at most.")] = 1,
    start: Annotated[
        int, Field(description="From which, counted from 0; -3 is third from last.")
    ] = 0,
) -> list[T]:
    """Take some items of a list that follow one another."""
    begin = start if start >= 0 else max(0, len(items) + start)
    return items[begin : begin + count]


@node(version="1")
def pick(
    items: list[T],
    index: Annotated[int, Field(description="Counted from 0; -1 is the last.")] = 0,
) -> T:
    """Pick one item of a list."""
    if not -len(items) <= index < len(items):
        held = f"holds {len(items)}, 0 to {len(items) - 1}" if items else "is empty"
        raise NodeError(f"there is no item {index}: the list {held}")
    return items[index]


@node(version="1")
def count(items: list[T]) -> Integer:
    """Count the items of a list."""
    return len(items)


@node(version="1")
def flatten(lists: list[list[T]]) -> list[T]:
    """Make one list of the items of several lists, in their order."""
    return list(itertools.chain.from_iterable(lists))


@node(version="1")
def product(a: list[A], b: list[B]) -> Pairs:  # type: ignore[type-arg]
    """Pair every item of a with every item of b; b changes fastest."""
    total = len(a) * len(b)
    if total > MOST:
        raise NodeError(f"{len(a)} × {len(b)} are {total:,} pairs; at most {MOST:,} are made")
    pairs = list(itertools.product(a, b))
    return Pairs([left for left, _ in pairs], [right for _, right in pairs])
