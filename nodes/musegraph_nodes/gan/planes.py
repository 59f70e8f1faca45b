"""Pictures as generators have them, [B,3,side,side] of -1..1, and as ports do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musegraph_nodes.style.prepare import resized

if TYPE_CHECKING:
    from torch import Tensor


def squares(planes: Tensor, side: int) -> Tensor:
    """The middles of pictures [B,3,H,W] of 0..1, at that size."""
    high, wide = planes.shape[2:]
    least = min(high, wide)
    top, left = (high - least) // 2, (wide - least) // 2
    middle = planes[:, :, top : top + least, left : left + least]
    return resized(middle, (side, side)) * 2 - 1


def shown(planes: Tensor) -> Tensor:
    """What a generator made as pictures [B,H,W,3] of 0..1, in host memory."""
    return ((planes + 1) / 2).clamp(0, 1).permute(0, 2, 3, 1).float().cpu().contiguous()
