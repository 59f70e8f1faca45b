"""The workflow document: one JSON format for canvas, command line, API and embedded metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from sys import intern
from typing import Any

from musegraph.document import (
    EMPTY,
    GRAPH,
    Graph,
    Input,
    Link,
    Node,
    Port,
    Repeat,
    sources_of,
)
from musegraph.errors import InvalidWorkflow, Problem, UnreadableWorkflow
from musegraph.garbage import uncollected
from musegraph.paths import look, shown
from musegraph.values import canonical, parse, pretty
from musegraph.values.canonical import copied, is_identity

__all__ = [
    "EMPTY",
    "GRAPH",
    "Graph",
    "Input",
    "Link",
    "Node",
    "Port",
    "Repeat",
    "Workflow",
    "sources_of",
]

FORMAT = 1
MAX_BYTES = 64 * 2**20
MAX_MEDIA = 2**30
"""Bytes of a sound or a film that is looked through for the workflow that it carries."""
BUNDLED = "workflow.json"
"""The member of a bundle that is the document."""
_ZIP = b"PK\x03\x04"
_TEXT = frozenset({b"{", b" ", b"\n", b"\t", b"\r", b"\xef"})
"""What JSON may begin with."""
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
MODES = ("", "mute", "bypass")


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow document. ``folder`` is what its files are in, if it has such: also a bundle."""

    graph: Graph
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    name: str = ""
    quick: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def nodes(self) -> Mapping[str, Node]:
        return self.graph.nodes

    @property
    def inputs(self) -> Mapping[str, Input]:
        return self.graph.inputs

    @property
    def outputs(self) -> Mapping[str, Port]:
        return self.graph.outputs

    @property
    def packs(self) -> Mapping[str, str]:
        """The versions of the packs that it was made with, as far as it says them."""
        packs: Mapping[str, str] = self.graph.extra.get("packs", EMPTY)
        return packs

    @classmethod
    def parse(cls, source: str | Mapping[str, Any], folder: Path | None = None) -> Workflow:
        """A workflow from its text or JSON; raises with every structural problem at once."""
        problems: list[Problem] = []
        with uncollected():
            document = parse(source) if isinstance(source, str) else copied(source)
            made = _workflow(document, folder, problems)
        if problems:
            raise InvalidWorkflow(problems)
        return made

    @classmethod
    def read(cls, path: str | Path) -> Workflow:
        """The workflow in a JSON file or in a bundle, or the one that a picture or sound carries.

        Its ``folder`` is what the files that it names are in: the file's own, or the bundle.
        """
        place = Path(path)
        try:
            look(place)
            with place.open("rb") as file:
                data = file.read(4)
                if data == _ZIP:
                    return cls._bundled(place)
                is_text = data[:1] in _TEXT
                size = place.stat().st_size  # room is taken for all that is asked for
                limit = size if not is_text and MAX_BYTES < size <= MAX_MEDIA else MAX_BYTES
                data += file.read(limit)
        except OSError as error:
            raise UnreadableWorkflow(f"{shown(place)} cannot be read: {error.strerror}") from None
        if len(data) > limit:
            raise UnreadableWorkflow(f"{shown(place)} is larger than {limit >> 20} MB")
        if not is_text:
            return cls.parse(_embedded(place, data), place.parent)
        return cls._decoded(data, place.parent, str(place))

    @classmethod
    def _bundled(cls, place: Path) -> Workflow:
        from musegraph.archive import Archive

        with Archive(place) as bundle:
            if BUNDLED not in bundle.sizes:
                raise UnreadableWorkflow(f"{place} is no bundle: there is no {BUNDLED} in it")
            where = f"{BUNDLED} in {place}"
            if bundle.sizes[BUNDLED] > MAX_BYTES:
                raise UnreadableWorkflow(f"{where} is larger than {MAX_BYTES >> 20} MB")
            return cls._decoded(bundle.read(BUNDLED), place, where)

    @classmethod
    def _decoded(cls, data: bytes, folder: Path, where: str) -> Workflow:
        try:
            return cls.parse(data.decode("utf-8-sig"), folder)
        except UnicodeDecodeError:
            raise UnreadableWorkflow(f"{where} is no text in UTF-8") from None
        except UnreadableWorkflow as error:
            raise UnreadableWorkflow(f"{where}: {error}") from None

    def json(self) -> dict[str, Any]:
        made: dict[str, Any] = {"musegraph": FORMAT}
        if self.name:
            made["name"] = self.name
        made |= self.graph.json()
        if self.graphs:
            made["graphs"] = {name: graph.json() for name, graph in self.graphs.items()}
        if self.quick:
            made["quick"] = dict(self.quick)
        return made

    def text(self) -> str:
        """The canonical, indented text of the file."""
        return pretty(self.json())

    def with_values(self, changes: Mapping[Port, Any]) -> Workflow:
        """The workflow with some ports set to values (and no longer linked)."""
        nodes = dict(self.graph.nodes)
        for at, value in changes.items():
            node = nodes[at.node]
            links = {name: link for name, link in node.links.items() if name != at.port}
            nodes[at.node] = node._replace(values={**node.values, at.port: value}, links=links)
        return replace(self, graph=replace(self.graph, nodes=nodes))

    def set_inputs(self, given: Mapping[str, Any]) -> Workflow:
        """The workflow with these inputs as the defaults, so that the document says what runs."""
        inputs = dict(self.graph.inputs)
        for name, value in given.items():
            if name not in inputs:
                known = ", ".join(inputs) or "none"
                message = f"there is no input {name!r}; the inputs are: {known}"
                raise InvalidWorkflow([Problem(None, name, "input", message)])
            inputs[name] = replace(inputs[name], extra={**inputs[name].extra, "default": value})
        return replace(self, graph=replace(self.graph, inputs=inputs))


