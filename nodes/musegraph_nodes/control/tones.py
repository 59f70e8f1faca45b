"""Tones and colours: what a picture is like when its detail, its colour or its order is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field

from musegraph import Context, Image, NodeError, Seed, node
from musegraph_nodes.image.filters import resample
from musegraph_nodes.image.pixels import Share

from .planes import grey, opaque, shown

if TYPE_CHECKING:
    from torch import Tensor

_ROUNDS = 20
_MOST = 1 << 17
_TO_Y = (0.2126729, 0.7151522, 0.0721750)
"""Shares of linear red, green and blue in Y of CIE XYZ (IEC 61966-2-1)."""


class Palette(NamedTuple):
    """The picture in few colours, and these colours side by side, the commonest first."""

    image: Image
    colors: Image


@node(version="1", numeric=True)
def threshold(
    image: Image,
    method: Annotated[
        Literal["level", "otsu"],
        Field(description="By the level, or by what parts dark from light best (Otsu 1979)."),
    ] = "level",
    level: Annotated[Share, Field(description="From this brightness on it is white.")] = 0.5,
) -> Image:
    """Make a picture black and white."""
    plane = grey(image)
    if method == "level":
        return shown((plane >= level).float())
    return shown((plane >= _otsu(plane).reshape(-1, 1, 1)).float())


@node(version="1", numeric=True)
def luminance(
    image: Image,
    of: Annotated[
        Literal["luma", "lightness", "value"],
        Field(
            description="Brightness (BT.709), lightness as the eye sees it (CIE L*), or the largest"
            " channel (V of HSV)."
        ),
    ] = "lightness",
    gamma: Annotated[
        float, Field(ge=0.1, le=10, description="Above 1 lightens the middle tones.")
    ] = 1.0,
) -> Image:
    """Take the colour out, for a model to put another in: the map of recolouring ControlNets."""
    data = opaque(image)
    if of == "luma":
        plane = grey(image)
    elif of == "value":
        plane = data.amax(dim=-1)
    else:
        plane = _lightness(data)
    return shown(plane.clamp(0, 1) if gamma == 1 else plane.clamp(0, 1).pow(1 / gamma))


@node(version="1", numeric=True)
def color_grid(
    image: Image,
    cell: Annotated[int, Field(ge=2, le=1024, description="Side of a square, in pixels.")] = 64,
) -> Image:
    """Lay a picture out in squares of its mean colours: the map of colour T2I-Adapters.

    Where a side is no multiple of the cell, the squares are a little wider or narrower.
    """
    data = opaque(image)
    width, height = image.size
    squares = (max(1, round(width / cell)), max(1, round(height / cell)))
    return Image(resample(resample(data, squares, "area"), image.size, "nearest").contiguous())


@node(version="1", numeric=True)
def palette(
    image: Image,
    colors: Annotated[int, Field(ge=2, le=64, description="How many colours are left.")] = 8,
) -> Palette:
    """Reduce a picture to few flat colours, and show them: k-means from a median cut.

    Distances are those of sRGB values; each picture of a batch has its own colours.
    """
    import torch

    flat, rows = [], []
    for data in opaque(image):
        pixels = data.reshape(-1, 3)
        some = pixels[:: -(-len(pixels) // _MOST)]  # enough to know the colours by
        centres = _means(some, _median_cut(some, colors))
        nearest = _nearest(pixels, centres)
        counts = torch.bincount(nearest, minlength=len(centres))
        flat.append(centres[nearest].reshape(data.shape))
        row = centres[counts.argsort(descending=True, stable=True)]
        rows.append(torch.cat((row, row[-1:].expand(colors - len(row), 3))))
    swatches = torch.stack(rows)[:, None].repeat_interleave(32, 1).repeat_interleave(32, 2)
    return Palette(Image(torch.stack(flat)), Image(swatches.contiguous()))


@node(version="1", numeric=True)
def tile(
    image: Image,
    factor: Annotated[
        float, Field(ge=1, le=64, description="How much smaller it is made on the way.")
    ] = 4.0,
) -> Image:
    """Take the detail out, and keep the size: smaller by area, then larger again, bicubic.

    It is the map of tile ControlNets, which put detail of their own in its place.
    """
    data = opaque(image)
    small = tuple(max(1, round(side / factor)) for side in image.size)
    if small == image.size:
        return Image(data)
    made = resample(resample(data, (small[0], small[1]), "area"), image.size, "bicubic")
    return Image(made.clamp(0, 1))


@node(version="1", numeric=True)
def shuffle(
    image: Image,
    ctx: Context,
    seed: Seed = 0,
    cell: Annotated[
        int, Field(ge=4, le=4096, description="Size of what moves together, in pixels.")
    ] = 256,
) -> Image:
    """Stir a picture, so that colours and style stay and the content goes.

    Each pixel shows the picture at a place that smooth noise says; noise is drawn on the CPU.
    """
    import torch
    import torch.nn.functional as F

    data = opaque(image)
    width, height = image.size
    coarse = (max(2, -(-height // cell) + 1), max(2, -(-width // cell) + 1))
    noise = torch.rand((1, *coarse, 2), generator=ctx.generator(seed)).to(data)
    smooth = resample(noise, image.size, "bicubic")
    low, high = smooth.amin(dim=(1, 2), keepdim=True), smooth.amax(dim=(1, 2), keepdim=True)
    places = ((smooth - low) / (high - low).clamp(min=1e-6) * 2 - 1).expand(len(data), -1, -1, -1)
    made = F.grid_sample(data.permute(0, 3, 1, 2), places, "bilinear", "border", True)
    return Image(made.permute(0, 2, 3, 1).clamp(0, 1).contiguous())


def _otsu(plane: Tensor) -> Tensor:
    """For each of [B,H,W], the brightness that parts it into two with the least variance inside.

    Where several part it equally well, the middle of them.
    """
    import torch

    levels = torch.arange(256, dtype=torch.float64)
    found = []
    for one in plane:
        counts = torch.histc(one.cpu() * 255, 256, -0.5, 255.5).double()
        below = counts.cumsum(0)
        above = below[-1] - below
        sums = (counts * levels).cumsum(0)
        means = sums / below.clamp(min=1), (sums[-1] - sums) / above.clamp(min=1)
        between = below * above * (means[0] - means[1]).square()
        if float(between.max()) <= 0:
            raise NodeError("the picture is of one brightness, which nothing parts; set a level")
        best = (between >= between.max() * (1 - 1e-12)).nonzero().double()
        found.append(float(best.mean() + 0.5) / 255)
    return plane.new_tensor(found)


def _lightness(data: Tensor) -> Tensor:
    """L* of CIE 1976 over 100, of sRGB values [...,3]."""
    linear = (data / 12.92).where(data <= 0.04045, ((data + 0.055) / 1.055).pow(2.4))
    y = (linear * linear.new_tensor(_TO_Y)).sum(dim=-1)
    cube = y.clamp(min=0).pow(1 / 3)
    return (116 * cube.where(y > 216 / 24389, (24389 / 27 * y + 16) / 116) - 16) / 100


def _median_cut(pixels: Tensor, colors: int) -> Tensor:
    """Means of boxes of pixels, each cut at the median of its widest channel (Heckbert 1982)."""
    import torch

    boxes = [pixels]
    while len(boxes) < colors:
        spans = [float((box.amax(0) - box.amin(0)).max()) for box in boxes]
        widest = spans.index(max(spans))
        if spans[widest] == 0:
            break
        box = boxes.pop(widest)
        channel = (box.amax(0) - box.amin(0)).argmax()
        order = box[:, channel].argsort(stable=True)
        boxes += [box[order[: len(box) // 2]], box[order[len(box) // 2 :]]]
    return torch.stack([box.mean(0) for box in boxes])


def _means(pixels: Tensor, centres: Tensor) -> Tensor:
    """Lloyd's rounds of k-means; a centre that loses all its pixels stays where it was."""
    import torch

    for _ in range(_ROUNDS):
        nearest = _nearest(pixels, centres)
        counts = torch.bincount(nearest, minlength=len(centres))[:, None]
        sums = torch.zeros_like(centres).index_add_(0, nearest, pixels)
        moved = (sums / counts.clamp(min=1)).where(counts > 0, centres)
        if moved.equal(centres):
            break
        centres = moved
    return centres


def _nearest(pixels: Tensor, centres: Tensor) -> Tensor:
    import torch

    parts = [torch.cdist(part, centres).argmin(dim=1) for part in pixels.split(1 << 16)]
    return torch.cat(parts)
