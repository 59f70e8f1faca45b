"""The style of a picture, found by optimisation (Karras et al. 2020, appendix D)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from musegraph import NodeError

from .nets import Generator, many_of, noises_of

_DRAWS = 4096
_RATE = 0.1
_RISING, _FALLING = 0.05, 0.25
"""Shares of the steps in which they become larger at first, and smaller in the end."""
_SHAKEN, _SHAKING = 0.05, 0.75
"""How much of their spread styles are shaken by at first, and until when."""
_EVEN = 1e5
"""How much it counts that what is found as noise is noise."""
_SMALLEST = 8
"""Pixels along the smallest copy of a plane of noise that is looked at."""

Judge = Callable[[Tensor], Tensor]
Told = Callable[[Tensor, float], None]


@dataclass(frozen=True)
class Search:
    """How a style is looked for."""

    steps: int = 300
    each: bool = False
    """Whether each layer has a style of its own: W+ instead of W."""
    grain: bool = True
    """Whether noise is found beside it, so that the style need not explain it."""
    seed: int = 0


def found(net: Generator, judge: Judge, search: Search, start: Tensor, told: Told) -> Tensor:
    """The style [1,layers,width] whose picture [1,3,side,side] of -1..1 the judge likes best.

    ``start`` [1,layers,width] is where it begins; ``told`` is called after each step with the
    style and the loss.
    """
    device, layers = start.device, net.layout.layers
    chance = torch.Generator().manual_seed(search.seed)
    every = many_of(net, _DRAWS)
    spread = float((every - every.mean(0)).square().sum(1).mean().sqrt())
    style = (start if search.each else start[:, :1]).clone().requires_grad_(True)
    noises = _noises(net, chance, device) if search.grain else []
    method = torch.optim.Adam([style, *noises])
    for step in range(search.steps):
        share = (step + 0.5) / search.steps
        method.param_groups[0]["lr"] = _RATE * ramp(share)
        shake = spread * _SHAKEN * max(0.0, 1 - share / _SHAKING) ** 2
        shaken = style + torch.randn(style.shape, generator=chance).to(device) * shake
        loss = judge(net(shaken.expand(-1, layers, -1), noises or None))
        total = loss + _EVEN * unevenness(noises) if noises else loss
        method.zero_grad(set_to_none=True)
        total.backward()
        method.step()
        value = float(loss.detach())
        if not math.isfinite(value):
            raise NodeError(
                f"the search ran away at step {step + 1}: its loss is no number any more; give"
                " another picture or begin at another style"
            )
        normalise(noises)
        told(style.detach().expand(-1, layers, -1), value)
    return style.detach().expand(-1, layers, -1).contiguous()


def ramp(share: float) -> float:
    """How large a step is when this share of them is done: it rises, stays, and falls to 0."""
    fall = min(1.0, (1 - share) / _FALLING)
    return (0.5 - 0.5 * math.cos(fall * math.pi)) * min(1.0, share / _RISING)


def _noises(net: Generator, chance: torch.Generator, device: torch.device) -> list[Tensor]:
    return [plane.to(device).requires_grad_(True) for plane in noises_of(net.layout, chance)]


def unevenness(noises: Sequence[Tensor]) -> Tensor:
    """How far planes [1,1,s,s] are from noise: how alike neighbours are, at all sizes down to 8.

    The sum of the squares of the mean products of a plane and itself one pixel further, across and
    down; 0 for what no neighbour tells anything of.
    """
    total = noises[0].new_zeros(())
    for plane in noises:
        at = plane
        while at.shape[-1] >= _SMALLEST:
            for side in (2, 3):
                total = total + (at * at.roll(1, side)).mean().square()
            # Averages of four of its pixels are half as wide: so its deviation stays 1.
            at = F.avg_pool2d(at, 2) * 2
    return total


@torch.no_grad()
def normalise(noises: Sequence[Tensor]) -> None:
    """Bring planes to a mean of 0 and a deviation of 1."""
    for plane in noises:
        plane -= plane.mean()
        plane *= torch.rsqrt(plane.square().mean() + 1e-8)


def apart(made: Tensor, wanted: Tensor) -> Tensor:
    """How far pictures are from one another at all sizes, down to 4 pixels: mean squares.

    Where white or black is wanted, what is made beyond it is as good: it will be cut off.
    """
    made = torch.where(wanted >= 1, made.clamp(max=1), made)
    made = torch.where(wanted <= -1, made.clamp(min=-1), made)
    total, count = made.new_zeros(()), 0
    while True:
        total, count = total + (made - wanted).square().mean(), count + 1
        if made.shape[-1] < 8:
            return total / count
        made, wanted = F.avg_pool2d(made, 2), F.avg_pool2d(wanted, 2)
