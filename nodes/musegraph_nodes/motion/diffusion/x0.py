"""Sampling with nets that predict x0: schedules, steps, guidance and values that are given.

``DDPM`` with the smaller of its two variances is ``DDIM`` with eta 1, and with fewer steps it is
what ``DDPM`` makes of those times alone; so one loop serves the models of MDM and those of EDGE.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 0.999
"""The largest share of noise that one step of a schedule adds."""


class Denoiser(Protocol):
    """Says x0 of noisy values [B,…] at times [B]."""

    def __call__(self, x: Tensor, time: Tensor, /) -> Tensor: ...


class Halves(Protocol):
    """A denoiser that can be asked with what it is told and, where ``free``, without."""

    def __call__(self, x: Tensor, time: Tensor, /, free: bool) -> Tensor: ...


class Schedule(NamedTuple):
    """How much of a value's square is left at each time, from nearly all to nearly none."""

    left: Tensor
    """[N], float64: the products of 1 - beta."""

    def at(self, time: int) -> float:
        """What is left at a time; all of it before the first, at -1."""
        return float(self.left[time]) if time >= 0 else 1.0

    def noised(self, x: Tensor, time: Tensor, noise: Tensor) -> Tensor:
        """Values [B,…] with as much noise as there is at their times [B]."""
        left = self.left.to(x.device)[time].reshape(-1, *[1] * (x.ndim - 1))
        return left.sqrt().to(x.dtype) * x + (1 - left).sqrt().to(x.dtype) * noise


def cosine(count: int) -> Schedule:
    """The schedule of Nichol and Dhariwal (2021), which MDM and EDGE were trained with."""
    ends = [math.cos((at / count + 0.008) / 1.008 * math.pi / 2) ** 2 for at in range(count + 1)]
    return _of([min(1 - after / before, _MOST) for before, after in pairwise(ends)])


def linear(count: int) -> Schedule:
    """The schedule of Ho et al. (2020), stretched to so many times."""
    scale = 1000 / count
    betas = torch.linspace(scale * 1e-4, min(scale * 0.02, _MOST), count, dtype=torch.float64)
    return _of(betas.tolist())


def _of(betas: list[float]) -> Schedule:
    return Schedule((1 - torch.tensor(betas, dtype=torch.float64)).cumprod(0))


def times(count: int, steps: int) -> list[int]:
    """The times at which so many steps look, evenly from the last one down to the first."""
    steps = max(1, min(steps, count))
    spread = torch.linspace(-1, count - 1, steps + 1, dtype=torch.float64)
    return [round(one) for one in spread.tolist()[:0:-1]]


def guided(net: Halves, scale: float) -> Denoiser:
    """A net led by what it is told: away from what it says untold, ``scale`` times as far."""

    def told(x: Tensor, time: Tensor, /) -> Tensor:
        if scale == 1:
            return net(x, time, free=False)
        free = net(x, time, free=True)
        return free if scale == 0 else free + scale * (net(x, time, free=False) - free)

    return told


class Given(NamedTuple):
    """Values that a sample has to have, and where: ``mask`` is 1 there, and may be between."""

    values: Tensor
    mask: Tensor


class Way(NamedTuple):
    """How a sample is taken."""

    steps: int = 50
    eta: float = 1.0
    """How much noise each step adds again: none at 0 (DDIM), all at 1 (DDPM)."""
    clip: float = 0.0
    """What x0 is kept within, on both sides of 0; 0 for nets whose values have no bounds."""


def seeded(shape: tuple[int, ...], seed: int) -> tuple[Tensor, torch.Generator]:
    """Noise to begin with, and where a sampling draws more.

    Both are drawn on the processor, so that a seed means the same on every device.
    """
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=draw), draw


@torch.no_grad()
def sample(
    net: Denoiser,
    noise: Tensor,
    schedule: Schedule,
    way: Way,
    draw: torch.Generator,
    given: Given | None = None,
    settle: Callable[[Tensor], Tensor] | None = None,
    told: Callable[[int, int, Tensor], None] | None = None,
) -> Tensor:
    """What is under noise [B,…].

    ``settle`` is asked for the values after every step, to have overlapping windows agree.
    ``told`` hears the step, how many there are and x0; it cancels by raising.
    """
    x = settle(noise) if settle is not None else noise
    looks = times(len(schedule.left), way.steps)
    for number, (now, after) in enumerate(zip(looks, [*looks[1:], -1], strict=True)):
        x0 = net(x, torch.full((len(x),), now, dtype=torch.long, device=x.device))
        if way.clip:
            x0 = x0.clamp(-way.clip, way.clip)
        if given is not None:
            x0 = given.mask * given.values + (1 - given.mask) * x0
        x = _stepped(x, x0, schedule.at(now), schedule.at(after), way.eta, draw)
        if settle is not None:
            x = settle(x)
        if told is not None:
            told(number + 1, len(looks), x0)
    return x


def _stepped(
    x: Tensor, x0: Tensor, now: float, after: float, eta: float, draw: torch.Generator
) -> Tensor:
    """From one time to the next: ``now`` and ``after`` are what is left of a value there."""
    if after >= 1:
        return x0
    noise = (x - math.sqrt(now) * x0) / math.sqrt(1 - now)
    spread = eta * math.sqrt((1 - after) / (1 - now) * (1 - now / after))
    x = math.sqrt(after) * x0 + math.sqrt(max(1 - after - spread**2, 0)) * noise
    if spread:
        x = x + spread * torch.randn(x.shape, generator=draw).to(x)
    return x
