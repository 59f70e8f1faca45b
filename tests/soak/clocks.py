"""The clock of the machine jumps while a server works: days forward, days back, an hour.

A library that is loaded before all others (`clock.c`) gives the server and its workers another time
of day. The clock that only goes forward is left to them, as a system leaves it.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
from client import Client, Process
from test_runs import slow
from trials import library

PROMISE = "Whatever the clock says, no step is ended early or late, and the order stays."
STEP = 2.0
"""Seconds that a step may take here."""
JUMPS = (86_400, -86_400, 3_600, -3_600, 30 * 86_400, -30 * 86_400)


class Clock:
    """The file that says how far the clock is off, in seconds."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.off = 0
        place.write_bytes(bytes(8))

    def jump(self, seconds: int) -> None:
        self.off += seconds
        with self.place.open("r+b", buffering=0) as file:
            file.write(self.off.to_bytes(8, sys.byteorder, signed=True))


async def trial(client: Client, clock: Clock, log: Path, draw: random.Random) -> tuple[int, float]:
    """Twelve jobs, then one that hangs, and the clock jumps in each: early ends, and seconds."""
    before = len(log.read_text().split()) if log.exists() else 0
    ids = []
    for number in range(12):
        work: dict[str, Any] = slow(0.05 if number else STEP * 0.7, before + number, str(log))
        ids.append((await client.submit(work))["id"])
        clock.jump(draw.choice(JUMPS))
    early = 0
    for id in ids:
        early += (await client.ended(id))["state"] != "done"
        clock.jump(draw.choice(JUMPS))
    order = [float(number) for number in log.read_text().split()][before:]
    early += order != [float(before + number) for number in range(12)]
    hang = {"type": "troublesome.hang", "values": {"a": before}}
    start = monotonic()
    run = await client.submit({"musegraph": 1, "nodes": {"bad": hang}})
    while (await client.get(f"/api/runs/{run['id']}"))["state"] == "queued":
        await asyncio.sleep(0.02)
    clock.jump(draw.choice(JUMPS))
    made = await client.ended(run["id"])
    early += "longer than" not in str(made["error"])
    return early, monotonic() - start


async def carry_out(count: int) -> tuple[int, list[float], int]:
    draw = random.Random(11)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clock = Clock(folder / "clock")
        preload = library(folder, "clock")
        more = {"LD_PRELOAD": str(preload), "CLOCK_OFF": str(clock.place)}
        process = await asyncio.to_thread(Process, folder, "--step-seconds", f"{STEP:g}", **more)
        early, seconds = 0, []
        try:
            async with aiohttp.ClientSession() as session:
                client = Client(session, process.url, process.token)
                clock.jump(86_400)
                if abs((await client.submit(slow(0.01)))["submitted"] - time.time() - 86_400) > 60:
                    raise SystemExit("the clock of the server does not jump")
                for _ in range(count):
                    wrong, taken = await trial(client, clock, folder / "log", draw)
                    early += wrong
                    seconds.append(taken)
        finally:
            code = await asyncio.to_thread(process.end, signal.SIGTERM)
        return early, seconds, code


def main(count: int) -> int:
    early, seconds, code = asyncio.run(carry_out(count))
    print("| jumps of the clock | jobs | early, late or out of order"
          f" | limit of {STEP:g} s reached after, s | exit code |")  # fmt: skip
    print("|--:|--:|--:|---|--:|")
    print(f"| {25 * count} | {13 * count} | {early} | {min(seconds):.1f} to {max(seconds):.1f}"
          f" | {code} |")  # fmt: skip
    return 0 if not early and min(seconds) >= STEP and max(seconds) < STEP + 5 and not code else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
