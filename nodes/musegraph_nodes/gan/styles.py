"""Nodes `gan.styles` and `gan.mix`: styles by seeds, and of two a third."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from musegraph import ADVANCED, Context, NodeError, Seed, node

from .ports import Model, Styles, same_kind

_MOST_SEEDS = 2**53


@node(version="1", title="Styles by seed", numeric=True, uses="device")
def styles(
    model: Model,
    ctx: Context,
    count: Annotated[int, Field(ge=1, le=1024, description="How many.")] = 1,
    seed: Annotated[Seed, Field(description="Style i of a batch is that of the seed + i.")] = 0,
    truncation: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="1: as they come; less brings them nearer to the mean, so that pictures"
            " are better and more alike; 0 is the mean itself.",
        ),
    ] = 0.7,
    until: Annotated[
        int,
        Field(ge=0, le=64, description="The last layer that is truncated; 0: all are."),
        ADVANCED,
    ] = 0,
) -> Styles:
    """Draw styles of a generator: each is a picture that it can make.

    What is drawn is brought nearer to the mean of all styles (the truncation trick, psi) in the
    first layers, up to one, or in all.
    """
    import torch

    layers = int(model.options["layers"])
    with ctx.load(model) as net, torch.no_grad():
        made = []
        for at in range(count):
            ctx.progress(at, count)
            own = ctx.generator((seed + at) % _MOST_SEEDS)
            # One by one, so that a style is the same to the bit alone and in a batch.
            drawn = torch.randn(1, net.layout.draws, generator=own)
            made.append(net.mapped(drawn.to(ctx.device)).cpu())
        mean = net.mean.cpu()
    ctx.progress(count, count)
    every = torch.cat(made)[:, None].repeat(1, layers, 1)
    end = min(until, layers) or layers
    every[:, :end] = mean.lerp(every[:, :end], truncation)
    return Styles(every)


@node(version="1", title="Mix styles", numeric=True)
def mix(
    coarse: Annotated[Styles, Field(description="What is large: pose, shape, composition.")],
    fine: Annotated[Styles, Field(description="What is small: colours, light, surfaces.")],
    layer: Annotated[
        int,
        Field(
            ge=0,
            le=64,
            description="How many layers are those of coarse; 4 change only what is largest.",
        ),
    ] = 4,
    pairs: Annotated[
        Literal["one by one", "each with each"],
        Field(
            description="one by one: the first with the first, and so on, one of a kind with all;"
            " each with each: row by row, all of fine for each of coarse."
        ),
    ] = "one by one",
) -> Styles:
    """Take the first layers of some styles and the others of others."""
    import torch

    same_kind(coarse, fine, "fine")
    if layer > coarse.layers:
        raise NodeError(
            f"port 'layer': the styles have {coarse.layers} layers, and {layer} is more than that"
        )
    one, other = coarse.data, fine.data
    if pairs == "each with each":
        rows, columns = len(one), len(other)
        one, other = one.repeat_interleave(columns, 0), other.repeat(rows, 1, 1)
    elif len(one) != len(other):
        if 1 not in (len(one), len(other)):
            raise NodeError(
                f"there are {len(one)} coarse styles and {len(other)} fine ones; give as many of"
                " both, one of either, or set pairs to each with each"
            )
        count = max(len(one), len(other))
        one, other = one.expand(count, -1, -1), other.expand(count, -1, -1)
    return Styles(torch.cat((one[:, :layer], other[:, layer:]), 1).contiguous())
