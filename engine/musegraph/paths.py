"""Paths from outside: whatever a user or a document writes there, what comes of it is a sentence.

A path may name a home that nobody has, be longer than the system takes, hold a zero byte, run in a
circle of links or lead to a device without an end; pathlib answers to each in its own way.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path

SHOWN = 120
"""Letters of a path that are shown."""
_NO_NAME = "no file has such a name"
ABSENT = frozenset({os.strerror(errno.ENOENT), os.strerror(errno.ENOTDIR)})
"""What :func:`why_missing` says where there is simply nothing."""


def at_home(path: str | Path) -> Path:
    """A path with ``~`` replaced; one of nobody's home stays as it is, as in a shell."""
    place = Path(path)
    try:
        return place.expanduser()
    except RuntimeError:
        return place


def data_folder() -> Path:
    """Where what has to last is kept: ``MUSEGRAPH_DATA``, else the user's data folder."""
    if named := os.environ.get("MUSEGRAPH_DATA"):
        return at_home(named)
    base = os.environ.get("XDG_DATA_HOME")
    if base:
        return Path(base) / "musegraph"
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "musegraph"
    return at_home("~/.local/share/musegraph")


def read(place: Path) -> bytes:
    """What a file or a pipe holds.

    Raises ``OSError`` for what cannot be read, also for a device: many have no end.
    """
    look(place)
    return place.read_bytes()


def read_below(folder: Path, name: str) -> bytes:
    """What a file in a folder holds; ``OSError`` where it led out of the folder as it was opened.

    Where a name led before it was opened proves nothing: somebody may have put a link in its place.
    """
    place = folder / name
    look(place)
    with place.open("rb") as stream:
        if not _opened(stream.fileno(), place).is_relative_to(folder.resolve()):
            raise OSError(errno.EPERM, "it led out of its folder when it was opened")
        return stream.read()


def _opened(handle: int, place: Path) -> Path:
    """Where an open file really lies: as the system tells, or by its name as it is now."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            return Path(os.readlink(f"/proc/self/fd/{handle}"))  # noqa: PTH115  not resolved further
    if sys.platform == "darwin":
        import fcntl

        with contextlib.suppress(OSError):
            found = fcntl.fcntl(handle, fcntl.F_GETPATH, bytes(1024))
            return Path(os.fsdecode(found.rstrip(b"\0")))
    return place.resolve()


def look(place: Path) -> os.stat_result:
    """What the system says of a path; ``OSError`` also for a device, and for what is no name."""
    try:
        facts = place.stat()
    except ValueError:
        raise OSError(errno.EINVAL, _NO_NAME) from None
    if stat.S_ISCHR(facts.st_mode) or stat.S_ISBLK(facts.st_mode):
        raise OSError(errno.EINVAL, "it is a device, no file")
    return facts


def why_missing(place: Path) -> str:
    """Why there is nothing at a path, or nothing that may be looked at; empty if there is."""
    try:
        place.stat()
    except OSError as error:
        return error.strerror or str(error)
    except ValueError:
        return _NO_NAME
    return ""


def text_of(path: str | Path) -> str:
    """A path as a text that can be kept; bytes in it that are no UTF-8 are spelt out."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def shown(path: str | Path) -> str:
    """A path as it is told of: the end of a very long one is left out."""
    text = str(path)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
