"""Who is to blame when a worker is lost: the step that fails for it, and those tried again alone.

One step on the worker's board is the culprit. Of several, which ran at once, nobody can tell: each
is tried again with no other beside it, and then there is only one. What ended the worker from
outside, often for want of memory, may have hit the wrong one, so a step has three tries at that.
Whatever happens, a run costs only so many workers, so that it comes to an end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from musegraph.errors import Stopped
from musegraph.workers.host import WorkerLost

TRIES = 3
"""How often a worker may be ended from outside in one step, or outside of all."""

MOST = 20
"""Workers that one run may cost."""


@dataclass(frozen=True)
class Blame:
    """What the workers that a run has cost tell of its steps."""

    failed: Mapping[str, Stopped] = field(default_factory=dict)
    """Steps that are not tried again, with the reason."""
    alone: frozenset[str] = frozenset()
    """Steps that are tried again while no other runs."""
    tries: Mapping[str, int] = field(default_factory=dict)
    """How often a worker was ended from outside in a step; under no name, outside of all."""
    workers: int = 0

    def after(self, lost: WorkerLost) -> tuple[Blame, str | None]:
        """What is known once another worker is lost; and why the run is given up, if it is."""
        now = replace(self, workers=self.workers + 1)
        culprits = [step for step in lost.culprits if step in lost.steps]
        if not culprits and lost.crash and len(lost.steps) == 1:
            culprits = lost.steps
        if culprits:
            now = now._failing(culprits, Stopped(lost.sentence, lost.code))
        elif lost.crash and not lost.steps:
            return now, str(lost)
        elif lost.crash:
            now = replace(now, alone=self.alone.union(lost.steps))
        else:
            now, why = now._killed(lost)
            if why:
                return now, why
        if now.workers >= MOST:
            return now, f"{lost}; it was given up after {MOST} workers were lost"
        return now, None

    def _killed(self, lost: WorkerLost) -> tuple[Blame, str | None]:
        """After an end that came from outside."""
        tries = dict(self.tries)
        for step in lost.steps or [""]:
            tries[step] = tries.get(step, 0) + 1
        now = replace(self, tries=tries, alone=self.alone.union(lost.steps))
        if tries.get("", 0) >= TRIES:
            return now, f"{lost}; it was given up after {TRIES} attempts"
        often = [step for step in lost.steps if tries[step] >= TRIES]
        if len(often) == 1:
            said = f"{lost.sentence}, {TRIES} times; that is often for want of memory"
            now = now._failing(often, Stopped(said, lost.code))
        return now, None

    def _failing(self, steps: list[str], why: Stopped) -> Blame:
        return replace(self, failed={**self.failed, **dict.fromkeys(steps, why)})

    def json(self) -> dict[str, Any]:
        return {
            "failed": {step: why.json() for step, why in self.failed.items()},
            "alone": sorted(self.alone),
            "tries": dict(self.tries),
            "workers": self.workers,
        }

    @classmethod
    def of(cls, made: Mapping[str, Any]) -> Blame:
        """From what :meth:`json` gives."""
        failed = {step: Stopped.of(why) for step, why in made.get("failed", {}).items()}
        alone, tries = frozenset(made.get("alone", ())), made.get("tries", {})
        return cls(failed, alone, tries, made.get("workers", 0))
