"""Files that literals point to: looked for when a plan is made, and taken into the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from mimetypes import guess_type
from pathlib import PurePosixPath
from typing import Any

from musegraph.errors import InvalidWorkflow, Problem
from musegraph.paths import ABSENT, read, shown, why_missing
from musegraph.plan.literals import Asset
from musegraph.plan.steps import Step
from musegraph.store import Store
from musegraph.values import digest
from musegraph.workflow import Workflow


def check_files(
    workflow: Workflow,
    steps: Mapping[str, Step],
    store: Store | None,
    problems: list[Problem],
) -> None:
    """Name the files that a literal points to and that are not there."""
    for step in steps.values():
        for port, value in step.values.items():
            for asset in value if isinstance(value, list) else [value]:
                if not isinstance(asset, Asset):
                    continue
                why = missing_file(workflow, asset, store)
                if why:
                    problems.append(Problem(step.id, port, "value", why))


def missing_file(workflow: Workflow, asset: Asset, store: Store | None) -> str:
    """Why a file that a literal names cannot be had; empty if it can."""
    if asset.digest.startswith("file:"):
        name = asset.digest.removeprefix("file:")
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
            return f"the file {name!r} has to be a path below the workflow's folder, without '..'"
        if workflow.folder is None:
            return f"the file {name!r} is relative, and this workflow is in no folder"
        why = why_missing(workflow.folder / name)
        if why and why not in ABSENT:
            return f"the file {shown(name)!r} cannot be read: {why}"
        place = (workflow.folder / name).resolve()
        if not place.is_relative_to(workflow.folder.resolve()):
            return f"the file {name!r} leads out of the workflow's folder; copy it in"
        if not place.is_file():
            return f"there is no file {shown(workflow.folder / name)}"
    elif store is not None and not store.has_bytes(asset.digest):
        return f"the file {asset.name or asset.digest!r} is not in the cache; add it again"
    return ""


def adopt_files(
    workflow: Workflow, steps: Mapping[str, Step], store: Store
) -> dict[str, dict[str, str]]:
    """Take the files that lie next to the document into the store; from here on they are assets.

    Gives each by its name in the document, as it would be written there from now on. Raises
    :class:`InvalidWorkflow` for one that cannot be read, or is gone since it was looked for.
    """
    taken: dict[str, dict[str, str]] = {}

    def adopt(asset: Any, step: str, port: str) -> Any:
        if not isinstance(asset, Asset) or not asset.digest.startswith("file:"):
            return asset
        assert workflow.folder is not None
        name = asset.digest.removeprefix("file:")
        path = workflow.folder / name
        media = asset.media or guess_type(path.name)[0] or "application/octet-stream"
        try:
            digest = store.put_bytes(read(path))
        except OSError as error:
            why = f"the file {shown(path)} cannot be read: {error.strerror}"
            raise InvalidWorkflow([Problem(step, port, "value", why)]) from None
        taken[name] = {"asset": digest, "name": path.name, "media": media}
        return replace(asset, digest=digest, media=media)

    for step in steps.values():
        for port, value in step.values.items():
            if isinstance(value, Asset):
                step.values[port] = made = adopt(value, step.id, port)
                step.identities[port] = made.identity
            elif isinstance(value, list) and value and isinstance(value[0], Asset):
                step.values[port] = items = [adopt(item, step.id, port) for item in value]
                ids = tuple(item.identity for item in items)
                step.identities[port] = digest("list", *ids)
                if port in step.items:
                    step.items = {**step.items, port: ids}
    return taken
