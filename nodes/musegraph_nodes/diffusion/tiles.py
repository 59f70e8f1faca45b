"""Autoencoding in tiles that overlap, so that memory depends on the tile and not on the picture.

Each tile is worked on with a quarter of its side shared with its neighbours; there their weights
rise and fall linearly and add up to one. Norms and attention of the autoencoder see only their
tile, so tones may differ a little from those of a picture taken whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

FRUGAL = 512
"""Pixels of a tile's side where memory ran out, or half the picture if that is less."""


def decode_tiled(decode: Callable[[Tensor], Tensor], latent: Tensor, tile: int) -> Tensor:
    """Decode a latent [B,C,h,w] by tiles of at most ``tile`` cells a side into [B,3,H,W]."""
    high, wide = latent.shape[-2:]
    if max(high, wide) <= tile:
        return decode(latent)

    def part(top: int, left: int) -> Tensor:
        return decode(latent[..., top : top + tile, left : left + tile])

    return _blended(part, high, wide, tile)


def encode_tiled(
    encode: Callable[[Tensor], Tensor], pixels: Tensor, tile: int, scale: int
) -> Tensor:
    """Encode pixels [B,3,H,W] by tiles of at most ``tile`` cells a side into [B,C,h,w].

    A cell stands for ``scale`` pixels each way, of which both sides of the picture are multiples.
    """
    high, wide = (side // scale for side in pixels.shape[-2:])
    if max(high, wide) <= tile:
        return encode(pixels)
    size = tile * scale

    def part(top: int, left: int) -> Tensor:
        y, x = top * scale, left * scale
        return encode(pixels[..., y : y + size, x : x + size])

    return _blended(part, high, wide, tile)


def frugal_tile(width: int, height: int, tile: int) -> int:
    """The side of a tile in pixels where memory ran out: no larger than what was asked for."""
    side = min(FRUGAL, max(width, height) // 2)
    return min(tile, side) if tile else side


def _blended(part: Callable[[int, int], Tensor], high: int, wide: int, tile: int) -> Tensor:
    """The whole [B,C,H,W] of its parts; ``part(top, left)`` is asked for in cells.

    Parts may be larger than a cell each way, by the same factor for all.
    """
    import torch

    total: Tensor | None = None
    weights: Tensor | None = None
    for top in starts(high, tile):
        for left in starts(wide, tile):
            made = part(top, left).float()
            scale = made.shape[-1] // min(tile, wide)
            if total is None or weights is None:
                total = made.new_zeros(*made.shape[:2], high * scale, wide * scale)
                weights = total.new_zeros(high * scale, wide * scale)
            ramp = max(1, tile // 4 * scale)
            weight = torch.outer(_ramp(made, -2, ramp), _ramp(made, -1, ramp))
            rows = slice(top * scale, top * scale + made.shape[-2])
            columns = slice(left * scale, left * scale + made.shape[-1])
            total[..., rows, columns] += made * weight
            weights[rows, columns] += weight
    assert total is not None
    assert weights is not None
    return total / weights


def starts(side: int, tile: int) -> list[int]:
    """Where tiles begin along a side: evenly spread, a quarter or more shared with the next."""
    if side <= tile:
        return [0]
    step = max(1, tile - tile // 4)
    count = -(-(side - tile) // step)
    return [round(index * (side - tile) / count) for index in range(count + 1)]


def _ramp(part: Tensor, dim: int, width: int) -> Tensor:
    """Weights along a side of a tile: rising from its border, then level, then falling."""
    import torch

    side = part.shape[dim]
    at = torch.arange(side, device=part.device, dtype=part.dtype)
    return ((torch.minimum(at, side - 1 - at) + 0.5) / width).clamp(max=1.0)
