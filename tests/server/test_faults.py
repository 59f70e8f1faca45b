"""Nodes that crash, hang and hoard: each ends one step by name, and the server never."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
import pytest
from client import carried, served
from test_runs import LIGHT, slow


def one(kind: str, **values: Any) -> dict[str, Any]:
    return {"musegraph": 1, "nodes": {"bad": {"type": f"troublesome.{kind}", "values": values}}}


@pytest.mark.alone
def test_a_segfault_fails_its_step_by_name_and_a_new_worker_takes_over(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            await client.carry_out(LIGHT)
            for number in range(5):
                start = monotonic()
                made = await client.carry_out(one("crash", a=number))
                assert made["state"] == "failed"
                assert made["error"] == "bad: the worker was ended by SIGSEGV while it ran"
                assert monotonic() - start < 2
                assert (await client.carry_out(LIGHT))["state"] == "done"

    carried(body())


def test_a_worker_that_is_killed_is_tried_three_times_and_then_given_up(tmp_path: Path) -> None:
    log = tmp_path / "log"

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            made = await client.carry_out(one("killed", a=1, log=str(log)))
            assert made["state"] == "failed"
            assert made["attempt"] == 3
            assert made["error"] == (
                "bad: the worker was ended by SIGKILL while it ran, 3 times; that is often for want"
                " of memory"
            )
            assert log.read_text().split() == ["tried"] * 3
            assert (await client.carry_out(LIGHT))["state"] == "done"

    carried(body())


def test_a_node_that_leaves_the_process_is_named(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            made = await client.carry_out(one("leave", a=1))
            assert made["error"] == "bad: the worker ended by itself (code 0) while it ran"

    carried(body())


def test_a_node_that_asks_for_too_much_memory_is_named(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path, memory=4 << 30) as (client, _):
            made = await client.carry_out(one("hoard", gigabytes=8))
            assert made["state"] == "failed"
            assert made["error"].startswith("bad: out of memory")
            assert (await client.carry_out(LIGHT))["state"] == "done"

    carried(body())


@pytest.mark.alone
@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of POSIX")
def test_a_node_that_hangs_is_ended_with_all_its_children(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path, step_seconds=1) as (client, server):
            run = await client.submit(one("hang", a=1, children=True))
            while not server.dispatcher.workers["main"].running:
                await asyncio.sleep(0.02)
            process = psutil.Process(server.dispatcher.workers["main"].process)
            while not (children := process.children(recursive=True)):
                await asyncio.sleep(0.02)
            start = monotonic()
            made = await client.ended(run["id"])
            assert monotonic() - start < 6
            assert made["state"] == "failed"
            assert made["error"] == (
                "bad: it took longer than the 1 s that a step may take here; raise it with --limit"
                " '*=seconds:N' or in the settings"
            )
            _, left = await asyncio.to_thread(psutil.wait_procs, [process, *children], 3)
            assert not [p for p in left if p.status() != psutil.STATUS_ZOMBIE]
            assert (await client.carry_out(LIGHT))["state"] == "done"

    carried(body())


@pytest.mark.alone
def test_a_node_that_does_not_stop_when_cancelled_is_ended(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            run = await client.submit(one("hang", a=1))
            while not server.dispatcher.workers["main"].running:
                await asyncio.sleep(0.02)
            start = monotonic()
            await client.ask("POST", "/api/runs/cancel", json={"runs": [run["id"]]})
            assert monotonic() - start < 0.5
            made = await client.ended(run["id"])
            assert monotonic() - start < 7
            assert made["state"] == "cancelled"

    carried(body())


def test_runs_cancelled_at_any_moment_leave_nothing_half_done(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            for number in range(30):
                run = await client.submit(slow(0.1, number))
                await asyncio.sleep(0.007 * number)
                await client.ask("POST", "/api/runs/cancel", json={"runs": [run["id"]]})
                made = await client.ended(run["id"], 5)
                assert made["state"] in ("cancelled", "done")
                assert (made["outputs"] != {}) == (made["state"] == "done")
            counts = (await client.get("/api/queue"))["counts"]
            assert set(counts) <= {"cancelled", "done"}

    carried(body())
