"""Carrying a batch of steps to where it runs."""

from __future__ import annotations

import threading
from typing import Protocol

from musegraph.context import Emit
from musegraph.executors.in_process import InProcess
from musegraph.outcome import Outcome
from musegraph.plan import Plan
from musegraph.terms import Terms

__all__ = ["Executor", "InProcess", "Outcome"]


class Executor(Protocol):
    """Takes a batch, answers with a stream of events, and says in the end what came of it.

    A batch is a connected group of planned steps with the identities of its inputs; the
    scheduling loop runs where the batch runs. Nothing but data crosses.
    """

    def run(self, batch: Plan, emit: Emit, cancel: threading.Event, terms: Terms) -> Outcome:
        """Run a batch to its end; ``cancel`` ends it early, with the rest skipped."""
        ...

    def close(self) -> None: ...
