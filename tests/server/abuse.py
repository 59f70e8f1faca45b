"""Nodes that misbehave again and again, and what it cost; a few times in tests, often in soaks."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import psutil
from client import Client
from test_runs import LIGHT, slow

from musegraph.server.app import Server


def one(kind: str, **values: Any) -> dict[str, Any]:
    return {"musegraph": 1, "nodes": {"bad": {"type": f"troublesome.{kind}", "values": values}}}


@dataclass
class Cost:
    """What some trials of one kind cost; ``wrong`` says what was not as promised."""

    tried: int = 0
    seconds: list[float] = field(default_factory=list)
    """Until each was over."""
    after: list[float] = field(default_factory=list)
    """From there until the next run was done."""
    wrong: list[str] = field(default_factory=list)

    def check(self, good: bool, what: Any) -> None:
        if not good:
            self.wrong.append(str(what))


async def healthy(client: Client, cost: Cost) -> None:
    start = monotonic()
    cost.check(await client.get("/healthz") == {"ok": True}, "the server does not answer")
    cost.check(monotonic() - start < 0.5, f"healthz took {monotonic() - start:.1f} s")


async def next_run(client: Client, cost: Cost, since: float, number: int) -> None:
    """Another run is done as ever."""
    made = await client.carry_out(LIGHT, inputs={"a": number})
    cost.check(made["state"] == "done", made["error"])
    cost.after.append(made["finished"] - since)


async def failures(client: Client, count: int, kind: str, said: str, **values: Any) -> Cost:
    """Runs that fail in one node by name, each with another run behind it."""
    cost = Cost()
    await client.carry_out(LIGHT)  # the worker is there
    for number in range(count):
        made = await client.carry_out(one(kind, **values))
        cost.check(made["state"] == "failed", made["state"])
        error = str(made["error"])
        cost.check(said in error and "bad" in error and "Traceback" not in error, error)
        cost.seconds.append(made["finished"] - made["started"])
        await healthy(client, cost)
        await next_run(client, cost, made["finished"], number)
        cost.tried += 1
    return cost


async def hangs(client: Client, server: Server, count: int) -> Cost:
    """Nodes that are deaf to SIGTERM, with a child that has left the session."""
    cost = Cost()
    for number in range(count):
        run = await client.submit(one("hang", a=number, children=True))
        while not server.dispatcher.workers["main"].running:
            await asyncio.sleep(0.01)
        worker = psutil.Process(server.dispatcher.workers["main"].process)
        while not (children := worker.children(recursive=True)):
            await asyncio.sleep(0.01)
        made = await client.ended(run["id"], 30)
        cost.check(made["state"] == "failed" and "bad" in made["error"], made["error"])
        cost.seconds.append(made["finished"] - made["started"])
        await next_run(client, cost, made["finished"], number)
        _, left = await asyncio.to_thread(psutil.wait_procs, [worker, *children], 3)
        alive = [one for one in left if one.status() != psutil.STATUS_ZOMBIE]
        cost.check(not alive, f"{len(alive)} processes are left")
        cost.tried += 1
    return cost


async def cancellations(client: Client, count: int, seed: int) -> Cost:
    """Runs of several steps, cancelled at any moment, some of them with others around."""
    cost, draw, left = Cost(), random.Random(seed), dict[str, float]()
    for number in range(count):
        run = await client.submit(slow(draw.choice((0, 0.05, 0.3)), number))
        left[run["id"]] = 0.0
        await asyncio.sleep(draw.random() * 0.2)
        chosen = draw.choice([*left])
        start = monotonic()
        status, _ = await client.ask("POST", "/api/runs/cancel", json={"runs": [chosen]})
        cost.check(status == 200, status)
        cost.seconds.append(monotonic() - start)
        left[chosen] = start
        if draw.randrange(3) == 0:
            await settled(client, cost, left)
        cost.tried += 1
    await settled(client, cost, left)
    counts = (await client.get("/api/queue"))["counts"]
    cost.check(not counts.keys() & {"queued", "running"}, counts)
    return cost


async def settled(client: Client, cost: Cost, left: dict[str, float]) -> None:
    """All runs come to their end, with outputs exactly if they are done."""
    for id, since in left.items():
        made = await client.ended(id, 60)
        if since:
            cost.after.append(monotonic() - since)
        cost.check(made["state"] in ("cancelled", "done"), made["state"])
        cost.check((made["outputs"] != {}) == (made["state"] == "done"), "half an output")
    left.clear()
