"""A part of a picture, cut out by a mask to be made anew, and stitched back.

Outside the mask every pixel of the result is the very pixel of the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Image, Mask, Media, NodeError, node

from .filters import resample
from .mask_tools import bounds, depth
from .masks import dilated
from .pixels import check_size, described, premultiplied, same_batch, straight

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False, slots=True)
class Region(Media):
    """Where a part was cut out of a picture, and how much of it goes back: ``weights`` [B,h,w].

    ``left`` and ``top`` may lie outside the picture, whose size is ``whole``.
    """

    weights: Tensor
    left: int
    top: int
    whole: tuple[int, int]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the box in pixels of the picture."""
        return int(self.weights.shape[2]), int(self.weights.shape[1])


class CutOut(NamedTuple):
    """The part, its mask, and where it belongs."""

    image: Image
    mask: Mask
    region: Region


Multiple = Annotated[
    int,
    Field(ge=1, le=256, description="Width and height are multiples of this; models ask."),
    ADVANCED,
]


@node(version="1", numeric=True)
def cut_out(
    image: Image,
    mask: Annotated[Mask, Field(description="What is to be made anew; as large as the picture.")],
    context: Annotated[
        float,
        Field(ge=0, le=8, description="Surroundings on each side, as a share of the longer side."),
    ] = 0.5,
    size: Annotated[
        int,
        Field(
            ge=0, le=8192, description="The longer side of what is cut out; 0 leaves it as it is."
        ),
    ] = 0,
    multiple: Multiple = 8,
    grow: Annotated[
        int,
        Field(ge=0, le=256, description="The mask is made wider first, in pixels."),
        ADVANCED,
    ] = 0,
    feather: Annotated[
        int,
        Field(ge=0, le=512, description="How softly it goes back, in pixels inwards."),
        ADVANCED,
    ] = 8,
) -> CutOut:
    """Cut out what a mask shows, with surroundings, for a model to make anew; image.stitch follows.

    The box can be brought to the size that a model was trained for, so that a small face is painted
    as finely as a large one. Of a batch, one box holds all masks.
    """
    if mask.data.shape[1:] != image.data.shape[1:3]:
        raise NodeError(
            f"the mask is {described(mask.data)} and the picture {described(image.data)};"
            " image.mask_resize makes them agree"
        )
    shape = dilated(mask.data, grow)
    found = bounds((shape > 0).any(dim=0))
    if found is None:
        raise NodeError("the mask is empty, so there is nothing to cut out; paint where to act")
    (left, top, width, height), goal = _box(found, image.size, context, size, multiple)
    check_size(*goal, len(image.data))
    weights = shape if feather == 0 else shape * (depth(shape) / (feather + 1)).clamp(max=1)
    rows, columns = _inside(top, height, image.size[1]), _inside(left, width, image.size[0])
    part, hole = image.data[:, rows][:, :, columns], shape[:, rows][:, :, columns]
    if goal != (width, height):
        part = straight(resample(premultiplied(part), goal, "lanczos"))
        hole = resample(hole[..., None], goal, "bilinear")[..., 0].clamp(0, 1)
    region = Region(weights[:, rows][:, :, columns].contiguous(), left, top, image.size)
    return CutOut(Image(part.contiguous()), Mask(hole.contiguous()), region)


@node(version="1", numeric=True)
def stitch(
    image: Annotated[Image, Field(description="The picture that the parts were cut out of.")],
    parts: Annotated[list[Image], Field(description="What was made of each part.")],
    regions: Annotated[list[Region], Field(description="Where each belongs, in the same order.")],
) -> Image:
    """Put parts back where they were cut out, softly and inside the mask; the rest stays exact.

    A part of another size is resampled first. Parts that overlap are laid over each other in order.
    """
    if len(parts) != len(regions):
        raise NodeError(
            f"there are {len(parts)} parts for {len(regions)} regions; link both from one"
            " image.cut_out, in the same order"
        )
    made = image.data
    for part, region in zip(parts, regions, strict=True):
        if region.whole != image.size:
            wide, high = region.whole
            raise NodeError(
                f"the region was cut out of a picture of {wide}×{high} and this one is"
                f" {described(image.data)}; link the picture that went into image.cut_out"
            )
        made = _stitched(made, part.data, region)
    return Image(made.contiguous())


def _box(
    found: tuple[int, int, int, int],
    whole: tuple[int, int],
    context: float,
    longer: int,
    multiple: int,
) -> tuple[tuple[int, int, int, int], tuple[int, int]]:
    """Left, top, width and height of the box, and the size that it is brought to."""
    left, top, right, bottom = found
    margin = 2 * context * max(right - left, bottom - top)
    sides = [min(right - left + margin, whole[0]), min(bottom - top + margin, whole[1])]
    factor = longer / max(sides) if longer else 1.0
    wide, high = (math.ceil(round(side * factor, 6) / multiple) * multiple for side in sides)
    width, height = math.ceil(wide / factor), math.ceil(high / factor)
    x = _start((left + right - width) // 2, width, whole[0])
    y = _start((top + bottom - height) // 2, height, whole[1])
    return (x, y, width, height), (wide, high)


def _start(wanted: int, side: int, whole: int) -> int:
    """Where a side begins so that it lies inside; one that is too long stands out evenly."""
    return (whole - side) // 2 if side > whole else min(max(wanted, 0), whole - side)


def _inside(start: int, side: int, whole: int) -> Tensor:
    """Rows or columns of a box; outside the picture its outermost ones go on."""
    import torch

    return torch.arange(start, start + side).clamp(0, whole - 1)


def _stitched(base: Tensor, part: Tensor, region: Region) -> Tensor:
    width, height = region.size
    if (part.shape[2], part.shape[1]) != (width, height):
        part = straight(resample(premultiplied(part), (width, height), "lanczos"))
    base, part = same_batch(base, part, "the picture and the part")
    base, weights = same_batch(base, region.weights, "the picture and the mask")
    x0, y0 = max(region.left, 0), max(region.top, 0)
    x1 = min(region.left + width, base.shape[2])
    y1 = min(region.top + height, base.shape[1])
    columns = slice(x0 - region.left, x1 - region.left)
    rows = slice(y0 - region.top, y1 - region.top)
    share = weights[:, rows, columns, None]
    # A part without transparency leaves that of the picture alone.
    channels = min(base.shape[-1], part.shape[-1])
    new = part.expand(len(base), *part.shape[1:])[:, rows, columns, :channels]
    made = base.clone()
    old = made[:, y0:y1, x0:x1, :channels]
    mixed = (old + share * (new - old)).clamp(0, 1).where(share < 1, new)
    made[:, y0:y1, x0:x1, :channels] = mixed.where(share > 0, old)
    return made
