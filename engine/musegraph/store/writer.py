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
        self._problems: list[str] = []
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
            while self._jobs or self._busy:
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
            taken, self._problems = self._problems, []
        return taken

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
            except Exception as error:  # noqa: BLE001  a full or broken disk must not end the run
                with self._change:
                    self._problems.append(
                        f"{len(jobs)} results could not be written to the cache at"
                        f" {self._disk.folder}: {error}"
                    )
            finally:
                with self._change:
                    self._busy = False
                    self._change.notify_all()

    def _write(self, jobs: list[Job]) -> None:
        now = int(time.time())
        for job in jobs:
            for entry, value in job.values:
                if value is None or entry.digest is not None:
                    continue
                buffers = encode(value)
                known = entry.identity if entry.identity.startswith("blake3:") else None
                name = known or digest_of_buffers(buffers)
                self._disk.put(buffers, name, job.record.seconds, now)
                entry.digest = name
        self._disk.put_records(((job.key, job.record) for job in jobs), now)
        for job in jobs:
            if job.stored is not None:
                job.stored()
