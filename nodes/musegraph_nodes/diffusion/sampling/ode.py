"""Samplers without fresh noise: ways to solve dx/dsigma = (x - clean) / sigma.

Both kinds of path have this same ODE, so one implementation serves both. Written from the papers
named at each, and from k-diffusion (https://github.com/crowsonkb/k-diffusion, MIT), whose names and
choices users know.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .paths import plain_weights
from .walk import Walk, pairs

if TYPE_CHECKING:
    from torch import Tensor


def euler(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """Algorithm 1 of https://arxiv.org/abs/2206.00364, first order; DDIM in this notation."""
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        x = x + walk.slope(x, clean, sigma) * (to - sigma)
        walk.tell(i + 1, clean)
    return x


def heun(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """Heun's method, algorithm 2 of https://arxiv.org/abs/2206.00364 without churn."""
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        slope = walk.slope(x, clean, sigma)
        there = x + slope * (to - sigma)
        if to > 0:
            slope = (slope + walk.slope(there, walk.denoise(there, to), to)) / 2
            there = x + slope * (to - sigma)
        x = there
        walk.tell(i + 1, clean)
    return x


def heunpp2(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """Heun++: looks two levels ahead and counts the slopes there less, the lower the level.

    After https://github.com/Carzit/sd-webui-samplers-scheduler (MIT).
    """
    top = sigmas[0]
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        slopes, ahead, at = [walk.slope(x, clean, sigma)], x, sigma
        for level in [s for s in sigmas[i + 1 : i + 3] if s > 0]:
            ahead = ahead + slopes[-1] * (level - at)
            at = level
            slopes.append(walk.slope(ahead, walk.denoise(ahead, at), at))
        shares = [s / (len(slopes) * top) for s in sigmas[i + 1 : i + len(slopes)]]
        slope = slopes[0] * (1 - sum(shares))
        for share, other in zip(shares, slopes[1:], strict=True):
            slope = slope + other * share
        x = x + slope * (to - sigma)
        walk.tell(i + 1, clean)
    return x


def dpm_2(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """The midpoint method with its midpoint in the logarithm of the level, as in k-diffusion.

    After DPM-Solver-2, https://arxiv.org/abs/2206.00927.
    """
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        x = midpoint(x, clean, sigma, to, walk)
        walk.tell(i + 1, clean)
    return x


def midpoint(x: Tensor, clean: Tensor, sigma: float, to: float, walk: Walk) -> Tensor:
    slope = walk.slope(x, clean, sigma)
    if to > 0:
        middle = math.sqrt(sigma * to)
        there = x + slope * (middle - sigma)
        slope = walk.slope(there, walk.denoise(there, middle), middle)
    return x + slope * (to - sigma)


def lms(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """Linear multistep, Adams-Bashforth of order 4 on uneven levels, as in k-diffusion."""
    slopes: list[Tensor] = []
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        slopes = [walk.slope(x, clean, sigma), *slopes][:4]
        nodes = [sigmas[i - back] for back in range(len(slopes))]
        for weight, slope in zip(plain_weights(nodes, sigma, to), slopes, strict=True):
            x = x + slope * weight
        walk.tell(i + 1, clean)
    return x


_ADAMS = (
    (1.0,),
    (3 / 2, -1 / 2),
    (23 / 12, -16 / 12, 5 / 12),
    (55 / 24, -59 / 24, 37 / 24, -9 / 24),
)


def ipndm(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """The improved PNDM of https://arxiv.org/abs/2204.13902 §E: Adams' weights for even steps."""
    slopes: list[Tensor] = []
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        slopes = [walk.slope(x, clean, sigma), *slopes][:4]
        x = x + _mixed(slopes) * (to - sigma)
        walk.tell(i + 1, clean)
    return x


def plms(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """Pseudo linear multistep of https://arxiv.org/abs/2202.09778, its first step by Heun."""
    slopes: list[Tensor] = []
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        slope = walk.slope(x, clean, sigma)
        slopes = [slope, *slopes][:4]
        if i == 0 and to > 0:
            there = x + slope * (to - sigma)
            made = (slope + walk.slope(there, walk.denoise(there, to), to)) / 2
        else:
            made = _mixed(slopes)
        x = x + made * (to - sigma)
        walk.tell(i + 1, clean)
    return x


def _mixed(slopes: Sequence[Tensor]) -> Tensor:
    weights = _ADAMS[len(slopes) - 1]
    made = slopes[0] * weights[0]
    for weight, slope in zip(weights[1:], slopes[1:], strict=True):
        made = made + slope * weight
    return made


def deis(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """DEIS of https://arxiv.org/abs/2204.13902 with a line in the logarithm of noise to signal.

    Order 2, ``logrho`` of diffusers: what is predicted is the noise.
    """
    path, before, known = walk.path, 0.0, None
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        noise = (x - clean * path.signal(sigma)) / sigma
        now, then = path.ratio(sigma), path.ratio(to)
        if known is None or to == 0 or math.isinf(before):
            x = walk.straight(x, clean, sigma, to)
        else:
            first, second = _line(now, then, before), _line(now, then, now, before)
            x = (x / path.signal(sigma) + noise * first + known * second) * path.signal(to)
        before, known = now, noise
        walk.tell(i + 1, clean)
    return x


def _line(start: float, end: float, zero: float, one: float | None = None) -> float:
    """The integral from start to end of the line in log that is 0 at ``zero`` and 1 at ``one``."""
    one = start if one is None else one

    def whole(at: float) -> float:
        return at * (math.log(at) - math.log(zero) - 1) / (math.log(one) - math.log(zero))

    return whole(end) - whole(start)


def gradient_estimation(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """Leaps by the last change of slope: https://arxiv.org/abs/2306.04848 §4 with gamma 2."""
    before = None
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        slope = walk.slope(x, clean, sigma)
        made = slope if before is None or to == 0 else slope * 2 - before
        x = x + made * (to - sigma)
        before = slope
        walk.tell(i + 1, clean)
    return x
