"""The server is killed, told to end, started twice and fed twice: nothing is lost or done twice."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import pytest
from client import Client, Process, carried, job
from test_runs import LIGHT, slow

from musegraph.errors import StoreError
from musegraph.server.database import Database
from musegraph.server.migrations import MIGRATIONS


def test_nothing_acknowledged_is_lost_or_done_twice_when_the_server_is_killed(
    tmp_path: Path,
) -> None:
    """Jobs are sent until they are acknowledged, some of them twice; a small form of the soak."""
    jobs, kills, moments = 24, 4, random.Random(7)
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


def test_a_server_that_is_told_to_end_leaves_what_runs_to_the_next_one(tmp_path: Path) -> None:
    async def body() -> None:
        process = await asyncio.to_thread(Process, tmp_path)
        async with aiohttp.ClientSession() as session:
            client = Client(session, process.url, process.token)
            first = await client.submit(slow(60, 1))
            for number in range(100):
                await client.submit(LIGHT, inputs={"a": number})
            while (await client.get("/api/queue"))["counts"].get("running") != 1:
                await asyncio.sleep(0.02)
            start = monotonic()
            assert await asyncio.to_thread(process.end, signal.SIGTERM) == 0
            assert monotonic() - start < 10
        process = await asyncio.to_thread(Process, tmp_path)
        async with aiohttp.ClientSession() as session:
            client = Client(session, process.url, process.token)
            status, _ = await client.ask("POST", "/api/runs/cancel", json={"runs": [first["id"]]})
            assert status == 200
            end = monotonic() + 60
            while (await client.get("/api/queue"))["counts"] != {"done": 100, "cancelled": 1}:
                assert monotonic() < end
                await asyncio.sleep(0.05)
        assert await asyncio.to_thread(process.end, signal.SIGTERM) == 0

    carried(body())


def test_a_second_server_on_the_same_data_is_refused_at_once(tmp_path: Path) -> None:
    process = Process(tmp_path)
    before = sorted(path.name for path in (tmp_path / "data").iterdir())
    start = monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "musegraph", "serve", "--no-open", "--port", "0",
         "--data", str(tmp_path / "data"), "--cache", str(tmp_path / "other")],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert monotonic() - start < 3
    assert done.returncode == 5
    assert "another server uses" in done.stderr
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == before
    assert process.end(signal.SIGTERM) == 0


def test_a_database_of_a_newer_version_is_left_as_it_is(tmp_path: Path) -> None:
    place = tmp_path / "server.db"
    with sqlite3.connect(place) as db:
        db.execute(f"pragma user_version={len(MIGRATIONS) + 1}")
        db.execute("create table things (x)")
    db.close()
    before = place.read_bytes()
    with pytest.raises(StoreError, match="newer Musegraph"):
        Database(place)
    assert place.read_bytes() == before


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
