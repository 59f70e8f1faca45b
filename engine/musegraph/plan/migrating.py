"""One graph in which nodes are changed as the author of their pack says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from musegraph.errors import MusegraphError, Problem
from musegraph.migration import Migration
from musegraph.values.canonical import canonical
from musegraph.workflow import Graph, Port, Workflow, sources_of


class Told(Protocol):
    """Where it is told what was changed, and what cannot be."""

    notes: list[tuple[str, str]]
    problems: list[Problem]


@dataclass
class Given:
    """What a document gives its named inputs for a quick run."""

    workflow: Workflow
    quick: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.quick = dict(self.workflow.quick)


class Walk:
    """One graph while its nodes are changed: what is linked to them changes with them."""

    def __init__(self, graph: Graph, where: str, given: Given, made: Told) -> None:
        self.before = graph
        self.where = where
        self.given = given
        self.made = made
        self.nodes = dict(graph.nodes)
        self.inputs = dict(graph.inputs)
        self.outputs = dict(graph.outputs)

    def graph(self) -> Graph:
        return replace(self.before, nodes=self.nodes, inputs=self.inputs, outputs=self.outputs)

    def say(self, id: str, text: str) -> None:
        self.made.notes.append((self.where + id, text))

    def refuse(self, id: str, port: str, text: str) -> None:
        self.made.problems.append(Problem(self.where + id, port, "no-migration", text))

    def migrate(self, id: str, one: Migration, pack: str) -> None:
        """Carry out a migration on a node."""
        made = f"{pack} {one.to}"
        for name in one.dropped:
            self._drop(id, name, made)
        for old, new in one.renamed.items():
            self._rename(id, old, new, made)
        for name, split in one.split.items():
            self._split(id, name, split, made)
        for name, change in one.changed.items():
            self._change(id, name, change, made)
        for name, value in one.values.items():
            self._fill(id, name, value, made)
        for old, new in one.outputs.items():
            self._output(id, old, new, made)
        if one.becomes:
            self.nodes[id] = self.nodes[id]._replace(type=f"{pack}.{one.becomes}")
            self.say(id, f"it is a {pack}.{one.becomes} since {made}")

    def _set(self, id: str, values: Mapping[str, Any], links: Mapping[str, Any]) -> None:
        self.nodes[id] = self.nodes[id]._replace(values=dict(values), links=dict(links))

    def _bound(self, id: str, name: str) -> list[str]:
        """The named inputs of the graph that set a port."""
        at = Port(id, name)
        return [known for known, entry in self.inputs.items() if at in entry.to]

    def _drop(self, id: str, name: str, made: str) -> None:
        node = self.nodes[id]
        bound = self._bound(id, name)
        if name not in node.values and name not in node.links and not bound:
            return
        self._set(id, _without(node.values, name), _without(node.links, name))
        for known in bound:
            entry = self.inputs[known]
            self.inputs[known] = replace(
                entry, to=tuple(at for at in entry.to if at != Port(id, name))
            )
            if not self.inputs[known].to:
                del self.inputs[known]
                self.given.quick.pop(known, None)
                self.say(id, f"the input {known!r} of the workflow set nothing else, and is gone")
        self.say(id, f"{name} is no more since {made}; what was there was dropped")

    def _rename(self, id: str, old: str, new: str, made: str) -> None:
        node = self.nodes[id]
        bound = self._bound(id, old)
        if old not in node.values and old not in node.links and not bound:
            return
        if new in node.values or new in node.links:
            self.refuse(id, old, f"it has both {old} and {new}, which are one input since {made}")
            return
        self._set(id, _moved(node.values, old, new), _moved(node.links, old, new))
        for known in bound:
            to = tuple(Port(id, new) if at == Port(id, old) else at for at in self.inputs[known].to)
            self.inputs[known] = replace(self.inputs[known], to=to)
        self.say(id, f"{old} is called {new} since {made}")

    def _output(self, id: str, old: str, new: str, made: str) -> None:
        was, now = Port(id, old), Port(id, new)
        used = False
        for other, node in list(self.nodes.items()):
            if any(was in sources_of(link) for link in node.links.values()):
                links = {k: _relinked(link, was, now) for k, link in node.links.items()}
                self.nodes[other] = node._replace(links=links)
                used = True
        for known, port in self.outputs.items():
            if port == was:
                self.outputs[known], used = now, True
        node = self.nodes[id]
        if node.pin and old in node.pin:
            self.nodes[id], used = node._replace(pin=_moved(node.pin, old, new)), True
        if used:
            self.say(id, f"its output {old} is called {new} since {made}")

    def _fill(self, id: str, name: str, value: Any, made: str) -> None:
        node = self.nodes[id]
        if name in node.values or name in node.links or self._bound(id, name):
            return
        self._set(id, {**node.values, name: value}, node.links)
        self.say(id, f"{name} is new since {made}; {shown(value)} does what was done before")

    def _change(self, id: str, name: str, change: Callable[[Any], Any], made: str) -> None:
        self._split(id, name, lambda value: {name: change(value)}, made)

    def _split(
        self, id: str, name: str, split: Callable[[Any], Mapping[str, Any]], made: str
    ) -> None:
        """Make the values of some inputs out of one value, wherever that stands."""
        node = self.nodes[id]
        if name in node.links:
            self.refuse(
                id,
                name,
                f"it is linked, and {made} takes another value there; a value that comes by a link "
                "cannot be brought forward: link what gives the new one",
            )
            return
        if name in node.values:
            if (parts := self._parts(id, name, split, node.values[name])) is None:
                return
            self._set(id, {**_without(node.values, name), **parts}, node.links)
            self.say(id, f"{name} was {shown(node.values[name])}; since {made} {_listed(parts)}")
        for known in self._bound(id, name):
            self._change_bound(id, name, known, split, made)

    def _parts(
        self, id: str, name: str, split: Callable[[Any], Mapping[str, Any]], value: Any
    ) -> dict[str, Any] | None:
        try:
            parts = dict(split(value))
            canonical(parts)  # refused now if it is nothing that a document can hold
            return parts
        except Exception as error:  # noqa: BLE001  the author of a pack wrote it
            own = isinstance(error, MusegraphError)
            said = str(error) if own else f"{type(error).__name__}: {error}"
            self.refuse(id, name, f"{shown(value)} cannot be brought forward ({said})")
            return None

    def _change_bound(
        self,
        id: str,
        name: str,
        known: str,
        split: Callable[[Any], Mapping[str, Any]],
        made: str,
    ) -> None:
        """What a named input of the workflow gives by itself changes too."""
        entry = self.inputs[known]
        said = f"the input {known!r} of the workflow sets {name}, which {made} reads otherwise"
        if len(entry.to) > 1:
            self.refuse(id, name, f"{said}, and something else too; give that an input of its own")
            return
        places = [(entry.extra, "default")] if entry.has_default else []
        places += (
            [(self.given.quick, known)] if not self.where and known in self.given.quick else []
        )
        for place, key in places:
            parts = self._parts(id, name, split, place[key])
            if parts is None:
                return
            if parts.keys() != {name}:
                self.refuse(id, name, f"{said}; set its parts: {', '.join(parts)}")
                return
            if key == "default":
                extra = {**entry.extra, "default": parts[name]}
                self.inputs[known] = entry = replace(entry, extra=extra)
            else:
                self.given.quick[known] = parts[name]
        self.say(id, f"{said}: give it what {made} takes")


def _without(held: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in held.items() if key != name}


def _moved(held: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    return {new if key == old else key: value for key, value in held.items()}


def _relinked(link: Port | tuple[Port, ...], was: Port, now: Port) -> Port | tuple[Port, ...]:
    if isinstance(link, Port):
        return now if link == was else link
    return tuple(now if one == was else one for one in link)


def shown(value: Any) -> str:
    text = canonical(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _listed(parts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} is {shown(value)}" for name, value in parts.items())
