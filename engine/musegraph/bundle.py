"""A workflow and its files in one zip: ``workflow.json`` and ``assets/NAME``.

The same workflow and files give the same bytes on every machine: names are sorted, times are
fixed and nothing is compressed (what deflate writes depends on its version, and pictures are
compressed already). Reading writes nothing under a name from the zip: the members that the
document names go into the store, by digest.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from mimetypes import guess_extension, guess_type
from pathlib import Path, PurePosixPath
from typing import Any

from musegraph.errors import InvalidWorkflow, Problem, UnreadableWorkflow
from musegraph.pack import Registry
from musegraph.plan.files import missing_file
from musegraph.plan.interface import Interface
from musegraph.plan.literals import Asset
from musegraph.store import Store
from musegraph.values import Type
from musegraph.values.canonical import is_digest
from musegraph.workflow import GRAPH, Graph, Node, Workflow
from musegraph.workflow import MAX_BYTES as MAX_DOCUMENT

DOCUMENT = "workflow.json"
FOLDER = "assets/"
MAX_BYTES = 2**30
"""Bytes of all members together, unpacked."""
MAX_MEMBERS = 10_000

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_TIME = (1980, 1, 1, 0, 0, 0)
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)

Change = Callable[[Any, Type | None, str | None, str], Any]
"""What becomes of one value, given the type of its port (if known), its node and port."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The bytes of a zip, the files in it, and what the workflow needs and a zip cannot hold."""

    data: bytes
    files: tuple[str, ...]
    missing: tuple[str, ...]


# Writing


def make_bundle(workflow: Workflow, registry: Registry, store: Store) -> Bundle:
    """The zip of a workflow; raises :class:`InvalidWorkflow` naming every file it lacks."""
    packing = _Packing(workflow, store)
    packed = change_values(workflow, registry, packing.value)
    if packing.problems:
        raise InvalidWorkflow(packing.problems)
    for graph in (workflow.graph, *workflow.graphs.values()):
        packing.missing += [f"the pinned result of {id}" for id, n in graph.nodes.items() if n.pin]
    members = {DOCUMENT: packed.text().encode(), **packing.members}
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _TIME)
            info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, members[name])
    return Bundle(stream.getvalue(), tuple(sorted(packing.members)), tuple(packing.missing))


class _Packing:
    """The files that a document names, gathered under names of their own."""

    def __init__(self, workflow: Workflow, store: Store) -> None:
        self.workflow = workflow
        self.store = store
        self.members: dict[str, bytes] = {}
        self.problems: list[Problem] = []
        self.missing: list[str] = []
        self.size = 0

    def value(self, value: Any, type_: Type | None, node: str | None, port: str) -> Any:
        asset = _asset(value)
        if asset is None:
            base = (type_.item or type_).name if type_ else ""
            if base == "ModelSource" and isinstance(value, str) and _is_own(value):
                self.missing.append(f"the model {value}")
            return value
        why = missing_file(self.workflow, asset, self.store)
        data = None if why else self.read(asset)
        if data is None or (self.size + len(data)) > MAX_BYTES:
            why = why or f"with {asset.name!r} the bundle has more than {MAX_BYTES >> 20} MB"
            self.problems.append(Problem(node, port, "value", why))
            return value
        return {"file": self.add(_name(asset), data)}

    def read(self, asset: Asset) -> bytes | None:
        if not asset.digest.startswith("file:"):
            return self.store.get_bytes(asset.digest)
        assert self.workflow.folder is not None
        path = self.workflow.folder / asset.digest.removeprefix("file:")
        try:
            return path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
        except OSError as error:
            raise UnreadableWorkflow(f"{path} cannot be read: {error.strerror}") from None

    def add(self, name: str, data: bytes) -> str:
        """The member that holds these bytes: one for equal files, another name for others."""
        stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
        taken = {member.casefold(): member for member in self.members}
        count = 1
        while (old := taken.get((FOLDER + name).casefold())) is not None:
            if self.members[old] == data:
                return old
            count += 1
            name = f"{stem}-{count}{suffix}"
        self.members[FOLDER + name] = data
        self.size += len(data)
        return FOLDER + name


def _asset(value: Any) -> Asset | None:
    """The file that a literal names, if it names one."""
    if not isinstance(value, Mapping):
        return None
    if isinstance(file := value.get("file"), str):
        return Asset("", f"file:{file}", PurePosixPath(file).name, "")
    digest = value.get("asset")
    if not isinstance(digest, str) or not is_digest(digest):
        return None
    return Asset("", digest, str(value.get("name", "")), str(value.get("media", "")))


def _name(asset: Asset) -> str:
    """A file name that every system takes, with the suffix that says what it is."""
    name = _FORBIDDEN.sub("_", asset.name).strip(". ")[-120:] or "file"
    if asset.media and guess_type(name)[0] != asset.media:
        safetensors = asset.media == "application/safetensors" and ".safetensors"
        suffix = safetensors or guess_extension(asset.media) or ""
        name += "" if name.endswith(suffix) else suffix
    return name


def _is_own(source: str) -> bool:
    """Whether a model is named by a place on this machine."""
    return source.startswith(("/", "~", "\\", ".")) or source[1:2] == ":"


# Reading


