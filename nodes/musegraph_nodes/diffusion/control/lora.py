"""Putting a LoRA on a model: small trained changes, at a strength, several one after another."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Context, Model, ModelSource, Patch, TextEncoder, node
from musegraph_nodes.diffusion.references import check_loader, encoder_of

from .blocks import read_blocks
from .lora_files import file_of, header_of

Strength = Annotated[float, Field(ge=-20, le=20, description="1 is as trained; 0 changes nothing.")]


class WithLora(NamedTuple):
    """The parts of a model with a LoRA on them."""

    model: Model
    text_encoder: TextEncoder


@node(version="1", title="LoRA")
def lora(
    model: Model,
    source: Annotated[
        ModelSource,
        Field(
            description="One .safetensors file of a LoRA: kohya, diffusers, peft or LyCORIS.",
            json_schema_extra={"models": ["lora"]},
        ),
    ],
    ctx: Context,
    text_encoder: Annotated[
        TextEncoder | None, Field(description="Without one, that of the model.")
    ] = None,
    strength: Strength = 1.0,
    clip_strength: Annotated[
        float,
        Field(ge=-20, le=20, description="The strength in the text encoder."),
        ADVANCED,
    ] = 1.0,
    blocks: Annotated[
        str,
        Field(
            description="Strengths of blocks, times the strength: IN04:0.5, M00:0, OUT03-05:1.2,"
            " or a row of 12, 17, 20 or 26 numbers. Empty: all 1."
        ),
        ADVANCED,
    ] = "",
) -> WithLora:
    """Put a LoRA on a model and its text encoder (https://arxiv.org/abs/2106.09685).

    Chain several to mix them. The weights of the model stay as they are: the change is made while
    the model is used, and taken back. Also LoCon, LoHa, LoKr, DoRA and full differences.
    """
    check_loader(model)
    found = ctx.weights(source)
    header_of(file_of(found.path, source), source)
    options = {"kind": "lora"} | ({"blocks": known} if (known := read_blocks(blocks)) else {})
    one = Patch(source=source, digest=found.digest, strength=strength, options=options)
    both = one.model_copy(update={"options": options | {"clip": clip_strength}})
    made = model.model_copy(update={"patches": (*model.patches, both)})
    if text_encoder is None:
        return WithLora(made, encoder_of(made))
    check_loader(text_encoder)
    words = one.model_copy(update={"strength": clip_strength})
    patches = (*text_encoder.patches, words)
    return WithLora(made, text_encoder.model_copy(update={"patches": patches}))
