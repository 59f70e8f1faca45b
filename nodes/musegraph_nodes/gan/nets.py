"""The generator of StyleGAN2 (Karras et al. 2020, https://arxiv.org/abs/1912.04958).

Weights are stored near 1 and scaled where they are used, so that all learn equally fast. Imported
only where a net is loaded or trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .filters import kernel_of, resampled
from .layout import Layout

SLOPE = 0.2
_SLOW = 0.01
"""How fast the mapping learns beside the rest."""
_LITTLE = 1e-8


def activated(x: Tensor, bias: Tensor) -> Tensor:
    """A leaky ReLU of x and a bias along its second side, scaled so that the variance stays."""
    shaped = bias.view(1, -1, *(1,) * (x.ndim - 2))
    return F.leaky_relu(x + shaped, SLOPE) * sqrt(2)


class Unit(nn.Module):
    """Brings vectors to a length of 1 for each number, on the average."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(1, keepdim=True) + _LITTLE)


class Linear(nn.Module):
    """A layer that connects all with all; ``slow`` is how fast it learns, ``begin`` its bias."""

    def __init__(
        self, reads: int, makes: int, *, begin: float = 0.0, slow: float = 1.0, active: bool = False
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(makes, reads) / slow)
        self.bias = nn.Parameter(torch.full((makes,), begin / slow))
        self.scale, self.slow, self.active = slow / sqrt(reads), slow, active

    def forward(self, x: Tensor) -> Tensor:
        if self.active:
            return activated(F.linear(x, self.weight * self.scale), self.bias * self.slow)
        return F.linear(x, self.weight * self.scale, self.bias * self.slow)


class Filter(nn.Module):
    """Holds the filter that lies in a file beside the weights."""

    kernel: Tensor

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.register_buffer("kernel", kernel_of(gain))


class Modulated(nn.Module):
    """A convolution whose input channels a style makes stronger and weaker.

    The paper scales the weights and then brings them to unit length for each channel made. Here
    the input is scaled and the output brought to that length, which is the same: so one convolution
    serves all pictures of a batch (its appendix B). With ``up`` the picture doubles.
    """

    def __init__(
        self, reads: int, makes: int, side: int, width: int, *, even: bool = True, up: bool = False
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, makes, reads, side, side))
        self.modulation = Linear(width, reads, begin=1.0)
        self.scale, self.even, self.up, self.around = 1 / sqrt(reads * side**2), even, up, side // 2
        if up:
            self.blur = Filter(4.0)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """[B,reads,H,W] and styles [B,width] to [B,makes,H,W], or twice as large."""
        strength = self.modulation(style)
        weight = self.weight[0] * self.scale
        scaled = x * strength[:, :, None, None]
        if self.up:
            made = F.conv_transpose2d(scaled, weight.transpose(0, 1), stride=2)
            made = resampled(made, self.blur.kernel, pad=(1, 1))
        else:
            made = F.conv2d(scaled, weight, padding=self.around)
        if self.even:
            power = strength.square() @ weight.square().sum((2, 3)).T
            made = made * torch.rsqrt(power + _LITTLE)[:, :, None, None]
        return made


class Grain(nn.Module):
    """How much noise is put on each pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor, noise: Tensor | None) -> Tensor:
        return x if noise is None else x + self.weight * noise


class Bias(nn.Module):
    """A bias for each channel, and the activation behind it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return activated(x, self.bias)


class Styled(nn.Module):
    """A modulated convolution with its noise and activation."""

    def __init__(self, reads: int, makes: int, width: int, *, up: bool = False) -> None:
        super().__init__()
        self.conv = Modulated(reads, makes, 3, width, up=up)
        self.noise, self.activate = Grain(), Bias(makes)

    def forward(self, x: Tensor, style: Tensor, noise: Tensor | None) -> Tensor:
        made: Tensor = self.activate(self.noise(self.conv(x, style), noise))
        return made


