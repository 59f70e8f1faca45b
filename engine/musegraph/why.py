"""Why a step runs: what in its key is new, compared with what was computed before.

A key is made of the node's code, the numeric profile of the machine and the identity of every
input. The record whose key had most of these in common is what the user most likely thinks of as
"the same as last time", and the first part that differs is why it is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from musegraph.plan import Known, Plan, Step
from musegraph.plan.forecast import Forecast, gather
from musegraph.plan.keys import read_prefix, read_recipe, recipe_of
from musegraph.run import Engine

Reason = Literal[
    "cached", "pinned", "new", "changed", "lost", "items", "always", "unhashed", "skipped"
]
_PARTS = ("code version", "numeric profile")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a key: ``name`` is a port, or what else it stands for."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Why:
    """What would happen to ``node`` and why: because of what happens to ``origin``.

    ``path`` leads from the node up to its origin, both included; for most it is the node alone.
    ``seconds`` is what the result cost, or cost the time before; ``first`` the part of the key
    that is new, ``others`` how many more are.
    """

    node: str
    state: str
    origin: str
    path: tuple[str, ...]
    reason: Reason
    note: str = ""
    seconds: float | None = None
    first: Part | None = None
    others: int = 0

    def json(self) -> dict[str, Any]:
        first = self.first
        return {
            "node": self.node,
            "state": self.state,
            "origin": self.origin,
            "reason": self.reason,
            "path": list(self.path),
            "note": self.note,
            "seconds": self.seconds,
            "first": {"part": first.name, "old": first.old, "new": first.new} if first else None,
            "others": self.others,
        }


def explain(engine: Engine, plan: Plan, id: str) -> Why:
    """Why the step ``id`` of a plan is cached, would run, is open or skipped."""
    path = tuple(_path(engine, plan, id))
    origin = plan.steps[path[-1]]
    return Why(id, plan.steps[id].state, origin.id, path, **_reason(engine, plan, origin))


def _path(engine: Engine, plan: Plan, id: str) -> Iterator[str]:
    """The steps from an open one up to the first that is not open: its own inputs are known."""
    yield id
    while plan.steps[id].state == "open":
        sources = (source.node for source in plan.steps[id].sources())
        id = next(source for source in sources if _outputs(engine, plan, source) is None)
        yield id


def _outputs(engine: Engine, plan: Plan, id: str) -> Known:
    """What a step gives, as far as it is known; also of one that ran before and lost its data."""
    known, key = plan.known.get(id, {}), plan.steps[id].key if id in plan.steps else None
    if known is None and key is not None and (record := engine.store.record(key)) is not None:
        return record.outputs
    return known


def _reason(engine: Engine, plan: Plan, step: Step) -> dict[str, Any]:
    if step.state == "skip":
        return {"reason": "skipped", "note": "it is muted" if step.muted else step.note}
    if step.pin is not None:
        return {"reason": "pinned"}
    assert step.type is not None
    if not step.type.cache:
        return {"reason": "always"}
    if step.key is None:
        return {"reason": "unhashed", "note": step.note}
    record = engine.store.record(step.key)
    if record is not None:
        reason = "cached" if step.state == "cached" else "lost"
        return {"reason": reason, "seconds": record.seconds}
    parts = _parts(recipe_of(step.prefix, _identities(engine, plan, step)))
    return _nearest(engine, step, parts)


def _identities(engine: Engine, plan: Plan, step: Step) -> Mapping[str, str]:
    """The identity of every input of a step whose sources are all known."""
    linked = gather(step, {s.node: _outputs(engine, plan, s.node) for s in step.sources()})
    assert isinstance(linked, dict)
    forecast = Forecast(plan, engine.store, engine.models, [])
    return forecast.identities(step, linked) or step.identities(linked)


def _parts(recipe: str) -> dict[str, str]:
    """A recipe by part; the code and the machine first."""
    prefix, inputs = read_recipe(recipe)
    _, version, profile = read_prefix(prefix)
    return dict(zip(_PARTS, (version, profile), strict=True)) | inputs


def _nearest(engine: Engine, step: Step, parts: Mapping[str, str]) -> dict[str, Any]:
    """What differs from the record that has most in common with these parts; of such the latest."""
    assert step.type is not None
    best: tuple[int, dict[str, str], float] | None = None
    disk = engine.store.disk
    for record in disk.records_of(step.type.id) if disk is not None else ():
        if not record.recipe:
            continue
        before = _parts(record.recipe)
        equal = sum(before.get(name) == value for name, value in parts.items())
        if best is None or equal > best[0]:
            best = (equal, before, record.seconds)
    if best is None:
        return {"reason": "new"}
    _, before, seconds = best
    names = [*_PARTS, *sorted((parts.keys() | before.keys()) - {*_PARTS})]
    differ = [name for name in names if before.get(name) != parts.get(name)]
    if not differ:
        return {"reason": "items"}
    first = Part(differ[0], before.get(differ[0]), parts.get(differ[0]))
    return {"reason": "changed", "seconds": seconds, "first": first, "others": len(differ) - 1}
