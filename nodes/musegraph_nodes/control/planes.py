"""What the maps share: grey and opaque pixels, shapes, neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musegraph import Image
from musegraph_nodes.image.pixels import LUMA, over_color

if TYPE_CHECKING:
    from torch import Tensor

PAGE = "#ffffff"
"""What transparent pictures are laid on: a page, as drawings are."""


def opaque(image: Image) -> Tensor:
    """[B,H,W,3]: the pictures as they look on a white page."""
    return over_color(image.data, PAGE)


def grey(image: Image) -> Tensor:
    """[B,H,W]: brightness (ITU-R BT.709)."""
    data = opaque(image)
    return (data * data.new_tensor(LUMA)).sum(dim=-1).clamp(0, 1)


def shown(plane: Tensor) -> Image:
    """A grey picture of [B,H,W]."""
    return Image(plane.clamp(0, 1)[..., None].expand(*plane.shape, 3).contiguous())


def shifted(plane: Tensor, down: int, right: int) -> Tensor:
    """[B,H,W] whose pixel y, x is that at y + down, x + right; beyond the edges 0."""
    import torch.nn.functional as F

    height, width = plane.shape[1:]
    padded = F.pad(plane, (1, 1, 1, 1))
    return padded[:, 1 + down : 1 + down + height, 1 + right : 1 + right + width]


def connected(shape: Tensor, keep: Tensor | None = None, smallest: int = 1) -> Tensor:
    """The pieces of shapes [B,H,W] that hold a pixel of ``keep`` and are not too small.

    Pixels that touch in a corner belong together.
    """
    import torch
    from scipy import ndimage

    made = []
    for index, one in enumerate(shape.cpu().numpy()):
        numbered, count = ndimage.label(one, structure=[[1] * 3] * 3)
        labels = torch.from_numpy(numbered).long()
        areas = torch.bincount(labels.flatten(), minlength=count + 1)
        wanted = areas >= smallest
        if keep is not None:
            held = torch.bincount(labels[keep[index].cpu()], minlength=count + 1)
            wanted &= held > 0
        wanted[0] = False
        made.append(wanted[labels])
    return torch.stack(made).to(shape.device)
