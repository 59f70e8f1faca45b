"""What a step takes besides time: memory while it runs, bytes that it leaves, calls.

The thread that watches over a run reads the memory of the process now and then; the steps that run
then are told. A step that is over at once pays for a line in a dictionary and no more.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
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


@dataclass(slots=True)
class _Running:
    """A step that is being run: memory when it began, and the most since."""

    before: int
    peak: int
    device_before: int | None = None


class Meter:
    """Watches the steps of one run."""

    def __init__(self) -> None:
        self._read = _reader()
        self._last = self._read() if self._read is not None else 0
        self._running: dict[int, _Running] = {}
        """By thread."""

    def begin(self, on_device: bool) -> None:
        """A step begins on this thread; the last reading is what there was before it."""
        running = _Running(self._last, self._last)
        if on_device and (cuda := _cuda()) is not None:
            if all(other.device_before is None for other in [*self._running.values()]):
                cuda.reset_peak_memory_stats()  # else a step beside this one needs the peak
            running.device_before = cuda.memory_allocated()
        self._running[threading.get_ident()] = running

    def look(self) -> None:
        """Read the memory of the process, on behalf of all steps that run now."""
        if self._read is None:
            return
        self._last = now = self._read()
        for running in [*self._running.values()]:
            running.peak = max(running.peak, now)

    def end(
        self, seconds: float, record: Record, made: Mapping[str, Any], calls: int
    ) -> Profile | None:
        """The step of this thread is over: its :class:`Profile`, or None if it was short."""
        running = self.drop()
        if running is None or seconds < LASTING:
            return None
        peak = running.peak
        if self._read is not None:
            self._last = now = self._read()
            peak = max(peak, now)
        device = None
        if running.device_before is not None and (cuda := _cuda()) is not None:
            device = max(0, cuda.max_memory_allocated() - running.device_before)
        memory = None if self._read is None else max(0, peak - running.before)
        return Profile(memory, device, _bytes(record, made), calls)

    def drop(self) -> _Running | None:
        """Forget the step of this thread: it failed, or nothing was computed."""
        return self._running.pop(threading.get_ident(), None)


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
