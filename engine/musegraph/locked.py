"""What a workflow was made with, written into its document, and whether it is the same here.

``packs`` holds the versions and ``lock.packs`` the hashes of the packs that it uses: both are
written whenever a document is saved. ``lock.nodes`` and ``lock.models`` are written on request
(``musegraph lock``): the version of every node type with what its inputs are by themselves, and the
digests of the models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from musegraph.errors import ModelError
from musegraph.models import Models
from musegraph.pack import Registry
from musegraph.plan.forward import MIGRATED, defaults_of, packs_of
from musegraph.values.canonical import canonical
from musegraph.workflow import GRAPH, Graph, Port, Workflow

NONE = "0"
"""The version of a pack that says none: a file of one's own."""


def named(workflow: Workflow, registry: Registry) -> Workflow:
    """The document with versions and hashes of the packs that it uses.

    What it says of packs that are not here stays, since they are what it was made with.
    """
    versions, hashes = dict(workflow.packs), dict(_part(workflow, "packs"))
    for name in packs_of(workflow):
        if facts := pack_facts(registry, name):
            hashes[name] = facts
            if facts["version"] != NONE:
                versions[name] = facts["version"]
    extra = {key: value for key, value in workflow.graph.extra.items() if key != MIGRATED}
    if versions:
        extra["packs"] = dict(sorted(versions.items()))
    lock = extra.get("lock")
    if hashes:
        kept = dict(lock) if isinstance(lock, Mapping) else {}
        extra["lock"] = kept | {"packs": dict(sorted(hashes.items()))}
    return replace(workflow, graph=replace(workflow.graph, extra=extra))


def pack_facts(registry: Registry, name: str) -> dict[str, str]:
    """Version and hash of a pack that is here, and from which index it came; empty if it is not."""
    pack, agreed = registry.pack(name), registry.agreed(name)
    if pack is None:
        return {}
    if agreed is None:
        return {"version": pack.version, "content": pack.source_digest}
    one = agreed.agreed
    facts = {"version": pack.version, "distribution": one.distribution, "content": one.content}
    return facts | ({"index": one.index} if "://" in one.index else {})


def lock(workflow: Workflow, registry: Registry, models: Models) -> Workflow:
    """The document with everything locked; :class:`ModelError` if a model cannot be read."""
    made = named(workflow, registry)
    nodes = {}
    for id in types_of(workflow):
        if kind := registry.get(id):
            nodes[id] = {"version": kind.version, "defaults": defaults_of(kind)}
    digests = {source: models.weights(source).digest for source in models_of(workflow, registry)}
    held = dict(_lock(made)) | {"nodes": nodes}
    held.pop("models", None)
    if digests:
        held["models"] = digests
    extra = {**made.graph.extra, "lock": held}
    return replace(made, graph=replace(made.graph, extra=extra))


@dataclass(frozen=True)
class Finding:
    """Something that is not here as it was locked: ``pack``, ``node`` or ``model``, and how."""

    what: str
    name: str
    how: str
    message: str

    def json(self) -> dict[str, str]:
        return {"what": self.what, "name": self.name, "how": self.how, "message": self.message}


def verify(workflow: Workflow, registry: Registry, models: Models) -> list[Finding]:
    """Everything that is not here as the document says; nothing is said of what it does not say."""
    found = list(_packs(workflow, registry))
    there = {one.name for one in found if one.how in ("missing", "off")}
    found += [one for one in _nodes(workflow, registry) if one.name.partition(".")[0] not in there]
    return found + list(_models(workflow, models))


