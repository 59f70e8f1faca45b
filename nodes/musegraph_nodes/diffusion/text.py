"""Texts as a denoiser reads them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from musegraph import Conditioning, Context, TextEncoder, node

from .families import family_of
from .references import check_loader


@node(version="1", numeric=True, uses="device")
def encode_text(
    encoder: TextEncoder,
    text: Annotated[
        str,
        Field(description="What is to be seen.", json_schema_extra={"multiline": True}),
    ],
    ctx: Context,
    clip_skip: Annotated[
        int,
        Field(ge=0, le=11, description="How many last layers to leave out; some models want it."),
    ] = 0,
) -> Conditioning:
    """Encode a text for a sampler.

    The hidden states of CLIP (https://arxiv.org/abs/2103.00020) as Stable Diffusion reads them,
    ``embeds`` [1,L,D] with L tokens, padded; what is longer is cut off, and said.
    """
    check_loader(encoder)
    part, rests = family_of(encoder).encode(encoder, text, ctx, clip_skip)
    if rests:
        # The one with the most room sees all that the others see, so its end is what is lost.
        rest = min(rests, key=len)
        ctx.warn(f"the text is too long for the model, which does not see: {rest}")
    return Conditioning((part,), encoder.family)
