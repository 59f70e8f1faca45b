"""How a dancer learns: dances to learn from, one step, and what a checkpoint keeps."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from musegraph_nodes.motion.body import BODY
from musegraph_nodes.starter.training.course import Course
from musegraph_nodes.starter.training.loop import short_rows
from musegraph_nodes.starter.training.muon import Muon

from . import heard
from .edge import EdgeNet, EdgeSize, tensors_of
from .numbers import COUNT, JOINTS, Range
from .x0 import cosine

if TYPE_CHECKING:
    from pathlib import Path

    from musegraph_nodes.motion.turns import Doubles

TIMES = 1000
_FALLING = 0.35
"""The share of a training, its last, in which steps become smaller."""
_SWIFT, _PLACED = 1.0, 1.0
"""What speeds and places count beside turns."""
_EVERY = 2
"""Places are worked out of every second frame: they cost more than all else of a loss."""
# How much is moved by a joint: a hip is worth more than a hand.
_WORTH = {
    "pelvis": 2.5, "hip": 1.6, "knee": 1.2, "ankle": 0.7, "foot": 0.3, "spine1": 1.8, "spine2": 1.8,
    "spine3": 1.8, "neck": 0.7, "head": 0.5, "collar": 1.0, "shoulder": 1.3, "elbow": 0.9,
    "wrist": 0.4, "hand": 0.1,
}  # fmt: skip


@dataclass(frozen=True)
class Build:
    """What a dancer is, beside its weights."""

    per_beat: int = 4
    """Frames to a beat; 0 for EDGE's thirty a second.

    A spline through four of them keeps a dance on its beats and without a tremble; a net that says
    sixteen of each beat trembles, and beats drown in that.
    """
    patch: int = 2
    """Frames to a token."""
    window: int = 16
    """Beats of a window."""
    styles: tuple[str, ...] = ("",)
    heads: int = 4
    width: int = 192
    inner: int = 512
    layers: int = 4

    @property
    def frames(self) -> int:
        return self.per_beat * self.window

    @property
    def size(self) -> EdgeSize:
        per = self.patch
        told = heard.COUNT + len(self.styles)
        return EdgeSize(COUNT * per, told * per, self.frames // per, self.width, self.inner,
                        self.layers, self.heads)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """Everything that decides what comes out after a step."""

    build: Build = field(default_factory=Build)
    batch: int = 64
    rate: float = 3e-3
    decay: float = 0.01
    average: float = 0.998
    drop: float = 0.15
    """How often music is withheld."""
    seed: int = 0


class Lesson(NamedTuple):
    """A dance and its music on one grid: numbers [T,151], what is heard [T,H]."""

    numbers: Doubles
    heard: Doubles


class Lessons:
    """Dances as windows are drawn from them."""

    def __init__(self, lessons: list[Lesson], build: Build, scope: Range | None = None) -> None:
        self.build = build
        self.scope = scope or Range.of(np.concatenate([one.numbers for one in lessons]))
        self.numbers = [
            torch.from_numpy(self.scope.into(one.numbers).astype(np.float16)) for one in lessons
        ]
        self.heard = [torch.from_numpy(one.heard.astype(np.float16)) for one in lessons]
        half = build.frames // 2
        self.windows = [
            (which, start)
            for which, one in enumerate(self.numbers)
            for start in range(0, len(one) - build.frames + 1, half)
        ]

    def batch(self, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Windows [B,frames,151] and what is heard there."""
        drawn = [self.windows[int(at)] for at in rng.integers(len(self.windows), size=count)]
        length = self.build.frames
        x = torch.stack([self.numbers[one][at : at + length] for one, at in drawn])
        told = torch.stack([self.heard[one][at : at + length] for one, at in drawn])
        return x.float(), told.float()


