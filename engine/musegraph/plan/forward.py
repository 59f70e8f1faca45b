"""Documents that were made with other versions of the packs: brought forward, or refused in words.

A document says in ``packs`` which versions it was made with. Where a pack is newer here, the
migrations that its author wrote are carried out, and each change is told. What no migration covers
and no longer fits is a problem. ``lock`` may hold the defaults that inputs had: an input that the
document leaves at a default which is another by now is a problem too, so nothing shifts unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from musegraph.errors import InvalidWorkflow, Problem
from musegraph.migration import Migration
from musegraph.node import REQUIRED
from musegraph.plan.migrating import Given, Walk, shown
from musegraph.sentences import sentence
from musegraph.values.canonical import canonical
from musegraph.values.codec import to_json
from musegraph.workflow import GRAPH, Graph, Port, Workflow

if TYPE_CHECKING:
    from packaging.version import Version

    from musegraph.node import NodeType
    from musegraph.pack import Pack, Registry

MIGRATED = "migrated"
"""The key of a document under which it stands, until the run, what was brought forward in it."""


@dataclass
class Forward:
    """A document as it is to be read here, what was changed for that, and what speaks against it.

    With problems the document is as it was.
    """

    workflow: Workflow
    notes: list[tuple[str, str]] = field(default_factory=list)
    """Node (empty for the whole document) and sentence."""
    problems: list[Problem] = field(default_factory=list)


def forward(workflow: Workflow, registry: Registry) -> Forward:
    """Bring a document forward; one that was made with what is here is given back as it is."""
    older = dict(_others(workflow, registry))
    made = Forward(workflow)
    if older:
        _Bringing(made, registry, older).all()
    if _locked_nodes(workflow):
        made.problems += _shifted(made, registry)
    if made.problems:
        made.workflow = workflow
    return made


def brought(workflow: Workflow, registry: Registry) -> Workflow:
    """The document brought forward, with what was done in it; raises :class:`InvalidWorkflow`."""
    made = forward(workflow, registry)
    if made.problems:
        raise InvalidWorkflow(made.problems)
    return noted(made)


def noted(made: Forward) -> Workflow:
    """The document with what was done in it."""
    if not made.notes:
        return made.workflow
    said = [f"{node}: {text}" if node else text for node, text in made.notes]
    extra = {**made.workflow.graph.extra, MIGRATED: [*told(made.workflow), *said]}
    return replace(made.workflow, graph=replace(made.workflow.graph, extra=extra))


def told(workflow: Workflow) -> list[str]:
    """What was brought forward in a document, a sentence each."""
    said = workflow.graph.extra.get(MIGRATED)
    return [one for one in said if isinstance(one, str)] if isinstance(said, list) else []


def packs_of(workflow: Workflow) -> list[str]:
    """The names of the packs that the nodes of a document are from."""
    graphs = (workflow.graph, *workflow.graphs.values())
    types = {node.type for graph in graphs for node in graph.nodes.values()}
    return sorted({t.partition(".")[0] for t in types if not t.startswith(GRAPH) and "." in t})


def _others(workflow: Workflow, registry: Registry) -> Iterator[tuple[str, tuple[str, Pack]]]:
    """The packs in use that are here in another version, with the version of the document."""
    said = workflow.packs
    if not said:
        return
    for name in packs_of(workflow):
        old = said.get(name)
        if isinstance(old, str) and (pack := registry.pack(name)) and pack.version != old:
            yield name, (old, pack)


def _version(text: str) -> Version | None:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text)
    except InvalidVersion:
        return None


def _is_before(one: str, other: str) -> bool:
    a, b = _version(one), _version(other)
    return a is not None and b is not None and a < b


class _Bringing:
    """Carries out the migrations of all packs that are newer here."""

    def __init__(
        self, made: Forward, registry: Registry, older: Mapping[str, tuple[str, Pack]]
    ) -> None:
        self.made = made
        self.registry = registry
        self.older = older

    def all(self) -> None:
        workflow = self.made.workflow
        given = Given(workflow)
        graphs = {
            name: self.graph(graph, f"{GRAPH}{name}/", given)
            for name, graph in workflow.graphs.items()
        }
        graph = self.graph(workflow.graph, "", given)
        packs = dict(workflow.packs)
        for name, (old, pack) in self.older.items():
            if _is_before(pack.version, old):
                self.made.notes.append(("", _newer(name, old, pack.version)))
            else:
                packs[name] = pack.version
        extra = {**graph.extra, "packs": packs}
        if isinstance(lock := extra.get("lock"), Mapping):
            extra["lock"] = self.lock(lock)
        graph = replace(graph, extra=extra)
        self.made.workflow = replace(workflow, graph=graph, graphs=graphs, quick=given.quick)

    def lock(self, lock: Mapping[str, Any]) -> dict[str, Any]:
        """What was locked of packs that were brought forward speaks of them no more."""
        kept = dict(lock)
        for key in ("packs", "nodes"):
            if isinstance(held := kept.get(key), Mapping):
                kept[key] = {k: v for k, v in held.items() if not self.is_older(k)}
        return kept

    def is_older(self, id: str) -> bool:
        name = id.partition(".")[0]
        return name in self.older and not _is_before(
            self.older[name][1].version, self.older[name][0]
        )

    def graph(self, graph: Graph, where: str, given: Given) -> Graph:
        walk = Walk(graph, where, given, self.made)
        for id in list(graph.nodes):
            pack = graph.nodes[id].type.partition(".")[0]
            if pack in self.older:
                old, found = self.older[pack]
                for one in _path(found, old):
                    if walk.nodes[id].type == f"{pack}.{one.node}":
                        walk.migrate(id, one, pack)
                self.look(walk, id, old, found)
        return walk.graph()

    def look(self, walk: Walk, id: str, old: str, pack: Pack) -> None:
        """A problem for each input that does not fit, and that no migration speaks of."""
        node = walk.nodes[id]
        kind = self.registry.get(node.type)
        bound = {at.port for one in walk.inputs.values() for at in one.to if at.node == id}
        id = walk.where + id
        parts = {"pack": pack.name, "old": old, "new": pack.version}
        if kind is None:
            return  # an unknown node type is told of by whoever checks the document
        for name in (*node.values, *node.links):
            if name not in kind.inputs:
                message = sentence("no-migration", kind=kind.id, input=repr(name), **parts)
                self.made.problems.append(Problem(id, name, "no-migration", message))
        for name, port in kind.inputs.items():
            if port.required and name not in {*node.values, *node.links, *bound}:
                message = sentence("no-migration-new", kind=kind.id, input=repr(name), **parts)
                self.made.problems.append(Problem(id, name, "no-migration", message))


def _newer(name: str, old: str, new: str) -> str:
    return (
        f"it was made with {name} {old}, and {new} is here, which may read it otherwise; "
        f"'musegraph pack update {name}' looks for a newer one"
    )


def _path(pack: Pack, old: str) -> list[Migration]:
    """The migrations between two versions, in the order of the versions they lead to."""
    between = [
        (version, one)
        for one in pack.migrations
        if (version := _version(one.to))
        and _is_before(old, one.to)
        and not _is_before(pack.version, one.to)
    ]
    return [one for _, one in sorted(between, key=lambda pair: pair[0])]


# -- what is locked ------------------------------------------------------------------------------


def _locked_nodes(workflow: Workflow) -> Mapping[str, Any]:
    """The node types of which a document holds what their inputs were by themselves."""
    lock = workflow.graph.extra.get("lock")
    nodes = lock.get("nodes") if isinstance(lock, Mapping) else None
    return nodes if isinstance(nodes, Mapping) else {}


def defaults_of(kind: NodeType) -> dict[str, Any]:
    """What the inputs of a node are by themselves, as JSON; those that have to be given are not."""
    return {
        name: None if port.default is REQUIRED else to_json(port.default)
        for name, port in kind.inputs.items()
        if not port.required
    }


def _shifted(made: Forward, registry: Registry) -> Iterator[Problem]:
    """Inputs left at a default that is another than when the document was locked."""
    locked = _locked_nodes(made.workflow)
    told: set[tuple[str, str]] = set()
    graphs = made.workflow.graphs
    for where, graph in (
        ("", made.workflow.graph),
        *((f"{GRAPH}{n}/", g) for n, g in graphs.items()),
    ):
        bound = {at for entry in graph.inputs.values() for at in entry.to}
        for id, node in graph.nodes.items():
            was = locked.get(node.type)
            old = was.get("defaults") if isinstance(was, Mapping) else None
            kind = registry.get(node.type) if isinstance(old, Mapping) else None
            if kind is None or not isinstance(old, Mapping):
                continue
            now = defaults_of(kind)
            for name, value in now.items():
                if name in node.values or name in node.links or Port(id, name) in bound:
                    continue
                if name not in old:
                    if (node.type, name) not in told:
                        text = f"{node.type} has the input {name} by now; it stands at its default"
                        made.notes.append(("", f"{text} {shown(value)}"))
                    told.add((node.type, name))
                elif canonical(old[name]) != canonical(value):
                    parts = {"input": name, "old": shown(old[name]), "new": shown(value)}
                    message = sentence("default-changed", kind=kind.id, **parts)
                    yield Problem(where + id, name, "default-changed", message)
