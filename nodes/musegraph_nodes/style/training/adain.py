"""`python -m musegraph_nodes.style.training.adain --work DIR --steps N`.

Trains the decoder that style.adain comes with, on starter scenes that are woven of the eight style
pictures, of those in other colours, and of textures drawn by rule. The encoder is the first blocks
of starter/features and stays as it is; it lies in the result, so that encoder and decoder always
belong together. An interrupted training goes on from its last checkpoint, and equal steps on one
machine make equal weights. What the file says of itself (steps, and the losses of the first ones)
tells whether this script is the one that made it.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from musegraph import Reference
from musegraph_nodes.starter.training.loop import Averages, Checkpoints, load_average, until
from musegraph_nodes.style.adain_nets import AdaIN, Moments, between, mean_and_deviation, moved
from musegraph_nodes.style.features import load
from musegraph_nodes.style.nets import build
from musegraph_nodes.style.training.fast import grams
from musegraph_nodes.style.training.scenes import scenes
from musegraph_nodes.style.training.strokes import texture
from musegraph_nodes.style.weaving import pieces, woven

BLOCKS = 3
"""How deep the encoder goes."""

SHOWN = 3
"""Steps whose losses the file says."""

STARTER = Path(__file__).resolve().parents[2] / "starter" / "weights"


@dataclass(frozen=True)
class Plan:
    """Sizes and settings of a training run."""

    sides: tuple[int, ...] = (256, 320, 384)
    recoloured: int = 2
    textures: int = 24
    drawn: int = 256
    pool: int = 640
    side: int = 192
    batch: int = 1
    rate: float = 2e-3
    slower: int = 2000
    """After so many steps the rate is half of what it was: it falls without an end in sight."""

    between: float = 0.1
    """Share of pictures that go only a part of the way from content to style."""

    statistics: float = 2.0
    gram: float = 0.5
    content: float = 0.3
    average: float = 0.998
    seed: int = 0


@dataclass(frozen=True)
class Lesson:
    """A content [3,h,w], what is woven of it, and which style that was."""

    content: Tensor
    laid: Tensor
    style: int


@dataclass(frozen=True)
class Manner:
    """The statistics and centred Gram matrices of a style, by layer; '' is its pixels."""

    moments: dict[str, Moments]
    grams: dict[str, Tensor]


def pictures(plan: Plan, styles: Path) -> list[Tensor]:
    """The style pictures of a folder in several sizes and colours, and textures: [1,3,h,w]."""
    rng = np.random.default_rng([plan.seed, 1])
    made = []
    for file in sorted(styles.glob("*.jpg")):
        with Image.open(file) as picture:
            whole = picture.convert("RGB")
        for side in plan.sides:
            small = np.array(whole.resize((side, side), Image.Resampling.LANCZOS))
            plain = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
            made += [plain, *(recoloured(plain, rng) for _ in range(plan.recoloured))]
    if not made:
        raise FileNotFoundError(f"{styles} holds no .jpg; give the folder of the style pictures")
    drawn = [texture(seed, plan.drawn).permute(2, 0, 1)[None] for seed in range(plan.textures)]
    return made + drawn


def recoloured(picture: Tensor, rng: np.random.Generator) -> Tensor:
    """Other colours on the same marks: channels exchanged and mixed, contrast changed."""
    mix = torch.eye(3)[torch.from_numpy(rng.permutation(3))]
    mix = mix + torch.from_numpy(rng.normal(0, 0.15, (3, 3))).float()
    mixed = torch.einsum("ij,bjhw->bihw", mix, picture)
    mean = mixed.mean((2, 3), keepdim=True)
    shift = float(rng.uniform(-0.1, 0.1))
    return ((mixed - mean) * float(rng.uniform(0.7, 1.2)) + mean + shift).clamp(0, 1)


def contents(plan: Plan) -> list[Tensor]:
    """Scenes [1,3,side,side], whole or nearer: then shapes are as large as in larger pictures."""
    rng = np.random.default_rng([plan.seed, 2])
    found, made = scenes(), []
    for _ in range(plan.pool):
        whole = found[int(rng.integers(len(found)))]
        side = int(rng.uniform(0.5, 1.0) * whole.shape[1])
        y, x = rng.integers(0, whole.shape[1] - side + 1, 2)
        crop = whole[None, :, y : y + side, x : x + side]
        made.append(F.interpolate(crop, (plan.side, plan.side), mode="bicubic").clamp(0, 1))
    return made


@torch.no_grad()
def manner_of(net: AdaIN, picture: Tensor) -> Manner:
    """What is judged of a style [1,3,h,w]."""
    seen = {"": picture, **net.encoder(picture, net.layers)}
    moments = {layer: mean_and_deviation(part) for layer, part in seen.items()}
    apart = {layer: grams(part - moments[layer][0]) for layer, part in seen.items()}
    return Manner(moments, apart)


def judged(
    seen: dict[str, Tensor], goal: dict[str, Moments], marks: dict[str, Tensor]
) -> dict[str, Tensor]:
    """How far statistics and Gram matrices are from those of a style, as shares of them."""
    moments, apart = [], [seen[""].new_zeros(())]
    for layer, part in seen.items():
        for one, other in zip(mean_and_deviation(part), goal[layer], strict=True):
            moments.append((one - other).abs().mean() / other.abs().mean())
        if layer in marks:
            # About the mean of the style: what is left are strokes, where plain Gram matrices are
            # mostly brightness.
            wanted = marks[layer]
            away = ((grams(part - goal[layer][0]) - wanted) ** 2).sum()
            apart.append((away / (wanted**2).sum().clamp(min=1e-5)).clamp(max=4) / len(seen))
    return {"statistics": torch.stack(moments).mean(), "gram": torch.stack(apart).sum()}


def losses(net: AdaIN, lesson: Lesson, manner: Manner, strength: float) -> dict[str, Tensor]:
    """How far what is painted is from the style, and from what AdaIN makes of the laid picture."""
    laid, goal, marks = lesson.laid[None], manner.moments, manner.grams
    with torch.no_grad():
        if strength < 1:
            content = lesson.content[None]
            laid = content + strength * (laid - content)
            start = manner_of(net, content).moments
            # Half of two pictures has no marks of its own: their moments alone are wanted.
            goal, marks = between([(goal, strength), (start, 1 - strength)]), {}
        look = net.look(laid)
        aims = {
            layer: moved(look.features[layer], look.moments[layer], goal[layer])
            for layer in net.layers
        }
    painted = net(laid, look, goal)
    seen = {"": painted, **net.encoder(painted, net.layers)}
    away = [((seen[layer] - aim) ** 2).mean() / (aim**2).mean() for layer, aim in aims.items()]
    return {
        "content": torch.stack(away).mean(),
        **judged(seen, goal, marks),
        "outside": ((painted - painted.clamp(0, 1)) ** 2).mean(),
    }


def opened(features: Path) -> AdaIN:
    """A net whose decoder changes nothing yet."""
    whole = load(Reference(loader="style.features", source=str(features)), features, "cpu")
    layout = whole.layout
    held = layout.convs[: layout.layers.index(f"conv{BLOCKS}_1") + 1]
    encoder = build(type(layout)(held, layout.mean, layout.deviation))
    own = encoder.state_dict()
    encoder.load_state_dict({name: whole.state_dict()[name] for name in own}, strict=True)
    torch.manual_seed(0)
    net = AdaIN(encoder.requires_grad_(False), BLOCKS)
    nn.init.zeros_(net.paint.weight)
    return net.by_pixel()


class Course:
    """A training as far as it has come."""

    def __init__(self, plan: Plan, features: Path, styles: Path, work: Path) -> None:
        self.plan, self.work = plan, work
        self.net = opened(features)
        self.contents, self.styles = contents(plan), pictures(plan, styles)
        self.lesson, self.manner = cache(self._lesson), cache(self._manner)
        self.decoder = nn.ModuleList([self.net.stages, self.net.paint])
        parameters = list(self.decoder.parameters())
        self.optimizer = torch.optim.Adam(parameters, plan.rate, betas=(0.9, 0.98))
        self.averages = Averages(parameters, plan.average)
        self.checkpoints = Checkpoints(work / "decoder")
        self.progress = self.checkpoints.restore(self.decoder, self.averages, self.optimizer)

    def step(self, number: int, _: float) -> dict[str, float]:
        """One step; what it does depends on its number alone."""
        plan, rng = self.plan, np.random.default_rng([self.plan.seed, 3, number])
        for group in self.optimizer.param_groups:
            group["lr"] = plan.rate * min(1, (number + 1) / 50) / (1 + number / plan.slower)
        self.optimizer.zero_grad(set_to_none=True)
        sums: dict[str, float] = {}
        for _ in range(plan.batch):
            lesson = self.lesson(int(rng.integers(len(self.contents))))
            strength = float(rng.uniform()) if rng.random() < plan.between else 1.0
            found = losses(self.net, lesson, self.manner(lesson.style), strength)
            total = plan.statistics * found["statistics"] + plan.gram * found["gram"]
            total = total + plan.content * found["content"] + 10 * found["outside"]
            (total / plan.batch).backward()
            for name, value in found.items():
                sums[name] = sums.get(name, 0.0) + float(value.detach()) / plan.batch
        nn.utils.clip_grad_norm_(self.decoder.parameters(), 1.0)
        self.optimizer.step()
        self.averages.update(number)
        if number < SHOWN:
            self.noted(number, sums["statistics"])
        return sums

    @torch.no_grad()
    def _lesson(self, number: int) -> Lesson:
        """One content in one style; each style has as many as the others."""
        style = number % len(self.styles)
        content = self.contents[number]
        laid = woven(content, pieces(self.styles[style]), even=True)
        return Lesson(content[0], laid[0], style)

    def _manner(self, style: int) -> Manner:
        return manner_of(self.net, self.styles[style])

    def noted(self, number: int, loss: float) -> None:
        """Keep the losses of the first steps, which the file will say."""
        file = self.work / "first.json"
        kept = json.loads(file.read_text()) if file.exists() else []
        file.write_text(json.dumps([*kept[:number], loss]))

    def run(self, steps: int) -> AdaIN:
        """Train until so many steps have been made, earlier runs included."""

        def save() -> None:
            self.checkpoints.save(self.progress, self.decoder, self.averages, self.optimizer)

        until(self.progress, steps, self.step, save)
        return self.net


def export(features: Path, work: Path, target: Path) -> Path:
    """Write encoder and averaged decoder as one file of float16."""
    from safetensors.torch import save_file

    net = opened(features)
    load_average(work / "decoder", nn.ModuleList([net.stages, net.paint]))
    kept = {}
    for name, tensor in net.state_dict().items():
        own = name.removeprefix("encoder.") if name.startswith("encoder.") else f"decoder.{name}"
        kept[own] = tensor.half().contiguous()
    kind = net.encoder.layout
    found = Checkpoints(work / "decoder").latest()
    assert found is not None
    steps = int(found.name.partition("-")[2])
    said: dict[str, Any] = {"mean": list(kind.mean), "deviation": list(kind.deviation)}
    said |= {"steps": steps, "first": json.loads((work / "first.json").read_text())}
    target.mkdir(parents=True, exist_ok=True)
    file = target / "model.safetensors"
    save_file(kept, file, metadata={"format": "pt", **{k: json.dumps(v) for k, v in said.items()}})
    file.chmod(0o644)
    return file


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, default=STARTER / "features" / "model.safetensors")
    parser.add_argument("--styles", type=Path, default=Path("workflows/images/styles"))
    parser.add_argument("--work", type=Path, required=True, help="checkpoints")
    parser.add_argument("--steps", type=int, default=6000, help="earlier runs included")
    parser.add_argument("--to", type=Path, default=STARTER / "adain", help="the folder to write")
    given = parser.parse_args()
    torch.set_num_threads(1)
    Course(Plan(), given.features, given.styles, given.work).run(given.steps)
    export(given.features, given.work, given.to)


if __name__ == "__main__":
    main()
