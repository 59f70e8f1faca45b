"""What steps took in past runs: a few hundred samples of each node type, in the cache's index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from musegraph.store.disk import Disk
from musegraph.store.trouble import unusable

KEPT = 200
"""Samples kept of a node type: the last ones."""

_TABLES = (
    """create table if not exists samples(
      id integer primary key, type text, version text, device text, work text,
      seconds real, calls integer, memory integer, device_memory integer
    )""",
    "create index if not exists samples_by_type on samples(type, id)",
    "create table if not exists brief(type text primary key) without rowid",
)


class Sample(NamedTuple):
    """What one step took: ``seconds`` in all, for ``calls`` calls; memory in bytes, if known.

    ``work`` names how much there was to do: steps of the same work should take the same time.
    """

    type: str
    version: str
    device: str
    work: str
    seconds: float
    calls: int
    memory: int | None
    device_memory: int | None


class History:
    """The samples in the index of a cache. Of types that were never worth one, only the name."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def add(self, samples: Sequence[Sample], brief: Iterable[str] = ()) -> str | None:
        """Keep samples, and the types that took no time worth one; what went wrong, if it did."""
        try:
            with self._disk.index() as index:
                for table in _TABLES:
                    index.execute(table)
                index.execute("begin immediate")
                try:
                    _add(index, samples, brief)
                    index.execute("commit")
                except BaseException:
                    if index.in_transaction:  # a full disk has ended it already
                        index.execute("rollback")
                    raise
        except sqlite3.Error as error:
            why = unusable(self._disk.folder, error)
            return f"how long steps took could not be noted in the cache: {why}"
        return None

    def of(self, types: Iterable[str]) -> dict[str, list[Sample]]:
        """The samples by type, oldest first; none for a type that is brief, no entry if unknown.

        Raises :class:`StoreError` if the index cannot be read.
        """
        try:
            return self._of(types)
        except sqlite3.Error as error:
            raise unusable(self._disk.folder, error) from None

    def _of(self, types: Iterable[str]) -> dict[str, list[Sample]]:
        found: dict[str, list[Sample]] = {}
        with self._disk.index() as index:
            known = index.execute("select 1 from sqlite_master where name='brief'").fetchone()
            for kind in types if known else ():
                rows = index.execute(
                    "select type, version, device, work, seconds, calls, memory, device_memory"
                    " from samples where type=? order by id",
                    (kind,),
                ).fetchall()
                brief = index.execute("select 1 from brief where type=?", (kind,)).fetchone()
                if rows or brief:
                    found[kind] = [Sample(*row) for row in rows]
        return found


def _add(index: sqlite3.Connection, samples: Sequence[Sample], brief: Iterable[str]) -> None:
    index.executemany(
        "insert into samples(type, version, device, work, seconds, calls, memory, device_memory)"
        " values(?,?,?,?,?,?,?,?)",
        samples,
    )
    index.executemany("insert or ignore into brief values(?)", [(kind,) for kind in brief])
    index.executemany(
        "delete from samples where type=?1 and id <= (select id from samples where type=?1"
        f" order by id desc limit 1 offset {KEPT})",
        [(kind,) for kind in sorted({sample.type for sample in samples})],
    )
