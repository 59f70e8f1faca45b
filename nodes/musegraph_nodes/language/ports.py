"""What the nodes of this pack share: their inputs, and what is asked of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from musegraph import ADVANCED, Context

from .load import LanguageModel

MULTILINE = Field(json_schema_extra={"multiline": True})
Writer = Annotated[LanguageModel, Field(description="From language.load.")]
Most = Annotated[
    int, Field(ge=1, le=32768, description="Tokens at most, of which a word has one or two.")
]
Temperature = Annotated[
    float, Field(ge=0, le=2, description="0 always takes what is likeliest; more dares more.")
]
TopP = Annotated[
    float,
    Field(gt=0, le=1, description="Of what could follow, the likeliest with this share."),
    ADVANCED,
]
TopK = Annotated[
    int,
    Field(ge=0, le=100_000, description="Of what could follow, so many of the likeliest; 0: all."),
    ADVANCED,
]
Repetition = Annotated[
    float,
    Field(ge=1, le=2, description="What was there becomes so much less likely; 1: it does not."),
    ADVANCED,
]
Think = Annotated[
    bool,
    Field(description="Whether models that can think first do so; what they think is left out."),
    ADVANCED,
]


@dataclass(frozen=True)
class Asked:
    """What is asked of a model beside the words: how much, how daring, and until where."""

    ctx: Context
    model: LanguageModel
    most: int
    temperature: float = 0.7
    seed: int = 0
    top_p: float = 0.95
    top_k: int = 0
    repetition: float = 1.0
    stop: tuple[str, ...] = ()
    think: bool = False
