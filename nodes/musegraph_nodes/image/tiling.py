"""Pictures in tiles that overlap: where tiles lie, and how they are laid over each other.

Tiles of a row are laid into a strip from left to right, and strips over each other from top to
bottom, each by a weight that rises from 0 to 1 where it lies over what is there already. So weights
add up to one, a result needs no more memory than itself and a strip, and tiles that agree where
they overlap give back exactly what they were cut from: x + w · (x − x) is x.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Grid:
    """Where tiles lie: the size of the whole and of a tile, where columns and rows begin."""

    whole: tuple[int, int]
    tile: tuple[int, int]
    columns: tuple[int, ...]
    rows: tuple[int, ...]

    @classmethod
    def of(cls, whole: tuple[int, int], tile: int, overlap: int, align: int = 1) -> Grid:
        """Square tiles evenly spread, each sharing ``overlap`` pixels or more with the next.

        A side that is shorter than a tile is taken whole. With ``align`` all of them begin at
        multiples of it, if the whole and the tile are multiples too.
        """
        width, height = whole
        columns = starts(width, tile, overlap, align)
        rows = starts(height, tile, overlap, align)
        return cls(whole, (min(tile, width), min(tile, height)), tuple(columns), tuple(rows))

    def enlarged(self, factor: int) -> Grid:
        """The same of a picture that is so many times as large."""
        return Grid(
            (self.whole[0] * factor, self.whole[1] * factor),
            (self.tile[0] * factor, self.tile[1] * factor),
            tuple(x * factor for x in self.columns),
            tuple(y * factor for y in self.rows),
        )

    def __len__(self) -> int:
        return len(self.columns) * len(self.rows)


def starts(side: int, tile: int, overlap: int, align: int = 1) -> list[int]:
    """Where tiles begin along a side: evenly spread, ``overlap`` or more shared with the next."""
    if side <= tile:
        return [0]
    step = max(1, tile - overlap)
    count = -(-(side - tile) // step)
    free = (side - tile) / align
    return [round(index * free / count) * align for index in range(count + 1)]


def overlaps(begins: tuple[int, ...], tile: int) -> list[int]:
    """How much of each tile along a side lies over the one before."""
    return [0, *(max(0, a + tile - b) for a, b in pairwise(begins))]


def assemble(grid: Grid, make: Callable[[int], Tensor], fade: float = 1.0) -> Tensor:
    """The whole [B,H,W,C] of tiles [B,h,w,C], which ``make`` gives by their number, row by row.

    With ``fade`` below 1 the weight rises only in the middle of an overlap: what a net made of the
    very edge of its tile, where it saw no neighbours, does not count at all.
    """
    width, height = grid.whole
    across = overlaps(grid.columns, grid.tile[0])
    down = overlaps(grid.rows, grid.tile[1])
    whole: Tensor | None = None
    strip: Tensor | None = None
    for row, (top, above) in enumerate(zip(grid.rows, down, strict=True)):
        for column, (left, before) in enumerate(zip(grid.columns, across, strict=True)):
            tile = make(row * len(grid.columns) + column)
            if strip is None or whole is None:
                batch, high, _, channels = tile.shape
                whole = tile.new_zeros(batch, height, width, channels)
                strip = tile.new_zeros(batch, high, width, channels)
            _lay(strip[:, :, left : left + tile.shape[2]], tile, 2, before, fade)
        assert whole is not None
        assert strip is not None
        _lay(whole[:, top : top + strip.shape[1]], strip, 1, above, fade)
    assert whole is not None
    return whole


def _lay(ground: Tensor, tile: Tensor, dim: int, over: int, fade: float) -> None:
    """Lay a tile on a ground of its size, the first ``over`` rows or columns fading in."""
    import torch

    fresh = tile.shape[dim] - over
    ground.narrow(dim, over, fresh).copy_(tile.narrow(dim, over, fresh))
    if over == 0:
        return
    at = torch.arange(over, dtype=tile.dtype, device=tile.device) + 0.5
    weight = ((at - over * (1 - fade) / 2) / (over * fade)).clamp(0, 1)
    weight = weight.reshape([-1 if axis == dim else 1 for axis in range(4)])
    old, new = ground.narrow(dim, 0, over), tile.narrow(dim, 0, over)
    mixed = old + weight * (new - old)
    old.copy_(mixed.where(weight < 1, new).where(weight > 0, old))
