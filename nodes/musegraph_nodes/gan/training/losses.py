"""What a generator and its critic are to lower (Karras et al. 2020)."""

from __future__ import annotations

from math import sqrt

import torch
import torch.nn.functional as F
from torch import Tensor

_MOVING = 0.01
"""How fast the mean length of paths follows what was seen last."""


def critic_loss(given: Tensor, made: Tensor) -> Tensor:
    """Low where the critic says yes to what is given and no to what is made (Goodfellow 2014)."""
    return F.softplus(-given).mean() + F.softplus(made).mean()


def generator_loss(made: Tensor) -> Tensor:
    """Low where the critic says yes to what is made; it does not saturate where it says no."""
    return F.softplus(-made).mean()


def steepness(judged: Tensor, pictures: Tensor) -> Tensor:
    """R1 (Mescheder et al. 2018): the mean square of the slope of a critic at given pictures."""
    [slope] = torch.autograd.grad(judged.sum(), pictures, create_graph=True)
    return slope.square().sum((1, 2, 3)).mean()


def unsteadiness(
    made: Tensor, styles: Tensor, mean: Tensor, chance: torch.Generator
) -> tuple[Tensor, Tensor]:
    """How much the lengths of paths differ from their mean, and the mean that then is.

    The length is by how much pictures [B,3,H,W] change with their styles [B,L,D] in a random
    direction; where it is the same everywhere, styles are even to walk through.
    """
    high, wide = made.shape[2:]
    noise = torch.randn(made.shape, generator=chance).to(made) / sqrt(high * wide)
    [slope] = torch.autograd.grad((made * noise).sum(), styles, create_graph=True)
    lengths = slope.square().sum(2).mean(1).sqrt()
    now = mean + (lengths.detach().mean() - mean) * _MOVING
    return (lengths - now).square().mean(), now
