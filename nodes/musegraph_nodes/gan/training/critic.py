"""The critic, which learns to tell pictures that are given from pictures that are made.

The discriminator of StyleGAN2 (Karras et al. 2020): residual blocks, each of which halves the
picture, and at the end what says how unlike one another the pictures of a batch are.
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musegraph_nodes.gan.filters import kernel_of, resampled
from musegraph_nodes.gan.layout import Layout
from musegraph_nodes.gan.nets import Linear, activated

_GROUP = 4
"""So many pictures are compared with one another."""


class Conv(nn.Module):
    """A convolution, before which the picture may be halved; its weights are scaled in use."""

    kernel: Tensor

    def __init__(
        self, reads: int, makes: int, side: int, *, down: bool = False, active: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(makes, reads, side, side))
        self.bias = nn.Parameter(torch.zeros(makes)) if active else None
        self.scale, self.side, self.down = 1 / sqrt(reads * side**2), side, down
        self.register_buffer("kernel", kernel_of(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.down:
            # A filter of 4 and a step of 2: more room around for a wider convolution.
            more = 4 - 2 + self.side - 1
            x = resampled(x, self.kernel, pad=((more + 1) // 2, more // 2))
        around = 0 if self.down else self.side // 2
        made = F.conv2d(x, self.weight * self.scale, stride=2 if self.down else 1, padding=around)
        return made if self.bias is None else activated(made, self.bias)


class Block(nn.Module):
    """Two convolutions beside a short way, of which the second halves the picture."""

    def __init__(self, reads: int, makes: int) -> None:
        super().__init__()
        self.first, self.second = Conv(reads, reads, 3), Conv(reads, makes, 3, down=True)
        self.short = Conv(reads, makes, 1, down=True, active=False)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.second(self.first(x)) + self.short(x)
        return made / sqrt(2)


class Critic(nn.Module):
    """Judges pictures of the size, and with the channels, of a generator."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        channels = layout.channels[::-1]
        self.colours = Conv(3, channels[0], 1)
        self.blocks = nn.Sequential(*(Block(*two) for two in pairwise(channels)))
        last = channels[-1]
        self.together = Conv(last + 1, last, 3)
        self.first = Linear(last * layout.base**2, last, active=True)
        self.last = Linear(last, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """[B,3,side,side] of -1..1 to [B]: above 0 what looks given, below 0 what looks made."""
        x = self.blocks(self.colours(pictures))
        x = self.together(torch.cat((x, unlike(x)), 1))
        made: Tensor = self.last(self.first(x.flatten(1)))
        return made[:, 0]


def unlike(x: Tensor) -> Tensor:
    """[B,1,H,W]: by how much pictures of a group of four differ, as a mean deviation.

    A generator that always makes the same picture is found out by it (Karras et al. 2018).
    """
    batch, _, high, wide = x.shape
    group = _GROUP if batch % _GROUP == 0 else batch
    parted = x.reshape(group, batch // group, *x.shape[1:])
    spread = (parted.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
    return spread.repeat(group)[:, None, None, None].expand(batch, 1, high, wide)
