"""Nodes that crash, hoard, hang, pour out and lose their device, some times each.

``make soak`` does it a hundred times.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from statistics import median

import pytest
from abuse import Cost, cancellations, failures, one
from client import carried, served
from test_runs import LIGHT


def fine(cost: Cost, count: int) -> None:
    assert cost.wrong == []
    assert cost.tried == count


@pytest.mark.alone
def test_crashes_fail_their_runs_by_name_and_the_next_runs_are_done_soon(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            cost = await failures(client, 2, "crash", "SIGSEGV", a=1)
            fine(cost, 2)
            assert median(cost.seconds) < 1
            assert median(cost.after) < 2

    carried(body())


@pytest.mark.alone
def test_too_much_memory_fails_its_run_by_name_and_costs_no_worker(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path, memory=4 << 30) as (client, server):
            await client.carry_out(LIGHT)
            worker = server.dispatcher.workers["main"]
            cost = await failures(client, 2, "hoard", "out of memory", gigabytes=8)
            fine(cost, 2)
            assert server.dispatcher.workers["main"] is worker

    carried(body())


@pytest.mark.alone
def test_runs_that_are_cancelled_among_others_are_over_soon_and_whole_or_empty(
    tmp_path: Path,
) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            cost = await cancellations(client, 15, seed=1)
            fine(cost, 15)
            assert median(cost.seconds) < 0.1
            assert max(cost.after) < 5

    carried(body())


def test_a_file_without_an_end_stops_at_the_limit(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path, file=16 << 20) as (client, _):
            fine(await failures(client, 1, "write", "too large", megabytes=10_000), 1)
            assert (await client.carry_out(one("write", megabytes=15)))["state"] == "done"

    carried(body())


def test_a_hundred_thousand_outputs_hurt_nobody(tmp_path: Path) -> None:
    document = one("outpour", count=100_000) | {"outputs": {"all": "bad.out"}}

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            made = await client.carry_out(document)
            assert made["state"] == "done"
            assert len(made["outputs"]["all"]["value"]) == 100_000
            assert (await client.carry_out(LIGHT))["state"] == "done"

    carried(body())


def test_a_device_without_memory_is_tried_with_less_and_then_named(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            made = await client.carry_out(one("short", enough=True))
            assert made["state"] == "done", made["error"]
            made = await client.carry_out(one("short", enough=False))
            assert made["state"] == "failed"
            assert made["error"].startswith("bad: out of memory on the device")
            assert "did it in parts" in made["error"]
            assert (await client.carry_out(LIGHT))["state"] == "done"

    carried(body())


def test_a_worker_that_lost_its_device_is_replaced(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            await client.carry_out(LIGHT)
            old = server.dispatcher.workers["main"]
            behind = asyncio.create_task(client.carry_out(LIGHT, inputs={"a": 9}))
            made = await client.carry_out(one("lose_device"))
            assert made["state"] == "failed"
            assert made["error"].startswith("bad: RuntimeError: CUDA error: an illegal memory")
            await asyncio.wait_for(old.gone.wait(), 10)
            assert (await client.carry_out(LIGHT, inputs={"a": 8}))["state"] == "done"
            assert server.dispatcher.workers["main"] is not old
            assert (await behind)["state"] == "done"

    carried(body())


@pytest.mark.alone
def test_a_run_that_kills_its_worker_each_time_holds_up_the_next_one_for_two_seconds_at_most(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            await client.carry_out(LIGHT)
            poison = await client.submit(one("killed", a=1, log=str(log)))
            behind = await client.submit(LIGHT, inputs={"a": 5})
            ended, other = await client.ended(poison["id"]), await client.ended(behind["id"])
            assert (ended["state"], other["state"]) == ("failed", "done")
            assert log.read_text().split() == ["tried"] * 3
            assert other["started"] - ended["finished"] < 2

    carried(body())
