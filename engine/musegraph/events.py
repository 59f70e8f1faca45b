"""What happens in a run, as numbered records."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

from musegraph.sentences import naming


@dataclass(slots=True)
class Event:
    """Base of all events. ``seq`` counts from 1 in a run, ``time`` is seconds since its start."""

    type: ClassVar[str] = "event"

    def json(self) -> dict[str, Any]:
        made: dict[str, Any] = {"type": self.type}
        for part in fields(self):
            value = getattr(self, part.name)
            if part.name in ("time", "seconds"):
                value = round(value, 6)
            if value is not None and part.name != "preview":
                made[part.name] = value
        return made


@dataclass(slots=True)
class RunStarted(Event):
    """The run began; ``steps`` counts the steps of the plan by state."""

    type: ClassVar[str] = "run_started"
    run: str
    name: str
    steps: dict[str, int]
    seq: int = 0
    time: float = 0.0


@dataclass(slots=True)
class StepStarted(Event):
    """A step began to compute; ``kind`` is its node type."""

    type: ClassVar[str] = "step_started"
    node: str
    kind: str
    seq: int = 0
    time: float = 0.0


@dataclass(slots=True)
class StepProgress(Event):
    """A step said how far it is: ``done`` of ``total``; of item ``item`` of ``items`` if mapped.

    ``preview`` is a picture, or makes one on demand; it never travels as JSON. Whoever is handed
    the event calls it at once or never: later the step uses its models for something else.
    """

    type: ClassVar[str] = "step_progress"
    node: str
    done: float
    total: float
    text: str | None = None
    preview: Any = None
    item: int | None = None
    items: int | None = None
    seq: int = 0
    time: float = 0.0


@dataclass(slots=True)
class StepDone(Event):
    """A step has its outputs, by identity. ``cached`` if nothing was computed for it.

    ``tier`` says where they were then: in memory of the ``device`` or ``host``, or on ``disk``.
    ``relief`` says what was done if memory ran out; ``makeshift``, that the result is for this run.
    """

    type: ClassVar[str] = "step_done"
    node: str
    cached: bool
    seconds: float
    outputs: dict[str, str]
    tier: str | None = None
    relief: list[str] | None = None
    makeshift: bool | None = None
    seq: int = 0
    time: float = 0.0


@dataclass(slots=True)
class StepFailed(Event):
    """A step failed, in words; its dependents are skipped, the others are not touched."""

    type: ClassVar[str] = "step_failed"
    node: str
    message: str
    code: str = "failed"
    detail: str | None = None
    seq: int = 0
    time: float = 0.0

    def json(self) -> dict[str, Any]:
        return Event.json(self) | naming(self.message)


@dataclass(slots=True)
class StepSkipped(Event):
    """A step was not run, because of another."""

    type: ClassVar[str] = "step_skipped"
    node: str
    because: str
    seq: int = 0
    time: float = 0.0


@dataclass(slots=True)
class StepStored(Event):
    """A step's results are on disk: they survive whatever happens now."""

    type: ClassVar[str] = "stored"
    node: str
    seq: int = 0
    time: float = 0.0


@dataclass(slots=True)
class Warned(Event):
    """Something a user should know that stops nothing."""

    type: ClassVar[str] = "warning"
    message: str
    node: str | None = None
    seq: int = 0
    time: float = 0.0


@dataclass(slots=True)
class RunFinished(Event):
    """The run ended; ``counts`` of steps done, cached, failed, skipped."""

    type: ClassVar[str] = "run_finished"
    ok: bool
    cancelled: bool
    seconds: float
    counts: dict[str, int]
    seq: int = 0
    time: float = 0.0
