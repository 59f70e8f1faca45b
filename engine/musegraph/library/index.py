"""What was found out about models, kept between scans: a file of SQLite among the user's data.

All of it can be found out again but the names that models had before, so a damaged index is thrown
away and made anew; where none can be kept, one in memory serves as long as the process.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

VERSION = 1
FILE = "models.sqlite"

_TABLES = """
create table if not exists models(
  path text primary key, stamp text, quick text, digest text, facts text
) without rowid;
create index if not exists models_by_quick on models(quick);
create index if not exists models_by_digest on models(digest);
create table if not exists names(
  source text, quick text, digest text, seen real, primary key(source, quick)
) without rowid;
create index if not exists names_by_quick on names(quick);
"""


class Row(NamedTuple):
    """A model as it was read: valid for as long as what is there has the same stamp."""

    path: str
    stamp: str
    quick: str
    digest: str
    facts: str


class Name(NamedTuple):
    """A name that a model had, and which model that was."""

    source: str
    quick: str
    digest: str
    seen: float


class Index:
    """The rows; every method is one transaction, and several processes may use one file."""

    def __init__(self, file: Path | None) -> None:
        self._lock = threading.Lock()
        self.kept = file is not None
        self._db = self._open(file)

    def _open(self, file: Path | None) -> sqlite3.Connection:
        if file is not None:
            with suppress(OSError, sqlite3.Error):
                try:
                    return self._at(file)
                except sqlite3.OperationalError:  # it cannot be written, or is of a newer version
                    raise
                except sqlite3.DatabaseError:
                    _set_aside(file)
                    return self._at(file)
        self.kept = False
        return self._at(":memory:")

    def _at(self, place: Path | str) -> sqlite3.Connection:
        if isinstance(place, Path):
            place.parent.mkdir(parents=True, exist_ok=True)
        made = sqlite3.connect(place, check_same_thread=False, isolation_level=None, timeout=10)
        try:
            found = made.execute("pragma user_version").fetchone()[0]
            if found > VERSION:
                raise sqlite3.OperationalError("of a newer version")
            made.execute("pragma journal_mode=wal")
            made.execute("pragma synchronous=normal")
            made.executescript(_TABLES)
            made.execute(f"pragma user_version={VERSION}")
            made.execute("select count(*) from models").fetchone()
        except BaseException:
            made.close()
            raise
        return made

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction; what a disk refuses is not kept, and found out again the next time."""
        with self._lock, suppress(sqlite3.Error):
            self._db.execute("begin immediate")
            try:
                yield self._db
                self._db.execute("commit")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("rollback")
                raise

    def _read(self, query: str, *values: str) -> list[tuple[str, ...]]:
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error:
                return []

    def rows(self) -> dict[str, Row]:
        """Every model by its path."""
        return {row[0]: Row(*row) for row in self._read("select * from models")}

    def row(self, path: str) -> Row | None:
        found = self._read("select * from models where path=?", path)
        return Row(*found[0]) if found else None

    def rows_of(self, quick: str = "", digest: str = "") -> list[Row]:
        """Models of this quick id, or of this digest."""
        column, value = ("quick", quick) if quick else ("digest", digest)
        return [Row(*row) for row in self._read(f"select * from models where {column}=?", value)]

    def names(self) -> list[Name]:
        """Every name there ever was, the newest first."""
        found = self._read("select source, quick, digest, seen from names order by seen desc")
        return [Name(*row) for row in found]  # type: ignore[arg-type]

    def name(self, source: str) -> Name | None:
        """Which model last had a name."""
        found = self._read(
            "select source, quick, digest, seen from names where source=? order by seen desc",
            source,
        )
        return Name(*found[0]) if found else None  # type: ignore[arg-type]

    def put(self, rows: Iterable[Row]) -> None:
        with self._writing() as db:
            db.executemany("insert or replace into models values(?, ?, ?, ?, ?)", rows)

    def drop(self, paths: Iterable[str]) -> None:
        with self._writing() as db:
            db.executemany("delete from models where path=?", ((path,) for path in paths))

    def call(self, names: Iterable[tuple[str, str, str]]) -> None:
        """Note that models have these names now: source, quick id and digest of each."""
        now = time.time()
        with self._writing() as db:
            db.executemany(
                "insert into names values(?, ?, ?, ?) on conflict(source, quick) do update set"
                " seen=excluded.seen,"
                " digest=case excluded.digest when '' then digest else excluded.digest end",
                ((*name, now) for name in names),
            )

    def learn(self, path: str, digest: str) -> None:
        """Note the digest of a model that was read in full."""
        with self._writing() as db:
            db.execute("update models set digest=? where path=?", (digest, path))
            db.execute(
                "update names set digest=? where quick in"
                " (select quick from models where path=? and quick<>'')",
                (digest, path),
            )

    def close(self) -> None:
        with self._lock:
            self._db.close()


def _set_aside(file: Path) -> None:
    """Move a damaged index out of the way."""
    for ending in ("-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    file.replace(file.with_name(f"{file.name}.damaged"))
