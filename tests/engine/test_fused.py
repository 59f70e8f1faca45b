"""Calls that are made as one where a node offers it and its inputs ask for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from musegraph import (
    Context,
    Engine,
    Fused,
    InvalidNode,
    NodeError,
    Pack,
    Registry,
    Store,
    Workflow,
    node,
)
from musegraph.events import Event, StepDone, StepFailed, StepProgress, StepStarted
from musegraph.rows import Batch
from musegraph.run import RunResult
from musegraph.terms import Terms

GROUPS: list[list[int]] = []
"""The seeds of each call that was made of several."""
ALONE: list[int] = []
ROOM = [99]
"""How many have room at once."""
INSIDE = threading.Event()


def kind(call: Mapping[str, Any]) -> tuple[int, Hashable] | None:
    return (call["at_once"], call["size"]) if call["at_once"] > 1 else None


def many(calls: Sequence[Mapping[str, Any]], ctx: Context) -> list[float]:
    GROUPS.append([call["seed"] for call in calls])
    if len(calls) > ROOM[0]:
        raise MemoryError
    INSIDE.set()
    for call in calls:
        if call["text"] == "wait":
            while True:
                ctx.check()
        if call["text"] == "too few":
            return [0.0]
    ctx.progress(1, 2)
    ctx.progress(2, 2)
    ctx.note(f"drawn {len(calls)} at once")
    return [one(call["seed"], call["text"], call["size"]) for call in calls]


def one(seed: int, text: str, size: int) -> float:
    if text == f"bad {seed}":
        raise NodeError(f"{seed} is bad")
    return seed + size / 10


@node(version="1", uses="device", fused=Fused(kind, many))
def draw(seed: int, ctx: Context, text: str = "", size: int = 1, at_once: int = 1) -> float:
    """Draw a number."""
    ALONE.append(seed)
    return one(seed, text, size)


@node(version="1")
def add(a: float, b: float = 0) -> float:
    """Add."""
    return a + b


@node(version="1")
def next_to(seed: int) -> int:
    """The number after."""
    return seed + 1


@pytest.fixture(autouse=True)
def fresh() -> None:
    GROUPS.clear()
    ALONE.clear()
    INSIDE.clear()
    ROOM[0] = 99


@pytest.fixture
def engine() -> Engine:
    return Engine(Registry([Pack("toy", [draw, add, next_to])]), Store())


def listed(seeds: list[int], **values: Any) -> dict[str, Any]:
    """A step that maps over seeds."""
    step = {"type": "toy.draw", "values": {"seed": seeds, **values}}
    return {"musegraph": 1, "nodes": {"n": step}, "outputs": {"o": "n.out"}}


def beside(seeds: list[int], **values: Any) -> dict[str, Any]:
    """A step for each seed, all of them ready at once."""
    nodes = {
        f"n{seed}": {"type": "toy.draw", "values": {"seed": seed, "at_once": 4, **values}}
        for seed in seeds
    }
    outputs = {f"o{seed}": f"n{seed}.out" for seed in seeds}
    return {"musegraph": 1, "nodes": nodes, "outputs": outputs}


def go(engine: Engine, work: dict[str, Any], **how: Any) -> tuple[RunResult, list[Event]]:
    events: list[Event] = []
    result = engine.run(engine.plan(Workflow.parse(work)), events.append, **how)
    return result, events


def of(events: list[Event], kind: type[Event], id: str) -> list[Any]:
    return [event for event in events if isinstance(event, kind) and event.node == id]  # type: ignore[attr-defined]


# Items of one step


def test_the_engine_by_itself_makes_each_alone(engine: Engine) -> None:
    result, _ = go(engine, listed([1, 2, 3]))
    assert result.outputs() == {"o": [1.1, 2.1, 3.1]}
    assert (GROUPS, ALONE) == ([], [1, 2, 3])


def test_items_are_made_together_as_many_at_once_as_asked_for(engine: Engine) -> None:
    result, _ = go(engine, listed([1, 2, 3, 4, 5], at_once=2))
    assert result.outputs() == {"o": [1.1, 2.1, 3.1, 4.1, 5.1]}
    assert (GROUPS, ALONE) == ([[1, 2], [3, 4]], [5])
    assert result.outcome.calls == 5
    assert result.record["steps"]["n"]["notes"] == ["drawn 2 at once"]


def test_each_item_made_with_others_has_its_own_key_and_record(engine: Engine) -> None:
    go(engine, listed([1, 2, 3], at_once=3))
    result, _ = go(engine, listed([3, 7], at_once=3))
    assert result.outputs() == {"o": [3.1, 7.1]}
    assert (GROUPS, ALONE) == ([[1, 2, 3]], [7])
    alone, _ = go(engine, listed([2], at_once=3))
    assert alone.outcome.calls == 0, "one item is found that was made among three"


def test_items_whose_neighbours_are_known_are_made_in_a_smaller_batch(engine: Engine) -> None:
    go(engine, listed([2, 3], at_once=4))
    GROUPS.clear()
    result, _ = go(engine, listed([1, 2, 3, 4], at_once=4))
    assert result.outputs() == {"o": [1.1, 2.1, 3.1, 4.1]}
    assert (GROUPS, ALONE) == ([[1, 4]], [])


def test_the_same_item_twice_is_made_once(engine: Engine) -> None:
    result, _ = go(engine, listed([5, 5, 6, 5], at_once=4))
    assert result.outputs() == {"o": [5.1, 5.1, 6.1, 5.1]}
    assert (GROUPS, ALONE) == ([[5, 6]], [])


def test_items_that_do_not_go_together_are_made_apart(engine: Engine) -> None:
    work = listed([1, 2, 3, 4, 5], at_once=4, size=[1, 2, 1, 2, 3])
    result, _ = go(engine, work)
    assert result.outputs() == {"o": [1.1, 2.2, 3.1, 4.2, 5.3]}
    assert (GROUPS, ALONE) == ([[1, 3], [2, 4]], [5])


def test_progress_tells_of_all_items_and_never_goes_back(engine: Engine) -> None:
    _, events = go(engine, listed([1, 2, 3, 4], at_once=2))
    told = [event.done / event.total for event in of(events, StepProgress, "n") if event.done]
    assert told == [0.25, 0.5, 0.75, 1.0]
    assert [event.seconds >= 0 for event in of(events, StepDone, "n")] == [True]


def test_one_bad_item_among_several_fails_as_it_does_alone(engine: Engine) -> None:
    result, _ = go(engine, listed([1, 2, 3, 4], at_once=4, text="bad 2"))
    assert result.outcome.errors == {"n": "item 2 of 4: 2 is bad"}
    assert (GROUPS, ALONE) == ([[1, 2, 3, 4]], [1, 2, 3, 4])
    assert result.record["steps"]["n"]["notes"] == [
        "4 at once failed (2 is bad), each was made by itself"
    ]
    again, _ = go(engine, listed([1, 3, 4], at_once=4, text="bad 2"))
    assert again.outcome.calls == 0, "the other items were kept"


def test_a_node_that_gives_too_few_results_for_several_is_asked_one_by_one(engine: Engine) -> None:
    result, _ = go(engine, listed([1, 2], at_once=2, text="too few"))
    assert result.outputs() == {"o": [1.1, 2.1]}
    assert ALONE == [1, 2]
    assert "it was given 2 calls and gave 1 results" in result.record["steps"]["n"]["notes"][0]


def test_a_batch_for_which_memory_does_not_suffice_is_halved(engine: Engine) -> None:
    ROOM[0] = 2
    result, _ = go(engine, listed([1, 2, 3, 4, 5, 6, 7, 8], at_once=8))
    assert result.outputs() == {"o": [n + 0.1 for n in range(1, 9)]}
    sizes = [len(group) for group in GROUPS]
    assert sizes == [8, 4, 2, 2, 2, 2], "what is known of the memory is remembered"
    assert ALONE == []
    assert not result.outcome.reliefs
    assert "there was no memory for 8 at once" in result.record["steps"]["n"]["notes"]


def test_a_batch_that_has_no_room_at_all_ends_as_single_calls(engine: Engine) -> None:
    ROOM[0] = 1
    result, _ = go(engine, listed([1, 2, 3], at_once=4))
    assert result.outputs() == {"o": [1.1, 2.1, 3.1]}
    assert ([len(group) for group in GROUPS], ALONE) == ([3, 2], [1, 2, 3])


@pytest.mark.parametrize("work", [listed, beside])
def test_a_batch_stops_when_the_run_is_cancelled(
    work: Callable[..., dict[str, Any]], engine: Engine
) -> None:
    cancel = threading.Event()

    def stop() -> None:
        INSIDE.wait(20)
        cancel.set()

    thread = threading.Thread(target=stop)
    thread.start()
    result, events = go(engine, work([1, 2, 3], at_once=4, text="wait"), cancel=cancel)
    thread.join()
    assert result.cancelled
    assert (len(GROUPS), ALONE) == (1, [])
    assert not [event for event in events if isinstance(event, (StepDone, StepFailed))]


# Steps side by side


def test_steps_that_wait_for_the_device_together_are_made_together(engine: Engine) -> None:
    result, events = go(engine, beside([1, 2, 3]))
    assert result.outputs() == {"o1": 1.1, "o2": 2.1, "o3": 3.1}
    assert (GROUPS, ALONE) == ([[1, 2, 3]], [])
    assert result.outcome.calls == 3
    for id in ("n1", "n2", "n3"):
        assert len(of(events, StepStarted, id)) == len(of(events, StepDone, id)) == 1
        assert [event.done for event in of(events, StepProgress, id)] == [1, 2]
        assert result.record["steps"][id]["notes"] == ["drawn 3 at once"]
    again, _ = go(engine, beside([2]))
    assert again.outcome.calls == 0, "each has a record of its own"


def test_steps_that_differ_in_more_or_are_known_or_muted_stay_out(engine: Engine) -> None:
    go(engine, beside([2]))
    ALONE.clear()
    document = beside([1, 2, 3, 4, 5])
    document["nodes"]["n3"]["values"]["size"] = 2
    document["nodes"]["n5"]["mode"] = "mute"
    result, _ = go(engine, document)
    assert result.outputs() == {"o1": 1.1, "o2": 2.1, "o3": 3.2, "o4": 4.1, "o5": None}
    assert (GROUPS, ALONE) == ([[1, 4]], [3])


def test_nothing_that_was_made_ahead_is_left_when_a_run_is_over(engine: Engine) -> None:
    terms = Terms()
    go(engine, beside([1, 2, 3, 4, 5]), terms=terms)
    go(engine, listed([6, 6, 7, 8], at_once=3), terms=terms)
    assert (len(GROUPS), terms.ahead.made) == (2, {})


def test_a_bad_step_among_several_fails_alone(engine: Engine) -> None:
    document = beside([1, 2, 3])
    document["nodes"]["n2"]["values"]["text"] = "bad 2"
    result, _ = go(engine, document)
    assert result.outcome.errors == {"n2": "2 is bad"}
    assert {id: result.outcome.ended[id] for id in ("n1", "n3")} == {"n1": "done", "n3": "done"}
    assert sorted(ALONE) == [1, 2, 3]


def test_a_step_that_is_to_run_alone_is_made_alone(engine: Engine) -> None:
    terms = Terms(alone=frozenset({"n1", "n2", "n3"}))
    result, _ = go(engine, beside([1, 2, 3]), terms=terms)
    assert result.outputs() == {"o1": 1.1, "o2": 2.1, "o3": 3.1}
    assert (GROUPS, sorted(ALONE)) == ([], [1, 2, 3])


def test_what_comes_after_steps_made_together_sees_their_own_results(engine: Engine) -> None:
    document = beside([1, 2])
    for seed in (1, 2):
        sum_ = {"type": "toy.add", "values": {"b": 10}, "links": {"a": f"n{seed}.out"}}
        document["nodes"][f"s{seed}"] = sum_
        document["outputs"][f"o{seed}"] = f"s{seed}.out"
    result, _ = go(engine, document)
    assert result.outputs() == {"o1": 11.1, "o2": 12.1}
    assert GROUPS == [[1, 2]]


# The rows of a table


def rows(folder: Path, engine: Engine, table: list[dict[str, Any]]) -> tuple[Any, list[Event]]:
    """Runs a workflow over rows of seeds and sizes; what is added comes from a step of its own."""
    work = {
        "musegraph": 1,
        "inputs": {"seed": {"to": ["n.seed"]}, "size": {"to": ["n.size"], "default": 1}},
        "nodes": {
            "n": {"type": "toy.draw", "values": {"at_once": 2}},
            "sum": {"type": "toy.add", "values": {"b": 10}, "links": {"a": "n.out"}},
        },
        "outputs": {"o": "sum.out"},
    }
    sheet = folder / "rows.jsonl"
    sheet.write_text("".join(json.dumps(row) + "\n" for row in table))
    events: list[Event] = []
    with Batch(engine, Workflow.parse(work), sheet, folder / "out") as batch:
        for task in batch.todo:
            batch.run(task, events.append)
        return [line.outputs["o"] for line in batch.table.lines.values()], events


def test_rows_that_differ_in_seeds_are_made_together_and_noted_each(
    engine: Engine, tmp_path: Path
) -> None:
    found, events = rows(tmp_path, engine, [{"seed": n} for n in (1, 2, 3)])
    assert found == [11.1, 12.1, 13.1]
    assert (GROUPS, ALONE) == ([[1, 2]], [3])
    assert [event.cached for event in of(events, StepDone, "n")] == [False] * 3
    assert len(of(events, StepStarted, "n")) == 3
    assert [event.node for event in events if isinstance(event, StepDone)] == ["n", "sum"] * 3


def test_rows_that_differ_in_more_are_made_apart(engine: Engine, tmp_path: Path) -> None:
    table = [{"seed": 1, "size": 1}, {"seed": 2, "size": 2}, {"seed": 3, "size": 1}]
    found, _ = rows(tmp_path, engine, table)
    assert found == [11.1, 12.2, 13.1]
    assert (GROUPS, ALONE) == ([[1, 3]], [2])


def test_rows_whose_steps_are_given_what_comes_of_the_row_are_made_together_after_the_first(
    engine: Engine, tmp_path: Path
) -> None:
    """As prompts are, which are encoded by a step of their own."""
    work = {
        "musegraph": 1,
        "inputs": {"seed": {"to": ["next.seed"]}},
        "nodes": {
            "next": {"type": "toy.next_to", "values": {}},
            "n": {
                "type": "toy.draw",
                "values": {"at_once": 4, "size": 1},
                "links": {"seed": "next.out"},
            },
        },
        "outputs": {"o": "n.out"},
    }
    sheet = tmp_path / "rows.jsonl"
    sheet.write_text("".join(json.dumps({"seed": n}) + "\n" for n in range(7)))
    with Batch(engine, Workflow.parse(work), sheet, tmp_path / "out") as batch:
        for task in batch.todo:
            batch.run(task)
        assert [line.outputs["o"] for line in batch.table.lines.values()] == [
            n + 0.1 for n in range(1, 8)
        ]
    assert (GROUPS, ALONE) == ([[2, 3, 4, 5], [6, 7]], [1])


# The declaration


def test_a_node_that_cannot_be_fused_is_refused_in_words() -> None:
    with pytest.raises(InvalidNode, match="is fused; let it be cached"):

        @node(cache=False, fused=Fused(kind, many))
        def uncached(seed: int, ctx: Context) -> float:
            return seed

    with pytest.raises(InvalidNode, match="with a Context"):

        @node(fused=Fused(kind, many))
        def blind(seed: int) -> float:
            return seed
