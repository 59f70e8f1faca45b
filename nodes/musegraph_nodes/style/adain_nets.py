"""AdaIN: a content's features with the statistics of a style's, and a decoder that paints them.

As Huang and Belongie 2017, with two additions to the decoder, because the encoder is small. It is
told what the upper layers see of the style, as scales and shifts of its own channels (Ghiasi et al.
2017): so strokes are of the right size and colour. And it is given noise, always the same for a
size: so it has something to make strokes of where a content is flat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layouts import Layout
from .nets import Features

_LEAST = 1e-5
HIDDEN = 96


@dataclass(frozen=True)
class Look:
    """What the encoder sees of pictures: features of the deepest layer, statistics of all asked."""

    features: Tensor
    stats: Tensor
    """[B,2·channels of all layers]: means and deviations."""


@dataclass(frozen=True)
class Share:
    """One style's part in the result: its look, and how much it counts, everywhere or by place."""

    look: Look
    weight: float = 1.0
    mask: Tensor | None = None
    """[1,1,H,W] of 0..1 at the size of the content."""


def mean_and_deviation(features: Tensor) -> tuple[Tensor, Tensor]:
    """[B,C,1,1] each, over all cells."""
    mean = features.mean((2, 3), keepdim=True)
    spread = ((features - mean) ** 2).mean((2, 3), keepdim=True)
    return mean, (spread + _LEAST).sqrt()


def adain(content: Tensor, style: Tensor) -> Tensor:
    """The content's features with the means and deviations of the style's."""
    mean, deviation = mean_and_deviation(content)
    goal, spread = mean_and_deviation(style)
    return (content - mean) / deviation * spread + goal


def layers_of(layout: Layout, blocks: int) -> tuple[str, ...]:
    """The last layer of each block before the deepest one, and the first of that."""
    last = {conv.block: conv.layer for conv in layout.convs if conv.block < blocks}
    return (*last.values(), f"conv{blocks}_1")


class Stage(nn.Module):
    """A convolution of the decoder, whose result is told the style."""

    def __init__(self, reads: int, makes: int, larger: bool) -> None:
        super().__init__()
        self.larger = larger
        self.conv = nn.Conv2d(reads, makes, 3, padding=1, padding_mode="reflect")
        self.noise = nn.Parameter(torch.zeros(makes, 1, 1))
        self.told = nn.Linear(HIDDEN, 2 * makes)
        nn.init.zeros_(self.told.weight)
        nn.init.zeros_(self.told.bias)

    def forward(self, x: Tensor, told: Sequence[tuple[Tensor, Tensor | float]]) -> Tensor:
        if self.larger:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = self.conv(x)
        x = x + self.noise * still(x)
        by: Tensor | float = 0.0
        plus: Tensor | float = 0.0
        for style, share in told:
            scale, shift = self.told(style)[:, :, None, None].chunk(2, 1)
            if isinstance(share, Tensor):
                share = F.interpolate(share, x.shape[-2:], mode="bilinear", antialias=True)
            by, plus = by + scale * share, plus + shift * share
        return F.relu(x * (1 + by) + plus)


def still(like: Tensor) -> Tensor:
    """Noise [1,1,h,w] that is always the same for a size."""
    high, wide = like.shape[-2:]
    made = torch.Generator().manual_seed(high * 65_537 + wide)
    return torch.randn(1, 1, high, wide, generator=made).to(like.device)


class AdaIN(nn.Module):
    """Encoder, AdaIN and decoder; the encoder is a feature net up to the first layer of a block."""

    def __init__(self, encoder: Features, blocks: int = 4) -> None:
        super().__init__()
        self.encoder = encoder
        layout = encoder.layout
        self.layers = layers_of(layout, blocks)
        self.stride = layout.stride(self.layers[-1])
        widths = [layout.conv(layer).makes for layer in self.layers]
        self.told = nn.Sequential(
            nn.Linear(2 * sum(widths), HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU()
        )
        convs = layout.convs[: layout.layers.index(self.layers[-1]) + 1]
        stages = []
        for number, conv in enumerate(reversed(convs)):
            if number == len(convs) - 1:
                break
            # Where the encoder pooled, the decoder doubles: before the convolution that follows.
            larger = number > 0 and convs[len(convs) - number].block > conv.block
            stages.append(Stage(conv.makes, conv.reads, larger))
        self.stages = nn.ModuleList(stages)
        self.paint = nn.Conv2d(convs[0].makes, 3, 3, padding=1, padding_mode="reflect")

    def look(self, pictures: Tensor) -> Look:
        """What the encoder sees of pictures [B,3,H,W] of 0..1."""
        seen = self.encoder(pictures, self.layers)
        parts = [torch.cat(mean_and_deviation(seen[layer]), 1).flatten(1) for layer in self.layers]
        return Look(seen[self.layers[-1]], torch.cat(parts, 1))

    def forward(self, content: Look, styles: Sequence[Share], strength: float = 1.0) -> Tensor:
        """The content repainted, [B,3,h,w] not yet cut to 0..1; sides are multiples of a cell."""
        shares = _shares(styles)
        aim = torch.zeros_like(content.features)
        told: list[tuple[Tensor, Tensor | float]] = []
        for style, share in zip(styles, shares, strict=True):
            part: Tensor | float = share
            if isinstance(share, Tensor):
                part = F.interpolate(share, aim.shape[-2:], mode="bilinear", antialias=True)
            aim = aim + adain(content.features, style.look.features) * part
            told.append((self.told(style.look.stats), share * strength))
        aim = content.features + (aim - content.features) * strength
        if strength < 1:
            told.append((self.told(content.stats), 1 - strength))
        x = aim
        for stage in self.stages:
            x = stage(x, told)
        made: Tensor = self.paint(x)
        return made


def _shares(styles: Sequence[Share]) -> list[Tensor | float]:
    """How much each style counts, so that all together count one at every place."""
    if all(style.mask is None for style in styles):
        total = sum(style.weight for style in styles)
        return [style.weight / total for style in styles]
    one = next(style.mask for style in styles if style.mask is not None)
    parts = [
        style.weight * (torch.ones_like(one) if style.mask is None else style.mask)
        for style in styles
    ]
    whole = torch.stack(parts).sum(0)
    # Where no mask says anything, all count as their weights say.
    equal = whole < _LEAST
    weights = sum(style.weight for style in styles)
    return [
        torch.where(
            equal, torch.full_like(part, style.weight / weights), part / whole.clamp(min=_LEAST)
        )
        for style, part in zip(styles, parts, strict=True)
    ]


def without_weights(layout: Layout) -> AdaIN:
    """A net for an encoder of this layout, with no memory for its weights yet."""
    from .nets import build

    block = layout.convs[-1].block
    encoder = build(layout)
    with torch.device("meta"):
        return AdaIN(encoder, block)
