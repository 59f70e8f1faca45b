"""Nodes `gan.directions` and `gan.move`: what a generator changes most, found in its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from musegraph import Context, NodeError, node

from .ports import Batch, Directions, FirstLayer, LastLayer, Model, Styles, stretch

if TYPE_CHECKING:
    from torch import Tensor

_DRAWS = 2048
"""Styles by which it is measured how far they spread along a direction."""


@node(version="1", title="Find directions", numeric=True, uses="device")
def directions(
    model: Model,
    ctx: Context,
    count: Annotated[int, Field(ge=1, le=512, description="How many, the strongest first.")] = 10,
    first: FirstLayer = 0,
    last: LastLayer = 0,
) -> Directions:
    """Find the directions in which a change of style changes pictures most.

    Semantic factorisation in closed form (Shen and Zhou 2021, https://arxiv.org/abs/2007.06600):
    the eigenvectors of the weights by which the layers read a style. The first layers alone give
    changes of pose and shape, the last ones of colours. gan.move goes along them.
    """
    import torch

    from .nets import many_of

    begin, end = stretch(first, last, int(model.options["layers"]))
    with ctx.load(model) as net, torch.no_grad():
        read = [one.double().cpu() for layer in net.modulations()[begin:end] for one in layer]
        found = factorised(torch.cat(read))[:count].float()
        spread = (many_of(net, _DRAWS).cpu() @ found.T).std(0)
    return Directions(found.contiguous(), spread, begin + 1, end)


def factorised(weights: Tensor) -> Tensor:
    """The eigenvectors [D,D] of AᵀA for weights A [N,D], that of the largest value first.

    Of the two ends of each the one is taken along which its largest number grows.
    """
    import torch

    found: Tensor = torch.linalg.eigh(weights.T @ weights).eigenvectors.T.flip(0)
    largest = found.gather(1, found.abs().argmax(1, keepdim=True))
    return found * largest.sign()


@node(version="1", title="Move styles", numeric=True)
def move(
    styles: Batch,
    directions: Annotated[Directions, Field(description="From gan.directions.")],
    direction: Annotated[int, Field(ge=1, le=512, description="Which: 1 is the strongest.")] = 1,
    amount: Annotated[
        float,
        Field(
            ge=-20,
            le=20,
            description="By how many deviations of all styles; below 0 the other way. A list makes"
            " a row of pictures.",
        ),
    ] = 2.0,
    first: FirstLayer = 0,
    last: LastLayer = 0,
) -> Styles:
    """Move styles along a direction, in the layers that it was found in or in others.

    With ``first`` and ``last`` 0 those are taken in which gan.directions looked for it.
    """
    if direction > len(directions.data):
        raise NodeError(
            f"port 'direction': {len(directions.data)} directions were found, and number"
            f" {direction} is asked for; set the count of gan.directions higher"
        )
    own = directions.data[direction - 1]
    if own.shape[0] != styles.data.shape[2]:
        raise NodeError(
            f"port 'directions': they are for styles of {own.shape[0]} numbers, and these have"
            f" {styles.data.shape[2]}; link directions of the same generator"
        )
    begin, end = stretch(first or directions.first, last or directions.last, styles.layers)
    made = styles.data.clone()
    made[:, begin:end] += own * directions.spread[direction - 1] * amount
    return Styles(made)
