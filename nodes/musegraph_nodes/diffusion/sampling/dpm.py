"""DPM-Solver (https://arxiv.org/abs/2206.00927) in one run and in steps that it sizes itself.

Both choose their own levels between the first one and the last above zero, evenly in their
logarithm; as in k-diffusion (MIT). What is left of the noise then goes in one last step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .walk import Walk

if TYPE_CHECKING:
    from torch import Tensor


class _Solver:
    """Steps of order 1 to 3 in ``t``, the negative logarithm of the level."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.clean: Tensor | None = None

    def slope(self, x: Tensor, t: float) -> Tensor:
        sigma = math.exp(-t)
        clean = self.walk.denoise(x, sigma)
        self.clean = clean if self.clean is None else self.clean
        return self.walk.slope(x, clean, sigma)

    def first(self, x: Tensor, t: float, to: float, slope: Tensor) -> Tensor:
        return x - slope * (math.exp(-to) * math.expm1(to - t))

    def second(
        self, x: Tensor, t: float, to: float, slope: Tensor, inner: Tensor, part: float
    ) -> Tensor:
        """``inner`` is the slope at a part of the way."""
        weight = math.exp(-to) * math.expm1(to - t) / (2 * part)
        return self.first(x, t, to, slope) - (inner - slope) * weight

    def third(self, x: Tensor, t: float, to: float, slope: Tensor, inner: Tensor) -> Tensor:
        """``inner`` is the slope at a third of the way; asks once more, at two thirds."""
        h, one, two = to - t, 1 / 3, 2 / 3
        at = t + two * h
        weight = math.exp(-at) * (two / one) * (math.expm1(two * h) / (two * h) - 1)
        x_two = self.first(x, t, at, slope) - (inner - slope) * weight
        weight = math.exp(-to) / two * (math.expm1(h) / h - 1)
        return self.first(x, t, to, slope) - (self.slope(x_two, at) - slope) * weight

    def step(self, x: Tensor, t: float, to: float, order: int) -> Tensor:
        slope = self.slope(x, t)
        if order == 1:
            return self.first(x, t, to, slope)
        part = 1 / 2 if order == 2 else 1 / 3
        at = t + part * (to - t)
        inner = self.slope(self.first(x, t, at, slope), at)
        if order == 2:
            return self.second(x, t, to, slope, inner, part)
        return self.third(x, t, to, slope, inner)


def _ends(sigmas: Sequence[float]) -> tuple[float, float, bool]:
    """First and last level above zero, in ``t``; and whether a step to zero follows."""
    last = min(level for level in sigmas if level > 0)
    return -math.log(sigmas[0]), -math.log(last), sigmas[-1] == 0


def _finish(x: Tensor, t: float, steps: int, walk: Walk) -> Tensor:
    clean = walk.denoise(x, math.exp(-t))
    walk.tell(steps, clean)
    return clean


def dpm_fast(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """DPM-Solver-fast: steps of order 3, and what does not divide by 3 at the end.

    It asks the model as many times as there are steps.
    """
    steps = len(sigmas) - 1
    start, end, zero = _ends(sigmas)
    asks, done = steps - int(zero), 0
    if asks > 0 and end > start:
        parts = asks // 3 + 1
        rest = [2, 1] if asks % 3 == 0 else [asks % 3]
        orders = [3] * (parts - len(rest)) + rest
        for index, order in enumerate(orders):
            solver = _Solver(walk)
            part = (end - start) / parts
            x = solver.step(x, start + part * index, start + part * (index + 1), order)
            done += order
            if solver.clean is not None:
                walk.tell(done, solver.clean)
    return _finish(x, end, steps, walk) if zero else x


def dpm_adaptive(x: Tensor, sigmas: Sequence[float], walk: Walk) -> Tensor:
    """DPM-Solver-12-3: steps of order 3, sized by how far those of order 2 are from them.

    The number of steps says how fine they are to be: at 20 or fewer they may be a twentieth apart,
    as in k-diffusion, at more so many parts. In a batch the worst picture decides.
    """
    import torch

    steps = len(sigmas) - 1
    start, end, zero = _ends(sigmas)
    t, h, before = start, 0.05, x
    near = 1 / max(steps, 20)
    told = 0
    while t < end - 1e-5:
        solver, to = _Solver(walk), min(end, t + h)
        slope = solver.slope(x, t)
        at = t + (to - t) / 3
        inner = solver.slope(solver.first(x, t, at, slope), at)
        low = solver.second(x, t, to, slope, inner, 1 / 3)
        high = solver.third(x, t, to, slope, inner)
        allowed = torch.clamp(near * torch.maximum(low.abs(), before.abs()), min=near * 0.156)
        errors = ((low - high) / allowed).flatten(1).square().mean(dim=1).sqrt()
        error = float(errors.max())
        if not math.isfinite(error):
            return high  # no smaller step would make it a number
        # The limited integral controller of k-diffusion.
        factor = 1 + math.atan((error + 1e-8) ** (-1 / 3) - 1)
        if factor >= 0.81:
            x, before, t = high, low, to
            share = int((t - start) / (end - start) * (steps - 1))
            told = max(told, min(share, steps - 1))
            if solver.clean is not None and told:
                walk.tell(told, solver.clean)
        h *= factor
    return _finish(x, end, steps, walk) if zero else x
