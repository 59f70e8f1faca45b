"""Denoisers whose answers are known exactly: of a few points on a line, blurred.

In one dimension the probability flow keeps the order of its points, so the share of the
distribution below a point never changes: that gives the exact end of every start, on both paths.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from musegraph_nodes.diffusion.sampling.paths import FLOW, Path
from musegraph_nodes.diffusion.sampling.samplers import OWN
from musegraph_nodes.diffusion.sampling.sigmas import Levels, levels_of
from musegraph_nodes.diffusion.sampling.walk import Walk

SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
EPS = levels_of(SD)
FLOWS = levels_of({"prediction_type": "flow_prediction", "shift": 3.0})
MEANS, WIDTH = torch.tensor([-1.2, 0.4, 1.0], dtype=torch.float64), 0.35
SHARES = torch.tensor([0.3, 0.5, 0.2], dtype=torch.float64)


class Line:
    """The best denoiser of a mixture of three normal distributions."""

    unguided: Tensor | None = None

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked = 0

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        self.asked += 1
        signal = self.path.signal(sigma)
        spread = (signal * WIDTH) ** 2 + sigma**2
        away = x[..., None] - signal * MEANS
        weights = torch.softmax(SHARES.log() - away**2 / (2 * spread), dim=-1)
        return (weights * (MEANS + signal * WIDTH**2 / spread * away)).sum(dim=-1)

    def below(self, x: Tensor, sigma: float) -> Tensor:
        """The share of the noisy distribution below points."""
        signal = self.path.signal(sigma)
        spread = math.sqrt((signal * WIDTH) ** 2 + sigma**2)
        away = (x[..., None] - signal * MEANS) / spread
        return (SHARES * torch.special.ndtr(away)).sum(dim=-1)

    def exact(self, x: Tensor, sigma: float, to: float) -> Tensor:
        """Where the ODE leads points, by halving."""
        share = self.below(x, sigma)
        low, high = torch.full_like(x, -100.0), torch.full_like(x, 100.0)
        for _ in range(70):
            middle = (low + high) / 2
            less = self.below(middle, to) < share
            low, high = torch.where(less, middle, low), torch.where(less, high, middle)
        return (low + high) / 2

    def drawn(self, count: int, sigma: float, generator: torch.Generator) -> Tensor:
        """Points of the noisy distribution."""
        which = torch.multinomial(SHARES, count, replacement=True, generator=generator)
        normal = torch.randn(2, count, generator=generator, dtype=torch.float64)
        clean = MEANS[which] + WIDTH * normal[0]
        return self.path.signal(sigma) * clean + sigma * normal[1]


def walked(
    name: str,
    x: Tensor,
    sigmas: list[float],
    levels: Levels,
    eta: float | None = None,
    denoise: Callable[[Tensor, float], Tensor] | None = None,
    seed: int = 0,
    single: bool = False,
) -> Tensor:
    """What a sampler makes of points; ``single``: of noise that is drawn in single precision."""
    own = OWN[name]
    generator = torch.Generator().manual_seed(seed)

    def noise() -> Tensor:
        kind = torch.float32 if single else x.dtype
        return torch.randn(x.shape, generator=generator, dtype=kind).to(x.dtype)

    eta = own.eta or 0.0 if eta is None else eta
    line = denoise if denoise is not None else Line(levels.path)
    return own.function(x, sigmas, Walk(line, noise, levels, eta))  # type: ignore[arg-type]


def even(levels: Levels, steps: int) -> list[float]:
    """Levels well inside, evenly spaced in time or by Karras."""
    if levels.path is FLOW:
        return [0.9 + (0.1 - 0.9) * i / steps for i in range(steps + 1)]
    high, low = 8.0 ** (1 / 7), 0.1 ** (1 / 7)
    return [(high + (low - high) * i / steps) ** 7 for i in range(steps + 1)]
