"""Samplers that add fresh noise on the way, and those that guide in another way (CFG++).

On flow models the same steps keep the noise as strong as the level asks, which is what others call
their rectified-flow form. Written from the papers named at each and from k-diffusion (MIT).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .ode import midpoint
from .paths import decaying_weights, lagrange, split
from .walk import Walk, pairs

if TYPE_CHECKING:
    from torch import Tensor


def euler_ancestral(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """Euler's steps to below the next level, and noise up to it: ancestral, as in k-diffusion."""
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        x = walk.hop(x, clean, sigma, to, walk.eta)
        walk.tell(i + 1, clean)
    return x


ddim = euler_ancestral
"""DDIM, https://arxiv.org/abs/2010.02502: the same step, without fresh noise if eta is 0."""
ddpm = euler_ancestral
"""DDPM, https://arxiv.org/abs/2006.11239: the same step with the smaller of its two variances."""


def dpm_2_ancestral(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """The midpoint method to below the next level, and noise up to it, as in k-diffusion."""
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        step = split(walk.path, sigma, to, walk.eta)
        x = walk.noisy(midpoint(x, clean, sigma, step.down, walk) * step.scale, step.up)
        walk.tell(i + 1, clean)
    return x


def lcm(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """Consistency sampling, https://arxiv.org/abs/2310.04378: what is expected, noised anew.

    For models distilled for it; only they expect a whole picture where there is much noise.
    """
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        x = walk.noisy(clean * walk.path.signal(to), to)
        walk.tell(i + 1, clean)
    return x


def tcd(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """Trajectory consistency sampling, algorithm 4 of https://arxiv.org/abs/2402.19159.

    ``eta`` is gamma: to that share of the time below the next level, then noise up to it.
    """
    path, levels = walk.path, walk.levels
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        below = levels.level((1 - walk.eta) * levels.time(to)) if to > 0 and walk.eta > 0 else to
        below = min(below, to)
        scale = path.signal(to) / path.signal(below)
        up = math.sqrt(max(to**2 - (scale * below) ** 2, 0.0))
        x = walk.noisy(walk.straight(x, clean, sigma, below) * scale, up)
        walk.tell(i + 1, clean)
    return x


def seeds_2(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """SEEDS-2 of https://arxiv.org/abs/2305.14267, its inner point halfway."""
    return _stages(x, sigmas, walk, (1 / 2,))


def seeds_3(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """SEEDS-3 of https://arxiv.org/abs/2305.14267, its inner points at the thirds."""
    return _stages(x, sigmas, walk, (1 / 3, 2 / 3))


def exp_heun_2_x0_sde(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """The exponential Heun method with the noise of the step in both its answers."""
    return _stages(x, sigmas, walk, (1.0,))


def _stages(x: Tensor, sigmas: Sequence[float], walk: Walk, parts: Sequence[float]) -> Tensor:
    """Exponential Runge-Kutta steps of the SDE; each stage continues the noise of the one before.

    A stage, and the step itself, goes by the line through the first answer and the latest.
    """
    path, eta = walk.path, walk.eta
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        if to == 0 or path.signal(sigma) == 0:
            x = walk.hop(x, clean, sigma, to, eta)
            walk.tell(i + 1, clean)
            continue
        now, h = path.lam(sigma), path.gain(sigma, to)
        noise, at, answers, nodes = x.new_zeros(()), sigma, [clean], [now]
        for part in parts:
            level = to if part == 1 else path.of_lam(now + part * h)
            noise = _more(noise, at, level, walk)
            weights = _weights(parts, nodes, now, path.lam(level), 1 + eta)
            there = walk.move(x, sigma, level, list(zip(weights, answers, strict=True)), eta)
            answers, nodes = [clean, walk.denoise(there + noise, level)], [now, path.lam(level)]
            at = level
        weights = _weights(parts, nodes, now, path.lam(to), 1 + eta)
        x = walk.move(x, sigma, to, list(zip(weights, answers, strict=True)), eta)
        x = x + _more(noise, at, to, walk)
        walk.tell(i + 1, clean)
    return x


def _more(noise: Tensor, sigma: float, to: float, walk: Walk) -> Tensor:
    """The noise of a step so far, taken on to a lower level."""
    if walk.eta == 0 or sigma == to:
        return noise
    return walk.noisy(noise * walk.kept(sigma, to, walk.eta), walk.spread(sigma, to, walk.eta))


def _weights(
    parts: Sequence[float], nodes: Sequence[float], now: float, then: float, decay: float
) -> list[float]:
    if parts == (1 / 2,) and len(nodes) == 2:
        # The paper's weights for its two stages: all on the inner answer, as halfway in time.
        return [0.0, -math.expm1(-decay * (then - now))]
    return decaying_weights(nodes, now, then, decay)


def er_sde(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """ER-SDE-Solver-3 of https://arxiv.org/abs/2309.06169 with the noise scale that it advises.

    Solved in the ratio of noise to signal, so it serves flow models too; what is expected goes by a
    line, then a parabola, through the last levels, and is integrated as it is.
    """
    path = walk.path
    known: list[tuple[float, Tensor]] = []
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        now, then = path.ratio(sigma), path.ratio(to)
        if to == 0 or math.isinf(now):
            x = walk.noisy(clean * path.signal(to), to)
        else:
            kept = _scale(then) / _scale(now)
            weights = _areas(now, then, [ratio for ratio, _ in known])
            made = x * (kept / path.signal(sigma))
            for weight, told in zip(weights, [clean, *(told for _, told in known)], strict=True):
                made = made + told * weight
            up = math.sqrt(max(then**2 - (now * kept) ** 2, 0.0))
            x = walk.noisy(made * path.signal(to), up * path.signal(to))
            known = [(now, clean), *known][:2]
        walk.tell(i + 1, clean)
    return x


def _scale(ratio: float) -> float:
    """The noise scale that the paper found best."""
    return ratio * (math.exp(min(ratio**0.3, 600.0)) + 10.0)


def _areas(now: float, then: float, before: Sequence[float]) -> list[float]:
    """What each answer counts: scale(then) · the integral of scale'/scale² times its polynomial."""
    # By parts, the boundary terms exactly and the rest by Gauss-Legendre in the logarithm.
    nodes = [now, *before]
    made = []
    for poly in lagrange([node - now for node in nodes]):
        slope = [power * c for power, c in enumerate(poly)][1:]

        def value(at: float, poly: Sequence[float]) -> float:
            return sum(c * (at - now) ** power for power, c in enumerate(poly))

        rest = sum(w * r * value(r, slope) / _scale(r) for r, w in _gauss(then, now))
        whole = value(then, poly) - value(now, poly) * _scale(then) / _scale(now)
        made.append(whole + _scale(then) * rest)
    return made


def _gauss(low: float, high: float) -> list[tuple[float, float]]:
    """Eight points, and their weights, for an integral in the logarithm."""
    points = (0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363)
    weights = (0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763)
    middle, half = math.log(low * high) / 2, math.log(high / low) / 2
    return [
        (math.exp(middle + sign * half * point), weight * half)
        for point, weight in zip(points, weights, strict=True)
        for sign in (-1, 1)
    ]


def euler_cfg_pp(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """CFG++, algorithm 2 of https://arxiv.org/abs/2406.08070: the noise is put back unguided."""
    return _cfg_pp(x, sigmas, walk, 0.0)


def euler_ancestral_cfg_pp(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """The same with ancestral noise, its appendix on SDEs."""
    return _cfg_pp(x, sigmas, walk, walk.eta)


def _cfg_pp(x: Tensor, sigmas: Sequence[float], walk: Walk, eta: float) -> Tensor:
    path = walk.path
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        free = clean if walk.denoise.unguided is None else walk.denoise.unguided
        step = split(path, sigma, to, eta)
        noise = (x - free * path.signal(sigma)) / sigma
        made = clean * path.signal(step.down) + noise * step.down
        x = walk.noisy(made * step.scale, step.up)
        walk.tell(i + 1, clean)
    return x
