"""Nodes that crash, hoard, hang, pour out and are cancelled, many times each, at one server."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import monotonic

from abuse import Cost, cancellations, failures, hangs, one
from client import Client, served
from test_runs import LIGHT, listened

from musegraph.server.handlers.facts import BURST, RATE

PROMISE = "Whatever a node does, its run fails by name, the server answers, the next run is done."
LIMIT = 2.0
"""Seconds that a step may take here."""
QUOTA = 64 << 20
"""Bytes that a file may have here."""


async def flood(client: Client, count: int) -> Cost:
    """Progress told far too often: how many messages a second came here, as ``seconds``."""
    cost = Cost()
    socket = await listened(client)
    await socket.receive()
    run = await client.submit(one("flood", events=count))
    messages, start, over = 0, monotonic(), False
    while not over:
        found = (await socket.receive_json())["events"]
        messages += 1
        over = any(e["type"] == "run" and e["facts"]["finished"] for e in found)
    rate = (messages - BURST) / (monotonic() - start)
    await socket.close()
    cost.check(rate <= RATE, f"{rate:.0f} messages a second")
    cost.check((await client.ended(run["id"]))["state"] == "done", "not done")
    cost.tried = count
    cost.seconds.append(rate)
    return cost


async def outpour(client: Client, count: int) -> Cost:
    cost = Cost()
    start = monotonic()
    made = await client.carry_out(one("outpour", count=count) | {"outputs": {"all": "bad.out"}})
    cost.check(made["state"] == "done", made["error"])
    cost.seconds.append(monotonic() - start)
    cost.check((await client.carry_out(LIGHT))["state"] == "done", "the next run")
    cost.tried = count
    return cost


async def trial(folder: Path, count: int) -> dict[str, Cost]:
    found: dict[str, Cost] = {}
    async with served(folder / "a", file=QUOTA, memory=6 << 30) as (client, server):
        found["crash (SIGSEGV)"] = await failures(client, count, "crash", "SIGSEGV", a=1)
        found["too much memory"] = await failures(
            client, max(1, count // 2), "hoard", "out of memory", gigabytes=8
        )
        found["a file of 10 GB"] = await failures(client, 1, "write", "too large", megabytes=10_000)
        found["cancelled at random"] = await cancellations(client, 2 * count, seed=4)
        found["100,000 outputs"] = await outpour(client, 100_000)
        found["progress, a million times"] = await flood(client, 10_000 * count)
    async with served(folder / "b", step_seconds=LIMIT) as (client, server):
        found["hang, deaf, with children"] = await hangs(client, server, max(1, count // 5))
    return found


MOST = {
    "crash (SIGSEGV)": (1.0, 2.0),
    "cancelled at random": (0.1, 5.0),
    "hang, deaf, with children": (LIMIT + 5, 5.0),
}
"""Seconds until a run is over, and until the next one is; of a cancellation, until it is heard."""


def main(count: int) -> int:
    logging.disable()  # it would tell of each worker that is lost
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(trial(Path(folder), count))
    print("| what | times | median | most | the next run, median | most | wrong |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    fine = True
    for what, cost in found.items():
        figures = [f"{f(times):.2f}" if times else "" for times in (cost.seconds, cost.after)
                   for f in (median, max)]  # fmt: skip
        print(f"| {what} | {cost.tried:,} | {' | '.join(figures)} | {len(cost.wrong)} |")
        bounds = MOST.get(what, (1e9, 1e9))
        late = median(cost.seconds) > bounds[0] or (cost.after and median(cost.after) > bounds[1])
        fine = fine and not cost.wrong and not late
    print("\nSeconds; of progress, messages a second that a listener had.")
    for cost in found.values():
        for line in dict.fromkeys(cost.wrong):
            print(f"\n{line}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
