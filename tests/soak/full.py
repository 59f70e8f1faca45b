"""A disk that is full while jobs are sent, carried out, kept, logged, and while a database is new.

The disk is a file system in memory of its own, so that it can be filled; mounting it needs root.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
from client import Client, Process
from test_backups import columns_of, old, rows
from test_disks import letters, running
from test_runs import LIGHT, slow

from musegraph.server.migrations import MIGRATIONS

PROMISE = (
    "A full disk takes nothing new, ends what runs by name, lets go, and is used again in 5 s."
)
DISK = 96
"""MB of the file system."""
SOON = 5.0
"""Seconds after which work goes on once there is room."""


@contextmanager
def disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


def fill(place: Path, left: int) -> None:
    """Leave so many bytes."""
    with (place / "filler").open("wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while file.write(bytes(1 << 20)):
                pass
        file.truncate(max(0, file.tell() - left))
    used = shutil.disk_usage(place)
    if used.free > left + (1 << 20):
        raise SystemExit(f"the disk is not full: {used}")


def free(place: Path) -> None:
    (place / "filler").unlink()


@asynccontextmanager
async def serving(place: Path, first: Callable[[], None] | None = None) -> AsyncIterator[Client]:
    process = await asyncio.to_thread(Process, place, first=first)
    try:
        async with aiohttp.ClientSession() as session:
            yield Client(session, process.url, process.token)
    finally:
        code = await asyncio.to_thread(process.end, signal.SIGTERM)
    check(code == 0, f"exit code {code}")


def check(good: bool, what: object) -> None:
    if not good:
        raise Wrong(str(what))


class Wrong(Exception):
    """Something was not as promised."""


async def refused(client: Client, path: str, body: Any) -> bool:
    """Ask for what takes room: whether it was refused, which has to be a sentence."""
    more = {"data": body} if isinstance(body, bytes) else {"json": body}
    if isinstance(body, bytes):
        client.headers["Content-Type"] = "application/octet-stream"
    status, found = await client.ask("POST", path, **more)
    client.headers.pop("Content-Type", None)
    check(status in (200, 201, 507), f"{path}: {status} {found}")
    check(status != 507 or _sentence(str(found)), found)
    return bool(status == 507)


def _sentence(text: str) -> bool:
    return "the disk is full" in text or "No space left on device" in text


async def resumed(client: Client, path: str, body: Any) -> float:
    """The seconds until what was refused is taken again."""
    start = monotonic()
    while await refused(client, path, body):
        check(monotonic() - start < SOON, "it is not taken again")
        await asyncio.sleep(0.02)
    return monotonic() - start


async def paused(client: Client, wanted: bool) -> None:
    status, found = await client.ask("PUT", "/api/queue", json={"paused": wanted})
    check(status == 200, found)


async def submit(place: Path, left: int) -> float:
    async with serving(place) as client:
        ended = await client.carry_out(LIGHT)
        await paused(client, True)
        fill(place, left)
        body = {"workflow": LIGHT | {"description": "x" * 50_000}}
        taken = 0
        while not await refused(client, "/api/runs", body):
            taken += 1
        queued = (await client.get("/api/queue?limit=1000"))["runs"]
        check(len(queued) == taken, f"{taken} taken, {len(queued)} there")
        await paused(client, True)
        status, found = await client.ask("POST", "/api/runs/cancel", json={})
        check((status, len(found["cancelled"])) == (200, taken), found)
        for run in [ended, *queued[:5]]:
            status, found = await client.ask("DELETE", f"/api/runs/{run['id']}")
            check(status == 204, found)
        await paused(client, False)
        free(place)
        return await resumed(client, "/api/runs", body)


async def run(place: Path, left: int) -> float:
    work = letters(30)
    for node in work["nodes"].values():
        node["values"]["size"] = 1 << 20
    async with serving(place) as client:
        await client.carry_out(LIGHT)
        await client.submit(slow(0.3))
        job = await client.submit(work)
        await running(client)
        fill(place, left)
        made = await settled(client, job["id"])
        full = made["state"] == "failed" and "the disk is full" in made["error"]
        check(full or made["state"] == "queued", made["error"])
        check(await client.get("/healthz") == {"ok": True}, "healthz")
        free(place)
        start = monotonic()
        made = await client.carry_out(letters(30))
        check(made["state"] == "done", made["error"])
        waited = await client.ended(job["id"])
        check(full or waited["state"] == "done", waited["error"])
        return monotonic() - start


async def settled(client: Client, job: str) -> dict[str, Any]:
    """The job once it has ended, or if it waits for room, with nothing else to be done."""
    looks = 0
    while looks < 20:
        found: dict[str, Any] = await client.get(f"/api/runs/{job}")
        if found["state"] in ("done", "failed"):
            break
        running = (await client.get("/api/queue?limit=1"))["counts"].get("running")
        looks = 0 if running else looks + 1
        await asyncio.sleep(0.1)
    return found


async def save(place: Path, left: int) -> float:
    document = {"workflow": LIGHT | {"description": "x" * 50_000}}
    async with serving(place) as client:
        fill(place, left)
        number = 0
        while not await refused(client, "/api/workflows", {"name": f"w{number}", **document}):
            number += 1
        while not await refused(client, "/api/assets?name=a.txt", os.urandom(1 << 20)):
            pass
        listed = (await client.get("/api/workflows"))["workflows"]
        check(len(listed) == number, f"{number} taken, {len(listed)} there")
        for one in listed[:3]:
            status, found = await client.ask("DELETE", f"/api/workflows/{one['id']}")
            check(status == 204, found)
        free(place)
        taken = await resumed(client, "/api/workflows", {"name": "again", **document})
        return taken + await resumed(client, "/api/assets?name=a.txt", b"some letters")


async def log(place: Path, left: int) -> float:
    def into_a_file() -> None:
        os.dup2(os.open(place / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)

    async with serving(place, first=into_a_file) as client:
        fill(place, 0)
        with contextlib.suppress(OSError), (place / "log").open("ab") as file:
            file.write(bytes(1 << 20))
        bad = {"type": "troublesome.crash", "values": {"a": 1}}
        await refused(client, "/api/runs", {"workflow": {"musegraph": 1, "nodes": {"bad": bad}}})
        check(await client.get("/healthz") == {"ok": True}, "healthz")
        free(place)
        start = monotonic()
        check((await client.carry_out(LIGHT))["state"] == "done", "not done")
        return monotonic() - start


async def migration(place: Path, left: int) -> float:
    """The cache lies elsewhere, so that the database is what there is no room for."""
    with tempfile.TemporaryDirectory() as elsewhere:
        (place / "cache").symlink_to(elsewhere)
        return await _migration(place, left)


async def _migration(place: Path, left: int) -> float:
    database = place / "data" / "server.db"
    database.parent.mkdir()
    old(1, database)
    columns = columns_of(database)
    before = rows(database, columns)
    fill(place, left % 60_000)
    try:
        async with serving(place):
            pass  # there was room enough
    except AssertionError as error:
        check("Traceback" not in str(error) and _sentence(str(error)), error)
    free(place)
    check(rows(database, columns) == before, "the database is another one")
    async with serving(place) as client:
        start = monotonic()
        counts = (await client.get("/api/queue"))["counts"]
        check(sum(counts.values()) == 6, counts)
        taken = monotonic() - start
    with closing(sqlite3.connect(database)) as db:
        check(db.execute("pragma user_version").fetchone() == (len(MIGRATIONS),), "version")
    return taken


def main(count: int) -> int:
    draw = random.Random(6)
    print("| full while | trials | as promised | work goes on after, s, at most |")
    print("|---|--:|--:|--:|")
    fine = True
    for moment in (submit, run, save, log, migration):
        good, longest, wrong = 0, 0.0, []
        for _ in range(count):
            with disk() as place:
                try:
                    seconds = asyncio.run(moment(place, draw.randrange(400_000)))
                    check(seconds < SOON, f"{seconds:.1f} s until work goes on")
                    good, longest = good + 1, max(longest, seconds)
                except Wrong as error:
                    wrong.append(str(error)[:300].replace("\n", " "))
        said = "".join(f"; {why}" for why in wrong[:3])
        print(f"| {moment.__name__} | {count} | {good}{said} | {longest:.2f} |", flush=True)
        fine = fine and good == count
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
