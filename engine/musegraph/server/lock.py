"""One server to a folder of data: a second one would hand out the same runs."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from musegraph.errors import StoreError


class Lock:
    """Held as long as the process lives, however it ends; the file says who holds it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "server.lock"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(
                f"the folder {folder} cannot be used: {error.strerror}; choose with --data"
            ) from None
        if not _hold(self._handle):
            os.close(self._handle)
            raise StoreError(
                f"another server uses {folder} already; end it, or choose another with --data"
            )

    def say(self, url: str) -> None:
        """Leave word where this server is, for the command line."""
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, json.dumps({"url": url, "process": os.getpid()}).encode(), 0)

    def release(self) -> None:
        with contextlib.suppress(OSError):
            os.ftruncate(self._handle, 0)
            os.close(self._handle)


def _hold(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def address_in(folder: Path) -> str | None:
    """Where the server of a folder listens; None if none does."""
    try:
        found = json.loads((folder / "server.lock").read_bytes())
        return str(found["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
