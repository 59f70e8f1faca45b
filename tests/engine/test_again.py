"""A document like the one before is planned from that plan, and the plan is the same as anew."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import pytest
import toys
from test_edit import facts, layered
from toys import CALLS

from musegraph import Engine, InvalidWorkflow
from musegraph.plan import make_plan, plan_again
from musegraph.plan.again import differences
from musegraph.workflow import Port, Workflow


def assert_as_anew(engine: Engine, workflow: Workflow) -> None:
    made = engine.plan(workflow)
    anew = make_plan(workflow, engine.registry, engine.store, engine.models)
    assert facts(made) == facts(anew)
    assert made.count() == anew.count()
    assert made.targets == anew.targets
    assert made.fresh == anew.fresh
    assert made.unused == anew.unused
    assert made.workflow.json() == workflow.json()


def test_documents_that_differ_in_values_are_planned_as_if_anew() -> None:
    engine = toys.engine()
    chance = random.Random(11)
    document = layered(6, 5).json()
    for turn in range(40):
        document = copy.deepcopy(document)
        for _ in range(chance.randrange(3)):
            values = document["nodes"][f"n0_{chance.randrange(5)}"]["values"]
            values[chance.choice("ab")] = chance.choice([0, 1, 2, 2.5, [1, 2]])
        workflow = Workflow.parse(document)
        if turn % 4 == 1:
            with pytest.raises(InvalidWorkflow):
                engine.plan(Workflow.parse(broken(document)))
        try:
            assert_as_anew(engine, workflow)
        except InvalidWorkflow:  # lists of unequal length: so says also who plans anew
            with pytest.raises(InvalidWorkflow):
                make_plan(workflow, engine.registry, engine.store)
            continue
        if turn % 3 == 0:
            result = engine.run(engine.plan(workflow))
            fresh = toys.engine()
            assert result.outputs() == fresh.run(fresh.plan(workflow)).outputs()
            assert_as_anew(engine, workflow)


def broken(document: dict[str, Any]) -> dict[str, Any]:
    worse = copy.deepcopy(document)
    worse["nodes"]["n0_0"]["values"]["a"] = "many"
    worse["nodes"]["n0_1"]["values"]["b"] = {}
    return worse


def test_a_document_with_problems_names_all_of_them() -> None:
    engine = toys.engine()
    document = layered(3, 3).json()
    engine.plan(Workflow.parse(document))
    with pytest.raises(InvalidWorkflow) as caught:
        engine.plan(Workflow.parse(broken(document)))
    assert [(p.node, p.port) for p in caught.value.problems] == [("n0_0", "a"), ("n0_1", "b")]


def rename_output(document: dict[str, Any]) -> None:
    document["outputs"] = {f"new_{name}": port for name, port in document["outputs"].items()}


def drop_a_value(document: dict[str, Any]) -> None:
    del document["nodes"]["n0_0"]["values"]["b"]


def relink(document: dict[str, Any]) -> None:
    document["nodes"]["n1_0"]["links"]["a"] = "n0_2.out"


def mute(document: dict[str, Any]) -> None:
    document["nodes"]["n1_1"]["mode"] = "mute"


def add_a_node(document: dict[str, Any]) -> None:
    document["nodes"]["more"] = {"type": "toy.add", "values": {"a": 1, "b": 2}}


def reorder(document: dict[str, Any]) -> None:
    document["nodes"] = dict(reversed(document["nodes"].items()))


@pytest.mark.parametrize("change", [rename_output, drop_a_value, relink, mute, add_a_node, reorder])
def test_a_document_that_differs_in_more_than_values_is_planned_anew(
    change: Callable[[dict[str, Any]], None],
) -> None:
    engine = toys.engine()
    document = layered(3, 3).json()
    before = Workflow.parse(document)
    engine.run(engine.plan(before))
    changed = copy.deepcopy(document)
    change(changed)
    after = Workflow.parse(changed)
    assert differences(before, after) is None
    assert_as_anew(engine, after)


def test_what_no_run_can_see_is_taken_over_and_plans_nothing_anew() -> None:
    engine = toys.engine()
    document = layered(3, 3).json()
    engine.run(engine.plan(Workflow.parse(document)))
    moved = copy.deepcopy(document)
    moved["canvas"] = {"n0_0": [10, 20]}
    moved["name"] = "Another name"
    moved["nodes"]["n0_0"]["title"] = "first"
    after = Workflow.parse(moved)
    assert differences(Workflow.parse(document), after) == {}
    assert_as_anew(engine, after)


def test_one_is_not_true_and_a_list_is_what_is_in_it() -> None:
    def of(value: object) -> Workflow:
        return toys.document({"n": {"type": "add", "values": {"a": value}}})

    at = Port("n", "a")
    assert differences(of(1), of(True)) == {at: True}
    assert differences(of([1]), of([True])) == {at: [True]}
    assert differences(of({"x": 1, "y": 2}), of({"y": 2, "x": 1})) == {}
    assert differences(of([1, 2]), of([1, 2])) == {}


def test_a_changed_named_input_reaches_what_it_sets() -> None:
    engine = toys.engine()
    document = layered(2, 2).json()
    document["inputs"] = {"start": {"to": ["n0_0.a", "n0_1.a"], "default": 5}}
    engine.run(engine.plan(Workflow.parse(document)))
    document["inputs"]["start"]["default"] = 6
    document["inputs"]["start"]["label"] = "Start"
    workflow = Workflow.parse(document)
    assert_as_anew(engine, workflow)
    CALLS.clear()
    assert engine.run(engine.plan(workflow)).ok
    assert CALLS["add"] == 2  # two pairs of twins


def test_a_result_that_another_process_made_meanwhile_is_found() -> None:
    engine = toys.engine()
    workflow = layered(3, 3)
    assert engine.plan(workflow).count() == {"run": 3, "open": 6}
    twin = Engine(registry=engine.registry, store=engine.store)
    twin.run(twin.plan(workflow))
    assert engine.plan(workflow).count() == {"cached": 9}


def test_a_part_of_a_document_is_planned_for_itself() -> None:
    engine = toys.engine()
    workflow = layered(3, 3)
    engine.run(engine.plan(workflow))
    part = engine.plan(workflow, ["n1_0"])
    assert {port.node for port in part.targets} == {"n1_0"}
    assert {port.node for port in engine.plan(workflow).targets} != {"n1_0"}
    assert plan_again(None, workflow, ()) is None
