"""Names that are nearly those of something else: what somebody types by mistake, or is led to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

LIST = Path(__file__).with_name("known.txt")

_LOOK_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "3": "e"})
_AFFIXES = re.compile(r"^(python-|py-?)|(-python|-?py|-?[23])$")
SHORT, LONG = 4, 9
"""Names shorter than the first are near no other; from the second on two letters may differ."""


@cache
def known() -> frozenset[str]:
    """The libraries that packs are likely to ask for: such a name is nobody's misspelling."""
    return frozenset(LIST.read_text("utf-8").split())


def near(name: str, names: Iterable[str]) -> str | None:
    """The one of some names that a name is nearly, and is not; None if there is none."""
    others = {one.lower() for one in names}
    plain = re.sub(r"[-_.]+", "-", name).lower()
    if plain in others:
        return None
    return next((one for one in sorted(others) if _alike(plain, one)), None)


def _alike(one: str, other: str) -> bool:
    if min(len(one), len(other)) < SHORT:
        return False
    a, b = _seen(one), _seen(other)
    if a == b or _bare(one) == _bare(other) or sorted(one.split("-")) == sorted(other.split("-")):
        return True
    most = 2 if min(len(a), len(b)) >= LONG else 1
    return abs(len(a) - len(b)) <= most and _changes(a, b, most) <= most


def _seen(name: str) -> str:
    """What is left where one letter is taken for another, and hyphens are not seen."""
    return name.replace("-", "").translate(_LOOK_ALIKE).replace("rn", "m").replace("vv", "w")


def _bare(name: str) -> str:
    return _AFFIXES.sub("", name) or name


def _changes(one: str, other: str, most: int) -> int:
    """How many letters were put in, left out, exchanged or swapped; at the most ``most`` + 1."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        twice, before, row = before, row, [i]
        for j, its in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                cost = min(cost, twice[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
