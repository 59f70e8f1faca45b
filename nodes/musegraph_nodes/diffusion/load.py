"""Opening a model: references to its parts, made from JSON alone."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from musegraph import Context, Model, ModelSource, NodeError, Reference, TextEncoder, Vae, node

from .folder import Component, read_folder
from .single import read_single

LOADER = "diffusion.diffusers"


class Parts(NamedTuple):
    """The parts of a model."""

    model: Model
    text_encoder: TextEncoder
    vae: Vae


@node(version="1")
def load(
    source: Annotated[
        ModelSource,
        Field(description="starter/scenes, a folder of Diffusers, or one .safetensors file."),
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
    found = ctx.weights(source)
    read = read_single if found.path.is_file() else read_folder
    folder = read(found.path, source)
    latents, texts = folder.latent_family, folder.text_family
    text_options = _options(folder.text_encoder, precision)
    vae_options = _options(folder.vae, precision) | {
        "channels": folder.channels,
        "scale": folder.scale,
        "scaling": folder.scaling,
    }
    if folder.vae.config.get("force_upcast"):
        vae_options["force_upcast"] = True
    options = _options(folder.unet, precision) | {
        "channels": folder.channels,
        "scale": folder.scale,
        "size": list(folder.size) if folder.size else None,
        "scheduler": folder.scheduler,
        "texts": texts,
        "text_encoder": text_options,
        "vae": vae_options,
    }
    where = {"loader": LOADER, "source": source, "digest": found.digest}
    return Parts(
        Model(**where, part="unet", family=latents, options=options),
        TextEncoder(**where, part="text_encoder", family=texts, options=text_options),
        Vae(**where, part="vae", family=latents, options=vae_options),
    )


def _options(component: Component, precision: str) -> dict[str, Any]:
    made: dict[str, Any] = {"precision": precision, "stored": component.stored}
    if component.variant:
        made["variant"] = component.variant
    return made


def check_loader(ref: Reference) -> None:
    """Refuse a reference that another pack made: its parts work otherwise."""
    if ref.loader != LOADER:
        raise NodeError(
            f"the reference to {ref.source!r} was made for {ref.loader!r}; link one that"
            " diffusion.load gives"
        )


def encoder_of(model: Model) -> TextEncoder:
    """The text encoder that came with a model, exactly as :func:`load` names it."""
    return TextEncoder(
        loader=model.loader,
        source=model.source,
        part="text_encoder",
        digest=model.digest,
        family=model.options["texts"],
        options=model.options["text_encoder"],
    )


def vae_of(model: Model) -> Vae:
    """The autoencoder that came with a model, exactly as :func:`load` names it."""
    return Vae(
        loader=model.loader,
        source=model.source,
        part="vae",
        digest=model.digest,
        family=model.family,
        options=model.options["vae"],
    )
