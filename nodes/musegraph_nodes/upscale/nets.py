"""The nets, built from what a file's header says. Imported only where one is loaded."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layouts import Layout

_SLOPE = 0.2
_RESIDUE = 0.2
"""What a block adds counts a fifth: so nets this deep can be trained (Wang et al. 2018)."""


def _conv(reads: int, makes: int) -> nn.Conv2d:
    return nn.Conv2d(reads, makes, 3, padding=1)


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees what all before it made."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        for at in range(5):
            goal = growth if at < 4 else features
            self.add_module(f"conv{at + 1}", _conv(features + at * growth, goal))

    def forward(self, x: Tensor) -> Tensor:
        seen = [x]
        for conv in list(self.children())[:-1]:
            seen.append(F.leaky_relu(conv(torch.cat(seen, 1)), _SLOPE))
        last: Tensor = self.get_submodule("conv5")(torch.cat(seen, 1))
        return last * _RESIDUE + x


class Block(nn.Module):
    """Three dense blocks: a residual in residual dense block."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(features, growth)
        self.rdb2 = DenseBlock(features, growth)
        self.rdb3 = DenseBlock(features, growth)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.rdb3(self.rdb2(self.rdb1(x)))
        return made * _RESIDUE + x


class RRDBNet(nn.Module):
    """The generator of ESRGAN (https://arxiv.org/abs/1809.00219) and Real-ESRGAN."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.scale, self.align = layout.scale, layout.unshuffle
        features = layout.features
        self.conv_first = _conv(layout.reads, features)
        self.body = nn.Sequential(*(Block(features, layout.growth) for _ in range(layout.blocks)))
        self.conv_body = _conv(features, features)
        self.ups = layout.ups
        for up in range(layout.ups):
            self.add_module(f"conv_up{up + 1}", _conv(features, features))
        self.conv_hr = _conv(features, features)
        self.conv_last = _conv(features, 3)

    def forward(self, x: Tensor) -> Tensor:
        """[B,3,H,W] to [B,3,H·scale,W·scale]; sides that do not divide go on at their edge."""
        high, wide = x.shape[-2:]
        first = self.conv_first(F.pixel_unshuffle(_extended(x, self.align), self.align))
        made = first + self.conv_body(self.body(first))
        for up in range(self.ups):
            made = F.interpolate(made, scale_factor=2, mode="nearest")
            made = F.leaky_relu(self.get_submodule(f"conv_up{up + 1}")(made), _SLOPE)
        out: Tensor = self.conv_last(F.leaky_relu(self.conv_hr(made), _SLOPE))
        return out[..., : high * self.scale, : wide * self.scale]


class Compact(nn.Module):
    """SRVGGNetCompact of Real-ESRGAN: plain convolutions, which add to the nearest pixels."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.scale, self.align = layout.scale, 1
        features = layout.features
        parts: list[nn.Module] = [_conv(3, features), nn.PReLU(features)]
        for _ in range(layout.blocks):
            parts += [_conv(features, features), nn.PReLU(features)]
        self.body = nn.Sequential(*parts, _conv(features, 3 * layout.scale**2))

    def forward(self, x: Tensor) -> Tensor:
        """[B,3,H,W] to [B,3,H·scale,W·scale]."""
        made = F.pixel_shuffle(self.body(x), self.scale)
        return made + F.interpolate(x, scale_factor=self.scale, mode="nearest")


class Swin(nn.Module):
    """Swin2SR of transformers (https://arxiv.org/abs/2209.11345), which sees windows."""

    def __init__(self, net: nn.Module, scale: int, window: int) -> None:
        super().__init__()
        self.net, self.scale, self.align = net, scale, window

    def forward(self, x: Tensor) -> Tensor:
        """[B,3,H,W] to [B,3,H·scale,W·scale]."""
        high, wide = x.shape[-2:]
        made: Tensor = self.net(pixel_values=_extended(x, self.align)).reconstruction
        return made[..., : high * self.scale, : wide * self.scale]


def _extended(x: Tensor, multiple: int) -> Tensor:
    """Pictures that go on at their right and lower edges up to a multiple."""
    high, wide = x.shape[-2:]
    rest = (-wide % multiple, -high % multiple)
    return F.pad(x, (0, rest[0], 0, rest[1]), "replicate") if any(rest) else x


def build(layout: Layout) -> nn.Module:
    """The net of a layout, with no memory for its weights yet."""
    with torch.device("meta"):
        return RRDBNet(layout) if layout.kind == "rrdb" else Compact(layout)
