"""Events: changes are never left out, progress is only ever the latest, and the slow are let go."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from client import carried, served, stall

from musegraph.server.feed import REMEMBERED, Feed, TooSlow


def progress(node: str, done: float) -> dict[str, Any]:
    return {"type": "step_progress", "run": "r", "node": node, "done": done}


def done(node: str) -> dict[str, Any]:
    return {"type": "step_done", "run": "r", "node": node}


def test_progress_that_was_outrun_is_never_sent() -> None:
    async def body() -> None:
        feed = Feed()
        listener, _ = feed.join()
        for step in range(1000):
            feed.tell(progress("a", step))
            feed.tell(progress("b", step))
        feed.tell(done("a"))
        assert listener.waiting() == 2
        events = json.loads(await listener.next())["events"]
        assert events == [{**done("a"), "number": 1}, progress("b", 999)]

    carried(body())


def test_who_falls_too_far_behind_is_let_go_and_holds_nothing() -> None:
    async def body() -> None:
        feed = Feed()
        slow, _ = feed.join()
        other, _ = feed.join()
        for _ in range(REMEMBERED + 1):
            feed.tell(done("a"))
            if other.waiting() > 100:
                await other.next()
        assert slow.waiting() == 0
        with pytest.raises(TooSlow):
            await slow.next()
        assert feed.join(feed.epoch, feed.last)[1] is True

    carried(body())


def test_a_stalled_listener_holds_up_no_other(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            stalled = await asyncio.to_thread(stall, client)
            good = await client.session.ws_connect(
                client.url + "/api/events", headers=client.headers
            )
            await good.receive_json()
            while len(server.feed) < 2:
                await asyncio.sleep(0.01)
            late, heard = [], 0
            for number in range(300):
                server.feed.tell({"type": "made", "at": perf_counter(), "pad": "x" * 50_000})
                if number % 3 == 0:
                    for event in (await good.receive_json())["events"]:
                        late.append(perf_counter() - event["at"])
                        heard += 1
            while heard < 300:
                for event in (await good.receive_json())["events"]:
                    late.append(perf_counter() - event["at"])
                    heard += 1
            assert heard == 300
            assert sorted(late)[int(len(late) * 0.9)] < 1
            await good.close()
            stalled.close()

    carried(body())


@pytest.mark.parametrize("junk", [b"{}", b"\xff" * 100, b"x" * 100_000])
def test_who_talks_on_the_socket_is_let_go(tmp_path: Path, junk: bytes) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            connection = await client.session.ws_connect(
                client.url + "/api/events", headers=client.headers
            )
            await connection.receive_json()
            await connection.send_bytes(junk)
            await connection.receive()
            assert connection.close_code in (1003, 1009)
            while len(server.feed):
                await asyncio.sleep(0.01)
            assert (await client.get("/healthz")) == {"ok": True}

    carried(body())


def test_what_many_are_told_is_put_together_once() -> None:
    async def body() -> None:
        feed = Feed()
        many = [feed.join()[0] for _ in range(50)]
        late, _ = feed.join()
        for step in range(3):
            feed.tell(done(f"n{step}"))
        feed.tell(progress("a", 0.5))
        messages = [await listener.next() for listener in many]
        assert len({id(message) for message in messages}) == 1
        assert [event["type"] for event in json.loads(messages[0])["events"]] == (
            ["step_done"] * 3 + ["step_progress"]
        )
        feed.tell(done("a"))
        numbers = [event.get("number") for event in json.loads(await late.next())["events"]]
        assert numbers == [1, 2, 3, 4], "the progress was outrun"
        assert [json.loads(await one.next())["events"] for one in many] == [
            [{**done("a"), "number": 4}]
        ] * 50

    carried(body())


def test_who_listens_to_one_run_is_not_behind_for_what_others_do() -> None:
    async def body() -> None:
        feed = Feed()
        one, _ = feed.join(run="mine")
        for _ in range(REMEMBERED + 10):
            feed.tell(done("a"))
        assert one.waiting() == 0
        feed.tell({**progress("a", 0.5), "run": "mine"})
        feed.tell({**done("a"), "run": "mine"})
        feed.tell(done("a"))
        (event,) = json.loads(await one.next())["events"]
        assert (event["run"], event["number"]) == ("mine", REMEMBERED + 11)
        assert one.waiting() == 0

    carried(body())


def test_who_comes_back_is_told_what_was_missed_and_no_old_progress() -> None:
    async def body() -> None:
        feed = Feed()
        for number in range(5):
            feed.tell(done(str(number)))
        feed.tell(progress("5", 0.5))
        back, complete = feed.join(feed.epoch, 3)
        assert complete
        numbers = [event["number"] for event in json.loads(await back.next())["events"]]
        assert numbers == [4, 5]
        assert feed.join(feed.epoch, 5)[0].waiting() == 0
        assert feed.join(feed.epoch, 6)[1] is False
        assert feed.join("of another life", 3)[1] is False
        strange, complete = feed.join(None, None)
        assert (strange.waiting(), complete) == (0, False)

    carried(body())


def test_the_progress_of_a_run_is_forgotten_with_its_end() -> None:
    feed = Feed()
    for run in ("r", "other"):
        for number in range(10):
            feed.tell({**progress(str(number), 0.5), "run": run})
    feed.tell({"type": "run", "run": "r", "facts": {"state": "running"}})
    assert len(feed._latest) == 20
    feed.tell({"type": "run", "run": "r", "facts": {"state": "failed"}})
    assert {run for run, _ in feed._latest} == {"other"}
