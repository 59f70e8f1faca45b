"""What a run is carried out under: steps that run alone, that failed before, that are to stop."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest
import toys
from toys import document, engine

from musegraph import MusegraphError, Pack, Registry, Store, node
from musegraph.errors import Stopped
from musegraph.events import Event, StepFailed, StepStarted
from musegraph.limits import Bound, Limit, Limits, read_limit
from musegraph.run import Engine
from musegraph.terms import Terms

inside: set[float] = set()
seen: dict[float, set[float]] = {}


@node(version="1", cache=False)
def look(a: float) -> float:
    """Note who else is inside."""
    inside.add(a)
    end = time.perf_counter() + 0.05
    while time.perf_counter() < end:
        for other in tuple(inside):
            seen.setdefault(other, set()).update(inside)
        time.sleep(0.001)
    inside.discard(a)
    return a


@pytest.mark.parametrize("bounded_too", [False, True])
def test_a_step_that_runs_alone_has_none_beside_it_and_the_others_have(bounded_too: bool) -> None:
    inside.clear()
    seen.clear()
    made = Engine(Registry.of(Pack("looks", [look])), Store())
    nodes = {f"n{i}": {"type": "looks.look", "values": {"a": i}} for i in range(8)}
    plan = made.plan(document(nodes))
    limits = Limits({"*": Limit(memory=2**33)}) if bounded_too else Limits()
    result = made.run(plan, None, None, Terms(alone=frozenset({"n0", "n5"}), limits=limits))
    assert result.ok, result.outcome.errors
    alone = range(8) if bounded_too else (0, 5)
    assert all(seen[number] == {number} for number in alone), seen
    assert bounded_too or any(len(beside) > 1 for beside in seen.values())


def test_a_step_that_failed_before_fails_in_the_same_words_and_is_not_called() -> None:
    made = engine()
    work = document(
        {
            "bad": {"type": "add", "values": {"a": 1}},
            "below": {"type": "add", "links": {"a": "bad.out"}},
            "apart": {"type": "add", "values": {"a": 7}},
        }
    )
    told: list[Event] = []
    failed = {"bad": Stopped("it ended its worker", "crashed")}
    result = made.run(made.plan(work), told.append, None, Terms(failed))
    assert result.outcome.status == {"bad": "failed", "below": "skipped", "apart": "done"}
    assert result.record["steps"]["bad"]["error"] == "it ended its worker"
    assert toys.CALLS["add"] == 1
    (event,) = [event for event in told if isinstance(event, StepFailed)]
    assert (event.node, event.message, event.code) == ("bad", "it ended its worker", "crashed")


@pytest.mark.parametrize("a", [1, [1, 2]])
def test_a_step_that_is_told_to_stop_does_so_at_its_next_word_and_no_other_does(a: object) -> None:
    made = engine()
    toys.GATE.clear()
    work = document(
        {
            "wait": {"type": "slow", "values": {"a": a, "seconds": 30}},
            "other": {"type": "nap", "values": {"a": 2}},
        }
    )
    terms = Terms()
    told: list[Event] = []
    stop = Stopped("it took too long", "time-limit")
    threading.Thread(target=lambda: (toys.GATE.wait(10), terms.halted.update(wait=stop))).start()
    start = time.perf_counter()
    result = made.run(made.plan(work), told.append, None, terms)
    assert time.perf_counter() - start < 5
    assert result.outcome.status == {"wait": "failed", "other": "done"}
    assert result.outcome.errors == {"wait": "it took too long"}
    assert not result.cancelled
    kinds = {event.node: event.kind for event in told if isinstance(event, StepStarted)}
    assert kinds == {"wait": "toy.slow", "other": "toy.nap"}


def test_the_nearest_limit_that_says_something_holds() -> None:
    limits = Limits(
        {"a.b": Limit(seconds=5), "a.*": Limit(seconds=60, memory=2**30), "*": Limit(memory=2**20)}
    )
    assert limits.seconds("a.b") == Bound("a.b", 5)
    assert limits.memory("a.b") == Bound("a.*", 2**30)
    assert limits.seconds("c.d") is None
    assert limits.memory("c.d") == Bound("*", 2**20)
    assert Limits.of(limits.json()) == limits
    assert not Limits()


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("diffusion.sample=seconds:600,memory:8GB", Limit(600, 8 * 2**30)),
        ("diffusion.*=memory:1.5gb", Limit(None, 3 * 2**29)),
        ("*=seconds:0.5", Limit(0.5)),
    ],
)
def test_a_limit_is_written_in_one_word(text: str, limit: Limit) -> None:
    assert read_limit(text) == (text.partition("=")[0], limit)


@pytest.mark.parametrize(
    "text",
    ["", "x", "x.y", "x.y=", "x.y=600", "x.y=seconds:0", "x.y=seconds:nan", "x.y=memory:1KB",
     "x.y=memory:-1GB", "x y=seconds:1", "x.y=seconds:1,hours:2", "x.y\n=seconds:1",
     "x.y=seconds:1,seconds:2"],
)  # fmt: skip
def test_a_limit_that_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(MusegraphError, match="seconds:600,memory:8GB"):
        read_limit(text)


HUNGRY = """
from musegraph.limits import Bound, bounded
with bounded(Bound("x.y", 64 * 2**20)):
    held = bytearray(16 * 2**20)
    try:
        bytearray(256 * 2**20)
    except MemoryError:
        print("refused")
print(len(bytearray(256 * 2**20)))
"""


def test_memory_above_a_limit_is_refused_and_the_limit_ends_with_its_step() -> None:
    """In a process of its own: what other tests hold may be given back meanwhile."""
    done = subprocess.run(
        [sys.executable, "-c", HUNGRY], check=True, stdout=subprocess.PIPE, text=True
    )
    assert done.stdout.split() == ["refused", str(256 * 2**20)]
