"""``lock``: write into a workflow what it was made with."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from musegraph.cli.entry import FAILED, FINE, UsageError, print_json
from musegraph.cli.loading import model_folders, open_registry, tell_brought
from musegraph.cli.style import Style, number
from musegraph.errors import InvalidWorkflow, StoreError
from musegraph.models import Models
from musegraph.plan import brought
from musegraph.plan import check as problems_of
from musegraph.store import Store
from musegraph.whole import write_whole
from musegraph.workflow import Workflow


def lock(args: Namespace) -> int:
    """Lock a workflow that would run as it is; one that would not is refused."""
    from musegraph.locked import lock as locked

    place = Path(args.file)
    registry = open_registry(args)
    models = Models(registry, Store(), model_folders(args))
    workflow = brought(_unlocked(_read(place)), registry)
    tell_brought(workflow)
    if problems := problems_of(workflow, registry, models):
        raise InvalidWorkflow(problems)
    made = locked(workflow, registry, models)
    try:
        write_whole(place, made.text().encode())
    except OSError as error:
        raise StoreError(f"{place} cannot be written: {error.strerror}") from None
    held = made.graph.extra["lock"]
    if args.json:
        print_json({"file": str(place), "lock": held})
        return FINE
    style = Style(sys.stdout)
    parts = [
        number(len(held.get(key, ())), what)
        for key, what in (("packs", "pack"), ("nodes", "node type"), ("models", "model"))
    ]
    sign = style(style.signs["done"], "green")
    style.line(f"{sign} {style(str(place), 'bold')}: {', '.join(parts)}")
    return FINE


def _read(place: Path) -> Workflow:
    workflow = Workflow.read(place)
    if place.suffix.lower() != ".json" or workflow.folder == place:
        raise UsageError(
            f"{place} is no JSON file, and only such a workflow is locked in its place"
        )
    return workflow


def _unlocked(workflow: Workflow) -> Workflow:
    """The document without what an earlier lock holds: to lock is to agree to what is here."""
    extra = {key: value for key, value in workflow.graph.extra.items() if key != "lock"}
    return replace(workflow, graph=replace(workflow.graph, extra=extra))


def verify(args: Namespace) -> int:
    """Say what is not here as the workflow says; the exit code is 1 if something is not."""
    from musegraph.locked import install_command
    from musegraph.locked import verify as verified

    workflow = Workflow.read(args.file)
    registry = open_registry(args, tell=False)
    found = verified(workflow, registry, Models(registry, Store(), model_folders(args)))
    command = install_command(workflow, registry)
    if args.json:
        listed = [one.json() for one in found]
        print_json({"file": args.file, "ok": not found, "found": listed, "install": command})
        return FAILED if found else FINE
    style = Style(sys.stdout)
    for one in found:
        style.line(f"{style(style.signs['fail'], 'red')} {style(one.what, 'dim')} {one.message}")
    if command:
        style.line(f"to install what is missing: {style(command, 'bold')}")
    if not found:
        locked = "lock" in workflow.graph.extra
        said = "all is as it was locked" if locked else "nothing is missing; it is not locked"
        style.line(f"{style(style.signs['done'], 'green')} {args.file}: {said}")
    return FAILED if found else FINE
