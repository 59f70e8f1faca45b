"""Masks: drawn, taken from pictures, changed, combined. 1 means act here."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from musegraph import Image, Mask, NodeError, node

from .filters import Method, gaussian, resample
from .pixels import LUMA, Offset, Share, Side, check_size, same_batch, with_alpha

if TYPE_CHECKING:
    from torch import Tensor


@node(version="1", numeric=True)
def to_mask(
    image: Image,
    channel: Annotated[
        Literal["brightness", "alpha", "red", "green", "blue"],
        Field(description="Alpha is 1 where the picture is opaque."),
    ] = "brightness",
) -> Mask:
    """Make a mask of a picture's brightness (ITU-R BT.709) or of one of its channels."""
    if channel == "brightness":
        colour = image.data[..., :3]
        return Mask((colour * colour.new_tensor(LUMA)).sum(dim=-1).clamp(0, 1))
    at = ("red", "green", "blue", "alpha").index(channel)
    return Mask(with_alpha(image.data)[..., at].contiguous())


@node(version="1")
def from_mask(mask: Mask) -> Image:
    """Make a grey picture of a mask: white where it is 1."""
    return Image(mask.data[..., None].expand(*mask.data.shape, 3).contiguous())


@node(version="1")
def set_alpha(image: Image, mask: Mask) -> Image:
    """Let pictures show only where a mask is 1: it becomes their transparency."""
    import torch

    if image.data.shape[1:3] != mask.data.shape[1:3]:
        raise NodeError(
            f"the mask is {_described(mask)} and the picture {image.size[0]}×{image.size[1]}; "
            "image.mask_resize makes them agree"
        )
    data, shape = same_batch(image.data[..., :3], mask.data, "the picture and the mask")
    return Image(torch.cat((data, shape[..., None]), dim=-1))


@node(version="1")
def mask_rectangle(
    width: Side = 512,
    height: Side = 512,
    x: Annotated[Offset, Field(description="Left edge of the rectangle.")] = 128,
    y: Annotated[Offset, Field(description="Upper edge of the rectangle.")] = 128,
    box_width: Side = 256,
    box_height: Side = 256,
) -> Mask:
    """Draw a rectangle as a mask of width × height."""
    import torch

    check_size(width, height)
    data = torch.zeros(1, height, width)
    data[:, max(y, 0) : max(y + box_height, 0), max(x, 0) : max(x + box_width, 0)] = 1
    return Mask(data)


@node(version="1", numeric=True)
def mask_ellipse(
    width: Side = 512,
    height: Side = 512,
    x: Annotated[float, Field(description="Of its centre, from the left.")] = 256.0,
    y: Annotated[float, Field(description="Of its centre, from the top.")] = 256.0,
    radius_x: Annotated[float, Field(gt=0, description="Half its width.")] = 128.0,
    radius_y: Annotated[float, Field(gt=0, description="Half its height.")] = 128.0,
) -> Mask:
    """Draw an ellipse as a mask of width × height, with edges one pixel soft."""
    import torch

    check_size(width, height)
    across = (torch.arange(width, dtype=torch.float64) + 0.5 - x)[None, :]
    down = (torch.arange(height, dtype=torch.float64) + 0.5 - y)[:, None]
    # The distance to the edge to first order: the implicit function over its gradient.
    near = torch.hypot(across / radius_x, down / radius_y)
    slope = torch.hypot(across / radius_x**2, down / radius_y**2).clamp(min=1e-12)
    distance = near * (near - 1) / slope
    inside = (0.5 - distance).clamp(0, 1).where(near > 1e-6, torch.ones_like(near))
    return Mask(inside.float()[None])


@node(version="1")
def mask_invert(mask: Mask) -> Mask:
    """Exchange inside and outside of a mask: 1 − m."""
    return Mask(1 - mask.data)


@node(version="1")
def mask_grow(
    mask: Mask,
    pixels: Annotated[
        int, Field(ge=-256, le=256, description="How far the edge moves; below 0 it shrinks.")
    ] = 8,
) -> Mask:
    """Grow a mask by a round brush, or shrink it (grey-scale dilation and erosion by a disk)."""
    if pixels >= 0:
        return Mask(dilated(mask.data, pixels))
    return Mask(1 - dilated(1 - mask.data, -pixels))


@node(version="1", numeric=True)
def mask_feather(
    mask: Mask,
    radius: Annotated[
        float, Field(ge=0, le=512, description="Standard deviation of the Gaussian, in pixels.")
    ] = 8.0,
) -> Mask:
    """Soften the edge of a mask with a Gaussian."""
    return Mask(gaussian(mask.data[..., None], radius)[..., 0].clamp(0, 1))


@node(version="1")
def mask_threshold(
    mask: Mask, level: Annotated[Share, Field(description="From here on it is 1.")] = 0.5
) -> Mask:
    """Make a mask hard: 1 where it reaches a level, 0 elsewhere."""
    return Mask((mask.data >= level).to(mask.data.dtype))


@node(version="1")
def mask_combine(
    a: Mask,
    b: Mask,
    how: Annotated[
        Literal["union", "intersection", "difference", "exclusion"],
        Field(description="In a or b; in both; in a but not in b; in exactly one."),
    ] = "union",
) -> Mask:
    """Combine two masks of one size: max, min, min(a, 1 − b) or |a − b|."""
    if a.data.shape[1:] != b.data.shape[1:]:
        raise NodeError(
            f"a is {_described(a)} and b is {_described(b)}; image.mask_resize makes them agree"
        )
    first, second = same_batch(a.data, b.data, "a and b")
    if how == "union":
        return Mask(first.maximum(second))
    if how == "intersection":
        return Mask(first.minimum(second))
    if how == "difference":
        return Mask(first.minimum(1 - second))
    return Mask((first - second).abs())


@node(version="1", numeric=True)
def mask_resize(mask: Mask, width: Side, height: Side, method: Method = "bilinear") -> Mask:
    """Resample a mask to a width and height."""
    check_size(width, height, len(mask.data))
    data = resample(mask.data[..., None], (width, height), method)
    return Mask(data[..., 0].clamp(0, 1).contiguous())


def _described(mask: Mask) -> str:
    return f"{mask.data.shape[2]}×{mask.data.shape[1]}"


def dilated(data: "Tensor", radius: int) -> "Tensor":
    """The largest value within a disk around each pixel.

    The disk is a stack of runs, one for each row. The maximum over a run of any length is that of
    two overlapping runs of a power of two, and those come from one another by doubling.
    """
    import torch
    import torch.nn.functional as F

    if radius == 0:
        return data
    height, width = data.shape[1:]
    padded = F.pad(data, (radius, radius, radius, radius))
    runs = [padded]
    while 2 ** len(runs) <= 2 * radius + 1:
        shift = 2 ** (len(runs) - 1)
        runs.append(torch.maximum(runs[-1][..., :-shift], runs[-1][..., shift:]))
    result = torch.zeros_like(data)
    for down in range(-radius, radius + 1):
        half = int((radius * radius - down * down) ** 0.5)
        length = 2 * half + 1
        power = length.bit_length() - 1
        rows = runs[power][:, radius + down : radius + down + height]
        left, right = radius - half, radius + half + 1 - 2**power
        ends = torch.maximum(rows[..., left : left + width], rows[..., right : right + width])
        result = torch.maximum(result, ends)
    return result
