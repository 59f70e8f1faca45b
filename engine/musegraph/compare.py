"""What is different between two workflows, told of the graph rather than of the text.

Where a node stands on the canvas, and the order in which things are written, change nothing that
is computed: the first is counted apart, the second is no difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal

from musegraph.values import canonical
from musegraph.workflow import Graph, Link, Node, Port, Workflow, sources_of

LAYOUT = "canvas"
"""The member of a document, a graph or a node that says where things stand."""

SAVED = ("packs", "lock")
"""The members of a document that say with which packs it was saved."""

ALIKE = 0.5
"""The share of equal facts from which a removed and an added node are taken for one, renamed."""

MAX_PAIRS = 250_000
"""Pairs of a removed and an added node up to which the most alike are looked for."""

How = Literal["added", "removed", "renamed", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: ``what`` it is of, where, and what was and is there, in JSON.

    ``where`` is a node, ``node.port``, or a name, in a subgraph after ``graph:name/``. A node that
    was renamed stands under its new name.
    """

    what: str
    how: How
    where: str
    old: Any = None
    new: Any = None

    def json(self) -> dict[str, Any]:
        made = {"what": self.what, "how": self.how, "where": self.where}
        return {**made, "old": self.old, "new": self.new}


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes from one workflow to another; ``layout`` counts what was only moved."""

    changes: tuple[Change, ...]
    layout: int

    @property
    def equal(self) -> bool:
        return not self.changes


def compare(old: Workflow, new: Workflow) -> Difference:
    """The changes that lead from ``old`` to ``new``."""
    changes: list[Change] = []
    if old.name != new.name:
        changes.append(Change("name", "changed", "", old.name, new.name))
    moved = _compare_graphs(old.graph, new.graph, "", changes)
    for name, graph in old.graphs.items():
        where = f"graph:{name}"
        if name in new.graphs:
            moved += _compare_graphs(graph, new.graphs[name], f"{where}/", changes)
        else:
            changes.append(Change("subgraph", "removed", where, old=graph.json()))
    for name, graph in new.graphs.items():
        if name not in old.graphs:
            changes.append(Change("subgraph", "added", f"graph:{name}", new=graph.json()))
    changes += _members("quick", "", old.quick, new.quick)
    return Difference(tuple(changes), moved)


def in_order(graph: Graph) -> list[str]:
    """The nodes, sources before what they feed, else as written; a cycle is cut somewhere."""
    done: dict[str, None] = {}
    begun: set[str] = set()
    for first in graph.nodes:
        todo = [first]
        while todo:
            id = todo[-1]
            ahead = [] if id in begun else [s for s in _above(graph.nodes[id]) if s in graph.nodes]
            begun.add(id)
            waiting = [source for source in reversed(ahead) if source not in begun]
            if waiting:
                todo += waiting
            else:
                done[todo.pop()] = None
    return list(done)


def said(value: Any) -> str:
    """A value for people: a file by its name, everything else as JSON."""
    if isinstance(value, Mapping):
        if isinstance(file := value.get("file"), str) and len(value) == 1:
            return f"file {file}"
        if isinstance(asset := value.get("asset"), str):
            return f"file {value.get('name') or 'without a name'} ({asset[:19]}…)"
    return canonical(value)


def _above(node: Node) -> Iterator[str]:
    for link in node.links.values():
        for port in sources_of(link):
            yield port.node


def _compare_graphs(old: Graph, new: Graph, where: str, changes: list[Change]) -> int:
    """Append the changes of one graph; how many places on the canvas differ."""
    names = {id: id for id in old.nodes if id in new.nodes} | renamed(old, new)
    kept = set(names.values())
    gone = [id for id in in_order(old) if id not in names]
    changes += [Change("node", "removed", where + id, old=_node(old.nodes[id])) for id in gone]
    moved = int(_differ(old.extra.get(LAYOUT), new.extra.get(LAYOUT)))
    back = {now: was for was, now in names.items()}
    for id in in_order(new):
        if id not in kept:
            changes.append(Change("node", "added", where + id, new=_node(new.nodes[id])))
            continue
        if back[id] != id:
            changes.append(Change("node", "renamed", where + id, back[id], id))
        was, now = old.nodes[back[id]], new.nodes[id]
        moved += int(_differ(was.extra.get(LAYOUT), now.extra.get(LAYOUT)))
        changes += _compare_nodes(was, now, where + id, names)
    inputs, given = _inputs(old, names), _inputs(new, {})
    both = inputs.keys() & given.keys()
    for name in (name for name in given if name in both):
        changes += _members("input", f"{where}{name}.", inputs[name], given[name])
    for what, before, after in (
        ("input", _without(inputs, both), _without(given, both)),
        ("output", _outputs(old, names), _outputs(new, {})),
        ("entry", *_entries(old.extra, new.extra)),
    ):
        changes += _members(what, where, before, after)
    return moved


def _compare_nodes(was: Node, now: Node, where: str, names: Mapping[str, str]) -> Iterator[Change]:
    if was.type != now.type:
        yield Change("type", "changed", where, was.type, now.type)
    at = where + "."
    links = {port: _link(link, names) for port, link in was.links.items()}
    yield from _members("value", at, was.values, now.values)
    yield from _members("link", at, links, {p: _link(link, {}) for p, link in now.links.items()})
    if was.mode != now.mode:
        yield Change("mode", "changed", where, was.mode or "on", now.mode or "on")
    yield from _members("pin", at, was.pin or {}, now.pin or {})
    before, after = (n.repeat.json() if n.repeat else None for n in (was, now))
    if _differ(before, after):
        yield Change("repeat", _how(before, after), where, before, after)
    yield from _members("entry", at, _rest(was.extra), _rest(now.extra))


def _members(
    what: str, where: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Change]:
    """The changes between two objects, member by member."""
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new:
            yield Change(what, "removed", where + name, old=old[name])
        elif name not in old:
            yield Change(what, "added", where + name, new=new[name])
        elif _differ(old[name], new[name]):
            yield Change(what, "changed", where + name, old[name], new[name])


def _how(before: Any, after: Any) -> How:
    return "added" if before is None else "removed" if after is None else "changed"


def _differ(old: Any, new: Any) -> bool:
    """Whether two JSON values differ: 1 and 1.0 do not, 1 and true do."""
    return canonical(old) != canonical(new)


def _node(node: Node) -> dict[str, Any]:
    return _without(node.json(), {LAYOUT})


def _entries(
    old: Mapping[str, Any], new: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What else a document says; of what was there when one was saved only if both say it."""
    alone = {name for name in SAVED if (name in old) != (name in new)}
    return _without(_rest(old), alone), _without(_rest(new), alone)


