"""Room around pictures, and the mask that says where it is: for a model to fill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Image, Mask, node

from .filters import resample
from .pixels import (
    Anchor,
    Fill,
    Length,
    check_size,
    filled,
    placed,
    premultiplied,
    same_channels,
    straight,
)

if TYPE_CHECKING:
    from torch import Tensor


Filling = Annotated[
    Literal["edge", "mirror", "color"],
    Field(description="With the outermost pixels, mirrored, or with the background."),
    ADVANCED,
]
Feather = Annotated[
    int,
    Field(ge=0, le=512, description="How far the mask reaches into the picture, in pixels."),
    ADVANCED,
]
Multiple = Annotated[
    int,
    Field(ge=1, le=256, description="Width and height become multiples of this; models ask."),
    ADVANCED,
]


class Widened(NamedTuple):
    """Pictures with room around them, and a mask that is 1 there."""

    image: Image
    mask: Mask


@node(version="1")
def outpaint(
    image: Image,
    left: Length = 0,
    top: Length = 0,
    right: Length = 0,
    bottom: Length = 0,
    feather: Feather = 16,
    multiple: Multiple = 8,
    filling: Filling = "edge",
    background: Annotated[Fill, ADVANCED] = "#808080",
) -> Widened:
    """Make room around pictures, with a mask that says where: for a model to paint on.

    The mask is 1 in the room and falls to 0 inside the picture, so that the seam is painted over.
    What a multiple lacks is added on the right and below, or else where there is room.
    """
    width, height = image.size
    left, right = _rounded(width, left, right, multiple)
    top, bottom = _rounded(height, top, bottom, multiple)
    return _widened(image.data, (left, top, right, bottom), feather, filling, background)


@node(version="1", numeric=True)
def zoom_out(
    image: Image,
    factor: Annotated[
        float, Field(gt=1, le=16, description="2 shows twice as much each way.")
    ] = 1.5,
    anchor: Annotated[Anchor, Field(description="Where the picture comes to stand.")] = "center",
    feather: Feather = 8,
    filling: Filling = "edge",
    background: Annotated[Fill, ADVANCED] = "#808080",
) -> Widened:
    """Shrink pictures inside their own size, with a mask of the room that comes free around them.

    The size stays the same, so that what a model can paint at once does.
    """
    width, height = image.size
    inner = (max(1, round(width / factor)), max(1, round(height / factor)))
    small = straight(resample(premultiplied(image.data), inner, "lanczos"))
    left, top = placed(anchor, image.size, inner)
    room = (left, top, width - inner[0] - left, height - inner[1] - top)
    return _widened(small, room, feather, filling, background)


@node(version="1")
def square(
    image: Image,
    anchor: Annotated[Anchor, Field(description="Where the picture comes to stand.")] = "center",
    feather: Feather = 16,
    multiple: Multiple = 8,
    filling: Filling = "edge",
    background: Annotated[Fill, ADVANCED] = "#808080",
) -> Widened:
    """Make pictures square by room at their shorter sides, with a mask that says where."""
    side = -(-max(image.size) // multiple) * multiple
    left, top = placed(anchor, (side, side), image.size)
    room = (left, top, side - image.size[0] - left, side - image.size[1] - top)
    return _widened(image.data, room, feather, filling, background)


def _rounded(side: int, before: int, after: int, multiple: int) -> tuple[int, int]:
    """The room before and after, with what the whole lacks to be a multiple."""
    lacking = -(side + before + after) % multiple
    return (before + lacking, after) if before and not after else (before, after + lacking)


def _widened(
    data: Tensor, room: tuple[int, int, int, int], feather: int, filling: str, background: str
) -> Widened:
    import torch

    left, top, right, bottom = room
    height, width = data.shape[1:3]
    size = (left + width + right, top + height + bottom)
    check_size(*size, len(data))
    across = _reach(width, left, right, feather)
    down = _reach(height, top, bottom, feather)
    mask = Mask(torch.maximum(down[:, None], across[None, :])[None].to(data.device))
    if filling == "color":
        pixels, ground = same_channels(data, filled(*size, background, len(data)).to(data))
        ground = ground.contiguous()
        ground[:, top : top + height, left : left + width] = pixels
        return Widened(Image(ground), mask)
    columns = _source(width, left, right, filling).to(data.device)
    rows = _source(height, top, bottom, filling).to(data.device)
    return Widened(Image(data[:, rows][:, :, columns].contiguous()), mask)


def _source(side: int, before: int, after: int, filling: str) -> Tensor:
    """For each row or column of the result, that of the picture which it shows."""
    import torch

    at = torch.arange(-before, side + after)
    if filling == "edge" or side == 1:
        return at.clamp(0, side - 1)
    # Mirrored as often as it takes: a triangle wave whose period is there and back.
    return side - 1 - (at % (2 * (side - 1)) - (side - 1)).abs()


def _reach(side: int, before: int, after: int, feather: int) -> Tensor:
    """The mask along one side: 1 in the room, falling to 0 over ``feather`` pixels."""
    import torch

    made = torch.zeros(side)
    ramp = 1 - torch.arange(1, side + 1) / (feather + 1)
    if before:
        made = torch.maximum(made, ramp.clamp(min=0))
    if after:
        made = torch.maximum(made, ramp.clamp(min=0).flip(0))
    return torch.cat((torch.ones(before), made, torch.ones(after)))
