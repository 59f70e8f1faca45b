"""Pictures out of nothing: one colour, a gradient, noise."""

import math
from typing import Annotated, Literal

from pydantic import Field

from musegraph import Context, Image, Seed, node

from .pixels import Fill, Side, check_size, filled, premultiplied, rgba, straight

Count = Annotated[int, Field(ge=1, le=1024, description="How many pictures the batch holds.")]


@node(version="1")
def color(
    width: Side = 512, height: Side = 512, color: Fill = "#808080", count: Count = 1
) -> Image:
    """Fill a picture with one colour."""
    check_size(width, height, count)
    return Image(filled(width, height, color, count))


@node(version="1", numeric=True)
def gradient(
    width: Side = 512,
    height: Side = 512,
    start: Fill = "#000000",
    end: Fill = "#ffffff",
    shape: Annotated[
        Literal["linear", "radial"],
        Field(description="Linear runs from side to side, radial from the centre to the corners."),
    ] = "linear",
    angle: Annotated[
        float, Field(ge=-360, le=360, description="0 runs to the right, 90 downwards.")
    ] = 90.0,
) -> Image:
    """Fill a picture with a gradient of two colours that reaches exactly from corner to corner."""
    import torch

    check_size(width, height)
    x = (torch.arange(width, dtype=torch.float64) + 0.5) / width * 2 - 1
    y = (torch.arange(height, dtype=torch.float64)[:, None] + 0.5) / height * 2 - 1
    x, y = x * (width / 2), y * (height / 2)
    if shape == "radial":
        share = torch.hypot(x, y) / math.hypot(width / 2, height / 2)
    else:
        cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        reach = abs(width * cosine) + abs(height * sine)
        share = (x * cosine + y * sine) / reach + 0.5
    ends = premultiplied(torch.tensor([rgba(start), rgba(end)], dtype=torch.float64))
    pixels = ends[0] + (ends[1] - ends[0]) * share.clamp(0, 1)[..., None]
    data = straight(pixels.float()[None])
    return Image(data if bool((ends[:, 3] < 1).any()) else data[..., :3].contiguous())


@node(version="1", numeric=True)
def noise(
    ctx: Context,
    width: Side = 512,
    height: Side = 512,
    seed: Seed = 0,
    colored: Annotated[bool, Field(description="Each channel by itself, or grey.")] = True,
    count: Count = 1,
) -> Image:
    """Fill a picture with noise: every value is drawn evenly from 0 to 1."""
    import torch

    check_size(width, height, count)
    shape = (count, height, width, 3 if colored else 1)
    data = torch.rand(shape, generator=ctx.generator(seed))
    return Image(data.expand(count, height, width, 3).contiguous())
