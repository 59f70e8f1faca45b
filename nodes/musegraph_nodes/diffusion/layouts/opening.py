"""Opening a model: what its files say, and references to its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from musegraph import Context, Model, ModelError, NodeError, TextEncoder, Vae, Weights
from musegraph_nodes.diffusion.families import FAMILIES, Family
from musegraph_nodes.diffusion.references import LOADER

from .found import Component, Found
from .read import read
from .settings import settings_of
from .single import read_part, tokenizer_of


def opened(
    source: str, named: Mapping[str, str | None], precision: str, prediction: str, ctx: Context
) -> tuple[Model, TextEncoder, Vae]:
    """References to the parts of a model; ``named`` are sources of parts of their own."""
    place = ctx.weights(source)
    found = read(place.path, source)
    family = FAMILIES[found.family]
    if prediction != "auto" and not family.flow:
        found = replace(found, scheduler=found.scheduler | {"prediction_type": prediction})
    places = _places(family, named, ctx)
    for part, own in places.items():
        component = read_part(own.path, part, family, own.source)
        found = replace(found, parts=found.parts | {part: component})
    _check_whole(found, family, place, places)
    family.check(found, source)
    return references(found, place, places, precision)


def _places(family: Family, named: Mapping[str, str | None], ctx: Context) -> dict[str, Weights]:
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


def references(
    found: Found, place: Weights, places: dict[str, Weights], precision: str
) -> tuple[Model, TextEncoder, Vae]:
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

    return (
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
