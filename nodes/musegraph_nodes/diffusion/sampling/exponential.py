"""Samplers that solve the linear part exactly, in ``lam``: DPM-Solver++ and its relatives.

With ``eta`` above 0 they follow the diffusion SDE. Written from the papers named at each and from
k-diffusion (MIT) for the forms that go by those names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .paths import decaying_weights, split
from .walk import Walk, pairs

if TYPE_CHECKING:
    from torch import Tensor


def dpmpp_2m(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """DPM-Solver++(2M), algorithm 2 of https://arxiv.org/abs/2211.01095."""
    return _second_order(x, sigmas, walk, 0.0, heun=False)


def dpmpp_2m_sde(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """SDE-DPM-Solver++(2M), §5 of https://arxiv.org/abs/2211.01095."""
    return _second_order(x, sigmas, walk, walk.eta, heun=False)


def dpmpp_2m_sde_heun(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """The same with Heun's weights, as in k-diffusion."""
    return _second_order(x, sigmas, walk, walk.eta, heun=True)


def _second_order(x: Tensor, sigmas: Sequence[float], walk: Walk, eta: float, heun: bool) -> Tensor:
    before, last = None, 0.0
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        h, grown = walk.path.gain(sigma, to), walk.grown(sigma, to, eta)
        terms = [(grown, clean)]
        if before is not None and math.isfinite(h) and math.isfinite(last):
            full = (1 + eta) * h
            bend = (1 - grown / full if heun else grown / 2) * h / last
            terms = [(grown + bend, clean), (-bend, before)]
        x = walk.noisy(walk.move(x, sigma, to, terms, eta), walk.spread(sigma, to, eta))
        before, last = clean, h
        walk.tell(i + 1, clean)
    return x


def dpmpp_3m_sde(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """The form of k-diffusion for three levels back; its curvature counts half, as there."""
    eta = walk.eta
    known: list[Tensor] = []
    gains: list[float] = []
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        h, grown = walk.path.gain(sigma, to), walk.grown(sigma, to, eta)
        weights = [grown, 0.0, 0.0]
        usable = [gain for gain in gains if math.isfinite(gain)][:2] if math.isfinite(h) else []
        if usable:
            full = (1 + eta) * h
            two = 1 - grown / full
            r = [gain / h for gain in usable]
            if len(r) == 1:
                weights = [grown + two / r[0], -two / r[0], 0.0]
            else:
                three, both = two / full - 0.5, r[0] + r[1]
                # What (clean - one) / r0 and (one - two) / r1 count.
                near = two * (1 + r[0] / both) - three / both
                far = three / both - two * r[0] / both
                weights = [grown + near / r[0], far / r[1] - near / r[0], -far / r[1]]
        terms = list(zip(weights, [clean, *known], strict=False))
        x = walk.noisy(walk.move(x, sigma, to, terms, eta), walk.spread(sigma, to, eta))
        known, gains = [clean, *known][:2], [h, *gains][:2]
        walk.tell(i + 1, clean)
    return x


def dpmpp_2s_ancestral(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """DPM-Solver++(2S), algorithm 1 of https://arxiv.org/abs/2211.01095, with ancestral noise."""
    path = walk.path
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        step = split(path, sigma, to, walk.eta)
        if step.down > 0 and path.signal(sigma) > 0:
            middle = path.of_lam((path.lam(sigma) + path.lam(step.down)) / 2)
            inner = walk.denoise(walk.straight(x, clean, sigma, middle), middle)
            x = walk.straight(x, inner, sigma, step.down)
        else:
            x = walk.straight(x, clean, sigma, step.down)
        x = walk.noisy(x * step.scale, step.up)
        walk.tell(i + 1, clean)
    return x


def dpmpp_sde(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """The stochastic DPM-Solver++ in single steps of k-diffusion: halfway, then whole.

    The noise halfway is part of the noise of the whole step, as on one path of Brownian motion.
    """
    path, eta = walk.path, walk.eta
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        if to == 0 or path.signal(sigma) == 0:
            x = walk.hop(x, clean, sigma, to, eta)
        else:
            middle = path.of_lam((path.lam(sigma) + path.lam(to)) / 2)
            half, whole = split(path, sigma, middle, eta), split(path, sigma, to, eta)
            there = walk.straight(x, clean, sigma, half.down) * half.scale
            first = walk.noise()
            inner = walk.denoise(there + first * half.up, middle)
            now, mid, then = (path.ratio(level) for level in (sigma, middle, to))
            share = (now - mid) / (now - then)
            noise = first * math.sqrt(share) + walk.noise() * math.sqrt(1 - share)
            x = walk.straight(x, inner, sigma, whole.down) * whole.scale + noise * whole.up
        walk.tell(i + 1, clean)
    return x


def res_multistep(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """The refined exponential solver with two levels, https://arxiv.org/abs/2308.02157 §3."""
    path, before, last = walk.path, None, 0.0
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        now, then = path.lam(sigma), path.lam(to)
        if before is None or to == 0 or math.isinf(last):
            x = walk.straight(x, clean, sigma, to)
        else:
            one, two = decaying_weights([now, last], now, then)
            x = walk.move(x, sigma, to, [(one, clean), (two, before)])
        before, last = clean, now
        walk.tell(i + 1, clean)
    return x


def exp_heun_2_x0(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """The exponential Heun method on the expected picture, order 2: Hochbruck & Ostermann 2010.

    Equation 2.39 of https://doi.org/10.1017/S0962492910000048 with its second node at the end.
    """
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        there = walk.straight(x, clean, sigma, to)
        if to > 0 and walk.path.signal(sigma) > 0:
            now, then = walk.path.lam(sigma), walk.path.lam(to)
            one, two = decaying_weights([now, then], now, then)
            inner = walk.denoise(there, to)
            there = walk.move(x, sigma, to, [(one, clean), (two, inner)])
        x = there
        walk.tell(i + 1, clean)
    return x
