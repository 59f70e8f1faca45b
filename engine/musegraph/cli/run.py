"""``run``: carry a workflow out, show how far it is, and save its outputs."""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musegraph.cli.entry import CLOSED, FAILED, FINE, complain, explain, print_json
from musegraph.cli.loading import make_plan, open_engine, tell_unused
from musegraph.cli.plain import Collected, Lines, Printed, Quiet, View
from musegraph.cli.style import Style, plain
from musegraph.errors import MusegraphError, StoreError
from musegraph.store import NOTHING
from musegraph.workflow import Workflow

if TYPE_CHECKING:
    from musegraph.cli.interrupts import Interrupts
    from musegraph.outputs import Saved
    from musegraph.plan import Plan
    from musegraph.run import Engine, RunResult


def run(args: Namespace, interrupts: Interrupts) -> int:
    """Plan, run, save, and say what came of it; the exit code."""
    workflow = Workflow.read(args.file)
    with open_engine(args) as engine:
        plan = make_plan(engine, workflow, args)
        view = make_view(engine, plan, args)
        cancel = threading.Event()
        interrupts.guard(cancel, view.tell, engine.store.flush)
        try:
            result = carry_out(engine, plan, view, cancel, args)
            view.finish(result)
            code = finish(result, view, args)
        finally:
            interrupts.release()
        return interrupts.code or code


def make_view(engine: Engine, plan: Plan, args: Namespace) -> View:
    if args.json:
        return Printed(plan, args.debug)
    if args.quiet:
        return Quiet(plan, args.debug)
    if Style(sys.stderr).terminal:
        from musegraph.cli.progress import Live

        return Live(plan, args.debug, engine.predict(plan))
    return Lines(plan, args.debug)


def carry_out(
    engine: Engine, plan: Plan, view: View, cancel: threading.Event, args: Namespace
) -> RunResult:
    """Run the plan. What a node prints goes to stderr: stdout belongs to paths and events."""
    events = Collected(view, cancel)
    tell_unused(plan.unused, args)
    gc.enable()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            result = engine.run(plan, events, cancel)
    finally:
        view.stop()
    if events.error is not None:
        raise events.error
    return result


def finish(result: RunResult, view: View, args: Namespace) -> int:
    """Save the outputs and name them on stdout; the exit code."""
    saved, trouble = save(result, args)
    if args.json:
        print_json(outputs_line(result, saved))
    else:
        for one in saved:
            print(one.path)
        if not args.out and not args.quiet:
            show_values(result)
    for name, message in result.outcome.errors.items():
        view.failed(name, message)
    if isinstance(trouble, StoreError):
        return explain(trouble, args)
    if trouble:
        complain(str(trouble))
    if view.broken:
        return CLOSED
    return FAILED if result.outcome.errors or trouble else FINE


def save(result: RunResult, args: Namespace) -> tuple[list[Saved], MusegraphError | None]:
    """Write the outputs into the folder of ``--out``: what was saved, and why not all was."""
    if not args.out:
        return [], None
    from musegraph.outputs import FolderUnusable, NotSaved, save_outputs

    try:
        return save_outputs(result, Path(args.out), embed=not args.no_embed), None
    except (NotSaved, FolderUnusable) as error:
        return error.saved, error


def outputs_line(result: RunResult, saved: list[Saved]) -> dict[str, Any]:
    paths: dict[str, list[str]] = {}
    for one in saved:
        paths.setdefault(one.output, []).append(str(one.path))
    entries = result.entries()
    values = {name: entry.json for name, entry in entries.items() if entry.json is not NOTHING}
    return {"type": "outputs", "files": paths, "values": values}


def show_values(result: RunResult) -> None:
    """Without a folder to save in: texts and numbers as they are, of pictures that they exist."""
    style = Style(sys.stdout)
    kept: list[str] = []
    lost: list[str] = []
    ports = result.ports()
    for name, entry in result.entries().items():
        if entry.json is NOTHING:
            (lost if result.outcome.makeshift(ports[name].node) else kept).append(name)
            continue
        style.line(f"{style(name, 'bold')}: {plain(entry.json)}")
    aside = Style(sys.stderr)
    for names, where in ((kept, "kept in the cache"), (lost, "makeshift and not kept")):
        if names:
            aside.line(aside(f"{', '.join(names)}: {where}; --out DIR saves files", "dim"))
