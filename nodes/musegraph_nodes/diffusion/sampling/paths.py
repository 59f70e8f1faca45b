"""How a picture and noise mix at a noise level, and what a step between two levels is made of.

A noisy latent is ``x = signal · picture + sigma · noise``. Two ways to mix are in use: *exploding*
(signal 1, as k-diffusion writes models that predict noise or velocity; Karras et al.,
https://arxiv.org/abs/2206.00364) and *flow* (signal 1 - sigma; https://arxiv.org/abs/2209.03003).
Levels and shares are Python floats, so they are the same on every device.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from musegraph_nodes.diffusion.families import Prediction


@dataclass(frozen=True)
class Path:
    """The way that a model mixes; ``lam`` is half the logarithm of signal to noise, squared."""

    flow: bool = False

    def signal(self, sigma: float) -> float:
        return max(1.0 - sigma, 0.0) if self.flow else 1.0

    def ratio(self, sigma: float) -> float:
        """Noise to signal; endless where there is only noise."""
        signal = self.signal(sigma)
        return sigma / signal if signal > 0 else math.inf

    def of_ratio(self, ratio: float) -> float:
        """The level with a ratio of noise to signal."""
        if not self.flow:
            return ratio
        return 1.0 if math.isinf(ratio) else ratio / (1.0 + ratio)

    def lam(self, sigma: float) -> float:
        ratio = self.ratio(sigma)
        return math.inf if ratio == 0 else -math.log(ratio) if ratio < math.inf else -math.inf

    def of_lam(self, lam: float) -> float:
        return self.of_ratio(math.exp(-lam))

    def gain(self, sigma: float, to: float) -> float:
        """By how much ``lam`` grows from a level to a lower one."""
        return self.lam(to) - self.lam(sigma)


EXPLODING, FLOW = Path(), Path(flow=True)


@dataclass(frozen=True)
class Split:
    """A random step: along the ODE to ``down``, times ``scale``, and noise of ``up`` added."""

    down: float
    scale: float
    up: float


def split(path: Path, sigma: float, to: float, eta: float) -> Split:
    """The step from a level to a lower one with fresh noise.

    Equation 16 of https://arxiv.org/abs/2010.02502, which is ``get_ancestral_step`` of k-diffusion
    (MIT) where the signal is 1, written so that it holds for flow models too.
    """
    if to == 0 or eta == 0:
        return Split(to, 1.0, 0.0)
    fresh = math.sqrt(max(-math.expm1(-2 * path.gain(sigma, to)), 0.0))
    up = min(eta * fresh, 1.0) * to
    signal = path.signal(to)
    down = path.of_ratio(math.sqrt(to**2 - up**2) / signal)
    return Split(down, signal / path.signal(down), up)


def lagrange(nodes: Sequence[float]) -> list[list[float]]:
    """For each node the coefficients, lowest first, of the polynomial that is 1 there, else 0."""
    made = []
    for index, node in enumerate(nodes):
        poly = [1.0]
        for other in (value for at, value in enumerate(nodes) if at != index):
            width = node - other
            shifted = [0.0, *poly]
            poly = [
                (high - other * low) / width
                for high, low in zip(shifted, [*poly, 0.0], strict=True)
            ]
        made.append(poly)
    return made


def plain_weights(nodes: Sequence[float], start: float, end: float) -> list[float]:
    """What each node counts in an integral from start to end: of the polynomial through them."""
    # Around the start, so that high powers of far numbers do not cancel.
    polys = lagrange([node - start for node in nodes])
    width = end - start
    return [sum(c * width ** (k + 1) / (k + 1) for k, c in enumerate(poly)) for poly in polys]


def decaying_weights(
    nodes: Sequence[float], start: float, end: float, decay: float = 1.0
) -> list[float]:
    """The same for the integral of ``decay · exp(decay · (lam - end))`` times that polynomial.

    The exact answer to the linear part of the diffusion equation in ``lam``: exponential Adams
    methods, https://arxiv.org/abs/2308.02157 §3 and https://arxiv.org/abs/2309.05019 §4.
    """
    width = end - start
    moments = [-math.expm1(-decay * width)]
    if len(nodes) == 1:
        return moments
    for power in range(1, len(nodes)):
        moments.append(width**power - power / decay * moments[-1])
    polys = lagrange([node - start for node in nodes])
    return [sum(c * m for c, m in zip(poly, moments, strict=True)) for poly in polys]


def expected(kind: Prediction, x: Tensor, made: Tensor, signal: float, noise: float) -> Tensor:
    """The clean latent that an answer stands for (https://arxiv.org/abs/2202.00512, appendix D)."""
    if kind == "sample":
        return made
    if kind == "flow_prediction":
        return x - noise * made
    if kind == "v_prediction":
        return signal * x - noise * made
    return (x - noise * made) / max(signal, 1e-3)


def answer(kind: Prediction, x: Tensor, clean: Tensor, signal: float, noise: float) -> Tensor:
    """The answer to ``x`` that stands for a clean latent: what :func:`expected` undoes."""
    if kind == "sample":
        return clean
    least = max(noise, 1e-6)
    if kind == "flow_prediction":
        return (x - clean) / least
    if kind == "v_prediction":
        return (signal * x - clean) / least
    return (x - signal * clean) / least
