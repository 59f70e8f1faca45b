"""Keeping the colours of the content (Gatys et al. 2016, https://arxiv.org/abs/1606.05897)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musegraph_nodes.image.pixels import LUMA

if TYPE_CHECKING:
    from torch import Tensor

_LEAST = 1e-5


def luminance(pictures: Tensor) -> Tensor:
    """[B,1,H,W]: how bright pictures [B,3,H,W] are."""
    return (pictures * pictures.new_tensor(LUMA)[:, None, None]).sum(1, keepdim=True)


def grey(pictures: Tensor) -> Tensor:
    """Pictures [B,3,H,W] without their colours."""
    return luminance(pictures).expand_as(pictures).contiguous()


def as_bright(style: Tensor, content: Tensor) -> Tensor:
    """A style [1,3,H,W] without colours, as bright and as rich in contrast as the content."""
    here, there = luminance(style), luminance(content)
    spread = there.std(correction=0) / here.std(correction=0).clamp(min=_LEAST)
    moved = (here - here.mean()) * spread + there.mean()
    return moved.clamp(0, 1).expand_as(style).contiguous()


def recoloured(made: Tensor, content: Tensor) -> Tensor:
    """The brightness of one picture with the colours of another."""
    return (content + luminance(made) - luminance(content)).clamp(0, 1)


def matched(style: Tensor, content: Tensor) -> Tensor:
    """A style [1,3,H,W] whose colours have the mean and the covariance of the content's.

    The symmetric solution, as in Image Analogies: it turns no colour into another.
    """
    source, mean = spread_of(style)
    target, goal = spread_of(content)
    change = _root(target) @ _root(source, inverse=True)
    flat = change @ (style[0].flatten(1).double() - mean)
    return (flat + goal).view_as(style[0])[None].to(style.dtype).clamp(0, 1)


def spread_of(picture: Tensor) -> tuple[Tensor, Tensor]:
    """The covariance of the colours [3,3], and their mean [3,1]."""
    import torch

    flat = picture[0].flatten(1).double()
    mean = flat.mean(1, keepdim=True)
    apart = flat - mean
    least = _LEAST * torch.eye(3, dtype=flat.dtype, device=flat.device)
    return apart @ apart.T / flat.shape[1] + least, mean


def _root(matrix: Tensor, inverse: bool = False) -> Tensor:
    import torch

    values, vectors = torch.linalg.eigh(matrix)
    roots = values.clamp(min=_LEAST).sqrt()
    made: Tensor = vectors @ torch.diag(1 / roots if inverse else roots) @ vectors.T
    return made
