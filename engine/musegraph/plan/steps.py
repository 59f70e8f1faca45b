"""The plan: checked steps in order, and what is known of each before it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from musegraph.node import NodeType
from musegraph.values import Type
from musegraph.values.canonical import key_digest
from musegraph.workflow import EMPTY, Port, Workflow

State = Literal["cached", "run", "open", "skip"]


class Wire(NamedTuple):
    """How an input gets its value: from one source, as a list of one, or as a list of several."""

    sources: tuple[Port, ...]
    how: Literal["direct", "wrap", "many"]
    optional: bool


@dataclass(slots=True)
class Step:
    """One node, checked: literals converted, defaults filled in, links typed.

    ``each`` names the inputs that bring a list where one item is wanted: one call per item.
    ``state`` is ``cached`` (a result is stored), ``run``, ``open`` (known once its inputs are) or
    ``skip`` (muted, or below what is).
    """

    id: str
    type: NodeType | None
    values: dict[str, Any] = field(default_factory=dict)
    identities: dict[str, str] = field(default_factory=dict)
    items: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EMPTY)
    wires: Mapping[str, Wire] = field(default_factory=lambda: EMPTY)
    each: tuple[str, ...] = ()
    outputs: Mapping[str, Type] = field(default_factory=lambda: EMPTY)
    length: int | None = None
    muted: bool = False
    pin: Mapping[str, str] | None = None
    prefix: str = ""
    state: State = "run"
    key: str | None = None
    note: str = ""

    def sources(self) -> Iterator[Port]:
        for wire in self.wires.values():
            yield from wire.sources

    def make_key(self, linked: Mapping[str, str]) -> str:
        """The name of this step's results: which code, given which values."""
        return key_of(self.prefix, {**self.identities, **linked}, self.each)


@dataclass(slots=True)
class Plan:
    """A workflow ready to run: the steps that its targets need, sources before dependents."""

    workflow: Workflow
    steps: dict[str, Step]
    outputs: dict[str, Port]
    targets: tuple[Port, ...]
    unused: tuple[str, ...] = ()

    def count(self) -> dict[str, int]:
        """The number of steps by state."""
        counts: dict[str, int] = {}
        for step in self.steps.values():
            counts[step.state] = counts.get(step.state, 0) + 1
        return counts


def prefix_of(type_: NodeType, profile: str) -> str:
    """The part of a key that depends on the code alone."""
    return f"{type_.id}\0{type_.version}\0{profile}"


def key_of(prefix: str, identities: Mapping[str, str], each: tuple[str, ...] = ()) -> str:
    """The key of a call: code and the identity of every input, by name.

    A line each. Neither a name nor an identity holds a line feed: canonical JSON escapes it.
    """
    lines = [f"{port}={identities[port]}" for port in sorted(identities)]
    lines.append(prefix)
    if each:
        lines.append("each:" + ",".join(each))
    return key_digest(lines)
