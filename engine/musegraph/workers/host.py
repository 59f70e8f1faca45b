"""The server's side of a worker: starts it, talks to it, and ends it whatever it does."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from musegraph.errors import InvalidWorkflow, MusegraphError, Problem, Stopped, StoreError
from musegraph.secrets import concealed, known, without_secrets
from musegraph.workers.board import Board
from musegraph.workers.messages import LONGEST, pack, unpack

GRACE = 2.0
"""Seconds that a worker has to do what it is asked before it is asked harder."""

SILENT = 60.0
"""Seconds without a sign of life after which a worker counts as stuck."""

OnEvents = Callable[[str, list[dict[str, Any]]], None]

CRASHES = frozenset({"SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSYS"})
"""Signals that a process brings on itself."""


LONG = 1 << 18
"""Bytes of a message above which reading it would hold up everybody else."""


class WorkerLost(MusegraphError):
    """A worker ended while it had something to do: the run ``run``, as far as one was begun.

    ``steps`` are those that it was in, ``culprits`` the ones because of which it was ended by us,
    ``crash`` says that the code of the run did it and would do it again.
    """

    def __init__(
        self,
        cause: str,
        run: str | None = None,
        crash: bool = False,
        steps: Sequence[str] = (),
        ended: End | None = None,
    ) -> None:
        super().__init__(f"{cause} in {', '.join(steps)}" if steps else cause)
        self.run = run
        self.crash = crash
        self.steps = list(steps)
        self.culprits = ended.steps if ended is not None else ()
        self.code = ended.code if ended is not None else "crashed"
        self.sentence = cause if self.culprits else f"{cause} while it ran"
        """What is said of the step that is to blame."""


@dataclass(frozen=True, slots=True)
class End:
    """Why we end a worker, and because of which steps."""

    why: str
    steps: tuple[str, ...] = ()
    code: str = "crashed"


class Refused(MusegraphError):
    """A worker answered that it cannot; the sentence is its own."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What workers are started with."""

    cache: Path
    packs: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    memory: int = 0
    """Bytes of address space that a worker may take; 0 for no limit of ours."""
    file: int = 0
    """Bytes of any file that a worker may write; 0 for no limit of ours."""
    data: Path | None = None
    """Where the library of models is kept, and which folders were added to it."""

    def command(self, board: Path) -> list[str]:
        words = [sys.executable, "-m", "musegraph.workers.child", "--cache", str(self.cache)]
        words += ["--board", str(board), "--memory", str(self.memory), "--file", str(self.file)]
        words += ["--data", str(self.data)] if self.data else []
        words += [word for path in self.packs for word in ("--packs", path)]
        return words + [word for path in self.models for word in ("--models", path)]


class Running(NamedTuple):
    """A step that runs: its node type, and since when."""

    kind: str
    since: float