def _packs(workflow: Workflow, registry: Registry) -> Iterator[Finding]:
    hashes = _part(workflow, "packs")
    for name in dict.fromkeys([*workflow.packs, *packs_of(workflow)]):
        was = hashes.get(name)
        was = was if isinstance(was, Mapping) else {}
        version = str(workflow.packs.get(name) or was.get("version", ""))
        label = f"{name} {version}".strip()
        now = pack_facts(registry, name)
        if not now and name in registry.failures:
            yield Finding("pack", name, "off", f"{label}: {registry.failures[name]}")
        elif not now:
            yield Finding("pack", name, "missing", f"{label} is not installed")
        elif version and now["version"] != version:
            message = f"{label} was used, and {now['version']} is here"
            yield Finding("pack", name, "version", message)
        elif was.get("content") and now["content"] != was["content"]:
            message = f"{label} is here with other code: {now['content']}, not {was['content']}"
            yield Finding("pack", name, "content", message)


def _nodes(workflow: Workflow, registry: Registry) -> Iterator[Finding]:
    for id, was in _part(workflow, "nodes").items():
        kind = registry.get(id)
        if kind is None:
            yield Finding("node", id, "missing", f"{id} is not here")
            continue
        was = was if isinstance(was, Mapping) else {}
        if was.get("version") != kind.version:
            message = f"{id} was version {was.get('version')}, and is {kind.version}"
            yield Finding("node", id, "version", message)
        old, now = was.get("defaults", {}), defaults_of(kind)
        other = [
            name
            for name in sorted({*old, *now})
            if (name in old) != (name in now) or canonical(old[name]) != canonical(now[name])
        ]
        if other:
            message = f"{id} has other inputs or defaults: {', '.join(other)}"
            yield Finding("node", id, "defaults", message)


def _models(workflow: Workflow, models: Models) -> Iterator[Finding]:
    for source, was in _part(workflow, "models").items():
        try:
            now = models.weights(source).digest
        except ModelError as error:
            yield Finding("model", source, "missing", str(error))
            continue
        if now != was:
            message = f"{source} is another model by now: {now}, not {was}"
            yield Finding("model", source, "content", message)


def install_command(workflow: Workflow, registry: Registry, names: Sequence[str] = ()) -> str:
    """One command that would install the packs that are missing; empty if none is."""
    known = registry.names()
    hashes = _part(workflow, "packs")
    missing = [name for name in names or packs_of(workflow) if name not in known]
    if not missing:
        return ""
    said, indexes = [], set()
    for name in missing:
        was = hashes.get(name)
        was = was if isinstance(was, Mapping) else {}
        version = workflow.packs.get(name) or was.get("version")
        said.append(f"{name}=={version}" if version else name)
        indexes.add(was.get("index", ""))
    index = indexes.pop() if len(indexes) == 1 else ""
    return f"musegraph pack install {' '.join(said)} --index {index or 'INDEX'}"


def types_of(workflow: Workflow) -> list[str]:
    """The node types of a document, without its own subgraphs."""
    graphs = (workflow.graph, *workflow.graphs.values())
    found = {node.type for graph in graphs for node in graph.nodes.values()}
    return sorted(id for id in found if not id.startswith(GRAPH))


def models_of(workflow: Workflow, registry: Registry) -> list[str]:
    """The models that the nodes of a document name."""
    found: set[str] = set()
    for graph in (workflow.graph, *workflow.graphs.values()):
        for id, node in graph.nodes.items():
            kind = registry.get(node.type) if not node.type.startswith(GRAPH) else None
            for port in kind.model_ports if kind else ():
                value = node.values.get(port)
                for given in (value, *_bound(graph, Port(id, port))):
                    listed = given if isinstance(given, list) else [given]
                    found.update(one for one in listed if isinstance(one, str))
    return sorted(found)


def _bound(graph: Graph, at: Port) -> list[Any]:
    """What the named inputs of a graph give to a port by themselves."""
    return [e.default for e in graph.inputs.values() if at in e.to and e.has_default]


def _lock(workflow: Workflow) -> Mapping[str, Any]:
    held = workflow.graph.extra.get("lock")
    return held if isinstance(held, Mapping) else {}


def _part(workflow: Workflow, key: str) -> Mapping[str, Any]:
    held = _lock(workflow).get(key)
    return held if isinstance(held, Mapping) else {}
