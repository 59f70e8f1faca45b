"""Files beside a document, which literals point to: looked for, and taken into the store.

Beside it is the folder that it lies in, or the zip that it came in. A plan is made with the files
as assets, named by their bytes, so it goes on meaning the same when they change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from mimetypes import guess_type
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from musegraph.errors import InvalidWorkflow, Problem, UnreadableWorkflow
from musegraph.paths import ABSENT, read_below, shown, why_missing
from musegraph.plan.interface import Lookup
from musegraph.plan.literals import Asset, asset_of
from musegraph.plan.places import change_values
from musegraph.plan.steps import Step
from musegraph.sentences import sentence
from musegraph.store import Store
from musegraph.workflow import Node, Workflow

if TYPE_CHECKING:
    from musegraph.archive import Archive

T = TypeVar("T")


class Beside:
    """What lies beside a document; ``folder`` is its folder, its zip, or None if it has none."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def missing(self, name: str) -> str:
        """Why a file of this name cannot be had; empty if it can."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
            return f"the file {name!r} has to be a path below the workflow's folder, without '..'"
        if self.folder is None:
            return f"the file {name!r} is relative, and this workflow is in no folder"
        if self._archive is not None:
            there = name in self._archive.sizes
        else:
            why = why_missing(self.folder / name)
            if why and why not in ABSENT:
                return f"the file {shown(name)!r} cannot be read: {why}"
            try:
                place = (self.folder / name).resolve()
            except OSError as error:  # somebody changes it while it is looked at
                return f"the file {shown(name)!r} cannot be read: {error.strerror}"
            if not place.is_relative_to(self.folder.resolve()):
                return f"the file {name!r} leads out of the workflow's folder; copy it in"
            there = place.is_file()
        return "" if there else sentence("file-missing", file=shown(self.folder / name))

    def size(self, name: str) -> int:
        """The bytes of a file that is not :meth:`missing`."""
        if self._archive is not None:
            return self._archive.sizes[name]
        return self._below(lambda folder: (folder / name).stat().st_size, name)

    def read(self, name: str) -> bytes:
        """The content of a file that is not :meth:`missing`."""
        if self._archive is not None:
            return self._archive.read(name)
        return self._below(lambda folder: read_below(folder, name), name)

    def _below(self, ask: Callable[[Path], T], name: str) -> T:
        assert self.folder is not None
        try:
            return ask(self.folder)
        except OSError as error:
            said = f"the file {shown(self.folder / name)} cannot be read: {error.strerror}"
            raise UnreadableWorkflow(said) from None

    @cached_property
    def _archive(self) -> Archive | None:
        if self.folder is None or not self.folder.is_file():
            return None
        from musegraph.archive import Archive

        return Archive(self.folder)

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *error: object) -> None:
        if (opened := self.__dict__.get("_archive")) is not None:
            opened.close()


def check_files(
    workflow: Workflow,
    steps: Mapping[str, Step],
    store: Store | None,
    problems: list[Problem],
) -> None:
    """Name the files that a literal points to and that are not there."""
    with Beside(workflow.folder) as beside:
        problems += (
            Problem(step.id, port, "value", why)
            for step, port, asset in _named(steps)
            if (why := missing_file(asset, beside, store))
        )


def _named(steps: Mapping[str, Step]) -> Iterator[tuple[Step, str, Asset]]:
    """Every file that a literal of these steps names, with its port."""
    for step in steps.values():
        for port, literal in step.literals.items():
            value = literal.value
            for asset in value if isinstance(value, list) else [value]:
                if isinstance(asset, Asset):
                    yield step, port, asset


def missing_file(asset: Asset, beside: Beside, store: Store | None) -> str:
    """Why a file that a literal names cannot be had; empty if it can."""
    if asset.file is not None:
        return beside.missing(asset.file)
    if store is not None and not store.has_bytes(asset.digest):
        return sentence("file-lost", file=repr(asset.name or asset.digest))
    return ""


def adopt_files(
    workflow: Workflow,
    steps: Mapping[str, Step],
    nodes: Mapping[str, Node],
    lookup: Lookup,
    store: Store,
) -> tuple[Workflow, dict[str, Node]]:
    """Take the files beside a document into the store: the document and the nodes with assets.

    Of the nodes only those that change. Raises :class:`InvalidWorkflow` if a file cannot be read.
    """
    named = [(s.id, port, asset.file) for s, port, asset in _named(steps) if asset.file is not None]
    taken: dict[str, Asset] = {}
    with Beside(workflow.folder) as beside:
        for id, port, name in named:
            try:
                taken[name] = taken.get(name) or _take(name, beside, store)
            except UnreadableWorkflow as error:
                raise InvalidWorkflow([Problem(id, port, "value", str(error))]) from None
    if not taken:
        return workflow, {}

    def adopt(value: Any, *_: Any) -> Any:
        if isinstance(value, list):
            return [adopt(item) for item in value]
        asset = asset_of(value)
        return taken[asset.file].json() if asset and asset.file in taken else value

    adopted: dict[str, Node] = {}
    for id, port, _ in named:
        node = adopted.get(id, nodes[id])
        adopted[id] = node._replace(values={**node.values, port: adopt(node.values[port])})
    return change_values(workflow, lookup, adopt), adopted


def _take(name: str, beside: Beside, store: Store) -> Asset:
    media = guess_type(name)[0] or "application/octet-stream"
    return Asset("", store.put_bytes(beside.read(name)), PurePosixPath(name).name, media)
