"""Texts as a denoiser reads them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from musegraph import ADVANCED, Conditioning, Context, TextEncoder, node

from .prompts.names import Weighting
from .references import check_loader

if TYPE_CHECKING:
    from .prompts.grammar import Prompt


ClipSkip = Annotated[
    int,
    Field(ge=0, le=11, description="How many last layers to leave out; some models want it."),
    ADVANCED,
]


@node(version="2", numeric=True, uses="device")
def encode_text(
    encoder: TextEncoder,
    text: Annotated[
        str,
        Field(
            description="What is to be seen. (more:1.2), [less], [first:then:0.5], [in|turns],"
            " BREAK; a backslash before a bracket keeps it.",
            json_schema_extra={"multiline": True},
        ),
    ],
    ctx: Context,
    clip_skip: ClipSkip = 0,
    weighting: Annotated[
        Weighting,
        Field(
            description="How (more:1.2) counts: keep mean as in A1111, from empty as in ComfyUI;"
            " off takes brackets as they are written."
        ),
        ADVANCED,
    ] = "keep mean",
    steps: Annotated[
        int,
        Field(ge=0, le=1000, description="Those of the sampler, for [a:b:12] and [a|b]; else 0."),
        ADVANCED,
    ] = 0,
) -> Conditioning:
    """Encode a prompt for a sampler.

    The hidden states of CLIP (https://arxiv.org/abs/2103.00020) as Stable Diffusion reads them,
    ``embeds`` [1,L,D] with L tokens, padded. What is longer than the model takes at once is read
    in chunks, and so is what BREAK parts. A prompt that changes on the way gives a part for each
    of its texts.
    """
    from .families import family_of
    from .prompts.grammar import literal, parse
    from .prompts.schedule import timeline
    from .prompts.weighting import encode

    check_loader(encoder)
    prompt = literal(text) if weighting == "off" else parse(text)
    told = dict.fromkeys([*prompt.warnings(), *_left(prompt)])
    parts = []
    for spans, ranges in timeline(prompt, steps):
        part, more = encode(family_of(encoder), encoder, spans, weighting, clip_skip, ctx)
        parts.append(replace(part, ranges=ranges))
        told |= dict.fromkeys(more)
    for sentence in told:
        ctx.warn(sentence)
    return Conditioning(tuple(parts), encoder.family)


def _left(prompt: Prompt) -> list[str]:
    """What a prompt asks for that is not done here, in sentences."""
    from .prompts.grammar import Choice, Lora

    told = []
    for item in prompt.walk():
        if isinstance(item, Lora):
            told.append(
                f"<lora:{item.name}:{item.strength:g}> is taken out of the text and changes nothing"
                " by itself; diffusion.lora puts a LoRA on the model"
            )
        elif isinstance(item, Choice):
            told.append(
                f"the choice at character {item.at} stands as it is written;"
                " diffusion.prompt_wildcards makes it by a seed"
            )
    return told
