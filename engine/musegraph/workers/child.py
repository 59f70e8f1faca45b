"""The worker itself: ``python -m musegraph.workers.child``; it ends when its server does.

The main thread listens; runs go one after another on a thread of their own, questions on another,
so that a question is answered while a run is on.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from musegraph.errors import InvalidWorkflow, MusegraphError, Stopped, StoreError
from musegraph.secrets import hand_over
from musegraph.shortage import device_lost
from musegraph.workers.board import Board
from musegraph.workers.courier import Courier
from musegraph.workers.messages import LONGEST, unpack

SPENT = 75
"""The exit code of a worker that lost its device: only a new process has it again."""

BEAT = 1.0
"""Seconds between two signs of life."""


def main(arguments: list[str] | None = None) -> int:
    args = _arguments(arguments)
    for name in ("SIGINT", "SIGHUP"):  # the server says when to end
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    pipe = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what nodes print goes to the log
    sys.stdout = sys.stderr
    _limit(args.memory, args.file)
    board = Board(Path(args.board)) if args.board else None
    worker = Child(args, Courier(pipe.write, board))
    worker.listen(sys.stdin.buffer)
    os._exit(0)  # threads that still compute have nobody left to answer


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="musegraph.workers.child")
    parser.add_argument("--cache", required=True)
    parser.add_argument("--board", default="")
    parser.add_argument("--packs", action="append", default=[])
    parser.add_argument("--models", action="append", default=[])
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--memory", type=int, default=0)
    parser.add_argument("--file", type=int, default=0)
    return parser.parse_args(arguments)


def _limit(memory: int, file: int) -> None:
    """Let the system refuse memory, and larger files, above so many bytes; leave no core file."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    if file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file, file))


@dataclass(slots=True)
class Given:
    """A run that a worker was given: how it is told to stop, as a whole or a step of it."""

    cancel: threading.Event = field(default_factory=threading.Event)
    halted: dict[str, Stopped] = field(default_factory=dict)


class Child:
    """What a worker does."""

    def __init__(self, args: argparse.Namespace, courier: Courier) -> None:
        self.args = args
        self.courier = courier
        self._given: dict[str, Given] = {}
        """The runs that it was given and that have not ended."""
        self._lock = threading.Lock()
        self._engine: Any = None
        self._plain: Any = None
        self._runs: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._questions: SimpleQueue[dict[str, Any]] = SimpleQueue()

    def listen(self, stream: Any) -> None:
        """Do what the server says until it says no more."""
        for target in (self._carry_out, self._reply, self._beat):
            threading.Thread(target=target, daemon=True).start()
        while line := stream.readline(LONGEST):
            message = unpack(line)
            match message["do"]:
                case "run":
                    self._given[message["run"]] = Given()
                    self._runs.put(message)
                case "cancel" | "halt":
                    self._stop(message)
                case "ask":
                    self._questions.put(message)
                case "secrets":
                    hand_over(message["secrets"])
                case "stop":
                    break
        for given in list(self._given.values()):
            given.cancel.set()
        if self._engine is not None:
            self._engine.store.flush()

    def _stop(self, message: dict[str, Any]) -> None:
        """Stop a run, or one step of it, if the run has not ended."""
        if (given := self._given.get(message["run"])) is None:
            return
        if message["do"] == "cancel":
            given.cancel.set()
        else:
            given.halted[message["step"]] = Stopped.of(message)

    def engine(self) -> Any:
        """The engine, made when it is first asked for; its live values and models stay.

        Packs of one's own that have changed since are opened anew.
        """
        with self._lock:
            if self._engine is None:
                from musegraph.plain import Plain
                from musegraph.workers.work import open_engine

                self._engine = open_engine(self.args)
                self._plain = Plain(self._engine.registry, self.args.packs)
            elif self._plain.look():
                self._engine.forget_plan()
            return self._engine

    def _carry_out(self) -> None:
        while True:
            message = self._runs.get()
            run = message["run"]
            given = self._given[run]
            self.courier.begin(run)

            def work(message: dict[str, Any] = message, given: Given = given) -> Any:
                from musegraph.workers.work import carry_out

                return carry_out(self.engine(), message, self.courier, given.cancel, given.halted)

            made = _answer(work)
            self.courier.send({"is": "ended", "run": run, **made})
            if device_lost(str(made.get("error"))):
                os._exit(SPENT)
            del self._given[run]

    def _reply(self) -> None:
        while True:
            message = self._questions.get()

            def work(message: dict[str, Any] = message) -> Any:
                from musegraph.workers.work import QUESTIONS

                return {"answer": QUESTIONS[message["question"]](self.engine(), message)}

            self.courier.send({"is": "answer", "number": message["number"], **_answer(work)})

    def _beat(self) -> None:
        while True:
            threading.Event().wait(BEAT)
            with suppress(MemoryError):  # a node at its limit leaves nothing for a moment
                self.courier.send({"is": "beat"})


def _answer(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What some work gives, or why it gives nothing, in words."""
    try:
        return work()
    except InvalidWorkflow as error:
        from musegraph.workers.work import listed

        problems = listed(error.problems)
        said = "\n".join(str(problem) for problem in error.problems[: len(problems)])
        return {"error": said, "kind": "invalid", "problems": problems}
    except StoreError as error:
        return {"error": str(error), "kind": "storage"}
    except MusegraphError as error:
        return {"error": str(error), "kind": "refused"}
    except MemoryError:
        return {"error": "the worker ran out of memory", "kind": "memory"}
    except BaseException as error:  # noqa: BLE001  whatever it is, the server has to know
        import traceback

        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}", "kind": "defect"}


if __name__ == "__main__":
    raise SystemExit(main())
