"""The engine does the same work for a node of a small graph and for one of a large graph."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from toys import document, engine

from musegraph.execute import Execution
from musegraph.workflow import Workflow

SMALL, LARGE = 1_000, 10_000


def chain(count: int, first: int) -> Workflow:
    """Each node adds its number to what the one before it gave; no number but theirs is used."""
    nodes: dict[str, dict[str, object]] = {}
    for i in range(count):
        source: dict[str, object] = {"links": {"a": f"n{i - 1}.out"}} if i else {}
        nodes[f"n{i}"] = {"type": "add", "values": {"b" if i else "a": first + i}, **source}
    return document(nodes, outputs={"o": f"n{count - 1}.out"})


def wide(count: int, first: int) -> Workflow:
    """No node knows another."""
    return document({f"n{i}": {"type": "add", "values": {"a": first + i}} for i in range(count)})


class Calls:
    """Counts what is called, in Python and in C, on this thread and on those begun meanwhile.

    What the scheduler does while it waits is left out: how often it looks depends on the clock.
    """

    def __init__(self) -> None:
        self.by_thread: Counter[int] = Counter()
        self._waiting: set[int] = set()

    def __enter__(self) -> Calls:
        threading.setprofile(self._see)
        sys.setprofile(self._see)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def _see(self, frame: FrameType, event: str, _: Any) -> None:
        me = threading.get_ident()
        if frame.f_code is Execution._supervise.__code__ and event in ("call", "return"):
            (self._waiting.add if event == "call" else self._waiting.discard)(me)
        elif event in ("call", "c_call") and me not in self._waiting:
            self.by_thread[me] += 1


def calls_per_node(work: Workflow) -> tuple[float, float]:
    """How many calls a node costs in the plan, and in the run."""
    count = len(work.nodes)
    with engine() as ours:
        with Calls() as planning:
            plan = ours.plan(work)
        with Calls() as running:
            result = ours.run(plan)
        assert result.ok
    return planning.by_thread.total() / count, running.by_thread.total() / count


@pytest.mark.parametrize(("shape", "first"), [(chain, 10**6), (wide, 2 * 10**6)])
def test_a_node_costs_as_many_calls_in_a_large_graph_as_in_a_small_one(
    shape: Callable[[int, int], Workflow], first: int
) -> None:
    calls_per_node(shape(2, 0))  # what is done once in a process
    # Numbers that no plan met before: what was checked once is remembered, from plan to plan.
    small = calls_per_node(shape(SMALL, first))
    large = calls_per_node(shape(LARGE, first + SMALL))
    assert min(small) > 1  # they were counted
    assert large == pytest.approx(small, rel=0.01)
