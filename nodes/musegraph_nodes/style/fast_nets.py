"""The fast net: one pass repaints a picture. Imported only where one is loaded or trained."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .fast_layout import FastLayout


class Conv(nn.Module):
    """A convolution of a picture that is mirrored at its edges, perhaps after it was enlarged."""

    def __init__(self, reads: int, makes: int, side: int, stride: int = 1, larger: int = 1) -> None:
        super().__init__()
        self.edge, self.larger = side // 2, larger
        self.conv2d = nn.Conv2d(reads, makes, side, stride)

    def forward(self, x: Tensor) -> Tensor:
        if self.larger > 1:
            x = F.interpolate(x, scale_factor=self.larger, mode="nearest")
        made: Tensor = self.conv2d(F.pad(x, (self.edge,) * 4, "reflect"))
        return made


class Residual(nn.Module):
    """Two convolutions that change what they were given."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = Conv(width, width, 3)
        self.in1 = nn.InstanceNorm2d(width, affine=True)
        self.conv2 = Conv(width, width, 3)
        self.in2 = nn.InstanceNorm2d(width, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.in2(self.conv2(F.relu(self.in1(self.conv1(x)))))
        return made + x


class FastStyle(nn.Module):
    """The image transformation net of Johnson, Alahi and Fei-Fei 2016, with instance norms.

    As in PyTorch's examples it reads and makes colours of 0..255; here both are 0..1.
    """

    def __init__(self, layout: FastLayout) -> None:
        super().__init__()
        one, two, three = layout.widths
        self.blocks = layout.blocks
        self.grain = 0.0
        self.conv1, self.in1 = Conv(3, one, 9), nn.InstanceNorm2d(one, affine=True)
        self.conv2, self.in2 = Conv(one, two, 3, 2), nn.InstanceNorm2d(two, affine=True)
        self.conv3, self.in3 = Conv(two, three, 3, 2), nn.InstanceNorm2d(three, affine=True)
        for block in range(1, layout.blocks + 1):
            self.add_module(f"res{block}", Residual(three))
        self.deconv1 = Conv(three, two, 3, larger=2)
        self.in4 = nn.InstanceNorm2d(two, affine=True)
        self.deconv2 = Conv(two, one, 3, larger=2)
        self.in5 = nn.InstanceNorm2d(one, affine=True)
        self.deconv3 = Conv(one, 3, 9)

    def forward(self, pictures: Tensor) -> Tensor:
        """[B,3,H,W] of 0..1 to the same, not yet cut to 0..1."""
        high, wide = pictures.shape[-2:]
        # The net halves twice and doubles twice: sides go on to a multiple of four, and small
        # ones until there is something to mirror.
        rest = (max(-wide % 4, 12 - wide), max(-high % 4, 12 - high))
        x = F.pad(pictures * 255, (0, rest[0], 0, rest[1]), "replicate")
        x = F.relu(self.in1(self.conv1(x)))
        x = F.relu(self.in2(self.conv2(x)))
        x = F.relu(self.in3(self.conv3(x)))
        for block in range(1, self.blocks + 1):
            x = self.get_submodule(f"res{block}")(x)
        x = F.relu(self.in4(self.deconv1(x)))
        x = F.relu(self.in5(self.deconv2(x)))
        made: Tensor = self.deconv3(x)
        return made[..., :high, :wide] / 255


def grained(pictures: Tensor, grain: float, seed: int = 0) -> Tensor:
    """Pictures [B,3,H,W] with noise of two sizes on them, the same for the same size and seed."""
    if not grain:
        return pictures
    high, wide = pictures.shape[-2:]
    made = torch.Generator().manual_seed(seed)
    fine = torch.randn(1, 3, high, wide, generator=made)
    coarse = torch.randn(1, 3, -(-high // 4), -(-wide // 4), generator=made)
    coarse = F.interpolate(coarse, scale_factor=4, mode="bilinear")[..., :high, :wide]
    return pictures + grain * (fine + coarse).to(pictures)


def build(layout: FastLayout, seed: int | None = None) -> FastStyle:
    """A net that has not learned; without a seed it has no memory for its weights either."""
    if seed is None:
        with torch.device("meta"):
            return FastStyle(layout)
    kept = torch.random.get_rng_state()
    try:
        torch.manual_seed(seed)
        return FastStyle(layout)
    finally:
        torch.random.set_rng_state(kept)
