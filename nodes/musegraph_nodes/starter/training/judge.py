"""Measuring: a small classifier, trained on renders, reads what the model's pictures show."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from musegraph_nodes.starter.training.data import Pictures, load_pictures, save_sheet, to_tensor
from musegraph_nodes.starter.training.denoiser import draw
from musegraph_nodes.starter.training.loop import half_precision, pick_device

#: What is judged. The first three are what the model promises; the others are told for honesty.
ATTRIBUTES = ("style", "scene", "time", "position", "subject", "colour", "weather")

Specs = list[dict[str, Any]]


def labels_of(spec: dict[str, Any]) -> dict[str, str]:
    """The judged attributes that apply to a spec as `make_data` writes it."""
    if spec["kind"] == "objects":
        return {"style": spec["style"], "scene": "objects", "colour": spec["first"]["colour"]}
    found = {name: str(spec[name]) for name in ATTRIBUTES}
    return {name: value for name, value in found.items() if value}


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


class Judge(nn.Module):
    """Pictures, float `[n, 3, h, w]` in -1..1, to one row of scores for each attribute."""

    def __init__(self, classes: Classes, widths: tuple[int, ...] = (24, 48, 96, 128)) -> None:
        super().__init__()
        self.classes = classes
        layers: list[nn.Module] = []
        before = 3
        for width in widths:
            layers += [nn.Conv2d(before, width, 3, 2, 1), nn.GroupNorm(8, width), nn.SiLU()]
            before = width
        layers += [nn.Conv2d(before, before, 3, 1, 1), nn.GroupNorm(8, before), nn.SiLU()]
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(4), nn.Flatten())
        self.heads = nn.ModuleList(
            nn.Linear(before * 16, max(1, len(values))) for values in classes.values.values()
        )

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Scores, a list of `[n, classes of the attribute]`."""
        features = self.features(pictures)
        return [head(features) for head in self.heads]


def train_judge(
    pixels: list[np.ndarray[Any, Any]], specs: Specs, seconds: float, device: torch.device
) -> Judge:
    """Train on uint8 `[n, h, w, 3]` renders, one array after another, with one spec each."""
    torch.manual_seed(7)
    judge = Judge(Classes.of(specs)).to(device)
    targets = judge.classes.targets(specs)
    offsets = np.cumsum([0, *[len(part) for part in pixels]])
    optimizer = torch.optim.AdamW(judge.parameters(), 3e-3, weight_decay=0.02, fused=True)
    rng = np.random.default_rng(7)
    began = time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * max(0.01, 1 - spent / seconds)
        index = rng.integers(0, len(targets), 64)
        which = np.searchsorted(offsets, index, side="right") - 1
        batch = np.stack([pixels[w][i - offsets[w]] for w, i in zip(which, index, strict=True)])
        real = to_tensor(batch).to(device)
        real = real + 0.05 * torch.randn_like(real)
        with half_precision(device):
            scores = judge(real)
        loss = _classify(scores, targets[index].to(device))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return judge.eval()


def _classify(scores: list[Tensor], targets: Tensor) -> Tensor:
    loss = torch.zeros((), device=targets.device)
    for column, score in enumerate(scores):
        if bool((targets[:, column] >= 0).any()):
            loss = loss + F.cross_entropy(score.float(), targets[:, column], ignore_index=-1)
    return loss


@torch.no_grad()
def score(judge: Judge, pictures: Tensor, specs: Specs) -> dict[str, tuple[int, int]]:
    """For each attribute how many pictures `[n, 3, h, w]` of how many show it."""
    device = next(judge.parameters()).device
    targets = judge.classes.targets(specs)
    parts = [judge(part.to(device)) for part in pictures.split(32)]
    result = {}
    for column, name in enumerate(judge.classes.values):
        said = torch.cat([part[column].float().cpu() for part in parts]).argmax(1)
        applies = targets[:, column] >= 0
        result[name] = (int((said == targets[:, column])[applies].sum()), int(applies.sum()))
    return result


def interval(right: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if count == 0:
        return 0.0, 1.0
    z, share = 1.96, right / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    half /= 1 + z * z / count
    return max(0.0, middle - half), min(1.0, middle + half)


def fresh(count: int, held_out: bool, seed: int) -> Pictures:
    """New renders with one caption each: held-out combinations only, or none of them."""
    from musegraph_nodes.starter.scenes.caption import caption
    from musegraph_nodes.starter.scenes.draw import render
    from musegraph_nodes.starter.scenes.spec import as_dict, sample_spec

    rng = np.random.default_rng(seed)
    specs = [sample_spec(rng, held_out) for _ in range(count)]
    pixels = np.stack([render(spec, 128) for spec in specs])
    return Pictures(pixels, [[caption(spec, rng)] for spec in specs], [as_dict(s) for s in specs])


def measure(
    judge: Judge, models: tuple[Any, Any, Any], work: Path, guidance: float, count: int
) -> dict[str, Any]:
    """Draw fresh seen and held-out prompts with fixed seeds and judge them beside real renders."""
    vae, model, tokenizer = models
    report: dict[str, Any] = {"guidance": guidance, "steps": 20}
    for held_out in (False, True):
        name = "held out" if held_out else "seen"
        real = fresh(max(256, count), held_out, seed=4242 + held_out)
        report[f"{name}, renders"] = score(judge, real.batch(np.arange(len(real))), real.specs)
        prompts = [captions[0] for captions in real.captions[:count]]
        parts = []
        for start in range(0, count, 16):
            some = prompts[start : start + 16]
            parts.append(draw(model, vae, tokenizer, some, guidance=guidance, seed=start))
        made = torch.cat(parts)
        report[f"{name}, drawn"] = score(judge, made, real.specs[:count])
        save_sheet(made[:48], work / f"judged-{name.replace(' ', '-')}.png")
    return report


def judge(data: Path, work: Path, minutes: float, device: str, count: int = 128) -> None:
    """Train a judge for `minutes`, measure the newest model, write and print `judge.json`.

    A judge that was trained before is used again.
    """
    from musegraph_nodes.starter.training.export import load_trained

    place = pick_device(device)
    known, unusual = load_pictures(data), fresh(2000, True, seed=99)
    specs = known.specs + unusual.specs
    trained = Judge(Classes.of(specs)).to(place).eval()
    kept = work / "judge.safetensors"
    if kept.exists():
        trained.load_state_dict(load_file(kept))
    else:
        trained = train_judge([known.pixels, unusual.pixels], specs, minutes * 60, place)
        save_file({name: value.cpu() for name, value in trained.state_dict().items()}, kept)
    vae, model, tokenizer = load_trained(work)
    models = (vae.to(place), model.to(place), tokenizer)
    report = measure(trained, models, work, guidance=3.0, count=count)
    (work / "judge.json").write_text(json.dumps(report, indent=2), encoding="utf-8")
    for line in table(report):
        print(line, flush=True)


def table(report: dict[str, Any]) -> list[str]:
    """The figures as a Markdown table."""
    columns = [name for name in report if "," in name]
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for attribute in ATTRIBUTES:
        cells = []
        for column in columns:
            right, count = report[column][attribute]
            low, high = interval(right, count)
            share = right / max(1, count)
            cells.append(f"{share:.2f} ({low:.2f}-{high:.2f}, n={count})")
        lines.append(f"| {attribute} | " + " | ".join(cells) + " |")
    return lines
