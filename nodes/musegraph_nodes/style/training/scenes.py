"""The pictures that nets of this pack are trained on where none are given: starter scenes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

SHEET, SIDE = Path(__file__).with_name("scenes.jpg"), 6


@lru_cache(1)
def scenes() -> tuple[Tensor, ...]:
    """Thirty-six scenes, each [3,H,W] of 0..1; painting.make drew them."""
    import numpy as np
    import torch
    from PIL import Image

    with Image.open(SHEET) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    whole = torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255
    cell = whole.shape[1] // SIDE
    return tuple(
        whole[:, y : y + cell, x : x + cell].contiguous()
        for y in range(0, cell * SIDE, cell)
        for x in range(0, cell * SIDE, cell)
    )
