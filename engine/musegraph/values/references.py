"""References to models: what travels on edges in their stead."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Patch(BaseModel):
    """A change to a model for the time of a lease, such as a LoRA at a strength."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    source: str
    digest: str = ""
    strength: float = 1.0
    options: dict[str, Any] = {}


class Reference(BaseModel):
    """Which model: base weights, the patches on them, and options. JSON; holds no weights."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    loader: Annotated[str, Field(description="The loader that opens it: pack.loader.")]
    source: str
    part: str = ""
    digest: Annotated[str, Field(description="Digest of the files of the source.")] = ""
    family: Annotated[str, Field(description="What it can be combined with.")] = ""
    options: dict[str, Any] = {}
    patches: tuple[Patch, ...] = ()

    def base(self) -> tuple[str, ...]:
        """What a resident model is known by: everything but the patches."""
        from musegraph.values.canonical import canonical

        return (self.loader, self.digest or self.source, self.part, canonical(self.options))


class Model(Reference):
    """A denoiser."""


class TextEncoder(Reference):
    """A text encoder with its tokenizer."""


class Vae(Reference):
    """An image autoencoder."""


class ControlNet(Reference):
    """A net that leads a denoiser by a picture: a ControlNet or a T2I-Adapter."""


class Vision(Reference):
    """An encoder of pictures, whose embeddings say what is to be seen in them."""
