"""Node `style.transfer`: a picture repainted in the manner of others, by optimisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from musegraph import ADVANCED, Context, Image, Mask, NodeError, Seed, node
from musegraph_nodes.image.pixels import check_size

from .curves import drawn
from .features import FeatureNet
from .options import (
    BasisOf,
    Compare,
    Content,
    ContentLayers,
    ContentWeight,
    Init,
    KeepColours,
    Levels,
    Longest,
    Masks,
    OptimiserName,
    Preview,
    Recolour,
    Repainted,
    Shares,
    SmoothWeight,
    Steps,
    Strength,
    Strokes,
    StyleLayers,
    Styles,
    StyleScale,
    StyleWeight,
    Tile,
)
from .prepare import alpha_of, check_side, colours, fitted, styles_of
from .settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from .repaint import Options, Work


@node(version="4", numeric=True, uses="device", frugal="in smaller windows")
def transfer(
    content: Content,
    styles: Styles,
    features: FeatureNet,
    ctx: Context,
    weights: Shares = None,
    masks: Masks = None,
    size: Longest = 512,
    steps: Steps = 20,
    levels: Levels = 0,
    style_weight: StyleWeight = 3.0,
    content_weight: ContentWeight = 1.0,
    smooth: SmoothWeight = 1.0,
    optimiser: OptimiserName = "lbfgs",
    init: Init = "content",
    start: Annotated[Image | None, Field(description="A picture to begin with."), ADVANCED] = None,
    keep_colours: KeepColours = "none",
    style_scale: StyleScale = 1.0,
    style_layers: StyleLayers = "",
    content_layers: ContentLayers = "",
    compare: Compare = "whitened",
    strokes: Strokes = True,
    recolour: Recolour = True,
    basis: BasisOf = "waves",
    tile: Tile = 0,
    preview: Preview = 5,
    seed: Annotated[
        Seed, Field(description="Of the noise under the first strokes, or to begin with."), ADVANCED
    ] = 0,
    strength: Strength = 1.0,
) -> Repainted:
    """Repaint a picture in the manner of others: Neural Style Transfer by optimisation.

    The picture itself is changed, step by step, until the layers of a feature net find the
    strokes of the styles and the shapes of the content (Gatys, Ecker and Bethge 2016,
    https://arxiv.org/abs/1508.06576). That algorithm alone, as it was published: strokes and
    recolour off, basis pixels, compare gram. Each picture of a batch is made by itself.
    """
    chosen = Settings(
        steps=steps, levels=levels, style_weight=style_weight, content_weight=content_weight,
        smooth=smooth, optimiser=optimiser, basis=basis, strokes=strokes, recolour=recolour,
        keep_colours=keep_colours, style_scale=style_scale, style_layers=style_layers,
        content_layers=content_layers, compare=compare, tile=tile, preview=preview, seed=seed,
        strength=strength,
    )  # fmt: skip
    return run(content, styles, features, ctx, weights, masks, size, init, start, chosen)


def run(
    content: Image,
    styles: list[Image],
    features: FeatureNet,
    ctx: Context,
    weights: list[float] | None,
    masks: list[Mask] | None,
    longest: int,
    init: str,
    start: Image | None,
    chosen: Settings,
) -> Repainted:
    """All pictures of a batch, one after the other."""
    import torch

    from .repaint import Work, as_image, repaint

    pictures, alpha = colours(content, "content"), alpha_of(content)
    prepared = styles_of(styles, weights, masks, content.size)
    size = fitted(content.size, longest)
    check_size(*size, len(pictures))
    with ctx.load(features) as net:
        options = chosen.options(net.layout)
        layers = (*options.style_layers, *options.content_layers)
        check_side(content.size, net.layout, layers, "content")
        check_side(size, net.layout, layers, "size")
        total = options.steps * count_of(size, net, options) * len(pictures)
        work = Work(ctx, total, preview=options.preview)
        begun = begin(pictures, init, start, chosen.seed, size, work)
        made, figures = [], []
        for at in range(len(pictures)):
            one = pictures[at : at + 1]
            picture, said = repaint(net, one, prepared, size, begun[at], options, work)
            own = None if alpha is None else alpha[at]
            made.append(as_image(picture, own).data)
            figures.append(said)
    said = figures[0] if len(figures) == 1 else {"pictures": figures}
    return Repainted(Image(torch.cat(made)), curve_of(work), said)


def count_of(size: tuple[int, int], net: Any, options: Options) -> int:
    """At how many sizes a picture is worked on."""
    from .repaint import sizes_of

    return len(sizes_of(size, net, options))


def begin(
    pictures: Tensor, init: str, start: Image | None, seed: int, size: tuple[int, int], work: Work
) -> list[Tensor | None]:
    """What each picture begins with; none is the content itself."""
    import torch

    if init == "content":
        return [None] * len(pictures)
    if init == "noise":
        # Grey noise of little contrast: full noise takes many steps to calm down.
        drawn_from = work.ctx.generator(seed)
        noise = torch.randn(len(pictures), 3, size[1], size[0], generator=drawn_from)
        return list((0.5 + 0.1 * noise).clamp(0, 1).split(1))
    if start is None:
        raise NodeError("port 'start': init is picture and there is none; link one")
    found = colours(start, "start")
    if len(found) not in (1, len(pictures)):
        raise NodeError(
            f"port 'start': it holds {len(found)} pictures and the content {len(pictures)}; give as"
            " many, or one for all"
        )
    return list(found.expand(len(pictures), *found.shape[1:]).split(1))


def curve_of(work: Work) -> Image:
    """The losses of all steps as a picture."""
    figures = work.curve.figures
    lines = {
        "total": [one.total for one in figures],
        "style": [one.style for one in figures],
        "content": [one.content for one in figures],
    }
    seen = {name: values for name, values in lines.items() if any(values)}
    return drawn(seen, work.curve.sizes[1:])
