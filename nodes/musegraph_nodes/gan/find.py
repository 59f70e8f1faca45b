"""Node `gan.find`: the style whose picture is most like one that is given."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Context, Image, NodeError, Seed, node
from musegraph_nodes.style.curves import drawn
from musegraph_nodes.style.features import FeatureNet
from musegraph_nodes.style.prepare import colours

from .planes import shown, squares
from .ports import Gan, Model, Styles, fitting

if TYPE_CHECKING:
    from torch import Tensor

    from .finding import Judge, Told

_LAYERS = ("conv1_2", "conv2_2", "conv3_2", "conv4_2")
"""What is compared by a feature net, as far as it has them."""
_LEAST = 32
"""Pixels along a side on which the deepest of these layers still sees something."""


Looked = Annotated[
    Image, Field(description="What is looked for; of what is not square the middle is taken.")
]
Eyes = Annotated[
    FeatureNet | None,
    Field(description="A net of style.load_features that compares too; without, pixels do."),
]
Each = Annotated[
    bool,
    Field(
        description="A style for each layer (W+): much more like the picture, and less good to walk"
        " from."
    ),
]
Start = Annotated[
    Styles | None,
    Field(
        description="Where to begin; without each_layer at its first layer. Without one: the mean."
    ),
    ADVANCED,
]
WithNoise = Annotated[
    bool, Field(description="Whether noise is found as well, and then left out."), ADVANCED
]


class Found(NamedTuple):
    """Styles, what gan.draw draws of them without noise, and how the losses fell."""

    styles: Styles
    pictures: Image
    curve: Image


@node(version="1", title="Find a style", numeric=True, uses="device")
def find(
    model: Model,
    image: Looked,
    ctx: Context,
    features: Eyes = None,
    steps: Annotated[int, Field(ge=1, le=10_000, description="More come closer.")] = 300,
    each_layer: Each = False,
    start: Start = None,
    noise: WithNoise = True,
    seed: Annotated[Seed, Field(description="Of what is shaken on the way."), ADVANCED] = 0,
) -> Found:
    """Find the style of a picture, so that it can be moved, mixed and walked from.

    A style is changed step by step until its picture is like the one that is given, at all sizes
    (projection, Karras et al. 2020). Pictures of another kind than the generator learned from are
    met only roughly. Each picture of a batch is looked for by itself.
    """
    import torch

    from .finding import Search, found

    wanted = squares(colours(image, "image"), int(model.options["side"]))
    starts = _starts(start, model, len(wanted))
    search = Search(steps, each_layer, noise, seed)
    made, seen, losses = [], [], dict[str, list[float]]()
    other = nullcontext(None) if features is None else ctx.load(features)
    with ctx.load(model) as net, other as eyes:
        for at, own in enumerate(starts):
            begin = net.mean.expand(1, net.layout.layers, -1) if own is None else own[None]
            line = losses[f"picture {at + 1}" if starts[1:] else "loss"] = []
            told = _teller(ctx, net, line, at * steps, len(wanted) * steps)
            judge = _judge(wanted[at : at + 1].to(ctx.device), eyes)
            made.append(found(net, judge, search, begin.to(ctx.device), told).cpu())
            with torch.no_grad():
                seen.append(shown(net(made[-1].to(ctx.device))))
    return Found(Styles(torch.cat(made)), Image(torch.cat(seen)), drawn(losses))


def _starts(start: Styles | None, model: Gan, count: int) -> list[Tensor | None]:
    """Where each of so many pictures begins [L,D]; none is the mean."""
    if start is None:
        return [None] * count
    fitting(start, model, "start")
    if len(start.data) not in (1, count):
        raise NodeError(
            f"port 'start': there are {len(start.data)} styles for {count} pictures; give one, or"
            " one for each"
        )
    return [*start.data.expand(count, -1, -1)]


def _judge(wanted: Tensor, eyes: Any) -> Judge:
    """Says how far a picture of -1..1 is from the one that is wanted."""
    import torch
    import torch.nn.functional as F

    from .finding import apart

    if eyes is None:
        return lambda made: apart(made, wanted)
    layers = [name for name in _LAYERS if name in eyes.layout.layers] or [eyes.layout.layers[-1]]
    larger = max(1, -(-_LEAST // wanted.shape[-1]))

    def seen(picture: Tensor) -> dict[str, Tensor]:
        large = F.interpolate(picture, scale_factor=larger, mode="nearest")
        found: dict[str, Tensor] = eyes((large + 1) / 2, layers)
        return found

    with torch.no_grad():
        goal = seen(wanted)

    def judge(made: Tensor) -> Tensor:
        own = seen(made)
        parts = [
            (own[one] - goal[one]).square().sum() / goal[one].square().sum().clamp(min=1e-12)
            for one in layers
        ]
        return apart(made, wanted) + torch.stack(parts).mean()

    return judge


def _teller(ctx: Context, net: Any, losses: list[float], before: int, total: int) -> Told:
    """Says after each step how far all is, and shows what was found so far."""
    import torch

    def told(style: Tensor, loss: float) -> None:
        def preview() -> Image:
            with torch.no_grad():
                return Image(shown(net(style)))

        losses.append(loss)
        done = before + len(losses)
        ctx.progress(done, total, text=f"loss {loss:.4f}", preview=preview)

    return told
