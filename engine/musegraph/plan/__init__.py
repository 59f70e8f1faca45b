"""From a workflow to a plan: pure decisions over the document, the registry and stored records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from musegraph.errors import InvalidWorkflow, Problem
from musegraph.models import Models
from musegraph.pack import Registry
from musegraph.plan.again import Planned, plan_again
from musegraph.plan.check import Checker
from musegraph.plan.edit import Editor
from musegraph.plan.expand import Flat, expand
from musegraph.plan.files import adopt_files, check_files
from musegraph.plan.forecast import Forecast, gather, model_digest
from musegraph.plan.forward import brought, forward, noted
from musegraph.plan.narrow import narrow
from musegraph.plan.overlay import Overlay
from musegraph.plan.steps import Known, Plan, Step, references_of
from musegraph.store import Store
from musegraph.workflow import Port, Workflow

__all__ = [
    "Known",
    "Overlay",
    "Plan",
    "Planned",
    "Step",
    "brought",
    "check",
    "forward",
    "gather",
    "make_plan",
    "narrow",
    "plan_again",
    "references_of",
]


def check(
    workflow: Workflow,
    registry: Registry,
    models: Models | None = None,
    store: Store | None = None,
    only: Iterable[str] = (),
) -> list[Problem]:
    """Every problem of a workflow that can be seen without running it; none if it is fine.

    With ``models``, the files of the models that it names are looked for and looked at; with
    ``store``, the files that it names by their digest; with ``only``, what these nodes need.
    """
    only = tuple(only)
    ahead = forward(workflow, registry)
    workflow = narrow(ahead.workflow, only)
    problems: list[Problem] = list(ahead.problems)
    flat = expand(workflow, registry.get, problems)
    checker = Checker(flat.nodes, registry, problems, broken=flat.broken)
    steps = checker.run(flat.outputs)
    _check_inputs(workflow, problems)
    check_files(workflow, checker.filed, store, problems)
    if only:
        _targets(workflow, flat, steps, only, problems)
    if models is not None:
        _check_models(steps, models, problems)
    return _first_told(_distinct(problems), ahead.problems)


def _first_told(problems: list[Problem], before: Sequence[Problem]) -> list[Problem]:
    """The problems without those that say less of a port than ``before`` does."""
    ports = {(one.node, one.port) for one in before}
    return [one for one in problems if one in before or (one.node, one.port) not in ports]


def _check_models(steps: Mapping[str, Step], models: Models, problems: list[Problem]) -> None:
    for step in steps.values():
        for name in step.type.model_ports if step.type is not None else ():
            sources = step.value(name)
            for source in sources if isinstance(sources, list) else [sources]:
                if isinstance(source, str):
                    model_digest(models, step, name, source, problems)


def make_plan(
    workflow: Workflow,
    registry: Registry,
    store: Store,
    models: Models | None = None,
    only: Iterable[str] = (),
) -> Plan:
    """The steps that the workflow's outputs need (or those of the nodes ``only`` names).

    Raises :class:`InvalidWorkflow` with every problem; what ``only`` does not need has none.
    """
    only = tuple(only)
    problems: list[Problem] = []
    ahead = forward(workflow, registry)
    if ahead.problems:
        raise InvalidWorkflow(check(workflow, registry, models, store, only))
    workflow = noted(ahead)
    part = narrow(workflow, only)
    flat = expand(part, registry.get, problems)
    checker = Checker(flat.nodes, registry, problems, broken=flat.broken)
    steps = checker.run(flat.outputs)
    _check_inputs(workflow, problems)
    check_files(workflow, checker.filed, store, problems)
    targets = _targets(part, flat, steps, only, problems)
    if problems:
        raise InvalidWorkflow(_distinct(problems))
    workflow, adopted = adopt_files(workflow, checker.filed, flat.nodes, registry.get, store)
    for id, node in adopted.items():
        flat.nodes[id] = node
        if (kind := steps[id].type) is not None:
            steps[id] = checker.step(id, node, kind)
    needed = _needed(steps, targets)
    kept = steps if len(needed) == len(steps) else {i: s for i, s in steps.items() if i in needed}
    unused = tuple(id for id in steps if id not in needed)
    plan = Plan(workflow, kept, dict(flat.outputs), targets, unused, nodes=flat.nodes)
    models = models or Models(registry, store)
    Forecast(plan, store, models, problems).run(list(kept.values()))
    if problems:
        raise InvalidWorkflow(_distinct(problems))
    plan.sort(kept)
    plan.editor = Editor(workflow, kept, registry, store, models, only)
    return plan


def _needed(steps: dict[str, Step], targets: Iterable[Port]) -> set[str]:
    """The targets and all above them: one pass, since every step stands below its sources."""
    needed = {port.node for port in targets if port.node in steps}
    for id in reversed(steps):
        if id in needed:
            for source in steps[id].sources():
                needed.add(source.node)
    return needed & steps.keys()


def _targets(
    workflow: Workflow,
    flat: Flat,
    steps: Mapping[str, Step],
    only: tuple[str, ...],
    problems: list[Problem],
) -> tuple[Port, ...]:
    """The ports whose values the run is for: outputs, the nodes named, or all last nodes."""
    if only:
        for id in only:
            there = id in steps or id in workflow.outputs or _last_inside(id, steps)
            if not there and not problems:
                known = ", ".join([*workflow.outputs, *list(steps)[:20]])
                problems.append(Problem(id, None, "no-node", f"there is no node; known: {known}"))
        ids = [flat.outputs[id].node if id in flat.outputs else id for id in only]
        ids = [part for id in ids for part in ([id] if id in steps else _last_inside(id, steps))]
        return tuple(Port(id, out) for id in ids if id in steps for out in steps[id].outputs)
    if flat.outputs or workflow.outputs:
        return tuple(flat.outputs.values())
    inner = {source.node for step in steps.values() for source in step.sources()}
    return tuple(
        Port(id, out) for id, step in steps.items() if id not in inner for out in step.outputs
    )


def _last_inside(id: str, steps: Mapping[str, Step]) -> list[str]:
    """The last steps of a subgraph that stands at this path; none if none does."""
    inside = [path for path in steps if path.startswith(f"{id}/")]
    used = {source.node for path in inside for source in steps[path].sources()}
    return [path for path in inside if path not in used]


def _check_inputs(workflow: Workflow, problems: list[Problem]) -> None:
    for name in workflow.quick:
        if name not in workflow.inputs:
            message = f"'quick' gives {name!r}, which is no input"
            problems.append(Problem(None, name, "input", message))


def _distinct(problems: Iterable[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))
