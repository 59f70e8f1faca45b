"""AdaIN on a laid picture, and the decoder that paints what it changes. Loaded with torch.

A style's means and deviations are put on the features of a picture (Huang and Belongie 2017). With
them that is the content, and a decoder paints all of it anew: a small one blurs strokes into grain.
Here it is the content made of pieces of the style (`weaving.py`), which has its strokes and nearly
its statistics, and the decoder paints only what AdaIN changes in it. It gets the difference of
features by layer, as a pyramid, and none of its parts adds anything of its own: where all
statistics are those of the style already, nothing is changed.
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


Moments = tuple[Tensor, Tensor]
"""Means and deviations of the channels of a layer, [B,C,1,1] each."""


@dataclass(frozen=True)
class Look:
    """What the encoder sees of pictures: features by layer, and their moments."""

    features: dict[str, Tensor]
    moments: dict[str, Moments]

    def manner(self) -> Look:
        """What of it counts for a style."""
        return Look({}, self.moments)


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
    """A convolution of the difference, which counts where the features say that it does.

    The same difference is painted in other ways on a line and beside it. Neither has a bias, so
    what is no difference stays none.
    """

    def __init__(self, reads: int, sees: int, makes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(reads, makes, 3, padding=1, bias=False)
        self.gate = nn.Conv2d(sees, makes, 1)

    def forward(self, below: Tensor | None, change: Tensor, look: Look, layer: str) -> Tensor:
        gate = F.hardsigmoid(self.gate(look.features[layer]))
        made: Tensor = F.relu(convolved(below, change, self.conv.weight)) * gate
        return made


class AdaIN(nn.Module):
    """Encoder, AdaIN and decoder; the encoder is a feature net up to the first layer of a block."""

    def __init__(self, encoder: Features, blocks: int = 3) -> None:
        super().__init__()
        self.encoder = encoder
        layout = encoder.layout
        self.layers = layers_of(layout, blocks)
        self.stride = layout.stride(self.layers[-1])
        widths = [layout.conv(layer).makes for layer in self.layers]
        stages, below = [], 0
        for at in range(len(widths) - 1, 0, -1):
            stages.append(Stage(below + widths[at], widths[at], widths[at - 1]))
            below = widths[at - 1]
        self.stages = nn.ModuleList(stages)
        self.paint = nn.Conv2d(below + widths[0], 3, 3, padding=1, bias=False)

    def by_pixel(self) -> AdaIN:
        """The net with its weights so laid out that a processor convolves in half the time."""
        for parameter in self.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        return self

    def look(self, pictures: Tensor) -> Look:
        """What the encoder sees of pictures [B,3,H,W] of 0..1."""
        seen = self.encoder(pictures.contiguous(memory_format=torch.channels_last), self.layers)
        made = {layer: seen[layer] for layer in self.layers}
        return Look(made, {layer: mean_and_deviation(part) for layer, part in made.items()})

    def forward(self, laid: Tensor, look: Look, goal: dict[str, Moments]) -> Tensor:
        """A laid picture [B,3,H,W] with the moments of the goal, not yet cut to 0..1.

        Sides are multiples of a cell.
        """
        x: Tensor | None = None
        for stage, layer in zip(self.stages, reversed(self.layers[1:]), strict=True):
            change = changed(layer, look, goal)
            x = stage(x, change, look, layer)
        return laid + convolved(x, changed(self.layers[0], look, goal), self.paint.weight)


def changed(layer: str, look: Look, goal: dict[str, Moments]) -> Tensor:
    """What AdaIN changes in the features of a layer."""
    (mean, deviation), (wanted, spread) = look.moments[layer], goal[layer]
    scale = spread / deviation
    return torch.addcmul(wanted - mean * scale, look.features[layer], scale - 1)


def convolved(below: Tensor | None, change: Tensor, kernel: Tensor) -> Tensor:
    """A convolution of 3 × 3 over what comes from below, twice as large, and a change beside it.

    In two parts: at full size, putting both into one takes as long as the convolution. What is
    doubled is never written: where each pixel stands four times, three rows of a kernel fall on
    two rows of pixels, so the whole is a transposed convolution of 4 × 4 in steps of two.
    """
    split = kernel.shape[1] - change.shape[1]
    made = F.conv2d(change, kernel[:, split:], padding=1)
    if below is None:
        return made
    # To which rows of the four each row of a kernel goes.
    to = kernel.new_tensor(((0, 0, 1), (0, 1, 1), (1, 1, 0), (1, 0, 0)))
    wide = torch.einsum("ak,bl,oikl->ioab", to, to, kernel[:, :split])
    return made + F.conv_transpose2d(below, wide, stride=2, padding=1)


def between(some: Sequence[tuple[dict[str, Moments], float]]) -> dict[str, Moments]:
    """The moments of several pictures together, each by its share."""
    total = sum(share for _, share in some)
    made: dict[str, Moments] = {}
    for layer in some[0][0]:
        mean, deviation = (
            torch.stack([held[layer][at] * (share / total) for held, share in some]).sum(0)
            for at in (0, 1)
        )
        made[layer] = mean, deviation
    return made


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
