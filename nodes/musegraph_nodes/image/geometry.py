"""Size, place and direction of pictures."""

import math
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Image, Integer, NodeError, node

from .filters import Method, resample
from .pixels import (
    Anchor,
    Fill,
    Length,
    Offset,
    Side,
    check_size,
    described,
    filled,
    placed,
    premultiplied,
    same_channels,
    straight,
)


class Size(NamedTuple):
    """Width and height in pixels, and how many pictures."""

    width: Integer
    height: Integer
    pictures: Integer


@node(version="1")
def size(image: Image) -> Size:
    """Measure a picture: width and height in pixels, and how many pictures the batch holds."""
    width, height = image.size
    return Size(width, height, len(image.data))


@node(version="1", numeric=True)
def resize(
    image: Image,
    width: Side,
    height: Side,
    fit: Annotated[
        Literal["stretch", "contain", "cover", "pad"],
        Field(
            description="Stretch to the size; contain: as large as fits inside; cover: fill it and "
            "cut the rest off; pad: contain, and fill the rest with the background."
        ),
    ] = "cover",
    method: Annotated[Method, Field(description="The resampling filter."), ADVANCED] = "lanczos",
    background: Annotated[Fill, ADVANCED] = "#000000",
) -> Image:
    """Resample pictures to a width and height, without aliasing where they become smaller."""
    check_size(width, height, len(image.data))
    if fit == "stretch":
        return _resampled(image, (width, height), method)
    if fit == "cover":
        return _resampled(image, (width, height), method, _cover(image.size, (width, height)))
    share = min(width / image.size[0], height / image.size[1])
    inner = tuple(max(1, round(side * share)) for side in image.size)
    made = _resampled(image, (min(inner[0], width), min(inner[1], height)), method)
    if fit == "contain":
        return made
    left, top = placed("center", (width, height), made.size)
    return _framed(made, (width, height), (left, top), background)


@node(version="1", numeric=True)
def scale(
    image: Image,
    factor: Annotated[float, Field(gt=0, le=64, description="2 doubles width and height.")] = 2.0,
    method: Annotated[Method, Field(description="The resampling filter.")] = "lanczos",
) -> Image:
    """Resample pictures by a factor."""
    width, height = (max(1, round(side * factor)) for side in image.size)
    check_size(width, height, len(image.data))
    return _resampled(image, (width, height), method)


@node(version="1")
def crop(
    image: Image,
    width: Side,
    height: Side,
    x: Annotated[Offset, Field(description="How far right of the anchor, in pixels.")] = 0,
    y: Annotated[Offset, Field(description="How far below the anchor, in pixels.")] = 0,
    anchor: Annotated[Anchor, Field(description="Where the box stands at x = y = 0.")] = "top left",
) -> Image:
    """Cut a box out of pictures."""
    left, top = placed(anchor, image.size, (width, height))
    left, top = left + x, top + y
    if left < 0 or top < 0 or left + width > image.size[0] or top + height > image.size[1]:
        raise NodeError(
            f"a box of {width}×{height} at {left}, {top} does not lie inside a picture of "
            f"{described(image.data)}; make it smaller, move it, or enlarge with image.pad"
        )
    return Image(image.data[:, top : top + height, left : left + width].contiguous())


@node(version="1")
def pad(
    image: Image,
    left: Length = 0,
    top: Length = 0,
    right: Length = 0,
    bottom: Length = 0,
    filling: Annotated[
        Literal["color", "edge", "mirror"],
        Field(description="With the background, with the outermost pixels, or mirrored."),
    ] = "color",
    background: Fill = "#000000",
) -> Image:
    """Add a border to pictures."""
    import torch.nn.functional as F

    width, height = image.size
    whole = (width + left + right, height + top + bottom)
    check_size(*whole, len(image.data))
    if filling == "color":
        return _framed(image, whole, (left, top), background)
    if filling == "mirror" and (max(left, right) >= width or max(top, bottom) >= height):
        raise NodeError(f"a mirrored border is narrower than the picture ({described(image.data)})")
    mode = {"edge": "replicate", "mirror": "reflect"}[filling]
    planes = F.pad(image.data.permute(0, 3, 1, 2), (left, right, top, bottom), mode=mode)
    return Image(planes.permute(0, 2, 3, 1).contiguous())


