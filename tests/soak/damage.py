"""A database of the server that is damaged in many ways: refused, or opened with all that it had.

What a check of the pages cannot see, a changed letter in a document, is seen before it runs.
"""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from musegraph.errors import StoreError
from musegraph.server import queue
from musegraph.server.backups import Backups
from musegraph.server.database import IDLE, Database, legible

PROMISE = "A damaged database is refused with its backup, or opened; never empty, never wrong."
BACKED_UP, KEPT, RUNS = 300, 400, 600
"""Runs in the backup, in the database itself, and with those that are only in its log."""
PAGE = 4096


def document(number: int) -> dict[str, object]:
    return {"number": number, "text": f"run {number} " * 100}


async def _fill(folder: Path, killed: Path) -> None:
    """A database in use, a backup of it, and a copy of its files as a kill would leave them."""
    database = Database(folder / "server.db")

    async def add(first: int, last: int) -> None:
        for at in range(first, last, 20):
            wanted = [queue.Submission(document(n), str(n)) for n in range(at, at + 20)]
            await database.write(lambda db, w=wanted: queue.submit(db, w, RUNS))  # type: ignore[misc]

    await add(0, BACKED_UP)
    await asyncio.to_thread(database.backups.make)
    await add(BACKED_UP, KEPT)
    await asyncio.sleep(2 * IDLE)  # then the log has moved into the database
    await add(KEPT, RUNS)
    shutil.copytree(folder, killed)
    await asyncio.to_thread(database.close)


def overwrite(place: Path, draw: random.Random) -> None:
    """Fifty pages hold something else."""
    data = bytearray(place.read_bytes())
    pages = len(data) // PAGE
    for page in draw.sample(range(pages), min(50, pages)):
        data[page * PAGE : (page + 1) * PAGE] = draw.randbytes(PAGE)
    place.write_bytes(data)


def flip(place: Path, draw: random.Random) -> None:
    """One byte in each of fifty pages is another one."""
    data = bytearray(place.read_bytes())
    pages = len(data) // PAGE
    for page in draw.sample(range(pages), min(50, pages)):
        data[page * PAGE + draw.randrange(PAGE)] ^= draw.randrange(1, 256)
    place.write_bytes(data)


def flip_one(place: Path, draw: random.Random) -> None:
    """One byte is another one."""
    data = bytearray(place.read_bytes())
    data[draw.randrange(len(data))] ^= draw.randrange(1, 256)
    place.write_bytes(data)


def cut(place: Path, draw: random.Random) -> None:
    with place.open("r+b") as file:
        file.truncate(draw.randrange(place.stat().st_size))


def beside(change: Callable[[Path, random.Random], None], end: str) -> Callable[..., None]:
    return lambda place, draw: change(place.with_name(place.name + end), draw)


def remove(place: Path, draw: random.Random) -> None:
    place.unlink(missing_ok=True)


WAYS: dict[str, tuple[bool, int, Callable[[Path, random.Random], None]]] = {
    "pages overwritten": (False, RUNS, overwrite),
    "fifty bytes flipped": (False, RUNS, flip),
    "one byte flipped": (False, RUNS, flip_one),
    "cut off": (False, RUNS, cut),
    "log cut off": (True, KEPT, beside(cut, "-wal")),
    "log flipped": (True, KEPT, beside(flip, "-wal")),
    "shared memory deleted": (True, RUNS, beside(remove, "-shm")),
}
"""Whether the server had been killed, how many runs are there at least, and what is done."""


def judge(place: Path, least: int) -> str:
    """What became of a damaged database; starts with "wrong" if that is not as promised."""
    try:
        Database(place).close()
    except StoreError as error:
        copy = Backups(place).all()[0]
        if str(copy) not in str(error) or f"{BACKED_UP} runs" not in str(error):
            return f"wrong: {error}"
        Backups(place).restore()
        Database(place).close()
        found = _content(place)
        return "refused, restored" if found == (BACKED_UP, 0, 0) else f"wrong: restored {found}"
    runs, damaged, other = _content(place)
    if other or runs < least:
        return f"wrong: {runs} runs, {other} of them with other documents"
    if damaged:
        return "opened, damaged runs named"
    return "opened, all there" if runs == RUNS else "opened, all there but the end of the log"


def _content(place: Path) -> tuple[int, int, int]:
    """The runs, those that are refused when their turn comes, and those that are wrong."""
    with closing(sqlite3.connect(place, isolation_level=None)) as db:
        db.text_factory = legible
        (runs,) = db.execute("select count(*) from runs").fetchone()
        names = dict(db.execute("select id, cast(name as blob) from runs"))
        db.execute("begin")
        held = queue.claim(db, "worker", RUNS)
        (damaged,) = db.execute("select count(*) from runs where state='failed'").fetchone()
        db.execute("rollback")
    expected = [json.dumps(document(number)) for number in range(RUNS)]
    wrong = sum(json.dumps(one.workflow) not in expected for one in held)
    return runs, damaged, wrong + sum(one.id not in names for one in held)


def main(count: int) -> int:
    draw = random.Random(9)
    print("| damage | databases | as promised | outcome |\n|---|--:|--:|---|")
    fine = True
    with tempfile.TemporaryDirectory() as name:
        whole, killed = Path(name) / "whole", Path(name) / "killed"
        asyncio.run(_fill(whole, killed))
        for way, (running, least, damage) in WAYS.items():
            seen: Counter[str] = Counter()
            for _ in range(count):
                place = Path(shutil.copytree(killed if running else whole, Path(name) / "trial"))
                damage(place / "server.db", draw)
                seen[judge(place / "server.db", least)] += 1
                shutil.rmtree(place)
            good = sum(n for what, n in seen.items() if not what.startswith("wrong"))
            said = ", ".join(f"{n} {what}" for what, n in seen.most_common(6)).replace("\n", " ")
            print(f"| {way} | {count} | {good} | {said} |", flush=True)
            fine = fine and good == count
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
