"""The workflow in a file: a document, a bundle, or a picture that carries one.

The files beside it become assets, so that it can be kept and run without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from mimetypes import guess_type
from pathlib import PurePosixPath
from typing import Any

from musegraph.errors import NodeError, UnreadableWorkflow
from musegraph.plan.files import Beside
from musegraph.plan.literals import Asset, asset_of
from musegraph.plan.places import change_values
from musegraph.run import Engine
from musegraph.templates import folder
from musegraph.texts import texts_of
from musegraph.values import Type
from musegraph.workers.media import BYTES, describe
from musegraph.workflow import Workflow


def read_workflow(engine: Engine, message: Mapping[str, Any]) -> dict[str, Any]:
    """The document in an asset; ``{"none": why}`` if there is none."""
    disk, asset, name = engine.store.disk, str(message["asset"]), str(message["name"])
    if disk is None or not disk.verify(asset):
        raise NodeError(f"the file {asset} is not here, or is damaged; upload it again")
    place = disk.path(asset)
    try:
        workflow = Workflow.read(place)
    except UnreadableWorkflow as error:  # it knows the file by its place here
        return {"none": str(error).replace(str(place), repr(name))}
    bundle = workflow.folder == place  # else what lies beside it is the store's, not its own
    return _adopted(engine, workflow if bundle else replace(workflow, folder=None))


def open_template(engine: Engine, message: Mapping[str, Any]) -> dict[str, Any]:
    """The document of an example."""
    place = folder()
    assert place is not None
    made = _adopted(engine, Workflow.read(place / f"{message['id']}.json"))
    if texts := texts_of(place / "texts", str(message["id"])):
        made["workflow"] = {**made["workflow"], "texts": texts}
    return made


def _adopted(engine: Engine, workflow: Workflow) -> dict[str, Any]:
    """The document with the files beside it as assets, and what is to be known of those."""
    with Beside(workflow.folder) as beside:
        taking = _Taking(engine, beside)
        made = change_values(workflow, engine.registry.get, taking.value)
    files = list({file["asset"]: file for file in taking.files.values()}.values())
    return {"workflow": made.json(), "files": files, "missing": [*taking.missing]}


class _Taking:
    def __init__(self, engine: Engine, beside: Beside) -> None:
        self.store = engine.store
        self.beside = beside
        self.files: dict[str, dict[str, Any]] = {}
        """What each file beside the document became, by its name there."""
        self.missing: dict[str, None] = {}

    def value(self, value: Any, type_: Type | None, node: str | None, port: str) -> Any:
        asset = asset_of(value)
        if asset is None:
            return value
        if asset.file is None:
            if not self.store.has_bytes(asset.digest):
                self.missing[asset.name or asset.digest] = None
            return value
        if asset.file not in self.files:
            if self.beside.missing(asset.file):
                self.missing[asset.file] = None
                return value
            self.files[asset.file] = self.taken(asset.file)
        return _asset(self.files[asset.file]).json()

    def taken(self, file: str) -> dict[str, Any]:
        data = self.beside.read(file)
        name = PurePosixPath(file).name
        asset = self.store.put_bytes(data)
        assert self.store.disk is not None
        try:
            media = str(describe(self.store.disk.path(asset), name)["media"])
        except NodeError:  # a damaged picture is bytes to be saved, and its node will say so
            media = BYTES
        return {"asset": asset, "name": name, "media": media, "bytes": len(data)}


def _asset(file: Mapping[str, Any]) -> Asset:
    """As a document names it: by what its name says it is, as everywhere."""
    media = guess_type(file["name"])[0] or str(file["media"])
    return Asset("", file["asset"], file["name"], media)