def folded(x: Tensor, patch: int) -> Tensor:
    """Frames [B,T,N] as tokens [B,T/patch,N patch]."""
    return x.reshape(x.shape[0], x.shape[1] // patch, -1)


class Training(Course):
    """A net that learns to dance."""

    def __init__(
        self, plan: Plan, scope: Range, folder: Path, net: EdgeNet | None = None,
        device: str = "cpu",
    ) -> None:  # fmt: skip
        torch.manual_seed(plan.seed)
        self.plan, self.scope = plan, scope
        self.net = (net or EdgeNet(plan.build.size)).to(device)
        if net is None:
            nn.init.zeros_(self.net.final_layer.weight)
        steps = Muon(self.net.parameters(), plan.rate, plan.decay)
        super().__init__(self.net, steps, plan.average, folder)
        self.schedule = cosine(TIMES)
        self.weigh = Weigh(scope, device)

    def learn(self, lessons: Lessons, number: int, share: float) -> float:
        """One step on the batch that belongs to its number; ``share`` of the training is done."""
        plan = self.plan
        self.hurry(plan.rate * min(1.0, (number + 1) / 40, 0.02 + (1 - share) / _FALLING))
        rng = np.random.default_rng([plan.seed, number])
        return self.step(self.wrongness(lessons, plan.batch, rng), number)

    def wrongness(self, lessons: Lessons, count: int, rng: np.random.Generator) -> Tensor:
        """How far a net is off on windows drawn by ``rng``."""
        device = next(self.net.parameters()).device
        clean, music = (one.to(device) for one in lessons.batch(count, rng))
        draw = torch.Generator().manual_seed(int(rng.integers(2**62)))
        time = torch.randint(TIMES, (count,), generator=draw).to(device)
        free = (torch.rand(count, generator=draw) < self.plan.drop).to(device)
        noise = torch.randn(clean.shape, generator=draw).to(device)
        patch = self.plan.build.patch
        noisy = self.schedule.noised(clean, time, noise)
        with short_rows(device):
            made = self.net(folded(noisy, patch), folded(music, patch), time, free)
        return self.weigh(
            made.float().reshape(clean.shape), clean, int(draw.initial_seed()) % _EVERY
        )


class Weigh:
    """How wrong a dance is: turns and places in radians and metres, and how fast they change."""

    def __init__(self, scope: Range, device: str = "cpu") -> None:
        worth = np.full(COUNT, 0.25)
        worth[4:7] = 3.0
        for at, name in enumerate(BODY.names[:JOINTS]):
            worth[7 + 6 * at : 13 + 6 * at] = _WORTH[name.rpartition("_")[2]]
        self.worth = torch.from_numpy(worth / scope.scale).float().to(device)
        self.scale = torch.from_numpy(np.asarray(scope.scale)).float().to(device)
        self.shift = torch.from_numpy(np.asarray(scope.shift)).float().to(device)
        self.offsets = torch.tensor(BODY.offsets, dtype=torch.float32, device=device)

    def __call__(self, made: Tensor, clean: Tensor, first: int) -> Tensor:
        off = (made - clean) * self.worth
        swift = off.diff(dim=1)
        places = self.places(made[:, first::_EVERY]) - self.places(clean[:, first::_EVERY])
        return (
            off.square().mean()
            + _SWIFT * swift.square().mean()
            + _PLACED * places.square().mean()
        ) * 10  # fmt: skip

    def places(self, numbers: Tensor) -> Tensor:
        """Where joints are [B,T,24,3], z up."""
        real = (numbers - self.shift) / self.scale
        root, six = real[..., 4:7], real[..., 7:].unflatten(-1, (JOINTS, 2, 3))
        one = nn.functional.normalize(six[..., 0, :], dim=-1, eps=1e-4)
        two = six[..., 1, :]
        two = two - (one * two).sum(-1, keepdim=True) * one
        two = nn.functional.normalize(two, dim=-1, eps=1e-4)
        local = torch.stack((one, two, torch.linalg.cross(one, two)), -2)
        turned, where = [local[..., 0, :, :]], [root]
        for at in range(1, JOINTS):
            parent = BODY.parents[at]
            turned.append(turned[parent] @ local[..., at, :, :])
            where.append(where[parent] + turned[parent] @ self.offsets[at])
        return torch.stack(where, -2)


def write(net: EdgeNet, scope: Range, build: Build, file: Path, told: dict[str, Any]) -> None:
    """A dancer as a file: weights in half precision, its range, and how it was built."""
    from safetensors.torch import save_file

    tensors = tensors_of(net, half=True)
    tensors["normalizer.scale"] = torch.from_numpy(np.asarray(scope.scale, np.float32))
    tensors["normalizer.shift"] = torch.from_numpy(np.asarray(scope.shift, np.float32))
    said = json.dumps({"build": asdict(build), "version": 1, **told}, sort_keys=True)
    save_file(tensors, file, metadata={"musegraph_dance": said})
