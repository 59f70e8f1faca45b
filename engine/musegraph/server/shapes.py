"""Shapes of what is seen of runs: their steps, the values at them, records, and all events.

Apart from ``api.py`` for its length only.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from musegraph.server.api import (
    Answer,
    Digest,
    Identifier,
    KeptFile,
    OutputFile,
    Run,
    Seconds,
    Shape,
)

# -- the steps of a run --------------------------------------------------------------------------


class Progress(Answer):
    """How far a step is: ``done`` of ``total``; if it maps, with which item of how many."""

    done: float
    total: float
    text: str | None
    item: int | None
    items: int | None


class StepError(Answer):
    """Why a step failed. ``detail`` is a traceback, told only by a server with ``--debug``."""

    code: str
    message: str
    detail: str | None


class StepState(Answer):
    """A step as it is now; ``preview`` is the latest picture of its progress, as a data URL."""

    state: Literal["waiting", "running", "done", "cached", "failed", "skipped", "lost"]
    started: Seconds | None
    seconds: float | None
    progress: Progress | None
    preview: str | None
    outputs: dict[str, str] = Field(description="Identities by output.")
    error: StepError | None
    because: str | None
    warnings: list[str]
    makeshift: bool


class RunState(Answer):
    """The steps of a run so far. Go on from there with the events after ``number``."""

    run: Identifier
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    epoch: str
    number: int
    now: Seconds
    planned: dict[str, int] = Field(description="How many steps the plan had, by their state.")
    steps: dict[str, StepState]


class StepRecord(Answer):
    """What a step did in a run; also keys that are not listed here."""

    model_config = ConfigDict(extra="allow", json_schema_serialization_defaults_required=False)

    status: Literal["done", "cached", "failed", "skipped", "lost"]
    outputs: dict[str, str]
    type: str | None = None
    version: str | None = None
    key: str | None = None
    seconds: float | None = None
    error: str | None = None
    code: str | None = None
    relief: list[str] | None = None
    makeshift: bool | None = None


class Record(Answer):
    """What happened in a run: with which versions, models and inputs; also further keys."""

    model_config = ConfigDict(extra="allow")

    run: str
    time: str
    seconds: float
    musegraph: str
    models: dict[str, str]
    steps: dict[str, StepRecord]


class WholeRun(Run):
    """A run with its document and the record of what happened."""

    workflow: dict[str, Any]
    targets: list[str]
    record: Record | None


# -- the value at an output ----------------------------------------------------------------------


class Tensor(Answer):
    """A tensor inside a value, in figures; those are of its finite numbers."""

    name: str
    shape: list[int]
    dtype: str
    device: str
    min: float | None
    max: float | None
    mean: float | None
    std: float | None
    nonfinite: int


class ValuePart(Answer):
    """A media value, or an item of a list of them: its files, or its tensors in figures."""

    identity: str
    type: str
    facts: dict[str, Any]
    files: list[OutputFile]
    tensors: list[Tensor]
    preview: str | None = Field(description="A small picture as a data URL.")
    problem: str | None


class WireValue(Answer):
    """What stood at an output. Of a list, ``length`` items, the chosen ones from ``first`` on."""

    run: Identifier
    node: str
    port: str
    identity: str
    form: Literal["json", "media"]
    value: Any
    first: int
    length: int | None
    parts: list[ValuePart]


# -- events --------------------------------------------------------------------------------------


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


class OfStep(Event):
    """What all events of a step have: ``seq`` counts in the run, ``time`` is since its start."""

    run: Identifier
    node: str
    seq: int = 0
    time: float = 0.0


class StepStarted(OfStep, Numbered):
    """A step began to compute."""

    type: Literal["step_started"]


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
    relief: list[str] | None = None
    makeshift: bool | None = None


class StepFailed(OfStep, Numbered):
    """A step failed; ``detail`` is a traceback, told only by a server with ``--debug``."""

    type: Literal["step_failed"]
    code: str
    message: str
    detail: str | None = None


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


# -- workflows that come in files ----------------------------------------------------------------


class FileToRead(Shape):
    """An uploaded file."""

    asset: Digest


class ReadDocument(Answer):
    """The document in a file; ``files`` are those that came with it.

    ``missing`` names the files that it needs and that are not here.
    """

    workflow: dict[str, Any]
    files: list[KeptFile]
    missing: list[str]


class PortWords(Answer):
    """What an input or output is called."""

    label: str
    text: str


class Template(Answer):
    """An example that comes with Musegraph; ``picture`` is the address of what it makes."""

    id: str
    title: str
    text: str
    picture: str | None
    inputs: dict[str, PortWords]
    outputs: dict[str, PortWords]
    workflow: dict[str, Any]


class Templates(Answer):
    """The examples."""

    templates: list[Template]
