"""Decoding a latent in tiles that overlap, so that memory depends on the tile and not the picture.

Each tile is decoded with a quarter of its side shared with its neighbours; there their weights rise
and fall linearly and add up to one. Norms of the decoder see only their tile, so tones may
differ a little from those of a picture decoded whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def decode_tiled(decode: Callable[[Tensor], Tensor], latent: Tensor, tile: int) -> Tensor:
    """Decode a latent [B,C,h,w] by tiles of at most ``tile`` cells a side into [B,3,H,W]."""
    import torch

    high, wide = latent.shape[-2:]
    if max(high, wide) <= tile:
        return decode(latent)
    total: Tensor | None = None
    weights: Tensor | None = None
    for top in starts(high, tile):
        for left in starts(wide, tile):
            part = decode(latent[..., top : top + tile, left : left + tile]).float()
            scale = part.shape[-1] // min(tile, wide)
            if total is None or weights is None:
                total = part.new_zeros(*part.shape[:2], high * scale, wide * scale)
                weights = total.new_zeros(high * scale, wide * scale)
            ramp = max(1, tile // 4 * scale)
            weight = torch.outer(_ramp(part, -2, ramp), _ramp(part, -1, ramp))
            rows = slice(top * scale, top * scale + part.shape[-2])
            columns = slice(left * scale, left * scale + part.shape[-1])
            total[..., rows, columns] += part * weight
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
