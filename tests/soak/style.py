"""Six contents in eight styles, by each way: what a judge says of them, and sheets to look at.

The judge is a net that tells the eight styles apart (`style_classes.py`); it has seen none of these
pictures. Each picture is kept in `build/style`, until the pack or its weights change, so a trial
that was stopped goes on; the sheets lie there too, and with `MUSEGRAPH_STYLE_SHEETS=1` smaller ones
are written to `workflows/images`. `MUSEGRAPH_STYLE_WAYS=adain,fast` judges these ways alone.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from PIL import Image as pil
from safetensors import safe_open
from safetensors.torch import save_file
from scipy import ndimage
from style_bench import Bench
from style_classes import STYLES, opened, told
from torch import Tensor

from musegraph import Engine, Image, Reference, Weights, run
from musegraph.store import Store
from musegraph_nodes import diffusion
from musegraph_nodes import style as pack
from musegraph_nodes.style import adain, apply, load_fast, load_features, transfer, weave
from musegraph_nodes.style.adain_nets import mean_and_deviation
from musegraph_nodes.style.gram import gram, gram_loss

PROMISE = (
    "A picture in any of eight styles is told to be in it, keeps the edges of its content, and has"
    " the Gram matrices (transfer) or the statistics (adain) of its style."
)
TRIALS = "6 contents in 8 styles, by each way"
ROOT = Path(__file__).resolve().parents[2]
IMAGES, BUILD = ROOT / "workflows" / "images", ROOT / "build" / "style"
EXAMPLE = ROOT / "workflows" / "style_diffusion.json"
CONTENTS = ("lighthouse", "castle", "city", "windmills", "deer", "balloons")
SIDE = int(os.environ.get("MUSEGRAPH_STYLE_SIDE", "320"))
LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1")
SET = ("conv1_2", "conv2_2", "conv3_1")
"""The layers whose statistics `style.adain` sets."""

RECOGNISED, EDGES, FALL, AWAY = 0.85, 0.5, 20.0, 0.75
"""Share of pictures that are recognised, edges at half strength, how many times the Gram loss falls
of every style, and how far content features are at most, as a share of their power."""

APART = 0.05
"""How far AdaIN's statistics are at most, on average."""


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


Made = tuple[Image, float]
"""A picture, and how far the features of its content are, where that is known."""


def by_transfer(content: Image, style: str, strength: float) -> Made:
    features = load_features(shop())
    made = transfer(
        content, [picture("styles", style, 640)], features, shop(), size=SIDE,
        strength=strength, preview=0,
    )  # fmt: skip
    assert isinstance(made.figures, dict)
    return made.image, float(made.figures["content"])


def by_adain(content: Image, style: str, strength: float) -> Made:
    shown = picture("styles", style, SIDE)
    return adain(content, [shown], shop(), strength=strength, style_size=SIDE), 0.0


def by_weave(content: Image, style: str, strength: float) -> Made:
    shown = picture("styles", style, SIDE)
    return weave(content, [shown], shop(), strength=strength, style_size=SIDE), 0.0


def by_fast(content: Image, style: str, strength: float) -> Made:
    return apply(content, load_fast(shop(), style=style), shop(), strength=strength), 0.0


WORDS = {
    "ink": "ink drawing", "woodblock": "ukiyo-e woodblock print", "mosaic": "flat vector art",
    "impasto": "watercolor painting", "pointillism": "watercolor painting",
    "blueprint": "ink drawing", "stained_glass": "flat vector art",
    "watercolour": "watercolor painting",
}  # fmt: skip
"""What the starter model calls a style, or the one that it knows that is nearest to it."""

SHOWN = {
    "lighthouse": "the sea at sunset, lighthouse", "castle": "mountains at dawn, castle",
    "city": "a city skyline at night, bridge", "windmills": "green hills by day, windmills",
    "deer": "a forest by day, deer", "balloons": "the desert at sunset, balloons",
}  # fmt: skip


@cache
def engine() -> Engine:
    return Engine(store=Store(BUILD / "cache"))


def by_diffusion(content: Image, style: str, strength: float) -> Made:
    """The example: a model goes on from what AdaIN made, pushed by style guidance."""
    name = next(n for n in CONTENTS if content is picture("contents", n, SIDE))
    made = run(
        EXAMPLE,
        engine=engine(),
        content=picture("contents", name, 640),
        style=picture("styles", style, 640),
        prompt=f"{WORDS[style]} of {SHOWN[name]}",
        strength=strength,
    )
    wide = torch.nn.functional.interpolate(
        planes(made["picture"]), (SIDE, SIDE), mode="bicubic", antialias=True
    )
    return Image(wide.clamp(0, 1).permute(0, 2, 3, 1).contiguous()), 0.0


