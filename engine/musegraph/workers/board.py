"""A page of memory that outlives a worker: which steps it was in when it ended.

An event tells the same, but events travel in batches, and a crash waits for none.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
from pathlib import Path

SIZE = 4096
_LENGTH = struct.Struct("<I")


class Board:
    """Shared by a worker, which writes, and its server, which reads when the worker is gone."""

    def __init__(self, path: Path, create: bool = False) -> None:
        flags = os.O_RDWR | (os.O_CREAT | os.O_EXCL if create else 0)
        handle = os.open(path, flags, 0o600)
        try:
            if create:
                os.ftruncate(handle, SIZE)
            self._page = mmap.mmap(handle, SIZE)
        finally:
            os.close(handle)
        self._steps: dict[str, None] = {}

    def clear(self) -> None:
        """What was left of a run before is over."""
        if self._steps:
            self._steps.clear()
            self._write()

    def begin(self, step: str) -> None:
        self._steps[step] = None
        self._write()

    def end(self, step: str) -> None:
        if self._steps.pop(step, 0) is None:
            self._write()

    def _write(self) -> None:
        text = json.dumps([*self._steps]).encode()
        while len(text) > SIZE - _LENGTH.size:
            self._steps.pop(next(iter(self._steps)))
            text = json.dumps([*self._steps]).encode()
        _LENGTH.pack_into(self._page, 0, 0)  # what is half written does not count
        self._page[_LENGTH.size : _LENGTH.size + len(text)] = text
        _LENGTH.pack_into(self._page, 0, len(text))

    def steps(self) -> list[str]:
        """The steps that had begun and not ended."""
        (length,) = _LENGTH.unpack_from(self._page, 0)
        try:
            found = json.loads(self._page[_LENGTH.size : _LENGTH.size + length])
        except ValueError:
            return []
        return [str(step) for step in found] if isinstance(found, list) else []

    def close(self) -> None:
        self._page.close()
