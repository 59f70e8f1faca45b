"""A server with a long past: 10,000 runs in its history, 50,000 files, and a library."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import aiohttp
from blake3 import blake3
from client import Client, Process
from crowd import quantile, small

from musegraph.server import queue
from musegraph.server.database import Database

PROMISE = "With 10,000 runs and 50,000 files in the past, no question takes more than 100 ms."
LIMIT = 0.1
FILES = 5
"""Of each run."""
TIMES = 30
"""How often each question is asked."""


def file(run: int, number: int) -> dict[str, Any]:
    digest = blake3(f"{run} {number}".encode()).hexdigest()
    return {"asset": f"blake3:{digest}", "name": f"{run}_{number}.png", "media": "image/png",
            "bytes": 1_000_000, "identity": f"blake3:{digest}"}  # fmt: skip


async def fill(place: Path, runs: int) -> list[str]:
    """Runs that have ended with files, each with a record, and a library; the ids of the runs."""
    database = Database(place)
    ids: list[str] = []

    def work(first: int, last: int) -> Any:
        def write(db: Any) -> None:
            wanted = [queue.Submission(small(n), f"run {n}") for n in range(first, last)]
            queue.submit(db, wanted, runs)
            for held, number in zip(queue.claim(db, "main", last - first), range(first, last),
                                    strict=True):  # fmt: skip
                files = [file(number, index) for index in range(FILES)]
                made = {"out": {"identity": "x", "value": None, "files": files, "problem": None}}
                state: queue.State = "failed" if number % 50 == 0 else "done"
                step = {"status": "done", "seconds": 1.0, "type": "image.color"}
                record = {"steps": {f"n{index}": step for index in range(50)}}
                queue.finish(db, held, state, outputs=made, record=record)
                ids.append(held.id)

        return write

    for first in range(0, runs, 500):
        await database.write(work(first, min(runs, first + 500)))
    await asyncio.to_thread(database.close)
    return ids


async def ask(client: Client, questions: dict[str, list[str]]) -> dict[str, list[float]]:
    """Each question again and again; the seconds that the answers took."""
    seconds: dict[str, list[float]] = {name: [] for name in questions}
    for turn in range(TIMES):
        for name, paths in questions.items():
            start = perf_counter()
            status, found = await client.ask("GET", paths[turn % len(paths)])
            seconds[name].append(perf_counter() - start)
            assert status in (200, 404), found
    return seconds


async def trial(runs: int) -> bool:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        ids = await fill(folder / "data" / "server.db", runs)
        start = perf_counter()
        process = await asyncio.to_thread(Process, folder)
        began = perf_counter() - start
        try:
            async with aiohttp.ClientSession() as session:
                client = Client(session, process.url, process.token)
                for number in range(100):
                    save = {"name": f"workflow {number}", "workflow": small(number)}
                    assert (await client.ask("POST", "/api/workflows", json=save))[0] == 201
                latest = (await client.get("/api/runs?limit=100"))["runs"]
                middle = (await client.get(f"/api/runs/{ids[runs // 2]}"))["finished"]
                seconds = await ask(client, {
                    "the queue": ["/api/queue"],
                    "the latest runs": ["/api/runs?limit=100"],
                    "runs from the middle": [f"/api/runs?limit=100&before={middle}"],
                    "runs that failed": ["/api/runs?limit=100&state=failed"],
                    "runs that were cancelled, none": ["/api/runs?limit=100&state=cancelled"],
                    "a run": [f"/api/runs/{id}" for id in ids[:: runs // 30 or 1]],
                    "a file that is gone": [
                        f"/api/assets/{one['asset']}"
                        for run in latest[:30] for one in run["outputs"]["out"]["files"]
                    ],
                    "the library": ["/api/workflows"],
                    "how the server is": ["/api/status"],
                    "figures": ["/metrics"],
                })  # fmt: skip
                await client.submit(small(-1))  # the worker that is asked has started
                submitting = []
                for number in range(TIMES):
                    start = perf_counter()
                    await client.submit(small(number), key=f"new {number}")
                    submitting.append(perf_counter() - start)
                seconds["a submission, on disk"] = submitting
        finally:
            await asyncio.to_thread(process.end, signal.SIGTERM)
    print(f"| with {runs:,} runs and {runs * FILES:,} files | half, ms | most, ms | at most | |")
    print("|---|--:|--:|--:|---|")
    print(f"| from the start to the address | {began * 1e3:.0f} | {began * 1e3:.0f} | | |")
    for what, found in seconds.items():
        good = "met" if max(found) <= LIMIT else "MISSED"
        print(
            f"| {what} | {quantile(found, 0.5) * 1e3:.1f} | {max(found) * 1e3:.1f} | 100 | {good} |"
        )
    return all(max(found) <= LIMIT for found in seconds.values())


def main(count: int) -> int:
    return 0 if asyncio.run(trial(count)) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
