"""From the queue to the workers and back: who carries out what, for how long, and what then."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from musegraph.errors import MusegraphError, Stopped, StoreError
from musegraph.limits import Limits
from musegraph.server import queue
from musegraph.server.database import Database
from musegraph.server.feed import Feed
from musegraph.server.states import States
from musegraph.server.telemetry import Telemetry
from musegraph.workers.host import GRACE, SILENT, End, Setup, Worker, WorkerLost
from musegraph.workers.places import Place

Facts = dict[str, Any] | None
Note = Callable[[sqlite3.Connection], Facts]
"""Notes something of a run, and gives what is known of it then."""

LOOK = 0.05
"""Seconds between two looks at what a worker takes its time with."""

PATIENCE = 60.0
"""Seconds in which a question has to be answered."""

POLITE = 10.0
"""Seconds after which a worker that carries out runs is not waited for with a question."""

AHEAD = 16
"""How many runs a worker is given at most before it has ended the first of them."""

QUICK = 0.05
"""Seconds below which the next runs are given ahead."""

MOST_TOLD = 1000
"""Runs of which is told one by one that they were cancelled."""

SHUTDOWN = 8.0
"""Seconds that running steps have when the server stops."""


@dataclass
class Dispatcher:
    """Holds the workers. One run at a time on each; questions go to a worker of their own."""

    database: Database
    feed: Feed
    setup: Setup
    places: Sequence[Place] = (Place("main"),)
    limits: Limits = field(default_factory=Limits)
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("musegraph.server"))
    paused: bool = False
    telemetry: Telemetry | None = None
    debug: bool = False
    """Whether clients are told the traceback of a step that failed."""

    def __post_init__(self) -> None:
        self.states = States()
        self._wake = asyncio.Event()
        self._stopping = False
        self._loops: list[asyncio.Task[None]] = []
        self.workers: dict[str, Worker] = {}
        self._inspector: Worker | None = None
        self._starting = asyncio.Lock()
        self._cancelled: dict[str, float] = {}
        """Runs that were told to stop, and when."""

    def start(self) -> None:
        self._loops = [asyncio.create_task(self._serve(place)) for place in self.places]

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    # -- questions --------------------------------------------------------------------------

    async def ask(self, question: str, of: str | None = None, **about: Any) -> dict[str, Any]:
        """An answer of the worker for questions; a new one is started if it is gone.

        With ``of`` that worker is asked first, for what it has in memory; it may have other things
        to do, and is not to be held up or ended for a question.
        """
        named = self.workers.get(of or "")
        if named is not None and named.alive:
            with contextlib.suppress(TimeoutError, WorkerLost):
                return await asyncio.wait_for(named.ask(question, **about), POLITE)
        worker = await self._inspect()
        try:
            return await asyncio.wait_for(worker.ask(question, **about), PATIENCE)
        except TimeoutError:
            await worker.end(End("the worker did not answer"))
            raise MusegraphError(f"there was no answer within {PATIENCE:g} s") from None
        except WorkerLost as lost:
            raise MusegraphError(f"this could not be looked at: {lost}") from None

    async def _inspect(self) -> Worker:
        async with self._starting:
            if self._inspector is None or not self._inspector.alive:
                self._inspector = self._worker(Place("inspector", {"MUSEGRAPH_DEVICE": "cpu"}))
                await self._inspector.start()
            return self._inspector

    def _worker(self, place: Place) -> Worker:
        return Worker(place.name, self.setup, place.variables, self._events, self._logged)

    def _logged(self, name: str, line: str) -> None:
        self.log.info("%s: %s", name, line, extra={"worker": name})

    def _events(self, run: str, events: list[dict[str, Any]]) -> None:
        for event in events:
            if self.telemetry is not None:
                self.telemetry.event(run, event)
            if not self.debug:
                event.pop("detail", None)
            self.states.note(run, event)
            if event["type"] not in ("run_started", "run_finished"):
                self.feed.tell({**event, "run": run})

    # -- runs -------------------------------------------------------------------------------

    async def _serve(self, place: Place) -> None:
        """Keep a worker busy, and replace it when it ends.

        It is given one run at a time, and some ahead while they are over sooner than the disk
        takes to note it.
        """
        name = place.name
        worker = await self._start(place)
        flying: set[asyncio.Task[float]] = set()
        ahead = 1
        while not self._stopping:
            self._wake.clear()
            for task in [task for task in flying if task.done()]:
                flying.discard(task)
                ahead = min(2 * ahead, AHEAD) if task.result() < QUICK else 1
            if not worker.alive:
                worker = await self._start(place)
            room = 0 if self.paused else ahead - len(flying)
            held = await self._claim(name, room) if room > 0 else []
            flying |= {asyncio.create_task(self._carry_out(worker, one)) for one in held}
            if len(held) < max(room, 1):  # nothing more to be had for now
                waking = asyncio.create_task(self._wake.wait())
                await asyncio.wait({waking, *flying}, return_when=asyncio.FIRST_COMPLETED)
                waking.cancel()
        if flying:
            await asyncio.wait(flying)

    async def _start(self, place: Place) -> Worker:
        worker = self.workers[place.name] = self._worker(place)
        await worker.start()
        asyncio.create_task(self._watch(worker), name=f"watch {place.name}")  # noqa: RUF006  ends with it
        return worker

    async def _claim(self, name: str, most: int) -> list[queue.Claim]:
        try:
            return await self.database.write(lambda db: queue.claim(db, name, most))
        except StoreError as error:  # the runs wait until there is a disk again
            self.log.error("nothing can be taken from the queue: %s", error)
            await asyncio.sleep(1)
            return []

    async def _carry_out(self, worker: Worker, held: queue.Claim) -> float:
        """Bring a run to its end, or back into the queue; the seconds that it took."""
        self.states.begin(held.id)
        self.tell(held.facts)
        start = monotonic()
        try:
            ended = await worker.carry_out(held.id, **self._about(held))
            note = self._noted(held, ended)
        except WorkerLost as lost:
            await worker.end(End("the worker was lost"))
            ended, note = {}, self._lost(held, lost)
        seconds = monotonic() - start
        facts = await self._write(held, note)
        self._cancelled.pop(held.id, None)
        self.states.end(held.id, ended.get("record") is not None)
        self.tell(facts)
        if self.telemetry is not None and facts is not None and facts["finished"]:
            await asyncio.to_thread(self._trace, self.telemetry, facts, ended.get("record"))
        return seconds

    def _trace(self, telemetry: Telemetry, facts: dict[str, Any], record: Any) -> None:
        try:
            telemetry.end(facts, record)
        except Exception:  # a run is not to suffer from who watches it
            self.log.exception("the trace of the run %s cannot be made", facts["id"])

    async def _write(self, held: queue.Claim, note: Note) -> Facts:
        """Note what came of a run, once there is a disk for it."""
        while True:
            try:
                return await self.database.write(note, vital=True)
            except StoreError as error:
                self.log.error("the end of the run %s cannot be noted: %s", held.id, error)
                await asyncio.sleep(1)

    def _about(self, held: queue.Claim) -> dict[str, Any]:
        """What a worker is told of a run."""
        return {
            "workflow": held.workflow,
            "targets": list(held.targets),
            "failed": {step: why.json() for step, why in held.blame.failed.items()},
            "alone": sorted(held.blame.alone),
            "limits": self.limits.json(),
        }

    def _noted(self, held: queue.Claim, ended: dict[str, Any]) -> Note:
        """What is noted of a run that has ended."""
        state: queue.State = ended.get("state", "failed")
        if state == "cancelled" and held.id not in self._cancelled:
            return lambda db: queue.release(db, held)  # the server stops
        facts = {name: ended.get(name) for name in ("error", "outputs", "record")}
        return lambda db: queue.finish(db, held, state, **facts)

    def _lost(self, held: queue.Claim, lost: WorkerLost) -> Note:
        """What is noted of a run whose worker has ended."""
        if held.id in self._cancelled:
            return lambda db: queue.finish(db, held, "cancelled")
        if self._stopping or lost.run not in (None, held.id):  # another run brought that about
            return lambda db: queue.release(db, held)
        self.log.warning("the run %s lost its worker: %s", held.id, lost)
        blame, given_up = held.blame.after(lost)
        if given_up is not None:
            return lambda db: queue.finish(db, held, "failed", error=given_up)
        said = f"{lost}; the run goes on in a new worker"
        self.feed.tell({"type": "warning", "run": held.id, "message": said})
        if self.telemetry is not None:
            self.telemetry.lost(held.id, str(lost))
        return lambda db: queue.give_back(db, held, str(lost), blame)

    async def _watch(self, worker: Worker) -> None:
        """End a worker that does not stop when it should, or does not answer."""
        told: set[str] = set()
        over: dict[tuple[str, str], float] = {}
        while not worker.gone.is_set():
            for run in self._cancelled.keys() - told:
                told.add(run)
                await worker.cancel(run)
            if why := await self._too_long(worker, over):
                await worker.end(why)
                return
            await asyncio.sleep(LOOK)

    async def _too_long(self, worker: Worker, over: dict[tuple[str, str], float]) -> End | None:
        """Why a worker has to be ended, if it has."""
        now, run = monotonic(), worker.run
        if worker.silent() > SILENT:
            return End(f"the worker gave no sign of life for {SILENT:g} s")
        if run is None:
            return None
        if now - self._cancelled.get(run, now) > GRACE:
            return End("the worker did not stop when it was told to")
        for step, (kind, since) in list(worker.running.items()) if self.limits else ():
            bound = self.limits.seconds(kind)
            if bound is None or now - since < bound.amount:
                continue
            if (run, step) not in over:
                over[run, step] = now
                await worker.halt(run, step, Stopped(bound.seconds(), "time-limit"))
            elif now - over[run, step] > GRACE / 2:
                return End(bound.seconds(), (step,), "time-limit")
        return None

    async def cancel(self, ids: Sequence[str] | None) -> tuple[list[str], list[str]]:
        """Cancel runs, or all: those that waited and are over, and those that are told to stop."""

        def work(db: sqlite3.Connection) -> tuple[list[str], list[str], list[dict[str, Any]]]:
            over, running = queue.cancel(db, ids)
            few = over if len(over) <= MOST_TOLD else []
            return over, running, [queue.get(db, id) for id in few]

        over, running, told = await self.database.write(work, vital=True)
        for id in running:
            self._cancelled.setdefault(id, monotonic())
        for facts in told:
            self.tell(facts)
        if len(told) < len(over):
            self.feed.tell({"type": "queue"})
        return over, running

    def tell(self, facts: Facts) -> None:
        """Tell everyone what is known of a run now."""
        if facts is not None:
            self.feed.tell({"type": "run", "run": facts["id"], "facts": facts})

    async def stop(self) -> None:
        """Start nothing more; what runs has a moment to end, and waits for the next server else."""
        self._stopping = True
        self.wake()
        for worker in self.workers.values():
            await worker.cancel_all()
        if self._loops:
            _, left = await asyncio.wait(self._loops, timeout=SHUTDOWN)
            for loop in left:
                loop.cancel()
        ending = [*self.workers.values(), *([self._inspector] if self._inspector else [])]
        await asyncio.gather(*(worker.end() for worker in ending))
        if self.telemetry is not None:
            await asyncio.to_thread(self.telemetry.close)
