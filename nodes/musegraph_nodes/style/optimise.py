"""From a first picture to one with small losses: L-BFGS or Adam, from coarse to fine."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from musegraph import NodeError

from .basis import Basis, Pixels
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
    objective: Objective,
    start: Tensor,
    steps: int,
    optimiser: Optimiser,
    curve: Curve,
    told: Told,
    basis: Basis | None = None,
) -> Tensor:
    """The picture [1,3,H,W] after so many steps, each of one or two evaluations.

    ``told`` is called after each step with its number, the picture and its losses.
    """
    basis = basis or Pixels()
    # L-BFGS looks at its numbers as one line, which those of a permuted picture are not.
    values = basis.values(start.detach()).clone(memory_format=torch.contiguous_format)
    values.requires_grad_(True)
    method = _method(optimiser, values)
    last: list[tuple[Tensor, Figures]] = []

    def closure() -> float:
        picture = basis.picture(values.detach()).requires_grad_(True)
        last.append((picture.detach(), objective(picture)))
        assert picture.grad is not None
        values.grad = basis.gradient(picture.grad)
        return last[-1][1].total * picture.numel()

    curve.sizes.append(len(curve.figures))
    for step in range(steps):
        last.clear()
        method.step(closure)
        # What a step says is the loss where it began: one more evaluation would cost as much.
        picture, figures = last[0]
        if not math.isfinite(figures.total) or not bool(torch.isfinite(values.detach()).all()):
            raise NodeError(
                f"the optimisation ran away at step {step + 1}: its loss is no number any more; set"
                " the weights lower, or the optimiser to adam"
            )
        curve.figures.append(figures)
        told(step, picture, figures)
    return basis.picture(values.detach()).clamp(0, 1)


def _method(optimiser: Optimiser, values: Tensor) -> torch.optim.Optimizer:
    if optimiser == "adam":
        return torch.optim.Adam([values], lr=RATE)
    # One iteration a step, so that progress and cancelling are as fine; its memory goes on. A
    # tolerance would end it early where a gradient is spread over many pixels.
    return torch.optim.LBFGS(
        [values],
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
