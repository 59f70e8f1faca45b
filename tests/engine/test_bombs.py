"""Small documents that unfold to something huge are refused, soon and by name."""

from __future__ import annotations

from typing import Any

import pytest
from toys import pack

from musegraph import Registry, Workflow
from musegraph.plan import check
from musegraph.plan.interface import interface

REGISTRY = Registry.of(pack())


def document(graphs: dict[str, Any], **node: Any) -> Workflow:
    return Workflow.parse({"musegraph": 1, "nodes": {"n": node}, "graphs": graphs})


def doubling(levels: int) -> dict[str, Any]:
    """Graphs each of which holds the next one twice, and gives both its outputs."""
    made: dict[str, Any] = {}
    for level in range(levels):
        inner = {id: {"type": f"graph:g{level + 1}"} for id in ("x", "y")}
        made[f"g{level}"] = {"nodes": inner, "outputs": {"small": "x.small", "large": "x.large"}}
    return made


@pytest.mark.timeout(60)
def test_graphs_that_hold_each_other_twice_and_nothing_else_are_refused() -> None:
    work = document(doubling(35) | {"g35": {}}, type="graph:g0")
    told = [problem for problem in check(work, REGISTRY) if problem.code == "recursion"]
    assert len(told) == 1
    assert "more than 500000 nodes or 100000 graphs" in told[0].message


@pytest.mark.timeout(60)
def test_repetitions_of_repetitions_of_nothing_are_refused() -> None:
    often = {"repeat": {"times": 10_000, "carry": {}}}
    graphs = {"outer": {"nodes": {"m": {"type": "graph:inner", **often}}}, "inner": {}}
    told = check(document(graphs, type="graph:outer", **often), REGISTRY)
    assert "recursion" in {problem.code for problem in told}


@pytest.mark.timeout(60)
def test_the_types_of_graphs_in_graphs_are_found_out_once_each() -> None:
    sort = {"type": "toy.sort", "values": {"a": 1}}
    last = {"nodes": {"x": sort}, "outputs": {"small": "x.small", "large": "x.large"}}
    work = Workflow.parse(
        {
            "musegraph": 1,
            "nodes": {"n": {"type": "graph:g0"}},
            "outputs": {"out": "n.large"},
            "graphs": doubling(35) | {"g35": last},
        }
    )
    _, outputs = interface(work, REGISTRY.get)
    assert str(outputs["out"]) == "Number"