def _embedded(place: Path, data: bytes) -> Any:
    from musegraph.values import files

    facts = files.extract(data)
    document = facts.get("workflow") if isinstance(facts, dict) else None
    if document is None:
        raise UnreadableWorkflow(f"{place} is no workflow, and no file that carries one")
    return document


def _workflow(document: Any, folder: Path | None, problems: list[Problem]) -> Workflow:
    if not isinstance(document, Mapping):
        raise UnreadableWorkflow("this is JSON, but no workflow: the outermost thing is no object")
    version = document.get("musegraph")
    if version is None:
        raise UnreadableWorkflow(
            "this is no Musegraph workflow: it has no key 'musegraph' with the format's version"
        )
    if version != FORMAT or isinstance(version, bool):
        raise UnreadableWorkflow(
            f"this workflow is in format {canonical(version)}, and this Musegraph reads format"
            f" {FORMAT}; a newer Musegraph may read it"
        )
    rest = {
        key: value
        for key, value in document.items()
        if key not in ("musegraph", "name", "graphs", "quick")
    }
    graphs = {}
    for name, definition in _object(document, "graphs", None, problems).items():
        if not _is_id(name):
            problems.append(_bad(name, None, "bad-id", f"{name!r} is no name of a graph"))
        if isinstance(definition, Mapping):
            graphs[name] = _graph(definition, f"{GRAPH}{name}/", problems)
        else:
            problems.append(_bad(None, None, "structure", f"the graph {name!r} is no object"))
    name = document.get("name", "")
    if not isinstance(name, str):
        problems.append(_bad(None, None, "structure", "the name of the workflow is no text"))
        name = ""
    quick = _object(document, "quick", None, problems)
    for pack, version in _object(document, "packs", None, problems).items():
        if not isinstance(version, str):
            message = f'the version of the pack {pack!r} has to be a text, such as "1.0.0"'
            problems.append(_bad(None, None, "structure", message))
    return Workflow(_graph(rest, "", problems), graphs, name, quick, folder)


def _graph(document: Mapping[str, Any], where: str, problems: list[Problem]) -> Graph:
    nodes: dict[str, Node] = {}
    written = _object(document, "nodes", None, problems)
    ids = {id: id for id in written}  # so that a link and the node it names share one text
    for id, entry in written.items():
        if not _is_id(id):
            message = f"{id!r} is no node id: letters, digits, _ and -, 64 at most, no digit first"
            problems.append(_bad(where + id, None, "bad-id", message))
        if type(entry) is dict or isinstance(entry, Mapping):
            nodes[id] = _node(where + id, entry, ids, problems)
        else:
            problems.append(_bad(where + id, None, "structure", "this node is no object"))
    inputs = {
        name: _input(name, entry, where, problems)
        for name, entry in _object(document, "inputs", None, problems).items()
    }
    outputs: dict[str, Port] = {}
    for name, entry in _object(document, "outputs", None, problems).items():
        port = _port(entry)
        if port is None:
            message = f"the output {name!r} points to {entry!r}; it has to be 'node.port'"
            problems.append(_bad(None, name, "output", message))
        else:
            outputs[name] = port
    extra = {k: v for k, v in document.items() if k not in ("nodes", "inputs", "outputs")}
    return Graph(nodes, inputs, outputs, extra)


def _node(
    id: str, entry: Mapping[str, Any], ids: Mapping[str, str], problems: list[Problem]
) -> Node:
    kind = entry.get("type")
    if not isinstance(kind, str):
        problems.append(_bad(id, None, "structure", "this node has no type"))
        kind = ""
    kind = intern(kind)
    values = _object(entry, "values", id, problems) if "values" in entry else EMPTY
    links = _links(id, entry, values, ids, problems) if "links" in entry else EMPTY
    mode = entry.get("mode", "")
    if mode not in MODES:
        message = f"the mode {mode!r} is unknown; it can be 'mute' or 'bypass'"
        problems.append(_bad(id, None, "bad-mode", message))
        mode = ""
    if entry.keys() <= _PLAIN_KEYS:
        return Node(kind, values, links, mode)
    extra = {key: value for key, value in entry.items() if key not in _NODE_KEYS}
    pin, repeat = _pin(id, entry, problems), _repeat(id, entry, problems)
    return Node(kind, values, links, mode, pin, repeat, extra)