@node(version="1")
def flip(
    image: Image, direction: Literal["horizontal", "vertical", "both"] = "horizontal"
) -> Image:
    """Mirror pictures: left for right, top for bottom, or both."""
    axes = {"horizontal": [2], "vertical": [1], "both": [1, 2]}[direction]
    return Image(image.data.flip(axes))


@node(version="1", numeric=True)
def rotate(
    image: Image,
    degrees: Annotated[float, Field(ge=-360, le=360, description="Clockwise.")] = 90.0,
    expand: Annotated[bool, Field(description="Enlarge, so that no corner is cut off.")] = True,
    background: Fill = "#000000",
) -> Image:
    """Turn pictures clockwise; quarter turns are exact, others bicubic with soft edges."""
    quarters = degrees / 90
    width, height = image.size
    if quarters.is_integer() and (expand or quarters % 2 == 0 or width == height):
        return Image(image.data.rot90(-int(quarters), (1, 2)).contiguous())
    return _turned(image, math.radians(degrees), expand, background)


def _resampled(
    image: Image,
    size: tuple[int, int],
    method: str,
    window: tuple[float, float, float, float] | None = None,
) -> Image:
    if size == image.size and window is None:
        return image
    if method == "nearest":
        return Image(resample(image.data, size, method, window).contiguous())
    return Image(straight(resample(premultiplied(image.data), size, method, window)))


def _cover(
    inner: tuple[int, int], outer: tuple[int, int]
) -> tuple[float, float, float, float] | None:
    """The middle of ``inner`` that has the shape of ``outer``; None if that is all of it."""
    width, height = inner
    if width * outer[1] == height * outer[0]:
        return None
    wide = min(width, height * outer[0] / outer[1])
    high = min(height, width * outer[1] / outer[0])
    return (width - wide) / 2, (height - high) / 2, wide, high


def _framed(image: Image, size: tuple[int, int], at: tuple[int, int], background: str) -> Image:
    """The pictures on a larger ground."""
    ground = filled(*size, background, len(image.data)).to(image.data)
    data, ground = same_channels(image.data, ground)
    left, top = at
    width, height = image.size
    ground = ground.contiguous()
    ground[:, top : top + height, left : left + width] = data
    return Image(ground)


def _turned(image: Image, angle: float, expand: bool, background: str) -> Image:
    import torch
    import torch.nn.functional as F

    width, height = image.size
    cosine, sine = math.cos(angle), math.sin(angle)
    wide, high = width, height
    if expand:
        wide = math.ceil(abs(width * cosine) + abs(height * sine) - 1e-6)
        high = math.ceil(abs(width * sine) + abs(height * cosine) - 1e-6)
        check_size(wide, high, len(image.data))
    x = torch.arange(wide) + 0.5 - wide / 2
    y = torch.arange(high)[:, None] + 0.5 - high / 2
    across = (x * cosine + y * sine) * (2 / width)
    down = (y * cosine - x * sine) * (2 / height)
    places = torch.stack((across, down), dim=-1).to(image.data)

    data, ground = same_channels(image.data, filled(wide, high, background).to(image.data))
    # The last plane tells where the picture is at all: its edges come out soft.
    planes = torch.cat((premultiplied(data), torch.ones_like(data[..., :1])), -1)
    places = places.expand(len(data), -1, -1, -1)
    made = F.grid_sample(planes.permute(0, 3, 1, 2), places, "bicubic", "zeros", False)
    made = made.permute(0, 2, 3, 1)
    below = premultiplied(ground) * (1 - made[..., -1:].clamp(0, 1))
    return Image(straight(made[..., :-1] + below).contiguous())
