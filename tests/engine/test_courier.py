"""What a worker tells of a run that goes on."""

from __future__ import annotations

import json
import threading
from time import monotonic, sleep
from typing import Any

import torch

from musegraph import Context, Engine, Image, Pack, Registry, Store, Workflow, node
from musegraph.terms import Terms
from musegraph.workers.courier import LOOK, Courier

THREADS: dict[str, set[int]] = {"node": set(), "preview": set()}


@node(version="1", cache=False)
def show(steps: int, ctx: Context, pause: float = 0.0, fails: bool = False) -> int:
    """Show a grey picture at each step."""
    THREADS["node"].add(threading.get_ident())

    def look() -> Image:
        THREADS["preview"].add(threading.get_ident())
        if fails:
            raise ValueError("no picture")
        return Image(torch.full((1, 4, 4, 3), 0.5))

    for step in range(steps):
        ctx.progress(step, steps, preview=look)
        sleep(pause)
    return steps


def told(**values: Any) -> list[dict[str, Any]]:
    """The events that a server would be sent of a run of one node."""
    sent: list[dict[str, Any]] = []
    courier = Courier(lambda line: sent.append(json.loads(line)))
    for seen in THREADS.values():
        seen.clear()
    work = {"musegraph": 1, "nodes": {"n": {"type": "toy.show", "values": values}}}
    with Engine(Registry([Pack("toy", [show])]), Store()) as engine:
        plan = engine.plan(Workflow.parse(work), ["n"])
        result = engine.run(plan, courier.event, terms=Terms(look=courier.look))
        assert result.ok, result.outcome.errors
    courier.flush()
    return [event for message in sent for event in message["events"]]


def looks(events: list[dict[str, Any]]) -> list[str]:
    return [event["preview"] for event in events if event.get("preview")]


def test_a_preview_is_made_on_the_thread_of_its_step() -> None:
    """It may use the step's models, and many of them keep what they are at in themselves."""
    events = told(steps=3, pause=0.05)
    assert THREADS["preview"] == THREADS["node"]
    (look,) = looks(events)
    assert look.startswith("data:image/webp;base64,")


def test_previews_are_made_a_few_times_a_second_and_none_is_lost() -> None:
    start = monotonic()
    found = looks(told(steps=300, pause=0.002))
    most = (monotonic() - start) / LOOK + 1
    assert 1 < len(found) <= most


def test_a_preview_that_fails_stops_nothing_and_is_not_shown() -> None:
    events = told(steps=3, fails=True)
    assert looks(events) == []
    assert [event["done"] for event in events if event["type"] == "step_progress"][-1] == 2
