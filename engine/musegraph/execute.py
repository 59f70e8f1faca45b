"""Running a batch of steps where it is: the scheduling loop, and the context that nodes see.

One deque of ready steps, no recursion, no task or future per step. A worker goes on with a
dependent of the step it just finished; a second one is woken only when the first has been inside
one step for a while, so that a thousand tiny steps never pay for a switch between threads.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from time import perf_counter
from typing import Any

from musegraph.call import Call, Lost
from musegraph.context import Emit, Site
from musegraph.errors import Cancelled, MusegraphError
from musegraph.events import StepDone, StepFailed, StepSkipped
from musegraph.limits import bounded
from musegraph.meter import LASTING, Meter
from musegraph.models import Models
from musegraph.outcome import TOLD, Outcome, code_of, describe
from musegraph.plan import Overlay, Plan, Step, gather
from musegraph.ready import Ready
from musegraph.store import Entry, Record, Store
from musegraph.terms import Terms

PATIENCE = 0.002
"""Seconds that a step may take before another worker is woken for what is ready."""

BRIEF = 0.0003
"""Seconds below which a step is not worth a second worker: one that finds only such rests."""

MAX_AGAIN = 3
"""How often a step may run again in one run because its data was lost."""


class Execution:
    """One batch being run: all state of it, behind one lock."""

    def __init__(
        self,
        plan: Plan,
        store: Store,
        models: Models,
        emit: Emit,
        cancel: threading.Event,
        workers: int,
        terms: Terms,
    ) -> None:
        self.plan = plan
        self.store = store
        self.models = models
        self.emit = emit
        self.cancel = cancel
        self.workers = workers
        settled = len(plan.steps) - len(plan.active) - len(plan.fresh)
        whole = isinstance(plan.known, dict)
        self.outcome = Outcome(plan, settled, outputs=(dict if whole else Overlay)(plan.known))
        durable = plan.durable.union(port.node for port in plan.targets)
        about = store, models, emit, cancel, terms, durable
        self.site = Site(*about, reliefs=self.outcome.reliefs, said=self.outcome.said)
        self._meter = Meter()
        self._lock = threading.Lock()
        self._change = threading.Condition(self._lock)
        self._ready = Ready(plan, self.outcome.outputs, models, workers, terms)
        self.site.beside = self._ready.beside
        self._waiting: dict[str, int] = {}
        self._below: dict[str, list[Step]] = {}
        self._refill: dict[str, list[Step]] = {}
        self._forced: dict[str, int] = {}
        self._hard: set[str] = set()
        self._flying: dict[str, str] = {}
        """By key, the step that is being run for it."""
        self._twins: dict[str, list[Step]] = {}
        """By key, the steps that wait for an identical one."""
        self._since: dict[int, float] = {}
        """When each busy worker began with its step."""
        self._resting: set[int] = set()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._left = len(plan.active)
        self._over = False
        self._crash: BaseException | None = None

    def run(self) -> Outcome:
        """Carry all steps to an end, on worker threads; this thread stays free for signals."""
        self._announce()
        active, steps = self.plan.active, self.plan.steps
        ready = []
        for id in active:
            step = steps[id]
            sources = {port.node for port in step.sources()} if step.links else ()
            waits = 0
            for source in sources:
                if source in active:
                    waits += 1
                    self._below.setdefault(source, []).append(step)
            if waits:
                self._waiting[id] = waits
            else:
                ready.append(step)
        self._ready.push(ready)
        try:
            self._supervise()
        except BaseException:
            self.cancel.set()
            raise
        finally:
            self._stop()
        if self._crash is not None:
            raise self._crash
        return self.outcome

    def _announce(self) -> None:
        """Say what was found cached when the plan was made."""
        outcome, steps = self.outcome, self.plan.steps
        for id in self.plan.fresh:
            outputs = self.plan.known[id] or {}
            step = steps[id]
            outcome.ended[id] = "cached"
            if step.key is not None:
                outcome.keys[id] = step.key
                if id in self.site.durable:
                    self.store.make_durable(step.key)
            self._tell(id, outputs, True, 0.0)
        self.site.repeat(self.store.said(outcome.keys))

    def _supervise(self) -> None:
        pause = PATIENCE
        with self._lock:
            while True:
                if self._crash is not None or not (self._left or self._demand_targets()):
                    return
                if self._stuck() and self._ready.takeable():
                    self._wake()
                    pause = PATIENCE
                else:
                    pause = min(pause * 1.5, 0.05)
                self._change.wait(pause)
                self._meter.look()

    def _demand_targets(self) -> bool:
        """Make target steps run again whose data is lost; False if there are none."""
        for port in self.plan.targets:
            outputs = self.outcome.outputs.get(port.node)
            entry = outputs.get(port.port) if outputs else None
            if entry is None or port.node in self._forced or self.cancel.is_set():
                continue
            here = self.store.available(entry) or entry.identity in self.outcome.held
            if self.plan.steps[port.node].pin is None and not here:
                self._force(port.node)
        return self._left > 0

    def _stuck(self) -> bool:
        now = perf_counter()
        return all(now - since > PATIENCE for since in self._since.values())

    def _wake(self) -> None:
        if self._idle:
            self._change.notify_all()
        elif len(self._threads) < self.workers:
            thread = threading.Thread(target=self._work, name="musegraph", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _stop(self) -> None:
        with self._lock:
            self._over = True
            self._change.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        try:
            following: Step | None = None
            while (step := following or self._next()) is not None:
                following = self._perform(step)
        except BaseException as error:  # noqa: BLE001  a defect of ours: it ends the run, told
            with self._lock:
                self._crash = error
                self._over = True
                self._change.notify_all()

    def _next(self) -> Step | None:
        """Wait for a step to run; None when the run is over."""
        me = threading.get_ident()
        with self._lock:
            rested = me not in self._resting
            self._resting.discard(me)
            while not rested or self._over or (step := self._ready.take()) is None:
                rested = True
                self._since.pop(me, None)
                if self._over:
                    return None
                self._idle += 1
                self._change.wait(0.25)
                self._idle -= 1
            self._since[me] = perf_counter()
            return step

    # -- one step ---------------------------------------------------------------------------

    def _perform(self, step: Step) -> Step | None:
        """Bring one step to an end; a dependent to go on with."""
        call = None
        try:
            call = self._call(step)
            if call is not None:
                if call.key is not None and self._flies(call.key, step):
                    return None
                self._answer(call)
        except Cancelled:
            self._skip(step, "the run was cancelled")
        except Lost as lost:
            try:
                with self._lock:
                    self._land(call)
                    self._wait_for(step, lost.producers)
                    self._ready.release(step)
                return None
            except MusegraphError as error:
                self._fail(step, error)
        except (Exception, SystemExit) as error:  # noqa: BLE001  a node's code
            self._fail(step, error)
        return self._go_on(step, call)

    def _call(self, step: Step) -> Call | None:
        """The call that a step needs; None if it needs none, and how it ended is told."""
        linked = self._linked(step)
        if isinstance(linked, str):
            self._skip(step, linked)
        elif (stopped := self.site.terms.failed.get(step.id)) is not None:
            raise stopped
        elif step.pin is not None:
            self._pinned(step, step.pin)
        else:
            return Call(step, linked, self.site)
        return None

    def _linked(self, step: Step) -> dict[str, Entry] | str:
        """What the links of a step bring, or because of what it is skipped."""
        if self.cancel.is_set():
            return "the run was cancelled"
        for source in step.sources() if self._hard else ():
            if source.node in self._hard:
                self._hard.add(step.id)
                return source.node
        if step.muted:
            return "it is muted"
        linked = gather(step, self.outcome.outputs) if step.pin is None else {}
        return "its source was skipped" if linked is None else linked

    def _flies(self, key: str, step: Step) -> bool:
        """Whether an identical step is running; then this one waits until that has landed."""
        id = step.id
        self.outcome.keys[id] = key
        if self._flying.setdefault(key, id) == id:  # in one move: no other thread comes between
            return False
        with self._lock:
            self._ready.release(step)
            if key in self._flying:
                self._twins.setdefault(key, []).append(step)
            else:
                self._ready.push([step])
        return True

    def _land(self, call: Call | None) -> None:
        """Let the identical steps go on that waited for this one. The lock is held."""
        if call is None:
            return
        self.outcome.calls += call.calls
        if call.key is not None and self._flying.get(call.key) == call.step.id:
            del self._flying[call.key]
            if self._twins and (twins := self._twins.pop(call.key, None)):
                self._ready.push(twins)

    def _answer(self, call: Call) -> None:
        """Take the results of a call from the store, or run it."""
        step, key, forced = call.step, call.key, call.step.id in self._forced
        start = perf_counter()
        if key is not None and not forced and (known := self.store.record(key)) is not None:
            if step.id in self.site.durable:
                self.store.make_durable(key)
            self._done(step, known, cached=True)
            self.site.repeat({step.id: known.said} if known.said else {})
            return
        record = self._measured(call, start)
        if forced:
            self._keep(step.id, call.made)
        if step.id in self.site.durable and (self.store.disk is None or call.makeshift):
            self.outcome.held.update(call.made)
        self._done(step, record, bool(step.each) and not call.calls, perf_counter() - start)

    def _measured(self, call: Call, start: float) -> Record:
        """Run a call; if it lasts, note what it took."""
        before = self._meter.last
        device = self._meter.device() if call.type.uses == "device" else None
        with bounded(self.site.terms.limits.memory(call.type.id)):
            record = call.run()
        if perf_counter() - start >= LASTING:
            self.outcome.profiles[call.step.id] = self._meter.profile(
                start, before, device, record, call.made, call.calls
            )
        return record

    def _keep(self, id: str, made: Mapping[str, Any]) -> None:
        """Hold on to values made again until the steps that wait for them have them."""
        with self._lock:
            for waiter in self._refill.get(id, ()):
                self.site.kept.setdefault(waiter.id, {}).update(made)

    def _pinned(self, step: Step, pin: Mapping[str, str]) -> None:
        outputs = {name: e for name, digest in pin.items() if (e := self.store.pinned(digest))}
        if len(outputs) < len(pin):
            raise MusegraphError("a pinned result is no longer in the cache; unpin the node")
        self._done(step, Record(outputs, 0.0, "pin"), cached=True)

    def _done(self, step: Step, record: Record, cached: bool, spent: float = 0.0) -> None:
        id, outcome = step.id, self.outcome
        again = id in self._forced and outcome.ended.get(id) == "lost"
        outcome.outputs[id] = record.outputs
        outcome.ended[id] = "cached" if cached else "done"
        if spent >= TOLD:
            outcome.seconds[id] = spent
        if not again or not cached:
            self._tell(id, record.outputs, cached, spent)

    def _tell(self, id: str, outputs: Mapping[str, Entry], cached: bool, spent: float) -> None:
        """Say that a step has its outputs; of a hit, also where they are."""
        tier = self.store.tier(outputs) if cached else None
        if tier is not None:
            self.outcome.tiers[id] = tier
        identities = {name: entry.identity for name, entry in outputs.items()}
        self.emit(StepDone(id, cached, spent, identities, tier, *self.outcome.relief_of(id)))

    def _skip(self, step: Step, because: str) -> None:
        self.outcome.outputs[step.id] = {}
        self.outcome.ended[step.id] = "skipped"
        self.emit(StepSkipped(step.id, because))

    def _fail(self, step: Step, error: BaseException) -> None:
        self._hard.add(step.id)
        self.outcome.outputs[step.id] = {}
        self.outcome.ended[step.id] = "failed"
        message, detail = describe(error, self.site.concealed)
        self.outcome.errors[step.id], self.outcome.codes[step.id] = message, code_of(error)
        self.emit(StepFailed(step.id, message, code_of(error), detail))

    # -- order ------------------------------------------------------------------------------

    def _go_on(self, step: Step, call: Call | None) -> Step | None:
        """Free what waited for this step; one that is ready now, to go on with."""
        id = step.id
        with self._lock:
            self._land(call)
            self._left -= 1
            if self.site.kept:
                self.site.kept.pop(id, None)
            ready = []
            first = not self._forced or id not in self._forced
            waiters = self._refill.pop(id, ()) if self._refill else ()
            for dependent in (*waiters, *(self._below.pop(id, ()) if first else ())):
                self._waiting[dependent.id] = waits = self._waiting[dependent.id] - 1
                if not waits:
                    ready.append(dependent)
            if not self._left:
                self._change.notify_all()
            me, now = threading.get_ident(), perf_counter()
            if len(self._since) > 1 and now - self._since[me] < BRIEF:
                self._resting.add(me)
                self._ready.leave(step, ready)
                return None
            self._since[me] = now
            return self._ready.follow(step, ready, self._over)

    def _wait_for(self, step: Step, producers: set[str]) -> None:
        """Put a step back until its sources, whose data is lost, have run again."""
        for producer in producers:
            self._force(producer)
        self._waiting[step.id] = len(producers)
        for producer in producers:
            self._refill.setdefault(producer, []).append(step)

    def _force(self, id: str) -> None:
        status = self.outcome.ended.get(id)
        if status == "lost" or (status is None and id in self.plan.active):
            return
        if status is None:
            self.outcome.settled -= 1
        self._forced[id] = self._forced.get(id, 0) + 1
        if self._forced[id] > MAX_AGAIN:
            raise MusegraphError(
                f"the results of {id} do not stay until they are used; give the cache more memory"
            )
        self.outcome.ended[id] = "lost"
        self._left += 1
        self._ready.push([self.plan.steps[id]])
        self._change.notify_all()
