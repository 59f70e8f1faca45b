"""The pack that the contract vectors run: small nodes on plain JSON that count their calls."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import Field

from musegraph import UNSET, File, NodeError, Pack, Seed, node

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")

calls: Counter[str] = Counter()
"""How often each node's function was called, by full id, since somebody cleared it."""


class Parts(NamedTuple):
    head: str
    tail: str


class Sides(NamedTuple):
    left: float
    right: float


class Named(NamedTuple):
    text: str
    value: float


class Sorted(NamedTuple):
    values: list[float]


class Both(NamedTuple):
    first: float
    second: str


def called(name: str) -> None:
    calls[f"toy.{name}"] += 1


@node(version="1")
def number(value: float = 0.0) -> float:
    """Give a number."""
    called("number")
    return value


@node(version="1")
def integer(value: int = 0) -> int:
    """Give an integer."""
    called("integer")
    return value


@node(version="1")
def text(value: str = "") -> str:
    """Give a text."""
    called("text")
    return value


@node(version="1")
def flag(value: bool = False) -> bool:
    """Give a boolean."""
    called("flag")
    return value


@node(version="1")
def data(value: Any) -> Any:
    """Give any JSON."""
    called("data")
    return value


@node(version="1")
def add(a: float, b: float = 0.0) -> float:
    """Add two numbers."""
    called("add")
    return a + b


@node(version="1")
def floor(value: float) -> int:
    """Round a number down, so that different inputs give the same output."""
    called("floor")
    return math.floor(value)


@node(version="1")
def shout(text: str) -> str:
    """Write a text in capitals."""
    called("shout")
    return text.upper()


@node(version="1")
def length(text: str) -> int:
    """Count the characters of a text."""
    called("length")
    return len(text)


@node(version="1")
def numbers(count: Annotated[int, Field(ge=0, le=1000)]) -> list[int]:
    """Count from 1."""
    called("numbers")
    return list(range(1, count + 1))


@node(version="1")
def words(text: str) -> list[str]:
    """Take a text apart at its spaces."""
    called("words")
    return text.split()


@node(version="1")
def grid(rows: int, columns: int) -> list[list[int]]:
    """Count from 1 in rows, which makes a list of lists."""
    called("grid")
    return [[row * columns + column + 1 for column in range(columns)] for row in range(rows)]


@node(version="1")
def flatten(values: list[list[T]]) -> list[T]:
    """Make one list of a list of lists."""
    called("flatten")
    return [item for row in values for item in row]


@node(version="1")
def total(values: list[float]) -> float:
    """Add the numbers of a list."""
    called("total")
    return sum(values, 0.0)


@node(version="1")
def join(texts: list[str], by: str = " ") -> str:
    """Join the texts of a list."""
    called("join")
    return by.join(texts)


@node(version="1")
def lines(texts: list[str] | None = None) -> str:
    """Join the texts of a list, if there is one."""
    called("lines")
    return "none" if texts is None else "|".join(texts)


@node(version="1")
def pair(a: T, b: T) -> list[T]:
    """Make a list of two."""
    called("pair")
    return [a, b]


@node(version="1")
def same(value: T) -> T:
    """Give what it is given."""
    called("same")
    return value


@node(version="1")
def head(values: list[T]) -> T:
    """Give the first item of a list."""
    called("head")
    if not values:
        raise NodeError("an empty list has no first item")
    return values[0]


@node(version="1")
def either(a: T | None = None, b: T | None = None) -> T:
    """Give the first of two that is there."""
    called("either")
    given = a if a is not None else b
    if given is None:
        raise NodeError("neither is there")
    return given


@node(version="1")
def show(value: Any) -> str:
    """Write any JSON as a text."""
    called("show")
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


@node(version="1")
def maybe(value: float | None = None) -> str:
    """Say whether a number is there."""
    called("maybe")
    return "nothing" if value is None else f"{value:g}"


@node(version="1")
def needs(value: float | None) -> str:
    """Say whether a number is there, which has no default."""
    called("needs")
    return "nothing" if value is None else f"{value:g}"


@node(version="1")
def known(values: list[float | None]) -> int:
    """Count the numbers of a list that are there."""
    called("known")
    return sum(value is not None for value in values)


@node(version="1")
def find(key: str) -> float | None:
    """Look up the number for a word; None if there is none."""
    called("find")
    return {"one": 1.0, "two": 2.0, "three": 3.0}.get(key)


@node(version="1")
def split(text: str) -> Parts:
    """Take a text apart after its first character."""
    called("split")
    return Parts(text[:1], text[1:])


@node(version="1")
def gate(value: float, open: bool) -> float:  # noqa: A002  a port may be named so
    """Let a number through, or leave the output unset."""
    called("gate")
    return value if open else UNSET


@node(version="1")
def route(value: float, left: bool = True) -> Sides:
    """Give a number on one side and leave the other unset."""
    called("route")
    return Sides(value, UNSET) if left else Sides(UNSET, value)


@node(version="1")
def fail_on(value: float, bad: float) -> float:
    """Give a number, but refuse one."""
    called("fail_on")
    if value == bad:
        raise NodeError(f"{value:g} is refused")
    return value


@node(version="1")
def broken(value: float = 0.0) -> float:
    """Fail as a node does that has a mistake in it."""
    called("broken")
    return value / 0


@node(version="1")
def rename(text: str, value: float = 1.0) -> Named:
    """Change both, under the names that they had."""
    called("rename")
    return Named(text + "!", value * 10)


@node(version="1")
def cross(word: str, amount: float) -> Both:
    """Change both, under other names and in another order."""
    called("cross")
    return Both(amount * 10, word + "!")


@node(version="1")
def nudge(low: float, high: float, by: int = 1) -> float:
    """Add three numbers, two of them of the output's type."""
    called("nudge")
    return low + high + by


@node(version="1")
def ordered(values: list[float]) -> Sorted:
    """Sort a list of numbers."""
    called("ordered")
    return Sorted(sorted(values))


@node(version="1")
def pick(size: Literal["small", "large"] = "small") -> Literal["small", "large"]:
    """Give one of two words."""
    called("pick")
    return size


@node(version="1")
def draw(seed: Seed) -> int:
    """Give a number that depends on a seed."""
    called("draw")
    return (seed * 48271 + 11) % 2147483647


@node(version="1")
def limited(value: Annotated[int, Field(ge=0, le=10)]) -> int:
    """Give an integer from 0 to 10."""
    called("limited")
    return value


@node(version="1")
def huge(value: int) -> int:
    """Give an integer too large for JSON."""
    called("huge")
    return value * 2**53


@node(version="1")
def size(file: File) -> int:
    """Count the bytes of a file."""
    called("size")
    return len(file.data)


@node(version="1", cache=False)
def tick() -> int:
    """Say how often it was called, as nodes do that read the world."""
    called("tick")
    return calls["toy.tick"]


@node(version="1")
async def wait(value: float) -> float:
    """Give a number from a coroutine."""
    called("wait")
    return value


@node
def draft(value: float) -> float:
    """Give a number; its author promises no version."""
    called("draft")
    return value


pack = Pack(
    "toy",
    nodes=[
        number, integer, text, flag, data, add, floor, shout, length, numbers, words, grid, flatten,
        total, join, lines, pair, same, head, either, show, maybe, needs, known, find, split, gate,
        route, fail_on, broken, rename, cross, nudge, ordered, pick, draw, limited, huge, size,
        tick, wait, draft,
    ],
)  # fmt: skip
