"""``plan``: what running a workflow would do, and what that would take."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from musegraph.cli.entry import FINE, print_json
from musegraph.cli.loading import make_plan, open_engine, tell_brought
from musegraph.cli.style import Style, duration, number, size, table
from musegraph.plan import Plan, Step
from musegraph.predict import Estimate, Prediction, Spread
from musegraph.store import Tier
from musegraph.workflow import Workflow

_SIGNS = {
    "cached": ("done", "green"),
    "run": ("run", "cyan"),
    "open": ("open", "blue"),
    "skip": ("skip", "yellow"),
}
WORTH_TELLING = 10e6
"""Bytes below which memory is not spoken of."""

MEANINGS = {"cached": "cached", "run": "to run", "open": "open", "skip": "skipped"}


def plan(args: Namespace) -> int:
    """The steps in order, each with its state, and what the run would give."""
    workflow = Workflow.read(args.file)
    with open_engine(args) as engine:
        made = make_plan(engine, workflow, args)
        predicted = engine.predict(made)
        tiers = {
            id: engine.store.tier(made.known.get(id))
            for id, step in made.steps.items()
            if step.state == "cached"
        }
    tell_brought(made.source)
    if args.json:
        print_json(_json(args.file, made, predicted, tiers))
    else:
        _show(args.file, made, predicted, Style(sys.stdout))
    return FINE


def _show(file: str, plan: Plan, predicted: Prediction, style: Style) -> None:
    title = plan.workflow.name or file
    style.line(f"{style(title, 'bold')}  {style(summary(plan), 'dim')}")
    rows = [
        [step.state, step.id, step.type.id if step.type else "", _note(step, predicted)]
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
    if said := total(predicted):
        style.line(style(said, "dim"))
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


def total(predicted: Prediction) -> str:
    """``in all about 12 s (9 to 15), 1.3 GiB``; empty where nothing is known."""
    if predicted.seconds is None:
        return ""
    said = _about(predicted.seconds, predicted.memory, predicted.device_memory)
    if not predicted.unknown:
        return f"in all {said}"
    names = ", ".join(predicted.unknown[:5]) + (" …" if len(predicted.unknown) > 5 else "")
    return f"in all {said}, without {names}: never timed here"


def _about(seconds: Spread, memory: Spread | None, device_memory: Spread | None) -> str:
    """Seconds with their spread; of memory what nine of ten runs did not exceed."""
    low, high = duration(seconds.low), duration(seconds.high)
    unit = high.rpartition(" ")[2]
    if low.endswith(f" {unit}") and " " not in (first := low.removesuffix(f" {unit}")):
        low, high = first, high.removesuffix(f" {unit}")
    parts = [f"about {duration(seconds.median)}" + (f" ({low} to {high})" if low != high else "")]
    if memory is not None and memory.high >= WORTH_TELLING:
        parts.append(size(round(memory.high)))
    if device_memory is not None and device_memory.high >= WORTH_TELLING:
        parts.append(f"{size(round(device_memory.high))} on the device")
    return ", ".join(parts)


def _note(step: Step, predicted: Prediction) -> str:
    notes = [step.note] if step.note else []
    if (found := predicted.steps.get(step.id)) is not None:
        about = _about(found.seconds, found.memory, found.device_memory)
        notes.append(about if found.same_work else f"{about} with other settings")
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


def _json(
    file: str, plan: Plan, predicted: Prediction, tiers: Mapping[str, Tier | None]
) -> dict[str, Any]:
    return {
        "file": file,
        "name": plan.workflow.name,
        "counts": plan.count(),
        "steps": [
            {
                "id": step.id,
                "type": step.type.id if step.type else None,
                "state": step.state,
                "tier": tiers.get(step.id),
                "key": step.key,
                "each": list(step.each),
                "length": step.length,
                "note": _note(step, predicted),
                "predicted": _estimate_json(predicted.steps.get(step.id)),
            }
            for step in plan.steps.values()
        ],
        "outputs": {name: str(port) for name, port in plan.outputs.items()},
        "targets": [str(port) for port in plan.targets],
        "unused": list(plan.unused),
        "predicted": _total_json(predicted),
    }


def _estimate_json(found: Estimate | None) -> dict[str, Any] | None:
    """Seconds and bytes of a step; without ``same_work``, from other work of its type."""
    if found is None:
        return None
    return {
        **_spreads(found.seconds, found.memory, found.device_memory),
        "samples": found.samples,
        "same_work": found.same_work,
    }


def _total_json(predicted: Prediction) -> dict[str, Any] | None:
    """The sum of the seconds, the most bytes of any step, and the steps that are not in it."""
    if predicted.seconds is None:
        return None
    return {
        **_spreads(predicted.seconds, predicted.memory, predicted.device_memory),
        "unknown": list(predicted.unknown),
    }


def _spreads(
    seconds: Spread, memory: Spread | None, device_memory: Spread | None
) -> dict[str, Any]:
    named = {"seconds": seconds, "memory": memory, "device_memory": device_memory}
    return {name: None if one is None else one.json() for name, one in named.items()}
