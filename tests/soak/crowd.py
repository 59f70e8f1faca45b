"""Many jobs in the queue, many listeners, one of them stalled: nothing waits, nothing grows."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import aiohttp
import psutil
from client import Client, Process, stall

from musegraph.server.database import Database
from musegraph.server.queue import Submission, claim, finish, submit

PROMISE = "10,000 queued jobs and 200 listeners are ordinary"
BATCH = 1000
LISTENERS = 200
MEGABYTE = 1 << 20


def small(number: int, steps: int = 3) -> dict[str, Any]:
    """A chain of trivial nodes."""
    nodes: dict[str, Any] = {"n0": {"type": "troublesome.add", "values": {"a": number}}}
    for index in range(1, steps):
        links = {"a": f"n{index - 1}.out"}
        nodes[f"n{index}"] = {"type": "troublesome.add", "values": {"b": 1}, "links": links}
    return {"musegraph": 1, "outputs": {"out": f"n{steps - 1}.out"}, "nodes": nodes}


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


async def listen(client: Client, count: int) -> list[tuple[str, str, float, bool]]:
    """Listeners to a run of 1,000 nodes, and one that never reads."""
    stalled = await asyncio.to_thread(stall, client)
    sockets = [
        await client.session.ws_connect(client.url + "/api/events", headers=client.headers)
        for _ in range(count)
    ]
    for one in sockets:
        await one.receive()
    heard: list[list[int]] = [[] for _ in sockets]
    sizes = [0] * count
    last = asyncio.Event()

    async def hear(index: int) -> None:
        async for message in sockets[index]:
            sizes[index] += len(message.data)
            for event in json.loads(message.data)["events"]:
                if "number" in event:
                    heard[index].append(event["number"])
                if event["type"] == "run" and event["facts"]["state"] == "done":
                    last.set()
                    return

    hearing = [asyncio.create_task(hear(index)) for index in range(count)]
    start = perf_counter()
    await client.submit(small(5, 1000))
    await last.wait()
    first = perf_counter() - start
    await asyncio.gather(*hearing)
    spread = perf_counter() - start - first
    for one in sockets:
        await one.close()
    stalled.close()
    missed = sum(numbers != list(range(numbers[0], numbers[0] + len(numbers))) for numbers in heard)
    return [
        ("listeners that missed a change", str(missed), 0, missed == 0),
        ("from the first to the last of them, s", f"{spread:.2f}", 1, spread <= 1),
        ("sent to each for 1,000 nodes, MB", f"{max(sizes) / MEGABYTE:.2f}", 1,
         max(sizes) <= MEGABYTE),
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