def read_bundle(path: str | Path) -> Workflow:
    """The workflow in a bundle. Its ``folder`` is the zip: :func:`take_files` has what it holds."""
    place = Path(path)
    data = _members(place, {DOCUMENT}).get(DOCUMENT)
    if data is None:
        raise UnreadableWorkflow(f"{place} is no bundle: there is no {DOCUMENT} in it")
    if len(data) > MAX_DOCUMENT:
        raise UnreadableWorkflow(f"{DOCUMENT} in {place} is larger than {MAX_DOCUMENT >> 20} MB")
    try:
        return Workflow.parse(data.decode("utf-8-sig"), place)
    except UnicodeDecodeError:
        raise UnreadableWorkflow(f"{DOCUMENT} in {place} is no text in UTF-8") from None
    except UnreadableWorkflow as error:
        raise UnreadableWorkflow(f"{DOCUMENT} in {place}: {error}") from None


def take_files(workflow: Workflow, registry: Registry, store: Store) -> Workflow:
    """The workflow with the files of its bundle in the store; one of no bundle as it is."""
    if workflow.folder is None or not workflow.folder.is_file():
        return workflow
    named: set[str] = set()

    def look(value: Any, _type: Type | None, _node: str | None, _port: str) -> Any:
        if isinstance(value, Mapping) and isinstance(file := value.get("file"), str):
            named.add(file)
        return value

    def take(value: Any, _type: Type | None, _node: str | None, _port: str) -> Any:
        file = value.get("file") if isinstance(value, Mapping) else None
        return taken.get(file, value) if isinstance(file, str) else value

    change_values(workflow, registry, look)
    taken = {
        name: {
            "asset": store.put_bytes(data),
            "name": PurePosixPath(name).name,
            "media": guess_type(name)[0] or "application/octet-stream",
        }
        for name, data in _members(workflow.folder, named).items()
    }
    return change_values(workflow, registry, take)


def _members(place: Path, names: set[str]) -> dict[str, bytes]:
    """The members of these names; whatever is wrong with the zip is one sentence."""
    try:
        with zipfile.ZipFile(place) as archive:
            listed = archive.infolist()
            if why := _refused(listed):
                raise UnreadableWorkflow(f"{place} is no bundle that can be read: {why}")
            return {one.filename: archive.read(one) for one in listed if one.filename in names}
    except OSError as error:
        said = error.strerror or str(error)
        raise UnreadableWorkflow(f"{place} cannot be read: {said}") from None
    except _BROKEN as error:
        raise UnreadableWorkflow(f"{place} is no bundle that can be read: {error}") from None


def _refused(listed: list[zipfile.ZipInfo]) -> str:
    """What speaks against reading a zip with these members; empty if nothing does."""
    if len(listed) > MAX_MEMBERS:
        return f"it holds {len(listed):,} files; at most {MAX_MEMBERS:,} are read"
    if sum(one.file_size for one in listed) > MAX_BYTES:
        return f"it unpacks to more than {MAX_BYTES >> 20} MB"
    seen: set[str] = set()
    for one in listed:
        path = PurePosixPath(one.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in one.filename or ":" in one.filename:
            return f"its member {one.filename!r} leads out of it"
        if stat.S_ISLNK(one.external_attr >> 16):
            return f"its member {one.filename!r} is a link"
        if one.flag_bits & 1:
            return f"its member {one.filename!r} is encrypted"
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return f"its member {one.filename!r} is packed in a way that is not read; use deflate"
        if one.filename in seen:
            return f"its member {one.filename!r} stands in it twice"
        seen.add(one.filename)
    return ""


# Every place of a document where a file may stand


def change_values(workflow: Workflow, registry: Registry, change: Change) -> Workflow:
    """The workflow with every value that may be a file, and every item of such a list, changed.

    At ports that take JSON an object stays what it is: data, whatever its members are called.
    """
    walk = _Walk(workflow, registry, change)
    graphs = {name: walk.graph(g, f"{GRAPH}{name}/") for name, g in workflow.graphs.items()}
    types = walk.interface.inputs(workflow.graph)
    quick = {
        name: walk.value(value, types.get(name), None, name)
        for name, value in workflow.quick.items()
    }
    return replace(workflow, graph=walk.graph(workflow.graph, ""), graphs=graphs, quick=quick)


class _Walk:
    def __init__(self, workflow: Workflow, registry: Registry, change: Change) -> None:
        self.workflow = workflow
        self.registry = registry
        self.change = change
        self.interface = Interface(workflow, registry.get)

    def graph(self, graph: Graph, where: str) -> Graph:
        types = self.interface.inputs(graph)
        inputs = dict(graph.inputs)
        for name, entry in graph.inputs.items():
            if entry.has_default:
                default = self.value(entry.default, types.get(name), None, where + name)
                inputs[name] = replace(entry, extra={**entry.extra, "default": default})
        nodes = {id: self.node(node, where + id) for id, node in graph.nodes.items()}
        return replace(graph, inputs=inputs, nodes=nodes)

    def node(self, node: Node, where: str) -> Node:
        if not node.values:
            return node
        types = self.types(node.type)
        values = {
            port: self.value(value, types.get(port), where, port)
            for port, value in node.values.items()
        }
        return node._replace(values=values)

    def types(self, kind: str) -> Mapping[str, Type]:
        if kind.startswith(GRAPH):
            inner = self.workflow.graphs.get(kind.removeprefix(GRAPH))
            return self.interface.inputs(inner) if inner else {}
        found = self.registry.get(kind)
        return {name: port.type for name, port in found.inputs.items()} if found else {}

    def value(self, value: Any, type_: Type | None, node: str | None, port: str) -> Any:
        if isinstance(value, list):
            return [self.value(item, type_, node, port) for item in value]
        base = (type_.item or type_) if type_ is not None else None
        if isinstance(value, Mapping) and base is not None and (base.is_json or base.is_variable):
            return value
        return self.change(value, type_, node, port)
