"""What the nodes of this pack share: their inputs, and what they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Context, Image, Media, NodeError, Seed

from .load import ImageModel

if TYPE_CHECKING:
    from torch import Tensor

MULTILINE = Field(json_schema_extra={"multiline": True})
Writer = Annotated[ImageModel, Field(description="From autoregressive.load.")]
Prompt = Annotated[
    str, Field(description="What is to be seen; ImageGPT reads no words."), MULTILINE
]
Count = Annotated[int, Field(ge=1, le=64, description="How many pictures, written side by side.")]
Guidance = Annotated[
    float,
    Field(
        ge=1,
        le=20,
        description="How closely to follow the words; 1 turns guidance off, in half the time.",
    ),
]
Temperature = Annotated[
    float, Field(ge=0, le=2, description="0 always takes what is likeliest; more dares more.")
]
TopK = Annotated[
    int,
    Field(ge=0, le=100_000, description="Of what could follow, so many of the likeliest; 0: all."),
    ADVANCED,
]
TopP = Annotated[
    float,
    Field(gt=0, le=1, description="Of what could follow, the likeliest with this share."),
    ADVANCED,
]
FirstSeed = Annotated[Seed, Field(description="Of the draws; picture i takes seed + i.")]


@dataclass(frozen=True, eq=False, slots=True)
class ImageTokens(Media):
    """A batch of pictures as tokens: ``ids`` [B,h,w], int64, each one of ``size`` codes.

    ``codebook`` names what the codes stand for.
    """

    ids: Tensor
    codebook: str
    size: int

    def __post_init__(self) -> None:
        shape = tuple(getattr(self.ids, "shape", ()))
        if len(shape) != 3:
            raise NodeError(f"ImageTokens need a tensor [B,h,w], and got the shape {list(shape)}")


class Written(NamedTuple):
    """Pictures, and how they came about."""

    images: Annotated[Image, Field(description="The pictures, as one batch.")]
    doubt: Annotated[
        Image,
        Field(
            description="How open each token was, as its entropy: dark where the model was sure,"
            " bright where anything could have followed."
        ),
    ]
    tokens: Annotated[ImageTokens, Field(description="What was written, for other nodes here.")]


@dataclass(frozen=True)
class Asked:
    """What is asked of a model: of which words, from which seeds, and how daring."""

    ctx: Context
    model: ImageModel
    prompt: str
    seeds: tuple[int, ...]
    guidance: float
    temperature: float
    top_k: int
    top_p: float
