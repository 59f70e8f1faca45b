"""Pictures split into tiles and merged again: so that a model works on a large one piece by piece.

Between the two a list travels, and each node maps over it: split, encode, sample, decode, merge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from musegraph import Image, Integer, Media, NodeError, node

from .pixels import check_size, described, with_alpha
from .tiling import Grid, assemble

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False, slots=True)
class Tiling(Media):
    """Where the tiles of a picture lie: its size, theirs, and where columns and rows begin."""

    whole: tuple[int, int]
    tile: tuple[int, int]
    columns: tuple[int, ...]
    rows: tuple[int, ...]


class Tiles(NamedTuple):
    """The tiles row by row, their numbers from 0, and where they lie."""

    tiles: list[Image]
    numbers: list[Integer]
    tiling: Tiling


@node(version="1")
def split_tiles(
    image: Image,
    tile: Annotated[
        int, Field(ge=32, le=8192, description="Side of a tile in pixels: what the model knows.")
    ] = 512,
    overlap: Annotated[
        int, Field(ge=0, le=4096, description="Pixels shared with the next tile, at least.")
    ] = 64,
) -> Tiles:
    """Split pictures into tiles that overlap, row by row; image.merge_tiles puts them together.

    Nodes in between work on one tile after another. ``numbers`` added to a seed gives each tile a
    noise of its own. All tiles have one size: a side that is shorter than a tile is taken whole.
    """
    if overlap * 2 > tile:
        raise NodeError(
            f"an overlap of {overlap} pixels is more than half a tile of {tile}; a quarter is usual"
        )
    grid = Grid.of(image.size, tile, overlap)
    wide, high = grid.tile
    made = [
        Image(image.data[:, y : y + high, x : x + wide].contiguous())
        for y in grid.rows
        for x in grid.columns
    ]
    tiling = Tiling(grid.whole, grid.tile, grid.columns, grid.rows)
    return Tiles(made, list(range(len(made))), tiling)


@node(version="1", numeric=True)
def merge_tiles(tiles: list[Image], tiling: Tiling) -> Image:
    """Merge tiles into the picture that they were split from, cross-fading where they overlap.

    Tiles that were not touched give back exactly the picture. Tiles may all have been enlarged by a
    whole factor; then so is the picture.
    """
    count = len(tiling.rows) * len(tiling.columns)
    if len(tiles) != count:
        raise NodeError(
            f"there are {len(tiles)} tiles, and the picture was split into {count}; link both from"
            " one image.split_tiles"
        )
    factor = _factor(tiles, tiling)
    alpha = any(tile.data.shape[-1] == 4 for tile in tiles)
    grid = Grid(tiling.whole, tiling.tile, tiling.columns, tiling.rows).enlarged(factor)
    first = tiles[0].data
    check_size(*grid.whole, len(first))

    def tile(number: int) -> Tensor:
        data = tiles[number].data.to(first)
        return with_alpha(data) if alpha else data

    return Image(assemble(grid, tile).clamp(0, 1))


def _factor(tiles: list[Image], tiling: Tiling) -> int:
    """By how much all tiles were enlarged."""
    wide, high = tiling.tile
    factor = max(1, round(tiles[0].size[0] / wide))
    for number, tile in enumerate(tiles, 1):
        if tile.size != (wide * factor, high * factor):
            raise NodeError(
                f"tile {number} is {described(tile.data)} and was split as {wide}×{high}; all of"
                " them keep that size, or are enlarged by one whole factor"
            )
        if len(tile.data) != len(tiles[0].data):
            raise NodeError(
                f"tile {number} holds {len(tile.data)} pictures and the first"
                f" {len(tiles[0].data)}; as many are merged as were split"
            )
    return factor
