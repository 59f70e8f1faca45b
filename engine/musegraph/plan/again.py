"""The plan of a document made out of the plan of one like it.

A program that plans the same document again, or a canvas that sends the whole of it after each
change, pays for what is different. Only values may differ; all else is planned anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from musegraph.document import Graph, Node
from musegraph.errors import InvalidWorkflow
from musegraph.plan.steps import Plan
from musegraph.values.canonical import canonical
from musegraph.workflow import Port, Workflow

Changes = dict[Port | str, Any]


class Planned(NamedTuple):
    """A document, and the plan that was made of it for these nodes."""

    workflow: Workflow
    only: tuple[str, ...]
    plan: Plan


def plan_again(last: Planned | None, workflow: Workflow, only: tuple[str, ...]) -> Plan | None:
    """The plan of a document that differs from the last one in values; None if in more."""
    if last is None or only != last.only or last.plan.editor is None:
        return None
    changes = differences(last.workflow, workflow)
    if changes is None:
        return None
    try:
        made = last.plan.edit(changes, last.plan.active)
    except InvalidWorkflow:  # planned anew it names every problem, in the order of the document
        return None
    made.source, made.changes = workflow, {}
    made.fresh = tuple(id for id in made.steps if id not in made.active)
    return made


def differences(before: Workflow, after: Workflow) -> Changes | None:
    """The values at ports and of named inputs that differ; None if something else does.

    What no run can see (the canvas, labels, names) may differ as it likes.
    """
    if before.graphs != after.graphs or before.folder != after.folder:
        return None
    one, other = before.graph, after.graph
    if [*one.nodes] != [*other.nodes] or [*one.outputs.items()] != [*other.outputs.items()]:
        return None
    changes: Changes = {}
    if not _inputs(one, other, changes):
        return None
    for id, node in one.nodes.items():
        if not _node(id, node, other.nodes[id], changes):
            return None
    return changes


def _inputs(one: Graph, other: Graph, changes: Changes) -> bool:
    if [*one.inputs] != [*other.inputs]:
        return False
    for name, entry in one.inputs.items():
        now = other.inputs[name]
        if entry.to != now.to or entry.has_default != now.has_default:
            return False
        if entry.has_default and not _same(entry.default, now.default):
            changes[name] = now.default
    return True


def _node(id: str, one: Node, other: Node, changes: Changes) -> bool:
    if one.type != other.type or one.links != other.links or one.mode != other.mode:
        return False
    if one.pin != other.pin or one.repeat != other.repeat:
        return False
    values: Mapping[str, Any] = other.values
    if one.values.keys() != values.keys():
        return False
    for port, value in one.values.items():
        if not _same(value, values[port]):
            changes[Port(id, port)] = values[port]
    return True


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same, not only equal: 1 is not true."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, dict)):
        return canonical(one) == canonical(other)
    return bool(one == other)
