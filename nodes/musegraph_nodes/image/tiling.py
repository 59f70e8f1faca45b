"""Pictures in tiles that overlap: where tiles lie, and how they are laid over each other.

A tile is laid over what is there already by a weight that rises from 0 to 1 where they overlap. So
the weights add up to one, a result needs no more memory than itself, and tiles that agree where
they overlap give back exactly what they were cut from: x + w · (x − x) is x.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def starts(side: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin along a side: evenly spread, ``overlap`` or more shared with the next."""
    if side <= tile:
        return [0]
    step = max(1, tile - overlap)
    count = -(-(side - tile) // step)
    return [round(index * (side - tile) / count) for index in range(count + 1)]


def lay(
    canvas: Tensor, tile: Tensor, at: tuple[int, int], over: tuple[int, int], fade: float = 1.0
) -> None:
    """Lay a tile [B,h,w,C] on a canvas [B,H,W,C] at top, left; ``canvas`` is changed in place.

    ``over`` says how many of its first rows and columns lie over what is there already. With
    ``fade`` below 1 the weight rises only in the middle of that: what a net made of the very edge
    of its tile, where it saw no neighbours, does not count at all.
    """
    import torch

    top, left = at
    height, width = tile.shape[1:3]
    part = canvas[:, top : top + height, left : left + width]
    down, across = _ramp(height, over[0], fade, tile), _ramp(width, over[1], fade, tile)
    weight = torch.outer(down, across)[..., None]
    mixed = part + weight * (tile - part)
    part.copy_(mixed.where(weight < 1, tile).where(weight > 0, part))


def overlaps(begins: list[int], tile: int) -> list[int]:
    """How much of each tile along a side lies over the one before."""
    return [0, *(max(0, a + tile - b) for a, b in pairwise(begins))]


def _ramp(side: int, over: int, fade: float, like: Tensor) -> Tensor:
    import torch

    weights = torch.ones(side, dtype=like.dtype, device=like.device)
    if over:
        at = torch.arange(over, dtype=like.dtype, device=like.device) + 0.5
        start = over * (1 - fade) / 2
        weights[:over] = ((at - start) / (over * fade)).clamp(0, 1)
    return weights
