"""Eight manners of making a picture, as makers that draw as many pictures as there are seeds.

What is shown differs with the seed; how it is made stays. Needs skia: the extra ``train``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .blueprint import blueprint
from .fields import Pixels, Rng
from .glass import stained_glass
from .impasto import impasto
from .ink import ink
from .mosaic import mosaic
from .pointillism import pointillism
from .watercolour import watercolour
from .woodblock import woodblock

MAKERS: dict[str, Callable[[Rng, int], Pixels]] = {
    "ink": ink,
    "woodblock": woodblock,
    "mosaic": mosaic,
    "impasto": impasto,
    "pointillism": pointillism,
    "blueprint": blueprint,
    "stained_glass": stained_glass,
    "watercolour": watercolour,
}
"""By the names that the pictures, and the classes of the classifier, have."""

STYLES = tuple(MAKERS)


def paint(style: str, seed: int, size: int = 640) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A picture in a style, uint8 `[size, size, 3]`; the same for the same seed and size."""
    rng = np.random.default_rng([seed, STYLES.index(style)])
    made = MAKERS[style](rng, size)
    return np.asarray(np.clip(made * 255 + 0.5, 0, 255), np.uint8)
