"""The net of a layout. Imported only where one is loaded."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layouts import Layout


class Features(nn.Module):
    """A net of the VGG kind, whose tensors have torchvision's names.

    ``pooling`` max is what the public nets were trained with; Gatys et al. found that pictures
    become smoother with averages.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, layout: Layout, pooling: str = "avg") -> None:
        super().__init__()
        self.layout, self.pooling = layout, pooling
        self.features = nn.ModuleDict(
            {
                str(conv.number): nn.Conv2d(conv.reads, conv.makes, 3, padding=1)
                for conv in layout.convs
            }
        )
        self.register_buffer("mean", torch.tensor(layout.mean).view(1, 3, 1, 1), persistent=False)
        deviation = torch.tensor(layout.deviation).view(1, 3, 1, 1)
        self.register_buffer("deviation", deviation, persistent=False)

    def forward(
        self, pictures: Tensor, layers: Iterable[str], around: bool = False
    ) -> dict[str, Tensor]:
        """What the layers, after their activation, make of pictures [B,3,H,W] of 0..1.

        With ``around`` a picture goes on at its other side, as a seamless texture does.
        """
        wanted = set(layers)
        made: dict[str, Tensor] = {}
        x = (pictures - self.mean) / self.deviation
        block = 1
        for conv in self.layout.convs:
            if conv.block > block:
                x, block = self._pool(x), conv.block
            x = self._convolved(x, self.features[str(conv.number)], around)
            if conv.layer in wanted:
                made[conv.layer] = x
                if len(made) == len(wanted):
                    break
        return made

    def _pool(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 2) if self.pooling == "avg" else F.max_pool2d(x, 2)

    @staticmethod
    def _convolved(x: Tensor, conv: nn.Module, around: bool) -> Tensor:
        if around:
            assert isinstance(conv, nn.Conv2d)
            x = F.conv2d(F.pad(x, (1, 1, 1, 1), "circular"), conv.weight, conv.bias)
        else:
            x = conv(x)
        # In place: a convolution does not need what it made to go backwards.
        return x.relu_()


def build(layout: Layout, pooling: str = "avg") -> Features:
    """A net without weights yet: they are put in by load_state_dict(assign=True)."""
    return Features(layout, pooling)


def orthogonal(layout: Layout, seed: int = 0, pooling: str = "avg") -> Features:
    """A net that learned nothing, with orthogonal weights: what a trained one is compared with."""
    net = Features(layout, pooling)
    made = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for conv in net.features.values():
            assert isinstance(conv, nn.Conv2d)
            assert conv.bias is not None
            nn.init.orthogonal_(conv.weight, 2**0.5, generator=made)
            conv.bias.zero_()
    return net
