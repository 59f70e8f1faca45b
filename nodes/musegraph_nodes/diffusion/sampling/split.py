"""One way from noise to picture shared by two models: which steps are whose.

As in ``StableDiffusionXLPipeline`` with ``denoising_end`` and its refiner with
``denoising_start``: the way is measured in the timesteps that the models were trained with, so both
need not make equally many steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .plain import Plan
from .sigmas import Levels

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def until(plan: Plan, end: float) -> Plan:
    """The steps of a plan before a share of the way."""
    if end >= 1:
        return plan
    scheduler = plan.scheduler
    cutoff = _cutoff(scheduler.config.num_train_timesteps, end)
    left = plan.timesteps[: int((plan.timesteps >= cutoff).sum())]
    return replace(plan, timesteps=left, steps=-(-len(left) // scheduler.order))


def gone_on(scheduler: Any, data: Tensor, generators: list[torch.Generator], start: float) -> Plan:
    """The steps after a share of the way, from the latent that another model left there."""
    cutoff = _cutoff(scheduler.config.num_train_timesteps, start)
    count = int((scheduler.timesteps < cutoff).sum())
    if scheduler.order == 2 and count % 2 == 0:
        count += 1  # each step but the last is two timesteps; none may be torn apart
    first = len(scheduler.timesteps) - count
    timesteps = scheduler.timesteps[first:]
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    return Plan(scheduler, timesteps, -(-len(timesteps) // scheduler.order), data, generators)


def levels_between(
    sigmas: Sequence[float], levels: Levels, start: float, end: float
) -> Sequence[float]:
    """Of the noise levels of a sampler those from one share of the way to another."""
    count = len(levels.sigmas)
    steps = [levels.step(sigma) for sigma in sigmas[:-1]]
    first = sum(step >= _cutoff(count, start) for step in steps) if start > 0 else 0
    last = sum(step >= _cutoff(count, end) for step in steps) if end < 1 else len(steps)
    return sigmas[first : last + 1]


def _cutoff(count: int, share: float) -> int:
    return round(count - share * count)
