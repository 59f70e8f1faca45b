"""Further shapes of answers: the steps of runs and the values at them, templates, the catalogue."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from musegraph.library.facts import Fault
from musegraph.library.kinds import Kind
from musegraph.server.api import (
    Answer,
    Digest,
    Identifier,
    KeptFile,
    OutputFile,
    Problem,
    Run,
    Seconds,
    Shape,
)
from musegraph.server.recorded import RunRecord

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
    sentence: str | None = Field(default=None, description="Its name, to say it in a language.")
    parts: dict[str, str] | None = Field(default=None, description="What stands in the sentence.")


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


class WholeRun(Run):
    """A run with its document and the record of what happened."""

    workflow: dict[str, Any]
    targets: list[str]
    record: RunRecord | None


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


class Change(Answer):
    """Something in a workflow that was brought forward; ``node`` is null for the whole of it."""

    node: str | None
    message: str


class Forward(Answer):
    """A workflow as it is to be read with the packs that are here.

    With problems it is as it was: its packs are other versions, and do not say what became of it.
    """

    workflow: dict[str, Any]
    changes: list[Change]
    problems: list[Problem]


# -- what there is to choose from ----------------------------------------------------------------


class PackFacts(Answer):
    """A pack that is there."""

    name: str
    version: str
    title: str
    lock: dict[str, str] = Field(
        description="What a saved workflow says of it: version, hash, and where it came from."
    )


class InputFacts(Answer):
    """An input of a node type: all that a field needs that is drawn for it."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: str = Field(description="As in Python: list[Image], Text | None, Choice of texts.")
    required: bool
    default: Any = None
    label: str = ""
    form: dict[str, Any] = Field(
        default={},
        alias="schema",
        description="JSON Schema: minimum, maximum, multipleOf, format, multiline, description; "
        "advanced is true for what is rarely set.",
    )
    choices: dict[str, str] = Field(default={}, description="The words for choices, by choice.")


class OutputFacts(Answer):
    """An output of a node type."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: str
    label: str = ""
    form: dict[str, Any] = Field(default={}, alias="schema")


class NodeFacts(Answer):
    """A node type, in the words of a language."""

    id: str
    pack: str
    version: str | None
    title: str
    text: str
    cache: bool
    group: str
    generated: bool
    inputs: dict[str, InputFacts]
    outputs: dict[str, OutputFacts]


class Catalogue(Answer):
    """All packs and nodes, and the packs that cannot be opened, with the reason."""

    packs: list[PackFacts]
    nodes: list[NodeFacts]
    failures: dict[str, str]


class Model(Answer):
    """A model that a source can name; what its files do not tell is empty."""

    source: str
    pack: str | None
    kind: Kind
    family: str = Field(description="What people call the family that it belongs to.")
    family_id: str
    variant: str
    prediction: str
    precision: str = Field(description="The type of numbers of most of its weights.")
    format: str
    parameters: int
    bytes: int
    title: str
    author: str
    licence: str
    origin: str = Field(description="Where it was fetched from, or what it was made of.")
    triggers: list[str] = Field(description="Words that call up what it was trained on.")
    wrong: str = Field(description="Why it cannot be used; the end of a sentence about it.")
    fault: Fault = Field(description="The same in a word.")
    quick: str = Field(description="Names its content as far as a glance tells.")
    digest: str | None = Field(description="Of all its bytes, once it was loaded.")
    preview: bool = Field(description="Whether a picture lies beside it.")
    same: list[str] = Field(description="Names under which the same model is there too.")
    formerly: list[str] = Field(description="Names that it had, and that nothing has now.")


class Models(Answer):
    """The models of the packs and of the model folders."""

    models: list[Model]
    unread: int = Field(description="Files that are still to be read: ask again.")
