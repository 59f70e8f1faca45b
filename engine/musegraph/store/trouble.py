"""What is wrong with the folder of a cache, in a sentence that says what to do."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

from musegraph.errors import StoreError

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
ROOM = 1 << 20
"""Bytes that SQLite may want beside a database."""
_ELSEWHERE = "another folder (--cache, or the variable MUSEGRAPH_CACHE)"


def no_room(folder: Path) -> bool:
    """Whether the disk has hardly any room, of which SQLite may say no more than "I/O error"."""
    with suppress(OSError):
        return shutil.disk_usage(folder).free < ROOM
    return False


def unusable(folder: Path, error: OSError | sqlite3.Error) -> StoreError:
    """The error to raise for one of the file system or of the index."""
    place = f"the cache at {folder}"
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says where in SQLite
    number = getattr(error, "errno", None)
    if code in _DAMAGED:
        return StoreError(
            f"{place} cannot be used: its index is damaged ({error}); move"
            f" {folder / 'index.sqlite'} away, with the files that begin with its name, and run"
            " again: a new index is begun, and what was kept is computed again when it is needed"
        )
    if code in _BUSY:
        return StoreError(f"{place} is held by another process; run again when that has ended")
    if (
        code == sqlite3.SQLITE_FULL
        or number in (errno.ENOSPC, errno.EDQUOT)
        or (code == sqlite3.SQLITE_IOERR and no_room(folder))
    ):
        return StoreError(
            f"{place} cannot be written: the disk is full; make room, or use {_ELSEWHERE}"
        )
    closed = code == sqlite3.SQLITE_CANTOPEN and folder.exists() and not os.access(folder, os.W_OK)
    if closed or code == sqlite3.SQLITE_READONLY or number == errno.EROFS:
        return StoreError(f"{place} cannot be written: it is read-only; use {_ELSEWHERE}")
    if number == errno.EFBIG:
        return StoreError(
            f"{place} cannot be written: its file system takes no file that large; use {_ELSEWHERE}"
        )
    said = getattr(error, "strerror", None) or str(error)
    return StoreError(
        f"{place} cannot be used: {said}; use a folder that can be written"
        " (--cache, or the variable MUSEGRAPH_CACHE)"
    )
