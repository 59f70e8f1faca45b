"""Measuring: a small classifier, trained on renders, reads what pictures show."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from musegraph_nodes.starter.training.data import Pictures, to_pixels, to_tensor
from musegraph_nodes.starter.training.loop import (
    Progress,
    channels_last,
    half_precision,
    worked,
)
from musegraph_nodes.starter.training.muon import Muon

#: What is judged, in the order of the report.
ATTRIBUTES = (
    "style",
    "scene",
    "time",
    "position",
    "colour",
    "subject",
    "count",
    "season",
    "weather",
    "shape",
)
#: An attribute is used only if this share of real renders is read rightly.
LEAST = 0.97
#: Pixels along a side of what the judge looks at, whatever the size of the picture.
SIDE = 96

#: What is lost is small: a picture's differences are about this many times smaller than itself.
DETAIL = 20.0

Specs = list[dict[str, Any]]
Score = tuple[int, int]


def labels_of(spec: dict[str, Any]) -> dict[str, str]:
    """The judged attributes that apply to a spec as `make_data` writes it."""
    count = str(spec["count"])
    if spec["kind"] == "objects":
        labels = {"style": spec["style"], "scene": "objects"}
        if spec["second"] is not None:
            # Which of two is the first is a matter of the words: `segment` measures those.
            return labels
        first = spec["first"]
        return labels | {"colour": first["colour"], "shape": first["shape"], "count": count}
    names = ("style", "scene", "time", "position", "colour", "subject", "season", "weather")
    found = {name: str(spec.get(name, "")) for name in names}
    return {name: value for name, value in (found | {"count": count}).items() if value}


@dataclass
class Classes:
    """The values of each attribute, in order."""

    values: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, specs: Specs) -> Classes:
        """All values that occur in `specs`."""
        found: dict[str, set[str]] = {name: set() for name in ATTRIBUTES}
        for spec in specs:
            for name, value in labels_of(spec).items():
                found[name].add(value)
        return cls({name: sorted(values) for name, values in found.items()})

    def targets(self, specs: Specs) -> Tensor:
        """Class numbers, int64 `[n, attributes]`; -1 where an attribute does not apply."""
        rows = []
        for spec in specs:
            labels = labels_of(spec)
            rows.append(
                [
                    values.index(labels[name]) if labels.get(name) in values else -1
                    for name, values in self.values.items()
                ]
            )
        return torch.tensor(rows)


def looked_at(pictures: Tensor) -> Tensor:
    """What the judge sees of pictures `[n, 3, h, w]` in -1..1: `[n, 4, SIDE, SIDE]`.

    The fourth channel says how much each spot was smoothed by making it so small: grain of paper
    and strokes of a brush tell styles apart, and would be lost.
    """
    size = (2 * SIDE, 2 * SIDE)
    if pictures.shape[-1] != size[0]:
        pictures = F.interpolate(pictures, size=size, mode="bilinear", antialias=True)
    small = F.avg_pool2d(pictures, 2)
    rough = (pictures - F.interpolate(small, scale_factor=2.0)).abs().mean(1, keepdim=True)
    return torch.cat([small, (F.avg_pool2d(rough, 2) * DETAIL).clamp(0, 2) - 1], 1)


class Judge(nn.Module):
    """What is looked at, `[n, 4, SIDE, SIDE]`, to one row of scores for each attribute."""

    def __init__(self, classes: Classes, widths: tuple[int, ...] = (24, 48, 96, 160)) -> None:
        super().__init__()
        self.classes = classes
        layers: list[nn.Module] = []
        before = 4
        for level, width in enumerate(widths):
            layers += _block(before, width, 2)
            if level:
                layers += _block(width, width, 1)
            before = width
        self.features = nn.Sequential(*layers)
        self.look = nn.Conv2d(before, 4, 1)
        wide = before * (9 + 1 + 4)
        self.heads = nn.ModuleList(
            nn.Linear(wide, max(1, len(values))) for values in classes.values.values()
        )

    def forward(self, seen: Tensor) -> list[Tensor]:
        """Scores, a list of `[n, classes of the attribute]`."""
        grid = self.features(seen)
        where = self.look(grid).flatten(2).softmax(-1)
        spots = torch.einsum("nap,ncp->nac", where, grid.flatten(2)).flatten(1)
        parts = [F.adaptive_avg_pool2d(grid, 3).flatten(1), grid.amax((2, 3)), spots]
        features = torch.cat(parts, 1)
        return [head(features) for head in self.heads]


def _block(before: int, width: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(before, width, 3, stride, 1, bias=False),
        nn.BatchNorm2d(width),
        nn.SiLU(inplace=True),
    ]


@dataclass
class Renders:
    """What is looked at of pictures, uint8 `[n, SIDE, SIDE, 4]`, and what they show."""

    pixels: np.ndarray[Any, np.dtype[np.uint8]]
    specs: Specs

    @classmethod
    def of(cls, groups: Iterable[Pictures], kept: Path | None = None) -> Renders:
        """Shrink whole groups of pictures; `kept` is a file for the pixels, read if it is there."""
        groups = list(groups)
        specs = [spec for group in groups for spec in group.specs]
        if kept is not None and kept.exists():
            return cls(np.load(kept, mmap_mode="r"), specs)
        parts = [_small(group.pixels[i : i + 256]) for group in groups for i in _starts(group)]
        pixels = np.concatenate(parts)
        if kept is not None:
            np.save(kept, pixels)
        return cls(pixels, specs)


def _starts(group: Pictures) -> range:
    return range(0, len(group), 256)


def _small(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    small: np.ndarray[Any, np.dtype[np.uint8]] = to_pixels(looked_at(to_tensor(pixels)))
    return small


class JudgeTraining:
    """One run, which goes on from its last checkpoint if it was stopped."""

    def __init__(self, renders: Renders, work: Path, device: torch.device, batch: int = 64) -> None:
        torch.manual_seed(7)
        self.renders, self.device, self.batch, self.work = renders, device, batch, work
        self.judge = Judge(Classes.of(renders.specs)).to(device)
        channels_last(self.judge)
        self.targets = self.judge.classes.targets(renders.specs)
        self.optimizer = Muon(self.judge.parameters(), lr=RATE, weight_decay=0.02)
        self.progress = Progress()
        kept = work / "judge-training.pt"
        if kept.exists():
            state = torch.load(kept, weights_only=True)
            self.judge.load_state_dict(state["judge"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.progress = Progress(state["step"], state["seconds"])
        self.rng = np.random.default_rng([7, self.progress.step])

    def save(self) -> None:
        """Write a checkpoint."""
        self.work.mkdir(parents=True, exist_ok=True)
        state = {
            "judge": self.judge.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.progress.step,
            "seconds": self.progress.seconds,
        }
        torch.save(state, self.work / "judge-partial.pt")
        (self.work / "judge-partial.pt").replace(self.work / "judge-training.pt")

    def run(self, minutes: float, max_steps: int | None = None) -> Judge:
        """Train until `minutes` are done in all, earlier runs included.

        On a CPU they are minutes of the processor: beside other work it learns as much, later.
        """
        self.judge.train()
        done, saved = 0, self.progress.seconds
        while self.progress.seconds < minutes * 60 and (max_steps is None or done < max_steps):
            began = worked(self.device)
            loss = self.step(self.progress.seconds / (minutes * 60))
            self.progress.step += 1
            done += 1
            self.progress.seconds += worked(self.device) - began
            if self.progress.step % 200 == 0:
                rate = self.batch * self.progress.step / self.progress.seconds
                print(f"judge: step {self.progress.step}  loss {loss:.3f}  {rate:.0f} pictures/s")
            if self.progress.seconds - saved > 120:
                self.save()
                saved = self.progress.seconds
        self.save()
        return self.judge.eval()

    def step(self, share: float) -> float:
        """One step; `share` is the part of the time that is done."""
        for group in self.optimizer.param_groups:
            warm = min(1.0, (self.progress.step + 1) / 50)
            group["lr"] = RATE * warm * (0.01 + 0.99 * (1 - share))
        index = np.sort(self.rng.integers(0, len(self.targets), self.batch))
        real = to_tensor(self.renders.pixels[index]).to(self.device)
        # Drawn pictures are noisier and softer than renders; the judge must not mind too much.
        real = real + 0.04 * torch.randn_like(real)
        if self.rng.random() < 0.2:
            real = F.avg_pool2d(real, 3, 1, 1)
        with half_precision(self.device):
            scores = self.judge(real.contiguous(memory_format=torch.channels_last))
        loss = _classify(scores, self.targets[index].to(self.device))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())


RATE = 4e-3


def _classify(scores: list[Tensor], targets: Tensor) -> Tensor:
    loss = torch.zeros((), device=targets.device)
    for column, score in enumerate(scores):
        if bool((targets[:, column] >= 0).any()):
            loss = loss + F.cross_entropy(
                score.float(), targets[:, column], ignore_index=-1, label_smoothing=0.02
            )
    return loss


def save_judge(judge: Judge, path: Path) -> None:
    """Weights as float16, with the classes in the header."""
    weights = {name: value.cpu().half() for name, value in judge.state_dict().items()}
    weights = {n: v for n, v in weights.items() if not n.endswith("num_batches_tracked")}
    weights = {name: value.contiguous() for name, value in weights.items()}
    save_file(weights, path, {"classes": json.dumps(judge.classes.values)})


def load_judge(path: Path) -> Judge:
    """What `save_judge` wrote."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        classes = Classes(json.loads(file.metadata()["classes"]))
    judge = Judge(classes)
    weights = {name: value.float() for name, value in load_file(path).items()}
    judge.load_state_dict(weights, strict=False)
    return judge.eval()


