"""Opening a model: references to its parts, made from JSON and headers alone."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Context, Model, ModelSource, TextEncoder, Vae, node

_OWN = "A file or folder of its own, in place of what is in the source."
OwnText = Annotated[
    ModelSource | None,
    Field(description=_OWN, json_schema_extra={"advanced": True, "models": ["text_encoder"]}),
]
OwnVae = Annotated[
    ModelSource | None,
    Field(description=_OWN, json_schema_extra={"advanced": True, "models": ["vae"]}),
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
        ADVANCED,
    ] = "auto",
    prediction: Annotated[
        Literal["auto", "epsilon", "v_prediction"],
        Field(description="What it was trained to say; auto is right unless a file leaves it out."),
        ADVANCED,
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
    from .layouts.opening import opened

    named = {
        "text_encoder": text_encoder,
        "text_encoder_2": text_encoder_2,
        "text_encoder_3": text_encoder_3,
        "vae": vae,
    }
    return Parts(*opened(source, named, precision, prediction, ctx))
