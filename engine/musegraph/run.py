"""Running workflows: from a document to named outputs, with events on the way."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

from musegraph.device import asked_device
from musegraph.errors import MusegraphError, StoreError
from musegraph.events import Event, RunFinished, RunStarted, Warned
from musegraph.executors import Executor, InProcess, Outcome
from musegraph.garbage import kept_out, uncollected
from musegraph.inputs import settle_inputs, with_seed
from musegraph.models import Models
from musegraph.pack import Registry, load_registry
from musegraph.plan import Plan, Planned, brought, make_plan, plan_again
from musegraph.plan.forward import told
from musegraph.predict import Prediction, predict, remember
from musegraph.record import make_record
from musegraph.store import NOTHING, Entry, Store, default_folder
from musegraph.terms import Terms
from musegraph.values.codec import own
from musegraph.workflow import Port, Workflow

OnEvent = Callable[[Event], None]


class RunFailed(MusegraphError):
    """Some step failed; ``result`` holds what was made nevertheless."""

    def __init__(self, result: RunResult) -> None:
        self.result = result
        errors = result.outcome.errors
        said = [f"{node}: {message}" for node, message in errors.items()]
        super().__init__("\n".join(said) or "the run was cancelled")


@dataclass
class RunResult:
    """What came of a run. Values are read from the store when they are asked for."""

    plan: Plan
    outcome: Outcome
    store: Store
    run: str
    seconds: float
    cancelled: bool = False
    again: Callable[[], Outcome] | None = None
    """Runs the plan once more: for a stored result that turned out to be damaged when read."""
    _made_again: set[Port] = field(default_factory=set)
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    registry: Registry | None = None
    """The packs that it was run with."""

    @cached_property
    def record(self) -> dict[str, Any]:
        """JSON facts of the run, made when they are first asked for."""
        return make_record(self.run, self.plan, self.outcome, self.seconds, self.time, self.store)

    @property
    def ok(self) -> bool:
        return not self.cancelled and not self.outcome.errors

    def entry(self, port: Port) -> Entry | None:
        """What the store knows of the value at a port; None if it was skipped, or failed."""
        entry = (self.outcome.outputs.get(port.node) or {}).get(port.port)
        return None if entry is None or entry.unset else entry

    def value(self, port: Port) -> Any:
        """The value at a port; None if it was skipped or failed."""
        entry = self.entry(port)
        if entry is None:
            return None
        value = self.store.value(entry, self.outcome.held)
        if value is NOTHING and port not in self._made_again:
            self._made_again.add(port)
            if self.make_again():
                return self.value(port)
        if value is NOTHING:
            raise StoreError(f"the result of {port} is no longer in the cache; run it again")
        return own(value)

    def make_again(self) -> bool:
        """Compute what turned out to be lost when it was read; False if that cannot be done."""
        if self.again is not None:
            self.outcome = self.again()
        return self.again is not None

    def identity(self, port: Port) -> str | None:
        entry = self.entry(port)
        return None if entry is None else entry.identity

    def ports(self) -> dict[str, Port]:
        """The named outputs that were run for; the targets themselves if there are none."""
        return ports_of(self.plan)

    def entries(self) -> dict[str, Entry]:
        """What the store knows of the outputs that there are, by name."""
        found = {name: self.entry(port) for name, port in self.ports().items()}
        return {name: entry for name, entry in found.items() if entry is not None}

    def outputs(self) -> dict[str, Any]:
        """The values of the named outputs."""
        return {name: self.value(port) for name, port in self.ports().items()}


def ports_of(plan: Plan) -> dict[str, Port]:
    """The named outputs that a plan is for; its targets themselves if there are none."""
    wanted = set(plan.targets)
    named = {name: port for name, port in plan.outputs.items() if port in wanted}
    return named or {str(port): port for port in plan.targets}


class Engine:
    """A registry, a store, models and an executor, held together between runs."""

    def __init__(
        self,
        registry: Registry | None = None,
        store: Store | None = None,
        executor: Executor | None = None,
        *,
        packs: Iterable[str | Path] = (),
        models: Iterable[str | Path] = (),
        data: Path | None = None,
    ) -> None:
        asked_device()  # refused now rather than after a run
        self.registry = registry if registry is not None else load_registry(packs)
        self.store = store if store is not None else Store(default_folder())
        folders = tuple(Path(place) for place in models)
        self.models = Models(self.registry, self.store, folders, data=data)
        self.executor: Executor = executor or InProcess(self.store, self.models)
        self._planned: Planned | None = None

    def plan(self, workflow: Workflow, only: Iterable[str] = ()) -> Plan:
        """The steps of a run and what is known of them; raises :class:`InvalidWorkflow`.

        A document that differs in some values from the one before costs what is different.
        """
        wanted = tuple(only)
        with uncollected():
            made = plan_again(self._planned, workflow, wanted)
            if made is None:
                made = make_plan(workflow, self.registry, self.store, self.models, wanted)
        plain = made.source is workflow  # without files beside it, which may change unseen
        self._planned = Planned(workflow, wanted, made) if plain else None
        return made

    def forget_plan(self) -> None:
        """Plan the next document anew: the packs are others now."""
        self._planned = None

    def predict(self, plan: Plan) -> Prediction:
        """Time and memory that the steps to run will take, from what such steps took before."""
        return predict(plan, self.store)

    def settle(
        self,
        workflow: Workflow,
        inputs: Mapping[str, Any] | None = None,
        *,
        seed: int | None = None,
        quick: bool = False,
    ) -> Workflow:
        """The document with the inputs of this run written into it."""
        workflow = brought(workflow, self.registry)
        if quick:  # the document's own values: they name no files of this machine
            workflow = workflow.set_inputs(workflow.quick)
        settled = settle_inputs(workflow, inputs or {}, self.registry, self.store)
        return settled if seed is None else with_seed(settled, seed, self.registry)

    def _renamed(self, plan: Plan) -> Iterator[tuple[str, str]]:
        """The steps whose model was found under another name, and what to say of it."""
        now = self.models.renamed
        for step in plan.steps.values() if now else ():
            for name in step.type.model_ports if step.type else ():
                source = step.value(name)
                if isinstance(source, str) and source in now:
                    yield step.id, f"the model {source} is called {now[source]} now; it is used"

    def run(
        self,
        plan: Plan,
        on_event: OnEvent | None = None,
        cancel: threading.Event | None = None,
        terms: Terms | None = None,
    ) -> RunResult:
        """Carry out a plan; every event is numbered and goes to ``on_event`` as it happens.

        What was computed is on disk when this returns, also after a failure, a cancellation or an
        interrupt from the keyboard.
        """
        run = uuid4().hex
        cancel = cancel or threading.Event()
        stream = _Stream(on_event)
        stream.emit(RunStarted(run, plan.source.name, plan.count()))
        for text in told(plan.source):
            stream.emit(Warned(text))
        for id in plan.unused:
            stream.emit(Warned("no output needs it, so it does not run", id))
        for id, text in self._renamed(plan):
            stream.emit(Warned(text, id))
        outcome = Outcome()
        whole = False
        try:
            with kept_out():
                outcome = self.executor.run(plan, stream.careful(cancel), cancel, terms or Terms())
            whole = True
        finally:
            self.store.flush()
            noted = remember(plan, outcome, self.store)
            for problem in (*self.store.problems(), *([noted] if noted else ())):
                stream.emit(Warned(problem))
            seconds = perf_counter() - stream.start
            result = RunResult(plan, outcome, self.store, run, seconds, cancel.is_set())
            ok = result.ok and whole
            stream.emit(RunFinished(ok, cancel.is_set(), seconds, outcome.count()))
            if whole:
                ended = outcome.lasting if outcome.reliefs else outcome.ended
                plan.learn(ended, outcome.outputs, outcome.keys)
        stream.complain()
        result.registry = self.registry
        result.again = lambda: self.run(self.plan(plan.workflow, _names(plan)), None).outcome
        return result

    async def stream(self, plan: Plan) -> AsyncIterator[Event]:
        """Carry out a plan as an async stream of events; closing it cancels the run."""
        import asyncio

        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        cancel = threading.Event()

        def put(event: Event | None) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, event)

        task = asyncio.create_task(asyncio.to_thread(self.run, plan, put, cancel))
        task.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while (event := await queue.get()) is not None:
                yield event
            await task
        finally:
            cancel.set()
            await asyncio.wait([task])

    def close(self) -> None:
        self.executor.close()
        self.store.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class _Stream:
    """Numbers events and hands them on, one at a time."""

    def __init__(self, on_event: OnEvent | None) -> None:
        self.start = perf_counter()
        self._on_event = on_event
        self._seq = 0
        self._error: Exception | None = None
        self._lock = threading.Lock()

    def careful(self, cancel: threading.Event) -> Callable[[Any], None]:
        """An ``emit`` for the executor: who listens may fail, and that ends the run, told once."""
        if self._on_event is None:
            return lambda event: None

        def emit(event: Any) -> None:
            try:
                self.emit(event)
            except Exception as error:  # noqa: BLE001  someone else's callback
                self._error = self._error or error
                cancel.set()

        return emit

    def complain(self) -> None:
        if self._error is not None:
            raise self._error

    def emit(self, event: Any) -> None:
        if self._on_event is None:
            return
        with self._lock:
            self._seq += 1
            event.seq = self._seq
            event.time = perf_counter() - self.start
            self._on_event(event)


def _names(plan: Plan) -> tuple[str, ...]:
    """What to ask for to get the same targets again."""
    named = set(plan.outputs.values()) == set(plan.targets)
    return () if named else tuple(dict.fromkeys(port.node for port in plan.targets))


def read_workflow(source: str | Path | Mapping[str, Any] | Workflow) -> Workflow:
    """A workflow from a path, from JSON or as it is."""
    if isinstance(source, Workflow):
        return source
    if isinstance(source, Mapping):
        return Workflow.parse(source)
    return Workflow.read(source)


def run(
    workflow: str | Path | Mapping[str, Any] | Workflow,
    /,
    *,
    only: str | Iterable[str] = (),
    packs: Iterable[str | Path] = (),
    cache: str | Path | None = None,
    seed: int | None = None,
    quick: bool = False,
    on_event: OnEvent | None = None,
    engine: Engine | None = None,
    **inputs: Any,
) -> dict[str, Any]:
    """Run a workflow and return its named outputs as values.

    Inputs are keyword arguments: ``run("text_to_image.json", prompt="a lighthouse")``; a media
    input takes a path, a value, or a PIL picture. Raises :class:`InvalidWorkflow` with every
    problem of the workflow, or :class:`RunFailed` if a step failed.
    """
    document = read_workflow(workflow)
    targets = (only,) if isinstance(only, str) else tuple(only)
    own = engine is None
    if engine is not None and (cache is not None or packs):
        raise MusegraphError("an engine has its cache and its packs; give them when it is made")
    store = None if cache is None else Store(Path(cache))
    engine = engine or Engine(store=store, packs=packs)
    try:
        plan = engine.plan(engine.settle(document, inputs, seed=seed, quick=quick), targets)
        result = engine.run(plan, on_event)
        if not result.ok:
            raise RunFailed(result)
        return result.outputs()
    finally:
        if own:
            engine.close()
