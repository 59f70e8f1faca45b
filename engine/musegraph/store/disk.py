"""The disk tier: an index in SQLite and objects in files, safe for several processes.

An object is written to a temporary file and renamed to its digest, so it is there whole or not at
all; it is verified when it is read, so damage is noticed and costs a recomputation, never a wrong
result. The record that names it is written after it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from musegraph.errors import StoreError
from musegraph.store.records import Entry, Record
from musegraph.values.canonical import digest_of_buffers, is_digest

VERSION = 1
_TABLES = """
create table if not exists records(
  key text primary key, type text, outputs text, seconds real, recipe text, used integer
) without rowid;
create table if not exists objects(
  digest text primary key, bytes integer, seconds real, used integer, pinned integer default 0
) without rowid;
create table if not exists files(
  path text primary key, size integer, mtime integer, inode integer, digest text
) without rowid;
"""


class Disk:
    """The folder of a cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._objects = folder / "objects"
        self._lock = threading.Lock()
        try:
            self._objects.mkdir(parents=True, exist_ok=True)
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
            self._db.executescript(_TABLES)
            self._db.execute(f"pragma user_version={VERSION}")
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"the cache at {folder} cannot be used: {error}") from None

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def record(self, key: str) -> Record | None:
        with self._lock:
            row = self._db.execute(
                "select outputs, seconds, type, recipe from records where key=?", (key,)
            ).fetchone()
        if row is None:
            return None
        outputs = {name: Entry.from_json(made) for name, made in json.loads(row[0]).items()}
        return Record(outputs, row[1], row[2], tuple(json.loads(row[3])))

    def entry(self, identity: str) -> Entry | None:
        """The entry of some record with this identity: what a pin asks for."""
        with self._lock:
            rows = self._db.execute(
                "select outputs from records where outputs like ?", (f"%{identity}%",)
            ).fetchall()
        for (outputs,) in rows:
            for made in json.loads(outputs).values():
                if made["identity"] == identity:
                    return Entry.from_json(made)
        return None

    def put_records(self, records: Iterable[tuple[str, Record]], now: int) -> None:
        """Write records together; a later record of the same key replaces the earlier."""
        rows = [
            (
                key,
                record.type,
                json.dumps({name: entry.to_json() for name, entry in record.outputs.items()}),
                record.seconds,
                json.dumps(record.recipe),
                now,
            )
            for key, record in records
        ]
        with self._lock:
            self._db.execute("begin immediate")
            try:
                self._db.executemany("insert or replace into records values(?,?,?,?,?,?)", rows)
                self._db.execute("commit")
            except BaseException:
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
        if not place.exists():
            place.parent.mkdir(exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    for buffer in buffers:
                        file.write(buffer)
                Path(temporary).replace(place)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        with self._lock:
            self._db.execute(
                "insert into objects(digest, bytes, seconds, used) values(?,?,?,?)"
                " on conflict(digest) do update set used=excluded.used",
                (digest, size, seconds, now),
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
            place.unlink(missing_ok=True)
            return None
        return data

    def pin(self, digest: str, pinned: bool = True) -> None:
        with self._lock:
            self._db.execute("update objects set pinned=? where digest=?", (int(pinned), digest))

    def file_digest(self, path: Path) -> str | None:
        """The digest remembered for a file, if size, time and inode are still the same."""
        try:
            facts = path.stat()
        except OSError:
            return None
        with self._lock:
            row = self._db.execute(
                "select size, mtime, inode, digest from files where path=?", (str(path),)
            ).fetchone()
        same = row is not None and row[:3] == (facts.st_size, facts.st_mtime_ns, facts.st_ino)
        return str(row[3]) if same else None

    def remember_file(self, path: Path, facts: os.stat_result, digest: str) -> None:
        with self._lock:
            self._db.execute(
                "insert or replace into files values(?,?,?,?,?)",
                (str(path), facts.st_size, facts.st_mtime_ns, facts.st_ino, digest),
            )

    def size(self) -> int:
        with self._lock:
            row = self._db.execute("select coalesce(sum(bytes), 0) from objects").fetchone()
        return int(row[0])

    def shrink(self, budget: int) -> int:
        """Remove what is cheapest to make again per byte until the rest fits; bytes removed."""
        over = self.size() - budget
        removed = 0
        while removed < over:
            with self._lock:
                rows = self._db.execute(
                    "select digest, bytes from objects where pinned=0"
                    " order by seconds / (bytes + 1), used limit 64"
                ).fetchall()
                if not rows:
                    break
                for digest, size in rows:
                    self._db.execute("delete from objects where digest=?", (digest,))
                    self.path(digest).unlink(missing_ok=True)
                    removed += size
                    if removed >= over:
                        break
        return removed
