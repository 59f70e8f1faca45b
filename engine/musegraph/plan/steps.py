"""The plan: checked steps in order, and what is known of each before it runs."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Protocol

from musegraph.annotations import bare
from musegraph.node import NodeType
from musegraph.plan.literals import Literal
from musegraph.plan.overlay import Overlay
from musegraph.store import Entry
from musegraph.values import Reference, Type
from musegraph.workflow import EMPTY, Link, Node, Port, Workflow, sources_of

State = typing.Literal["cached", "run", "open", "skip"]


@dataclass(slots=True)
class Step:
    """One node, checked: literals converted, defaults filled in, links typed.

    ``links`` are those of the node itself. ``wraps`` names the inputs that take a list and are
    linked to one item, ``each`` those that bring a list where one item is wanted: one call per
    item.
    ``state`` is ``cached`` (a result is stored), ``run``, ``open`` (known once its inputs are) or
    ``skip`` (muted, or below what is).
    """

    id: str
    type: NodeType | None
    literals: dict[str, Literal] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=lambda: EMPTY)
    wraps: tuple[str, ...] = ()
    each: tuple[str, ...] = ()
    outputs: Mapping[str, Type] = field(default_factory=lambda: EMPTY)
    length: int | None = None
    muted: bool = False
    pin: Mapping[str, str] | None = None
    prefix: str = ""
    state: State = "run"
    key: str | None = None
    note: str = ""

    def value(self, name: str) -> Any:
        """What is set at an input, defaults too; None if nothing is."""
        literal = self.literals.get(name)
        return None if literal is None else literal.value

    def identities(self, linked: Mapping[str, Entry]) -> dict[str, str]:
        """The identity of every input, sorted by name, given what its links bring."""
        assert self.type is not None  # what has inputs has a type
        literals = self.literals
        return {
            name: linked[name].identity if name in linked else literals[name].identity
            for name in self.type.sorted_inputs
        }

    def sources(self) -> Iterator[Port]:
        return chain.from_iterable([sources_of(link) for link in self.links.values()])

    def may_lack(self, name: str) -> bool:
        """Whether an input gets None where its source gives nothing; no list to map over does."""
        assert self.type is not None
        return self.type.inputs[name].type.optional and name not in self.each

    def copy(self) -> Step:
        """The same step, to be looked at anew."""
        return Step(
            self.id,
            self.type,
            self.literals,
            self.links,
            self.wraps,
            self.each,
            self.outputs,
            self.length,
            self.muted,
            self.pin,
            self.prefix,
        )


Known = Mapping[str, Entry] | None
"""The outputs of a step: empty if it is skipped, None if it has to run."""


@dataclass(slots=True)
class Plan:
    """A workflow ready to run: the steps that its targets need, sources before dependents.

    ``known`` has the outputs of what need not run, ``active`` the steps that may have to, and
    ``fresh`` those that this plan found cached.
    """

    source: Workflow
    steps: MutableMapping[str, Step]
    outputs: dict[str, Port]
    targets: tuple[Port, ...]
    unused: tuple[str, ...] = ()
    known: MutableMapping[str, Known] = field(default_factory=dict)
    active: dict[str, None] = field(default_factory=dict)
    fresh: tuple[str, ...] = ()
    nodes: Mapping[str, Node] = field(default_factory=dict)
    changes: dict[Port | str, Any] = field(default_factory=dict)
    editor: Editing | None = None
    durable: frozenset[str] = frozenset()
    """Steps whose results go to disk whatever they cost, besides those of the targets."""

    @property
    def workflow(self) -> Workflow:
        """The document that this plan carries out, with all edits in it."""
        if self.changes:
            self.source, self.changes = changed(self.source, self.changes), {}
        return self.source

    def edit(self, changes: Mapping[Port | str, Any], also: Iterable[str] = ()) -> Plan:
        """The plan after some ports or named inputs were set to values; this one stays as it is.

        It equals a plan made anew of the changed document, and costs what lies below the changes,
        not what there is; ``also`` names steps to be looked up in the store once more. Raises
        :class:`InvalidWorkflow` if a value does not suit.
        """
        if self.editor is None:
            raise ValueError("a plan made by hand cannot be edited")
        return self.editor.edit(self, changes, also)

    def fork(self, changes: dict[Port | str, Any], nodes: dict[str, Node]) -> Plan:
        """A plan to be changed, which leaves this one as it is."""
        return Plan(
            self.source,
            Overlay(self.steps),
            self.outputs,
            self.targets,
            self.unused,
            Overlay(self.known),
            dict(self.active),
            (),
            Overlay(self.nodes, nodes),
            changes,
            self.editor,
        )

    def sort(self, ids: Iterable[str]) -> None:
        """Sort steps, whose state has just been found out, into ``active`` and ``fresh``."""
        steps = self.steps
        cached = []
        for id in ids:
            if steps[id].state == "cached":
                cached.append(id)
                self.active.pop(id, None)
            else:
                self.active[id] = None
        self.fresh = tuple(cached)

    def learn(
        self,
        ended: Mapping[str, str],
        outputs: Mapping[str, Known],
        keys: Mapping[str, str],
    ) -> None:
        """Take in what a run of this plan gave, so that another run repeats nothing of it.

        Steps that read the world stay open, and all below them.
        """
        known, active = self.known, self.active
        for id, status in ended.items():
            step = self.steps[id]
            if status not in ("done", "cached") or id not in active:
                continue
            if step.pin is None and (step.type is None or not step.type.cache):
                continue
            if step.links and any(known.get(at.node, EMPTY) is None for at in step.sources()):
                continue
            known[id] = outputs[id]
            step.key = keys.get(id)
            step.state = "cached"
            del active[id]
        self.fresh = ()

    def count(self) -> dict[str, int]:
        """The number of steps by state."""
        counts: dict[str, int] = {}
        for id in self.active:
            state = self.steps[id].state
            counts[state] = counts.get(state, 0) + 1
        if settled := len(self.steps) - len(self.active):
            counts["cached"] = settled
        return counts


class Editing(Protocol):
    """Makes the plan of a changed document out of the plan before."""

    def edit(
        self, plan: Plan, changes: Mapping[Port | str, Any], also: Iterable[str] = ()
    ) -> Plan: ...


def changed(workflow: Workflow, changes: Mapping[Port | str, Any]) -> Workflow:
    """The document with values at ports, and at named inputs."""
    inputs = {name: value for name, value in changes.items() if isinstance(name, str)}
    ports = {at: value for at, value in changes.items() if not isinstance(at, str)}
    return workflow.with_values(ports).set_inputs(inputs)


def references_of(step: Step, linked: Mapping[str, Entry]) -> list[Reference]:
    """The models that a step will ask for, as far as its inputs name them."""
    found: list[Reference] = []
    if step.type is None:
        return found
    for name, port in step.type.inputs.items():
        kind = bare(port.annotation)
        if isinstance(kind, type) and issubclass(kind, Reference):
            value = linked[name].json if name in linked else step.value(name)
            if isinstance(value, dict):
                value = kind.model_validate(value)
            if isinstance(value, Reference):
                found.append(value)
    return found
