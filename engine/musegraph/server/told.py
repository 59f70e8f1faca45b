"""The shapes of what is told over the WebSocket, for the OpenAPI document and those who read it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from musegraph.server.api import Identifier, Run
from musegraph.server.recorded import Tier


class Event(BaseModel):
    """Base of what is told over the WebSocket; what is null is left out."""

    model_config = ConfigDict(extra="forbid")


class Numbered(Event):
    """A change of state. Numbers count up without a gap, in one life of the server."""

    number: int


class RunEvent(Numbered):
    """The state of a run changed; ``facts`` is the run as it is now."""

    type: Literal["run"]
    run: Identifier
    facts: Run


class QueueEvent(Numbered):
    """The queue changed, or was paused or unpaused; ask for it."""

    type: Literal["queue"]
    paused: bool | None = None


class ForgottenEvent(Numbered):
    """A run was taken out of the history."""

    type: Literal["forgotten"]
    run: Identifier


class LibraryEvent(Numbered):
    """A workflow of the library changed; ask for it."""

    type: Literal["library"]
    workflow: Identifier


class PreferencesEvent(Numbered):
    """Preferences changed; ask for them."""

    type: Literal["preferences"]


class NodesEvent(Numbered):
    """A pack of one's own was changed; ask for the nodes."""

    type: Literal["nodes"]


class LimitsEvent(Numbered):
    """What steps may take was changed; ask for it."""

    type: Literal["limits"]


class OfStep(Event):
    """What all events of a step have: ``seq`` counts in the run, ``time`` is since its start."""

    run: Identifier
    node: str
    seq: int = 0
    time: float = 0.0


class StepStarted(OfStep, Numbered):
    """A step began to compute; ``kind`` is its node type."""

    type: Literal["step_started"]
    kind: str


class StepProgress(OfStep):
    """How far a step is. It has no number: one that was outrun is never sent."""

    type: Literal["step_progress"]
    done: float
    total: float
    text: str | None = None
    item: int | None = None
    items: int | None = None
    preview: str | None = Field(default=None, description="A small picture as a data URL.")


class StepDone(OfStep, Numbered):
    """A step has its outputs, by identity; ``cached`` if nothing was computed for it."""

    type: Literal["step_done"]
    cached: bool
    seconds: float
    outputs: dict[str, str]
    tier: Tier | None = None
    relief: list[str] | None = None
    makeshift: bool | None = None


class StepFailed(OfStep, Numbered):
    """A step failed; ``detail`` is a traceback, told only by a server with ``--debug``."""

    type: Literal["step_failed"]
    code: str
    message: str
    detail: str | None = None
    sentence: str | None = None
    parts: dict[str, str] | None = None


class StepSkipped(OfStep, Numbered):
    """A step was not run, because of another, or of what the sentence says."""

    type: Literal["step_skipped"]
    because: str


class StepStored(OfStep, Numbered):
    """The results of a step are on disk."""

    type: Literal["stored"]


class Warned(Numbered):
    """What a user should know and what stops nothing; of a step if it names one."""

    type: Literal["warning"]
    run: Identifier
    message: str
    node: str | None = None
    seq: int = 0
    time: float = 0.0


class ServerEvent(
    RootModel[
        RunEvent
        | QueueEvent
        | ForgottenEvent
        | LibraryEvent
        | PreferencesEvent
        | NodesEvent
        | LimitsEvent
        | StepStarted
        | StepProgress
        | StepDone
        | StepFailed
        | StepSkipped
        | StepStored
        | Warned
    ]
):
    """One event: its ``type`` says which."""


class EventGreeting(Event):
    """The first message of the WebSocket: where the numbers stand.

    Unless ``complete``, something was missed: ask for the state of things.
    """

    epoch: str
    last: int
    complete: bool


class EventMessage(Event):
    """Every further message: what happened since the one before."""

    events: list[ServerEvent]


SOCKET: tuple[type[BaseModel], ...] = (EventGreeting, EventMessage)
"""What is said over the WebSocket, which no route can say."""
