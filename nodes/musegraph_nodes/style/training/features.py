"""`python -m musegraph_nodes.style.training.features --work DIR --minutes M [--to FOLDER]`.

Trains the feature net that comes with Musegraph, on textures drawn by rule and on starter scenes.
An interrupted training goes on from its last checkpoint; `--to` writes the net when it is done.

Each block is to tell, by its Gram matrix alone, which two crops are of the same texture out of a
batch (Chen et al. 2020, in every block), also where their colours were changed: so what a Gram loss
compares says how long, wide, dense and sharp the marks are and which way they go. And each block is
to keep what it saw, colours above all: its cells must give the pixels below them back by one linear
map. The first block stays as it was drawn, orthogonal, for nothing keeps colours better.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musegraph_nodes.starter.scenes import render
from musegraph_nodes.starter.scenes.make_data import sample
from musegraph_nodes.starter.training.loop import Averages, Checkpoints, Clock, load_average
from musegraph_nodes.style.layouts import Layout, planned
from musegraph_nodes.style.nets import Features, orthogonal
from musegraph_nodes.style.painting import STYLES, paint
from musegraph_nodes.style.training.strokes import texture

#: Shipped weights.
WEIGHTS = Path(__file__).resolve().parents[2] / "starter" / "weights" / "features"

BLOCKS = ((16, 24), (32, 48), (64, 96), (128, 128), (160, 160))
FIXED = 1
"""Blocks that do not learn."""


@dataclass(frozen=True)
class Plan:
    """Sizes and settings of a training run."""

    textures: int = 2000
    scenes: int = 300
    paintings: int = 1
    """Pictures in each of the eight styles; each gives 16 crops."""
    size: int = 128
    crop: int = 64
    pairs: int = 16
    rate: float = 1e-3
    temperature: float = 0.1
    kept: float = 3.0
    recoloured: float = 0.4
    average: float = 0.995
    seed: int = 0


def layout() -> Layout:
    """The net that is trained: as VGG, a quarter as wide and thin where pictures are large."""
    return planned(BLOCKS)


def ends(net: Layout) -> tuple[str, ...]:
    """The last layer of each block."""
    last = {conv.block: conv.layer for conv in net.convs}
    return tuple(last.values())


class Student(nn.Module):
    """The net, with what it needs only while it learns."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.net = orthogonal(layout(), plan.seed)
        self.layers = ends(self.net.layout)
        widths = [self.net.layout.conv(layer).makes for layer in self.layers]
        self.mixes = nn.ModuleList(nn.Conv2d(wide, min(wide, 24), 1) for wide in widths)
        self.heads = nn.ModuleList(nn.Linear(min(wide, 24) ** 2, 64) for wide in widths)
        # One linear map from a cell to the pixels below it, in every block but the last.
        self.backs = nn.ModuleList(
            nn.Conv2d(wide, 3 * 4**at, 1) for at, wide in enumerate(widths[:-1])
        )
        for conv in self.net.layout.convs:
            if conv.block <= FIXED:
                self.net.features[str(conv.number)].requires_grad_(False)

    def forward(self, pictures: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """An embedding of each block, and the pictures that the blocks give back."""
        made = self.net(pictures, self.layers)
        embeddings, given = [], []
        for layer, mix, head in zip(self.layers, self.mixes, self.heads, strict=True):
            flat = mix(made[layer]).flatten(2)
            gram = flat @ flat.transpose(1, 2) / flat.shape[2]
            signed = gram.sign() * (gram.abs() + 1e-6).sqrt()
            embeddings.append(F.normalize(head(signed.flatten(1)), dim=1))
        for at, back in enumerate(self.backs):
            given.append(F.pixel_shuffle(back(made[self.layers[at]]), 2**at))
        return embeddings, given


def paired(embedding: Tensor, temperature: float) -> Tensor:
    """How badly the second half of a batch is found by the first, and the other way round."""
    first, second = embedding.chunk(2)
    near = first @ second.T / temperature
    target = torch.arange(len(first), device=near.device)
    return (F.cross_entropy(near, target) + F.cross_entropy(near.T, target)) / 2


def pool(plan: Plan, work: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The pictures that crops are taken from, uint8 [n,size,size,3]; drawn once and kept."""
    file = work / "pool.npy"
    if not file.exists():
        work.mkdir(parents=True, exist_ok=True)
        size = plan.size
        made = [(texture(seed, size) * 255).byte().numpy() for seed in range(plan.textures)]
        # A scene at twice the size has details of the size of strokes.
        wide = [render(sample(plan.seed, index)[0], size * 2) for index in range(plan.scenes)]
        made += [scene[size // 2 : -size // 2, size // 2 : -size // 2] for scene in wide]
        for style in STYLES:
            for seed in range(plan.paintings):
                whole = paint(style, 10_000 + seed, size * 4)
                made += list(
                    whole.reshape(4, size, 4, size, 3).swapaxes(1, 2).reshape(-1, size, size, 3)
                )
        partial = file.with_suffix(".partial.npy")
        np.save(partial, np.stack(made))
        partial.rename(file)
    loaded: np.ndarray[Any, np.dtype[np.uint8]] = np.load(file, mmap_mode="r")
    return loaded


def batch(
    pictures: np.ndarray[Any, np.dtype[np.uint8]], plan: Plan, rng: np.random.Generator
) -> Tensor:
    """Crops [2·pairs,3,crop,crop] of 0..1: the second half shows the same textures as the first."""
    halves: list[list[Tensor]] = [[], []]
    for index in rng.choice(len(pictures), plan.pairs, replace=False):
        whole = torch.from_numpy(np.array(pictures[index])).permute(2, 0, 1).float() / 255
        # One size for both: how large marks are is to be told.
        side = int(rng.integers(plan.crop * 3 // 4, plan.crop * 5 // 4))
        turned = int(rng.integers(4))
        for half in halves:
            y, x = rng.integers(0, plan.size - side + 1, 2)
            crop = torch.rot90(whole[:, y : y + side, x : x + side], turned, (1, 2))
            sized = F.interpolate(crop[None], size=(plan.crop, plan.crop), mode="bilinear")[0]
            half.append(_recoloured(sized, rng) if rng.random() < plan.recoloured else sized)
    return torch.stack(halves[0] + halves[1]).clamp(0, 1)


def _recoloured(crop: Tensor, rng: np.random.Generator) -> Tensor:
    """Other colours on the same marks: channels exchanged, contrast and brightness changed."""
    mixed = crop[torch.from_numpy(rng.permutation(3))]
    gain = torch.from_numpy(rng.uniform(0.6, 1.2, (3, 1, 1))).float()
    mean = mixed.mean((1, 2), keepdim=True)
    return (mixed - mean) * gain + mean + float(rng.uniform(-0.15, 0.15))


def train(
    work: Path, minutes: float, plan: Plan | None = None, steps: int | None = None
) -> Student:
    """Train until so many minutes have been spent, earlier runs included."""
    plan = plan or Plan()
    torch.manual_seed(plan.seed)
    pictures = pool(plan, work)
    student = Student(plan)
    parameters = [p for p in student.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, plan.rate, betas=(0.9, 0.95), weight_decay=0.01)
    averages = Averages(list(student.parameters()), plan.average)
    checkpoints = Checkpoints(work / "features")
    progress = checkpoints.restore(student, averages, optimizer)

    def step(number: int, share: float) -> dict[str, float]:
        rate = plan.rate * min(1, (number + 1) / 50) * (0.02 + 0.98 * (1 - share))
        for group in optimizer.param_groups:
            group["lr"] = rate
        crops = batch(pictures, plan, np.random.default_rng([plan.seed, number]))
        embeddings, given = student(crops)
        told = torch.stack([paired(one, plan.temperature) for one in embeddings])
        away = torch.stack([F.l1_loss(one, crops) for one in given])
        optimizer.zero_grad(set_to_none=True)
        (told.mean() + plan.kept * away.sum()).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        averages.update(number)
        found = {f"block{at}": float(loss) for at, loss in enumerate(told.detach(), 1)}
        lost = {f"lost{at}": float(loss) for at, loss in enumerate(away.detach(), 1)}
        return {**found, **lost}

    def save() -> None:
        checkpoints.save(progress, student, averages, optimizer)

    Clock(progress, minutes, log_every=25, save_every_seconds=60).run(step, save, steps)
    return student


@torch.no_grad()
def balanced(net: Features, pictures: Tensor) -> Features:
    """The same net, scaled so that each layer is 1 on average (Gatys et al. 2016, section 2).

    A net with nothing but rectifiers between its convolutions stays what it was: what one layer
    makes larger, the next takes back.
    """
    before = 1.0
    made = net(pictures, net.layout.layers)
    for conv in net.layout.convs:
        part = net.features[str(conv.number)]
        assert isinstance(part, nn.Conv2d)
        assert part.bias is not None
        scale = 1 / max(float(made[conv.layer].mean()), 1e-6)
        part.weight.mul_(scale / before)
        part.bias.mul_(scale)
        before = scale
    return net


def export(work: Path, target: Path, plan: Plan | None = None) -> Path:
    """Write the averaged net as one file of float16, in torchvision's names."""
    from safetensors.torch import save_file

    plan = plan or Plan()
    student = Student(plan)
    load_average(work / "features", student)
    crops = batch(pool(plan, work), plan, np.random.default_rng(plan.seed))
    net = balanced(student.net, crops)
    state = {name: tensor.half().contiguous() for name, tensor in net.state_dict().items()}
    target.mkdir(parents=True, exist_ok=True)
    file = target / "model.safetensors"
    said = {"mean": str(list(net.layout.mean)), "deviation": str(list(net.layout.deviation))}
    save_file(state, file, metadata={"format": "pt", **said})
    file.chmod(0o644)
    return file


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="checkpoints and pictures")
    parser.add_argument("--minutes", type=float, default=30, help="earlier runs included")
    parser.add_argument("--to", type=Path, default=WEIGHTS, help="the folder to write")
    given = parser.parse_args()
    train(given.work, given.minutes)
    export(given.work, given.to)


if __name__ == "__main__":
    main()
