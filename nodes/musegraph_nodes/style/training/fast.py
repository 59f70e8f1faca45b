"""How a fast net learns a style: losses, batches, and checkpoints that a killed training leaves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from musegraph_nodes.style.fast_layout import FastLayout
from musegraph_nodes.style.fast_nets import FastStyle, build
from musegraph_nodes.style.gram import variation
from musegraph_nodes.style.nets import Features
from musegraph_nodes.style.prepare import resized

STYLE_LAYERS = ("conv1_2", "conv2_2", "conv3_2", "conv4_1")
CONTENT_LAYERS = ("conv3_2",)
BRIGHT = 127.5
"""What a net that has not learned paints: a middle grey, on the scale of 0..255."""


@dataclass(frozen=True)
class Plan:
    """Everything that decides what comes out after a step."""

    width: int = 16
    blocks: int = 5
    crop: int = 192
    batch: int = 2
    content: float = 1.0
    style: float = 5.0
    smooth: float = 0.0
    rate: float = 1e-3
    seed: int = 0
    style_layers: tuple[str, ...] = STYLE_LAYERS
    content_layers: tuple[str, ...] = CONTENT_LAYERS

    @property
    def layout(self) -> FastLayout:
        return FastLayout((self.width, 2 * self.width, 4 * self.width), self.blocks)


@dataclass
class State:
    """A training as far as it has come: the net, Adam's memory, and the losses of all steps."""

    net: FastStyle
    adam: torch.optim.Adam
    losses: dict[str, list[float]] = field(default_factory=lambda: {"style": [], "content": []})

    @property
    def step(self) -> int:
        return len(self.losses["style"])


def begun(plan: Plan, device: str) -> State:
    """A net that has learned nothing, and paints a middle grey."""
    net = build(plan.layout, plan.seed)
    with torch.no_grad():
        last = net.deconv3.conv2d
        last.weight.mul_(30)
        assert last.bias is not None
        last.bias.fill_(BRIGHT)
    net.to(device)
    return State(net, torch.optim.Adam(net.parameters(), plan.rate))


