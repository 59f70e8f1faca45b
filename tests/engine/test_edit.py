"""A plan after an edit is the plan of the edited document, at the cost of what lies below."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import toys
from toys import CALLS

from musegraph import Engine, InvalidWorkflow
from musegraph.plan import Plan, make_plan
from musegraph.plan.overlay import Overlay
from musegraph.workflow import Port, Workflow

PNG = Path(__file__).resolve().parents[2] / "workflows" / "images" / "sketch.png"


def facts(plan: Plan) -> dict[str, tuple[Any, ...]]:
    """All that a plan says of its steps."""
    return {
        id: (step.state, step.key, step.each, step.length, dict(step.literals), dict(step.outputs))
        for id, step in plan.steps.items()
    }


def assert_same_plan(edited: Plan, engine: Engine) -> None:
    anew = make_plan(edited.workflow, engine.registry, engine.store, engine.models)
    assert facts(edited) == facts(anew)
    assert edited.count() == anew.count()
    assert edited.targets == anew.targets


def layered(depth: int, width: int) -> Workflow:
    """Layers of additions, each of two of the layer above."""
    nodes: dict[str, dict[str, object]] = {}
    for row in range(depth):
        for column in range(width):
            node: dict[str, object] = {"type": "add", "values": {"a": column, "b": row}}
            if row:
                sides = (column, (column + 1) % width)
                links = {p: f"n{row - 1}_{c}.out" for p, c in zip("ab", sides, strict=True)}
                node = {"type": "add", "links": links}
            nodes[f"n{row}_{column}"] = node
    outputs = {f"o{column}": f"n{depth - 1}_{column}.out" for column in range(width)}
    return toys.document(nodes, outputs=outputs)


def test_an_edited_plan_is_the_plan_of_the_edited_document() -> None:
    engine = toys.engine()
    chance = random.Random(7)
    plan = engine.plan(layered(6, 5))
    for turn in range(30):
        at = Port(f"n0_{chance.randrange(5)}", chance.choice("ab"))
        plan = plan.edit({at: chance.randrange(4)})
        assert_same_plan(plan, engine)
        if turn % 3 == 0:
            result = engine.run(plan)
            assert result.ok
            assert_same_plan(plan, engine)
            fresh = toys.engine()
            again = fresh.run(fresh.plan(plan.workflow))
            assert result.outputs() == again.outputs()


def test_the_run_of_an_edited_plan_looks_only_at_what_lies_below_the_edit() -> None:
    engine = toys.engine()
    plan = engine.plan(toys.chain(500))
    engine.run(plan)
    CALLS.clear()
    edited = plan.edit({Port("n490", "b"): 7})
    seen: list[Any] = []
    result = engine.run(edited, seen.append)
    assert CALLS["add"] == 10
    assert len(result.outcome.ended) == 10
    assert {event.node for event in seen if event.type == "step_done"} == {
        f"n{index}" for index in range(490, 500)
    }
    assert result.outputs()["sum"] == sum(range(500)) - 490 + 7
    assert result.outcome.count()["cached"] == 490
    assert result.outcome.status == {
        f"n{index}": "done" if index >= 490 else "cached" for index in range(500)
    }


def test_the_same_plan_run_again_runs_and_announces_nothing() -> None:
    engine = toys.engine()
    plan = engine.plan(toys.chain(50))
    engine.run(plan)
    CALLS.clear()
    seen: list[Any] = []
    result = engine.run(plan, seen.append)
    assert result.ok
    assert [event.type for event in seen] == ["run_started", "run_finished"]
    assert seen[-1].counts["cached"] == 50
    assert not CALLS
    assert result.outputs() == {"sum": float(sum(range(50)))}


def test_an_edit_leaves_the_plan_before_it_as_it_is() -> None:
    engine = toys.engine()
    plan = engine.plan(toys.chain(5))
    before = facts(plan)
    plan.edit({Port("n2", "b"): 9})
    assert facts(plan) == before
    assert plan.workflow.nodes["n2"].values["b"] == 2
    assert engine.run(plan).outputs() == {"sum": 10.0}


def test_a_value_that_does_not_suit_is_a_problem_with_its_address() -> None:
    engine = toys.engine()
    plan = engine.plan(toys.chain(5))
    with pytest.raises(InvalidWorkflow) as caught:
        plan.edit({Port("n2", "b"): "many"})
    assert [(p.node, p.port, p.code) for p in caught.value.problems] == [("n2", "b", "value")]
    assert plan.edit({Port("n2", "b"): 3}).count() == plan.count()


@pytest.mark.parametrize("value", [[1, 2, 3], [], 5])
def test_an_edit_that_makes_a_list_of_a_value_maps_what_lies_below(value: object) -> None:
    engine = toys.engine()
    plan = engine.plan(toys.chain(4)).edit({Port("n1", "b"): value})
    assert_same_plan(plan, engine)
    plan = plan.edit({Port("n1", "b"): 1})
    assert_same_plan(plan, engine)
    assert engine.run(plan).outputs() == {"sum": 6.0}


def test_lists_that_an_edit_makes_unequal_are_a_problem() -> None:
    nodes: dict[str, dict[str, object]] = {
        "x": {"type": "add", "values": {"a": [1, 2]}},
        "y": {"type": "add", "values": {"a": [1, 2]}},
        "z": {"type": "add", "links": {"a": "x.out", "b": "y.out"}},
    }
    plan = toys.engine().plan(toys.document(nodes))
    with pytest.raises(InvalidWorkflow, match="unequal length"):
        plan.edit({Port("x", "a"): [1, 2, 3]})
    both = plan.edit({Port("x", "a"): [1, 2, 3], Port("y", "a"): [1, 2, 3]})
    assert both.steps["z"].length == 3


def test_named_inputs_can_be_edited_by_name() -> None:
    nodes: dict[str, dict[str, object]] = {
        "x": {"type": "add", "values": {"a": 1}},
        "y": {"type": "add", "links": {"a": "x.out"}},
    }
    inputs = {"start": {"to": ["x.a"], "default": 4}, "more": {"to": ["x.b", "y.b"]}}
    engine = toys.engine()
    plan = engine.plan(toys.document(nodes, inputs=inputs, outputs={"o": "y.out"}))
    plan = plan.edit({"more": 10})
    assert_same_plan(plan, engine)
    assert engine.run(plan).outputs() == {"o": 24.0}
    plan = plan.edit({"start": 0})
    assert_same_plan(plan, engine)
    assert plan.workflow.inputs["start"].default == 0
    with pytest.raises(InvalidWorkflow, match="there is no input 'other'"):
        plan.edit({"other": 1})
    # A node's own value does not count where an input sets the port.
    assert_same_plan(plan.edit({Port("x", "a"): 99}), engine)


@pytest.mark.parametrize("at", ["cut.b", "sub.n", "skipped.a"])
def test_edits_that_may_change_the_shape_of_the_graph_are_planned_anew(at: str) -> None:
    graph = {
        "inputs": {"n": {"to": ["in.a"]}},
        "outputs": {"m": "in.out"},
        "nodes": {"in": {"type": "toy.add"}},
    }
    nodes: dict[str, dict[str, object]] = {
        "x": {"type": "add", "values": {"a": 1}},
        "cut": {"type": "add", "values": {"a": 1}, "links": {"b": "x.out"}},
        "sub": {"type": "graph:g", "values": {"n": 1}},
        "skipped": {"type": "add", "values": {"a": 1}, "mode": "bypass"},
        "last": {"type": "add", "links": {"a": "skipped.out", "b": "sub.m"}},
    }
    outputs = {"o": "last.out", "p": "cut.out"}
    engine = toys.engine()
    plan = engine.plan(toys.document(nodes, graphs={"g": graph}, outputs=outputs))
    node, _, port = at.partition(".")
    edited = plan.edit({Port(node, port): 5})
    assert_same_plan(edited, engine)
    assert engine.run(edited).ok


def test_what_reads_the_world_runs_in_every_run_of_one_plan_and_all_below_it_stays_open() -> None:
    nodes: dict[str, dict[str, object]] = {
        "now": {"type": "clock"},
        "sum": {"type": "add", "links": {"a": "now.out"}},
        "own": {"type": "add", "values": {"a": 1}},
    }
    engine = toys.engine()
    plan = engine.plan(toys.document(nodes, outputs={"s": "sum.out", "o": "own.out"}))
    engine.run(plan)
    assert {id: step.state for id, step in plan.steps.items()} == {
        "now": "run",
        "sum": "open",
        "own": "cached",
    }
    result = engine.run(plan.edit({Port("own", "a"): 2}))
    assert CALLS["clock"] == 2
    assert CALLS["add"] == 3  # the sum is found in the cache once the clock has been read
    assert result.outputs() == {"s": 42.0, "o": 2.0}


def test_data_that_an_edited_plan_needs_and_that_is_lost_is_made_again() -> None:
    engine = toys.engine()
    nodes: dict[str, dict[str, object]] = {
        "paint": {"type": "picture", "values": {"seed": 3}},
        "dark": {"type": "darken", "links": {"image": "paint.out"}},
        "mean": {"type": "mean", "links": {"image": "dark.out"}},
        "plus": {"type": "add", "values": {"b": 1}, "links": {"a": "mean.out"}},
        "again": {"type": "darken", "links": {"image": "dark.out"}},
    }
    plan = engine.plan(toys.document(nodes, outputs={"p": "plus.out", "d": "again.out"}))
    engine.run(plan)
    engine.store.live.clear()
    CALLS.clear()
    result = engine.run(plan.edit({Port("plus", "b"): 2}))
    assert result.outputs()["p"] > 2
    assert CALLS["picture"] == 1
    assert CALLS["add"] == 1


def test_edits_on_edits_do_not_pile_up() -> None:
    base = {str(index): index for index in range(100)}
    top: Overlay[int] = Overlay(base)
    for index in range(60):
        top = Overlay(top)
        top[str(index)] = -index
    assert not isinstance(top.base, Overlay)
    assert len(top.own) <= 26
    assert dict(top) == {str(i): -i if i < 60 else i for i in range(100)}
    assert list(top) == list(base)
    assert len(top) == 100
    assert base["5"] == 5


def test_a_file_beside_the_document_is_taken_as_it_was_when_the_plan_was_made(
    tmp_path: Path,
) -> None:
    engine = Engine(packs=())
    (tmp_path / "a.png").write_bytes(PNG.read_bytes())
    look = {"file": "a.png"}
    work = {
        "musegraph": 1,
        "inputs": {"photo": {"to": ["small.image"], "default": look}},
        "nodes": {
            "small": {"type": "image.resize", "values": {"width": 8, "height": 8}},
            "text": {"type": "core.json_text", "values": {"value": look}},
        },
    }
    plan = engine.plan(Workflow.parse(work, tmp_path))
    made = plan.workflow.json()
    assert made["inputs"]["photo"]["default"].keys() == {"asset", "name", "media"}
    assert made["nodes"]["text"]["values"]["value"] == look, "data that only looks like a file"
    (tmp_path / "a.png").unlink()
    edited = plan.edit({Port("small", "width"): 6})
    assert_same_plan(edited, engine)
    with pytest.raises(InvalidWorkflow, match=r"there is no file .*b\.png"):
        plan.edit({"photo": {"file": "b.png"}})
    (tmp_path / "b.png").write_bytes(PNG.read_bytes())
    assert_same_plan(plan.edit({"photo": {"file": "b.png"}}), engine)
