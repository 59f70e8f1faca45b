"""What a sampler is given: a denoiser, noise, and somebody to tell how far it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from .paths import Path, split
from .sigmas import Levels

if TYPE_CHECKING:
    from torch import Tensor


class Denoise(Protocol):
    """Expects the clean latent of a noisy one; ``unguided`` is the same without guidance."""

    unguided: Tensor | None

    def __call__(self, x: Tensor, sigma: float) -> Tensor: ...


def _nobody(done: int, clean: Tensor) -> None:
    pass


@dataclass
class Walk:
    """One way down from noise.

    ``noise`` gives noise of the shape of the latent. ``tell`` is told after each step how many are
    done, and what the picture was expected to be. ``eta`` is the share of fresh noise, of samplers
    that have any.
    """

    denoise: Denoise
    noise: Callable[[], Tensor]
    levels: Levels
    eta: float = 1.0
    tell: Callable[[int, Tensor], None] = field(default=_nobody)

    @property
    def path(self) -> Path:
        return self.levels.path

    def time(self, sigma: float) -> float:
        return self.levels.time(sigma)

    def slope(self, x: Tensor, clean: Tensor, sigma: float) -> Tensor:
        """dx/dsigma along the ODE, the same for both paths: equation 3 of arXiv:2206.00364."""
        return (x - clean) / sigma

    def move(
        self,
        x: Tensor,
        sigma: float,
        to: float,
        terms: Sequence[tuple[float, Tensor]],
        eta: float = 0.0,
    ) -> Tensor:
        """Exactly what the linear part does between two levels, and what is expected, weighed."""
        kept = self.kept(sigma, to, eta)
        signal = self.path.signal(to)
        made = x * kept
        for weight, clean in terms:
            made = made + clean * (signal * weight)
        return made

    def kept(self, sigma: float, to: float, eta: float = 0.0) -> float:
        """How much of a noisy latent is left at a lower level."""
        if to == 0 or eta == 0:  # the gain from noise alone is endless
            return to / sigma
        return to / sigma * math.exp(-eta * self.path.gain(sigma, to))

    def straight(self, x: Tensor, clean: Tensor, sigma: float, to: float) -> Tensor:
        """A step of first order: what is expected stays the same."""
        return self.move(x, sigma, to, [(self.grown(sigma, to), clean)])

    def grown(self, sigma: float, to: float, eta: float = 0.0) -> float:
        return -math.expm1(-(1 + eta) * self.path.gain(sigma, to))

    def spread(self, sigma: float, to: float, eta: float) -> float:
        """The spread of the noise that a random step adds: §5 of arXiv:2211.01095."""
        if to == 0 or eta == 0:
            return 0.0
        return to * math.sqrt(-math.expm1(-2 * eta * self.path.gain(sigma, to)))

    def noisy(self, x: Tensor, spread: float) -> Tensor:
        return x + self.noise() * spread if spread > 0 else x

    def hop(self, x: Tensor, clean: Tensor, sigma: float, to: float, eta: float) -> Tensor:
        """An ancestral step of first order."""
        step = split(self.path, sigma, to, eta)
        made = self.straight(x, clean, sigma, step.down) * step.scale
        return self.noisy(made, step.up)


def pairs(sigmas: Sequence[float]) -> list[tuple[int, float, float]]:
    """The steps: number, level, next level."""
    return [(i, sigmas[i], sigmas[i + 1]) for i in range(len(sigmas) - 1)]
