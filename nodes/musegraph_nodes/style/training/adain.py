"""`python -m musegraph_nodes.style.training.adain --work DIR --minutes M`.

Trains the decoder that style.adain comes with, on starter scenes and on crops of the eight style
pictures and of textures drawn by rule. The feature net stays as it is and lies in the result,
so that encoder and decoder always belong together. An interrupted training goes on from its last
checkpoint.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from musegraph import Reference
from musegraph_nodes.starter.training.loop import Averages, Checkpoints, Clock, load_average
from musegraph_nodes.style.adain_nets import AdaIN, Share, moved
from musegraph_nodes.style.features import load
from musegraph_nodes.style.nets import orthogonal
from musegraph_nodes.style.training.fast import grams
from musegraph_nodes.style.training.features import layout
from musegraph_nodes.style.training.scenes import scenes
from musegraph_nodes.style.training.strokes import texture

BLOCKS = 3
"""How deep the encoder goes: deeper has larger strokes, and takes longer to learn."""

WEIGHTS = Path(__file__).resolve().parents[2] / "starter" / "weights" / "adain"


@dataclass(frozen=True)
class Plan:
    """Sizes and settings of a training run."""

    textures: int = 200
    side: int = 384
    crop: int = 96
    batch: int = 2
    rate: float = 2e-3
    content: float = 0.3
    style: float = 6.0
    same: float = 4.0
    average: float = 0.995
    seed: int = 0


def pools(plan: Plan, styles: Path) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """The style pictures of a folder, textures and scenes, each [3,h,w] of 0..1."""
    painted = []
    for file in sorted(styles.glob("*.jpg")):
        with Image.open(file) as picture:
            small = picture.convert("RGB").resize((plan.side, plan.side), Image.Resampling.LANCZOS)
        painted.append(torch.from_numpy(np.array(small)).permute(2, 0, 1).float() / 255)
    if not painted:
        raise FileNotFoundError(f"{styles} holds no .jpg; give the folder of the style pictures")
    drawn = [texture(seed, plan.crop).permute(2, 0, 1) for seed in range(plan.textures)]
    return painted, drawn, list(scenes())


def cut(pool: list[Tensor], plan: Plan, rng: np.random.Generator, widest: float) -> Tensor:
    """Crops [1,3,crop,crop] of 0..1 from a pool, of a size or somewhat larger, mirrored or not."""
    whole = pool[int(rng.integers(len(pool)))]
    side = min(whole.shape[1], int(plan.crop * rng.uniform(1.0, widest)))
    y, x = rng.integers(0, whole.shape[1] - side + 1, 2)
    crop = whole[None, :, y : y + side, x : x + side]
    sized = nn.functional.interpolate(crop, (plan.crop, plan.crop), mode="bilinear", antialias=True)
    return sized.flip(3) if rng.random() < 0.5 else sized


def batch(
    drawn: tuple[list[Tensor], list[Tensor], list[Tensor]], plan: Plan, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Contents and styles, [batch,3,crop,crop] each."""
    styles, textures, shown = drawn
    contents, manners = [], []
    for _ in range(plan.batch):
        kind = rng.random()
        contents.append(cut(shown if kind < 0.75 else styles, plan, rng, 1.5))
        painted = rng.random() < 0.75
        manners.append(cut(styles if painted else textures, plan, rng, 1.6))
    return torch.cat(contents), torch.cat(manners)


def losses(net: AdaIN, content: Tensor, style: Tensor) -> dict[str, Tensor]:
    """How far what is painted is from the aim, from the style, and from itself as its own style."""
    # The loss looks deeper than the encoder: at marks that are larger than what it sees.
    layers = (*net.layers, f"conv{BLOCKS + 1}_1")
    with torch.no_grad():
        here, there = net.look(content), net.look(style)
        deepest = net.layers[-1]
        aim = moved(here.features[deepest], here.moments[deepest], there.moments[deepest])
        wanted = net.encoder(style, layers)
    painted = net(here, [Share(there)])
    seen = net.encoder(painted, layers)
    away = ((seen[deepest] - aim) ** 2).mean() / (aim**2).mean()
    apart = []
    for layer in ("", *layers):
        made, goal = (painted, style) if not layer else (seen[layer], wanted[layer])
        # About the mean of the style: what is left are strokes, where plain Gram matrices are
        # mostly brightness.
        middle = goal.mean((2, 3), keepdim=True)
        one, other = grams(made - middle), grams(goal - middle)
        power = (other**2).sum((1, 2)).clamp(min=1e-5)
        apart.append((((one - other) ** 2).sum((1, 2)) / power).clamp(max=4).mean())
        for here_is, should in zip(_stats(made), _stats(goal), strict=True):
            apart.append(((here_is - should) ** 2).mean() / (should**2).mean())
    half = len(content) // 2
    itself = here.part(half)
    same = (net(itself, [Share(itself)]) - content[:half]).abs().mean()
    outside = ((painted - painted.clamp(0, 1)) ** 2).mean()
    return {"content": away, "style": torch.stack(apart).mean(), "same": same, "outside": outside}