class Colours(nn.Module):
    """What the channels add to the picture, which is doubled first if there is one."""

    def __init__(self, reads: int, width: int, *, up: bool = True) -> None:
        super().__init__()
        self.conv = Modulated(reads, 3, 1, width, even=False)
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))
        if up:
            self.upsample = Filter(4.0)

    def forward(self, x: Tensor, style: Tensor, picture: Tensor | None = None) -> Tensor:
        made: Tensor = self.conv(x, style) + self.bias
        if picture is not None:
            made = made + resampled(picture, self.upsample.kernel, up=2, pad=(2, 1))
        return made


class Constant(nn.Module):
    """What every picture begins with."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.input = nn.Parameter(torch.randn(1, channels, side, side))


class Generator(nn.Module):
    """Draws pictures of styles; its tensors are called as in a file."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        width, channels = layout.width, layout.channels
        reads = (layout.draws, *(width,) * (layout.depth - 1))
        mapping = (Linear(many, width, slow=_SLOW, active=True) for many in reads)
        self.style = nn.Sequential(Unit(), *mapping)
        self.input = Constant(channels[0], layout.base)
        self.conv1 = Styled(channels[0], channels[0], width)
        self.to_rgb1 = Colours(channels[0], width, up=False)
        self.convs, self.to_rgbs = nn.ModuleList(), nn.ModuleList()
        for before, after in pairwise(channels):
            self.convs.append(Styled(before, after, width, up=True))
            self.convs.append(Styled(after, after, width))
            self.to_rgbs.append(Colours(after, width))
        self.mean = torch.zeros(0)
        """The mean of all styles [width]; empty until it is known."""

    def forward(self, styles: Tensor, noises: Sequence[Tensor] | None = None) -> Tensor:
        """Styles [B,layers,width] to pictures [B,3,side,side] of about -1..1.

        ``noises`` are planes [B or 1,1,side,side] of the sides that the layout names; without any
        there is no noise.
        """
        grain: Sequence[Tensor | None] = noises or [None] * len(self.layout.noises)
        x = self.input.input.expand(len(styles), -1, -1, -1)
        x = self.conv1(x, styles[:, 0], grain[0])
        picture: Tensor = self.to_rgb1(x, styles[:, 1])
        for up, rgb in enumerate(self.to_rgbs):
            at = 2 * up
            x = self.convs[at](x, styles[:, at + 1], grain[at + 1])
            x = self.convs[at + 1](x, styles[:, at + 2], grain[at + 2])
            # The next size takes this style too, for its first convolution.
            picture = rgb(x, styles[:, at + 3], picture)
        return picture

    def mapped(self, draws: Tensor) -> Tensor:
        """Draws [B,draws] of a normal distribution to styles [B,width], one for all layers."""
        made: Tensor = self.style(draws)
        return made

    def modulations(self) -> list[list[Tensor]]:
        """The weights [reads,width] by which each layer reads its style.

        One style may be read twice: by the colours of one size and the first convolution of the
        next.
        """
        made: list[list[Tensor]] = [[] for _ in range(self.layout.layers)]
        readers = [(0, self.conv1), (1, self.to_rgb1)]
        for up, rgb in enumerate(self.to_rgbs):
            at = 2 * up
            readers += [(at + 1, self.convs[at]), (at + 2, self.convs[at + 1]), (at + 3, rgb)]
        for layer, reader in readers:
            made[layer].append(reader.get_parameter("conv.modulation.weight"))
        return made


def noises_of(layout: Layout, generator: torch.Generator, count: int = 1) -> list[Tensor]:
    """Noise [count,1,side,side] for each place of a generator, on the CPU."""
    return [torch.randn(count, 1, side, side, generator=generator) for side in layout.noises]


@torch.no_grad()
def mean_of(net: Generator, count: int = 4096) -> Tensor:
    """The mean of the styles of many draws, which are always the same."""
    return many_of(net, count).mean(0)


@torch.no_grad()
def many_of(net: Generator, count: int) -> Tensor:
    """The styles [count,width] of draws that are always the same."""
    drawn = torch.randn(count, net.layout.draws, generator=torch.Generator().manual_seed(0))
    return net.mapped(drawn.to(net.input.input.device))
