"""Colour and sharpness: adjustments that leave every pixel in its place."""

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from musegraph import Image, Mask, NodeError, node

from .filters import gaussian
from .pixels import (
    LUMA,
    Color,
    Share,
    check_size,
    described,
    over_color,
    premultiplied,
    same_batch,
    same_channels,
    straight,
)

if TYPE_CHECKING:
    from torch import Tensor

Factor = Annotated[float, Field(ge=0, le=10, description="1 changes nothing.")]
Radius = Annotated[
    float, Field(ge=0, le=512, description="Standard deviation of the Gaussian, in pixels.")
]

# The shares and the rotation that W3C Filter Effects 1 gives for saturate() and hue-rotate().
_SHARES = (0.213, 0.715, 0.072)
_COSINE = ((0.787, -0.715, -0.072), (-0.213, 0.285, -0.072), (-0.213, -0.715, 0.928))
_SINE = ((-0.213, -0.715, 0.928), (0.143, 0.140, -0.283), (-0.787, 0.715, 0.072))


@node(version="1", numeric=True)
def adjust(
    image: Image,
    brightness: Factor = 1.0,
    contrast: Factor = 1.0,
    saturation: Factor = 1.0,
    hue: Annotated[float, Field(ge=-180, le=180, description="Turned by, in degrees.")] = 0.0,
    gamma: Annotated[
        float, Field(ge=0.1, le=10, description="Above 1 lightens the middle tones.")
    ] = 1.0,
) -> Image:
    """Adjust gamma, brightness, contrast, saturation and hue, as W3C Filter Effects 1 defines."""
    colour = image.data[..., :3]
    if gamma != 1:
        colour = colour.pow(1 / gamma)
    if brightness != 1:
        colour = (colour * brightness).clamp(0, 1)
    if contrast != 1:
        colour = ((colour - 0.5) * contrast + 0.5).clamp(0, 1)
    if saturation != 1:
        grey = (colour * colour.new_tensor(_SHARES)).sum(dim=-1, keepdim=True)
        colour = (grey + (colour - grey) * saturation).clamp(0, 1)
    if hue:
        cosine, sine = math.cos(math.radians(hue)), math.sin(math.radians(hue))
        matrix = colour.new_tensor([_SHARES] * 3)
        matrix += colour.new_tensor(_COSINE) * cosine + colour.new_tensor(_SINE) * sine
        colour = (colour @ matrix.T).clamp(0, 1)
    return _coloured(image, colour)


@node(version="1", numeric=True)
def to_grayscale(image: Image) -> Image:
    """Take the colour out: brightness is 0.2126 R + 0.7152 G + 0.0722 B (ITU-R BT.709)."""
    colour = image.data[..., :3]
    grey = (colour * colour.new_tensor(LUMA)).sum(dim=-1, keepdim=True)
    return _coloured(image, grey.clamp(0, 1).expand(*grey.shape[:3], 3))


@node(version="1")
def invert(image: Image) -> Image:
    """Turn light into dark and each colour into its opposite; transparency stays."""
    return _coloured(image, 1 - image.data[..., :3])


@node(version="1", numeric=True)
def blur(image: Image, radius: Radius = 4.0) -> Image:
    """Blur with a Gaussian of the given radius."""
    return Image(straight(gaussian(premultiplied(image.data), radius)))


@node(version="1", numeric=True)
def sharpen(
    image: Image,
    amount: Annotated[float, Field(ge=0, le=10)] = 0.8,
    radius: Radius = 1.5,
    threshold: Annotated[
        Share, Field(description="Differences up to this stay as they are, so that noise does.")
    ] = 0.0,
) -> Image:
    """Sharpen by an unsharp mask: x + amount · (x − blurred x)."""
    soft = straight(gaussian(premultiplied(image.data), radius))[..., :3]
    colour = image.data[..., :3]
    detail = colour - soft
    if threshold > 0:
        detail = detail.where(detail.abs() > threshold, detail * 0)
    return _coloured(image, (colour + amount * detail).clamp(0, 1))


@node(version="1", numeric=True)
def blend(
    a: Image,
    b: Image,
    amount: Annotated[Share, Field(description="0 is all a, 1 is all b.")] = 0.5,
) -> Image:
    """Cross-fade two pictures of one size: (1 − amount) · a + amount · b."""
    if a.size != b.size:
        raise NodeError(
            f"a is {described(a.data)} and b is {described(b.data)}; image.resize makes them agree"
        )
    first, second = same_channels(*same_batch(a.data, b.data, "a and b"))
    mixed = premultiplied(first) * (1 - amount) + premultiplied(second) * amount
    check_size(*a.size, len(mixed))
    return Image(straight(mixed))


@node(version="1", numeric=True)
def match_colors(
    image: Image,
    reference: Annotated[Image, Field(description="Whose colours it takes on; of the same size.")],
    mask: Annotated[
        Mask | None, Field(description="What is not compared, because it is to be different.")
    ] = None,
    amount: Annotated[Share, Field(description="How much of the change is made.")] = 1.0,
) -> Image:
    """Give a picture the colours of another: mean and spread of each channel (Reinhard 2001).

    After a model has painted a part anew, its tones match what lies around it again. They are
    measured where the mask is 0, and the whole picture is changed; transparency stays.
    """
    if image.size != reference.size:
        raise NodeError(
            f"the picture is {described(image.data)} and the reference"
            f" {described(reference.data)}; image.resize makes them agree"
        )
    data, wanted = same_batch(image.data, reference.data, "the picture and the reference")
    seen = data.new_ones(1, *data.shape[1:3])
    if mask is not None:
        if mask.data.shape[1:] != data.shape[1:3]:
            raise NodeError(
                f"the mask is {described(mask.data)} and the picture {described(data)};"
                " image.mask_resize makes them agree"
            )
        seen = 1 - mask.data.to(data)
    data, seen = same_batch(data, seen, "the picture and the mask")
    mean, spread = _measured(data[..., :3], seen)
    goal, wide = _measured(wanted[..., :3].expand(len(data), -1, -1, -1), seen)
    changed = (data[..., :3] - mean) * (wide / spread.clamp(min=1e-4)) + goal
    colour = data[..., :3] + amount * (changed - data[..., :3])
    return _coloured(Image(data), colour.clamp(0, 1))


@node(version="1", numeric=True)
def flatten_alpha(image: Image, background: Color = "#ffffff") -> Image:
    """Lay pictures on a colour, so that nothing shows through and three channels are left."""
    return Image(over_color(image.data, background))


def _measured(colour: "Tensor", seen: "Tensor") -> "tuple[Tensor, Tensor]":
    """Mean and standard deviation of each channel [B,1,1,3], of seen pixels; of all if none is."""
    weights = seen[..., None]
    total = weights.sum(dim=(1, 2), keepdim=True)
    weights = weights.where(total > 0, weights * 0 + 1)
    total = weights.sum(dim=(1, 2), keepdim=True)
    mean = (colour * weights).sum(dim=(1, 2), keepdim=True) / total
    spread = ((colour - mean).square() * weights).sum(dim=(1, 2), keepdim=True) / total
    return mean, spread.sqrt()


def _coloured(image: Image, colour: "Tensor") -> Image:
    """The pictures in other colours, with their own alpha."""
    import torch

    if image.data.shape[-1] == 3:
        return Image(colour.contiguous())
    return Image(torch.cat((colour, image.data[..., 3:]), dim=-1))
