"""The inputs that the nodes of this pack share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from musegraph import ADVANCED, Model

MULTILINE = Field(json_schema_extra={"multiline": True})

SoundModel = Annotated[Model, Field(description="A model that makes sound, from soundgen.load.")]
Prompt = Annotated[
    str, Field(description="What is to be heard: genre, instruments, mood, tempo."), MULTILINE
]
Negative = Annotated[
    str,
    Field(description="What is not to be heard; Stable Audio and AudioLDM 2 read it."),
    MULTILINE,
]
Seconds = Annotated[float, Field(ge=0.1, le=600, description="How long, in seconds.")]
Steps = Annotated[
    int, Field(ge=0, le=1000, description="Of the sampler; 0: as many as the model is made for.")
]
Guidance = Annotated[
    float | None,
    Field(ge=0, le=50, description="How closely to follow the text; empty: as the model's makers."),
]
Batch = Annotated[
    int,
    Field(ge=1, le=64, description="How many sounds; each has a seed of its own."),
    ADVANCED,
]
Temperature = Annotated[
    float,
    Field(ge=0.05, le=10, description="Of MusicGen's draws: below 1 more even, above wilder."),
    ADVANCED,
]
TopK = Annotated[
    int,
    Field(ge=0, le=4096, description="MusicGen draws from so many of the likeliest; 0: all."),
    ADVANCED,
]
TopP = Annotated[
    float,
    Field(ge=0, le=1, description="MusicGen draws from so much of the probability; 0: all."),
    ADVANCED,
]
Fade = Annotated[
    float,
    Field(ge=0, le=5, description="Seconds in which what was given and what was made cross."),
    ADVANCED,
]