WAYS: dict[str, Callable[[Image, str, float], Made]] = {
    "transfer": by_transfer, "adain": by_adain, "weave": by_weave, "fast": by_fast,
    "diffusion": by_diffusion,
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
    """How far means and deviations of the layers that AdaIN sets are from the style's."""
    with shop().load(load_features(shop())) as net:
        one, other = (net(planes(image), SET) for image in (made, style))
    shares = [
        float((a - b).abs().mean() / b.abs().mean())
        for layer in SET
        for a, b in zip(
            mean_and_deviation(one[layer]), mean_and_deviation(other[layer]), strict=True
        )
    ]
    return float(np.mean(shares))


@cache
def source(way: str) -> str:
    """A digest of all that decides what comes out."""
    made = blake2b(str(SIDE).encode(), digest_size=8)
    at_once = ("adain", "keeping", "weave", "weaving")
    for file in sorted(Path(pack.__file__).parent.glob("*.py")):
        if way != "transfer" or not file.name.startswith(at_once):
            made.update(file.read_bytes())
    if way == "diffusion":
        made.update(json.dumps(json.loads(EXAMPLE.read_text()), sort_keys=True).encode())
        for name in ("style_push.py", "style_guidance.py"):
            made.update((Path(diffusion.__file__).parent / "control" / name).read_bytes())
    for name in ("features",) if way == "transfer" else ("features", "adain", "fast"):
        made.update((shop().place(f"starter/{name}") / "model.safetensors").read_bytes())
    return made.hexdigest()


def painted(way: str, content: str, style: str, strength: float) -> tuple[Image, float, float]:
    """A picture, how far its content is, and in how many seconds: made now, or kept."""
    file = BUILD / "cells" / source(way) / f"{way}-{content}-{style}-{strength:g}.safetensors"
    if not file.is_file():
        start = perf_counter()
        made, away = WAYS[way](picture("contents", content, SIDE), style, strength)
        said = {"away": str(away), "seconds": str(perf_counter() - start)}
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file({"picture": made.data}, file, said)
    with safe_open(file, "pt") as held:
        said = held.metadata()
        return Image(held.get_tensor("picture")), float(said["away"]), float(said["seconds"])


@dataclass
class Found:
    """What the judge says of one way."""

    right: list[bool] = field(default_factory=list)
    edges: list[float] = field(default_factory=list)
    half: list[float] = field(default_factory=list)
    falls: list[float] = field(default_factory=list)
    away: list[float] = field(default_factory=list)
    apart: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def least(self) -> float:
        """How many times the Gram loss falls of the style of which it falls least."""
        return min(float(np.median(self.falls[at :: len(STYLES)])) for at in range(len(STYLES)))


def judged(way: str, contents: tuple[str, ...]) -> Found:
    judge, found, rows = opened(), Found(), []
    white = torch.ones(SIDE, SIDE, 3)
    rows.append(torch.cat([white, *(picture("styles", s, SIDE).data[0] for s in STYLES)], 1))
    for name in contents:
        content = picture("contents", name, SIDE)
        row = [content.data[0]]
        for number, style in enumerate(STYLES):
            made, away, seconds = painted(way, name, style, 1.0)
            found.seconds.append(seconds)
            found.away.append(away)
            said = int(told(judge, planes(made)[0]).argmax())
            found.right.append(said == number)
            if said != number:
                found.wrong.append(f"{name} in {style} is taken for {STYLES[said]}")
            found.edges.append(correlation(content, made))
            found.half.append(correlation(content, painted(way, name, style, 0.5)[0]))
            shown = picture("styles", style, SIDE)
            found.falls.append(gram_fall(content, made, shown))
            found.apart.append(apart(made, shown))
            row.append(made.data[0])
        rows.append(torch.cat(row, 1))
    written(way, torch.cat(rows, 0))
    return found


def written(way: str, sheet: Tensor) -> None:
    """A sheet to look at, and a smaller one for the catalogue if it is asked for."""
    whole = pil.fromarray((sheet.clamp(0, 1) * 255).byte().numpy())
    BUILD.mkdir(parents=True, exist_ok=True)
    whole.save(BUILD / f"{way}.jpg", quality=88)
    if os.environ.get("MUSEGRAPH_STYLE_SHEETS"):
        small = whole.resize((whole.width * 3 // 8, whole.height * 3 // 8), pil.Resampling.LANCZOS)
        small.save(IMAGES / f"style_{way}_sheet.jpg", quality=85, optimize=True)


def missed(way: str, found: Found) -> list[str]:
    """What a way promises and does not keep."""
    share, half = float(np.mean(found.right)), float(np.mean(found.half))
    said = [
        (share < RECOGNISED, f"{share:.0%} are recognised"),
        (half < EDGES, f"edges agree by {half:.2f}"),
        (way == "transfer" and found.least() < FALL, f"a Gram loss falls {found.least():.1f} ×"),
        (max(found.away) > AWAY, f"a content is {max(found.away):.2f} away"),
        (way == "adain" and np.mean(found.apart) > APART, f"{np.mean(found.apart):.1%} apart"),
    ]
    return [f"{way}: {text}" for wrong, text in said if wrong]


def main(count: int) -> int:
    torch.set_num_threads(1)
    ways = os.environ.get("MUSEGRAPH_STYLE_WAYS", "transfer,adain,weave,fast,diffusion").split(",")
    contents = CONTENTS[: max(1, min(count, len(CONTENTS)))]
    print(
        "| way | recognised | edges | edges at 0.5 | Gram loss falls | of the least style"
        " | content away, at most | statistics apart | s |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    wrong = []
    for way in ways:
        found = judged(way, contents)
        away = f"{max(found.away):.2f}" if any(found.away) else ""
        print(
            f"| {way} | {np.mean(found.right):.0%} | {np.mean(found.edges):.2f}"
            f" | {np.mean(found.half):.2f} | {np.median(found.falls):.0f} ×"
            f" | {found.least():.1f} × | {away} | {np.mean(found.apart):.1%}"
            f" | {np.median(found.seconds):.2f} |"
        )
        for line in found.wrong:
            print(f"  {line}", file=sys.stderr)
        wrong += missed(way, found)
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0
