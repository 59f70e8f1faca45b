"""Whose turn it is: clients take turns, and a clock that jumps changes nothing."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from time import monotonic

import pytest
from client import Client, carried, served
from test_runs import LIGHT, paused, slow


async def submitted(client: Client, who: str, number: int, log: Path) -> list[str]:
    runs = [
        {"workflow": slow(0.06, n, str(log)), "client": who, "name": f"{who} {n}"}
        for n in range(number)
    ]
    status, found = await client.ask("POST", "/api/runs/batch", json={"runs": runs})
    assert status == 201
    return [run["id"] for run in found["runs"]]


def test_who_comes_with_one_run_need_not_wait_for_who_came_with_five_thousand(
    tmp_path: Path,
) -> None:
    """A run that is no quick one, since of those a worker is given up to sixteen at once."""

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            await submitted(client, "A", 5000, tmp_path / "log")
            while not (await client.get("/api/queue?limit=1"))["counts"].get("done"):
                await asyncio.sleep(0.01)
            started = (await client.get("/api/queue?limit=1"))["counts"]
            before = started["done"] + started.get("running", 0)
            (one,) = await submitted(client, "B", 1, tmp_path / "log")
            made = await client.ended(one)
            assert made["client"] == "B"
            history = (await client.get("/api/runs?limit=1000"))["runs"]
            earlier = [run for run in history if run["started"] < made["started"]]
            assert len(earlier) - before <= 2
            await client.ask("POST", "/api/runs/cancel", json={})

    carried(body())


def test_clients_take_turns_and_priority_and_moves_go_before_that(tmp_path: Path) -> None:
    async def listed(client: Client) -> list[str]:
        return [run["name"] for run in (await client.get("/api/queue"))["runs"]]

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            await paused(client, True)
            a = await submitted(client, "A", 4, tmp_path)
            b = await submitted(client, "B", 2, tmp_path)
            await submitted(client, "C", 1, tmp_path)
            assert await listed(client) == ["A 0", "B 0", "C 0", "A 1", "B 1", "A 2", "A 3"]
            await client.submit(LIGHT, client="A", priority=1, name="now")
            await client.ask("POST", f"/api/runs/{a[3]}/move", json={"before": b[0]})
            await client.ask("POST", f"/api/runs/{a[0]}/move", json={})
            assert await listed(client) == ["now", "A 3", "B 0", "C 0", "A 1", "B 1", "A 2", "A 0"]
            await submitted(client, "A", 1, tmp_path)
            assert (await listed(client))[-2:] == ["A 0", "A 0"]

    carried(body())


def test_a_clock_that_jumps_ends_nothing_early_and_changes_no_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, real = random.Random(2), time.time
    monkeypatch.setattr(time, "time", lambda: real() + draw.uniform(-86_400, 86_400))
    log = tmp_path / "log"

    async def body() -> None:
        async with served(tmp_path, step_seconds=2) as (client, _):
            ids = [(await client.submit(slow(0.05, n, str(log))))["id"] for n in range(12)]
            for id in ids:
                assert (await client.ended(id))["state"] == "done"
            assert log.read_text().split() == [f"{n:.1f}" for n in range(12)]
            hang = {"type": "troublesome.hang", "values": {"a": 1}}
            start = monotonic()
            made = await client.carry_out({"musegraph": 1, "nodes": {"bad": hang}})
            assert "bad: it took longer than the 2 s that a step may take" in made["error"]
            assert 2 <= monotonic() - start < 7

    carried(body())
