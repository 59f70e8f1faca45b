"""Edges: hard ones by Canny's method, soft ones from several scales."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from musegraph import ADVANCED, Image, NodeError, node
from musegraph_nodes.image.filters import gaussian

from .planes import connected, opaque, shifted, shown

if TYPE_CHECKING:
    from torch import Tensor


@node(version="1", numeric=True)
def canny(
    image: Image,
    low: Annotated[
        float, Field(ge=0, le=2040, description="An edge goes on down to this gradient.")
    ] = 100.0,
    high: Annotated[
        float, Field(ge=0, le=2040, description="An edge begins from this gradient on.")
    ] = 200.0,
    blur: Annotated[
        float,
        Field(
            ge=0, le=32, description="Standard deviation of a Gaussian against noise, in pixels."
        ),
    ] = 0.0,
) -> Image:
    """Draw edges one pixel wide, white on black (Canny 1986).

    Gradients by Sobel's masks in the channel where they are strongest, |dx| + |dy|; only what is
    largest across the edge stays; from each strong pixel the edge goes on over weak ones. Gradients
    are in levels of 8 bits, and without a blur the result is that of OpenCV's ``Canny``.
    """
    if low > high:
        raise NodeError(
            f"low is {low:g} and high {high:g}: an edge cannot go on where it could not begin;"
            " set low below high"
        )
    # To the 64th of a level, so that what is equal in 8 bits is equal here, and sums are exact.
    levels = (gaussian(opaque(image), blur) * (255 * 64)).round() / 64
    across, down, strength = _strongest(levels)
    edge = _ridge(across, down, strength) & (strength > low)
    return shown(connected(edge, edge & (strength > high)).float())


@node(version="1", numeric=True)
def soft_edges(
    image: Image,
    finest: Annotated[
        float,
        Field(gt=0, le=32, description="Standard deviation of the smallest Gaussian, in pixels."),
        ADVANCED,
    ] = 1.0,
    scales: Annotated[
        int,
        Field(ge=1, le=6, description="How many, each twice as coarse as the one before."),
        ADVANCED,
    ] = 3,
    strength: Annotated[
        float, Field(gt=0, le=20, description="Above 1 weaker edges come out too.")
    ] = 1.0,
    levels: Annotated[
        int,
        Field(ge=0, le=64, description="Steps of brightness, so that no texture hides; 0 is all."),
        ADVANCED,
    ] = 0,
) -> Image:
    """Draw edges softly, strong ones brighter and wider, white on black; no net is involved.

    It stands in for the maps of HED and PiDiNet where a ControlNet wants soft edges: gradients of
    Gaussians of several scales, normalised by the scale (Lindeberg 1998), each g² / (g² + k²).
    """
    data = opaque(image)
    knee = 0.12 / strength
    total = data.new_zeros(data.shape[:3])
    for index in range(scales):
        sigma = finest * 2**index
        gradient = (_gradient(gaussian(data, sigma)) * sigma).square()
        total += gradient / (gradient + knee * knee)
    made = total / scales
    if levels > 1:
        made = (made * (levels - 1)).round() / (levels - 1)
    return shown(made)


def _strongest(data: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Sobel's gradients across and down and |dx| + |dy|, in the strongest channel, each [B,H,W]."""
    import torch.nn.functional as F

    planes = F.pad(data.permute(3, 0, 1, 2), (1, 1, 1, 1), mode="replicate")
    rows = planes[..., :-2, :] + 2 * planes[..., 1:-1, :] + planes[..., 2:, :]
    columns = planes[..., :-2] + 2 * planes[..., 1:-1] + planes[..., 2:]
    across = rows[..., 2:] - rows[..., :-2]
    down = columns[..., 2:, :] - columns[..., :-2, :]
    strength = across.abs() + down.abs()
    x, y, most = across[0], down[0], strength[0]
    for channel in (1, 2):
        better = strength[channel] > most
        x, y = across[channel].where(better, x), down[channel].where(better, y)
        most = strength[channel].where(better, most)
    return x, y, most


def _ridge(across: Tensor, down: Tensor, strength: Tensor) -> Tensor:
    """Where the gradient is largest along its own direction, of which there are four."""
    flat = math.tan(math.pi / 8)
    x, y = across.abs(), down.abs()
    level, steep = y < x * flat, y > x * (flat + 2)
    rising = across * down < 0  # the gradient points to the upper right or the lower left

    def above(one: tuple[int, int], other: tuple[int, int], strict: bool) -> Tensor:
        ahead = shifted(strength, *other)
        after = strength > ahead if strict else strength >= ahead
        return (strength > shifted(strength, *one)) & after

    slanted = above((-1, 1), (1, -1), True).where(rising, above((-1, -1), (1, 1), True))
    upright = above((-1, 0), (1, 0), False).where(steep, slanted)
    return above((0, -1), (0, 1), False).where(level, upright)


def _gradient(data: Tensor) -> Tensor:
    """The length of the gradient [B,H,W] by central differences, in the strongest channel."""
    import torch.nn.functional as F

    planes = F.pad(data.permute(0, 3, 1, 2), (1, 1, 1, 1), mode="replicate")
    across = (planes[..., 1:-1, 2:] - planes[..., 1:-1, :-2]) / 2
    down = (planes[..., 2:, 1:-1] - planes[..., :-2, 1:-1]) / 2
    return (across.square() + down.square()).sqrt().amax(dim=1)
