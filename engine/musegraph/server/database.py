"""The server's database: one thread writes, one reads, and what was answered is on disk.

All writing goes through one connection in one thread. Writes that wait together share a
transaction, so that a burst costs one synchronisation with the disk and not one each; every one of
them is a savepoint of its own, and a caller has its answer only after the commit.

A full disk refuses what wants room; what ends something or makes room goes on (see `reserve.py`).
A database that is damaged is never used: the error names what to go on from (see `backups.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from musegraph.errors import StoreError
from musegraph.server.backups import Backups, examine, existing, tells_of_damage, words
from musegraph.server.migrations import MIGRATIONS
from musegraph.server.reserve import Reserve
from musegraph.store.trouble import no_room

Answer = TypeVar("Answer")
Work = Callable[[sqlite3.Connection], Answer]

TOGETHER = 256
"""How many writes share a transaction at most."""

IDLE = 1.0
"""Seconds without a write after which what was written moves from the log into the database."""

LOG = logging.getLogger("musegraph.server")

FULL = "the disk is full; nothing was changed, so free some space and try again"


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    vital: bool = False

    def answer(self, value: Any) -> None:
        self._settle(self.future.set_result, value)

    def fail(self, error: BaseException) -> None:
        self._settle(self.future.set_exception, error)

    def _settle(self, settle: Callable[[Any], None], what: Any) -> None:
        def now() -> None:
            if not self.future.done():  # who asked may have gone
                settle(what)

        self.loop.call_soon_threadsafe(now)


class Database:
    """An SQLite file. ``write`` and ``read`` run a function on a connection, off the event loop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.backups = Backups(path)
        self.commits = 0
        self._writes: SimpleQueue[_Job | None] = SimpleQueue()
        self._reads: SimpleQueue[_Job | None] = SimpleQueue()
        self._reserve = Reserve(path.with_suffix(".reserve"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if self.backups.all() and not (path.exists() and path.stat().st_size):
                raise damaged(path, "it is gone or empty")
            self._writer = connect(path)
            self._begin()
            self._reader = existing(path, "ro")
            self._reader.text_factory = legible
        except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
            raise unusable(path, error) from None
        self._reserve.hold()
        self._threads = [
            threading.Thread(target=self._write_all, name="database-writer", daemon=True),
            threading.Thread(target=self._read_all, name="database-reader", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _begin(self) -> None:
        """Refuse a database that is damaged, and bring a sound one up to date."""
        if why := examine(self._writer):
            raise damaged(self.path, why)
        migrate(self._writer, self.backups)
        self._writer.execute("pragma wal_checkpoint(truncate)")

    async def write(self, work: Work[Answer], vital: bool = False) -> Answer:
        """Change something; when this returns it is on disk. Raises what ``work`` raises.

        What is ``vital`` ends something or makes room, and is done on a full disk too.
        """
        return await self._ask(self._writes, work, vital)

    async def read(self, work: Work[Answer]) -> Answer:
        """Look something up in what is committed."""
        return await self._ask(self._reads, work)

    async def _ask(
        self, queue: SimpleQueue[_Job | None], work: Work[Answer], vital: bool = False
    ) -> Answer:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        queue.put(_Job(work, loop, future, vital))
        return await future

    def _read_all(self) -> None:
        while (job := self._reads.get()) is not None:
            try:
                job.answer(job.work(self._reader))
            except BaseException as error:  # noqa: BLE001  it belongs to who asked
                job.fail(_said(self.path, error))
        self._reader.close()

    def _write_all(self) -> None:
        over = False
        while not over:
            batch = []
            job = self._next()
            while job is not None:
                batch.append(job)
                if len(batch) >= TOGETHER or self._writes.empty():
                    break
                job = self._writes.get()
            over = job is None
            if batch:
                self._commit(batch)
        self._writer.close()

    def _next(self) -> _Job | None:
        """The next write; while there is none, the log is moved into the database."""
        if self.commits:
            try:
                return self._writes.get(timeout=IDLE)
            except Empty:
                with contextlib.suppress(sqlite3.Error):
                    self._writer.execute("pragma wal_checkpoint(passive)")
        return self._writes.get()

    def _commit(self, batch: list[_Job]) -> None:
        """Carry out some writes; on a full disk only the vital ones, in the room held back."""
        if not self._reserve.hold() and self._reserve.short():
            batch = self._only_vital(batch)
        try:
            self._transact(batch)
        except BaseException as error:  # noqa: BLE001  nobody is told that it was done
            if self._full(error) and self._reserve.give_up():
                LOG.warning("the disk is full: what runs is ended, and nothing new is taken")
                return self._commit(batch)
            for job in batch:
                job.fail(StoreError(FULL) if self._full(error) else _said(self.path, error))

    def _only_vital(self, batch: list[_Job]) -> list[_Job]:
        for job in batch:
            if not job.vital:
                job.fail(StoreError(FULL))
        return [job for job in batch if job.vital]

    def _full(self, error: BaseException) -> bool:
        """Whether the disk is full, in whichever words SQLite says so."""
        code = getattr(error, "sqlite_errorcode", 0)
        return code == sqlite3.SQLITE_FULL or (
            code & 0xFF == sqlite3.SQLITE_IOERR and no_room(self.path.parent)
        )

    def _transact(self, batch: list[_Job]) -> None:
        """Carry out some writes in one transaction; each of them may fail alone."""
        db = self._writer
        answers: list[tuple[_Job, Any]] = []
        failures: list[tuple[_Job, BaseException]] = []
        try:
            db.execute("begin immediate")
            for job in batch:
                db.execute("savepoint one")
                try:
                    answers.append((job, job.work(db)))
                except sqlite3.OperationalError:  # the disk or the file: it hits all of them
                    raise
                except BaseException as error:  # noqa: BLE001  it belongs to who asked
                    db.execute("rollback to one")
                    failures.append((job, error))
                db.execute("release one")
            db.execute("commit")
        except BaseException:
            if db.in_transaction:
                db.execute("rollback")
            raise
        self.commits += 1
        for job, answer in answers:
            job.answer(answer)
        for job, failure in failures:
            job.fail(_said(self.path, failure))

    def close(self) -> None:
        """Carry out what was asked for, then close."""
        self._writes.put(None)
        self._reads.put(None)
        for thread in self._threads:
            thread.join()


def connect(path: Path) -> sqlite3.Connection:
    """The writing connection: every commit is synchronised with the disk."""
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=5)
    refuse_newer(db, path)
    db.text_factory = legible
    db.execute("pragma journal_mode=wal")
    db.execute("pragma synchronous=full")
    db.execute("pragma foreign_keys=on")
    return db


def legible(text: bytes) -> str:
    """A text of a row, also where the disk has changed its bytes: one row must not hide others."""
    return text.decode(errors="replace")


def refuse_newer(db: sqlite3.Connection, path: Path) -> None:
    """A database written by a newer Musegraph is left as it is, down to the last byte."""
    found = int(db.execute("pragma user_version").fetchone()[0])
    if found > len(MIGRATIONS):
        db.close()
        raise StoreError(
            f"the database {path} was written by a newer Musegraph (version {found}, this one knows"
            f" {len(MIGRATIONS)}); use that one, or another folder with --data"
        )


def migrate(db: sqlite3.Connection, backups: Backups) -> None:
    """Bring the database up to date, once there is a copy of it as it was."""
    found = int(db.execute("pragma user_version").fetchone()[0])
    if 0 < found < len(MIGRATIONS):
        backups.make()
    for version in range(found, len(MIGRATIONS)):
        db.executescript(
            f"begin immediate;\n{MIGRATIONS[version]}\npragma user_version={version + 1};\ncommit;"
        )


def damaged(path: Path, why: str) -> StoreError:
    return StoreError(f"the database {path} is damaged ({why}); {Backups(path).hint()}")


def unusable(path: Path, error: BaseException) -> StoreError:
    if tells_of_damage(error):
        return damaged(path, words(error))
    why = "the disk is full" if no_room(path.parent) else str(error)
    return StoreError(f"the database {path} cannot be used: {why}; --data names another folder")


def _said(path: Path, error: BaseException) -> BaseException:
    """What the disk or the file refuses, as a sentence; all else as it is."""
    if isinstance(error, sqlite3.IntegrityError):
        return error
    if isinstance(error, (sqlite3.Error, UnicodeDecodeError)):
        return unusable(path, error)
    return error
