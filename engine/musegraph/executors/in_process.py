"""The executor that runs a batch in this process."""

from __future__ import annotations

import os
import threading

from musegraph.context import Emit
from musegraph.execute import Execution
from musegraph.models import Models
from musegraph.outcome import Outcome
from musegraph.plan import Plan
from musegraph.store import Store
from musegraph.terms import Terms


class InProcess:
    """Runs batches on threads of this process, with its store and its models."""

    def __init__(self, store: Store, models: Models, workers: int | None = None) -> None:
        self.store = store
        self.models = models
        self.workers = workers or max(2, min(8, os.cpu_count() or 2))

    def run(self, batch: Plan, emit: Emit, cancel: threading.Event, terms: Terms) -> Outcome:
        execution = Execution(batch, self.store, self.models, emit, cancel, self.workers, terms)
        return execution.run()

    def close(self) -> None:
        self.models.clear()
