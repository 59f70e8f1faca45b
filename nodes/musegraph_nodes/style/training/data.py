"""Crops of pictures in the eight styles, with the style of each, from as many seeds as asked."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from musegraph_nodes.style.painting import STYLES, paint

Pictures = np.ndarray[Any, np.dtype[np.uint8]]
Labels = np.ndarray[Any, np.dtype[np.int64]]

SIDE = 512
"""Pixels along the pictures that crops are cut from: strokes are as large as in the eight ones."""

_EACH = 24
"""Crops that one picture gives, at most: pictures take longer to draw than to cut."""


@lru_cache(128)
def picture(style: str, seed: int, side: int = SIDE) -> Pictures:
    """A whole picture, kept for the next who asks."""
    return paint(style, seed, side)


def crops(seed: int, n: int, size: int, side: int = SIDE) -> tuple[Pictures, Labels]:
    """`n` crops, uint8 `[n, size, size, 3]`, and the number of each one's style in `STYLES`.

    The styles take turns. Equal seeds give equal crops; seeds that differ share no picture as long
    as each asks for fewer than a million crops.
    """
    if not 8 <= size <= side:
        raise ValueError(f"crops of {size} pixels from pictures of {side}: ask for 8 to {side}")
    rng = np.random.default_rng([seed, n, size])
    made = np.empty((n, size, size, 3), np.uint8)
    labels = np.arange(n, dtype=np.int64) % len(STYLES)
    for index, label in enumerate(labels):
        number = index // len(STYLES) // _EACH
        whole = picture(STYLES[label], seed * 50_000 + number, side)
        y, x = rng.integers(0, side - size + 1, 2)
        part = whole[y : y + size, x : x + size]
        made[index] = part[:, ::-1] if rng.random() < 0.5 and STYLES[label] != "blueprint" else part
    return made, labels
