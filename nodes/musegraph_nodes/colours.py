"""Numbers as colours, alike in the pictures of all packs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

_HEAT = (
    (0, 0, 4), (28, 16, 68), (79, 18, 123), (129, 37, 129), (181, 54, 122),
    (229, 80, 100), (251, 135, 97), (254, 194, 135), (252, 253, 191),
)  # fmt: skip
"""From nothing to all: dark to bright, so that it can be read without colours as well."""


def heat(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Values 0 to 1 as colours [...,3]."""
    import numpy as np

    steps = np.linspace(0, 1, len(_HEAT))
    anchors = np.array(_HEAT, float).T
    return np.stack([np.interp(values, steps, one) for one in anchors], -1).astype(np.uint8)


def hues(codes: Tensor, size: int) -> Tensor:
    """Codes 0 to ``size`` - 1 as colours [...,3], float32, 0..1: a hue for each.

    Neighbours in a codebook have nothing in common, so their order is free.
    """
    import torch

    hue = (codes.double() / size * 6.0)[..., None]
    colours = ((hue + torch.tensor([0.0, 4.0, 2.0])) % 6 - 3).abs().sub(1).clamp(0, 1)
    return (0.15 + 0.8 * colours).float()
