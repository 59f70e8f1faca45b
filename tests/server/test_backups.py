"""A database that is damaged, gone, old or new: refused, restored or brought up to date."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from client import Process, carried, served
from test_runs import LIGHT

from musegraph.errors import StoreError
from musegraph.server import queue
from musegraph.server.app import Server
from musegraph.server.backups import DAYS, LATEST, Backups, damage_of
from musegraph.server.database import Database, connect, migrate
from musegraph.server.migrations import MIGRATIONS
from musegraph.server.settings import Settings

DATABASES = Path(__file__).with_name("databases")


def old(version: int, place: Path) -> None:
    """A database as it was written by the Musegraph of that time."""
    with closing(sqlite3.connect(place)) as db:
        db.executescript((DATABASES / f"version-{version}.sql").read_text("utf-8"))
        db.execute("pragma journal_mode=wal")


def rows(place: Path, columns: dict[str, str]) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(place)) as db:
        return {
            table: db.execute(f"select {names} from {table} order by 1, 2").fetchall()
            for table, names in columns.items()
        }


def columns_of(place: Path) -> dict[str, str]:
    with closing(sqlite3.connect(place)) as db:
        tables = db.execute("select name from sqlite_master where type='table'").fetchall()
        return {
            table: ", ".join(row[1] for row in db.execute(f"pragma table_info({table})"))
            for (table,) in tables
        }


def schema(place: Path) -> tuple[int, list[str]]:
    with closing(sqlite3.connect(place)) as db:
        made = db.execute("select sql from sqlite_master where sql is not null order by name")
        return db.execute("pragma user_version").fetchone()[0], [sql for (sql,) in made]


def test_there_is_a_database_of_every_version() -> None:
    for version in range(1, len(MIGRATIONS)):
        assert (DATABASES / f"version-{version}.sql").is_file()


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_a_database_of_every_version_is_brought_up_to_date_with_all_that_is_in_it(
    tmp_path: Path, version: int
) -> None:
    place = tmp_path / "data" / "server.db"
    place.parent.mkdir()
    old(version, place)
    columns = columns_of(place)
    before = rows(place, columns)

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            found = await client.get("/api/queue")
            assert found["paused"]
            assert found["counts"] == {"queued": 2, "done": 2, "failed": 1, "cancelled": 1}
            (saved,) = (await client.get("/api/workflows"))["workflows"]
            assert saved["name"] == "Meine Summe ✓"
            assert (await client.get("/api/preferences"))["preferences"] == {"theme": "dark"}
            again = {"workflow": LIGHT, "key": "mine", "priority": 3}
            assert (await client.ask("POST", "/api/runs", json=again))[0] == 200
            await client.ask("PUT", "/api/queue", json={"paused": False})
            while (await client.get("/api/queue"))["counts"].get("done") != 4:
                await asyncio.sleep(0.02)

    carried(body())
    first = Backups(place).all()[-1]
    assert schema(first)[0] == version
    assert rows(first, columns) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes of POSIX")
@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
def test_a_migration_that_is_killed_at_any_step_leaves_the_old_or_the_new(
    tmp_path: Path, version: int
) -> None:
    whole = {}
    for number in range(len(MIGRATIONS) + 1):
        made = tmp_path / f"schema-{number}.db"
        with closing(sqlite3.connect(made)) as db:
            for step in MIGRATIONS[:number]:
                db.executescript(step)
            db.execute(f"pragma user_version={number}")
        whole[number] = schema(made)[1]
    source = tmp_path / "old.db"
    if version:
        old(version, source)
    columns = columns_of(source)
    before, steps, seen = rows(source, columns), 0, set()
    while True:
        steps += 1
        folder = tmp_path / str(steps)
        folder.mkdir()
        place = Path(shutil.copy(source, folder / "server.db"))
        code = killed_at(steps, place)
        found, sql = schema(place)
        seen.add(found)
        assert sql == whole[found]
        assert rows(place, columns) == before
        if code == 0:
            break
        with closing(connect(place)) as db:
            migrate(db, Backups(place))
        assert schema(place) == (len(MIGRATIONS), whole[len(MIGRATIONS)])
        assert rows(place, columns) == before
    assert steps > 10
    assert {version, len(MIGRATIONS)} <= seen


def killed_at(step: int, place: Path) -> int:
    """Migrate in a process that ends at a statement, or at something that it does with a file."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = step

    def count(*_: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            os._exit(9)

    try:
        db = connect(place)
        db.set_trace_callback(count)
        sys.addaudithook(lambda event, _: count() if event in FILES else None)
        migrate(db, Backups(place))
        os._exit(0)
    finally:
        os._exit(1)


FILES = {"open", "os.mkdir", "os.rename", "os.remove", "os.chmod", "sqlite3.connect"}


def test_a_database_of_a_newer_version_is_left_as_it_is(tmp_path: Path) -> None:
    place = tmp_path / "data" / "server.db"
    place.parent.mkdir()
    with closing(sqlite3.connect(place)) as db:
        db.executescript(f"pragma user_version={len(MIGRATIONS) + 1}; create table things (x)")
    before = place.read_bytes()
    with pytest.raises(AssertionError, match="written by a newer Musegraph"):
        Process(tmp_path)
    assert place.read_bytes() == before


def full(place: Path, number: int = 300) -> None:
    """A database with runs that wait."""

    async def body() -> None:
        database = Database(place)
        wanted = [queue.Submission({"a": "x" * 900, "n": n}, str(n)) for n in range(number)]
        await database.write(lambda db: queue.submit(db, wanted, 10_000))
        await asyncio.to_thread(database.close)

    carried(body())


def scribble(place: Path) -> None:
    data = bytearray(place.read_bytes())
    draw = random.Random(5)
    for page in draw.sample(range(1, len(data) // 4096), 20):
        data[page * 4096 : (page + 1) * 4096] = draw.randbytes(4096)
    place.write_bytes(data)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "pages are overwritten": scribble,
    "it is cut off": lambda place: os.truncate(place, place.stat().st_size // 2),
    "its head is gone": lambda place: place.write_bytes(bytes(4096) + place.read_bytes()[4096:]),
    "it is something else": lambda place: place.write_text("a letter to the editor" * 99),
    "it is empty": lambda place: os.truncate(place, 0),
    "it is gone": Path.unlink,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_database_is_refused_with_its_backup_and_restored_if_asked(
    tmp_path: Path, damage: str
) -> None:
    place = tmp_path / "data" / "server.db"
    place.parent.mkdir()
    full(place)
    backup = Backups(place).make()
    DAMAGES[damage](place)
    before = place.read_bytes() if place.exists() else None
    with pytest.raises(StoreError) as refused:
        Server(Settings(data=tmp_path / "data", cache=tmp_path / "cache"))
    assert str(backup) in str(refused.value)
    assert "300 runs" in str(refused.value)
    assert "--restore" in str(refused.value)

    Server(Settings(tmp_path / "data", tmp_path / "cache", restore=True)).close()
    with closing(sqlite3.connect(place)) as db:
        assert db.execute("select count(*), max(name) from runs").fetchone() == (300, "99")
    kept = [found.read_bytes() for found in backup.parent.glob("damaged-*-server.db")]
    assert kept == ([] if before is None else [before])


def test_restore_leaves_a_sound_database_alone(tmp_path: Path) -> None:
    place = tmp_path / "server.db"
    full(place, 10)
    Backups(place).make()
    full(place, 20)
    assert Backups(place).restore() is None
    with closing(sqlite3.connect(place)) as db:
        assert db.execute("select count(*) from runs").fetchone() == (30,)


def test_a_damaged_database_without_a_backup_says_so(tmp_path: Path) -> None:
    place = tmp_path / "server.db"
    full(place)
    scribble(place)
    with pytest.raises(StoreError, match=r"damaged \(.*there is no backup in .*move .* away"):
        Database(place)


def test_what_was_committed_is_there_without_the_shared_memory(tmp_path: Path) -> None:
    place, other = tmp_path / "server.db", tmp_path / "other" / "server.db"
    other.parent.mkdir()

    async def body() -> None:
        database = Database(place)
        wanted = [queue.Submission({"n": n}) for n in range(300)]
        await database.write(lambda db: queue.submit(db, wanted, 300))
        for end in ("", "-wal"):  # as a kill would leave it, without the file -shm
            shutil.copy(f"{place}{end}", f"{other}{end}")
        await asyncio.to_thread(database.close)

    carried(body())
    Database(other).close()
    with closing(sqlite3.connect(other)) as db:
        assert db.execute("select count(*) from runs").fetchone() == (300,)


def test_a_copy_is_made_at_the_start_and_needs_no_file_beside_it(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            await client.carry_out(LIGHT)
        backups = Backups(tmp_path / "data" / "server.db")
        assert not backups.all()
        async with served(tmp_path):
            while not backups.all():
                await asyncio.sleep(0.01)
        (copy,) = backups.folder.iterdir()
        assert not damage_of(copy)
        assert copy.stat().st_mode & 0o077 == 0
        assert rows(copy, {"runs": "state, name"}) == {"runs": [("done", "")]}

    carried(body())


def test_copies_are_thinned_out_to_the_latest_and_one_of_each_day(tmp_path: Path) -> None:
    place = tmp_path / "server.db"
    full(place, 1)
    backups = Backups(place)
    backups.folder.mkdir()
    for number in range(1, 41):  # four a day, for ten days
        day, hour = (number - 1) // 4 + 1, number % 4
        (backups.folder / f"server-{number:06}-202601{day:02}T0{hour}0000Z.db").touch()
    latest = backups.make()
    assert latest.name.startswith("server-000041-")
    found = backups.all()
    assert found[0] == latest
    assert [int(copy.name.split("-")[1]) for copy in found] == [41, 40, 39, *range(36, 16, -4)]
    assert len(found) == LATEST + DAYS - 2


def test_a_run_that_was_damaged_in_the_queue_fails_and_holds_up_no_other(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, server):
            await client.ask("PUT", "/api/queue", json={"paused": True})
            ids = [(await client.submit(LIGHT, inputs={"a": n}))["id"] for n in range(4)]

            def damage(db: sqlite3.Connection) -> None:
                change = "update runs set workflow=cast({} as text) where id=?"
                db.execute(change.format("replace(workflow, 'two', 'twO')"), (ids[0],))
                db.execute(change.format("x'7bff00'"), (ids[1],))
                db.execute("update runs set name=cast(x'ffff' as text) where id=?", (ids[2],))

            await server.database.write(damage)
            await client.ask("PUT", "/api/queue", json={"paused": False})
            ended = [await client.ended(id) for id in ids]
            assert [run["state"] for run in ended] == ["failed", "failed", "done", "done"]
            assert "damaged on the disk of the server; submit it again" in ended[0]["error"]
            assert len((await client.get("/api/runs"))["runs"]) == 4

    carried(body())
