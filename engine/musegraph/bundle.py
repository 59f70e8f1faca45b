"""A workflow and its files put into one zip: ``workflow.json`` and ``assets/NAME``.

The same workflow and files give the same bytes on every machine: names are sorted, times are
fixed and nothing is compressed (what deflate writes depends on its version, and pictures are
compressed already). :meth:`Workflow.read` opens it as any workflow, and a plan finds the files in
it as it does in a folder: none is ever written under a name from a zip.
"""

from __future__ import annotations

import stat
import zipfile
from dataclasses import dataclass
from io import BytesIO
from mimetypes import guess_extension, guess_type
from pathlib import PurePosixPath
from typing import Any

from musegraph.archive import MAX_BYTES
from musegraph.errors import InvalidWorkflow, Problem
from musegraph.pack import Registry
from musegraph.plan.files import Beside, missing_file
from musegraph.plan.literals import Asset, asset_of
from musegraph.plan.places import change_values
from musegraph.store import Store
from musegraph.values import Type
from musegraph.values.files import plain_name
from musegraph.workflow import BUNDLED, Workflow

FOLDER = "assets/"

_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The bytes of a zip, the files in it, and what the workflow needs and a zip cannot hold."""

    data: bytes
    files: tuple[str, ...]
    missing: tuple[str, ...]


def make_bundle(workflow: Workflow, registry: Registry, store: Store) -> Bundle:
    """The zip of a workflow; raises :class:`InvalidWorkflow` naming every file it lacks."""
    with Beside(workflow.folder) as beside:
        packing = _Packing(beside, store)
        packed = change_values(workflow, registry.get, packing.value)
    if packing.problems:
        raise InvalidWorkflow(packing.problems)
    for graph in (workflow.graph, *workflow.graphs.values()):
        packing.missing += [f"the pinned result of {id}" for id, n in graph.nodes.items() if n.pin]
    members = {BUNDLED: packed.text().encode(), **packing.members}
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _TIME)
            info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, members[name])
    return Bundle(stream.getvalue(), tuple(sorted(packing.members)), tuple(packing.missing))


class _Packing:
    """The files that a document names, gathered under names of their own."""

    def __init__(self, beside: Beside, store: Store) -> None:
        self.beside = beside
        self.store = store
        self.members: dict[str, bytes] = {}
        self.problems: list[Problem] = []
        self.missing: list[str] = []
        self.size = 0

    def value(self, value: Any, type_: Type | None, node: str | None, port: str) -> Any:
        asset = asset_of(value)
        if asset is None:
            base = (type_.item or type_).name if type_ else ""
            if base == "ModelSource" and isinstance(value, str) and _is_own(value):
                self.missing.append(f"the model {value}")
            return value
        why = missing_file(asset, self.beside, self.store)
        data = None if why else self.read(asset)
        if data is None or (self.size + len(data)) > MAX_BYTES:
            why = why or f"with {asset.name!r} the bundle has more than {MAX_BYTES >> 20} MB"
            self.problems.append(Problem(node, port, "value", why))
            return value
        return {"file": self.add(_name(asset), data)}

    def read(self, asset: Asset) -> bytes | None:
        if asset.file is not None:
            large = self.beside.size(asset.file) > MAX_BYTES
            return None if large else self.beside.read(asset.file)
        return self.store.get_bytes(asset.digest)

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


def _name(asset: Asset) -> str:
    """A file name that every system takes, with the suffix that says what it is."""
    name = plain_name(asset.name[-120:]) or "file"
    if asset.media and guess_type(name)[0] != asset.media:
        safetensors = asset.media == "application/safetensors" and ".safetensors"
        suffix = safetensors or guess_extension(asset.media) or ""
        name += "" if name.endswith(suffix) else suffix
    return name


def _is_own(source: str) -> bool:
    """Whether a model is named by a place on this machine."""
    return source.startswith(("/", "~", "\\", ".")) or source[1:2] == ":"
