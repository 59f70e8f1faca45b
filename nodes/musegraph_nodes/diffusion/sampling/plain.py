"""The loop of the plain pipelines of diffusers, with one of its schedulers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any

from .guiders import Guide

if TYPE_CHECKING:
    import torch
    from torch import Tensor

OnCall = Callable[[int, "Tensor", "Tensor", "Tensor"], None]


@dataclass(frozen=True)
class Plan:
    """What one sampling does: a scheduler, the timesteps it visits, and where it starts."""

    scheduler: Any
    timesteps: Tensor
    steps: int
    start: Tensor
    generators: list[torch.Generator]

    def step(self, call: int) -> int:
        """Which step a call of the net belongs to; of order 2 there are two in a step."""
        order = int(self.scheduler.order)
        return max(call - (len(self.timesteps) - self.steps * order), 0) // order


def begin(
    scheduler: Any, data: Tensor, noise: Tensor, generators: list[torch.Generator], done: int,
    steps: int, blank: bool,
) -> Plan:  # fmt: skip
    """The noisy start of a scheduler whose timesteps are set, after the steps that are left out."""
    if blank:
        if hasattr(
            scheduler, "set_begin_index"
        ):  # or it looks for a timestep that may be there twice
            scheduler.set_begin_index(0)
        start = noise * getattr(scheduler, "init_noise_sigma", 1.0)
        return Plan(scheduler, scheduler.timesteps, steps, start, generators)
    first = done * scheduler.order
    timesteps = scheduler.timesteps[first:]
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    at = timesteps[:1].repeat(len(data))
    if hasattr(scheduler, "scale_noise"):  # of a flow, where noise takes the place of the picture
        start = scheduler.scale_noise(data, at, noise)
    else:
        start = scheduler.add_noise(data, noise, at)
    return Plan(scheduler, timesteps, steps - done, start, generators)


def denoise(plan: Plan, guide: Guide, report: OnCall) -> Tensor:
    """The loop itself, to the bit."""
    scheduler, x = plan.scheduler, plan.start
    seeded: Any = plan.generators if len(plan.generators) > 1 else plan.generators[0]
    random = "generator" in signature(scheduler.step).parameters
    extra = {"generator": seeded} if random else {}
    for call, t in enumerate(plan.timesteps):
        given = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
        step = plan.step(call)
        guide.denoiser.at = (call / len(plan.timesteps), (call + 1) / len(plan.timesteps))
        made = guide(given, t, step / plan.steps, step)
        x = scheduler.step(made, t, x, **extra, return_dict=False)[0]
        report(call, t, given, made)
    return x.float()
