"""Filters that work along one axis and then the other: resampling and the Gaussian.

A filter is a band matrix: every output pixel weighs the input pixels around it, and its weights add
up to one, at the edges too. Rows of outputs that lie together share one small dense block, so that
the work is a few matrix products.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

Method = Literal["nearest", "bilinear", "bicubic", "lanczos", "area"]
Weigh = Callable[["Tensor"], "Tensor"]
_BLOCK = 64


def resample(
    data: Tensor,
    size: tuple[int, int],
    method: str,
    window: tuple[float, float, float, float] | None = None,
) -> Tensor:
    """Pixels [B,H,W,C], premultiplied, at another size (width, height).

    Where the result is smaller the filters widen with the ratio, so that nothing aliases.
    ``window`` is the part of the source that is shown: left, top, width, height.
    """
    left, top, wide, high = window or (0.0, 0.0, float(data.shape[2]), float(data.shape[1]))
    planes = data.permute(0, 3, 1, 2)
    if method == "nearest":
        columns = _nearest(planes.shape[3], size[0], left, wide, data)
        rows = _nearest(planes.shape[2], size[1], top, high, data)
        return data[:, rows][:, :, columns]
    planes = _along_rows(planes, size[0], left, wide, method)
    planes = _along_rows(planes.transpose(2, 3), size[1], top, high, method).transpose(2, 3)
    return planes.permute(0, 2, 3, 1).contiguous()


def gaussian(data: Tensor, sigma: float) -> Tensor:
    """Pixels [B,H,W,C], premultiplied, blurred with a Gaussian of that standard deviation."""
    if sigma <= 0:
        return data

    def weigh(distance: Tensor) -> Tensor:
        return (distance / sigma).square().mul(-0.5).exp()

    planes = data.permute(0, 3, 1, 2)
    for _ in range(2):
        length = planes.shape[3]
        planes = _banded(planes, length, 0.0, float(length), math.ceil(4 * sigma), weigh)
        planes = planes.transpose(2, 3)
    return planes.permute(0, 2, 3, 1).contiguous()


def _nearest(length: int, count: int, start: float, span: float, like: Tensor) -> Tensor:
    import torch

    at = start + (torch.arange(count, dtype=torch.float64) + 0.5) * (span / count)
    return at.floor().long().clamp(0, length - 1).to(like.device)


def _along_rows(planes: Tensor, count: int, start: float, span: float, method: str) -> Tensor:
    if count == planes.shape[3] and (start, span) == (0.0, float(count)):
        return planes
    ratio = span / count
    if method == "area":
        return _banded(planes, count, start, span, (1 + ratio) / 2, _overlap(ratio))
    kernel, support = _KERNELS[method]
    stretch = max(ratio, 1.0)
    return _banded(
        planes, count, start, span, support * stretch, lambda distance: kernel(distance / stretch)
    )


def _banded(
    planes: Tensor, count: int, start: float, span: float, reach: float, weigh: Weigh
) -> Tensor:
    """The last axis filtered to ``count`` values, which lie evenly in start … start + span.

    ``weigh`` gives the weight of a pixel by its distance, and is nothing beyond ``reach``.
    """
    import torch

    length, ratio = planes.shape[3], span / count
    parts = []
    for begin in range(0, count, _BLOCK):
        numbers = torch.arange(begin, min(begin + _BLOCK, count), dtype=torch.float64)
        centres = start + (numbers + 0.5) * ratio
        low = min(max(math.floor(float(centres[0]) - reach), 0), length - 1)
        high = max(min(math.ceil(float(centres[-1]) + reach), length), low + 1)
        pixels = torch.arange(low, high, dtype=torch.float64) + 0.5
        weights = weigh(pixels[:, None] - centres)
        weights = (weights / weights.sum(dim=0)).to(planes)
        parts.append(planes[..., low:high] @ weights)
    return torch.cat(parts, dim=3)


def _overlap(ratio: float) -> Weigh:
    """How much of a source pixel a result pixel covers, which is ``ratio`` source pixels wide."""
    return lambda distance: ((1 + ratio) / 2 - distance.abs()).clamp(0, min(1.0, ratio))


def _triangle(x: Tensor) -> Tensor:
    return (1 - x.abs()).clamp(min=0)


def _cubic(x: Tensor) -> Tensor:
    """Keys' cubic convolution with a = -1/2 (Keys 1981), which is also Catmull and Rom's spline."""
    x = x.abs()
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return near.where(x < 1, far.where(x < 2, x * 0))


def _lanczos(x: Tensor) -> Tensor:
    """The sinc windowed by its own stretched main lobe, three lobes wide (Duchon 1979)."""
    return (x.sinc() * (x / 3).sinc()).where(x.abs() < 3, x * 0)


_KERNELS: dict[str, tuple[Weigh, float]] = {
    "bilinear": (_triangle, 1.0),
    "bicubic": (_cubic, 2.0),
    "lanczos": (_lanczos, 3.0),
}
