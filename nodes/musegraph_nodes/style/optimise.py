"""From a first picture to one with small losses: L-BFGS or Adam, from coarse to fine."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from musegraph import NodeError

from .objective import Figures, Objective

Optimiser = Literal["lbfgs", "adam"]
HISTORY = 20
"""Steps that L-BFGS remembers: 24 bytes for each value of the picture and each of them would be
much more than the picture for a hundred, and as many do no better."""

RATE = 0.02
"""Of Adam, in shares of white."""

Told = Callable[[int, Tensor, Figures], None]


@dataclass
class Curve:
    """The losses of each step; ``sizes`` says at which steps a larger picture began."""

    figures: list[Figures] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)


def optimised(
    objective: Objective, start: Tensor, steps: int, optimiser: Optimiser, curve: Curve, told: Told
) -> Tensor:
    """The picture [1,3,H,W] after so many steps, each of one or two evaluations.

    ``told`` is called after each step with its number, the picture and its losses.
    """
    # L-BFGS looks at the picture as one line of numbers, which a permuted one is not.
    picture = start.detach().clone(memory_format=torch.contiguous_format).requires_grad_(True)
    method = _method(optimiser, picture)
    last: list[Figures] = []

    def closure() -> float:
        last.append(objective(picture))
        return last[-1].total * picture.numel()

    curve.sizes.append(len(curve.figures))
    for step in range(steps):
        last.clear()
        method.step(closure)
        # What a step says is the loss where it began: one more evaluation would cost as much.
        figures = last[0]
        if not math.isfinite(figures.total) or not bool(torch.isfinite(picture.detach()).all()):
            raise NodeError(
                f"the optimisation ran away at step {step + 1}: its loss is no number any more; set"
                " the weights lower, or the optimiser to adam"
            )
        curve.figures.append(figures)
        told(step, picture.detach(), figures)
    return picture.detach().clamp(0, 1)


def _method(optimiser: Optimiser, picture: Tensor) -> torch.optim.Optimizer:
    if optimiser == "adam":
        return torch.optim.Adam([picture], lr=RATE)
    # One iteration a step, so that progress and cancelling are as fine; its memory goes on. A
    # tolerance would end it early where a gradient is spread over many pixels.
    return torch.optim.LBFGS(
        [picture],
        max_iter=1,
        history_size=HISTORY,
        tolerance_grad=0,
        tolerance_change=0,
    )


def sizes(size: tuple[int, int], levels: int, least: int) -> list[tuple[int, int]]:
    """Widths and heights from coarse to fine, each twice the one before; the last is ``size``.

    With ``levels`` 0 as many as keep the shorter side of the coarsest at ``least`` or more.
    """
    made = [size]
    while len(made) < (levels or 6):
        width, height = (max(1, round(side / 2 ** len(made))) for side in size)
        if min(width, height) < least:
            break
        made.append((width, height))
    return made[::-1]
