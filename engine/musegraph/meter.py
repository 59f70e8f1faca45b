"""What a step takes besides time: memory while it runs, bytes that it leaves, calls.

The thread that watches over a run reads the memory of the process now and then, and what lasted is
told the highest reading in its time.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from time import perf_counter
from typing import Any

from musegraph.store import NOTHING, Record
from musegraph.values.codec import size_of

LASTING = 0.001
"""Seconds from which a step is worth a measurement."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one step took. Memory is the rise above what there was when it began, in bytes.

    Host memory is that of the whole process, so a rise counts for all steps that ran then; memory
    freed before and taken again is no rise. None where nobody can tell.
    """

    memory: int | None
    device_memory: int | None
    bytes: int
    calls: int

    def json(self) -> dict[str, int]:
        """What is known of it, by name."""
        known = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in known.items() if value is not None}


class Meter:
    """Watches the memory of the process during one run, for the steps that last.

    A step that is over at once costs nothing here: what there was when it began is the last
    reading, and the highest since is looked up only for a step that took a while.
    """

    def __init__(self) -> None:
        self._read = _reader()
        self.last = self._read() if self._read is not None else 0
        """Resident bytes at the last reading."""
        self._highs: list[tuple[float, int]] = []
        """Readings with their time, each higher than all that came after it."""
        self._lock = threading.Lock()

    def look(self) -> None:
        """Read the memory of the process, on behalf of all steps that run now."""
        if self._read is None:
            return
        with self._lock:
            self.last = now = self._read()
            while self._highs and self._highs[-1][1] <= now:
                self._highs.pop()
            self._highs.append((perf_counter(), now))

    def device(self) -> int | None:
        """Device bytes in use as a step begins there, which is alone on it; None without one."""
        cuda = _cuda()
        if cuda is None:
            return None
        cuda.reset_peak_memory_stats()
        return int(cuda.memory_allocated())

    def profile(
        self,
        start: float,
        before: int,
        device_before: int | None,
        record: Record,
        made: Mapping[str, Any],
        calls: int,
    ) -> Profile:
        """What a step took that began at ``start`` with ``before`` bytes and is over now."""
        self.look()
        memory = device = None
        if self._read is not None:
            with self._lock:
                index = bisect_left(self._highs, (start, 0))
                memory = max(0, self._highs[index][1] - before)
        if device_before is not None and (cuda := _cuda()) is not None:
            device = max(0, cuda.max_memory_allocated() - device_before)
        return Profile(memory, device, _bytes(record, made), calls)


def _bytes(record: Record, made: Mapping[str, Any]) -> int:
    """Bytes of all outputs: tensors and files as they lie in memory, JSON as text."""
    total = 0
    for entry in record.outputs.values():
        for leaf in entry.leaves():
            if leaf.json is not NOTHING:
                total += len(json.dumps(leaf.json, ensure_ascii=False).encode(errors="replace"))
            elif leaf.identity in made:
                total += sum(size_of(made[leaf.identity]).values())
    return total


def _cuda() -> Any:
    """``torch.cuda`` if somebody has begun to use it; it is not begun only to measure."""
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    return cuda if cuda is not None and cuda.is_initialized() else None


@cache
def _reader() -> Callable[[], int] | None:
    """A function that gives the resident memory of this process in bytes, if there is a way."""
    if sys.platform.startswith("linux"):
        try:
            with open("/proc/self/statm", "rb"):  # noqa: PTH123  no path: a question to the system
                return _statm
        except OSError:
            pass
    try:
        import psutil
    except ImportError:
        return None
    process = psutil.Process()
    return lambda: int(process.memory_info().rss)


def _statm() -> int:
    with open("/proc/self/statm", "rb", buffering=0) as file:  # noqa: PTH123
        return int(file.read().split()[1]) * _PAGE


_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