@dataclass
class Worker:
    """One worker process, from its start to its end; a new one is made after that."""

    name: str
    setup: Setup
    variables: Mapping[str, str] = field(default_factory=dict)
    on_events: OnEvents = lambda run, events: None
    log: Callable[[str, str], None] = lambda name, line: None
    running: dict[str, Running] = field(default_factory=dict)
    """The steps that it is in."""

    _process: asyncio.subprocess.Process | None = None
    _board: Board | None = None
    _heard: float = 0.0
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    _questions: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _runs: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    """What it was given to carry out, in that order."""
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _tail: deque[str] = field(default_factory=lambda: deque(maxlen=40))
    _end: End | None = None
    _loss: WorkerLost | None = None
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        """Start the process, in a session of its own, so that it can be ended with its children."""
        folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="musegraph-")
        place = Path(folder) / "board"
        self._board = Board(place, create=True)
        self._process = await asyncio.create_subprocess_exec(
            *self.setup.command(place),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=LONGEST,
            env={
                **without_secrets(os.environ),
                "MUSEGRAPH_CACHE": str(self.setup.cache),
                **self.variables,
            },
        )
        self._heard = monotonic()
        self._tasks = [
            asyncio.create_task(self._listen(Path(folder))),
            asyncio.create_task(self._overhear()),
        ]
        if secrets := known():
            with contextlib.suppress(WorkerLost):  # then whoever asks for something will hear it
                await self._say({"do": "secrets", "secrets": secrets})

    @property
    def process(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and not self.gone.is_set()

    @property
    def run(self) -> str | None:
        """The run that it is carrying out: the first that it was given and that has not ended."""
        return next((run for run, ended in self._runs.items() if not ended.done()), None)

    async def carry_out(self, run: str, **about: Any) -> dict[str, Any]:
        """Have a run carried out after those before it; what came of it.

        Raises :class:`WorkerLost`, whose ``run`` is the one that was being carried out.
        """
        ended: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._runs[run] = ended
        try:
            await self._say({"do": "run", "run": run, **about})
            return await ended
        finally:
            self._runs.pop(run, None)

    async def cancel(self, run: str) -> None:
        """Ask the worker to stop a run; the steps that look will notice."""
        if run in self._runs and self.alive:
            with contextlib.suppress(WorkerLost):
                await self._say({"do": "cancel", "run": run})

    async def halt(self, run: str, step: str, why: Stopped) -> None:
        """Ask the worker to stop one step; the rest of its run goes on."""
        with contextlib.suppress(WorkerLost):
            await self._say({"do": "halt", "run": run, "step": step, **why.json()})

    async def cancel_all(self) -> None:
        """Ask the worker to stop all that it was given."""
        for run in list(self._runs):
            await self.cancel(run)

    async def ask(self, question: str, **about: Any) -> dict[str, Any]:
        """What a question is answered with. Raises what the answer says is wrong."""
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._questions[number] = answer
        try:
            await self._say({"do": "ask", "number": number, "question": question, **about})
            found = await answer
        finally:
            self._questions.pop(number, None)
        if "error" in found:
            raise refusal(found)
        result: dict[str, Any] = found["answer"]
        return result

    async def _say(self, message: dict[str, Any]) -> None:
        if self._process is None or self._process.stdin is None or self.gone.is_set():
            raise WorkerLost(f"the worker {self.name} is not there")
        try:
            self._process.stdin.write(pack(message))
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            await self.gone.wait()
            raise self._loss or WorkerLost(f"the worker {self.name} is gone") from None

    async def _listen(self, folder: Path) -> None:
        """Take in what the worker says, until it says no more."""
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            while line := await self._process.stdout.readline():
                self._heard = monotonic()
                long = len(line) > LONG
                self._hear(await asyncio.to_thread(unpack, line) if long else unpack(line))
        except ValueError as error:  # a line too long, or no JSON: not one of ours any more
            self._end = self._end or End(f"the worker said what no worker says ({error})")
            self._process.kill()
        await self._process.wait()
        lost = self._loss = self._lost()
        self.gone.set()
        for waiting in (*self._questions.values(), *self._runs.values()):
            if not waiting.done():
                waiting.set_exception(lost)
                waiting.exception()  # who asked may be told by another way: then this is no news
        if self._board is not None:
            self._board.close()
        await asyncio.to_thread(_remove, folder)

    def _hear(self, message: dict[str, Any]) -> None:
        match message["is"]:
            case "events":
                self._note(message["events"])
                self.on_events(message["run"], message["events"])
            case "ended":
                self.running.clear()
                ended = self._runs.get(message["run"])
                if ended is not None and not ended.done():
                    ended.set_result(message)
            case "answer":
                answer = self._questions.get(message["number"])
                if answer is not None and not answer.done():
                    answer.set_result(message)

    def _note(self, events: list[dict[str, Any]]) -> None:
        """Keep count of the steps that run, for their limits."""
        for event in events:
            if event["type"] == "step_started":
                self.running[event["node"]] = Running(event["kind"], monotonic())
            elif event["type"] in ("step_done", "step_failed", "step_skipped"):
                self.running.pop(event["node"], None)

    async def _overhear(self) -> None:
        """Keep the last lines that it wrote to its log: they may say why it ended."""
        assert self._process is not None
        assert self._process.stderr is not None
        while True:
            try:
                line = await self._process.stderr.readline()
            except ValueError:  # a line without an end
                continue
            if not line:
                return
            text = concealed(line.decode(errors="replace").rstrip()[:2000])
            self._tail.append(text)
            self.log(self.name, text)

    def silent(self) -> float:
        """Seconds since it was last heard of."""
        return monotonic() - self._heard

    def _lost(self) -> WorkerLost:
        """How it ended, and in which steps of which run."""
        code = self._process.returncode if self._process is not None else None
        steps = self._board.steps() if self._board is not None else []
        if self._end is not None:
            return WorkerLost(self._end.why, self.run, True, steps, self._end)
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            cause = f"the worker was ended by {name}"
            return WorkerLost(cause, self.run, name in CRASHES, steps)
        if any("MemoryError" in line for line in self._tail):
            return WorkerLost("the worker ran out of memory", self.run, True, steps)
        said = f"the worker ended by itself (code {code})"
        return WorkerLost(said, self.run, bool(steps), steps)

    async def end(self, why: End | None = None) -> None:
        """End it now: ask, then insist, then leave no choice; all that it started goes with it."""
        self._end = why or self._end
        if self._process is None:
            return
        family = await asyncio.to_thread(_family, self._process.pid)
        if why is None:
            with contextlib.suppress(WorkerLost):
                await self._say({"do": "stop"})
            await self._gone_within(GRACE)
        for number in (signal.SIGTERM, signal.SIGKILL):
            _send(family, number)
            if await self._gone_within(GRACE):
                break
        _send(family, signal.SIGKILL)  # what it started may be deaf to anything less

    async def _gone_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.gone.wait(), seconds)
        return self.gone.is_set()


def _family(process: int) -> list[Any]:
    """A process and all that it started, wherever they went."""
    import psutil

    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(process)
        return [parent, *parent.children(recursive=True)]
    return []


def _send(family: list[Any], number: int) -> None:
    """Send a signal to those that are still what they were when they were looked up."""
    import psutil

    for process in family:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def refusal(found: dict[str, Any]) -> MusegraphError:
    """What a worker said is wrong, as an error."""
    if found.get("kind") == "invalid":
        return InvalidWorkflow([Problem.of(problem) for problem in found["problems"]])
    if found.get("kind") == "storage":
        return StoreError(str(found["error"]))
    return Refused(str(found["error"]))


def _remove(folder: Path) -> None:
    for place in folder.iterdir():
        place.unlink(missing_ok=True)
    folder.rmdir()
