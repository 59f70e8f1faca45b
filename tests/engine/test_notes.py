"""``ctx.note``: what a node says of how it did its work stands in the record of the run."""

from __future__ import annotations

from musegraph import Context, Engine, Pack, Registry, Store, Workflow, node
from musegraph.context import MOST_NOTES
from musegraph.run import RunResult
from musegraph.server.recorded import RunRecord


@node(version="1")
def solve(a: float, ctx: Context) -> float:
    """Solve something, by one of two ways."""
    ctx.note("solved by hand" if a < 10 else f"solved by machine {a:g}")
    ctx.note("it was easy")
    return a


@node(version="1")
def count(most: int) -> list[float]:
    """Count up."""
    return [float(number) for number in range(most)]


def go(*nodes: tuple[str, dict[str, object]], made: Engine | None = None) -> RunResult:
    made = made or Engine(Registry([Pack("toy", [solve, count])]), Store())
    document = {"musegraph": 1, "nodes": dict(nodes)}
    return made.run(made.plan(Workflow.parse(document)))


def test_what_a_node_says_of_how_it_worked_stands_in_the_record() -> None:
    result = go(("n", {"type": "toy.solve", "values": {"a": 3}}))
    assert result.record["steps"]["n"]["notes"] == ["solved by hand", "it was easy"]
    told = RunRecord.model_validate(result.record).steps["n"]
    assert told.notes == ["solved by hand", "it was easy"]


def test_a_step_that_says_nothing_or_is_found_cached_has_no_notes() -> None:
    made = Engine(Registry([Pack("toy", [solve, count])]), Store())
    nodes = ("n", {"type": "toy.solve", "values": {"a": 3}})
    assert "notes" in go(nodes, made=made).record["steps"]["n"]
    assert "notes" not in go(nodes, made=made).record["steps"]["n"]
    assert (
        "notes" not in go(("c", {"type": "toy.count", "values": {"most": 2}})).record["steps"]["c"]
    )


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
    assert len(apart.record["steps"]["n"]["notes"]) == MOST_NOTES


def test_without_an_engine_a_note_is_said_to_nobody() -> None:
    Context().note("solved by hand")
