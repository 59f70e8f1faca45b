"""The families of models that the staged nodes open: what each is made of, and how it is asked."""

from __future__ import annotations

from musegraph import Reference

from .base import Denoiser, Family, Kind, Prediction, Prepared, Words, divided, joined
from .sd import StableDiffusion
from .texts import Encoder, Reader, States, Tokens

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

FAMILIES: dict[str, Family] = {family.name: family for family in (StableDiffusion(),)}


def family_of(ref: Reference) -> Family:
    """The family that a reference to a model or one of its parts belongs to."""
    return FAMILIES[ref.options.get("architecture", StableDiffusion.name)]
