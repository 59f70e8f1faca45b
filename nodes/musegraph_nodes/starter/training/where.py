"""Where in a picture its subjects are: there an error of the denoiser counts more.

Most of a landscape is sky and ground, which are learned in minutes. What the words say of the
subject is in a fifth of the picture, and would have a fifth of the loss. Shapes count as subjects
do: were they to count as their ground does, a batch would hardly be about them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from musegraph_nodes.starter.scenes.canvas import UNITS
from musegraph_nodes.starter.scenes.shapes import extents
from musegraph_nodes.starter.scenes.spec import SceneSpec, from_dict
from musegraph_nodes.starter.scenes.subjects import extent

WEIGHT = 4.0
"""How much a place counts where the subject is; elsewhere one."""

MARGIN = 3.0
"""Units around what the rule says: horizons and sizes vary a little from picture to picture."""


def emphasis(specs: list[dict[str, Any]], size: int) -> Tensor:
    """How much each place of latents counts, float16 `[n, size, size]`."""
    made = np.ones((len(specs), size, size), np.float16)
    for row, told in zip(made, specs, strict=True):
        spec = from_dict(told)
        boxes = [extent(spec)] if isinstance(spec, SceneSpec) else extents(spec)
        for left, top, right, bottom in boxes:
            columns = _cells(left, right, size)
            row[_cells(top, bottom, size), columns] = WEIGHT
    return torch.from_numpy(made)


def _cells(first: float, last: float, size: int) -> slice:
    """Of `size` cells those that a stretch of the picture touches."""
    start = int(max(first - MARGIN, 0) / UNITS * size)
    return slice(start, int(np.ceil(min(last + MARGIN, UNITS) / UNITS * size)))
