"""Running for some nodes: what they do not need is neither looked at nor run."""

from __future__ import annotations

from typing import Any

import pytest
import toys

from musegraph import InvalidWorkflow
from musegraph.plan import check
from musegraph.workflow import Workflow

INSIDE = {
    "inputs": {"a": {"to": ["one.a"]}},
    "outputs": {"sum": "two.out"},
    "nodes": {
        "one": {"type": "toy.add", "values": {"b": 1}},
        "two": {"type": "toy.add", "values": {"b": 2}, "links": {"a": "one.out"}},
    },
}
DOCUMENT: dict[str, Any] = {
    "musegraph": 1,
    "inputs": {"start": {"to": ["first.a", "gone.a"], "default": 1}},
    "outputs": {"good": "third.out", "bad": "gone.out"},
    "graphs": {"inside": INSIDE},
    "nodes": {
        "first": {"type": "toy.add", "values": {"b": 1}},
        "second": {"type": "graph:inside", "links": {"a": "first.out"}},
        "third": {"type": "toy.add", "links": {"a": "second.sum"}},
        "gone": {"type": "missing.node", "links": {"b": "third.out"}},
        "wrong": {"type": "toy.add", "values": {"a": "no number"}},
        "lost": {"type": "graph:nowhere"},
        "last": {"type": "toy.add", "links": {"a": "lost.out"}},
    },
}


@pytest.mark.parametrize(
    ("only", "steps"),
    [
        ("first", ["first"]),
        ("second", ["first", "second/one", "second/two"]),
        ("second/one", ["first", "second/one"]),
        ("third", ["first", "second/one", "second/two", "third"]),
        ("good", ["first", "second/one", "second/two", "third"]),
    ],
)
def test_a_missing_node_elsewhere_does_not_block_a_run_to_a_node(
    only: str, steps: list[str]
) -> None:
    with toys.engine() as engine:
        workflow = Workflow.parse(DOCUMENT)
        assert check(workflow, engine.registry, only=[only]) == []
        plan = engine.plan(workflow, [only])
        assert list(plan.steps) == steps
        assert plan.workflow.json() == workflow.json()
        assert engine.run(plan).ok
        again = engine.run(engine.plan(workflow, [only]))
        assert again.outcome.count()["cached"] == len(steps)


@pytest.mark.parametrize("only", ["gone", "wrong", "last", "bad", "nothing", "second/nothing"])
def test_what_a_node_needs_still_has_to_be_right(only: str) -> None:
    with toys.engine() as engine:
        workflow = Workflow.parse(DOCUMENT)
        assert check(workflow, engine.registry, only=[only])
        with pytest.raises(InvalidWorkflow):
            engine.plan(workflow, [only])


def test_a_run_to_a_subgraph_gives_what_comes_out_of_it() -> None:
    with toys.engine() as engine:
        result = engine.run(engine.plan(Workflow.parse(DOCUMENT), ["second"]))
        assert result.outputs() == {"second/two.out": 5}
