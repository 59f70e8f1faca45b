"""Node `style.transfer_frames`: pictures that follow each other, repainted so that they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Context, Image, Json, NodeError, node
from musegraph_nodes.image.pixels import check_size

from .curves import drawn
from .features import FeatureNet
from .options import (
    BasisOf,
    Compare,
    ContentLayers,
    ContentWeight,
    KeepColours,
    Levels,
    Longest,
    OptimiserName,
    Preview,
    Recolour,
    Shares,
    SmoothWeight,
    Steps,
    Strokes,
    StyleLayers,
    Styles,
    StyleScale,
    StyleWeight,
    Tile,
)
from .prepare import alpha_of, check_side, colours, fitted, resized, styles_of
from .settings import Settings
from .transfer import count_of

if TYPE_CHECKING:
    from torch import Tensor

    from .repaint import Options, Steady, Work

_MOVED = 0.04
"""Change of brightness, of 1, from which a place counts as moved."""


class Frames(NamedTuple):
    """The pictures in their order, and the style loss of each."""

    images: list[Image]
    curve: Image
    figures: Json


@node(version="3", numeric=True, uses="device", frugal="in smaller windows")
def transfer_frames(
    frames: Annotated[list[Image], Field(description="Pictures of one size, in their order.")],
    styles: Styles,
    features: FeatureNet,
    ctx: Context,
    weights: Shares = None,
    size: Longest = 512,
    steps: Steps = 20,
    next_steps: Annotated[
        int, Field(ge=1, le=5000, description="Of each picture after the first, at full size.")
    ] = 20,
    levels: Levels = 0,
    style_weight: StyleWeight = 3.0,
    content_weight: ContentWeight = 1.0,
    smooth: SmoothWeight = 1.0,
    steady: Annotated[
        float,
        Field(ge=0, le=1e6, description="How much a place that has not moved stays as it was."),
        ADVANCED,
    ] = 100.0,
    optimiser: OptimiserName = "lbfgs",
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
) -> Frames:
    """Repaint the pictures of a film in the manner of others, without flicker.

    Each begins with what the one before became, where nothing has moved, and is held to it there.
    No motion is estimated: what moves is painted anew.
    """
    chosen = Settings(
        steps=steps, levels=levels, style_weight=style_weight, content_weight=content_weight,
        smooth=smooth, steady=steady, optimiser=optimiser, basis=basis, strokes=strokes,
        recolour=recolour, keep_colours=keep_colours, style_scale=style_scale,
        style_layers=style_layers, content_layers=content_layers, compare=compare, tile=tile,
        preview=preview,
    )  # fmt: skip
    return _checked(frames, styles, weights, size, features, chosen, next_steps, ctx)


def _checked(
    frames: list[Image],
    styles: list[Image],
    weights: list[float] | None,
    size: int,
    features: FeatureNet,
    chosen: Settings,
    next_steps: int,
    ctx: Context,
) -> Frames:
    pictures, alphas = _in_order(frames)
    prepared = styles_of(styles, weights, None, None)
    whole = (pictures[0].shape[3], pictures[0].shape[2])
    target = fitted(whole, size)
    check_size(*target, len(pictures))
    with ctx.load(features) as net:
        options = chosen.options(net.layout)
        layers = (*options.style_layers, *options.content_layers)
        check_side(whole, net.layout, layers, "frames")
        check_side(target, net.layout, layers, "size")
        return _all(net, pictures, alphas, prepared, target, options, next_steps, ctx)


def _all(
    net: Any,
    pictures: list[Tensor],
    alphas: list[Tensor | None],
    styles: list[Any],
    size: tuple[int, int],
    options: Options,
    next_steps: int,
    ctx: Context,
) -> Frames:
    from dataclasses import replace

    from .repaint import Work, as_image, repaint

    first = options.steps * count_of(size, net, options)
    work: Work = Work(ctx, first + next_steps * (len(pictures) - 1), preview=options.preview)
    later = replace(options, steps=next_steps, levels=1)
    made: list[Image] = []
    said: list[dict[str, Any]] = []
    done: Tensor | None = None
    for at, picture in enumerate(pictures):
        start: Tensor | None = None
        held: Steady | None = None
        if done is not None:
            held = _held(pictures[at - 1], picture, done, size)
            start = done
        chosen = later if at else options
        done, figures = repaint(net, picture, styles, size, start, chosen, work, held)
        made.append(as_image(done, alphas[at]))
        said.append(figures)
    lines = {"style": [float(one["style"]) for one in said]}
    return Frames(made, drawn(lines), {"frames": said})


def _held(before: Tensor, now: Tensor, done: Tensor, size: tuple[int, int]) -> Steady:
    """What the last picture became, and where nothing has moved since, with a soft rim."""
    import torch.nn.functional as F

    from .repaint import Steady

    change = (resized(now, size) - resized(before, size)).abs().amax(1, keepdim=True)
    near = F.max_pool2d(change, 5, 1, 2)
    still = 1 - (F.avg_pool2d(near, 5, 1, 2, count_include_pad=False) / _MOVED).clamp(0, 1)
    return Steady(done, still)


def _in_order(frames: list[Image]) -> tuple[list[Tensor], list[Tensor | None]]:
    """All pictures, those of batches one by one, and their alpha."""
    if not frames:
        raise NodeError("port 'frames': the list is empty; give at least one picture")
    pictures: list[Tensor] = []
    alphas: list[Tensor | None] = []
    for image in frames:
        alpha = alpha_of(image)
        for at, one in enumerate(colours(image, "frames").split(1)):
            if pictures and one.shape != pictures[0].shape:
                first, wrong = pictures[0].shape, one.shape
                raise NodeError(
                    f"port 'frames': picture {len(pictures) + 1} is {wrong[3]}×{wrong[2]} pixels"
                    f" and the first {first[3]}×{first[2]}; image.resize makes them agree"
                )
            pictures.append(one)
            alphas.append(None if alpha is None else alpha[at])
    return pictures, alphas