def _stats(features: Tensor) -> tuple[Tensor, Tensor]:
    mean = features.mean((2, 3))
    return mean, ((features - mean[:, :, None, None]) ** 2).mean((2, 3)).add(1e-5).sqrt()


def opened(features: Path | None) -> AdaIN:
    """A net whose decoder has learned nothing; without a feature net its encoder is orthogonal."""
    encoder = orthogonal(layout())
    if features is not None:
        encoder = load(Reference(loader="style.features", source=str(features)), features, "cpu")
    torch.manual_seed(0)
    return AdaIN(encoder, BLOCKS)


def train(
    features: Path | None, styles: Path, work: Path, minutes: float, steps: int | None = None
) -> AdaIN:
    """Train until so many minutes have been spent, earlier runs included."""
    plan = Plan()
    drawn = pools(plan, styles)
    net = opened(features)
    decoder = nn.ModuleList([net.told, net.stages, net.paint])
    parameters = list(decoder.parameters())
    optimizer = torch.optim.Adam(parameters, plan.rate, betas=(0.9, 0.98))
    averages = Averages(parameters, plan.average)
    checkpoints = Checkpoints(work / "decoder")
    progress = checkpoints.restore(decoder, averages, optimizer)

    def step(number: int, share: float) -> dict[str, float]:
        rate = plan.rate * min(1, (number + 1) / 30) * (0.03 + 0.97 * (1 - share))
        for group in optimizer.param_groups:
            group["lr"] = rate
        content, style = batch(drawn, plan, np.random.default_rng([plan.seed, number]))
        found = losses(net, content, style)
        total = plan.content * found["content"] + plan.style * found["style"]
        total = total + plan.same * found["same"] + 10 * found["outside"]
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(parameters, 2.0)
        optimizer.step()
        averages.update(number)
        return {name: float(value.detach()) for name, value in found.items()}

    def save() -> None:
        checkpoints.save(progress, decoder, averages, optimizer)

    Clock(progress, minutes, log_every=50, save_every_seconds=60).run(step, save, steps)
    return net


def export(features: Path | None, work: Path, target: Path) -> Path:
    """Write encoder and averaged decoder as one file of float16."""
    from safetensors.torch import save_file

    net = opened(features)
    load_average(work / "decoder", nn.ModuleList([net.told, net.stages, net.paint]))
    kept = {}
    for name, tensor in net.state_dict().items():
        own = name.removeprefix("encoder.") if name.startswith("encoder.") else f"decoder.{name}"
        kept[own] = tensor.half().contiguous()
    last = net.encoder.layout.conv(net.layers[-1]).number
    kept = {
        name: tensor
        for name, tensor in kept.items()
        if not name.startswith("features.") or int(name.split(".")[1]) <= last
    }
    kind = net.encoder.layout
    target.mkdir(parents=True, exist_ok=True)
    file = target / "model.safetensors"
    said = {"mean": str(list(kind.mean)), "deviation": str(list(kind.deviation))}
    save_file(kept, file, metadata={"format": "pt", **said})
    file.chmod(0o644)
    return file


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, help="a feature net; an orthogonal one without")
    parser.add_argument("--styles", type=Path, default=Path("workflows/images/styles"))
    parser.add_argument("--work", type=Path, required=True, help="checkpoints and pictures")
    parser.add_argument("--minutes", type=float, default=30, help="earlier runs included")
    parser.add_argument("--to", type=Path, default=WEIGHTS, help="the folder to write")
    given = parser.parse_args()
    torch.set_num_threads(1)
    train(given.features, given.styles, given.work, given.minutes)
    export(given.features, given.work, given.to)


if __name__ == "__main__":
    main()
