"""``why``: whether a node would run, and what in it is new."""

from __future__ import annotations

import sys
from argparse import Namespace

from musegraph.cli.entry import FINE, UsageError, print_json
from musegraph.cli.loading import make_plan, open_engine
from musegraph.cli.style import Style, duration, printable, shorten
from musegraph.plan import Plan
from musegraph.why import Part, Why, explain
from musegraph.workflow import Workflow

_STATES = {
    "cached": ("done", "green", "cached"),
    "run": ("run", "cyan", "would run"),
    "open": ("open", "blue", "open"),
    "skip": ("skip", "yellow", "skipped"),
}
_LISTED = 20
_OPEN = "known only once what it hangs on has run"


def why(args: Namespace) -> int:
    """Say what the plan says of one node, and the reason."""
    workflow = Workflow.read(args.file)
    with open_engine(args) as engine:
        plan = make_plan(engine, workflow, args)
        needed = True
        id = _node(plan, args.node)
        if id in plan.unused:
            needed = False
            args.only = [id]
            plan = make_plan(engine, workflow, args)
        found = explain(engine, plan, id)
    if args.json:
        print_json({**found.json(), "needed": needed})
    else:
        _show(found, needed, Style(sys.stdout))
    return FINE


def _node(plan: Plan, name: str) -> str:
    """The step that a name means: itself, or where a named output comes from."""
    if name in plan.steps or name in plan.unused:
        return name
    if name in plan.outputs:
        return plan.outputs[name].node
    known = [*plan.outputs, *plan.steps, *plan.unused]
    inside = [id for id in known if id.startswith(f"{name}/")]
    if inside:
        listed = ", ".join(inside[:_LISTED])
        raise UsageError(f"{name!r} is a subgraph; ask about a node inside: {listed}")
    raise UsageError(f"there is no node {name!r}; known: {', '.join(known[:_LISTED])}")


def _show(found: Why, needed: bool, style: Style) -> None:
    sign, colour, state = _STATES[found.state]
    start = f"{style(style.signs[sign], colour)} {style(found.node, 'bold')}"
    if found.node == found.origin:
        style.line(f"{start}: {state}, {_because(found, style)}")
    else:
        style.line(f"{start}: {state}, {_OPEN}")
        style.line(f"  {' <- '.join(found.path)}")
        state = _STATES["run"][2]
        style.line(f"  {style(found.origin, 'bold')}: {state}, {_because(found, style)}")
    if not needed:
        style.line(style("no output needs it, so a run leaves it out; --only runs it", "dim"))


def _because(found: Why, style: Style) -> str:
    cost = duration(found.seconds) if found.seconds is not None else ""
    if found.first is not None:
        more = f", and {found.others} more" if found.others else ""
        return f"{_differs(found.first, style)}{more} (the time before, it took {cost})"
    return {
        "cached": f"it took {cost}",
        "pinned": "its result is pinned",
        "new": "no node of its type has run with this cache before",
        "lost": f"it ran before (it took {cost}), and its result is no longer in the cache",
        "items": "all it is made of is as before; of its items, not all are done",
        "always": "it reads the world, so it runs every time",
        "unhashed": found.note or "a model it uses is not hashed yet",
        "skipped": found.note,
    }[found.reason]


def _differs(part: Part, style: Style) -> str:
    if part.old is None:
        return f"{part.name} is new: {_said(part.new)}"
    if part.new is None:
        return f"{part.name} is no longer there: it was {_said(part.old)}"
    return f"{part.name}: {_said(part.old)} {style.signs['to']} {_said(part.new)}"


def _said(identity: str | None) -> str:
    """An identity for people: a short value itself, of a digest enough to tell two apart."""
    text = str(identity)
    if text.startswith("json:"):
        return printable(text.removeprefix("json:"))
    return shorten(printable(text), 40) if ":" not in text else shorten(printable(text), 22)
