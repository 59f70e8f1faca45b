"""How long a run will still take, from what its steps took in past runs and its pace so far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from musegraph.cli.plain import Clock

if TYPE_CHECKING:
    from musegraph.predict import Prediction

SHORT = 2.0
"""Seconds up to which a run is over before a guess is of use."""

TRUST = 0.3
"""How much of a run the past outweighs its own pace for: a first fast step is no fast run."""

CALM = 2.0
"""Seconds in which what is shown comes most of the way to a new guess, rather than jump there."""

OVERDUE = 1.5
"""How many times its longest a silent step may take before it is said to be of unknown length."""


class TimeLeft:
    """A countdown that knows when it knows nothing. All times are seconds of one clock."""

    def __init__(self, predicted: Prediction) -> None:
        self.waiting = {id: one.seconds.median for id, one in predicted.steps.items()}
        """What each step that has not ended is expected to take."""
        self._longest = {id: one.seconds.high for id, one in predicted.steps.items()}
        self._unknown = set(predicted.unknown)
        self._all = sum(self.waiting.values())
        self._done = 0.0
        self._started: float | None = None
        self._shown: tuple[float, float] | None = None

    def start(self, now: float) -> None:
        """A step starts to compute: the first of them starts the clock."""
        self._started = now if self._started is None else self._started

    def end(self, node: str, ran: bool) -> None:
        """A step is over, whether it ran or was found in the cache, skipped or failed."""
        self._unknown.discard(node)
        expected = self.waiting.pop(node, 0.0)
        self._done += expected if ran else 0.0

    def seconds(self, running: Mapping[str, Clock], now: float) -> float | None:
        """What is left at this moment; None where nobody can tell or nobody needs to know."""
        guess = self._guess(running, now)
        if guess is None:
            self._shown = None
            return None
        if self._shown is not None:
            then, before = self._shown
            due = before - (now - then)
            guess = due + (guess - due) * (1 - math.exp((then - now) / CALM))
        self._shown = now, max(guess, 0.0)
        return self._shown[1] if self._shown[1] >= 0.5 else None

    def _guess(self, running: Mapping[str, Clock], now: float) -> float | None:
        if self._started is None or self._unknown or self._all < SHORT:
            return None
        parts = {}
        for node, clock in running.items():
            expected = self.waiting.get(node, 0.0)
            if clock.total:
                parts[node] = expected * clock.fraction
            elif clock.elapsed > OVERDUE * self._longest.get(node, 0.0) + 1:
                return None
            else:
                parts[node] = min(clock.elapsed, expected)
        done = self._done + sum(parts.values())
        past = TRUST * self._all
        pace = (now - self._started + past) / (done + past)
        left = pace * (sum(list(self.waiting.values())) - sum(parts.values()))
        for node, clock in running.items():
            if clock.total and (own := clock.left) is not None:
                # The further a step is, the more its own pace says.
                rest = pace * (self.waiting.get(node, 0.0) - parts[node])
                left = max(left + clock.fraction * (own - rest), own)
        return left
