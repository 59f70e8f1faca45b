"""Predictor and corrector in one: UniPC and SA-Solver."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .walk import Walk, pairs

if TYPE_CHECKING:
    from torch import Tensor


def uni_pc(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """UniPC of https://arxiv.org/abs/2302.04867, order 2, with B(h) = h."""
    return _uni_pc(x, sigmas, walk, expm1=False)


def uni_pc_bh2(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """UniPC of https://arxiv.org/abs/2302.04867, order 2, with B(h) = exp(h) - 1."""
    return _uni_pc(x, sigmas, walk, expm1=True)


def _uni_pc(x: Tensor, sigmas: Sequence[float], walk: Walk, expm1: bool) -> Tensor:
    """Each level is asked once: the answer corrects the step to it and predicts the next one."""
    path = walk.path
    known: list[tuple[float, Tensor]] = []  # lam and what was expected there, the latest first
    start = x
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        now = path.lam(sigma)
        if known and math.isfinite(known[0][0]):
            weights = _corrected([lam for lam, _ in known], now, expm1)
            answers = [clean, *(told for _, told in known)]
            x = walk.move(start, sigmas[i - 1], sigma, list(zip(weights, answers, strict=False)))
        known, start = [(now, clean), *known][:2], x
        then = path.lam(to)
        terms = [(walk.grown(sigma, to), clean)]
        if len(known) == 2 and to > 0 and math.isfinite(known[1][0]):
            # The simplified weight 1/2 of order 2 (appendix F of the paper).
            h = then - now
            bend = _scale(h, expm1) / 2 * h / (now - known[1][0])
            terms = [(terms[0][0] + bend, clean), (-bend, known[1][1])]
        x = walk.move(x, sigma, to, terms)
        walk.tell(i + 1, clean)
    return x


def _scale(h: float, expm1: bool) -> float:
    """-B(-h), positive."""
    return -math.expm1(-h) if expm1 else h


def _corrected(lams: Sequence[float], then: float, expm1: bool) -> list[float]:
    """What the new answer and those before count in the corrected step; algorithm 5 (UniC)."""
    now = lams[0]
    h = then - now
    grown, scale = -math.expm1(-h), _scale(h, expm1)
    if len(lams) == 1 or math.isinf(lams[1]):
        return [scale / 2, grown - scale / 2]
    # The two equations that make it exact for a line and a parabola in lam.
    two = 1 - grown / h
    first, second = two / scale, 2 * (two / h - 0.5) / scale * -1
    r = (lams[1] - now) / h
    old = (second - first) / (r - 1)
    new = first - old
    back = old * scale / r
    return [new * scale, grown - new * scale - back, back]


def sa_solver(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """SA-Solver of https://arxiv.org/abs/2309.05019: random Adams steps of order 2, corrected.

    Fresh noise comes in the middle three fifths of the time only, and the weights are simplified
    by what is of order 3, both as in diffusers. ``eta`` is tau squared.
    """
    path = walk.path
    known: list[tuple[float, Tensor]] = []
    start, noise, eta = x, None, 0.0
    for i, sigma, to in pairs(sigmas):
        clean = walk.denoise(x, sigma)
        now = path.lam(sigma)
        if noise is not None and math.isfinite(known[0][0]):
            grown = walk.grown(sigmas[i - 1], sigma, eta)
            half = (1 + eta) * (now - known[0][0]) / 2
            terms = [(half, clean), (grown - half, known[0][1])]
            x = walk.move(start, sigmas[i - 1], sigma, terms, eta)
            x = x + noise * walk.spread(sigmas[i - 1], sigma, eta)
        known, start = [(now, clean), *known][:2], x
        eta = walk.eta if 0.2 <= walk.time(sigma) <= 0.8 else 0.0
        terms = [(walk.grown(sigma, to, eta), clean)]
        if len(known) == 2 and to > 0 and math.isfinite(known[1][0]):
            h = path.gain(sigma, to)
            bend = (1 + eta) * h * h / 2 / (now - known[1][0])
            terms = [(terms[0][0] + bend, clean), (-bend, known[1][1])]
        noise = walk.noise()
        x = walk.move(x, sigma, to, terms, eta) + noise * walk.spread(sigma, to, eta)
        walk.tell(i + 1, clean)
    return x
