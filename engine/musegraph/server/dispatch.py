"""From the queue to the workers and back: who carries out what, for how long, and what then."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from musegraph.errors import MusegraphError
from musegraph.server import queue
from musegraph.server.database import Database
from musegraph.server.feed import Feed
from musegraph.workers.host import GRACE, SILENT, Setup, Worker, WorkerLost

LOOK = 0.05
"""Seconds between two looks at what a worker takes its time with."""

PATIENCE = 60.0
"""Seconds in which a question has to be answered."""

SHUTDOWN = 8.0
"""Seconds that running steps have when the server stops."""


@dataclass
class Dispatcher:
    """Holds the workers. One run at a time on each; questions go to a worker of their own."""

    database: Database
    feed: Feed
    setup: Setup
    names: Sequence[str] = ("cpu",)
    step_seconds: float = 0.0
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("musegraph.server"))
    paused: bool = False

    def __post_init__(self) -> None:
        self._wake = asyncio.Event()
        self._stopping = False
        self._loops: list[asyncio.Task[None]] = []
        self.workers: dict[str, Worker] = {}
        self._inspector: Worker | None = None
        self._starting = asyncio.Lock()
        self._cancelled: dict[str, float] = {}
        """Runs that were told to stop, and when."""

    def start(self) -> None:
        self._loops = [asyncio.create_task(self._serve(name)) for name in self.names]

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    # -- questions --------------------------------------------------------------------------

    async def ask(self, question: str, **about: Any) -> dict[str, Any]:
        """An answer of the worker for questions; a new one is started if it is gone."""
        worker = await self._inspect()
        try:
            return await asyncio.wait_for(worker.ask(question, **about), PATIENCE)
        except TimeoutError:
            await worker.end("the worker did not answer")
            raise MusegraphError(f"there was no answer within {PATIENCE:g} s") from None
        except WorkerLost as lost:
            raise MusegraphError(f"this could not be looked at: {lost}") from None

    async def _inspect(self) -> Worker:
        async with self._starting:
            if self._inspector is None or not self._inspector.alive:
                self._inspector = self._worker("inspector")
                await self._inspector.start()
            return self._inspector

    def _worker(self, name: str) -> Worker:
        return Worker(name, self.setup, on_events=self._events, log=self._logged)

    def _logged(self, name: str, line: str) -> None:
        self.log.info("%s: %s", name, line, extra={"worker": name})

    def _events(self, run: str, events: list[dict[str, Any]]) -> None:
        for event in events:
            if event["type"] not in ("run_started", "run_finished"):
                self.feed.tell({**event, "run": run})

    # -- runs -------------------------------------------------------------------------------

    async def _serve(self, name: str) -> None:
        """Take one run after another, on one worker after another if need be."""
        worker = self.workers[name] = self._worker(name)
        await worker.start()
        while not self._stopping:
            self._wake.clear()
            held = None
            if not self.paused:
                held = await self.database.write(lambda db: queue.claim(db, name))
            if held is None:
                await self._wake.wait()
                continue
            self._wake.set()  # another worker may find more
            if not worker.alive:
                worker = self.workers[name] = self._worker(name)
                await worker.start()
            try:
                await self._carry_out(worker, held)
            except MusegraphError as error:  # the database: the run waits until it is back
                self.log.error("the run %s could not be noted: %s", held.id, error)
                await asyncio.sleep(1)

    async def _carry_out(self, worker: Worker, held: queue.Claim) -> None:
        await self.tell(held.id)
        watch = asyncio.create_task(self._watch(worker, held.id))
        try:
            ended = await worker.carry_out(held.id, held.workflow, held.targets)
        except WorkerLost as lost:
            await worker.end("the worker was lost")
            await self._lost(held, lost)
        else:
            await self._ended(held, ended)
        finally:
            watch.cancel()
            self._cancelled.pop(held.id, None)
        await self.tell(held.id)

    async def _ended(self, held: queue.Claim, ended: dict[str, Any]) -> None:
        if "error" in ended and "state" not in ended:
            ended = {"state": "failed", **ended}
        state: queue.State = ended["state"]
        if state == "cancelled" and held.id not in self._cancelled:
            await self.database.write(lambda db: queue.release(db, held))  # the server stops
            return
        await self.database.write(
            lambda db: queue.finish(
                db,
                held,
                state,
                error=ended.get("error"),
                outputs=ended.get("outputs"),
                record=ended.get("record"),
            )
        )

    async def _lost(self, held: queue.Claim, lost: WorkerLost) -> None:
        """What becomes of a run whose worker ended."""
        self.log.warning("the run %s lost its worker: %s", held.id, lost)

        def note(db: sqlite3.Connection) -> None:
            if held.id in self._cancelled:
                queue.finish(db, held, "cancelled")
            elif self._stopping:
                queue.release(db, held)
            elif lost.crash:  # its own code did it, and would again
                queue.finish(db, held, "failed", error=str(lost))
            else:
                queue.give_back(db, held, str(lost))

        await self.database.write(note)
        self.wake()

    async def _watch(self, worker: Worker, run: str) -> None:
        """End a worker that does not stop when it should, or does not answer."""
        over: dict[str, float] = {}
        told = False
        while True:
            now = monotonic()
            if run in self._cancelled and not told:
                told = True
                await worker.cancel(run)
            if now - self._cancelled.get(run, now) > GRACE:
                await worker.end("the worker did not stop when it was told to")
                return
            if worker.silent() > SILENT:
                await worker.end(f"the worker gave no sign of life for {SILENT:g} s")
                return
            for step, since in list(worker.running.items()):
                if not self.step_seconds or now - since < self.step_seconds:
                    continue
                if step not in over:
                    over[step] = now
                    await worker.cancel(run)
                elif now - over[step] > GRACE / 2:
                    await worker.end(
                        f"{step} took longer than the {self.step_seconds:g} s that a step may take"
                    )
                    return
            await asyncio.sleep(LOOK)

    async def cancel(self, ids: Sequence[str] | None) -> tuple[list[str], list[str]]:
        """Cancel runs, or all: those that waited and are over, and those that are told to stop."""
        over, running = await self.database.write(lambda db: queue.cancel(db, ids))
        for id in running:
            self._cancelled.setdefault(id, monotonic())
        for id in over if len(over) <= 1000 else ():
            await self.tell(id)
        if len(over) > 1000:
            self.feed.tell({"type": "queue"})
        return over, running

    async def tell(self, id: str) -> None:
        """Tell everyone what state a run is in."""
        with contextlib.suppress(queue.Missing):
            facts = await self.database.read(lambda db: queue.get(db, id))
            self.feed.tell({"type": "run", "run": id, "facts": facts})

    async def stop(self) -> None:
        """Start nothing more; what runs has a moment to end, and waits for the next server else."""
        self._stopping = True
        self.wake()
        for worker in self.workers.values():
            if worker.run is not None:
                await worker.cancel(worker.run)
        if self._loops:
            _, left = await asyncio.wait(self._loops, timeout=SHUTDOWN)
            for loop in left:
                loop.cancel()
        ending = [*self.workers.values(), *([self._inspector] if self._inspector else [])]
        await asyncio.gather(*(worker.end() for worker in ending))
