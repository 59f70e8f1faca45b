"""B25: keys and outputs do not depend on the process that makes them."""

from __future__ import annotations

import json
from typing import Any

from graphs import engine, layered, told, with_pictures
from harness import Row, child
from pictures import WORKFLOW

from musegraph import Engine, Store
from musegraph.workflow import Workflow


def keys() -> dict[str, Any]:
    """In a child: the key of each step and the identity of each of its outputs."""
    found: dict[str, Any] = {}
    documents = {"layered": layered(100), "told": told(50), "pictures": with_pictures(20)}
    for name, document in documents.items():
        with engine() as ours:
            found[name] = _names(ours, Workflow.parse(document))
    with Engine(store=Store()) as ours:
        work = ours.settle(Workflow.read(WORKFLOW), {"steps": 2})
        found["text to image"] = _names(ours, work)
    return found


def _names(ours: Engine, work: Workflow) -> dict[str, Any]:
    assert ours.run(ours.plan(work)).ok
    plan = ours.plan(work)  # all is known now, so every step has its key
    outcome = ours.run(plan).outcome
    return {
        id: [step.key, {port: entry.identity for port, entry in outcome.outputs[id].items()}]
        for id, step in plan.steps.items()
    }


def determinism() -> list[Row]:
    """B25: two processes with different seeds of Python's own hashes."""
    one, other = (child("keys", PYTHONHASHSEED=seed) for seed in ("1", "2"))
    every = [(graph, id) for graph, steps in one.items() for id in steps]
    differing = [at for at in every if one[at[0]][at[1]] != other[at[0]][at[1]]]
    missing = sum(one[graph][id][0] is None for graph, id in every)
    note = f"of {len(every)} steps" + (f"; first {differing[0]}" if differing else "")
    assert not missing, f"{missing} steps have no key"
    assert json.dumps(one) == json.dumps(other) or differing
    return [Row("B25", "keys and outputs that differ between processes", len(differing), "steps",
                "PYTHONHASHSEED 1 and 2", gate=0, note=note)]  # fmt: skip
