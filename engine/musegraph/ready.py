"""The steps that could run now, by the resource that they use."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from musegraph.limits import Limits
from musegraph.models import Models
from musegraph.plan import Known, Plan, Step, gather, references_of
from musegraph.store import Entry
from musegraph.terms import Terms

LOOK_AHEAD = 32
"""How many ready steps are looked at for one whose models are loaded."""

LIMITS = {"device": 1, "network": 8}
"""How many steps that use a resource run at once; the number of workers bounds the rest."""


ALONE = "alone"
"""What a step uses that bears no other beside it: everything."""


class Ready:
    """Queues of ready steps. Whoever calls holds the lock of the run."""

    def __init__(
        self,
        plan: Plan,
        outputs: Mapping[str, Known],
        models: Models,
        workers: int,
        terms: Terms,
    ) -> None:
        self.outputs = outputs
        self.models = models
        self.workers = workers
        self.alone = terms.alone | _bounded(plan, terms.limits)
        """Steps that run while no other does."""
        self._queues: dict[str, deque[Step]] = {}
        self._using: dict[str, int] = {}

    def uses(self, step: Step) -> str:
        if step.id in self.alone:
            return ALONE
        return step.type.uses if step.type is not None else "cpu"

    def push(self, steps: Iterable[Step]) -> None:
        queues = self._queues
        for step in steps:
            uses = self.uses(step)
            if uses not in queues:
                queues[uses] = deque()
            queues[uses].append(step)

    def takeable(self) -> bool:
        return any(queue and self._free(uses) for uses, queue in self._queues.items())

    def take(self) -> Step | None:
        """The next step to run, if resources allow: one whose models are loaded before others."""
        for uses, queue in self._queues.items():
            if not queue or not self._free(uses):
                continue
            chosen = queue[0]
            if uses == "device" and len(queue) > 1:
                ahead = islice(queue, LOOK_AHEAD)
                chosen = next((step for step in ahead if self._has_models(step)), chosen)
            if chosen is queue[0]:
                queue.popleft()
            else:
                queue.remove(chosen)
            self._using[uses] = self._using.get(uses, 0) + 1
            return chosen
        return None

    def follow(self, done: Step, ready: list[Step], over: bool) -> Step | None:
        """After a step: what it made ready joins the others; the next one to run, if any.

        One of those that it made ready goes first: its inputs are at hand, and what the step
        used is free for it. Where models are used, the one whose model is loaded goes first.
        """
        uses = self.uses(done)
        if ready and not over and uses == "cpu" == self.uses(ready[0]):
            if len(ready) > 1:
                self.push(ready[1:])
            return ready[0]
        self.leave(done, ready)
        return None if over else self.take()

    def leave(self, done: Step, ready: list[Step]) -> None:
        """After a step: what it used is free, and what it made ready joins the others."""
        self._using[self.uses(done)] -= 1
        self.push(ready)

    def release(self, step: Step) -> None:
        self._using[self.uses(step)] -= 1

    def beside(self, step: Step) -> Iterator[tuple[Step, dict[str, Entry]]]:
        """The steps of the same type that wait for the device too, with what their links bring.

        Only one step uses the device at a time, so none of them starts while this one runs. It may
        be called without the lock: a list is made of a queue in one move.
        """
        if self.uses(step) != "device":
            return
        for other in [*self._queues.get("device", ())]:
            if other.type is step.type and not (other.each or other.muted or other.pin):
                linked = gather(other, self.outputs)
                if isinstance(linked, dict):
                    yield other, linked

    def _free(self, uses: str) -> bool:
        if self.alone and (uses == ALONE or self._using.get(ALONE)):
            return not any(self._using.values())
        return self._using.get(uses, 0) < LIMITS.get(uses, self.workers)

    def _has_models(self, step: Step) -> bool:
        linked = gather(step, self.outputs)
        if not isinstance(linked, dict):
            return False
        try:
            return all(self.models.resident(ref) for ref in references_of(step, linked))
        except ValueError:  # a pinned value that is no reference: the step itself will say so
            return False


def _bounded(plan: Plan, limits: Limits) -> frozenset[str]:
    """The steps whose memory is bounded: their process is, so that nothing else should need any."""
    if not limits:
        return frozenset()
    kinds = {id: plan.steps[id].type for id in plan.active}
    return frozenset(id for id, kind in kinds.items() if kind and limits.memory(kind.id))
