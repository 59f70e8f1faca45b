"""What a picture is optimised for, and the gradient towards it: whole, or window by window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from .gram import beyond, content_loss, covered, gram_loss, products, variation
from .nets import Features
from .windows import Window, windows

Check = Callable[[], None]
Cells = dict[str, Tensor | None]
"""How much each cell of a layer counts; none where all count alike."""

_OUTSIDE = 100.0
"""Weight of colours outside 0..1, which are cut off in the end."""

_LEAST = 1e-12


@dataclass(frozen=True)
class Region:
    """Where a style counts: its weight, its mask [H,W] or none, and its Gram matrices by layer.

    ``means`` [C,1], where there are any, are taken off the features before they are multiplied;
    through ``whiteners`` [C,C] the matrices are compared.
    """

    weight: float
    mask: Tensor | None
    targets: dict[str, Tensor]
    means: dict[str, Tensor] = field(default_factory=dict)
    whiteners: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Weights:
    """How much each loss counts."""

    content: float = 1.0
    style: float = 3.0
    variation: float = 0.0
    steady: float = 0.0


@dataclass(frozen=True)
class Figures:
    """The losses of one picture, each before its weight."""

    total: float
    content: float
    style: float
    variation: float
    layers: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """How a net looks at pictures of one size: which layers, and through which windows."""

    net: Features
    style_layers: tuple[str, ...]
    content_layers: tuple[str, ...] = ()
    side: int = 0
    around: bool = False

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.style_layers, *self.content_layers)))

    def windows(self, picture: Tensor) -> list[Window]:
        height, width = picture.shape[-2:]
        side = self.side if max(height, width) > self.side else 0
        return windows((height, width), side, self.net.layout, self.layers, self.around)

    def stride(self, layer: str) -> int:
        return self.net.layout.stride(layer)

    def seen(self, part: Tensor) -> dict[str, Tensor]:
        return cast("dict[str, Tensor]", self.net(part, self.layers, self.around))

    def weight(self, mask: Tensor | None, layer: str) -> Tensor | None:
        """A mask [H,W] as a weight of the cells of a layer."""
        if mask is None:
            return None
        stride = self.stride(layer)
        return F.avg_pool2d(mask[None, None], stride)[0, 0] if stride > 1 else mask

    @torch.no_grad()
    def grams(
        self, picture: Tensor, mask: Tensor | None, check: Check
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Gram matrix and mean [C,1] of each layer of style of a picture [1,3,H,W]."""
        grams: dict[str, Tensor] = {}
        means: dict[str, Tensor] = {}
        weights = {layer: self.weight(mask, layer) for layer in self.style_layers}
        for window in self.windows(picture):
            check()
            seen = self.seen(window.cut(picture))
            for layer, weight in weights.items():
                stride = self.stride(layer)
                here = None if weight is None else window.of(weight, stride)
                part = window.middle(seen[layer], stride)
                _add(grams, layer, products(part, here))
                flat = part[0].flatten(1)
                _add(means, layer, flat.sum(1) if here is None else flat @ here.flatten() ** 2)
        for layer, weight in weights.items():
            cells = self.cells(picture, layer, weight)
            grams[layer] /= cells
            means[layer] = (means[layer] / cells)[:, None]
        return grams, means

    @torch.no_grad()
    def sums(
        self,
        picture: Tensor,
        regions: list[Region],
        cells: list[Cells],
        check: Check,
        also: Callable[[Window, dict[str, Tensor]], None] | None = None,
    ) -> list[dict[str, Tensor]]:
        """What the Gram matrices of a picture in each region are made of, before the mean.

        ``also`` is shown the features of each window on the way.
        """
        made: list[dict[str, Tensor]] = [{} for _ in regions]
        for window in self.windows(picture):
            check()
            seen = self.seen(window.cut(picture))
            if also is not None:
                also(window, seen)
            for sums, region, by_layer in zip(made, regions, cells, strict=True):
                for layer in self.style_layers:
                    _add(sums, layer, self.part(window, seen, layer, by_layer[layer], region))
        return made

    def part(
        self,
        window: Window,
        seen: dict[str, Tensor],
        layer: str,
        weight: Tensor | None,
        region: Region,
    ) -> Tensor:
        """What a window adds to the Gram matrix of a region, before the mean."""
        stride = self.stride(layer)
        here = None if weight is None else window.of(weight, stride)
        return products(window.middle(seen[layer], stride), here, region.means.get(layer))

    def cells(self, picture: Tensor, layer: str, weight: Tensor | None) -> Tensor | float:
        """Over how many cells of a layer a mean goes."""
        if weight is not None:
            return covered(weight)
        stride = self.stride(layer)
        return float((picture.shape[-2] // stride) * (picture.shape[-1] // stride))

    @torch.no_grad()
    def content(self, picture: Tensor, check: Check) -> dict[str, Tensor]:
        """The features of a picture in the layers of content, put together from its windows."""
        found: dict[str, Tensor] = {}
        height, width = picture.shape[-2:]
        if not self.content_layers:
            return found
        for window in self.windows(picture):
            check()
            seen = self.seen(window.cut(picture))
            for layer in self.content_layers:
                stride = self.stride(layer)
                part = window.middle(seen[layer], stride)
                if layer not in found:
                    size = (1, part.shape[1], height // stride, width // stride)
                    found[layer] = part.new_zeros(size)
                window.of(found[layer], stride).copy_(part)
        return found


def _add(sums: dict[str, Tensor], layer: str, part: Tensor) -> None:
    sums[layer] = sums[layer] + part if layer in sums else part


class Objective:
    """All losses of a picture [1,3,H,W] at one size, and their gradient."""

    def __init__(
        self,
        view: View,
        regions: list[Region],
        content: dict[str, Tensor],
        weights: Weights,
        check: Check,
        steady: tuple[Tensor, Tensor] | None = None,
    ) -> None:
        self.view, self.regions, self.content_at = view, regions, content
        self.weights, self.check, self.steady = weights, check, steady
        self.cells: list[Cells] = [
            {layer: view.weight(region.mask, layer) for layer in view.style_layers}
            for region in regions
        ]
        power = [(target**2).sum().clamp(min=_LEAST) for target in content.values()]
        self.power = dict(zip(content, power, strict=True))

    def __call__(self, picture: Tensor) -> Figures:
        """The losses; the gradient is left at the picture, times the number of its values.

        Without that factor the gradient of a large picture would be so small that an optimiser
        takes it for none.
        """
        picture.grad = None
        found = self.view.windows(picture)
        seen = self._whole(picture) if len(found) == 1 else self._in_windows(picture, found)
        content, style, layers, loss = seen
        rough = variation(picture, self.view.around)
        extra = self.weights.variation * rough + _OUTSIDE * beyond(picture)
        if self.steady is not None and self.weights.steady:
            goal, where = self.steady
            extra = extra + self.weights.steady * (where * (picture - goal) ** 2).mean()
        loss = loss + extra
        (loss * picture.numel()).backward()
        return Figures(
            float(loss.detach()), float(content), float(style), float(rough.detach()), layers
        )

    def _whole(self, picture: Tensor) -> tuple[Tensor, Tensor, dict[str, float], Tensor]:
        self.check()
        view = self.view
        seen = view.seen(picture)
        window = view.windows(picture)[0]
        sums = [
            {
                layer: view.part(window, seen, layer, cells[layer], region)
                for layer in view.style_layers
            }
            for region, cells in zip(self.regions, self.cells, strict=True)
        ]
        style, layers = self._style(picture, sums)
        content = picture.new_zeros(())
        for layer, target in self.content_at.items():
            content = content + content_loss(seen[layer], target) / len(self.content_at)
        loss = self.weights.content * content + self.weights.style * style
        return content.detach(), style.detach(), layers, loss

    def _in_windows(
        self, picture: Tensor, found: list[Window]
    ) -> tuple[Tensor, Tensor, dict[str, float], Tensor]:
        """Two passes: the first finds the Gram matrices, the second the way back through them."""
        view, scale = self.view, picture.numel()
        sums = view.sums(picture.detach(), self.regions, self.cells, self.check)
        for by_layer in sums:
            for layer in by_layer:
                by_layer[layer].requires_grad_(True)
        style, layers = self._style(picture, sums)
        leaves = [by_layer[layer] for by_layer in sums for layer in view.style_layers]
        ways = torch.autograd.grad(self.weights.style * style, leaves)
        content = picture.new_zeros(())
        back = torch.zeros_like(picture)
        for window in found:
            self.check()
            part = window.cut(picture.detach()).clone().requires_grad_(True)
            seen = view.seen(part)
            loss = picture.new_zeros(())
            way = iter(ways)
            for region, cells in zip(self.regions, self.cells, strict=True):
                for layer in view.style_layers:
                    made = view.part(window, seen, layer, cells[layer], region)
                    loss = loss + (next(way) * made).sum()
            for layer, target in self.content_at.items():
                stride = view.stride(layer)
                apart = window.middle(seen[layer], stride) - window.of(target, stride)
                away = (apart**2).sum() / self.power[layer] / len(self.content_at)
                content = content + away.detach()
                loss = loss + self.weights.content * away
            (loss * scale).backward()
            assert part.grad is not None
            window.add(back, part.grad)
        picture.grad = back
        return content, style.detach(), layers, self._known(content, style)

    def _known(self, content: Tensor, style: Tensor) -> Tensor:
        """The part of the loss whose gradient has been found already."""
        return (self.weights.content * content + self.weights.style * style).detach()

    @torch.no_grad()
    def measured(self, picture: Tensor) -> tuple[dict[str, float], float]:
        """The style loss of each layer of a picture, and its content loss, and no gradient."""
        away = 0.0

        def seen(window: Window, features: dict[str, Tensor]) -> None:
            nonlocal away
            for layer, target in self.content_at.items():
                stride = self.view.stride(layer)
                apart = window.middle(features[layer], stride) - window.of(target, stride)
                away += float((apart**2).sum() / self.power[layer]) / len(self.content_at)

        sums = self.view.sums(picture, self.regions, self.cells, self.check, seen)
        return self._style(picture, sums)[1], away

    def _style(
        self, picture: Tensor, sums: list[dict[str, Tensor]]
    ) -> tuple[Tensor, dict[str, float]]:
        """The style loss of all regions, and that of each layer alone."""
        style = picture.new_zeros(())
        layers = dict.fromkeys(self.view.style_layers, 0.0)
        total = sum(region.weight for region in self.regions) or 1.0
        for region, by_layer, cells in zip(self.regions, sums, self.cells, strict=True):
            for layer, target in region.targets.items():
                made = by_layer[layer] / self.view.cells(picture, layer, cells[layer])
                away = gram_loss(made, target, region.whiteners.get(layer))
                one = away * (region.weight / total)
                layers[layer] += float(one.detach())
                style = style + one / len(region.targets)
        return style, layers
