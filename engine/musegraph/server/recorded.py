"""The record of a run, as the interface describes it; ``musegraph.record`` makes it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue

Tier = Annotated[
    Literal["device", "host", "disk"],
    Field(description="Where the values of a hit were: in the device's memory, the host's, or on"
          " disk; the farthest counts."),
]  # fmt: skip
Bytes = Annotated[int, Field(ge=0)]


class StepRecord(BaseModel):
    """What is known of one step of a run; what is not known is left out."""

    status: Literal["done", "cached", "failed", "skipped", "lost"]
    outputs: dict[str, str] = Field(description="The identity of each output.")
    type: str | None = None
    version: str | None = None
    key: str | None = None
    profile: str | None = Field(default=None, description="What its numbers depend on.")
    inputs: dict[str, str] | None = Field(default=None, description="The identity of each input.")
    values: dict[str, JsonValue] | None = Field(default=None, description="What was set, if short.")
    tier: Tier | None = None
    seconds: float | None = None
    memory: Bytes | None = Field(default=None, description="Rise of the host's memory, at most.")
    device_memory: Bytes | None = Field(default=None, description="The same of the device's.")
    bytes: Bytes | None = Field(default=None, description="Of all its outputs.")
    calls: int | None = None
    relief: list[str] | None = Field(default=None, description="What helped when memory ran out.")
    makeshift: bool | None = Field(default=None, description="Whether the result is for this run.")
    notes: list[str] | None = Field(default=None, description="How it was done, in words.")
    warnings: list[str] | None = Field(default=None, description="What its user should know.")
    error: str | None = None
    code: str | None = Field(default=None, description="What kind of error it was.")


class RunRecord(BaseModel):
    """What ran, with which inputs, models and versions."""

    run: str
    time: str
    seconds: float
    musegraph: str
    python: str
    profile: str
    models: dict[str, str] = Field(description="The digest of each model, by its source.")
    steps: dict[str, StepRecord]
