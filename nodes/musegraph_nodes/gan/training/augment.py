"""Pictures changed at random before they are judged, given and made ones alike.

A critic that sees few pictures learns them by heart; so it never sees them as they are, and since
every change can be gone back through, the generator learns all the same (Zhao et al. 2020,
https://arxiv.org/abs/2006.10738).
"""

from __future__ import annotations

import torch
from torch import Tensor

_SHIFT, _HOLE = 1 / 8, 1 / 2
"""In shares of a side: how far a picture is moved at most, and how large a hole is."""


def changed(pictures: Tensor, chance: torch.Generator) -> Tensor:
    """Pictures [B,3,H,W] of -1..1 in other colours, moved, and with a grey hole."""
    return holed(moved(coloured(pictures, chance), chance), chance)


def coloured(pictures: Tensor, chance: torch.Generator) -> Tensor:
    """Brighter or darker, with up to twice the saturation, and half to one and a half contrast."""
    bright, rich, strong = _between(pictures, chance, 3)
    made = pictures + (bright - 0.5)
    grey = made.mean(1, keepdim=True)
    made = grey + (made - grey) * (rich * 2)
    middle = made.mean((1, 2, 3), keepdim=True)
    return middle + (made - middle) * (strong + 0.5)


def moved(pictures: Tensor, chance: torch.Generator) -> Tensor:
    """Moved by up to an eighth in each direction; what comes in from outside is grey."""
    batch, _, high, wide = pictures.shape
    rows = _moved_by(high, batch, chance).to(pictures.device)
    columns = _moved_by(wide, batch, chance).to(pictures.device)
    own = torch.arange(batch, device=pictures.device)[:, None, None]
    # A rim of nothing around, in which all that lies outside is looked up.
    rim = torch.nn.functional.pad(pictures, (1, 1, 1, 1)).permute(0, 2, 3, 1)
    return rim[own, rows[:, :, None], columns[:, None]].permute(0, 3, 1, 2)


def _moved_by(side: int, batch: int, chance: torch.Generator) -> Tensor:
    """Where in a picture with a rim each pixel [batch,side] comes from."""
    most = int(side * _SHIFT + 0.5)
    by = torch.randint(-most, most + 1, (batch, 1), generator=chance)
    return (torch.arange(side)[None] + by + 1).clamp(0, side + 1)


def holed(pictures: Tensor, chance: torch.Generator) -> Tensor:
    """With a grey square, half as wide as the picture, anywhere: partly outside too."""
    batch, _, high, wide = pictures.shape
    inside = []
    for side in (high, wide):
        length = int(side * _HOLE + 0.5)
        middle = torch.randint(0, side + (1 - length % 2), (batch, 1), generator=chance)
        place = torch.arange(side)[None] - middle + length // 2
        inside.append((place >= 0) & (place < length))
    hole = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return pictures * (~hole).to(pictures)


def _between(pictures: Tensor, chance: torch.Generator, count: int) -> list[Tensor]:
    """Numbers [B,1,1,1] between 0 and 1."""
    drawn = torch.rand(count, len(pictures), 1, 1, 1, generator=chance)
    return [*drawn.to(pictures)]
