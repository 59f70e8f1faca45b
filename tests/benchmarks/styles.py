"""B29: pictures by `style.transfer`, beside the same algorithm in plain torch, and at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness import ROOT, Row, alternate, child, timed
from memory import peak_megabytes, resident_megabytes

FEATURES = ROOT / "nodes" / "musegraph_nodes" / "starter" / "weights" / "features"
ADAIN = FEATURES.with_name("adain")
VGG = ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4)
STYLE = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
CONTENT = "conv4_2"
ROUNDS = 3
LARGE = 1024
AT_ONCE = 0.4
"""Seconds that a picture of 512 pixels may take by AdaIN, in a style that was never seen."""

MOST = 4096
"""MB that a picture of 1,024 pixels may take."""


def opened(kind: str) -> Any:
    """The net that comes with Musegraph, or one of VGG-19's shape with random weights."""
    from musegraph_nodes.style.features import load, reference
    from musegraph_nodes.style.layouts import planned
    from musegraph_nodes.style.nets import orthogonal

    if kind == "vgg":
        return orthogonal(planned(VGG)).eval().requires_grad_(False)
    return load(reference(str(FEATURES), "avg", context(None)), FEATURES, "cpu")


def context(net: Any) -> Any:
    """What the node asks of the engine, without one: the net is loaded before."""
    from pathlib import Path

    from musegraph import Context, Weights

    class Loaded(Context):
        def weights(self, source: str) -> Weights:
            return Weights(Path(source), source, source)

        @contextmanager
        def load(self, ref: Any) -> Iterator[Any]:
            yield net

    return Loaded()


def noises(size: int) -> tuple[Any, Any]:
    import torch

    made = torch.Generator().manual_seed(7)
    return tuple(torch.rand(1, size, size, 3, generator=made) for _ in range(2))


def plain(net: Any, content: Any, style: Any, steps: int) -> Any:
    """As a tutorial writes it: a Sequential, Gram matrices, L-BFGS of torch."""
    import torch
    from torch import nn

    layers: list[Any] = []
    names: dict[int, str] = {}
    for conv in net.layout.convs:
        if conv.block > 1 and conv.place == 1:
            layers.append(nn.AvgPool2d(2))
        layers += [net.features[str(conv.number)], nn.ReLU()]
        names[len(layers) - 1] = conv.layer
        if {*STYLE, CONTENT} <= {*names.values()}:
            break
    model = nn.Sequential(*layers)

    def seen(picture: Any) -> dict[str, Any]:
        x, made = (picture - net.mean) / net.deviation, {}
        for at, layer in enumerate(model):
            x = layer(x)
            if names.get(at) in (*STYLE, CONTENT):
                made[names[at]] = x
        return made

    def gram(x: Any) -> Any:
        flat = x.flatten(2)[0]
        return flat @ flat.T / flat.shape[1]

    with torch.no_grad():
        goal = seen(content)[CONTENT]
        targets = {name: gram(seen(style)[name]) for name in STYLE}
    picture = content.clone().requires_grad_(True)
    optimiser = torch.optim.LBFGS(
        [picture], max_iter=steps, max_eval=10 * steps, history_size=20, tolerance_grad=0,
        tolerance_change=0,
    )  # fmt: skip

    def closure() -> Any:
        optimiser.zero_grad()
        found = seen(picture)
        style_loss = sum(
            ((gram(found[name]) - goal_of) ** 2).sum() / (goal_of**2).sum()
            for name, goal_of in targets.items()
        )
        content_loss = ((found[CONTENT] - goal) ** 2).sum() / (goal**2).sum()
        rough = sum(picture.diff(dim=dim).square().mean() for dim in (2, 3))
        loss = (content_loss + 30 * style_loss / len(STYLE) + rough) * picture.numel()
        loss.backward()
        return loss

    optimiser.step(closure)
    return picture.detach().clamp(0, 1)


def ours(net: Any, content: Any, style: Any, steps: int) -> Any:
    from musegraph import Image
    from musegraph_nodes.style import transfer
    from musegraph_nodes.style.features import FeatureNet

    ref = FeatureNet(loader="style.features", source="bench")
    return transfer(
        Image(content), [Image(style)], ref, context(net), size=0, steps=steps, levels=1,
        compare="gram", style_weight=30, preview=5, strokes=False, recolour=False, basis="pixels",
    )  # fmt: skip


def repainting(kind: str, size: str, steps: str) -> dict[str, Any]:
    """In a child: the least seconds of both, who take turns."""
    import torch

    torch.set_num_threads(1)
    net = opened(kind)
    content, style = noises(int(size))
    planes = [one.permute(0, 3, 1, 2).contiguous() for one in (content, style)]
    return alternate(
        {
            "ours": lambda: timed(lambda: ours(net, content, style, int(steps))),
            "plain": lambda: timed(lambda: plain(net, *planes, int(steps))),
        },
        ROUNDS,
    )


def repainting_peak(kind: str) -> float:
    """In a child: MB above imports that a large picture takes, style and all."""
    net = opened(kind)
    content, style = noises(LARGE)
    before = resident_megabytes()
    ours(net, content, style, 1)
    return peak_megabytes() - before


def at_once() -> dict[str, float]:
    """In a child, on one core: the least seconds of a new style, and of a new strength."""
    import torch

    from musegraph import Image
    from musegraph_nodes.style import adain
    from musegraph_nodes.style.adain import load, reference

    torch.set_num_threads(1)
    ctx = context(load(reference(str(ADAIN), context(None)), ADAIN, "cpu"))
    made = torch.Generator().manual_seed(7)
    content = Image(torch.rand(1, 512, 512, 3, generator=made))
    found: dict[str, list[float]] = {"style": [], "strength": []}
    for _ in range(2 * ROUNDS):
        style = [Image(torch.rand(1, 512, 512, 3, generator=made))]
        for what, strength in (("style", 1.0), ("strength", 0.7)):

            def paint(style: list[Image] = style, strength: float = strength) -> None:
                adain(content, style, ctx, strength=strength, source=str(ADAIN))

            found[what].append(timed(paint))
    # The first of all makes room for everything that comes after it.
    return {what: min(some[1:]) for what, some in found.items()}


def repainted() -> list[Row]:
    """B29."""
    once = child("at_once")
    rows = [
        Row("B29", f"style.adain, 512 px, one core: another {what}", once[what], "s", gate=AT_ONCE)
        for what in ("style", "strength")
    ]
    for kind, name, size, steps in (
        ("own", "starter/features", 512, 20),
        ("vgg", "VGG-19's shape", 128, 20),
    ):
        found = child("repainting", kind, size, steps)
        rows.append(
            Row("B29", f"{name}, {size} px, {steps} iterations of L-BFGS", found["ours"], "s",
                "plain torch", found["plain"], 1.0, 1.02, "ratio")
        )  # fmt: skip
    for kind, name in (("own", "starter/features"), ("vgg", "VGG-19's shape")):
        rows.append(
            Row("B29", f"{name}, {LARGE} px: memory above imports",
                child("repainting_peak", kind), "MB", gate=MOST)
        )  # fmt: skip
    return rows
