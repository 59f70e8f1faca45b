"""Pictures enlarged by a net, tile by tile, so that memory does not grow with the picture."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from musegraph import ADVANCED, Context, Image, ModelSource, NodeError, node
from musegraph_nodes.image.filters import resample
from musegraph_nodes.image.pixels import check_size
from musegraph_nodes.image.tiling import Grid, assemble

from .loader import reference

if TYPE_CHECKING:
    from torch import Tensor


FRUGAL = 128
"""Pixels of a tile's side where memory ran out, or half the picture if that is less."""

_FADE = 0.5
"""Share of an overlap in which tiles fade; what lies beyond saw too little around it."""


Tile = Annotated[
    int,
    Field(ge=0, le=4096, description="Side of a tile of the picture, in pixels; 0: whole."),
    ADVANCED,
]


@node(version="1", numeric=True, uses="device", frugal="in smaller tiles")
def upscale(
    image: Image,
    source: Annotated[
        ModelSource,
        Field(
            description="A .safetensors file (ESRGAN, Real-ESRGAN, SRVGGNetCompact), or a folder"
            " with Swin2SR.",
            json_schema_extra={"models": ["upscaler"]},
        ),
    ],
    ctx: Context,
    tile: Tile = 256,
    overlap: Annotated[
        int,
        Field(ge=0, le=512, description="Pixels that tiles share; more hides where they meet."),
        ADVANCED,
    ] = 32,
    precision: Annotated[
        Literal["auto", "float32", "float16", "bfloat16"],
        Field(description="Of the arithmetic. auto: float32 on the CPU, float16 on a GPU."),
        ADVANCED,
    ] = "auto",
) -> Image:
    """Enlarge pictures with a net; by how much, its file says: mostly 2 or 4 times.

    The picture goes through the net in tiles that overlap and blend, and the result is put together
    in host memory. Transparency is enlarged by Lanczos' filter. image.resize brings the result to
    another size; image.scale enlarges without a net.
    """
    import torch

    ref = reference(source, precision, ctx)
    scale = int(ref.options["scale"])
    width, height = image.size
    check_size(width * scale, height * scale, len(image.data))
    if tile and overlap * 2 > tile:
        raise NodeError(
            f"an overlap of {overlap} pixels is more than half a tile of {tile}; set it lower, or"
            " the tile larger"
        )
    side = _side(image.size, tile, ctx.frugal)
    overlap = min(overlap, side // 4) if ctx.frugal else overlap
    colours = _colours(image.data)
    with ctx.load(ref) as net, torch.no_grad():
        made = _enlarged(net, colours, scale, side, overlap, ctx)
    if image.data.shape[-1] == 4:
        alpha = resample(image.data[..., 3:].cpu(), (width * scale, height * scale), "lanczos")
        made = torch.cat((made, alpha.clamp(0, 1)), dim=-1)
    return Image(made)


def _side(size: tuple[int, int], tile: int, frugal: bool) -> int:
    """The side of a tile: what was asked for, less where memory ran out."""
    side = tile or max(size)
    return max(16, min(side, FRUGAL, max(size) // 2)) if frugal else side


def _enlarged(net: Any, data: Tensor, scale: int, side: int, overlap: int, ctx: Context) -> Tensor:
    """[B,H,W,3] in host memory, one picture and one tile after the other."""
    import torch

    width, height = data.shape[2], data.shape[1]
    if max(width, height) > side and net.align > 1:
        # Tiles begin where the net's own blocks of pixels do, or it would see other blocks.
        data = _extended(data, net.align)
        side = max(1, side // net.align) * net.align
    grid = Grid.of((data.shape[2], data.shape[1]), side, overlap, net.align)
    total = len(data) * len(grid)
    dtype = next(net.parameters()).dtype

    def tile(first: int, place: int) -> Tensor:
        ctx.progress(first + place, total)
        picture = first // len(grid)
        row, column = divmod(place, len(grid.columns))
        x, y = grid.columns[column], grid.rows[row]
        part = data[picture : picture + 1, y : y + grid.tile[1], x : x + grid.tile[0]]
        planes = part.permute(0, 3, 1, 2).to(device=ctx.device, dtype=dtype)
        made: Tensor = net(planes).float().clamp(0, 1).permute(0, 2, 3, 1).cpu()
        return made

    larger, per = grid.enlarged(scale), len(grid)
    whole = [assemble(larger, partial(tile, index * per), _FADE) for index in range(len(data))]
    ctx.progress(total, total)
    made = whole[0] if len(whole) == 1 else torch.cat(whole)
    return made[:, : height * scale, : width * scale].contiguous()


def _extended(data: Tensor, multiple: int) -> Tensor:
    """Pictures that go on at their right and lower edges up to a multiple."""
    import torch

    height, width = data.shape[1:3]
    rows = torch.arange(height + -height % multiple).clamp(max=height - 1).to(data.device)
    columns = torch.arange(width + -width % multiple).clamp(max=width - 1).to(data.device)
    return data[:, rows][:, :, columns]


def _colours(data: Tensor) -> Tensor:
    """[B,H,W,3]; pixels that nobody sees take the colour of the nearest seen one.

    What they hold is often black, which would bleed into the edges of what is seen.
    """
    import torch
    from scipy import ndimage

    colours = data[..., :3]
    if data.shape[-1] == 3 or bool((data[..., 3] > 0).all()):
        return colours
    made = []
    for one in data:
        unseen = (one[..., 3] <= 0).cpu().numpy()
        if unseen.all():
            made.append(one[..., :3])
            continue
        rows, columns = ndimage.distance_transform_edt(
            unseen, return_distances=False, return_indices=True
        )
        made.append(one[torch.from_numpy(rows).long(), torch.from_numpy(columns).long(), :3])
    return torch.stack(made)
