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
_AT_ONCE = 8192
"""Cells whose deviations are added up together."""


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
    """[B,C,1,1] each, over all cells of [B,C,H,W]: by parts, which stay in a core's cache."""
    cells = features.permute(0, 2, 3, 1).flatten(1, 2)
    mean = cells.mean(1, keepdim=True)
    parts = [((part - mean) ** 2).sum(1) for part in cells.split(_AT_ONCE, 1)]
    spread = torch.stack(parts).sum(0) / cells.shape[1]
    return mean[:, 0, :, None, None], (spread + _LEAST).sqrt()[..., None, None]


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

    def forward(self, below: Tensor | None, seen: Tensor, change: Moments) -> Tensor:
        gate = F.hardsigmoid(self.gate(seen))
        made: Tensor = F.relu(convolved(below, seen, change, self.conv.weight)) * gate
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
        """A laid picture [1,3,H,W] with the moments of the goal, not yet cut to 0..1.

        Sides are multiples of a cell.
        """
        x: Tensor | None = None
        for stage, layer in zip(self.stages, reversed(self.layers[1:]), strict=True):
            x = stage(x, look.features[layer], change_of(look.moments[layer], goal[layer]))
        layer = self.layers[0]
        last = change_of(look.moments[layer], goal[layer])
        return laid + convolved(x, look.features[layer], last, self.paint.weight)


def change_of(known: Moments, goal: Moments) -> Moments:
    """What AdaIN changes in features whose moments are known: a factor of them, and an addend."""
    scale = goal[1] / known[1]
    return scale - 1, goal[0] - known[0] * scale


def convolved(below: Tensor | None, seen: Tensor, change: Moments, kernel: Tensor) -> Tensor:
    """A convolution of 3 × 3 over what comes from below, twice as large, and a change beside it.

    Neither is ever written at full size, which would take as long as the convolution. The change of
    what is seen [1,C,H,W], H and W two at least, is a factor, which goes into the kernel, and an
    addend, of which every pixel away from the edges gets the same. Where each pixel from below
    stands four times, three rows of a kernel fall on two rows of pixels, so that is a transposed
    convolution of 4 × 4 in steps of two.
    """
    factor, addend = change
    split = kernel.shape[1] - seen.shape[1]
    beside = kernel[:, split:]
    # Of a plane of nine pixels the middle one has what all inner pixels have.
    plane = F.conv2d(addend.expand(-1, -1, 3, 3), beside, padding=1)
    inner = plane[:, :, 1:2, 1:2]
    made = _edged(F.conv2d(seen, beside * factor, inner.flatten(), padding=1), plane - inner)
    if below is None:
        return made
    # To which rows of the four each row of a kernel goes.
    to = kernel.new_tensor(((0, 0, 1), (0, 1, 1), (1, 1, 0), (1, 0, 0)))
    wide = torch.einsum("ak,bl,oikl->ioab", to, to, kernel[:, :split])
    return made + F.conv_transpose2d(below, wide, stride=2, padding=1)


def _edged(made: Tensor, more: Tensor) -> Tensor:
    """What was made [1,C,H,W], with what corners and edges get besides [1,C,3,3], in its place."""
    high, wide = made.shape[2:]
    first, inner, last = more.split(1, 2)
    for row, part in ((0, first), (high - 1, last)):
        left, middle, right = part.split(1, 3)
        line = torch.cat((left, middle.expand(-1, -1, -1, wide - 2), right), 3)
        made[:, :, row : row + 1] += line
    for column, part in ((0, inner[..., :1]), (wide - 1, inner[..., 2:])):
        made[:, :, 1:-1, column : column + 1] += part
    return made


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
