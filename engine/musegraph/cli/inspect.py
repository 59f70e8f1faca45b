"""``check`` and ``plan``: what is wrong with a workflow, and what running it would do."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from musegraph.cli.entry import FINE, PROBLEMS, UNREADABLE, complain, print_json, report
from musegraph.cli.loading import (
    make_plan,
    model_folders,
    open_engine,
    open_registry,
    read_workflow,
    with_files,
)
from musegraph.cli.style import Style, number, table
from musegraph.errors import InvalidWorkflow, UnreadableWorkflow
from musegraph.models import Models
from musegraph.plan import Plan, Step
from musegraph.plan import check as problems_of
from musegraph.store import Store

_SIGNS = {
    "cached": ("done", "green"),
    "run": ("run", "cyan"),
    "open": ("open", "blue"),
    "skip": ("skip", "yellow"),
}
MEANINGS = {"cached": "cached", "run": "to run", "open": "open", "skip": "skipped"}


def check(args: Namespace) -> int:
    """Every problem of every file, each on a line of its own; the worst exit code."""
    style = Style(sys.stdout)
    registry = open_registry(args)
    models = Models(registry, Store(), model_folders(args))
    codes = []
    for file in args.files:
        try:
            workflow = with_files(read_workflow(file), registry, models.store)
            problems = problems_of(workflow, registry, models)
        except InvalidWorkflow as error:
            workflow, problems = None, list(error.problems)
        except UnreadableWorkflow as error:
            codes.append(UNREADABLE)
            if args.json:
                print_json({"file": file, "ok": False, "error": str(error), "problems": []})
            else:
                complain(str(error))
            continue
        codes.append(PROBLEMS if problems else FINE)
        if args.json:
            listed = [problem.json() for problem in problems]
            print_json({"file": file, "ok": not problems, "problems": listed})
        elif problems:
            report(file, problems, style)
        elif workflow is not None:
            size = style(f"({number(len(workflow.nodes), 'node')})", "dim")
            style.line(f"{style(file, 'dim')}: {style('fine', 'green')} {size}")
    return max(codes)


def plan(args: Namespace) -> int:
    """The steps in order, each with its state, and what the run would give."""
    workflow = read_workflow(args.file)
    with open_engine(args) as engine:
        made = make_plan(engine, workflow, args)
    if args.json:
        print_json(_json(args.file, made))
    else:
        _show(args.file, made, Style(sys.stdout))
    return FINE


def _show(file: str, plan: Plan, style: Style) -> None:
    title = plan.workflow.name or file
    style.line(f"{style(title, 'bold')}  {style(summary(plan), 'dim')}")
    rows = [
        [step.state, step.id, step.type.id if step.type else "", _note(step)]
        for step in plan.steps.values()
    ]
    lines = table(rows, style, [(), ("bold",), ("dim",), ("dim",)])
    for step, line in zip(plan.steps.values(), lines, strict=True):
        sign, colour = _SIGNS[step.state]
        style.line(f"{style(style.signs[sign], colour)} {line[2:]}")
    wanted = set(plan.targets)
    for name, port in plan.outputs.items():
        if port in wanted:
            style.line(f"{style.signs['to']} {style(name, 'bold')} {style(f'from {port}', 'dim')}")
    if any(step.state == "open" for step in plan.steps.values()):
        style.line(style("open: cached or to run, known once what it hangs on has run", "dim"))
    if plan.unused:
        names = ", ".join(plan.unused[:8]) + (" …" if len(plan.unused) > 8 else "")
        style.line(style(f"not needed: {names}", "dim"))


def summary(plan: Plan) -> str:
    """``6 steps: 2 cached, 4 to run``."""
    counts = plan.count()
    parts = [f"{counts[state]:,} {said}" for state, said in MEANINGS.items() if state in counts]
    return f"{number(len(plan.steps), 'step')}: {', '.join(parts)}" if parts else "nothing to run"


def _note(step: Step) -> str:
    notes = [step.note] if step.note else []
    if step.muted:
        notes.append("muted")
    if step.pin is not None:
        notes.append("pinned")
    if step.each:
        count = "each item" if step.length is None else f"each of {number(step.length, 'item')}"
        notes.append(f"{count} of {', '.join(step.each)}")
    if step.type is not None and not step.type.cache:
        notes.append("runs every time")
    return "; ".join(notes)


def _json(file: str, plan: Plan) -> dict[str, Any]:
    return {
        "file": file,
        "name": plan.workflow.name,
        "counts": plan.count(),
        "steps": [
            {
                "id": step.id,
                "type": step.type.id if step.type else None,
                "state": step.state,
                "key": step.key,
                "each": list(step.each),
                "length": step.length,
                "note": _note(step),
            }
            for step in plan.steps.values()
        ],
        "outputs": {name: str(port) for name, port in plan.outputs.items()},
        "targets": [str(port) for port in plan.targets],
        "unused": list(plan.unused),
    }
