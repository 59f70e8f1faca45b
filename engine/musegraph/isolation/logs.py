"""What a pack prints in its process: passed on to the log of the run, and bounded."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

MOST = 1 << 20
"""Bytes that a pack may print during one call."""


class Logs:
    """Reads what a process prints, on a thread of its own, so that it never has to wait."""

    def __init__(self, name: str, handle: int, flooded: Callable[[], None]) -> None:
        self._name = name
        self._handle = os.dup(handle)
        self._flooded = flooded
        self._left = MOST
        self._last = monotonic()
        self.tail = b""
        """The end of what was printed."""
        self._thread = threading.Thread(target=self._read, name="musegraph-log", daemon=True)
        self._thread.start()

    def anew(self) -> None:
        """A call begins, which may print as much as every other."""
        self._left = MOST
        self.tail = b""

    def lately(self, seconds: float) -> bool:
        """Whether something was printed in the last seconds."""
        return monotonic() - self._last < seconds

    def _read(self) -> None:
        whole = b""
        while data := os.read(self._handle, 1 << 16):
            self._last = monotonic()
            self._left -= len(data)
            if self._left < 0:
                self._flooded()
                break
            self.tail = (self.tail + data)[-2000:]
            *lines, whole = (whole + data).split(b"\n")
            self._pass_on(lines)
        self._pass_on([whole] if whole else [])
        os.close(self._handle)

    def _pass_on(self, lines: list[bytes]) -> None:
        text = "".join(f"[{self._name}] {line.decode('utf-8', 'replace')}\n" for line in lines)
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def close(self) -> None:
        """All has been read, or is nobody's any more."""
        if threading.current_thread() is not self._thread:
            self._thread.join(5)
