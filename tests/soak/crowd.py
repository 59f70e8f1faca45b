"""Many jobs in the queue, many listeners, one of them stalled: nothing waits, nothing grows."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import tempfile
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any, cast

import aiohttp
import psutil
from client import Client, Process, stall, upgrade

from musegraph.server.database import Database
from musegraph.server.queue import Submission, claim, finish, submit

PROMISE = "10,000 queued jobs and 200 listeners are ordinary"
BATCH = 1000
LISTENERS = 200
MEGABYTE = 1 << 20
STAMPS = 300
STEP = 0.01
"""Seconds between two changes."""


def small(number: int, steps: int = 3) -> dict[str, Any]:
    """A chain of trivial nodes."""
    nodes: dict[str, Any] = {"n0": {"type": "troublesome.add", "values": {"a": number}}}
    for index in range(1, steps):
        links = {"a": f"n{index - 1}.out"}
        nodes[f"n{index}"] = {"type": "troublesome.add", "values": {"b": 1}, "links": links}
    return {"musegraph": 1, "outputs": {"out": f"n{steps - 1}.out"}, "nodes": nodes}


def stamps() -> dict[str, Any]:
    """A chain of nodes that say when they were done, some tens in a second."""
    nodes: dict[str, Any] = {}
    for index in range(STAMPS):
        links = {"after": f"s{index - 1}.out"} if index else {}
        values = {"seconds": STEP}
        nodes[f"s{index}"] = {"type": "troublesome.stamp", "values": values, "links": links}
    return {"musegraph": 1, "outputs": {"out": f"s{STAMPS - 1}.out"}, "nodes": nodes}


def quantile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


async def queue(client: Client, process: Process, count: int) -> list[tuple[str, str, float, bool]]:
    """Fill the queue, look at it, and empty it; what was measured, its unit, and the bound."""
    memory = psutil.Process(process.process.pid)
    await client.ask("PUT", "/api/queue", json={"paused": True})
    await client.submit(small(-1))
    before = memory.memory_info().rss
    jobs = [{"workflow": small(number)} for number in range(count)]
    start = perf_counter()
    for first in range(0, count, BATCH):
        status, found = await client.ask(
            "POST", "/api/runs/batch", json={"runs": jobs[first : first + BATCH]}
        )
        assert status == 201, found
    submitted = perf_counter() - start
    pages = []
    for page in range(50):
        start = perf_counter()
        await client.get(f"/api/queue?limit=100&offset={page * 100}")
        pages.append(perf_counter() - start)
    moves = []
    waiting = (await client.get("/api/queue?limit=100&offset=5000"))["runs"]
    for run, other in pairwise(waiting):
        start = perf_counter()
        await client.ask("POST", f"/api/runs/{other['id']}/move", json={"before": run["id"]})
        moves.append(perf_counter() - start)
    grown = memory.memory_info().rss - before
    start = perf_counter()
    await client.ask("POST", "/api/runs/cancel", json={})
    cancelled = perf_counter() - start
    await client.ask("PUT", "/api/queue", json={"paused": False})
    return [
        (f"submit {count:,} in batches, s", f"{submitted:.2f}", 3, submitted <= 3),
        ("a page of the queue, p99, ms", f"{quantile(pages, 0.99) * 1e3:.1f}", 50,
         quantile(pages, 0.99) <= 0.05),
        ("move a run, p95, ms", f"{quantile(moves, 0.95) * 1e3:.1f}", 50,
         quantile(moves, 0.95) <= 0.05),
        ("cancel all, s", f"{cancelled:.2f}", 2, cancelled <= 2),
        ("memory, MB", f"{grown / MEGABYTE:.0f}", 300, grown <= 300 * MEGABYTE),
    ]  # fmt: skip


async def claims(folder: Path, count: int) -> list[tuple[str, str, float, bool]]:
    """How long it takes to hand out the next run of a long queue, noted on disk."""
    database = Database(folder / "claims.db")
    wanted = [Submission(small(number), str(number)) for number in range(count)]
    await database.write(lambda db: submit(db, wanted, count))
    seconds = []
    for _ in range(200):
        start = perf_counter()
        (held,) = await database.write(lambda db: claim(db, "worker"))
        seconds.append(perf_counter() - start)
        await database.write(lambda db, held=held: finish(db, held, "done"))  # type: ignore[misc]
    await asyncio.to_thread(database.close)
    worst = quantile(seconds, 0.99)
    return [("claim the next run, p99, ms", f"{worst * 1e3:.1f}", 20, worst <= 0.02)]


class Ear(asyncio.Protocol):
    """A WebSocket that notes when what arrived, and looks at it only afterwards.

    200 clients that read JSON would be slower than what is to be measured.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.chunks: list[tuple[float, bytes]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(upgrade(self.client))

    def data_received(self, data: bytes) -> None:
        self.chunks.append((monotonic(), data))

    def size(self) -> int:
        return sum(len(data) for _, data in self.chunks)

    def events(self) -> Iterator[tuple[float, dict[str, Any]]]:
        """Each event with the moment at which its message was there as a whole."""
        whole = b"".join(data for _, data in self.chunks)
        ends = list(accumulate(len(data) for _, data in self.chunks))
        at = whole.index(b"\r\n\r\n") + 4
        while at < len(whole):
            length, at = whole[at + 1] & 127, at + 2
            if length > 125:
                wide = 2 if length == 126 else 8
                length, at = int.from_bytes(whole[at : at + wide]), at + wide
            text, at = whole[at : at + length], at + length
            arrived = self.chunks[bisect_left(ends, at)][0]
            for event in json.loads(text).get("events", ()) if text.startswith(b"{") else ():
                yield arrived, event


async def heard(client: Client, count: int, document: dict[str, Any]) -> tuple[list[Ear], str]:
    """What so many listeners hear of a run, while one more never reads; and the run."""
    stalled = await asyncio.to_thread(stall, client)
    host, _, port = client.url.removeprefix("http://").partition(":")
    loop = asyncio.get_running_loop()
    ears = [(await loop.create_connection(lambda: Ear(client), host, int(port)))[1]
            for _ in range(count)]  # fmt: skip
    while (await client.get("/api/status"))["listeners"] < count + 1:
        await asyncio.sleep(0.05)
    run = (await client.submit(document))["id"]
    await client.ended(run, 120)
    await asyncio.sleep(1)
    for ear in ears:
        ear.transport.close()
    stalled.close()
    return ears, run


async def listen(client: Client, count: int) -> list[tuple[str, str, float, bool]]:
    """What 1,000 trivial nodes send to each listener, and how late a slower run is told."""
    trivial, _ = await heard(client, count, small(5, 1000))
    size = max(ear.size() for ear in trivial) / MEGABYTE
    stamped, run = await heard(client, count, stamps())
    late, missed = [], 0
    for ear in stamped + trivial:
        numbers = [event["number"] for _, event in ear.events() if "number" in event]
        missed += numbers != list(range(numbers[0], numbers[0] + len(numbers)))
    for ear in stamped:
        told = [(at, event) for at, event in ear.events()
                if event["type"] == "step_done" and event["run"] == run]  # fmt: skip
        missed += len(told) != STAMPS
        late += [at - float(event["outputs"]["out"].removeprefix("json:")) for at, event in told]
    worst = quantile(late, 0.99)
    return [
        ("listeners that missed a change", str(missed), 0, missed == 0),
        ("sent to each for 1,000 nodes, MB", f"{size:.2f}", 1, size <= 1),
        (f"a change is told to {count} listeners, median, ms",
         f"{quantile(late, 0.5) * 1e3:.1f}", 50, True),
        (f"a change is told to {count} listeners, p99, ms", f"{worst * 1e3:.1f}", 50,
         worst <= 0.05),
    ]  # fmt: skip


async def trial(count: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.to_thread(Process, Path(folder))
        try:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
                client = Client(session, process.url, process.token)
                rows = await queue(client, process, 100 * count)
                rows += await claims(Path(folder), 100 * count)
                rows += await listen(client, min(LISTENERS, 2 * count))
        finally:
            await asyncio.to_thread(process.end, signal.SIGTERM)
    print("| what | figure | at most | |\n|---|--:|--:|---|")
    for what, figure, bound, good in rows:
        print(f"| {what} | {figure} | {bound:g} | {'met' if good else 'MISSED'} |")
    return all(good for *_, good in rows)


def main(count: int) -> int:
    """One trial with 100 jobs and two listeners for each of ``count``; prints a table."""
    return 0 if asyncio.run(trial(count)) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
