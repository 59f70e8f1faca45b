"""Opening a model: references to its parts, made from JSON alone."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from musegraph import Context, Model, ModelSource, TextEncoder, Vae, Weights, node

from .families import FAMILIES
from .layouts.found import Component, Found
from .layouts.read import read
from .references import LOADER


class Parts(NamedTuple):
    """The parts of a model."""

    model: Model
    text_encoder: TextEncoder
    vae: Vae


@node(version="1")
def load(
    source: Annotated[
        ModelSource,
        Field(
            description="starter/scenes, a folder of Diffusers, or one .safetensors file.",
            json_schema_extra={"models": ["pipeline", "checkpoint"]},
        ),
    ],
    ctx: Context,
    precision: Annotated[
        Literal["auto", "float32", "float16", "bfloat16"],
        Field(description="Of the arithmetic. auto: float32 on the CPU; on a GPU as it is stored."),
    ] = "auto",
) -> Parts:
    """Open a Stable Diffusion model: a folder of Diffusers, or one file in the original layout.

    Reads the JSON files and the headers of the weights; the weights are loaded by the node that
    first needs them. Only .safetensors files are opened, never pickles. What a single file does
    not tell is as in Stable Diffusion 1.x, or as the folder ``NAME.config`` beside it says.
    """
    place = ctx.weights(source)
    return references(read(place.path, source), place, precision)


def references(found: Found, place: Weights, precision: str) -> Parts:
    """References to the parts of a model that was found at a place."""
    family = FAMILIES[found.family]
    latents, texts, own = found.latent_family, family.texts(found), family.options(found)
    encoders = {
        reader.part: _options(found.parts[reader.part], precision) | own
        for reader in family.readers
        if reader.part in found.parts
    }
    first, *others = encoders
    text_options = encoders[first]
    if others:
        text_options |= {"others": {part: encoders[part] for part in others}}
    vae_options = _options(found.vae, precision) | {
        "channels": found.channels,
        "scale": found.scale,
        "scaling": found.scaling,
        **own,
    }
    if found.vae.config.get("force_upcast"):
        vae_options["force_upcast"] = True
    size = family.size(found)
    options = _options(found.denoiser, precision) | {
        "channels": found.channels,
        "scale": found.scale,
        "size": list(size) if size else None,
        "scheduler": found.scheduler,
        "texts": texts,
        "text_encoder": text_options,
        "vae": vae_options,
        **own,
    }
    where: dict[str, Any] = {"loader": LOADER, "source": place.source, "digest": place.digest}
    return Parts(
        Model(**where, part=found.net, family=latents, options=options),
        TextEncoder(**where, part=first, family=texts, options=text_options),
        Vae(**where, part="vae", family=latents, options=vae_options),
    )


def _options(component: Component, precision: str) -> dict[str, Any]:
    made: dict[str, Any] = {"precision": precision, "stored": component.stored}
    if component.variant:
        made["variant"] = component.variant
    return made
