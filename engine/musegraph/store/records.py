"""What a step left behind: for each output its identity, and where its bytes are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from musegraph.values.canonical import json_identity

MOST_SAID = 100
"""Notes, and warnings, of one step: a mapped one may have thousands of items, each with its own."""


class _Nothing:
    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final[Any] = _Nothing()
"""Stands where an entry holds no JSON value."""


@dataclass(slots=True)
class Entry:
    """One value: its identity, and its JSON, or its items, or the digest of its stored bytes.

    ``digest`` is None while no bytes are on disk; the value may still be live in memory.
    """

    identity: str
    json: Any = NOTHING
    items: tuple[Entry, ...] | None = None
    digest: str | None = None
    unset: bool = False

    def leaves(self) -> Iterator[Entry]:
        """The entries that hold bytes or JSON: itself, or those of its items."""
        if self.items is None:
            yield self
        else:
            for item in self.items:
                yield from item.leaves()

    def to_json(self) -> dict[str, Any]:
        made: dict[str, Any] = {"identity": self.identity}
        if self.unset:
            made["unset"] = True
        if self.json is not NOTHING:
            made["json"] = self.json
        if self.items is not None:
            made["items"] = [item.to_json() for item in self.items]
        if self.digest is not None:
            made["digest"] = self.digest
        return made

    @classmethod
    def from_json(cls, made: dict[str, Any]) -> Entry:
        items = made.get("items")
        return cls(
            made["identity"],
            made.get("json", NOTHING),
            None if items is None else tuple(cls.from_json(item) for item in items),
            made.get("digest"),
            made.get("unset", False),
        )


UNSET_ENTRY = Entry("unset", unset=True)


@dataclass(slots=True)
class Said:
    """What a node said of its work: how it did it, and what its user should know."""

    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        _add(text, self.notes)

    def warn(self, text: str) -> None:
        _add(text, self.warnings)

    def add(self, other: Said) -> None:
        for text in other.notes:
            self.note(text)
        for text in other.warnings:
            self.warn(text)

    def json(self) -> dict[str, list[str]]:
        """What there is of it; a node that said nothing has nothing."""
        made = {"notes": list(self.notes), "warnings": list(self.warnings)}
        return {name: told for name, told in made.items() if told}


def _add(text: str, told: list[str]) -> None:
    if text not in told and len(told) < MOST_SAID:
        told.append(text)


@dataclass(slots=True)
class Record:
    """The result of a step, by key.

    ``recipe`` is the text that the key was made of, in the process that made it; ``Store.recipe``
    knows those on disk too. ``said`` is None of a node that said nothing, as most do.
    """

    outputs: dict[str, Entry]
    seconds: float
    type: str
    recipe: str = ""
    said: Said | None = None


SAID = ""
"""Under which name what a node said lies among its stored outputs, none of which has this one.

There the sum of the record covers it, and an older program takes it for one output more.
"""


def stored(record: Record) -> dict[str, Any]:
    """The outputs of a record as they are stored, with what the node said."""
    made = {name: entry.to_json() for name, entry in record.outputs.items()}
    if record.said is not None:
        told = record.said.json()
        made[SAID] = Entry(json_identity(told), told).to_json()
    return made


def read_stored(made: dict[str, Any], seconds: float, type_: str) -> Record:
    """The record that :func:`stored` took apart."""
    told = made.pop(SAID, None)
    outputs = {name: Entry.from_json(entry) for name, entry in made.items()}
    return Record(outputs, seconds, type_, said=None if told is None else Said(**told["json"]))


def lines_of(recipe: str) -> list[str]:
    """A recipe as it is stored: its lines, the last one, which is the code's, first."""
    *lines, code = recipe.split("\n")
    return [code, *lines] if recipe else []


def recipe_in(stored: list[str]) -> str:
    """The recipe that :func:`lines_of` took apart."""
    return "\n".join([*stored[1:], *stored[:1]])
