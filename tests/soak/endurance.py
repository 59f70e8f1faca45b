"""Many thousand jobs on one server, with listeners, and workers that are killed: nothing grows."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil
from client import Client, Process
from crowd import small

PROMISE = "A server keeps to its memory, files, threads and processes over 20,000 jobs."
LISTENERS = 3
BATCH = 250
LOOKS = 10
"""How often it is looked at; at each look a worker is killed."""
SLOPE = 1.0
"""MiB for 1,000 jobs at most, after the first half."""
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Look:
    """What a server holds, once it has nothing to do."""

    jobs: int
    memory: float
    files: int
    threads: int
    processes: int
    zombies: int
    temporary: int

    @classmethod
    def at(cls, server: psutil.Process, jobs: int, temporary: Path) -> Look:
        family = server.children(recursive=True)
        zombies = sum(one.status() == psutil.STATUS_ZOMBIE for one in family)
        return cls(
            jobs, server.memory_info().rss / MEBIBYTE, server.num_fds(), server.num_threads(),
            len(family) - zombies, zombies, sum(1 for _ in temporary.iterdir()),
        )  # fmt: skip


async def hear(client: Client, counted: list[int]) -> None:
    """Listen, and count the runs that are told to be done."""
    async with client.session.ws_connect(
        client.url + "/api/events", headers=client.headers, max_msg_size=0
    ) as socket:
        async for message in socket:
            for event in json.loads(message.data).get("events", ()):
                if event["type"] == "run" and event["facts"]["state"] == "done":
                    counted[0] += 1


async def idle(client: Client, jobs: int) -> None:
    while (await client.get("/api/queue?limit=1"))["counts"] != {"done": jobs}:
        await asyncio.sleep(0.05)


async def carry_out(folder: Path, jobs: int) -> tuple[list[Look], list[int], int]:
    temporary = folder / "tmp"
    temporary.mkdir()
    process = await asyncio.to_thread(Process, folder, TMPDIR=str(temporary))
    server = psutil.Process(process.process.pid)
    looks: list[Look] = []
    heard = [[0] for _ in range(LISTENERS)]
    try:
        async with aiohttp.ClientSession() as session:
            client = Client(session, process.url, process.token)
            hearing = [asyncio.create_task(hear(client, counted)) for counted in heard]
            done = 0
            while done < jobs:
                for _ in range(0, max(BATCH, jobs // LOOKS), BATCH):
                    runs = [{"workflow": small(done + index)} for index in range(BATCH)]
                    status, found = await client.ask("POST", "/api/runs/batch", json={"runs": runs})
                    assert status == 201, found
                    done += BATCH
                    await idle(client, done)
                looks.append(Look.at(server, done, temporary))
                for worker in (await client.get("/api/status"))["workers"]:
                    psutil.Process(worker["process"]).kill()
            while min(counted[0] for counted in heard) < done:
                await asyncio.sleep(0.05)
            for task in hearing:
                task.cancel()
    finally:
        code = await asyncio.to_thread(process.end, signal.SIGTERM)
    return looks, [counted[0] for counted in heard], code


def main(count: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        looks, heard, code = asyncio.run(carry_out(Path(folder), count))
    print("| jobs | memory, MB | open files | threads | processes | zombies | temporary files |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for look in looks:
        print(f"| {look.jobs:,} | {look.memory:.1f} | {look.files} | {look.threads}"
              f" | {look.processes} | {look.zombies} | {look.temporary} |")  # fmt: skip
    middle, last = looks[len(looks) // 2 - 1], looks[-1]
    slope = (last.memory - middle.memory) / max(1, (last.jobs - middle.jobs) / 1000)
    told = ", ".join(f"{one:,}" for one in heard)
    print(f"\nIn the second half it grew by {slope:.2f} MB for 1,000 jobs; at most {SLOPE:g} is"
          f" allowed. {LISTENERS} listeners heard of {told} jobs that were done."
          f" The exit code was {code}.")  # fmt: skip
    flat = all(
        (one.files, one.threads, one.processes, one.temporary)
        <= (middle.files + 2, middle.threads + 1, middle.processes, middle.temporary)
        and not one.zombies
        for one in looks[len(looks) // 2 :]
    )
    return 0 if slope < SLOPE and flat and set(heard) == {last.jobs} and not code else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
