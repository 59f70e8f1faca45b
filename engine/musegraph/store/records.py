"""What a step left behind: for each output its identity, and where its bytes are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final


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
class Record:
    """The result of a step, by key.

    ``recipe`` is the text that the key was made of, in the process that made it; ``Store.recipe``
    knows those on disk too.
    """

    outputs: dict[str, Entry]
    seconds: float
    type: str
    recipe: str = ""


def lines_of(recipe: str) -> list[str]:
    """A recipe as it is stored: its lines, the last one, which is the code's, first."""
    *lines, code = recipe.split("\n")
    return [code, *lines] if recipe else []


def recipe_in(stored: list[str]) -> str:
    """The recipe that :func:`lines_of` took apart."""
    return "\n".join([*stored[1:], *stored[:1]])
