"""One picture repainted: targets measured at each size, and the optimisation between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import torch

from musegraph import Context, Image

from .basis import Basis, BasisName, Pixels, waves
from .brush import Brush
from .colours import as_bright, grey, matched, recoloured, spread_of
from .gram import whitener
from .objective import Objective, Region, View, Weights
from .optimise import Curve, Optimiser, optimised, sizes
from .palette import in_palettes
from .prepare import Style, check_side, resized, resized_mask, scaled

if TYPE_CHECKING:
    from torch import Tensor

    from .nets import Features
    from .objective import Figures

Keep = Literal["none", "luminance", "histogram"]
Init = Literal["content", "noise", "picture"]
Statistics = Literal["whitened", "centred", "gram"]
Grams = tuple[dict[str, "Tensor"], dict[str, "Tensor"]]
COARSEST = 96
"""Pixels of the shorter side below which no coarser picture is made of itself."""

WHOLE = 900 * 2**20
"""Bytes of what a net keeps of a picture up to which the picture is taken whole."""

WINDOW, FRUGAL = 512, 192
"""Pixels along a window: where a picture is too large to be whole, and where memory ran out."""


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
    statistics: Statistics = "whitened"
    style_scale: float = 1.0
    tile: int = 0
    preview: int = 5
    around: bool = False
    natural: bool = False
    """Whether a style keeps its own size instead of being as long as the result."""

    basis: BasisName = "waves"
    strokes: bool = True
    """Whether patches of the style are laid before each size is optimised."""

    recolour: bool = True
    """Whether the content takes the colours of the styles before it is looked at."""

    seed: int = 0
    strength: float = 1.0
    """Below 1 the content is one more style, whose share is the rest."""


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
    styles = _coloured(styles, content, options.keep)
    base = base_of(content, styles, options)
    made = start if start is not None else base
    assert made is not None
    if options.keep == "luminance":
        made = grey(made)
    figures: dict[str, Any] = {}
    begun = len(work.curve.figures)
    found = sizes_of(size, net, options)
    brush, asked = Brush(styles, size, options, work), _also(content, styles, options)
    for at in found:
        here = None if base is None else resized(base, at).to(work.ctx.device)
        before = resized(made, at).to(work.ctx.device)
        if steady is not None and here is not None:
            still = resized(steady.where, at).to(work.ctx.device)
            anew = brush.afresh(here, at, COARSEST) if options.strokes else here
            before = before * still + anew * (1 - still)
        elif options.strokes:
            lay = brush.first if at == found[0] else brush.next
            laid = lay(before, here, at)
            before = _between(here, laid, options) if content is not None else laid
        objective = objective_for(net, here, asked, at, size, options, work, steady)
        basis = _basis(asked, at, options, work)
        told = work.told(_finisher(content, at, options.keep))
        made = optimised(
            objective, before, options.steps, options.optimiser, work.curve, told, basis
        )
        if at == size:
            # Where it began with the content at this size, the first step has said its loss.
            plain = start is None and base is content and not options.strokes
            known = plain and work.curve.sizes[-1] == begun
            before_it = work.curve.figures[begun].style if known else None
            shown = _shown(content, size, options.keep, work)
            figures = _figures(objective, shown, made, before_it)
        made = made.cpu()
    return _finisher(content, size, options.keep)(made), figures


def _also(content: Tensor | None, styles: list[Style], options: Options) -> list[Style]:
    """The styles, and the content among them for what they lack in strength, in each place."""
    if content is None or options.strength == 1:
        return styles
    own = grey(content) if options.keep == "luminance" else content
    share = (1 - options.strength) / options.strength
    return [*styles, *(replace(one, picture=own, seen=None, weight=one.weight * share, itself=True)
                       for one in styles)]  # fmt: skip


def _shown(content: Tensor | None, size: tuple[int, int], keep: Keep, work: Work) -> Tensor | None:
    """The content as it is, whose style loss is compared with that of the result."""
    if content is None:
        return None
    own = grey(content) if keep == "luminance" else content
    return resized(own, size).to(work.ctx.device)


def base_of(content: Tensor | None, styles: list[Style], options: Options) -> Tensor | None:
    """The content as it is looked at: in grey, in the colours of the styles, or as it is."""
    if content is None:
        return None
    if options.keep == "luminance":
        return grey(content)
    if options.keep == "histogram" or not options.recolour:
        return content
    return _between(content, in_palettes(content, styles), options)


def _between(content: Tensor | None, styled: Tensor, options: Options) -> Tensor:
    """As far from the content to the style as the strength says."""
    if content is None or options.strength == 1:
        return styled
    return content + (styled - content) * options.strength


def _basis(styles: list[Style], size: tuple[int, int], options: Options, work: Work) -> Basis:
    if options.basis == "pixels":
        return Pixels()
    apart = [spread_of(style.picture)[0] * style.weight for style in styles]
    colours = torch.stack(apart).sum(0) / sum(style.weight for style in styles)
    return waves((size[1], size[0]), colours, work.ctx.device)


def objective_for(
    net: Features,
    content: Tensor | None,
    styles: list[Style],
    size: tuple[int, int],
    whole: tuple[int, int],
    options: Options,
    work: Work,
    steady: Steady | None,
) -> Objective:
    """What a picture of one size is optimised for."""
    device = work.ctx.device
    wanted = options.content_layers if content is not None and options.weights.content else ()
    side = _side(net, size, options, work)
    view = View(net, options.style_layers, wanted, side, options.around)
    check_side(size, net.layout, view.layers, "size")
    regions = _regions(view, styles, size, whole, options, work)
    targets = {} if content is None else view.content(content, work.ctx.check)
    held = None
    if steady is not None:
        held = resized(steady.picture, size).to(device), resized(steady.where, size).to(device)
    return Objective(view, regions, targets, options.weights, work.ctx.check, held)


def sizes_of(size: tuple[int, int], net: Features, options: Options) -> list[tuple[int, int]]:
    """The sizes at which a picture is worked on, from coarse to fine."""
    layers = (*options.style_layers, *options.content_layers)
    least = max(net.layout.stride(layer) for layer in layers)
    return sizes(size, options.levels, least if options.levels else max(COARSEST, least))


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
    return [replace(style, picture=change(style.picture, content)) for style in styles]


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
    blended: list[tuple[float, Grams]] = []
    scale = options.style_scale * max(size) / max(whole)
    for style in styles:
        picture, seen = resized(style.picture, size), None
        if not style.itself:
            picture, seen = scaled(style, None if options.natural else max(whole), scale)
        for one in (style.picture, picture):
            side = (one.shape[3], one.shape[2])
            check_side(side, view.net.layout, view.style_layers, style.port)
        there = None if seen is None else seen.to(device)
        grams = view.grams(picture.to(device), there, work.ctx.check)
        if style.mask is None:
            blended.append((style.weight, grams))
        else:
            mask = resized_mask(style.mask, size).to(device)
            made.append(_region([(style.weight, grams)], mask, options.statistics))
    if blended:
        made.insert(0, _region(blended, None, options.statistics))
    return made


def _region(
    parts: list[tuple[float, Grams]], mask: Tensor | None, statistics: Statistics
) -> Region:
    total = sum(weight for weight, _ in parts)

    def mean(which: int, layer: str) -> Tensor:
        return torch.stack([grams[which][layer] * (w / total) for w, grams in parts]).sum(0)

    layers = tuple(parts[0][1][0])
    targets = {layer: mean(0, layer) for layer in layers}
    if statistics == "gram":
        return Region(total, mask, targets)
    means = {layer: mean(1, layer) for layer in layers}
    # The mean of products is that of products of what is left, and the product of means.
    targets = {layer: targets[layer] - means[layer] @ means[layer].T for layer in layers}
    if statistics == "centred":
        return Region(total, mask, targets, means)
    whiteners = {layer: whitener(targets[layer], means[layer]) for layer in layers}
    return Region(total, mask, targets, means, whiteners)


def _figures(
    objective: Objective, content: Tensor | None, made: Tensor, before: float | None
) -> dict[str, Any]:
    """What came of it: style losses of the content and the result, and the distance.

    ``before`` is the style loss of the content where it is known.
    """
    after, away = objective.measured(made)
    figures: dict[str, Any] = {"layers": after, "style": sum(after.values()) / len(after)}
    if content is not None:
        if before is None:
            found = objective.measured(content)[0]
            before = sum(found.values()) / len(found)
        figures["style_of_content"] = before
        figures["fall"] = before / max(figures["style"], 1e-12)
    if objective.content_at:
        figures["content"] = away
    return figures
