"""Muon: steps with orthogonal updates for matrices and kernels, AdamW's for everything else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn


@torch.no_grad()
def orthogonalize(matrix: Tensor, rounds: int = 5) -> Tensor:
    """The nearest semi-orthogonal matrix to `matrix` `[rows, columns]`, roughly.

    Newton-Schulz iteration with coefficients that trade exactness for speed.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.bfloat16()
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(rounds):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    result: Tensor = (x.T if tall else x).to(matrix.dtype)
    return result


class Muon(torch.optim.Optimizer):
    """One optimizer for a whole model: groups with `orthogonal` set take Muon's step."""

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, weight_decay: float) -> None:
        every = list(parameters)
        groups = [
            {"params": [p for p in every if is_kernel(p)], "orthogonal": True},
            {"params": [p for p in every if not is_kernel(p)], "orthogonal": False},
        ]
        groups = [group for group in groups if group["params"]]
        super().__init__(groups, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Change the parameters by their gradients."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                if group["orthogonal"]:
                    self._step_orthogonal(parameter, group)
                else:
                    self._step_adam(parameter, group)

    def _step_orthogonal(self, parameter: Tensor, group: dict[str, Any]) -> None:
        gradient = parameter.grad
        assert gradient is not None
        state = self.state[parameter]
        momentum = state.setdefault("momentum", torch.zeros_like(parameter))
        momentum.lerp_(gradient, 0.05)
        update = gradient.lerp(momentum, 0.95).flatten(1)
        update = orthogonalize(update) * (0.2 * max(update.shape) ** 0.5)
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.add_(update.view_as(parameter), alpha=-group["lr"])

    def _step_adam(self, parameter: Tensor, group: dict[str, Any]) -> None:
        gradient = parameter.grad
        assert gradient is not None
        state = self.state[parameter]
        if not state:
            state["step"] = 0
            state["mean"] = torch.zeros_like(parameter)
            state["square"] = torch.zeros_like(parameter)
        state["step"] += 1
        mean, square = state["mean"], state["square"]
        mean.lerp_(gradient, 0.1)
        square.lerp_(gradient * gradient, 0.01)
        correction = (1 - 0.99 ** state["step"]) ** 0.5 / (1 - 0.9 ** state["step"])
        parameter.addcdiv_(mean, square.sqrt() + 1e-8, value=-group["lr"] * correction)


def is_kernel(parameter: Tensor) -> bool:
    """True for matrices and convolution kernels, which Muon is for."""
    return parameter.ndim >= 2 and min(parameter.shape[0], parameter[0].numel()) >= 8
