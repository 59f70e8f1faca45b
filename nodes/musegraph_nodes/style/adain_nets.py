"""AdaIN: a content's features with the statistics of a style's, and a decoder that paints them.

As Huang and Belongie 2017, with three additions to the decoder, because the encoder is small. It
gets the upper layers of the content too, each with the statistics of the style's (Sheng et al.
2018): so edges stay sharp. It is told what all layers see of the style, as scales and shifts of its
own channels (Ghiasi et al. 2017): so strokes are of the right size and colour. And it is given
noise, always the same for a size: so it has something to make strokes of where a content is flat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layouts import Layout
from .nets import Features

_LEAST = 1e-5
HIDDEN = 96


Moments = tuple[Tensor, Tensor]
"""Means and deviations of the channels of a layer, [B,C,1,1] each."""


@dataclass(frozen=True)
class Look:
    """What the encoder sees of pictures: features by layer, and their moments."""

    features: dict[str, Tensor]
    moments: dict[str, Moments]

    @property
    def stats(self) -> Tensor:
        """[B,2·channels of all layers]."""
        parts = [part.flatten(1) for pair in self.moments.values() for part in pair]
        return torch.cat(parts, 1)

    def part(self, count: int) -> Look:
        """The first pictures of a batch."""
        features = {layer: made[:count] for layer, made in self.features.items()}
        moments = {layer: (m[:count], d[:count]) for layer, (m, d) in self.moments.items()}
        return Look(features, moments)

    def manner(self) -> Look:
        """What of it counts for a style."""
        return Look({}, self.moments)


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
    return moved(content, mean_and_deviation(content), mean_and_deviation(style))


def moved(content: Tensor, known: Moments, goal: Moments) -> Tensor:
    """Features whose moments are known, with those of the goal."""
    scale = goal[1] / known[1]
    return content * scale + (goal[0] - known[0] * scale)


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
        self.gain = nn.Parameter(torch.full((reads, 1, 1), 0.5)) if larger else None

    def forward(
        self, x: Tensor, told: Sequence[tuple[Tensor, Tensor | float]], beside: Tensor | None
    ) -> Tensor:
        if self.larger:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        if beside is not None and self.gain is not None:
            x = x + self.gain * beside
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
    return _noise(int(like.shape[-2]), int(like.shape[-1])).to(like.device)


@lru_cache(8)
def _noise(high: int, wide: int) -> Tensor:
    made = torch.Generator().manual_seed(high * 65_537 + wide)
    with torch.inference_mode(False):
        return torch.randn(1, 1, high, wide, generator=made)


class AdaIN(nn.Module):
    """Encoder, AdaIN and decoder; the encoder is a feature net up to the first layer of a block."""

    def __init__(self, encoder: Features, blocks: int = 4) -> None:
        super().__init__()
        self.encoder = encoder
        layout = encoder.layout
        self.layers = layers_of(layout, blocks)
        self.stride = layout.stride(self.layers[-1])
        widths = [layout.conv(layer).makes for layer in self.layers]
        # Without the last norm, what tells styles apart would be a small part of what is told.
        self.told = nn.Sequential(
            nn.LayerNorm(2 * sum(widths), elementwise_affine=False),
            nn.Linear(2 * sum(widths), HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.LayerNorm(HIDDEN, elementwise_affine=False),
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
        made = {layer: seen[layer] for layer in self.layers}
        return Look(made, {layer: mean_and_deviation(part) for layer, part in made.items()})

    def forward(self, content: Look, styles: Sequence[Share], strength: float = 1.0) -> Tensor:
        """The content repainted, [B,3,h,w] not yet cut to 0..1; sides are multiples of a cell."""
        shares = shares_of([style.weight for style in styles], [style.mask for style in styles])
        told: list[tuple[Tensor, Tensor | float]] = [
            (self.told(style.look.stats), share * strength)
            for style, share in zip(styles, shares, strict=True)
        ]
        if strength < 1:
            told.append((self.told(content.stats), 1 - strength))
        above = list(self.layers[:-1])
        x = self._aim(self.layers[-1], content, styles, shares, strength)
        for stage in self.stages:
            larger = bool(stage.larger)
            beside = None
            if larger:
                beside = self._aim(above.pop(), content, styles, shares, strength)
            x = stage(x, told, beside)
        made: Tensor = self.paint(x)
        return made

    @staticmethod
    def _aim(
        layer: str,
        content: Look,
        styles: Sequence[Share],
        shares: Sequence[Tensor | float],
        strength: float,
    ) -> Tensor:
        """The content's features of a layer with the moments of the styles."""
        here, known = content.features[layer], content.moments[layer]
        aim = here * (1 - strength)
        for style, share in zip(styles, shares, strict=True):
            if isinstance(share, Tensor):
                share = F.interpolate(share, here.shape[-2:], mode="bilinear", antialias=True)
            aim = aim + moved(here, known, style.look.moments[layer]) * (share * strength)
        return aim


def shares_of(weights: Sequence[float], masks: Sequence[Tensor | None]) -> list[Tensor | float]:
    """How much each style counts, so that all together count one at every place."""
    total = sum(weights)
    one = next((mask for mask in masks if mask is not None), None)
    if one is None:
        return [weight / total for weight in weights]
    parts = [
        weight * (torch.ones_like(one) if mask is None else mask)
        for weight, mask in zip(weights, masks, strict=True)
    ]
    whole = torch.stack(parts).sum(0)
    # Where no mask says anything, all count as their weights say.
    equal = whole < _LEAST
    return [
        torch.where(equal, torch.full_like(part, weight / total), part / whole.clamp(min=_LEAST))
        for weight, part in zip(weights, parts, strict=True)
    ]


def without_weights(layout: Layout) -> AdaIN:
    """A net for an encoder of this layout, with no memory for its weights yet."""
    from .nets import build

    block = layout.convs[-1].block
    encoder = build(layout)
    with torch.device("meta"):
        return AdaIN(encoder, block)