def _links(
    id: str,
    entry: Mapping[str, Any],
    values: Mapping[str, Any],
    ids: Mapping[str, str],
    problems: list[Problem],
) -> Mapping[str, Link]:
    links: dict[str, Link] = {}
    for name, source in _object(entry, "links", id, problems).items():
        link = _port(source) if type(source) is str else _link(source)
        if link is None:
            message = f"the link {source!r} has to be 'node.port' or a list of such"
            problems.append(_bad(id, name, "bad-link", message))
        elif name in values:
            message = "this input has a value and a link; it can have one of them"
            problems.append(_bad(id, name, "structure", message))
        else:
            links[name] = _shared(link, ids) if type(link) is Port else link
    return links


_PLAIN_KEYS = frozenset({"type", "values", "links", "mode"})
_NODE_KEYS = _PLAIN_KEYS | {"pin", "repeat"}


def _pin(id: str, entry: Mapping[str, Any], problems: list[Problem]) -> Mapping[str, str] | None:
    if "pin" not in entry:
        return None
    pin = _object(entry, "pin", id, problems)
    for port, digest in pin.items():
        if not isinstance(digest, str) or not is_identity(digest):
            message = (
                f"the pin {digest!r} is no digest; it has to be 'blake3:' and 64 hex digits, or"
                " 'json:' and a short value"
            )
            problems.append(_bad(id, port, "pin", message))
    return pin


def _repeat(id: str, entry: Mapping[str, Any], problems: list[Problem]) -> Repeat | None:
    if "repeat" not in entry:
        return None
    repeat = _object(entry, "repeat", id, problems)
    times, carry = repeat.get("times"), repeat.get("carry", {})
    if isinstance(times, float) and times.is_integer():
        times = int(times)
    if not isinstance(times, (int, str)) or isinstance(times, bool):
        message = "'times' of a repetition has to be a whole number or the name of an input"
        problems.append(_bad(id, None, "repeat", message))
        return None
    if not isinstance(carry, Mapping) or not all(isinstance(v, str) for v in carry.values()):
        message = "'carry' of a repetition has to name an input for each carried output"
        problems.append(_bad(id, None, "repeat", message))
        return None
    extra = {key: value for key, value in repeat.items() if key not in ("times", "carry")}
    return Repeat(times, dict(carry), extra)


def _input(name: str, entry: Any, where: str, problems: list[Problem]) -> Input:
    if not _is_port(name):
        problems.append(_bad(None, name, "input", f"{name!r} is no name of an input"))
    if not isinstance(entry, Mapping):
        problems.append(_bad(None, name, "input", f"the input {name!r} is no object"))
        return Input(())
    to = entry.get("to")
    listed = [to] if isinstance(to, str) else to if isinstance(to, list) else [None]
    ports = [_port(part) for part in listed]
    if None in ports:
        message = f"the input {name!r} has to name in 'to' the ports that it sets, as 'node.port'"
        problems.append(_bad(None, name, "input", message))
    extra = {key: value for key, value in entry.items() if key != "to"}
    return Input(tuple(port for port in ports if port is not None), extra)


def _object(
    entry: Mapping[str, Any], key: str, node: str | None, problems: list[Problem]
) -> Mapping[str, Any]:
    value = entry.get(key, EMPTY)
    if type(value) is dict or isinstance(value, Mapping):
        return value
    problems.append(_bad(node, None, "structure", f"{key!r} has to be an object"))
    return EMPTY


def _link(source: Any) -> Link | None:
    if isinstance(source, list):
        ports = [_port(part) for part in source]
        return None if None in ports else tuple(port for port in ports if port is not None)
    return _port(source)


def _port(text: Any) -> Port | None:
    if not isinstance(text, str):
        return None
    node, _, port = text.partition(".")
    if len(text) < 65 and text.isascii() and node.isidentifier() and port.isidentifier():
        return Port(node, port)  # the common case, told with the fewest questions
    return Port(node, port) if _is_id(node) and _is_port(port) else None


def _shared(port: Port, ids: Mapping[str, str]) -> Port:
    """A port whose texts are those that stand elsewhere already: a graph has many of them."""
    return Port(ids.get(port.node, port.node), intern(port.port))


def _is_port(text: str) -> bool:
    """Letters, digits and _, 64 at most, no digit first: Python's own identifiers in ASCII."""
    return text.isidentifier() and text.isascii() and len(text) <= 64


def _is_id(text: str) -> bool:
    return _is_port(text) or _ID.fullmatch(text) is not None


def _bad(node: str | None, port: str | None, code: str, message: str) -> Problem:
    return Problem(node, port, code, message)
