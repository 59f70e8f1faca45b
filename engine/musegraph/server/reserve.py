"""Room on the disk that is held back, so that a full disk stops no more than it must.

SQLite needs room even to delete a row. A file holds some; when the disk is full it is given up for
what makes room or ends something, and whatever else wants room is refused until it is held again.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

SIZE = 16 << 20
"""Bytes that are held back."""


class Reserve:
    """A file that is as large as the room that it holds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.held = False

    def hold(self) -> bool:
        """Hold room back if the disk has twice as much; whether it is held."""
        if not self.held:
            with suppress(OSError):
                self.held = self.path.exists() and self.path.stat().st_size == SIZE
                if not self.held and not self.short():
                    self._take()
        return self.held

    def short(self) -> bool:
        """Whether the disk has too little room to hold some back."""
        with suppress(OSError):
            return shutil.disk_usage(self.path.parent).free < 2 * SIZE
        return False

    def _take(self) -> None:
        try:
            with self.path.open("wb") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, SIZE)
                else:
                    file.write(bytes(SIZE))
        except OSError:
            self.path.unlink(missing_ok=True)
            raise
        self.held = True

    def give_up(self) -> bool:
        """Make the room free; whether there was any."""
        was, self.held = self.held, False
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        return was
