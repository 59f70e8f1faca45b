"""Opening a model: references to its parts, made from JSON and headers alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from musegraph import (
    Context,
    Model,
    ModelError,
    ModelSource,
    NodeError,
    TextEncoder,
    Vae,
    Weights,
    node,
)

from .families import FAMILIES, Family
from .layouts.found import Component, Found
from .layouts.read import read
from .layouts.single import read_part, settings_of, tokenizer_of
from .references import LOADER

_OWN = "A file or folder of its own, in place of what is in the source."
OwnText = Annotated[
    ModelSource | None,
    Field(description=_OWN, json_schema_extra={"models": ["text_encoder"]}),
]
OwnVae = Annotated[
    ModelSource | None, Field(description=_OWN, json_schema_extra={"models": ["vae"]})
]


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
            description="starter/scenes, a folder of Diffusers, a .safetensors or .gguf file.",
            json_schema_extra={"models": ["pipeline", "checkpoint", "denoiser"]},
        ),
    ],
    ctx: Context,
    precision: Annotated[
        Literal["auto", "float32", "float16", "bfloat16"],
        Field(description="Of the arithmetic. auto: float32 on the CPU; on a GPU as it is stored."),
    ] = "auto",
    prediction: Annotated[
        Literal["auto", "epsilon", "v_prediction"],
        Field(description="What it was trained to say; auto is right unless a file leaves it out."),
    ] = "auto",
    text_encoder: OwnText = None,
    text_encoder_2: OwnText = None,
    text_encoder_3: OwnText = None,
    vae: OwnVae = None,
) -> Parts:
    """Open a Stable Diffusion, SDXL, SD 3, FLUX.1, Z-Image or Qwen-Image model.

    Reads the JSON files and the headers of the weights; the weights are loaded by the node that
    first needs them. It may be a folder in the layout of Diffusers, or a file in the original
    layout, whole or with the denoiser alone. Only .safetensors and .gguf files are opened, never
    pickles. What a single file does not tell is as its family usually has it, or as the folder
    ``NAME.config`` beside it says.
    """
    place = ctx.weights(source)
    found = read(place.path, source)
    if prediction != "auto" and not FAMILIES[found.family].flow:
        found = replace(found, scheduler=found.scheduler | {"prediction_type": prediction})
    named = {
        "text_encoder": text_encoder,
        "text_encoder_2": text_encoder_2,
        "text_encoder_3": text_encoder_3,
        "vae": vae,
    }
    family = FAMILIES[found.family]
    places = _places(family, named, ctx)
    for part, own in places.items():
        component = read_part(own.path, part, family, own.source)
        found = replace(found, parts=found.parts | {part: component})
    _check_whole(found, family, place, places)
    family.check(found, source)
    return references(found, place, places, precision)


def _places(family: Family, named: dict[str, str | None], ctx: Context) -> dict[str, Weights]:
    """Where the parts lie that have a file or folder of their own."""
    given = {part: own for part, own in named.items() if own is not None}
    for part in given:
        if part not in family.kinds:
            raise NodeError(f"{family.title} has no {part}; leave that port empty")
    return {part: ctx.weights(own) for part, own in given.items()}


def _check_whole(found: Found, family: Family, place: Weights, places: dict[str, Weights]) -> None:
    """Refuse a model that lacks a part, or the words of a text encoder."""
    lacking = [p for p, kind in family.kinds.items() if p not in found.parts and not kind.optional]
    if lacking:
        beside = " and ".join(str(settings_of(place.path) / part) for part in lacking)
        raise ModelError(
            f"the model {place.source!r} is {family.title} and lacks {', '.join(lacking)}: link"
            " files of their own at the ports of these names, or put them, in the layout of"
            f" Diffusers, into {beside}"
        )
    for part, component in found.parts.items():
        words, lies = family.kinds[part].words, places.get(part, place)
        if words is not None:
            tokenizer_of(lies.path, words, component.config, lies.source)


def references(found: Found, place: Weights, places: dict[str, Weights], precision: str) -> Parts:
    """References to the parts of a model, each with where it lies if that is a place of its own."""
    family = FAMILIES[found.family]
    latents, texts, own = found.latent_family, family.texts(found), family.options(found)
    first, text_options = _encoders(found, family, place, places, precision)
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
    if first != "text_encoder":
        options["encoder"] = first
    elsewhere = {part: [places[part].source, places[part].digest] for part in places}
    if elsewhere:
        options["from"] = {part: elsewhere[part] for part in (first, "vae") if part in elsewhere}

    def where(part: str) -> dict[str, Any]:
        lies = places.get(part, place)
        return {"loader": LOADER, "source": lies.source, "digest": lies.digest, "part": part}

    return Parts(
        Model(**where(found.net), family=latents, options=options),
        TextEncoder(**where(first), family=texts, options=text_options),
        Vae(**where("vae"), family=latents, options=vae_options),
    )


def _encoders(
    found: Found, family: Family, place: Weights, places: dict[str, Weights], precision: str
) -> tuple[str, dict[str, Any]]:
    """The first text encoder of a model and its options; those of the others are among them."""
    encoders = {
        reader.part: _options(found.parts[reader.part], precision) | family.options(found)
        for reader in family.readers
        if reader.part in found.parts
    }
    first, *others = encoders
    for part in others:
        lies = places.get(part, place)
        if lies != places.get(first, place):
            encoders[part]["from"] = [lies.source, lies.digest]
    more = {"others": {part: encoders[part] for part in others}} if others else {}
    return first, encoders[first] | more


def _options(component: Component, precision: str) -> dict[str, Any]:
    made: dict[str, Any] = {"precision": precision, "stored": component.stored}
    if component.variant:
        made["variant"] = component.variant
    return made
