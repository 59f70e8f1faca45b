"""The disk tier: an index in SQLite and objects in files, safe for several processes.

An object is written to a temporary file and renamed to its digest, so it is there whole or not at
all; it is verified when it is read, so damage is noticed and costs a recomputation, never a wrong
result. The record that names it is written after it, with a sum over its text: it holds small
values itself, and SQLite would not notice a changed byte. What goes first is what is cheapest to
make again per byte, aged by use, as in memory (see `live.py`); the age outlives the process.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from musegraph.errors import StoreError
from musegraph.paths import text_of
from musegraph.store.records import Entry, Record, lines_of, read_stored, recipe_in, stored
from musegraph.store.trouble import unusable
from musegraph.values.canonical import digest_of_buffers, digest_of_file, is_digest

try:
    import fcntl
except ImportError:  # Windows: who writes cannot be told, so nothing is swept there
    fcntl = None  # type: ignore[assignment]

VERSION = 2
MEGABYTE = 2**20
LEFT_OVER_SECONDS = 60
"""A temporary file is swept only at this age: one just made may not be locked yet."""

_TABLES = """
create table if not exists records(
  key text primary key, type text, outputs text, seconds real, recipe text, used integer,
  sum integer
) without rowid;
create table if not exists objects(
  digest text primary key, bytes integer, seconds real, used integer, pinned integer default 0
) without rowid;
create table if not exists files(
  path text primary key, size integer, mtime integer, inode integer, digest text
) without rowid;
create table if not exists ranks(digest text primary key, rank real) without rowid;
create table if not exists age(id integer primary key check (id = 0), age real);
insert or ignore into age values(0, 0);
"""
_PUT_RECORD = """
insert into records values(?, ?, ?, ?, ?, ?, ?) on conflict(key) do update set
  type=excluded.type, outputs=excluded.outputs, seconds=excluded.seconds, used=excluded.used,
  sum=excluded.sum, recipe=case excluded.recipe when '[]' then recipe else excluded.recipe end