@torch.no_grad()
def read(judge: Judge, pictures: Tensor) -> dict[str, list[str]]:
    """What the judge sees in pictures `[n, 3, h, w]`: a value of each attribute for each."""
    device = next(judge.parameters()).device
    parts = [judge(looked_at(part.to(device))) for part in pictures.split(64)]
    result = {}
    for column, (name, values) in enumerate(judge.classes.values.items()):
        said = torch.cat([part[column].float().cpu() for part in parts]).argmax(1).tolist()
        result[name] = [values[number] if values else "" for number in said]
    return result


def right(said: dict[str, list[str]], specs: Specs) -> dict[str, list[bool | None]]:
    """For each attribute whether it is as the spec says; None where it does not apply."""
    result: dict[str, list[bool | None]] = {name: [] for name in ATTRIBUTES}
    for row, spec in enumerate(specs):
        labels = labels_of(spec)
        for name in ATTRIBUTES:
            told = labels.get(name, "")
            result[name].append(said[name][row] == told if told else None)
    return result


def counted(verdicts: Iterable[bool | None]) -> Score:
    """How many are right, of how many that apply."""
    known = [verdict for verdict in verdicts if verdict is not None]
    return sum(known), len(known)


def interval(hits: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if count == 0:
        return 0.0, 1.0
    z, share = 1.96, hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    half /= 1 + z * z / count
    return max(0.0, middle - half), min(1.0, middle + half)


def usable(ceilings: dict[str, Score]) -> set[str]:
    """The attributes that are read rightly often enough to be used at all."""
    return {name for name, (hits, count) in ceilings.items() if count and hits / count >= LEAST}
