"""Events: changes are never left out, progress is only ever the latest, and the slow are let go."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from client import carried, served, stall

from musegraph.server.feed import BEHIND, Feed, TooSlow


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
        for _ in range(BEHIND + 1):
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
