"""One picture repainted: targets measured at each size, and the optimisation between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

import torch

from musegraph import Context, Image

from .colours import as_bright, grey, matched, recoloured
from .gram import content_loss, gram_loss
from .objective import Objective, Region, View, Weights
from .optimise import Curve, Optimiser, optimised, sizes
from .prepare import Style, check_side, fitted, resized, resized_mask

if TYPE_CHECKING:
    from torch import Tensor

    from .nets import Features
    from .objective import Figures

Keep = Literal["none", "luminance", "histogram"]
Init = Literal["content", "noise", "picture"]
COARSEST = 96
"""Pixels of the shorter side below which no coarser picture is made of itself."""

WHOLE = 900 * 2**20
"""Bytes of what a net keeps of a picture up to which the picture is taken whole."""

WINDOW, FRUGAL = 512, 192
"""Pixels along a window: where a picture is too large to be taken whole, and where memory ran out."""


@dataclass(frozen=True)
class Options:
    """How a picture is repainted."""

    weights: Weights = field(default_factory=Weights)
    style_layers: tuple[str, ...] = ()
    content_layers: tuple[str, ...] = ()
    steps: int = 60
    levels: int = 0
    optimiser: Optimiser = "lbfgs"
    keep: Keep = "none"
    style_scale: float = 1.0
    tile: int = 0
    preview: int = 5
    around: bool = False


@dataclass(frozen=True)
class Steady:
    """What the picture before became: it [1,3,H,W], and where [1,1,H,W] nothing has moved since."""

    picture: Tensor
    where: Tensor


@dataclass
class Work:
    """The steps of a whole node, of which each picture and each size takes some."""

    ctx: Context
    total: int
    done: int = 0
    curve: Curve = field(default_factory=Curve)
    preview: int = 5

    def told(self, finish: Callable[[Tensor], Tensor]) -> Callable[[int, Tensor, Figures], None]:
        """What is called after each step: progress, and now and then a preview."""

        def tell(step: int, picture: Tensor, figures: Figures) -> None:
            self.done += 1
            shown: Callable[[], Image] | None = None
            if self.preview and (step + 1) % self.preview == 0:
                # Looked at later, perhaps, when the picture has gone on.
                kept = picture.clone()

                def shown() -> Image:
                    return as_image(finish(kept))

            self.ctx.progress(
                self.done, self.total, text=f"style loss {figures.style:.3g}", preview=shown
            )

        return tell


def as_image(picture: Tensor, alpha: Tensor | None = None) -> Image:
    """A picture [1,3,H,W] as an image in host memory, with the alpha [H,W] it had."""
    data = picture.detach().clamp(0, 1).permute(0, 2, 3, 1).cpu().contiguous()
    if alpha is not None:
        seen = resized_mask(alpha, (data.shape[2], data.shape[1]))
        data = torch.cat((data, seen[None, :, :, None]), -1)
    return Image(data)


def repaint(
    net: Features,
    content: Tensor | None,
    styles: list[Style],
    size: tuple[int, int],
    start: Tensor | None,
    options: Options,
    work: Work,
    steady: Steady | None = None,
) -> tuple[Tensor, dict[str, Any]]:
    """A picture of ``size`` (width, height), and its figures.

    Without ``content`` nothing but the style counts. ``start`` is where it begins, at any size.
    """
    device = work.ctx.device
    usual = content if content is not None else start
    assert usual is not None
    styles = _coloured(styles, content, options.keep)
    base = content
    if content is not None and options.keep == "luminance":
        base = grey(content)
    made = start if start is not None else cast("Tensor", base)
    if options.keep == "luminance":
        made = grey(made)
    figures: dict[str, Any] = {}
    for at in sizes(size, options.levels, max(COARSEST, _least(net, options))):
        view = View(
            net, options.style_layers, _content_layers(options, base), _side(net, at, options, work),
            options.around,
        )  # fmt: skip
        here = None if base is None else resized(base, at).to(device)
        regions = _regions(view, styles, at, size, options, work)
        check_side(at, net.layout, view.layers, "size")
        targets = {} if here is None else view.content(here, work.ctx.check)
        held = None
        if steady is not None:
            held = resized(steady.picture, at).to(device), resized(steady.where, at).to(device)
        objective = Objective(view, regions, targets, options.weights, work.ctx.check, held)
        finish = _finisher(content, at, options.keep)
        before = resized(made, at).to(device)
        made = optimised(
            objective, before, options.steps, options.optimiser, work.curve, work.told(finish)
        ).cpu()
        figures = _figures(view, regions, targets, here, made.to(device), work)
    return _finisher(content, size, options.keep)(made), figures


def _content_layers(options: Options, base: Tensor | None) -> tuple[str, ...]:
    wanted = base is not None and options.weights.content > 0
    return options.content_layers if wanted else ()


def _least(net: Features, options: Options) -> int:
    layers = (*options.style_layers, *options.content_layers)
    return max(net.layout.stride(layer) for layer in layers)


def _side(net: Features, size: tuple[int, int], options: Options, work: Work) -> int:
    """The side of the windows, or 0 for the whole picture."""
    if work.ctx.frugal:
        return FRUGAL
    if options.tile:
        return options.tile
    layers = tuple(dict.fromkeys((*options.style_layers, *options.content_layers)))
    needed = net.layout.memory(layers) * size[0] * size[1] * 4
    return WINDOW if needed > WHOLE else 0


def _coloured(styles: list[Style], content: Tensor | None, keep: Keep) -> list[Style]:
    if content is None or keep == "none":
        return styles
    change = as_bright if keep == "luminance" else matched
    return [
        Style(change(style.picture, content), style.seen, style.weight, style.mask)
        for style in styles
    ]


def _finisher(
    content: Tensor | None, size: tuple[int, int], keep: Keep
) -> Callable[[Tensor], Tensor]:
    """What is done to a picture before somebody sees it."""
    if content is None or keep != "luminance":
        return lambda picture: picture.clamp(0, 1)
    own = resized(content, size)
    return lambda picture: recoloured(picture.cpu(), own)


def _regions(
    view: View,
    styles: list[Style],
    size: tuple[int, int],
    whole: tuple[int, int],
    options: Options,
    work: Work,
) -> list[Region]:
    """Where which Gram matrices count. Styles that count everywhere are blended into one.

    The distance from several targets, weighted, is that from their mean and a constant.
    """
    device = work.ctx.device
    made: list[Region] = []
    blended: list[tuple[float, dict[str, Tensor]]] = []
    scale = options.style_scale * max(size) / max(whole)
    for style in styles:
        own = (style.picture.shape[3], style.picture.shape[2])
        wanted = fitted(own, max(1, round(max(whole) * scale)))
        check_side(wanted, view.net.layout, view.style_layers, "styles")
        picture = resized(style.picture, wanted).to(device)
        seen = None if style.seen is None else resized_mask(style.seen, wanted).to(device)
        grams = view.grams(picture, seen, work.ctx.check)
        if style.mask is None:
            blended.append((style.weight, grams))
        else:
            mask = resized_mask(style.mask, size).to(device)
            made.append(Region(style.weight, mask, grams))
    if blended:
        total = sum(weight for weight, _ in blended)
        mean = {
            layer: sum((grams[layer] * (weight / total) for weight, grams in blended[1:]),
                       blended[0][1][layer] * (blended[0][0] / total))
            for layer in view.style_layers
        }  # fmt: skip
        made.insert(0, Region(total, None, mean))
    return made


def _figures(
    view: View,
    regions: list[Region],
    targets: dict[str, Tensor],
    content: Tensor | None,
    made: Tensor,
    work: Work,
) -> dict[str, Any]:
    """What came of it: Gram losses of the content and of the result, by layer, and the distance."""
    check = work.ctx.check

    def losses(picture: Tensor) -> dict[str, float]:
        found = view.sums(picture, [region.mask for region in regions], check)
        total = sum(region.weight for region in regions)
        return {
            layer: sum(
                float(gram_loss(grams[layer], region.targets[layer])) * region.weight / total
                for grams, region in zip(found, regions, strict=True)
            )
            for layer in view.style_layers
        }

    after = losses(made)
    figures: dict[str, Any] = {"layers": after, "style": sum(after.values()) / len(after)}
    if content is not None:
        before = losses(content)
        figures["style_of_content"] = sum(before.values()) / len(before)
        figures["fall"] = figures["style_of_content"] / max(figures["style"], 1e-12)
    if targets:
        features = view.content(made, check)
        apart = [float(content_loss(features[layer], goal)) for layer, goal in targets.items()]
        figures["content"] = sum(apart) / len(apart)
    return figures
