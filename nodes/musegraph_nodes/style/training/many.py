"""`python -m musegraph_nodes.style.training.many --work DIR --steps N [--to FOLDER]`.

Trains the fast nets that come with Musegraph: eight styles by one net, most of which they share
(Dumoulin, Shlens and Kudlur 2017, https://arxiv.org/abs/1610.07629). What a style has for itself
are the scales and shifts of all instance norms, and the last two convolutions, which lay the
strokes; with what is shared, they are a plain net of Johnson et al. An interrupted training goes on
from its last checkpoint.

The losses are those of style.transfer: whitened Gram matrices, of which the root is taken, for they
are far apart at first, and the content in the palette of the style. At the start the net also
learns to paint that content as it is, so that losses of style find a picture to work on.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.func import functional_call

from musegraph import Reference
from musegraph_nodes.starter.scenes import render
from musegraph_nodes.starter.scenes.make_data import sample
from musegraph_nodes.starter.training.loop import Averages, Checkpoints, load_average, until
from musegraph_nodes.starter.training.muon import Muon
from musegraph_nodes.style.fast_layout import own, part_of
from musegraph_nodes.style.fast_nets import grained
from musegraph_nodes.style.features import load
from musegraph_nodes.style.gram import content_loss, gram_loss, products, whitener
from musegraph_nodes.style.nets import Features
from musegraph_nodes.style.painting import STYLES
from musegraph_nodes.style.palette import in_palette
from musegraph_nodes.style.training.fast import Plan as One
from musegraph_nodes.style.training.fast import begun
from musegraph_nodes.style.training.strokes import texture

STARTER = Path(__file__).resolve().parents[2] / "starter" / "weights"
STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
CONTENT_LAYER = "conv4_2"


@dataclass(frozen=True)
class Plan:
    """Sizes and settings of a training run."""

    styles: tuple[str, ...] = STYLES
    width: int = 16
    blocks: int = 5
    style_side: int = 384
    scenes: int = 120
    textures: int = 20
    side: int = 320
    crop: int = 128
    batch: int = 2
    grain: float = 0.08
    """Noise on what the net sees, in two sizes: of flat places it has nothing else to make strokes
    of, and draws lines from edge to edge."""

    style: float = 2.0
    content: float = 1.5
    copied: float = 4.0
    copies: int = 800
    """For so many steps, less and less, the net is to paint the content in other colours."""

    rate: float = 4e-3
    slower: int = 4000
    """After so many steps the rate is half of what it was: it falls without an end in sight."""

    average: float = 0.998
    seed: int = 0


@dataclass(frozen=True)
class Manner:
    """What is wanted of each layer: covariance, mean, and through what they are compared."""

    targets: dict[str, Tensor]
    means: dict[str, Tensor]
    whiteners: dict[str, Tensor]


class Many(nn.Module):
    """One net for several styles: what they share, and what each has for itself."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.styles = plan.styles
        self.shared = begun(One(width=plan.width, blocks=plan.blocks, seed=plan.seed), "cpu").net
        held = {name: t for name, t in self.shared.named_parameters() if own(name)}
        self.parts = nn.ModuleList(
            nn.ParameterDict({key(name): t.detach().clone() for name, t in held.items()})
            for _ in plan.styles
        )
        for tensor in held.values():
            tensor.requires_grad_(False)

    def forward(self, pictures: Tensor, style: int) -> Tensor:
        """Pictures [B,3,H,W] of 0..1 in one of the styles."""
        held = {name.replace("/", "."): t for name, t in self.part(style).items()}
        made: Tensor = functional_call(self.shared, held, (pictures,))
        return made

    def part(self, style: int) -> nn.ParameterDict:
        """What one of the styles has for itself."""
        found = self.parts[style]
        assert isinstance(found, nn.ParameterDict)
        return found

    def tensors(self) -> dict[str, Tensor]:
        """As they lie in a file."""
        made: dict[str, Tensor] = {n: t for n, t in self.shared.named_parameters() if not own(n)}
        for number, style in enumerate(self.styles):
            part = self.part(number)
            made |= {part_of(style, n.replace("/", ".")): t for n, t in part.items()}
        return made


