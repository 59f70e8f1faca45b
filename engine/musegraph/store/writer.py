"""Writing results to disk behind the run's back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from musegraph.store.disk import Disk
from musegraph.store.records import Entry, Record
from musegraph.values.canonical import digest_of_buffers
from musegraph.values.codec import encode

DELAY = 0.2
"""Seconds for which records gather before they are written together."""


@dataclass(slots=True)
class Job:
    """A record to write, after the values that it needs on disk."""

    key: str
    record: Record
    values: list[tuple[Entry, Any]]
    stored: Callable[[], None] | None = None


class Writer:
    """One thread that writes jobs in order, many at a time."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._jobs: list[Job] = []
        self._busy = False
        self._closing = False
        self._urgent = False
        self._problems: dict[str, set[str]] = {}
        """What went wrong, and the keys of the records that it concerns."""
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, job: Job) -> None:
        with self._change:
            self._jobs.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="store", daemon=True)
                self._thread.start()
            elif len(self._jobs) == 1:
                self._change.notify_all()

    def flush(self) -> None:
        with self._change:
            self._urgent = True
            self._change.notify_all()
            while (self._jobs or self._busy) and self._thread and self._thread.is_alive():
                self._change.wait(0.5)
            self._urgent = False

    def close(self) -> None:
        self.flush()
        with self._change:
            self._closing = True
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join()

    def take_problems(self) -> list[str]:
        with self._change:
            taken, self._problems = self._problems, {}
        return [
            f"{'a result' if len(keys) == 1 else f'{len(keys)} results'} could not be kept: {why}"
            for why, keys in taken.items()
        ]

    def _work(self) -> None:
        while True:
            with self._change:
                while not self._jobs and not self._closing:
                    self._change.wait()
                if not self._jobs:
                    return
                if not self._urgent:
                    self._change.wait(DELAY)
                jobs, self._jobs = self._jobs, []
                self._busy = True
            try:
                self._write(jobs)
            except BaseException as error:  # noqa: BLE001  the disk, or who listens, may fail
                self._tell(jobs, error)
            finally:
                jobs = []  # their values may be what memory is wanted for
                with self._change:
                    self._busy = False
                    self._change.notify_all()

    def _tell(self, jobs: list[Job], error: BaseException) -> None:
        with self._change:
            self._problems.setdefault(str(error), set()).update(job.key for job in jobs)

    def _write(self, jobs: list[Job]) -> None:
        """Values first, then all records; a value that cannot be written costs only itself."""
        now = int(time.time())
        whole = []
        for job in jobs:
            try:
                for entry, value in job.values:
                    self._write_value(entry, value, job.record.seconds, now)
                whole.append(job)
            except Exception as error:  # noqa: BLE001  a full disk, a value of someone else's type
                self._tell([job], error)
        self._disk.put_records(((job.key, job.record) for job in jobs), now)
        for job in whole:
            if job.stored is not None:
                job.stored()

    def _write_value(self, entry: Entry, value: Any, seconds: float, now: int) -> None:
        if value is None or entry.digest is not None:
            return
        buffers = encode(value)
        known = entry.identity if entry.identity.startswith("blake3:") else None
        name = known or digest_of_buffers(buffers)
        self._disk.put(buffers, name, seconds, now)
        entry.digest = name
