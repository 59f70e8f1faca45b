"""Six contents in eight styles, by each way: what a judge says of them, and sheets to look at.

The judge is a net that tells the eight styles apart (`style_classes.py`); it has seen none of these
pictures. The sheets are written into `build/style`. `fast` trains a net for each style first, which
takes long: it is judged only if it is asked for, `MUSEGRAPH_STYLE_WAYS=transfer,adain,fast`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from PIL import Image as pil
from scipy import ndimage
from style_bench import Bench
from style_classes import STYLES, opened, told
from torch import Tensor

from musegraph import Image, Reference, Weights
from musegraph_nodes import style as pack
from musegraph_nodes.style import adain, apply, load_features, train_fast, transfer, weave
from musegraph_nodes.style.adain_nets import mean_and_deviation
from musegraph_nodes.style.gram import gram, gram_loss

PROMISE = (
    "A picture in any of eight styles is told to be in it, keeps the edges of its content, and is"
    " as its style where a Gram matrix looks."
)
TRIALS = "6 contents in 8 styles, by each way"
ROOT = Path(__file__).resolve().parents[2]
IMAGES, BUILD = ROOT / "workflows" / "images", ROOT / "build" / "style"
CONTENTS = ("lighthouse", "castle", "city", "windmills", "deer", "balloons")
SIDE = int(os.environ.get("MUSEGRAPH_STYLE_SIDE", "320"))
LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1")
RECOGNISED, EDGES, FALL = 0.85, 0.5, 20.0


class Shop(Bench):
    """A context with every loader of the pack, whose models stay loaded and are kept in `build`."""

    def __init__(self) -> None:
        super().__init__()
        self.live: dict[tuple[str, ...], Any] = {}

    def place(self, source: str) -> Path:
        kept = BUILD / "models" / source
        return kept if kept.is_file() else super().place(source)

    @contextmanager
    def load(self, ref: Reference) -> Any:
        if ref.base() not in self.live:
            loader = pack.pack.loaders[ref.loader.partition(".")[2]]
            self.live[ref.base()] = loader.load(ref, self.place(ref.source), self.device)
        yield self.live[ref.base()]

    def keep(self, name: str, file: Path) -> Weights:
        place = BUILD / "models" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())
        return self.weights(name)

    def bench(self, name: str) -> Path:
        place = BUILD / "unfinished" / name
        place.mkdir(parents=True, exist_ok=True)
        return place

    def progress(self, done: float, total: float = 1.0, **_: Any) -> None:
        pass

    def note(self, text: str) -> None:
        pass


@cache
def shop() -> Shop:
    return Shop()


@cache
def picture(kind: str, name: str, side: int) -> Image:
    with pil.open(IMAGES / kind / f"{name}.jpg") as file:
        small = file.convert("RGB").resize((side, side), pil.Resampling.LANCZOS)
    return Image(torch.from_numpy(np.array(small)).float()[None] / 255)


def by_transfer(content: Image, style: str, strength: float) -> Image:
    features = load_features(shop())
    made = transfer(
        content, [picture("styles", style, 640)], features, shop(), size=SIDE, steps=20,
        style_weight=3.0 if strength == 1 else 0.5, preview=0,
    )  # fmt: skip
    return made.image


def by_adain(content: Image, style: str, strength: float) -> Image:
    return adain(content, [picture("styles", style, 640)], shop(), strength=strength, size=SIDE)


def by_weave(content: Image, style: str, strength: float) -> Image:
    return weave(content, [picture("styles", style, 640)], shop(), strength=strength, size=SIDE)


@cache
def fast_net(style: str) -> Any:
    steps = int(os.environ.get("MUSEGRAPH_STYLE_STEPS", "1500"))
    return train_fast(shop(), picture("styles", style, 640), name=style, steps=steps).net


def by_fast(content: Image, style: str, strength: float) -> Image:
    return apply(content, fast_net(style), shop(), strength=strength)


WAYS: dict[str, Callable[[Image, str, float], Image]] = {
    "transfer": by_transfer, "adain": by_adain, "weave": by_weave, "fast": by_fast,
}  # fmt: skip


def planes(image: Image) -> Tensor:
    return image.data[..., :3].permute(0, 3, 1, 2).contiguous()


def edges(image: Image) -> np.ndarray[Any, Any]:
    """Where a picture changes, a little blurred: strokes beside an edge are no other edge."""
    grey = image.data[0, ..., :3].mean(-1).numpy()
    soft = ndimage.gaussian_filter(grey, 1.5)
    steep = np.hypot(ndimage.sobel(soft, 0), ndimage.sobel(soft, 1))
    return np.asarray(ndimage.gaussian_filter(steep, 2.0))


def correlation(one: Image, other: Image) -> float:
    return float(np.corrcoef(edges(one).ravel(), edges(other).ravel())[0, 1])


@torch.no_grad()
def seen(image: Image) -> dict[str, Tensor]:
    with shop().load(load_features(shop())) as net:
        made: dict[str, Tensor] = net(planes(image), LAYERS)
    return made


def gram_fall(content: Image, made: Image, style: Image) -> float:
    """How many times smaller the Gram loss is than at the content."""
    goal, before, after = seen(style), seen(content), seen(made)
    losses = [
        sum(float(gram_loss(gram(part[layer]), gram(goal[layer]))) for layer in LAYERS)
        for part in (before, after)
    ]
    return losses[0] / max(losses[1], 1e-9)


@torch.no_grad()
def apart(made: Image, style: Image) -> float:
    """How far means and deviations of a layer are from the style's, as a share of them."""
    layer = "conv3_1"
    pairs = zip(
        mean_and_deviation(seen(made)[layer]), mean_and_deviation(seen(style)[layer]), strict=True
    )
    return float(np.mean([float((a - b).abs().mean() / b.abs().mean()) for a, b in pairs]))


