"""Copies of the server's database: made while it is sound, offered when it is damaged or gone.

A copy is made by SQLite's own means while the database is in use. It is a file that needs nothing
beside it, has its name only once it is whole, and is numbered, so that a clock that jumps changes
nothing about which one is the latest.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

from musegraph.errors import StoreError
from musegraph.store.trouble import no_room

LATEST = 3
"""The latest copies are kept …"""

DAYS = 7
"""… and the latest of each of so many days."""

HOURS = 6.0
"""Hours between two copies of a database that changes."""

RESTORE = "start with --restore to go on from it"


class Backups:
    """The folder ``backups`` beside a database."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.folder = database.parent / "backups"

    def all(self) -> list[Path]:
        """The copies, the latest first."""
        return sorted(self.folder.glob(f"{self.database.stem}-*Z.db"), reverse=True)

    def make(self) -> Path:
        """Copy what is committed, also while others write; raises :class:`StoreError`."""
        number = 1 + max((_number(place) for place in self.all()), default=0)
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        place = self.folder / f"{self.database.stem}-{number:06}-{moment}.db"
        part = place.with_suffix(".part")
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            _copy(self.database, part)
            if why := damage_of(part):
                raise sqlite3.DatabaseError(f"it is damaged: {why}")
            part.replace(place)
            _sync(self.folder)
            self._thin_out()
        except (OSError, sqlite3.Error) as error:
            part.unlink(missing_ok=True)
            full = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
            why = "the disk is full" if full or no_room(self.folder) else str(error)
            raise StoreError(f"no backup of {self.database} could be made: {why}") from None
        return place

    def _thin_out(self) -> None:
        kept, days = set(self.all()[:LATEST]), set[str]()
        for place in self.all():
            day = place.stem.rpartition("-")[2].partition("T")[0]
            if day not in days and len(days) < DAYS:
                days.add(day)
                kept.add(place)
            if place not in kept:
                place.unlink()

    def latest(self) -> Path | None:
        """The latest copy that is sound."""
        for place in self.all():
            with suppress(sqlite3.Error, UnicodeDecodeError):
                if not damage_of(place):
                    return place
        return None

    def hint(self) -> str:
        """What to do about a database that cannot be used, in a sentence that names a copy."""
        place = self.latest()
        if place is None:
            return (
                f"there is no backup in {self.folder}; move {self.database} away, with the files"
                " that begin with its name, to begin anew, or name another folder with --data"
            )
        return f"its backup {place} is sound ({content(place)}): {RESTORE}"

    def restore(self) -> tuple[Path, Path | None] | None:
        """Put the latest sound copy in the place of a database that is damaged, gone or empty.

        None if the database is none of that. Else the copy, and where the damaged one is kept.
        """
        if self.database.exists() and not damage_of(self.database):
            with closing(existing(self.database)) as db:
                if not holds_nothing(db):
                    return None
        place = self.latest()
        if place is None:
            raise StoreError(f"{self.database} cannot be restored: {self.hint()}")
        aside = None
        for file in sorted(self.database.parent.glob(f"{self.database.name}*")):
            kept = self.folder / f"damaged-{time.time_ns()}-{file.name}"
            file.replace(kept)
            aside = kept if file == self.database else aside
        part = self.database.with_suffix(".part")
        shutil.copyfile(place, part)
        with part.open("rb") as file_:
            os.fsync(file_.fileno())
        part.replace(self.database)
        _sync(self.database.parent)
        return place, aside


def _number(place: Path) -> int:
    number = place.stem.split("-")[-2]
    return int(number) if number.isdigit() else 0


def _copy(database: Path, target: Path) -> None:
    with closing(existing(database, "ro")) as source:
        target.unlink(missing_ok=True)
        with closing(sqlite3.connect(target)) as made:
            made.execute("pragma synchronous=full")
            source.backup(made)
            made.execute("pragma journal_mode=delete")  # no file beside it
    target.chmod(0o600)


def _sync(folder: Path) -> None:
    """Have the names in a folder on disk (not on Windows, which does so by itself)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def existing(place: Path, mode: str = "rw") -> sqlite3.Connection:
    """A connection to a database file that is there; none is made."""
    return sqlite3.connect(
        f"{place.resolve().as_uri()}?mode={mode}",
        uri=True,
        check_same_thread=False,
        isolation_level=None,
    )


def tells_of_damage(error: BaseException) -> bool:
    """Whether an error says that a database is damaged; some of its words may be damaged, too."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, UnicodeDecodeError) or code in _DAMAGED


_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def damage_of(place: Path) -> str:
    """What is wrong with a database file; empty if it is sound."""
    with closing(existing(place)) as db:
        return examine(db)


def examine(db: sqlite3.Connection) -> str:
    """Read all pages of a database: the first thing that is wrong, empty if there is none.

    A disk that does not let it be read is another matter, and raised.
    """
    try:
        (found,) = db.execute("pragma integrity_check(1)").fetchone()
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if tells_of_damage(error):
            return words(error)
        raise
    return "" if found == "ok" else str(found).replace("*** in database main ***\n", "")


def content(place: Path) -> str:
    """What a sound database holds, in words."""
    with closing(existing(place)) as db:
        runs, workflows = _numbers(db)
    return f"{runs} runs, {workflows} workflows"


def words(error: BaseException) -> str:
    """What an error says is damaged, if that can be said."""
    return "its texts are none" if isinstance(error, UnicodeDecodeError) else str(error)


def holds_nothing(db: sqlite3.Connection) -> bool:
    """Whether there is nothing in a database that anybody would miss."""
    return not db.execute("pragma user_version").fetchone()[0] or _numbers(db) == (0, 0)


def _numbers(db: sqlite3.Connection) -> tuple[int, int]:
    (runs,) = db.execute("select count(*) from runs").fetchone()
    (workflows,) = db.execute("select count(*) from workflows").fetchone()
    return runs, workflows