def grams(features: Tensor) -> Tensor:
    """[B,C,C]: the Gram matrix of each of [B,C,h,w], the mean over its cells."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def targets_of(features: Features, style: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """The Gram matrices of a style [B,3,H,W], of several pictures their mean."""
    with torch.no_grad():
        seen = features(style, layers)
        return {layer: grams(made).mean(0, keepdim=True) for layer, made in seen.items()}


def batch_of(pictures: Sequence[Tensor], plan: Plan, step: int) -> Tensor:
    """The crops of one step, which depend on nothing but the plan and its number."""
    rng = np.random.default_rng([plan.seed, step])
    made = []
    for index in rng.integers(0, len(pictures), plan.batch):
        whole = pictures[index]
        side = min(whole.shape[1:])
        part = int(min(side, max(plan.crop * rng.uniform(0.7, 1.3), 16)))
        y = int(rng.integers(0, whole.shape[1] - part + 1))
        x = int(rng.integers(0, whole.shape[2] - part + 1))
        crop = whole[None, :, y : y + part, x : x + part]
        crop = resized(crop, (plan.crop, plan.crop))
        made.append(crop.flip(3) if rng.random() < 0.5 else crop)
    return torch.cat(made)


def learned(
    state: State, features: Features, pictures: Tensor, targets: dict[str, Tensor], plan: Plan
) -> dict[str, float]:
    """One step; the losses before their weights."""
    layers = tuple(dict.fromkeys((*plan.style_layers, *plan.content_layers)))
    with torch.no_grad():
        goal = features(pictures, plan.content_layers)
    painted = state.net(pictures)
    seen = features(painted, layers)
    style = torch.stack([
        ((grams(seen[layer]) - target) ** 2).sum((1, 2)).mean() / (target**2).sum()
        for layer, target in targets.items()
    ]).mean()  # fmt: skip
    content = torch.stack([
        ((seen[layer] - goal[layer]) ** 2).sum() / (goal[layer] ** 2).sum().clamp(min=1e-12)
        for layer in plan.content_layers
    ]).mean()  # fmt: skip
    outside = ((painted - painted.clamp(0, 1)) ** 2).mean()
    total = plan.style * style + plan.content * content + 10 * outside
    if plan.smooth:
        total = total + plan.smooth * variation(painted)
    state.adam.zero_grad(set_to_none=True)
    total.backward()
    nn.utils.clip_grad_norm_(state.net.parameters(), 1.0)
    state.adam.step()
    return {"style": float(style.detach()), "content": float(content.detach())}


def save(state: State, plan: Plan, folder: Path) -> None:
    """Leave a checkpoint, whole or not at all; the one before goes."""
    from safetensors.torch import save_file

    target = folder / f"step-{state.step:08d}"
    if not state.step or target.exists():
        return
    partial = folder / "partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    tensors: dict[str, Tensor] = {}
    for name, parameter in state.net.named_parameters():
        kept = state.adam.state[parameter]
        tensors[name] = parameter.detach()
        tensors[f"{name}/first"] = kept["exp_avg"]
        tensors[f"{name}/second"] = kept["exp_avg_sq"]
    held = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    save_file(held, partial / "state.safetensors")
    told = {"plan": asdict(plan), "losses": state.losses}
    (partial / "state.json").write_text(json.dumps(told), encoding="utf-8")
    older = sorted(folder.glob("step-*"))
    partial.rename(target)
    for gone in older:
        shutil.rmtree(gone, ignore_errors=True)


def restored(state: State, folder: Path, most: int) -> bool:
    """Go on from the newest sound checkpoint that is not beyond ``most`` steps."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    for found in sorted(folder.glob("step-*"), reverse=True):
        try:
            told = json.loads((found / "state.json").read_text(encoding="utf-8"))
            stored = load_file(found / "state.safetensors")
            losses = {name: [float(x) for x in told["losses"][name]] for name in state.losses}
            step = len(losses["style"])
            if step > most or any(len(line) != step for line in losses.values()):
                continue
            _put(state, stored, step)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError):
            continue
        state.losses = losses
        return True
    return False


@torch.no_grad()
def _put(state: State, stored: dict[str, Tensor], step: int) -> None:
    names = dict(state.net.named_parameters())
    wanted = {name + part for name in names for part in ("", "/first", "/second")}
    if set(stored) != wanted:
        raise KeyError("tensors of another net")
    for name, parameter in names.items():
        if stored[name].shape != parameter.shape:
            raise ValueError("a tensor of another shape")
    for name, parameter in names.items():
        parameter.copy_(stored[name])
        state.adam.state[parameter] = {
            "step": torch.tensor(float(step)),
            "exp_avg": stored[f"{name}/first"].to(parameter.device),
            "exp_avg_sq": stored[f"{name}/second"].to(parameter.device),
        }


def write(state: State, file: Path, said: dict[str, Any]) -> None:
    """The net alone, in the public layout."""
    from safetensors.torch import save_file

    tensors = {name: t.detach().cpu().contiguous() for name, t in state.net.state_dict().items()}
    # One entry: several would be written in any order, and equal nets are to be equal files.
    save_file(tensors, file, metadata={"musegraph": json.dumps(said, sort_keys=True)})


def sample(state: State, picture: Tensor, side: int = 256) -> Tensor:
    """What the net makes of a picture [3,H,W] now, as [1,3,h,w] of 0..1."""
    high, wide = picture.shape[1:]
    scale = min(1.0, side / max(high, wide))
    small = resized(picture[None], (max(1, round(wide * scale)), max(1, round(high * scale))))
    device = next(state.net.parameters()).device
    with torch.no_grad():
        made: Tensor = state.net(small.to(device)).clamp(0, 1).cpu()
    return made