def _rest(extra: Mapping[str, Any]) -> dict[str, Any]:
    return _without(extra, {LAYOUT})


def _without(members: Mapping[str, Any], names: Set[str]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in names}


def _inputs(graph: Graph, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: {**entry.json(), "to": [_named(port, names) for port in entry.to]}
        for name, entry in graph.inputs.items()
    }


def _outputs(graph: Graph, names: Mapping[str, str]) -> dict[str, str]:
    return {name: _named(port, names) for name, port in graph.outputs.items()}


def _named(port: Port, names: Mapping[str, str]) -> str:
    return str(Port(names.get(port.node, port.node), port.port))


def _link(link: Link, names: Mapping[str, str]) -> Any:
    ports = [_named(port, names) for port in sources_of(link)]
    return ports[0] if isinstance(link, Port) else ports


# Nodes under another name


def renamed(old: Graph, new: Graph) -> dict[str, str]:
    """New names by old ones, of nodes that kept their type and most of their values and wiring.

    First those that kept all of it, then the most alike; a node found helps to find those that
    are wired to it.
    """
    gone = [id for id in in_order(old) if id not in new.nodes]
    come = [id for id in in_order(new) if id not in old.nodes]
    found: dict[str, str] = {}
    for match in (_the_same, _most_alike):
        while gone and come:
            names = {id: id for id in old.nodes if id in new.nodes} | found
            before, after = _Facts(old, names), _Facts(new, {id: id for id in names.values()})
            pairs = match({id: before.of(id) for id in gone}, {id: after.of(id) for id in come})
            if not pairs:
                break
            found |= pairs
            gone = [id for id in gone if id not in pairs]
            come = [id for id in come if id not in set(pairs.values())]
    return found


Fact = tuple[str, ...]


class _Facts:
    """What can be said of each node of a graph without saying its name."""

    def __init__(self, graph: Graph, names: Mapping[str, str]) -> None:
        self.graph = graph
        self.names = names
        self.uses: dict[str, set[Fact]] = defaultdict(set)
        for id, node in graph.nodes.items():
            for port, link in node.links.items():
                for source in sources_of(link):
                    fact = ("feeds", source.port, self.name(id), port)
                    self.uses[source.node].add(fact)
        for name, entry in graph.inputs.items():
            for at in entry.to:
                self.uses[at.node].add(("input", name, at.port))
        for name, at in graph.outputs.items():
            self.uses[at.node].add(("output", name, at.port))

    def name(self, id: str) -> str:
        """What a node is called in both graphs; of one without such a name, its type."""
        if id in self.names:
            return self.names[id]
        node = self.graph.nodes.get(id)
        return f"a {node.type}" if node else "nothing"

    def of(self, id: str) -> frozenset[Fact]:
        node = self.graph.nodes[id]
        facts = {("type", node.type)} | self.uses[id]
        facts |= {("value", port, canonical(value)) for port, value in node.values.items()}
        for port, link in node.links.items():
            sources = [f"{self.name(source.node)}.{source.port}" for source in sources_of(link)]
            facts.add(("link", port, *sources))
        return frozenset(facts)


Described = Mapping[str, frozenset[Fact]]


def _the_same(gone: Described, come: Described) -> dict[str, str]:
    """Nodes of which exactly the same is said; of as many on both sides each in its turn."""
    before, after = _grouped(gone), _grouped(come)
    return {
        was: now
        for facts, ids in before.items()
        if len(ids) == len(after.get(facts, ()))
        for was, now in zip(ids, after[facts], strict=True)
    }


def _grouped(described: Described) -> dict[frozenset[Fact], list[str]]:
    groups: dict[frozenset[Fact], list[str]] = {}
    for id, facts in described.items():
        groups.setdefault(facts, []).append(id)
    return groups


def _most_alike(gone: Described, come: Described) -> dict[str, str]:
    """The pairs that have most in common, the best first, each node once."""
    if len(gone) * len(come) > MAX_PAIRS:
        return {}
    scored = [(_alike(a, b), was, now) for was, a in gone.items() for now, b in come.items()]
    scored.sort(key=itemgetter(0), reverse=True)
    found: dict[str, str] = {}
    taken: set[str] = set()
    for score, was, now in scored:
        if score >= ALIKE and was not in found and now not in taken:
            found[was] = now
            taken.add(now)
    return found


def _alike(a: frozenset[Fact], b: frozenset[Fact]) -> float:
    """The share of what is said of both in all that is said; 0 for nodes of different types."""
    kinds = {fact for fact in a if fact[0] == "type"}
    return len(a & b) / len(a | b) if kinds <= b else 0.0
