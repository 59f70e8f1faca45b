"""Masks read as shapes: their holes, their pieces, the box around them, and a colour picked out."""

import math
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from musegraph import Image, Integer, Mask, NodeError, node

from .pixels import Color, Share, rgba

if TYPE_CHECKING:
    from torch import Tensor

Level = Annotated[Share, Field(description="From here on a pixel belongs to the shape.")]


class Box(NamedTuple):
    """A box in pixels: its upper left corner, its width and its height."""

    x: Integer
    y: Integer
    width: Integer
    height: Integer


@node(version="1")
def mask_fill_holes(
    mask: Mask,
    largest: Annotated[
        int, Field(ge=0, description="Pixels of the largest hole that is filled; 0 fills all.")
    ] = 0,
    level: Level = 0.5,
) -> Mask:
    """Fill what a mask surrounds: holes that no way leads out of become 1."""
    import torch
    from scipy import ndimage

    data = mask.data.clone()
    for index, shape in enumerate((mask.data >= level).cpu().numpy()):
        holes = ndimage.binary_fill_holes(shape) & ~shape
        if largest:
            numbered, count = ndimage.label(holes)
            areas = ndimage.sum_labels(holes, numbered, range(count + 1))
            holes &= (areas <= largest)[numbered]
        data[index][torch.from_numpy(holes).to(data.device)] = 1
    return Mask(data)


@node(version="1", numeric=True)
def mask_from_color(
    image: Image,
    color: Color = "#00ff00",
    tolerance: Annotated[
        Share, Field(description="How far from it a colour may be; black and white are 1 apart.")
    ] = 0.1,
    softness: Annotated[
        Share, Field(description="Over what further distance the mask falls to 0.")
    ] = 0.0,
) -> Mask:
    """Pick a colour out of a picture: 1 where it is near, by the distance of sRGB values."""
    wanted = image.data.new_tensor(rgba(color)[:3])
    distance = (image.data[..., :3] - wanted).square().mean(dim=-1).sqrt()
    if softness == 0:
        return Mask((distance <= tolerance).to(image.data.dtype))
    return Mask(((tolerance + softness - distance) / softness).clamp(0, 1))


@node(version="1")
def mask_box(
    mask: Mask,
    margin: Annotated[
        int, Field(ge=0, le=4096, description="Wider on every side by so many pixels.")
    ] = 0,
    level: Level = 0.5,
) -> Box:
    """Measure the smallest box that holds all of a mask, cut at the edges of the picture."""
    found = bounds((mask.data >= level).any(dim=0))
    if found is None:
        raise NodeError(f"the mask is nowhere {level:g} or more, so there is no box around it")
    height, width = mask.data.shape[1:]
    left, top, right, bottom = found
    left, top = max(left - margin, 0), max(top - margin, 0)
    right, bottom = min(right + margin, width), min(bottom + margin, height)
    return Box(left, top, right - left, bottom - top)


@node(version="1")
def mask_pieces(
    mask: Mask,
    smallest: Annotated[
        int, Field(ge=1, description="Pixels of the smallest piece that counts.")
    ] = 16,
    most: Annotated[int, Field(ge=1, le=1000, description="How many pieces at most.")] = 32,
    level: Level = 0.5,
) -> list[Mask]:
    """List the pieces of a mask one by one, the largest first; pieces touch in no corner.

    So each face of a crowd can be cut out, made anew and put back by itself. Of a batch, all masks
    count together.
    """
    import torch
    from scipy import ndimage

    whole = mask.data.amax(dim=0)
    numbered, count = ndimage.label((whole >= level).cpu().numpy(), structure=[[1] * 3] * 3)
    labels = torch.from_numpy(numbered).to(whole.device)
    areas = torch.bincount(labels.flatten(), minlength=count + 1).tolist()
    order = sorted(range(1, count + 1), key=lambda label: (-areas[label], label))
    kept = [label for label in order if areas[label] >= smallest][:most]
    return [Mask((whole * (labels == label))[None]) for label in kept]


def bounds(shape: "Tensor") -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of what is true in [H,W]; None if nothing is."""
    rows, columns = shape.any(dim=1).nonzero(), shape.any(dim=0).nonzero()
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def depth(mask: "Tensor") -> "Tensor":
    """How far inside each pixel of masks [B,H,W] lies: the distance to the nearest 0, in pixels.

    The edge of the picture is no edge of the mask; where nothing is 0 the distance is infinite.
    """
    import torch
    from scipy import ndimage

    inside = (mask > 0).cpu().numpy()
    made = [
        torch.full(one.shape, math.inf)
        if one.all()
        else torch.from_numpy(ndimage.distance_transform_edt(one)).float()
        for one in inside
    ]
    return torch.stack(made).to(mask.device)
