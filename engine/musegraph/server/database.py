"""The server's database: one thread writes, one reads, and what was answered is on disk.

All writing goes through one connection in one thread. Writes that wait together share a
transaction, so that a burst costs one synchronisation with the disk and not one each; every one of
them is a savepoint of its own, and a caller has its answer only after the commit.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from musegraph.errors import StoreError
from musegraph.server.migrations import MIGRATIONS

Answer = TypeVar("Answer")
Work = Callable[[sqlite3.Connection], Answer]

TOGETHER = 256
"""How many writes share a transaction at most."""

FULL = "the disk is full; nothing was changed, so free some space and try again"


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]

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
        self._writes: SimpleQueue[_Job | None] = SimpleQueue()
        self._reads: SimpleQueue[_Job | None] = SimpleQueue()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = connect(path)
            migrate(self._writer, path)
            self._reader = sqlite3.connect(
                f"file:{path}?mode=ro", uri=True, check_same_thread=False, isolation_level=None
            )
        except (OSError, sqlite3.Error) as error:
            raise unusable(path, error) from None
        self._threads = [
            threading.Thread(target=self._write_all, name="database-writer", daemon=True),
            threading.Thread(target=self._read_all, name="database-reader", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    async def write(self, work: Work[Answer]) -> Answer:
        """Change something; when this returns it is on disk. Raises what ``work`` raises."""
        return await self._ask(self._writes, work)

    async def read(self, work: Work[Answer]) -> Answer:
        """Look something up in what is committed."""
        return await self._ask(self._reads, work)

    async def _ask(self, queue: SimpleQueue[_Job | None], work: Work[Answer]) -> Answer:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        queue.put(_Job(work, loop, future))
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
            job = self._writes.get()
            while job is not None:
                batch.append(job)
                if len(batch) >= TOGETHER or self._writes.empty():
                    break
                job = self._writes.get()
            over = job is None
            if batch:
                self._commit(batch)
        self._writer.close()

    def _commit(self, batch: list[_Job]) -> None:
        """Carry out some writes in one transaction; each of them may fail alone."""
        db = self._writer
        answers: list[tuple[_Job, Any]] = []
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
                    job.fail(_said(self.path, error))
                db.execute("release one")
            db.execute("commit")
        except BaseException as error:  # noqa: BLE001  nobody is told that it was done
            if db.in_transaction:
                db.execute("rollback")
            for job in batch:
                job.fail(_said(self.path, error))
            return
        for job, answer in answers:
            job.answer(answer)

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
    db.execute("pragma journal_mode=wal")
    db.execute("pragma synchronous=full")
    db.execute("pragma foreign_keys=on")
    return db


def refuse_newer(db: sqlite3.Connection, path: Path) -> None:
    """A database written by a newer Musegraph is left as it is, down to the last byte."""
    found = int(db.execute("pragma user_version").fetchone()[0])
    if found > len(MIGRATIONS):
        db.close()
        raise StoreError(
            f"the database {path} was written by a newer Musegraph (version {found}, this one knows"
            f" {len(MIGRATIONS)}); use that one, or another folder with --data"
        )


def migrate(db: sqlite3.Connection, path: Path) -> None:
    """Bring the database up to date, a copy of it kept beside it."""
    found = int(db.execute("pragma user_version").fetchone()[0])
    if 0 < found < len(MIGRATIONS):
        copy = path.with_name(f"{path.stem}-version-{found}-{time.time_ns()}.db")
        with sqlite3.connect(copy) as target:
            db.backup(target)
        target.close()
    for version in range(found, len(MIGRATIONS)):
        db.executescript(
            f"begin immediate;\n{MIGRATIONS[version]}\npragma user_version={version + 1};\ncommit;"
        )


def unusable(path: Path, error: BaseException) -> StoreError:
    return StoreError(f"the database {path} cannot be used: {error}; --data names another folder")


def _said(path: Path, error: BaseException) -> BaseException:
    """What the disk or the file refuses, as a sentence; all else as it is."""
    if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
        full = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
        return StoreError(FULL) if full else unusable(path, error)
    return error