@dataclass
class Found:
    """What the judge says of one way."""

    right: list[bool] = field(default_factory=list)
    edges: list[float] = field(default_factory=list)
    half: list[float] = field(default_factory=list)
    falls: list[float] = field(default_factory=list)
    apart: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def judged(way: str, contents: tuple[str, ...]) -> Found:
    judge, found, rows = opened(), Found(), []
    white = torch.ones(SIDE, SIDE, 3)
    rows.append(torch.cat([white, *(picture("styles", s, SIDE).data[0] for s in STYLES)], 1))
    for name in contents:
        content = picture("contents", name, SIDE)
        row = [content.data[0]]
        for number, style in enumerate(STYLES):
            start = perf_counter()
            made = WAYS[way](content, style, 1.0)
            found.seconds.append(perf_counter() - start)
            said = int(told(judge, planes(made)[0]).argmax())
            found.right.append(said == number)
            if said != number:
                found.wrong.append(f"{name} in {style} is taken for {STYLES[said]}")
            found.edges.append(correlation(content, made))
            if way != "transfer":
                found.half.append(correlation(content, WAYS[way](content, style, 0.5)))
            shown = picture("styles", style, SIDE)
            found.falls.append(gram_fall(content, made, shown))
            found.apart.append(apart(made, shown))
            row.append(made.data[0])
        rows.append(torch.cat(row, 1))
    BUILD.mkdir(parents=True, exist_ok=True)
    sheet = (torch.cat(rows, 0).clamp(0, 1) * 255).byte().numpy()
    pil.fromarray(sheet).save(BUILD / f"{way}.jpg", quality=88)
    return found


def main(count: int) -> int:
    torch.set_num_threads(1)
    ways = os.environ.get("MUSEGRAPH_STYLE_WAYS", "transfer,adain").split(",")
    contents = CONTENTS[: max(1, min(count, len(CONTENTS)))]
    print("| way | recognised | edges | edges at 0.5 | Gram loss falls | statistics apart | s |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    fine = True
    for way in ways:
        found = judged(way, contents)
        share, half = float(np.mean(found.right)), float(np.mean(found.half or found.edges))
        print(
            f"| {way} | {share:.0%} | {np.mean(found.edges):.2f} | {half:.2f}"
            f" | {np.median(found.falls):.1f} × | {np.mean(found.apart):.1%}"
            f" | {np.median(found.seconds):.2f} |"
        )
        for line in found.wrong:
            print(f"  {line}", file=sys.stderr)
        fine = fine and share >= RECOGNISED and half >= EDGES
        if way == "transfer":
            fine = fine and float(np.median(found.falls)) >= FALL
    return 0 if fine else 1
