"""``diff``: what is different between two workflows, for people or for programs."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from musegraph.cli.entry import FAILED, FINE, print_json
from musegraph.cli.style import Style, number, printable
from musegraph.compare import Change, Difference, compare, said
from musegraph.workflow import Workflow

_MARKS = {
    "added": ("+", "green"),
    "removed": ("-", "red"),
    "renamed": ("~", "yellow"),
    "changed": ("~", "yellow"),
}


def diff(args: Namespace) -> int:
    """The differences, one a line; 0 if there are none that count, else 1."""
    found = compare(_read(args, args.old), _read(args, args.new))
    if args.json:
        changes = [change.json() for change in found.changes]
        print_json({"equal": found.equal, "changes": changes, "layout": found.layout})
    else:
        _show(found, Style(sys.stdout))
    return FINE if found.equal else FAILED


def _read(args: Namespace, path: str) -> Workflow:
    args.file = path  # the one that an error is about
    return Workflow.read(path)


def _show(found: Difference, style: Style) -> None:
    wide = max((len(change.what) for change in found.changes), default=0)
    for change in found.changes:
        mark, colour = _MARKS[change.how]
        what = style(change.what.ljust(wide), "dim")
        text = printable(" ".join(part for part in _parts(change, style) if part))
        style.line(f"{style(mark, colour)} {what}  {text}")
    if found.layout:
        style.line(style(f"layout: {number(found.layout, 'place')} moved on the canvas", "dim"))
    if found.equal:
        style.line(style("equal", "green"))
    else:
        style.line(style(number(len(found.changes), "difference"), "bold"))


def _parts(change: Change, style: Style) -> tuple[str, ...]:
    """Where it is, and what was and is there."""
    to = style.signs["to"]
    if change.how == "renamed":
        return (change.old, to, change.where)
    if change.how == "changed":
        return (change.where, _said(change, change.old), to, _said(change, change.new))
    there = change.new if change.how == "added" else change.old
    if change.what == "subgraph":
        return (change.where, f"({number(len(there['nodes']), 'node')})")
    if change.what == "node":
        return (change.where, f"({there['type']})")
    if change.what == "input" and isinstance(there, dict):
        default = f"= {said(there['default'])}" if "default" in there else ""
        return (change.where, default, to, ", ".join(there["to"]))
    return (change.where, _said(change, there))


def _said(change: Change, value: Any) -> str:
    """Types, modes and wires as they are; what somebody set as JSON."""
    wires = change.where.endswith(".to") and change.what == "input"
    if wires or change.what in ("type", "mode", "link", "output", "pin"):
        return f"[{', '.join(value)}]" if isinstance(value, list) else str(value)
    return said(value)
