"""Running plans: order, caching, failure, cancellation, lost data."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from pathlib import Path

import pytest
import toys
from toys import CALLS, chain, document, engine, go

import musegraph
from musegraph import Engine, Registry, RunFailed, Store
from musegraph.events import Event, StepDone, StepFailed, StepProgress, StepSkipped, StepStored


def test_a_chain_of_twenty_thousand_nodes_runs_at_the_default_recursion_limit() -> None:
    assert sys.getrecursionlimit() <= 1000
    made = engine()
    result = go(chain(20_000), made)
    assert result.ok
    assert result.outputs() == {"sum": sum(range(20_000))}
    assert CALLS["add"] == 20_000


def test_twenty_thousand_nodes_side_by_side_run() -> None:
    nodes = {f"n{i}": {"type": "add", "values": {"a": i}} for i in range(20_000)}
    made = engine()
    result = go(document(nodes), made)
    assert result.ok
    assert CALLS["add"] == 20_000


def test_a_second_run_computes_nothing() -> None:
    made = engine()
    go(chain(10), made)
    again = made.plan(chain(10))
    assert {step.state for step in again.steps.values()} == {"cached"}
    assert made.run(again).outputs() == {"sum": 45}
    assert CALLS["add"] == 10


def test_a_new_process_finds_what_an_earlier_one_stored(tmp_path: Path) -> None:
    work = document(
        {
            "p": {"type": "picture", "values": {"seed": 3}},
            "d": {"type": "darken", "links": {"image": "p.out"}},
        },
        outputs={"dark": "d.out"},
    )
    first = engine(Store(tmp_path))
    before = go(work, first).outputs()["dark"]
    first.close()
    second = engine(Store(tmp_path))
    result = go(work, second)
    assert not CALLS
    assert bool((result.outputs()["dark"].data == before.data).all())
    second.close()


def test_an_edit_whose_result_is_identical_runs_nothing_below_it() -> None:
    def work(a: float) -> musegraph.Workflow:
        return document(
            {
                "a": {"type": "add", "values": {"a": a}},
                "whole": {"type": "floor", "links": {"a": "a.out"}},
                "below": {"type": "add", "links": {"a": "whole.out"}, "values": {"b": 5}},
                "last": {"type": "add", "links": {"a": "below.out"}, "values": {"b": 1}},
            },
            outputs={"o": "last.out"},
        )

    made = engine()
    go(work(7.1), made)
    CALLS.clear()
    plan = made.plan(work(7.9))
    states = {id: step.state for id, step in plan.steps.items()}
    assert states == {"a": "run", "whole": "open", "below": "open", "last": "open"}
    result = made.run(plan)
    assert result.outcome.status == {
        "a": "done",
        "whole": "done",
        "below": "cached",
        "last": "cached",
    }
    assert CALLS == {"add": 1, "floor": 1}
    assert result.record["steps"]["below"]["status"] == "cached"


def test_a_failed_step_skips_its_dependents_and_nothing_else() -> None:
    made = engine()
    events: list[Event] = []
    work = document(
        {
            "bad": {"type": "fail", "values": {"a": 2}},
            "under": {"type": "add", "links": {"a": "bad.out"}},
            "deeper": {"type": "add", "links": {"a": "under.out"}},
            "other": {"type": "add", "values": {"a": 1, "b": 1}},
        },
        outputs={"x": "deeper.out", "y": "other.out"},
    )
    result = made.run(made.plan(work), events.append)
    assert not result.ok
    assert result.outcome.status == {
        "bad": "failed",
        "under": "skipped",
        "deeper": "skipped",
        "other": "done",
    }
    assert result.outputs() == {"x": None, "y": 2}
    failed = [event for event in events if isinstance(event, StepFailed)]
    assert [(event.node, event.message) for event in failed] == [("bad", "2 is bad")]
    skipped = {event.node: event.because for event in events if isinstance(event, StepSkipped)}
    assert skipped == {"under": "bad", "deeper": "under"}


def test_a_failed_item_leaves_the_results_of_the_others_in_the_cache() -> None:
    def work(bad: float) -> musegraph.Workflow:
        values = {"a": [1, 2, 3, 4], "bad": bad}
        return document({"f": {"type": "fail", "values": values}}, outputs={"o": "f.out"})

    made = engine()
    result = go(work(2), made)
    assert result.outcome.errors == {"f": "item 2 of 4: 2 is bad"}
    assert CALLS["fail"] == 4
    go(work(2), made)
    assert CALLS["fail"] == 5  # only the item that failed is tried again


def test_a_list_of_seeds_equals_single_runs_and_shares_their_cache() -> None:
    made = engine()
    seeds = document({"p": {"type": "picture", "values": {"seed": [1, 2, 3, 4]}}})
    listed = go(seeds, made).outputs()["p.out"]
    assert CALLS["picture"] == 4
    for index, seed in enumerate((1, 2, 3, 4)):
        one = go(document({"p": {"type": "picture", "values": {"seed": seed}}}), made)
        assert bool((one.outputs()["p.out"].data == listed[index].data).all())
    assert CALLS["picture"] == 4


def test_identical_steps_of_one_run_are_computed_once() -> None:
    nodes: dict[str, dict[str, object]] = {
        f"n{i}": {"type": "nap", "values": {"a": 1, "seconds": 0.05}} for i in range(6)
    }
    made = engine()
    result = go(document(nodes), made)
    assert result.ok
    assert CALLS["nap"] == 1


def test_independent_branches_run_at_once() -> None:
    nodes: dict[str, dict[str, object]] = {
        f"n{i}": {"type": "meet", "values": {"a": i}} for i in range(2)
    }
    result = go(document(nodes), engine())
    assert result.ok, result.outcome.errors  # one alone would wait for the other in vain


def test_cancelling_stops_within_a_progress_call_and_keeps_what_was_done() -> None:
    made = engine()
    work = document(
        {
            "first": {"type": "add", "values": {"a": 1}},
            "wait": {"type": "slow", "links": {"a": "first.out"}, "values": {"seconds": 30}},
            "after": {"type": "add", "links": {"a": "wait.out"}},
        },
        outputs={"o": "after.out"},
    )
    cancel = threading.Event()
    threading.Thread(target=lambda: (toys.GATE.wait(10), cancel.set())).start()
    start = time.perf_counter()
    result = made.run(made.plan(work), None, cancel)
    assert time.perf_counter() - start < 5
    assert result.cancelled
    assert result.outcome.status == {"first": "done", "wait": "skipped", "after": "skipped"}
    assert made.plan(work).steps["first"].state == "cached"


def test_a_node_that_reads_the_world_runs_once_per_run() -> None:
    made = engine()
    work = document(
        {"c": {"type": "clock"}, "d": {"type": "add", "links": {"a": "c.out"}}},
        outputs={"o": "d.out"},
    )
    go(work, made)
    result = go(work, made)
    assert CALLS == {"clock": 2, "add": 1}
    assert result.outcome.status == {"c": "done", "d": "cached"}


def test_an_unset_output_skips_what_hangs_on_it() -> None:
    made = engine()
    work = document(
        {
            "s": {"type": "sort", "values": {"a": 3}},
            "low": {"type": "add", "links": {"a": "s.small"}},
            "high": {"type": "add", "links": {"a": "s.large"}},
        },
        outputs={"low": "low.out", "high": "high.out"},
    )
    for expected in ("done", "cached"):
        result = go(work, made)
        assert result.ok
        assert result.outcome.status["low"] == expected
        assert result.outcome.status["high"] == "skipped"
        assert result.outputs() == {"low": 3, "high": None}


def test_a_node_that_writes_into_its_input_fails_and_harms_no_other() -> None:
    made = engine()
    work = document(
        {
            "p": {"type": "picture"},
            "v": {"type": "vandal", "links": {"image": "p.out"}},
            "m": {"type": "mean", "links": {"image": "p.out"}},
        }
    )
    before = go(work, made, ("m",)).outputs()["m.out"]
    result = go(work, made, ("v",))
    assert "wrote into its input 'image'" in result.outcome.errors["v"]
    darker = document(
        {
            "p": {"type": "picture"},
            "d": {"type": "darken", "links": {"image": "p.out"}},
            "m": {"type": "mean", "links": {"image": "d.out"}},
        }
    )
    assert go(darker, made, ("m",)).outputs()["m.out"] == pytest.approx(before / 2)


def test_async_nodes_run() -> None:
    work = document({"l": {"type": "later", "values": {"a": 1}}})
    assert go(work, engine()).outputs() == {"l.out": 2}


def test_a_node_that_breaks_its_promise_fails_with_the_port_named() -> None:
    result = go(document({"l": {"type": "liar"}}), engine())
    assert "output 'out'" in result.outcome.errors["l"]
    assert "'three' is no number" in result.outcome.errors["l"]


def test_a_linked_value_out_of_range_fails_with_the_port_named() -> None:
    work = document(
        {
            "n": {"type": "floor", "values": {"a": 50}},
            "l": {"type": "label", "values": {"text": "abc"}, "links": {"size": "n.out"}},
        }
    )
    error = go(work, engine()).outcome.errors["l"]
    assert error == "port 'size': 50 is out of range: it has to be at most 9"


def test_data_that_was_evicted_is_made_again_when_it_is_needed() -> None:
    made = engine(Store(host_budget=1))
    work = document(
        {
            "p": {"type": "picture"},
            "q": {"type": "picture", "values": {"seed": 1}},
            "d": {"type": "darken", "links": {"image": "p.out"}},
            "e": {"type": "darken", "links": {"image": "q.out"}},
            "m": {"type": "mean", "links": {"image": "d.out"}},
            "n": {"type": "mean", "links": {"image": "e.out"}},
            "s": {"type": "add", "links": {"a": "m.out", "b": "n.out"}},
        },
        outputs={"o": "s.out"},
    )
    result = go(work, made)
    assert result.ok, result.outcome.errors
    assert 0.4 < result.outputs()["o"] < 0.6


def test_a_step_whose_record_is_known_but_whose_data_is_lost_runs_only_if_needed(
    tmp_path: Path,
) -> None:
    def work(side: int) -> musegraph.Workflow:
        return document(
            {
                "p": {"type": "picture", "values": {"side": side}},
                "m": {"type": "mean", "links": {"image": "p.out"}},
                "d": {"type": "darken", "links": {"image": "p.out"}},
            },
            outputs={"o": "m.out"},
        )

    first = engine(Store(tmp_path))
    go(work(4), first)
    first.close()
    second = engine(Store(tmp_path))
    plan = second.plan(work(4))
    assert {id: s.state for id, s in plan.steps.items()} == {"p": "cached", "m": "cached"}
    second.run(plan)
    assert not CALLS
    plan = second.plan(work(4), ("d",))
    assert {id: s.state for id, s in plan.steps.items()} == {"p": "run", "d": "run"}
    result = second.run(plan)
    assert result.ok, result.outcome.errors
    assert CALLS == {"picture": 1, "darken": 1}
    second.close()


def test_damaged_data_is_noticed_and_computed_again(tmp_path: Path) -> None:
    work = document({"p": {"type": "picture"}}, outputs={"o": "p.out"})
    first = engine(Store(tmp_path))
    before = go(work, first).outputs()["o"]
    first.close()
    for file in (tmp_path / "objects").rglob("*"):
        if file.is_file():
            data = bytearray(file.read_bytes())
            data[-1] ^= 1
            file.write_bytes(data)
    second = engine(Store(tmp_path))
    work = document(
        {"p": {"type": "picture"}, "d": {"type": "darken", "links": {"image": "p.out"}}},
        outputs={"o": "d.out"},
    )
    result = go(work, second)
    assert result.ok, result.outcome.errors
    assert CALLS == {"picture": 1, "darken": 1}
    assert bool((result.outputs()["o"].data == before.data / 2).all())
    second.close()


def test_results_are_announced_as_stored_once_they_are_on_disk(tmp_path: Path) -> None:
    made = engine(Store(tmp_path))
    events: list[Event] = []
    work = document({"p": {"type": "picture"}}, outputs={"o": "p.out"})
    made.run(made.plan(work), events.append)
    kinds = [type(event) for event in events]
    assert kinds.index(StepStored) > kinds.index(StepDone)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    made.close()


def test_events_come_as_an_async_stream() -> None:
    made = engine()

    async def collect() -> list[Event]:
        return [event async for event in made.stream(made.plan(chain(3)))]

    events = asyncio.run(collect())
    assert events[0].type == "run_started"
    assert events[-1].type == "run_finished"


def test_progress_names_the_item_of_a_mapped_step() -> None:
    made = engine()
    events: list[Event] = []
    work = document({"s": {"type": "slow", "values": {"a": [1, 2], "seconds": 0.01}}})
    made.run(made.plan(work), events.append)
    items = {(e.item, e.items) for e in events if isinstance(e, StepProgress)}
    assert items == {(0, 2), (1, 2)}


def test_two_stores_on_one_folder_share_results(tmp_path: Path) -> None:
    one, two = Store(tmp_path), Store(tmp_path)
    first = engine(one)
    go(chain(5), first)
    second = Engine(Registry.of(toys.pack()), two)
    CALLS.clear()
    assert go(chain(5), second).outputs() == {"sum": 10}
    assert not CALLS
    one.close()
    two.close()


def test_run_from_python_returns_the_named_outputs_and_raises_when_a_step_fails() -> None:
    made = engine()
    work = document(
        {"f": {"type": "fail", "values": {"a": 1}}},
        inputs={"number": {"to": ["f.a"]}},
        outputs={"o": "f.out"},
    )
    assert musegraph.run(work, engine=made, number=5) == {"o": 5}
    with pytest.raises(RunFailed, match="f: 2 is bad"):
        musegraph.run(work, engine=made, number=2)
    with pytest.raises(musegraph.InvalidWorkflow, match="there is no input 'numbr'"):
        musegraph.run(work, engine=made, numbr=2)


def test_a_seed_is_written_into_the_document() -> None:
    made = engine()
    listed = {"type": "picture", "values": {"seed": [5, 6]}}
    work = document({"p": {"type": "picture"}, "q": listed})
    settled = made.settle(work, seed=9)
    assert settled.nodes["p"].values["seed"] == 9
    assert settled.nodes["q"].values["seed"] == [9, 10]


@pytest.mark.parametrize("between", [False, True])
def test_a_list_of_pictures_that_came_out_empty_reaches_a_port_for_pictures(between: bool) -> None:
    """It was checked as JSON, for which an annotation of media cannot be read."""

    @musegraph.node
    def none() -> list[musegraph.Image]:
        """Find nothing."""
        return []

    @musegraph.node
    def same(image: musegraph.Image) -> musegraph.Image:
        """Change nothing."""
        return image

    @musegraph.node
    def how_many(images: list[musegraph.Image]) -> int:
        """Count pictures."""
        return len(images)

    nodes: dict[str, dict[str, object]] = {
        "none": {"type": "few.none"},
        "each": {"type": "few.same", "links": {"image": "none.out"}},
        "count": {
            "type": "few.how_many",
            "links": {"images": "each.out" if between else "none.out"},
        },
    }
    few = musegraph.Pack("few", [none, same, how_many])
    result = go(document(nodes, outputs={"n": "count.out"}), Engine(Registry.of(few), Store()))
    assert result.ok, result.outcome.errors
    assert result.outputs() == {"n": 0}
