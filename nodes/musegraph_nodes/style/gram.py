"""What a style loss compares, as plain functions: Gram matrices, distances, and how rough it is.

Each loss is divided by the power of what it aims at, so that layers of any net count alike: with
plain sums, the loudest layer of an unbalanced net would drown all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_LEAST = 1e-12
MEANS = 40.0
"""How much it counts beside products how far channels are off on average: the palette, and most of
what a Gram matrix as Gatys et al. wrote it sees."""

_SOFT = 0.5
"""Share of the mean variance below which less variance counts no more: it is as good as none."""

_FLAT = 1e-3
"""The same of the squared mean, which counts where there is next to no variance."""


def products(features: Tensor, weight: Tensor | None = None, mean: Tensor | None = None) -> Tensor:
    """[C,C]: products of channels of features [1,C,h,w], summed over all cells.

    A ``weight`` [h,w] says how much each cell counts, as a guidance channel does (Gatys et al.
    2017, section 4). A ``mean`` [C,1] is what each channel is taken from; then a last column more
    [C,C+1] holds the sums of what is left, of which products say next to nothing when it is small.
    """
    import torch

    flat = features[0].flatten(1)
    if mean is not None:
        flat = flat - mean
    weighed = flat if weight is None else flat * weight.flatten()
    made = weighed @ weighed.T
    if mean is None:
        return made
    sums = flat.sum(1) if weight is None else weighed @ weight.flatten()
    return torch.cat((made, sums[:, None]), 1)


def gram(features: Tensor, weight: Tensor | None = None) -> Tensor:
    """[C,C]: the Gram matrix of features [1,C,h,w], the mean over all cells (Gatys et al. 2016)."""
    cells = features.shape[2] * features.shape[3]
    return products(features, weight) / (cells if weight is None else covered(weight))


def covered(weight: Tensor) -> Tensor:
    """How many cells a weight amounts to."""
    return (weight * weight).sum().clamp(min=_LEAST)


def gram_loss(made: Tensor, target: Tensor, whitener: Tensor | None = None) -> Tensor:
    """How far a Gram matrix is from another, of which 1 is all.

    With a ``whitener`` both are seen through it first, so that what varies little in the style
    counts as much as what varies most; noise above all, of which a style mostly has little. A last
    column more of what was ``made`` is how far its channels are from those of the style on average.
    """
    away = made[:, len(target) :]
    apart = made[:, : len(target)] - target
    if whitener is None:
        power = (target**2).sum().clamp(min=_LEAST)
        loss = (apart**2).sum() / power
        if away.numel():
            loss = loss + MEANS * (away**2).sum() * target.trace() / len(target) / power
        return loss
    loss = ((whitener @ apart @ whitener) ** 2).sum() / len(target)
    if away.numel():
        loss = loss + MEANS * ((whitener @ away) ** 2).sum() / len(target)
    return loss


def whitener(target: Tensor, mean: Tensor) -> Tensor:
    """[C,C]: what turns a covariance, nearly, into that of independent channels of power 1.

    ``mean`` [C,1] is that of the channels: of a style of one colour, nothing else is left to say
    what is much and what is little.
    """
    import torch

    values, vectors = torch.linalg.eigh(target.double())
    floor = _SOFT * values.mean() + _FLAT * (mean.double() ** 2).mean() + _LEAST
    scaled = vectors * (values.clamp(min=0) + floor).rsqrt()
    made: Tensor = (scaled @ vectors.T).to(target.dtype)
    return made


def content_loss(made: Tensor, target: Tensor) -> Tensor:
    """How far features are from others, of which 1 is all."""
    return ((made - target) ** 2).sum() / (target**2).sum().clamp(min=_LEAST)


def variation(picture: Tensor, around: bool = False) -> Tensor:
    """The mean square of the step from one pixel to the next, down and across."""
    if around:
        down, across = picture - picture.roll(1, 2), picture - picture.roll(1, 3)
    else:
        down = picture[:, :, 1:] - picture[:, :, :-1]
        across = picture[:, :, :, 1:] - picture[:, :, :, :-1]
    return (down**2).mean() + (across**2).mean()


def beyond(picture: Tensor) -> Tensor:
    """The mean square of what lies outside 0..1, where no colour is."""
    return ((picture - picture.clamp(0, 1)) ** 2).mean()
