"""``kill -9`` of each kind of process while jobs are sent, some of them twice.

There are three: the server, which is also what hands out the jobs; the worker that carries them
out; and the one that answers questions, of which every submission asks one.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import psutil
from client import Client, Process, job

PROMISE = "no job lost, none twice, a killed step at most runs again"
JOBS = 10
"""For each kill."""

STEP = 0.26
"""Seconds of a step: dear enough to be stored."""

CHEAP = 0.08
"""Seconds of one that is not."""


class Trial:
    """A server that is killed again and again, and those who send it jobs."""

    def __init__(self, folder: Path, jobs: int) -> None:
        self.folder = folder
        self.jobs = jobs
        self.log = folder / "log"
        self.process = Process(folder)
        self.sent = 0
        self.kills = 0
        self.moments = random.Random(jobs)

    async def send(self, numbers: list[int]) -> None:
        """Send jobs until each is acknowledged; every third once more."""
        for number in numbers:
            while number >= (self.kills + 1) * JOBS:  # so that there is work at every kill
                await asyncio.sleep(0.02)
            seconds = STEP if number % 10 == 0 else CHEAP
            document = job(number, self.log, seconds, 1_000_000)
            body = {"workflow": document, "key": f"job-{number}"}
            left = 2 if number % 3 == 0 else 1
            while left:
                try:
                    async with aiohttp.ClientSession() as session:
                        client = Client(session, self.process.url, self.process.token)
                        status, found = await client.ask("POST", "/api/runs", json=body)
                        assert status in (200, 201, 422), found
                        if status != 422:  # its worker for questions was killed
                            left -= 1
                            self.sent += 1
                except (aiohttp.ClientError, ConnectionError):
                    await asyncio.sleep(0.05)

    async def ask(self, path: str) -> Any:
        async with aiohttp.ClientSession() as session:
            return await Client(session, self.process.url, self.process.token).get(path)

    async def done(self) -> bool:
        try:
            return await self.done_so_far() == self.jobs
        except (aiohttp.ClientError, ConnectionError):
            return False

    async def done_so_far(self) -> int:
        counts = (await self.ask("/api/queue?limit=1"))["counts"]
        return int(counts.get("done", 0) + counts.get("failed", 0))

    async def kill_server(self) -> None:
        await asyncio.to_thread(self.process.end)
        self.process = await asyncio.to_thread(Process, self.folder)

    async def kill_worker(self) -> None:
        """At a moment of its work: a run that loses three of them in a row is given up."""
        before = await self.done_so_far()
        while await self.done_so_far() == before < self.jobs:
            await asyncio.sleep(0.02)
        await asyncio.sleep(self.moments.uniform(0, 0.4))
        while not _killed(await self.workers()):  # the last one is being replaced
            await asyncio.sleep(0.02)

    async def kill_inspector(self) -> None:
        server = psutil.Process(self.process.process.pid)
        while not _killed([c.pid for c in server.children()], but=await self.workers()):
            await asyncio.sleep(0.02)

    async def workers(self) -> list[int]:
        found = (await self.ask("/api/status"))["workers"]
        return [worker["process"] for worker in found if worker["process"]]

    async def carry_out(self, kills: int, kill: Callable[[], Awaitable[None]]) -> None:
        parts = [list(range(start, self.jobs, 8)) for start in range(8)]
        sending = [asyncio.create_task(self.send(part)) for part in parts]
        for _ in range(kills):
            await asyncio.sleep(self.moments.uniform(0.2, 2.0))
            await kill()
            self.kills += 1
        await asyncio.gather(*sending)
        end = monotonic() + 600
        while not await self.done():
            assert monotonic() < end, "the jobs do not come to an end"
            await asyncio.sleep(0.2)

    def judge(self, kills: int) -> tuple[list[str], bool]:
        """The figures of what came of it, and whether they are as promised."""
        code = self.process.end(signal.SIGTERM)
        with sqlite3.connect(self.folder / "data" / "server.db") as db:
            rows = db.execute("select state, outputs from runs").fetchall()
            (whole,) = db.execute("pragma integrity_check").fetchone()
        states = Counter(state for state, _ in rows)
        values = Counter(outputs for state, outputs in rows if state == "done")
        again = Counter(self.log.read_text().split())
        dear = sum(n - 1 for value, n in again.items() if float(value) % 10 == 0)
        figures = [
            self.jobs, self.sent - self.jobs, self.jobs - states["done"],
            sum(values.values()) - len(values), dear, whole, code,
        ]  # fmt: skip
        good = states == {"done": self.jobs} and len(values) == self.jobs and dear <= kills
        return [str(figure) for figure in figures], good and whole == "ok" and code == 0


def _killed(processes: list[int], but: Sequence[int] = ()) -> bool:
    """Kill those that are alive; whether there was one."""
    found = False
    for process in set(processes) - set(but):
        with contextlib.suppress(psutil.Error):
            alive = psutil.Process(process)
            if alive.status() != psutil.STATUS_ZOMBIE:
                alive.kill()
                found = True
    return found


def main(count: int) -> int:
    """Three trials with ``count`` kills each; prints a table."""
    print("| killed | kills | jobs | sent twice | not done | double | dear steps again"
          " | database | exit code |")  # fmt: skip
    print("|---|--:|--:|--:|--:|--:|--:|---|--:|")
    fine = True
    for what in ("server", "worker", "inspector"):
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(Path(folder), JOBS * count)
            asyncio.run(trial.carry_out(count, getattr(trial, f"kill_{what}")))
            figures, good = trial.judge(count)
            print(f"| {what} | {count} | {' | '.join(figures)} |", flush=True)
            fine = fine and good
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
