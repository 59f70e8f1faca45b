"""What came of a batch of steps."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal

from musegraph.errors import MusegraphError, OutOfMemory, Stopped
from musegraph.meter import Profile
from musegraph.plan import Known, Plan
from musegraph.sentences import said_by
from musegraph.shortage import Relief, shortage_of
from musegraph.store import Said, Tier

TOLD = 0.00005
"""Seconds from which it is noted how long a step took: a record shows no less."""

Status = Literal["done", "cached", "failed", "skipped", "lost"]


@dataclass
class Outcome:
    """What came of a batch: status, outputs and seconds by step.

    ``ended`` has the steps that this run looked at. The others, ``settled`` of them, are as an
    earlier run left them.
    """

    plan: Plan | None = None
    settled: int = 0
    ended: dict[str, Status] = field(default_factory=dict)
    outputs: MutableMapping[str, Known] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    """Of the steps that took long enough to be told of."""
    profiles: dict[str, Profile] = field(default_factory=dict)
    """What the steps took that lasted a while."""
    tiers: dict[str, Tier] = field(default_factory=dict)
    """Where the outputs were of the steps that were found cached."""
    errors: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    """What kind of failure each error is, for programs."""
    keys: dict[str, str] = field(default_factory=dict)
    calls: int = 0
    held: dict[str, Any] = field(default_factory=dict)
    """The values of targets that are on no disk, by identity, so that none is evicted."""

    reliefs: dict[str, Relief] = field(default_factory=dict)
    """What was done so that a step could run whose memory ran out."""

    said: dict[str, Said] = field(default_factory=dict)
    """What the steps said of their work, now or when what is cached was made."""

    @property
    def status(self) -> dict[str, Status]:
        """How every step ended, as far as it did."""
        found: dict[str, Status] = {}
        for id in self.plan.steps if self.plan is not None else ():
            if id in self.ended:
                found[id] = self.ended[id]
            elif self.outputs.get(id) is not None:
                found[id] = "cached"
        return found

    def relief_of(self, id: str) -> tuple[list[str] | None, bool | None]:
        """What an event says of it: the rungs in words, and whether the result is makeshift."""
        relief = self.reliefs.get(id) if self.reliefs else None
        return (None, None) if relief is None else (relief.words(), relief.makeshift or None)

    def makeshift(self, id: str) -> bool:
        """Whether the result of a step is for this run only, for want of memory."""
        relief = self.reliefs.get(id)
        return relief is not None and relief.makeshift

    @property
    def lasting(self) -> dict[str, Status]:
        """How the steps ended whose results are those of their keys: none that is makeshift."""
        return {id: status for id, status in self.ended.items() if not self.makeshift(id)}

    def count(self) -> dict[str, int]:
        """The number of steps by how they ended."""
        counts = {"done": 0, "cached": 0, "failed": 0, "skipped": 0}
        for status in self.ended.values():
            counts[status] = counts.get(status, 0) + 1
        counts["cached"] += self.settled
        return counts


def code_of(error: BaseException) -> str:
    """What kind of failure an error is, for programs: ``failed`` if it is of no other."""
    if isinstance(error, Stopped):
        return error.code
    short = isinstance(error, OutOfMemory) or shortage_of(error) is not None
    return "out-of-memory" if short else "failed"


def describe(error: BaseException, conceal: Callable[[str], str]) -> tuple[str, str | None]:
    """An error as a sentence, and its traceback if it was not raised on purpose; no secrets."""
    if isinstance(error, MusegraphError):
        message = said_by(error)
        known = conceal(message)
        return message if known == message else known, None  # a name says no secret either
    import traceback

    detail = conceal("".join(traceback.format_exception(error)))
    shortage = shortage_of(error)
    if shortage is not None:
        return shortage.sentence(), detail
    lines = str(error).strip().splitlines()
    return conceal(f"{type(error).__name__}: {lines[0] if lines else 'no message'}"), detail
