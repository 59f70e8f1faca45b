"""Events: changes are never left out, progress is only ever the latest, and the slow are let go."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from pathlib import Path
from typing import Any

import psutil
import pytest
from client import carried, served, stall

from musegraph.server.feed import REMEMBERED, REMEMBERED_LETTERS, Feed, TooSlow
from musegraph.server.handlers import facts


def frame(kind: int, data: bytes, flags: int = 0x80) -> bytes:
    """A frame as a client sends it, masked with zeros."""
    size = len(data)
    if size < 126:
        head = bytes([size | 0x80])
    elif size < 1 << 16:
        head = b"\xfe" + size.to_bytes(2, "big")
    else:
        head = b"\xff" + size.to_bytes(8, "big")
    return bytes([flags | kind]) + head + bytes(4) + data


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


def test_large_changes_that_nobody_reads_do_not_fill_the_memory() -> None:
    async def body() -> None:
        feed = Feed()
        slow, _ = feed.join()
        for number in range(200):
            feed.tell({"type": "made", "pad": str(number) * 50_000})
        with pytest.raises(TooSlow):
            await slow.next()
        back, complete = feed.join(feed.epoch, 0)
        assert not complete
        feed.leave(back)
        back, complete = feed.join(feed.epoch, feed.last - 10)
        assert complete
        assert back.waiting() == 10
        assert sum(len(text) for *_, text in feed._kept) <= REMEMBERED_LETTERS
        await back.next()
        feed.tell({"type": "made", "pad": "x" * REMEMBERED_LETTERS})
        (event,) = json.loads(await back.next())["events"]
        assert event["number"] == feed.last, "larger than that alone, and told"

    carried(body())


def test_a_stalled_listener_holds_up_no_other_and_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """600 changes of 100 KB; how late they are is measured in the soak."""
    monkeypatch.setattr(facts, "STALLED", 1.0)

    async def body() -> None:
        async with served(tmp_path) as (client, server):
            stalled = await asyncio.to_thread(stall, client)
            good = await client.session.ws_connect(
                client.url + "/api/events", headers=client.headers, max_msg_size=0
            )
            await good.receive_json()
            while len(server.feed) < 2:
                await asyncio.sleep(0.01)
            heard: list[int] = []
            for number in range(1, 601):
                server.feed.tell({"type": "made", "pad": "x" * 100_000})
                while number - len(heard) > 20:
                    heard += [event["number"] for event in (await good.receive_json())["events"]]
            while len(heard) < 600:
                heard += [event["number"] for event in (await good.receive_json())["events"]]
            assert heard == list(range(1, 601))
            while len(server.feed) > 1:
                await asyncio.sleep(0.01)
            await good.close()
            stalled.close()

    carried(body())


JUNK = {
    "a message": (frame(1, b"{}"), 1003),
    "bytes": (frame(2, b"\xff" * 100), 1003),
    "a large message": (frame(2, bytes(100_000)), 1009),
    "the start of 100 MB": (b"\x82\xff" + (100 << 20).to_bytes(8, "big") + bytes(4), 1009),
    "text that is none": (frame(1, b"\xff\xfe\xfd"), 1007),
    "compressed, which was not agreed on": (frame(1, b"\xaa" * 40, 0xC0), 1002),
    "a reserved kind": (frame(3, b""), 1002),
    "many messages": (frame(1, b"x") * 1_000_000, 1003),
}


@pytest.mark.parametrize("name", JUNK)
def test_who_talks_on_the_socket_is_let_go(tmp_path: Path, name: str) -> None:
    junk, wanted = JUNK[name]

    async def body() -> None:
        async with served(tmp_path) as (client, server):
            before = psutil.Process().memory_info().rss
            connection = await asyncio.to_thread(stall, client)
            while not len(server.feed):
                await asyncio.sleep(0.01)
            code = await asyncio.to_thread(said, connection, junk)
            assert code in (wanted, None if len(junk) > 1_000_000 else wanted)
            while len(server.feed):
                await asyncio.sleep(0.01)
            assert (await client.get("/healthz")) == {"ok": True}
            assert psutil.Process().memory_info().rss - before < 32 << 20

    carried(body())


def said(connection: socket.socket, junk: bytes) -> int | None:
    """The code with which the server closes after that; None if it was gone before it said one."""
    connection.settimeout(10)
    data = b""
    with contextlib.suppress(OSError):
        connection.sendall(junk)
    with contextlib.suppress(ConnectionError):
        while b"\x88" not in data and (more := connection.recv(1 << 16)):
            data += more
    connection.close()
    at = data.rfind(b"\x88")
    return None if at < 0 else int.from_bytes(data[at + 2 : at + 4], "big")


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
