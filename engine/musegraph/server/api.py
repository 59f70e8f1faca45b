"""What goes over HTTP: the shapes of requests and answers, from which the OpenAPI is made."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from musegraph import limits
from musegraph.server.bounds import Bounded
from musegraph.server.recorded import Tier
from musegraph.values.scalars import MAX_SEED

Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^blake3:[0-9a-f]{64}$")]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
State = Literal["queued", "running", "done", "failed", "cancelled"]
Seconds = Annotated[float, Field(description="Seconds since 1970, UTC.")]


class Shape(BaseModel):
    """Base of what is received: what is not known is refused, so no typo goes unnoticed."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Answer(BaseModel):
    """Base of what is sent: every field is there, also one that is null."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class Problem(Answer):
    """One thing wrong with a workflow, with its address."""

    node: str | None
    port: str | None
    code: str
    message: str
    sentence: str | None = Field(default=None, description="Its name, to say it in a language.")
    parts: dict[str, str] = Field(default={}, description="What stands in that sentence.")


class Fault(Answer):
    """What went wrong, as a word for programs and a sentence for people."""

    code: str
    message: str
    sentence: str | None = Field(default=None, description="Its name, to say it in a language.")
    parts: dict[str, str] = Field(default={}, description="What stands in that sentence.")
    problems: list[Problem] = []


class Failure(Answer):
    """The answer of every request that did not succeed."""

    error: Fault


class Document(Shape):
    """A workflow to look at."""

    workflow: Bounded = Field(description="A workflow document.")


class Wanted(Document):
    """A workflow with the inputs of one run."""

    inputs: dict[str, Any] = Field(
        default={}, description="Values of named inputs; files as assets."
    )
    only: list[str] = Field(default=[], description="Nodes or outputs to run for; all if empty.")
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] | None = None
    quick: bool = Field(default=False, description="Take the quick inputs of the document.")


class Submit(Wanted):
    """A run to be put into the queue."""

    name: Annotated[str, StringConstraints(max_length=200)] = ""
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    client: Annotated[str, StringConstraints(max_length=100)] = Field(
        default="", description="Who submits: clients with different labels take turns."
    )
    key: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        default=None, description="Names the submission: sent again, it is the same run."
    )


class SubmitMany(Shape):
    """Runs to be put into the queue together: all of them, or none."""

    runs: Annotated[list[Submit], Field(min_length=1, max_length=10_000)]


class KeptFile(Answer):
    """A file that the server keeps."""

    asset: Digest
    name: str
    media: str
    bytes: int


class OutputFile(KeptFile):
    """A file of an output, with the identity of the value that it was made of."""

    identity: str


class Output(Answer):
    """What came out at a named output: a value, or files; or why it is neither."""

    identity: str
    value: Any = None
    files: list[OutputFile] = []
    problem: str | None = None


class Run(Answer):
    """A run, from its place in the queue to its outputs."""

    number: int
    id: Identifier
    name: str
    state: State
    priority: int
    attempt: int
    worker: str | None
    steps: int
    submitted: Seconds
    started: Seconds | None
    finished: Seconds | None
    error: str | None
    outputs: dict[str, Output]
    client: str


class Runs(Answer):
    """A page of runs."""

    runs: list[Run]


class Queue(Answer):
    """The queue: whether it is paused, how many runs there are by state, and those to come."""

    paused: bool
    counts: dict[str, int]
    runs: list[Run]


class Pause(Shape):
    """Whether new runs are started."""

    paused: bool


class Move(Shape):
    """A new place in the queue."""

    before: Identifier | None = Field(default=None, description="The end of the queue if null.")
    priority: Annotated[int, Field(ge=-100, le=100)] | None = None


class Cancel(Shape):
    """Runs to be cancelled; all that have not ended if null."""

    runs: Annotated[list[Identifier], Field(max_length=100_000)] | None = None


class Cancelled(Answer):
    """What a cancellation reached: runs that waited are over, those that run are told to stop."""

    cancelled: list[Identifier]
    stopping: list[Identifier]


class Problems(Answer):
    """Every problem of a workflow; none if it can run."""

    problems: list[Problem]


class Spread(Answer):
    """What is to be expected, from the runs before."""

    low: float
    median: float
    high: float


class PlannedStep(Answer):
    """A step of a plan."""

    id: str
    type: str | None
    state: Literal["cached", "run", "open", "skip"]
    tier: Tier | None
    note: str
    each: list[str]
    length: int | None
    seconds: Spread | None


class Planned(Answer):
    """What running a workflow would do."""

    counts: dict[str, int]
    steps: list[PlannedStep]
    outputs: dict[str, str]
    unused: list[str]
    seconds: Spread | None


class Asset(KeptFile):
    """An uploaded file, decoded once to find out what it is."""

    width: int | None = None
    height: int | None = None
    frames: int | None = None
    sample_rate: int | None = None
    channels: int | None = None
    seconds: float | None = None
    tracks: int | None = None
    notes: int | None = None


class Peaks(Answer):
    """The outline of a sound in equal parts, by channel: lowest and highest sample, -1 to 1."""

    sample_rate: int
    frames: int
    minima: list[list[float]]
    maxima: list[list[float]]


class ScoreTrack(Answer):
    """A track of a score: each note as start and duration in seconds, pitch and velocity."""

    name: str
    drums: bool
    notes: list[tuple[float, float, int, int]]


class ScoreRoll(Answer):
    """A score in seconds: its tracks, where its bars begin, and its tempo where it changes."""

    seconds: float
    tracks: list[ScoreTrack]
    bars: list[float]
    tempos: list[tuple[float, float]]


class Saved(Answer):
    """A workflow of the library, as it is listed."""

    id: Identifier
    name: str
    version: int
    created: Seconds
    changed: Seconds
    deleted: Seconds | None


class Library(Answer):
    """The workflows of the library."""

    workflows: list[Saved]


class SavedDocument(Saved):
    """A workflow of the library with a version of its document."""

    workflow: dict[str, Any]


class Save(Document):
    """A document to be kept in the library."""

    name: Name


class NewVersion(Document):
    """A new version of a document; refused if another one came between."""

    after: int = Field(description="The version that the change was made to.")


class Rename(Shape):
    """A new name."""

    name: Name


class Version(Answer):
    """A version of a document in the library."""

    number: int
    saved: Seconds


class Versions(Answer):
    """All versions of a document, the latest first."""

    versions: list[Version]


class CacheGroup(Answer):
    """What one node type keeps in the cache."""

    type: str
    records: int
    objects: int
    bytes: int


class Cache(Answer):
    """What the cache holds; what is pinned is never evicted."""

    bytes: int
    pinned: int
    groups: list[CacheGroup]


class Preferences(Shape):
    """What the canvas keeps for its user, by name; null takes a name away."""

    preferences: Annotated[dict[Name, Any], Field(max_length=200)]


LimitName = Annotated[str, StringConstraints(pattern=limits.NAME, max_length=129)]


class SetLimit(Shape):
    """What a step of a node type may take; what is null is bounded by the next wider name."""

    seconds: Annotated[float, Field(gt=0, le=1e7)] | None = None
    memory: Annotated[int, Field(ge=limits.LEAST_MEMORY, le=1 << 50)] | None = Field(
        default=None, description="Bytes by which the memory of its worker may rise."
    )


class SetLimits(Shape):
    """Limits by node type, by pack (`diffusion.*`) or for all (`*`); null takes one away."""

    limits: Annotated[dict[LimitName, SetLimit | None], Field(max_length=1000)]


class LimitFacts(Answer):
    """What a step may take; `fixed` if the server was started with it."""

    seconds: float | None
    memory: int | None
    fixed: bool


class Limits(Answer):
    """All limits that hold; the nearest name that says something counts."""

    limits: dict[str, LimitFacts]


class WorkerState(Answer):
    """A worker process."""

    name: str
    process: int | None
    run: str | None
    alive: bool


class Status(Answer):
    """How the server is."""

    version: str
    uptime: float
    paused: bool
    counts: dict[str, int]
    workers: list[WorkerState]
    listeners: int


class Fine(Answer):
    """All is well: the server answers, or the browser has a cookie now."""

    ok: Literal[True] = True
