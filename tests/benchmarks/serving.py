"""B17 to B19, and B31: jobs through the server, how late it answers, what its events weigh."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from graphs import chain, engine
from harness import ROOT, Row

from musegraph.workflow import Workflow

sys.path.insert(0, str(ROOT / "tests" / "server"))

JOBS, STEPS = 1_000, 10
PINGS = 400
AGAIN = 40


def adding(number: float, steps: int = STEPS) -> dict[str, Any]:
    """A chain of trivial nodes of the pack that the tests of the server bring."""
    nodes: dict[str, Any] = {"n0": {"type": "troublesome.add", "values": {"a": number}}}
    for index in range(1, steps):
        links = {"a": f"n{index - 1}.out"}
        nodes[f"n{index}"] = {"type": "troublesome.add", "values": {"b": 1}, "links": links}
    return {"musegraph": 1, "outputs": {"out": f"n{steps - 1}.out"}, "nodes": nodes}


@asynccontextmanager
async def served() -> Any:
    """A server in a process of its own, and a client."""
    import aiohttp
    from client import Client, Process

    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.to_thread(Process, Path(folder))
        try:
            connector = aiohttp.TCPConnector(limit=0)
            async with aiohttp.ClientSession(connector=connector) as session:
                yield Client(session, process.url, process.token)
        finally:
            await asyncio.to_thread(process.end, signal.SIGTERM)


# -- B17 ------------------------------------------------------------------------------------------


def throughput() -> list[Row]:
    """B17: fully cached jobs of ten nodes a second, in this process and over HTTP."""
    here = _in_process()
    there = asyncio.run(_over_http())
    inserts = _inserts()
    return [
        Row("B17", f"cached jobs of {STEPS} nodes in process", here, "jobs/s",
            "inserts into SQLite, one commit", inserts, None, 2_000, more=True),
        Row("B17", f"cached jobs of {STEPS} nodes over HTTP, queue on disk", there, "jobs/s",
            "POST to a bare aiohttp application", asyncio.run(_echoes()), None, 500, more=True),
    ]  # fmt: skip


def _in_process() -> float:
    text = json.dumps(chain(STEPS))
    best = float("inf")
    with engine() as ours:
        ours.run(ours.plan(Workflow.parse(text)))
        for _ in range(3):
            start = perf_counter()
            for _ in range(JOBS):
                ours.run(ours.plan(Workflow.parse(text)))
            best = min(best, perf_counter() - start)
    return JOBS / best


async def _over_http() -> float:
    """From the first request to the last job noted as done, 16 clients at once."""
    async with served() as client:
        await client.carry_out(adding(1))
        best = 0.0
        for _ in range(3):
            before = (await client.get("/api/queue?limit=1"))["counts"].get("done", 0)
            start = perf_counter()
            await _sixteen(lambda: client.submit(adding(1)), JOBS)
            while (await client.get("/api/queue?limit=1"))["counts"]["done"] < before + JOBS:
                await asyncio.sleep(0.005)
            best = max(best, JOBS / (perf_counter() - start))
    return best


async def _sixteen(work: Callable[[], Awaitable[Any]], count: int) -> None:
    left = iter(range(count))

    async def one() -> None:
        for _ in left:
            await work()

    await asyncio.gather(*(one() for _ in range(16)))


async def _echoes() -> float:
    """What a bare application of the same library answers, to bodies of the same size."""
    import aiohttp
    from aiohttp import web

    async def echo(request: web.Request) -> web.Response:
        return web.json_response(await request.json())

    app = web.Application()
    app.router.add_post("/", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    body = {"workflow": adding(1)}
    async with aiohttp.ClientSession() as session:

        async def call() -> None:
            async with session.post(url, json=body) as answer:
                await answer.read()

        start = perf_counter()
        await _sixteen(call, JOBS)
        seconds = perf_counter() - start
    await runner.cleanup()
    return JOBS / seconds


def _inserts() -> float:
    text = json.dumps(adding(1))
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "jobs.db")
        db.execute("create table jobs (id integer primary key, body text)")
        start = perf_counter()
        for _ in range(JOBS):
            db.execute("insert into jobs (body) values (?)", (text,))
        db.commit()
        seconds = perf_counter() - start
        db.close()
    return JOBS / seconds


# -- B18 ------------------------------------------------------------------------------------------


def latency() -> list[Row]:
    """B18: how long a small request takes while something runs, beside the same server idle."""
    found = asyncio.run(_latencies())
    idle = found.pop("idle")
    rows = []
    for what, p99 in found.items():
        rows += [
            Row("B18", f"p99 of a request {what}", p99 * 1e3, "ms", "idle", idle * 1e3, None, 10),
            Row("B18", f"p99 {what}, beside idle", p99 * 1e3, "ms", "idle", idle * 1e3,
                None, 3, "ratio"),
        ]  # fmt: skip
    return rows


async def _latencies() -> dict[str, float]:
    found: dict[str, float] = {}
    async with served() as client:
        await client.carry_out(adding(1))
        found["idle"] = await _p99(client)
        for what, kind, values in (
            ("while torch computes", "troublesome.matrices", {"seconds": 60}),
            ("while Python computes", "troublesome.count", {"seconds": 60}),
        ):
            busy = {"musegraph": 1, "nodes": {"busy": {"type": kind, "values": values}}}
            run = await client.submit(busy)
            while (await client.get("/api/queue"))["counts"].get("running", 0) != 1:
                await asyncio.sleep(0.02)
            await asyncio.sleep(2)
            found[what] = await _p99(client)
            await client.ask("POST", "/api/runs/cancel", json={"runs": [run["id"]]})
            await client.ended(run["id"])
        sockets = [
            await client.session.ws_connect(client.url + "/api/events", headers=client.headers)
            for _ in range(50)
        ]
        flood = asyncio.create_task(client.carry_out(adding(2, 1_000)))
        found["with 50 listeners to 1,000 nodes"] = await _p99(client)
        await flood
        for socket in sockets:
            await socket.close()
    return found


async def _p99(client: Any) -> float:
    seconds = []
    for _ in range(PINGS):
        start = perf_counter()
        await client.get("/api/status")
        seconds.append(perf_counter() - start)
        await asyncio.sleep(0.002)
    return sorted(seconds)[int(0.99 * PINGS)]


# -- B19 ------------------------------------------------------------------------------------------


def traffic() -> list[Row]:
    """B19: bytes that one listener is sent for a run of trivial nodes, compact JSON as it comes."""
    found = asyncio.run(_traffic())
    rows = []
    for steps, (size, events) in found.items():
        rows += [
            Row("B19", f"run of {steps:,} nodes: for each event", size / events, "bytes",
                gate=300),
            Row("B19", f"run of {steps:,} nodes: in all", size / 1e6, "MB",
                gate=steps / 1_000),
        ]  # fmt: skip
    return rows


async def _traffic() -> dict[int, tuple[int, int]]:
    found = {}
    async with served() as client:
        for steps in (1_000, 2_000):
            socket = await client.session.ws_connect(
                client.url + "/api/events", headers=client.headers
            )
            await socket.receive()
            await client.submit(adding(steps, steps))
            size = events = 0
            over = False
            while not over:
                message = await socket.receive()
                size += len(message.data.encode())
                for event in json.loads(message.data)["events"]:
                    events += event["type"].startswith("step_")
                    over |= event["type"] == "run" and event["facts"]["state"] == "done"
            await socket.close()
            found[steps] = (size, events)
    return found


# -- B31 ------------------------------------------------------------------------------------------


def answers() -> list[Row]:
    """B31: from a submission to its result when all is cached, and from a start to an answer."""
    seconds = asyncio.run(_seconds_to_results())
    what = "a picture's workflow again on a warm server, to its result"
    return [
        Row("B31", f"{what}: median", seconds[len(seconds) // 2] * 1e3, "ms", gate=30),
        Row("B31", f"{what}: the slowest of {AGAIN}", seconds[-1] * 1e3, "ms", gate=30),
        Row("B31", "from the start of a server to its first /healthz", _to_health(), "s",
            gate=1.5),
    ]  # fmt: skip


async def _seconds_to_results() -> list[float]:
    """As a client does that hears of the end by the events and then fetches the run; sorted."""
    text = (ROOT / "workflows" / "text_to_image.json").read_text(encoding="utf-8")
    found = []
    async with served() as client:
        await client.carry_out(json.loads(text), quick=True)
        socket = await client.session.ws_connect(client.url + "/api/events", headers=client.headers)
        await socket.receive()
        for _ in range(AGAIN):
            await asyncio.sleep(0.2)  # a client that asks without a pause is told in larger pieces
            start = perf_counter()
            run = await client.submit(json.loads(text), quick=True)
            await _heard(socket, run["id"])
            made = await client.get(f"/api/runs/{run['id']}")
            found.append(perf_counter() - start)
            assert made["outputs"], made
        await socket.close()
    return sorted(found)


async def _heard(socket: Any, run: str) -> None:
    """Wait until the events say that a run is done."""
    while True:
        for event in json.loads((await socket.receive()).data)["events"]:
            facts = event.get("facts") or {}
            if event["type"] == "run" and (facts["id"], facts["state"]) == (run, "done"):
                return


def _to_health() -> float:
    """The least of five starts, each with a new folder."""
    import socket

    def once() -> float:
        with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            free.close()
            command = [sys.executable, "-m", "musegraph", "serve", "--no-open", "--port", str(port)]
            places = ["--data", f"{folder}/data", "--cache", f"{folder}/cache"]
            start = perf_counter()
            server = subprocess.Popen(command + places, stdout=subprocess.DEVNULL)
            try:
                while not _healthy(port):
                    time.sleep(0.005)
                return perf_counter() - start
            finally:
                server.terminate()
                server.wait()

    return min(once() for _ in range(5))


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
