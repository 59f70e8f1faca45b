"""The server is killed, told to end, started twice and fed twice: nothing is lost or done twice."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
from client import Client, Process, carried, job, served
from test_runs import LIGHT, slow

from musegraph.server import queue
from musegraph.server.database import Database


def test_nothing_acknowledged_is_lost_or_done_twice_when_the_server_is_killed(
    tmp_path: Path,
) -> None:
    """Jobs are sent until they are acknowledged, some of them twice; a small form of the soak."""
    jobs, kills, moments = 24, 5, random.Random(7)
    log = tmp_path / "log"

    async def send(process: list[Process], number: int) -> None:
        body = {"workflow": job(number, log, 0.26, 1000), "key": f"job-{number}"}
        sent = 0
        while sent < (2 if number % 3 == 0 else 1):
            try:
                async with aiohttp.ClientSession() as session:
                    client = Client(session, process[0].url, process[0].token)
                    status, _ = await client.ask("POST", "/api/runs", json=body)
                    assert status in (200, 201)
                    sent += 1
            except (aiohttp.ClientError, ConnectionError):
                await asyncio.sleep(0.05)

    async def body() -> None:
        process = [Process(tmp_path)]
        sending = asyncio.create_task(_all(send(process, number) for number in range(jobs)))
        for _ in range(kills):
            await asyncio.sleep(moments.uniform(0.3, 1.5))
            await asyncio.to_thread(process[0].end)
            process[0] = await asyncio.to_thread(Process, tmp_path)
        await sending
        try:
            async with aiohttp.ClientSession() as session:
                client = Client(session, process[0].url, process[0].token)
                end = monotonic() + 90
                while (await client.get("/api/queue"))["counts"] != {"done": jobs}:
                    assert monotonic() < end
                    await asyncio.sleep(0.1)
                runs = (await client.get("/api/runs?limit=1000"))["runs"]
        finally:
            await asyncio.to_thread(process[0].end, signal.SIGTERM)
        values = Counter(run["outputs"]["out"]["value"] for run in runs)
        assert values == Counter({number + 1000: 1 for number in range(jobs)})
        times = Counter(log.read_text().split())
        assert len(times) == jobs
        assert sum(times.values()) <= jobs + kills, "one step in flight for each kill"

    carried(body())


async def _all(work: Any) -> None:
    await asyncio.gather(*work)


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[tuple[Client, Process]]:
    process = await asyncio.to_thread(Process, folder)
    async with aiohttp.ClientSession() as session:
        yield Client(session, process.url, process.token), process


def test_a_server_that_is_told_to_end_leaves_all_that_is_left_to_the_next_one(
    tmp_path: Path,
) -> None:
    """Told once it ends in order; told twice it ends at once; 101 of 101 runs are done."""

    async def counts(client: Client) -> dict[str, int]:
        found: dict[str, int] = (await client.get("/api/queue"))["counts"]
        return found

    async def running(client: Client) -> None:
        while (await counts(client)).get("running") != 1:
            await asyncio.sleep(0.02)

    async def body() -> None:
        async with started(tmp_path) as (client, process):
            many = [{"workflow": LIGHT, "inputs": {"a": number}} for number in range(100)]
            first = {"workflow": slow(2, 1), "priority": 1}
            status, _ = await client.ask("POST", "/api/runs/batch", json={"runs": [first, *many]})
            assert status == 201
            await running(client)
            start = monotonic()
            assert await asyncio.to_thread(process.end, signal.SIGTERM) == 0
            assert monotonic() - start < 10
        async with started(tmp_path) as (client, process):
            assert (await counts(client)).get("done", 0) == 0
            await running(client)
            os.kill(process.process.pid, signal.SIGTERM)
            assert await asyncio.to_thread(process.end, signal.SIGTERM) in (0, 130)
        async with started(tmp_path) as (client, process):
            end = monotonic() + 60
            while await counts(client) != {"done": 101}:
                assert monotonic() < end
                await asyncio.sleep(0.05)
            runs = (await client.get("/api/runs?limit=1000"))["runs"]
            assert {run["attempt"] for run in runs} == {1}
            assert await asyncio.to_thread(process.end, signal.SIGTERM) == 0

    carried(body())


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_second_server_on_the_same_data_is_refused_at_once_and_writes_nothing(
    tmp_path: Path,
) -> None:
    """At once is two seconds of a processor that has nothing else to do."""
    process = Process(tmp_path)
    before = contents(tmp_path / "data")
    start = os.times()
    done = subprocess.run(
        [sys.executable, "-m", "musegraph", "serve", "--no-open", "--port", "0",
         "--data", str(tmp_path / "data"), "--cache", str(tmp_path / "other")],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    end = os.times()
    assert sum(end[2:4]) - sum(start[2:4]) < 2, "of the processes that have ended"
    assert done.returncode == 5
    assert "another server uses" in done.stderr
    assert contents(tmp_path / "data") == before
    assert not (tmp_path / "other").exists()
    assert process.end(signal.SIGTERM) == 0


def test_a_submission_whose_answer_was_lost_is_the_same_run_when_sent_again(
    tmp_path: Path,
) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            await client.ask("PUT", "/api/queue", json={"paused": True})
            sent = {"workflow": LIGHT, "key": "mine"}
            text = json.dumps(sent).encode()
            host = client.url.removeprefix("http://")
            head = [
                "POST /api/runs HTTP/1.1", f"Host: {host}", "Content-Type: application/json",
                f"Content-Length: {len(text)}", *(f"{k}: {v}" for k, v in client.headers.items()),
            ]  # fmt: skip
            _, writer = await asyncio.open_connection(*host.split(":"))
            writer.write("\r\n".join([*head, "", ""]).encode() + text)
            await writer.drain()
            while not await server.database.read(queue.counts):
                await asyncio.sleep(0.01)
            writer.transport.abort()
            status, run = await client.ask("POST", "/api/runs", json=sent)
            assert status == 200
            (waiting,) = (await client.get("/api/queue"))["runs"]
            assert waiting["id"] == run["id"]

    carried(body())


def test_writes_that_wait_together_fail_one_by_one(tmp_path: Path) -> None:
    def insert(db: sqlite3.Connection, name: str) -> str:
        db.execute("insert into settings values (?, '')", (name,))
        return name

    async def body() -> None:
        database = Database(tmp_path / "server.db")
        names = ["one", "two", "one", "three"]
        found = await asyncio.gather(
            *(database.write(lambda db, n=name: insert(db, n)) for name in names),  # type: ignore[misc]
            return_exceptions=True,
        )
        assert [f for f in found if isinstance(f, str)] == ["one", "two", "three"]
        assert isinstance(found[2], sqlite3.IntegrityError)
        rows = await database.read(
            lambda db: db.execute("select count(*) from settings").fetchone()
        )
        assert rows == (3,)
        database.close()

    carried(body())
