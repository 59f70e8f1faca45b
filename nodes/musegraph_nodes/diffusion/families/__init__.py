"""The families of models that the staged nodes open: what each is made of, and how it is asked."""

from __future__ import annotations

from musegraph import Reference

from .base import Denoiser, Family, Kind, Prediction, Prepared, Words, divided, joined
from .flux import Flux
from .qwen_image import QwenImage
from .sd import StableDiffusion
from .sd3 import StableDiffusion3
from .sdxl import StableDiffusionXL
from .texts import Encoder, Reader, States, Tokens
from .z_image import ZImage

__all__ = [
    "FAMILIES",
    "Denoiser",
    "Encoder",
    "Family",
    "Kind",
    "Prediction",
    "Prepared",
    "Reader",
    "States",
    "Tokens",
    "Words",
    "divided",
    "family_of",
    "joined",
]

_ALL = (
    StableDiffusion(),
    StableDiffusionXL(),
    StableDiffusion3(),
    Flux(),
    ZImage(),
    QwenImage(),
)
FAMILIES: dict[str, Family] = {family.name: family for family in _ALL}


def family_of(ref: Reference) -> Family:
    """The family that a reference to a model or one of its parts belongs to."""
    return FAMILIES[ref.options.get("architecture", StableDiffusion.name)]