def key(name: str) -> str:
    """A name that a dictionary of parameters may hold."""
    return name.replace(".", "/")


def opened(features: Path) -> Features:
    """The net by which styles are compared."""
    net = load(Reference(loader="style.features", source=str(features)), features, "cpu")
    for parameter in net.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return net


def pool(plan: Plan, work: Path) -> Tensor:
    """What is practised on, uint8 [n,3,side,side]: scenes and textures, drawn once and kept."""
    file = work / "contents.npy"
    if not file.exists():
        work.mkdir(parents=True, exist_ok=True)
        drawn = [render(sample(plan.seed, at)[0], plan.side) for at in range(plan.scenes)]
        drawn += [(texture(at, plan.side) * 255).byte().numpy() for at in range(plan.textures)]
        partial = file.with_suffix(".partial.npy")
        np.save(partial, np.stack(drawn).transpose(0, 3, 1, 2))
        partial.rename(file)
    return torch.from_numpy(np.load(file))


@torch.no_grad()
def manner_of(features: Features, picture: Tensor) -> Manner:
    """What is wanted of pictures in the style of one [1,3,h,w]."""
    targets, means, whiteners = {}, {}, {}
    for layer, seen in features(picture, STYLE_LAYERS).items():
        mean = seen[0].flatten(1).mean(1, keepdim=True)
        covariance = products(seen, mean=mean)[:, :-1] / (seen.shape[2] * seen.shape[3])
        means[layer], targets[layer] = mean, covariance
        whiteners[layer] = whitener(covariance, mean)
    return Manner(targets, means, whiteners)


def judged(painted: Tensor, goal: Tensor, manner: Manner, features: Features) -> dict[str, Tensor]:
    """How far one picture [1,3,h,w] is from the style, and from the content in its palette."""
    with torch.autocast("cpu", torch.bfloat16):
        with torch.no_grad():
            aim = features(goal, (CONTENT_LAYER,))[CONTENT_LAYER].float()
        seen = features(painted, (*STYLE_LAYERS, CONTENT_LAYER))
    style = []
    for layer, target in manner.targets.items():
        found = seen[layer].float()
        cells = found.shape[2] * found.shape[3]
        made = products(found, mean=manner.means[layer]) / cells
        style.append((gram_loss(made, target, manner.whiteners[layer]) + 1e-4).sqrt())
    return {
        "style": torch.stack(style).mean(),
        "content": content_loss(seen[CONTENT_LAYER].float(), aim),
        "copied": (painted - goal).abs().mean(),
        "outside": ((painted - painted.clamp(0, 1)) ** 2).mean(),
    }


