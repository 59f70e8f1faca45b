"""``ctx.note`` and ``ctx.warn``: what a node says of its work, also when it is found cached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from musegraph import Context, Engine, Pack, Registry, Store, Workflow, node
from musegraph.events import Event, Warned
from musegraph.run import RunResult
from musegraph.server.recorded import RunRecord
from musegraph.server.states import recorded
from musegraph.store import Said
from musegraph.store.records import MOST_SAID


@node(version="1")
def solve(a: float, ctx: Context) -> float:
    """Solve something, by one of two ways."""
    ctx.note("solved by hand" if a < 10 else f"solved by machine {a:g}")
    ctx.note("it was easy")
    if a >= 10:
        ctx.warn(f"{a:g} is much")
    return a


@node(version="1")
def count(most: int) -> list[float]:
    """Count up."""
    return [float(number) for number in range(most)]


COUNTED: tuple[str, dict[str, object]] = ("c", {"type": "toy.count", "values": {"most": 2}})


class Told(RunResult):
    """A result with the events of its run."""

    events: list[Event]


def made_in(folder: Path | None = None) -> Engine:
    return Engine(Registry([Pack("toy", [solve, count])]), Store(folder))


def go(*nodes: tuple[str, dict[str, object]], made: Engine | None = None) -> Told:
    made = made or made_in()
    events: list[Event] = []
    document = {"musegraph": 1, "nodes": dict(nodes)}
    result: Any = made.run(made.plan(Workflow.parse(document)), events.append)
    result.events = events
    told: Told = result
    return told


def test_what_a_node_says_of_how_it_worked_stands_in_the_record() -> None:
    result = go(("n", {"type": "toy.solve", "values": {"a": 3}}))
    assert result.record["steps"]["n"]["notes"] == ["solved by hand", "it was easy"]
    told = RunRecord.model_validate(result.record).steps["n"]
    assert told.notes == ["solved by hand", "it was easy"]


def test_a_step_that_says_nothing_has_no_notes(tmp_path: Path) -> None:
    for _ in range(2):
        step = go(COUNTED, made=made_in(tmp_path)).record["steps"]["c"]
        assert not {"notes", "warnings"} & set(step)


def warned(result: Told) -> list[tuple[str | None, str]]:
    return [(e.node, e.message) for e in result.events if isinstance(e, Warned)]


@pytest.mark.parametrize("place", ["memory", "disk"])
def test_what_a_node_said_is_said_again_when_its_step_is_found_cached(
    place: str, tmp_path: Path
) -> None:
    made = made_in(tmp_path)
    careful = ("n", {"type": "toy.solve", "values": {"a": 12}})
    first = go(careful, made=made)
    if place == "disk":
        made.close()
        made = made_in(tmp_path)
    again = go(careful, made=made)
    assert again.outcome.ended == {"n": "cached"}
    assert warned(first) == warned(again) == [("n", "12 is much")]
    for result in (first, again):
        step = result.record["steps"]["n"]
        assert step["notes"] == ["solved by machine 12", "it was easy"]
        assert step["warnings"] == ["12 is much"]
        assert RunRecord.model_validate(result.record).steps["n"].warnings == ["12 is much"]
        assert recorded(result.record)["n"]["warnings"] == ["12 is much"]
    steps = made.run(again.plan).record["steps"]  # the same plan: nothing is even looked at
    assert steps["n"]["warnings"] == ["12 is much"]


def test_of_a_mapped_step_what_the_items_said_is_said_again(tmp_path: Path) -> None:
    made = made_in(tmp_path)
    few = ("c", {"type": "toy.count", "values": {"most": 12}})
    more = ("c", {"type": "toy.count", "values": {"most": 13}})
    mapped = ("n", {"type": "toy.solve", "links": {"a": "c.out"}})
    go(few, mapped, made=made)
    said = [("n", "10 is much"), ("n", "11 is much")]
    assert warned(go(few, mapped, made=made)) == said
    assert warned(go(more, mapped, made=made)) == [*said, ("n", "12 is much")]  # one item is new


def test_a_step_of_the_same_work_as_another_says_the_same(tmp_path: Path) -> None:
    alike = {"type": "toy.solve", "values": {"a": 12}}
    result = go(("n", alike), ("m", alike), made=made_in(tmp_path))
    assert sorted(warned(result)) == [("m", "12 is much"), ("n", "12 is much")]


def test_what_is_made_again_without_a_word_says_nothing_any_more(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("k", "toy.solve", {"out": 1.0}, 0.0, said=Said(warnings=["careful"]))
    assert store.said({"n": "k"})["n"].warnings == ["careful"]
    store.put("k", "toy.solve", {"out": 1.0}, 0.0)
    assert store.said({"n": "k"}) == {}
    store.close()
    store = Store(tmp_path)
    found = store.record("k")
    assert found is not None
    assert found.said is None
    assert list(found.outputs) == ["out"]
    store.close()


def test_what_was_said_is_forgotten_with_the_record_that_it_belongs_to() -> None:
    store = Store(records=4)
    for number in range(20):
        said = Said(notes=["by hand"]) if number % 2 else None
        store.put(f"k{number}", "toy.solve", {"out": 1.0}, 0.0, said=said)
    held = {key for key in (*store._records, *store._older) if int(key[1:]) % 2}
    assert held == set(store._said)
    assert len(held) <= 2


def test_what_many_items_say_alike_stands_there_once_and_what_they_say_apart_is_bounded() -> None:
    alike = go(
        ("c", {"type": "toy.count", "values": {"most": 5}}),
        ("n", {"type": "toy.solve", "links": {"a": "c.out"}}),
    )
    assert sorted(alike.record["steps"]["n"]["notes"]) == ["it was easy", "solved by hand"]
    apart = go(
        ("c", {"type": "toy.count", "values": {"most": 500}}),
        ("n", {"type": "toy.solve", "links": {"a": "c.out"}}),
    )
    assert len(apart.record["steps"]["n"]["notes"]) == MOST_SAID


def test_without_an_engine_a_note_is_said_to_nobody() -> None:
    Context().note("solved by hand")
