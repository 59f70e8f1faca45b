"""How a model learns: one step, and what a checkpoint keeps of a training."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musegraph_nodes.starter.training.course import Course
from musegraph_nodes.starter.training.muon import orthogonalize

from .corpus import IGNORED, Corpus
from .net import MusicNet, Size

_FALLING = 0.3
"""The share of a training, its last, in which steps become smaller."""


@dataclass(frozen=True)
class Plan:
    """Everything that decides what comes out after a step."""

    size: Size = field(default_factory=Size)
    length: int = 512
    batch: int = 8
    rate: float = 3e-3
    decay: float = 0.02
    average: float = 0.995
    seed: int = 0


class Steps(torch.optim.Optimizer):
    """Orthogonal steps for the matrices of the blocks (Muon), those of Adam for the rest."""

    def __init__(self, net: nn.Module, plan: Plan) -> None:
        named = dict(net.named_parameters())
        inner = [p for n, p in named.items() if n.startswith("blocks.") and p.dim() == 2]
        chosen = {id(p) for p in inner}
        rest = [p for p in named.values() if id(p) not in chosen]
        groups = [{"params": inner, "orthogonal": True}, {"params": rest, "orthogonal": False}]
        super().__init__(groups, {"lr": plan.rate, "decay": plan.decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Change the parameters by their gradients."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    kind = self._orthogonal if group["orthogonal"] else self._adam
                    kind(parameter, parameter.grad, group)

    def _orthogonal(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        momentum = state.setdefault("momentum", torch.zeros_like(parameter))
        momentum.lerp_(gradient, 0.05)
        update = orthogonalize(gradient.lerp(momentum, 0.95))
        update = update * (0.2 * max(update.shape) ** 0.5)
        parameter.mul_(1 - group["lr"] * group["decay"])
        parameter.add_(update, alpha=-group["lr"])

    def _adam(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = 0
            state["mean"] = torch.zeros_like(parameter)
            state["square"] = torch.zeros_like(parameter)
        state["step"] += 1
        state["mean"].lerp_(gradient, 0.1)
        state["square"].lerp_(gradient * gradient, 0.02)
        bias = (1 - 0.98 ** state["step"]) ** 0.5 / (1 - 0.9 ** state["step"])
        spread = state["square"].sqrt().add_(1e-8)
        parameter.addcdiv_(state["mean"], spread, value=-group["lr"] * bias)


class Training(Course):
    """A net that learns music."""

    def __init__(
        self, plan: Plan, folder: Path, net: MusicNet | None = None, device: str = "cpu"
    ) -> None:
        torch.manual_seed(plan.seed)
        self.plan = plan
        self.net = (net or MusicNet(plan.size)).to(device)
        super().__init__(self.net, Steps(self.net, plan), plan.average, folder)

    def learn(self, corpus: Corpus, number: int, share: float) -> float:
        """One step on the batch that belongs to its number; ``share`` of the training is done."""
        plan = self.plan
        self.hurry(plan.rate * min(1.0, (number + 1) / 40, 0.05 + (1 - share) / _FALLING))
        rng = np.random.default_rng([plan.seed, number])
        device = next(self.net.parameters()).device
        tokens, labels, facts = (
            part.to(device) for part in corpus.batch(plan.batch, plan.length, rng)
        )
        with torch.autocast(device.type, torch.bfloat16):
            loss = wrongness(self.net, tokens, labels, facts)
        return self.step(loss, number)


def wrongness(net: MusicNet, tokens: Tensor, labels: Tensor, facts: Tensor) -> Tensor:
    """How surprised a net is by what comes next, in nats a token."""
    logits = net(tokens, facts)
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)


def write(net: MusicNet, file: Path, told: dict[str, Any]) -> None:
    """The net as half precision, with its sizes and what there is to tell about it."""
    from safetensors.torch import save_file

    tensors = {n: p.detach().cpu().half().contiguous() for n, p in net.named_parameters()}
    # One entry: several would be written in any order, and equal nets are to be equal files.
    said = json.dumps({"size": net.size.told(), "tokens": 1, **told}, sort_keys=True)
    save_file(tensors, file, metadata={"musegraph_music": said})
