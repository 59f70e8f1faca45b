"""Nodes `autoregressive.draw` and `autoregressive.complete`: pictures, token after token."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from musegraph import Context, Image, node

from .ports import (
    Asked,
    Count,
    FirstSeed,
    Guidance,
    Prompt,
    Temperature,
    TopK,
    TopP,
    Writer,
    Written,
)

_FRUGAL = "with one picture at a time in the model"


@node(version="1", title="Write a picture", numeric=True, uses="device", frugal=_FRUGAL)
def draw(
    model: Writer,
    ctx: Context,
    prompt: Prompt = "",
    count: Count = 1,
    guidance: Guidance = 5.0,
    temperature: Temperature = 1.0,
    top_k: TopK = 0,
    top_p: TopP = 1.0,
    seed: FirstSeed = 0,
) -> Written:
    """Write pictures token after token, as DALL·E did (https://arxiv.org/abs/2102.12092).

    The model reads the prompt and all tokens before, says how likely each code is to follow, and
    one is drawn. Each picture's draws come from its own seed alone.
    """
    from .writing import written

    seeds = tuple(seed + number for number in range(count))
    return written(Asked(ctx, model, prompt, seeds, guidance, temperature, top_k, top_p))


@node(version="1", title="Complete a picture", numeric=True, uses="device", frugal=_FRUGAL)
def complete(
    model: Writer,
    image: Annotated[
        Image, Field(description="Its largest square is taken; each of a batch is gone on with.")
    ],
    ctx: Context,
    keep: Annotated[
        float, Field(ge=0, le=1, description="How much of it, from above; 0 keeps nothing.")
    ] = 0.5,
    prompt: Prompt = "",
    count: Count = 1,
    guidance: Guidance = 5.0,
    temperature: Temperature = 1.0,
    top_k: TopK = 0,
    top_p: TopP = 1.0,
    seed: FirstSeed = 0,
) -> Written:
    """Keep the upper rows of a picture, and let a model write what is below them.

    What is kept becomes tokens too, so it is seen as the model sees it: ImageGPT in its few
    colours, Janus through its codebook.
    """
    from .writing import written

    seeds = tuple(seed + number for number in range(count * len(image.data)))
    asked = Asked(ctx, model, prompt, seeds, guidance, temperature, top_k, top_p)
    return written(asked, image, keep)
