"""Textures: pictures that repeat without a visible seam."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field

from musegraph import Image, Mask, Number, node

from .pixels import check_size, premultiplied, straight

if TYPE_CHECKING:
    from torch import Tensor

Turned = Annotated[float, Field(ge=-1, le=1)]


class Wrapped(NamedTuple):
    """Moved pictures, and a mask over what used to be their edges."""

    image: Image
    mask: Mask


class Seams(NamedTuple):
    """How strong the seams are where a picture repeats to the right, and downwards."""

    across: Number
    down: Number


@node(version="1")
def wrap(
    image: Image,
    x: Annotated[Turned, Field(description="To the right, as a share of the width.")] = 0.5,
    y: Annotated[Turned, Field(description="Downwards, as a share of the height.")] = 0.5,
    seam: Annotated[
        int, Field(ge=0, le=4096, description="How wide the mask over the old edges is, in pixels.")
    ] = 32,
) -> Wrapped:
    """Move pictures so that what leaves on one side comes in on the other.

    By half each way the edges meet in the middle, where a seam is seen and, with the mask, painted
    over. The same with −x and −y undoes it exactly.
    """
    import torch

    width, height = image.size
    right, down = round(x * width), round(y * height)
    moved = image.data.roll((down, right), (1, 2))
    over = torch.maximum(_over(height, down, seam)[:, None], _over(width, right, seam)[None, :])
    return Wrapped(Image(moved), Mask(over[None].to(moved.device)))


@node(version="1")
def repeat(
    image: Image,
    columns: Annotated[int, Field(ge=1, le=64, description="Side by side.")] = 2,
    rows: Annotated[int, Field(ge=1, le=64, description="Below each other.")] = 2,
) -> Image:
    """Lay a picture out several times without a gap, to see whether it repeats without a seam."""
    width, height = image.size
    check_size(width * columns, height * rows, len(image.data))
    return Image(image.data.repeat(1, rows, columns, 1))


@node(version="1", numeric=True)
def seamless(
    image: Image,
    overlap: Annotated[
        float, Field(gt=0, le=0.5, description="How much cross-fades, as a share of the side.")
    ] = 0.25,
    direction: Annotated[
        Literal["both", "horizontal", "vertical"], Field(description="Which edges are to meet.")
    ] = "both",
) -> Image:
    """Make pictures repeat without a seam: one edge fades into the other, which shortens them.

    The result is smaller by the overlap. It suits grass, stone and clouds; where shapes cross the
    edge, image.wrap and painting over its mask does better.
    """
    data = premultiplied(image.data)
    if direction != "vertical":
        data = _joined(data, 2, overlap)
    if direction != "horizontal":
        data = _joined(data, 1, overlap)
    return Image(straight(data).contiguous())


@node(version="1", numeric=True)
def seams(image: Image) -> Seams:
    """Measure seams: the step from one edge to the other, over that between neighbours inside.

    About 1 or less and no seam is seen; a picture that was not made to repeat has several times
    that. Steps below one level of 8 bits count as one.
    """
    data = premultiplied(image.data)
    return Seams(_seam(data, 2), _seam(data, 1))


def _over(side: int, moved: int, seam: int) -> Tensor:
    """1 within half a seam of where the old edge came to lie; nothing if it did not move."""
    import torch

    at = moved % side
    if at == 0:
        return torch.zeros(side)
    distance = (torch.arange(side) + 0.5 - at).abs()
    return (distance.minimum(side - distance) < seam / 2).float()


def _joined(data: Tensor, dim: int, overlap: float) -> Tensor:
    """The end of a side faded into its beginning."""
    side = data.shape[dim]
    over = min(round(side * overlap), side // 2)
    if over == 0:
        return data
    rest = data.narrow(dim, 0, side - over).clone()
    share = (data.new_tensor(range(over)) + 0.5) / over
    share = share.reshape([-1 if at == dim else 1 for at in range(4)])
    begin, end = data.narrow(dim, 0, over), data.narrow(dim, side - over, over)
    rest.narrow(dim, 0, over).copy_(end + share * (begin - end))
    return rest


def _seam(data: Tensor, dim: int) -> float:
    side = data.shape[dim]
    if side < 2:
        return 0.0
    edge = (data.narrow(dim, 0, 1) - data.narrow(dim, side - 1, 1)).abs().mean()
    inside = data.diff(dim=dim).abs().mean()
    return float(edge / inside.clamp(min=1 / 255))