class Course:
    """A training as far as it has come."""

    def __init__(self, plan: Plan, features: Path, styles: Path, work: Path) -> None:
        self.plan, self.net, self.features = plan, Many(plan), opened(features)
        self.pool = pool(plan, work)
        self.shown = [self._style(styles / f"{name}.jpg") for name in plan.styles]
        self.manners = [manner_of(self.features, shown) for shown in self.shown]
        self.goals: dict[tuple[int, int], Tensor] = {}
        parameters = [p for p in self.net.parameters() if p.requires_grad]
        self.parameters = parameters
        self.optimizer = Muon(parameters, plan.rate, 0.0)
        self.averages = Averages(list(self.net.parameters()), plan.average)
        self.checkpoints = Checkpoints(work / "many")
        self.progress = self.checkpoints.restore(self.net, self.averages, self.optimizer)

    def _style(self, file: Path) -> Tensor:
        side = self.plan.style_side
        with Image.open(file) as picture:
            small = picture.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
        return torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255

    def goal(self, content: int, style: int) -> Tensor:
        """A content [1,3,side,side] in the palette of a style, kept as bytes."""
        if (content, style) not in self.goals:
            made = in_palette(self.pool[content][None].float() / 255, self.shown[style])
            self.goals[content, style] = (made * 255).round().byte()
        return self.goals[content, style].float() / 255

    def lesson(self, style: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """A crop [1,3,crop,crop] of a content as it is, and in the palette of a style."""
        plan = self.plan
        at = int(rng.integers(len(self.pool)))
        both = torch.cat((self.pool[at][None].float() / 255, self.goal(at, style)))
        part = int(rng.integers(plan.crop * 3 // 4, plan.side + 1))
        y, x = (int(rng.integers(0, plan.side - part + 1)) for _ in range(2))
        both = both[:, :, y : y + part, x : x + part]
        if part > plan.crop * 5 // 4 and rng.random() < 0.5:
            # As large as it is: edges are as sharp as those of pictures that are repainted.
            both = both[:, :, : plan.crop, : plan.crop]
        size = (plan.crop, plan.crop)
        if both.shape[2:] != size:
            both = F.interpolate(both, size, mode="bilinear", antialias=True, align_corners=False)
        if rng.random() < 0.5:
            both = both.flip(3)
        return both[:1], both[1:]

    def step(self, number: int, _: float) -> dict[str, float]:
        """One step; what it does depends on its number alone."""
        plan, rng = self.plan, np.random.default_rng([self.plan.seed, 3, number])
        for group in self.optimizer.param_groups:
            group["lr"] = plan.rate * min(1, (number + 1) / 50) / (1 + number / plan.slower)
        self.optimizer.zero_grad(set_to_none=True)
        sums: dict[str, float] = {}
        count = len(plan.styles)
        for turn in range(plan.batch):
            # The styles take turns, the ones that are learned together too.
            style = (number * plan.batch + turn + number // count) % count
            content, goal = self.lesson(style, rng)
            content = grained(content, plan.grain, number)
            with torch.autocast("cpu", torch.bfloat16):
                painted = self.net(content, style)
            found = judged(painted.float(), goal, self.manners[style], self.features)
            total = plan.style * found["style"] + plan.content * found["content"]
            total = total + plan.copied * max(0, 1 - number / plan.copies) * found["copied"]
            ((total + 10 * found["outside"]) / plan.batch).backward()
            for name, value in found.items():
                sums[name] = sums.get(name, 0.0) + float(value.detach()) / plan.batch
        if not all(math.isfinite(value) for value in sums.values()):
            raise FloatingPointError(f"the training ran away at step {number}")
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.averages.update(number)
        return sums

    def run(self, steps: int) -> Many:
        """Train until so many steps have been made, earlier runs included."""

        def save() -> None:
            self.checkpoints.save(self.progress, self.net, self.averages, self.optimizer)

        until(self.progress, steps, self.step, save)
        return self.net


def export(work: Path, target: Path, plan: Plan) -> Path:
    """Write the averaged net as one file of float16."""
    from safetensors.torch import save_file

    net = Many(plan)
    load_average(work / "many", net)
    found = Checkpoints(work / "many").latest()
    assert found is not None
    steps = int(found.name.partition("-")[2])
    said: dict[str, Any] = {"styles": plan.styles, "steps": steps, "grain": plan.grain}
    target.mkdir(parents=True, exist_ok=True)
    file = target / "model.safetensors"
    kept = {name: tensor.detach().half().contiguous() for name, tensor in net.tensors().items()}
    save_file(kept, file, metadata={"format": "pt", "musegraph": json.dumps(said, sort_keys=True)})
    file.chmod(0o644)
    return file


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, default=STARTER / "features" / "model.safetensors")
    parser.add_argument("--styles", type=Path, default=Path("workflows/images/styles"))
    parser.add_argument("--work", type=Path, required=True, help="checkpoints and contents")
    parser.add_argument("--steps", type=int, default=12_000, help="earlier runs included")
    parser.add_argument("--to", type=Path, default=STARTER / "fast", help="the folder to write")
    given = parser.parse_args()
    torch.set_num_threads(1)
    Course(Plan(), given.features, given.styles, given.work).run(given.steps)
    export(given.work, given.to, Plan())


if __name__ == "__main__":
    main()