"""
"""A record that was read comes without its recipe (see ``Disk.recipe``); the row keeps its own."""


def _sum(key: Any, type_: Any, outputs: Any) -> int:
    """What tells a record that was changed by a damaged disk from one that was written."""
    return zlib.crc32(f"{key}\0{type_}\0{outputs}".encode())


class Disk:
    """The folder of a cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._objects = folder / "objects"
        self._new = folder / "new"
        self._lock = threading.Lock()
        self._touched: set[str] = set()
        self._verified: dict[str, tuple[int, int, int]] = {}
        try:
            self._objects.mkdir(parents=True, exist_ok=True)
            self._new.mkdir(exist_ok=True)
            self._db = sqlite3.connect(
                folder / "index.sqlite", check_same_thread=False, isolation_level=None, timeout=30
            )
            found = self._db.execute("pragma user_version").fetchone()[0]
            if found > VERSION:
                raise StoreError(
                    f"the cache at {folder} was written by a newer Musegraph; use that one, or"
                    " another folder (--cache, or the variable MUSEGRAPH_CACHE)"
                )
            self._db.execute("pragma journal_mode=wal")
            self._db.execute("pragma synchronous=normal")
            if found == 1:
                self._add_sums()
            self._db.executescript(_TABLES)
            self._db.execute(f"pragma user_version={VERSION}")
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from None
        self._sweep()

    def _unusable(self, error: OSError | sqlite3.Error) -> StoreError:
        """What is wrong with the folder or its index, and what to do about it."""
        return unusable(self.folder, error)

    @contextmanager
    def _careful(self) -> Iterator[None]:
        """Whatever the disk or the index refuses becomes a StoreError."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from None

    def _add_sums(self) -> None:
        """Bring an index of version 1 up to date, unless another process just did."""
        self._db.create_function("sum_of", 3, _sum, deterministic=True)
        self._db.execute("begin immediate")
        try:
            if self._db.execute("pragma user_version").fetchone()[0] == 1:
                self._db.execute("alter table records add column sum integer")
                self._db.execute("update records set sum=sum_of(key, type, outputs)")
                self._db.execute("pragma user_version=2")
            self._db.execute("commit")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("rollback")
            raise

    def _sweep(self) -> None:
        """Remove what killed processes left half written; a living writer holds a lock."""
        if fcntl is None:
            return
        for left in self._new.iterdir():
            try:
                if time.time() - left.stat().st_mtime < LEFT_OVER_SECONDS:
                    continue
                with left.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    left.unlink(missing_ok=True)
            except OSError:  # being written, or swept by another process
                continue

    def _row(self, query: str, value: str) -> Any:
        """The first row of a query, or None; an index that cannot be read is a StoreError."""
        try:
            with self._lock:
                return self._db.execute(query, (value,)).fetchone()
        except sqlite3.Error as error:
            if isinstance(error, sqlite3.OperationalError) and not hasattr(
                error, "sqlite_errorcode"
            ):  # the bytes of a text are none any more: the row is damaged, and as good as gone
                return None
            raise self._unusable(error) from None

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of a query; an index that cannot be read is a StoreError."""
        with self._careful(), self._lock:
            return self._db.execute(query, values).fetchall()

    def forget(self, digests: Iterable[str], keys: Iterable[str]) -> None:
        """Remove objects, pinned ones too, and records; the files first, as in ``shrink``."""
        gone = [(digest,) for digest in digests]
        try:
            for (digest,) in gone:
                self.path(digest).unlink(missing_ok=True)
            with self._lock, self._db:
                self._db.execute("begin immediate")
                self._db.executemany("delete from objects where digest=?", gone)
                self._db.executemany("delete from ranks where digest=?", gone)
                self._db.executemany("delete from records where key=?", [(key,) for key in keys])
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from None

    @contextmanager
    def index(self) -> Iterator[sqlite3.Connection]:
        """The index, for as long as one wants to work on it: for tables kept elsewhere."""
        with self._lock:
            yield self._db

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def record(self, key: str) -> Record | None:
        """The record of a key, without its recipe; None if there is none, or a damaged one."""
        row = self._row("select outputs, seconds, type, sum from records where key=?", key)
        if row is None or row[3] != _sum(key, row[2], row[0]):
            return None
        return read_stored(json.loads(row[0]), row[1], row[2])

    def recipe(self, key: str) -> str:
        """What a key was made of; empty if that is not known."""
        row = self._row("select recipe from records where key=?", key)
        try:
            return "" if row is None else recipe_in(json.loads(row[0]))
        except (ValueError, TypeError):  # a damaged row
            return ""

    def records_of(self, type_: str) -> list[Record]:
        """What is known of a node type, the latest first; without the outputs."""
        query = "select seconds, recipe from records where type=? order by used desc"
        rows = self.rows(query, type_)
        return [Record({}, seconds, type_, recipe_in(json.loads(made))) for seconds, made in rows]

    def entry(self, identity: str) -> Entry | None:
        """The entry of some record with this identity: what a pin asks for."""
        with self._careful(), self._lock:
            rows = self._db.execute(
                "select outputs, key, type, sum from records where outputs like ?",
                (f"%{identity}%",),
            ).fetchall()
        for outputs, key, type_, found in rows:
            whole = found == _sum(key, type_, outputs)
            for made in json.loads(outputs).values() if whole else ():
                if made["identity"] == identity:
                    return Entry.from_json(made)
        return None

    def put_records(self, records: Iterable[tuple[str, Record]], now: int) -> None:
        """Write records together; a later record of the same key replaces the earlier."""
        rows = []
        for key, record in records:
            text = json.dumps(stored(record))
            sum_ = _sum(key, record.type, text)
            recipe = json.dumps(lines_of(record.recipe))
            rows.append((key, record.type, text, record.seconds, recipe, now, sum_))
        with self._careful(), self._lock:
            self._db.execute("begin immediate")
            try:
                self._db.executemany(_PUT_RECORD, rows)
                self._db.execute("commit")
            except BaseException:
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute("rollback")
                raise

    def path(self, digest: str) -> Path:
        """Where an object is; anything but a digest is refused, so that no text leads elsewhere."""
        if not is_digest(digest):
            raise StoreError(f"{digest[:80]!r} is no digest of a stored object")
        name = digest.removeprefix("blake3:")
        return self._objects / name[:2] / name[2:]

    def has(self, digest: str) -> bool:
        return self.path(digest).exists()

    def put(self, buffers: list[Any], digest: str, seconds: float, now: int) -> None:
        """Write an object under its digest, unless it is there."""
        place = self.path(digest)
        size = sum(memoryview(buffer).nbytes for buffer in buffers)
        with self._careful():
            if not place.exists():
                self._write(buffers, place)
        with self._careful(), self._lock:
            self._db.execute(
                "insert into objects(digest, bytes, seconds, used) values(?,?,?,?)"
                " on conflict(digest) do update set used=excluded.used",
                (digest, size, seconds, now),
            )
            self._rank([digest])

    def begin(self) -> tuple[int, str]:
        """A file to be written before it gets its place: its handle, to be closed, and its path.

        It is locked until then, so that no process takes it for one that was left behind.
        """
        handle, temporary = tempfile.mkstemp(dir=self._new)
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return handle, temporary

    def adopt(self, file: Path, digest: str) -> None:
        """Take a file that was begun here, whose content is this digest, as a pinned object."""
        place = self.path(digest)
        size = file.stat().st_size
        with self._careful():
            place.parent.mkdir(exist_ok=True)
            file.replace(place)
        with self._careful(), self._lock:
            self._db.execute(
                "insert into objects(digest, bytes, seconds, used, pinned) values(?,?,0,?,1)"
                " on conflict(digest) do update set used=excluded.used, pinned=1",
                (digest, size, int(time.time())),
            )
            self._rank([digest])

    def verify(self, digest: str) -> bool:
        """Whether an object is there and whole; read once, and again when the file has changed.

        A damaged one is removed, as by :meth:`get`: it can then be made again.
        """
        place = self.path(digest)
        try:
            facts = place.stat()
            mark = (facts.st_size, facts.st_mtime_ns, facts.st_ino)
            if self._verified.get(digest) == mark:
                return True
            if digest_of_file(place) != digest:
                place.unlink(missing_ok=True)
                return False
        except OSError:
            return False
        self._verified[digest] = mark
        return True

    def _write(self, buffers: list[Any], place: Path) -> None:
        place.parent.mkdir(exist_ok=True)
        handle, temporary = self.begin()
        try:
            with os.fdopen(handle, "wb") as file:
                for buffer in buffers:
                    file.write(buffer)
                file.flush()
                Path(temporary).replace(place)  # under the lock: no sweep can come between
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _rank(self, digests: Iterable[str]) -> None:
        """Make objects as young as if they had just been made. The caller holds the lock."""
        self._db.executemany(
            "insert or replace into ranks select digest,"
            f" (select age from age) + seconds * {MEGABYTE} / (bytes + 1)"
            " from objects where digest=?",
            [(digest,) for digest in digests],
        )

    def get(self, digest: str) -> bytearray | None:
        """The bytes of an object; None if it is gone or damaged (it is then removed)."""
        place = self.path(digest)
        try:
            data = bytearray(place.stat().st_size)
            with place.open("rb") as file:
                file.readinto(data)
        except OSError:
            return None
        if digest_of_buffers([data]) != digest:
            with suppress(OSError):  # a folder that cannot be written: it is refused each time
                place.unlink(missing_ok=True)
            return None
        self._touched.add(digest)  # ranked when the cache is next shrunk: a hit writes nothing
        return data

    def pin(self, digest: str, pinned: bool = True) -> None:
        with self._careful(), self._lock:
            self._db.execute("update objects set pinned=? where digest=?", (int(pinned), digest))

    def file_digest(self, path: Path) -> str | None:
        """The digest remembered for a file, if size, time and inode are still the same."""
        try:
            facts = path.stat()
        except OSError:
            return None
        row = self._row("select size, mtime, inode, digest from files where path=?", text_of(path))
        same = row is not None and row[:3] == (facts.st_size, facts.st_mtime_ns, facts.st_ino)
        return str(row[3]) if same else None

    def remember_file(self, path: Path, facts: os.stat_result, digest: str) -> None:
        """Remember the digest of a file; if that fails, the file is read again next time."""
        with suppress(sqlite3.Error), self._lock:
            self._db.execute(
                "insert or replace into files values(?,?,?,?,?)",
                (text_of(path), facts.st_size, facts.st_mtime_ns, facts.st_ino, digest),
            )

    def size(self) -> int:
        with self._careful(), self._lock:
            row = self._db.execute("select coalesce(sum(bytes), 0) from objects").fetchone()
        return int(row[0])

    def shrink(self, budget: int) -> int:
        """Remove what is least worth keeping until the rest fits; the bytes removed."""
        over = self.size() - budget
        removed = 0
        with self._careful(), self._lock:
            touched, self._touched = self._touched, set()
            self._rank(list(touched))
            now = int(time.time())
            self._db.executemany(
                "update objects set used=? where digest=?", [(now, digest) for digest in touched]
            )
        while removed < over:
            with self._careful(), self._lock:
                rows = self._db.execute(
                    "select digest, bytes, coalesce(rank, 0) from objects"
                    " left join ranks using (digest) where pinned=0"
                    " order by 3, used limit 64"
                ).fetchall()
                if not rows:
                    break
                for digest, size, rank in rows:
                    # The file first: if we are killed here, the row is found again and removed.
                    self.path(digest).unlink(missing_ok=True)
                    self._db.execute("delete from objects where digest=?", (digest,))
                    self._db.execute("delete from ranks where digest=?", (digest,))
                    self._db.execute("update age set age=max(age, ?)", (rank,))
                    removed += size
                    if removed >= over:
                        break
        return removed
