"""A picture in windows that overlap, through which a net sees just what it sees in the whole.

Gram matrices and distances are sums over cells, so they are put together from windows: each
counts the cells of its middle, and its margin is as wide as the net sees. What comes out, and the
gradient, are those of the whole picture; memory is that of one window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from .layouts import Layout


@dataclass(frozen=True)
class Window:
    """What is cut out, and the middle that counts: top, bottom, left, right, in pixels.

    What is cut out of a picture that goes on at its other side may reach over its edges.
    """

    outer: tuple[int, int, int, int]
    inner: tuple[int, int, int, int]

    def cut(self, picture: Tensor) -> Tensor:
        if self._inside(picture):
            top, bottom, left, right = self.outer
            return picture[..., top:bottom, left:right]
        rows, columns = self._places(picture)
        return picture[..., rows[:, None], columns]

    def add(self, picture: Tensor, part: Tensor) -> None:
        """Add to a picture, where this was cut out of it."""
        if self._inside(picture):
            self.cut(picture).add_(part)
            return
        rows, columns = self._places(picture)
        for channel, added in zip(picture[0], part[0], strict=True):
            channel.index_put_((rows[:, None], columns), added, accumulate=True)

    def _inside(self, picture: Tensor) -> bool:
        top, bottom, left, right = self.outer
        inside = min(top, left) >= 0 and bottom <= picture.shape[-2]
        return inside and right <= picture.shape[-1]

    def _places(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        import torch

        top, bottom, left, right = self.outer
        rows = torch.arange(top, bottom, device=picture.device) % picture.shape[-2]
        columns = torch.arange(left, right, device=picture.device) % picture.shape[-1]
        return rows, columns

    def middle(self, features: Tensor, stride: int) -> Tensor:
        """The cells of the middle, of features that a net made of what is cut out."""
        if self.inner == self.outer:
            return features  # a slice would cost a copy on the way back
        top, bottom, left, right = self._cells(stride)
        y, x = self.outer[0] // stride, self.outer[2] // stride
        return features[..., top - y : bottom - y, left - x : right - x]

    def of(self, whole: Tensor, stride: int) -> Tensor:
        """The same cells of features, or weights, of the whole picture."""
        top, bottom, left, right = self._cells(stride)
        return whole[..., top:bottom, left:right]

    def _cells(self, stride: int) -> tuple[int, int, int, int]:
        top, bottom, left, right = (edge // stride for edge in self.inner)
        return top, bottom, left, right


def windows(
    size: tuple[int, int],
    side: int,
    layout: Layout,
    layers: tuple[str, ...],
    around: bool = False,
) -> list[Window]:
    """Windows over a picture of a size (height, width): one of all of it where ``side`` is 0.

    ``side`` is that of the middles. They begin where cells of the deepest layer do. With ``around``
    the picture goes on at its other side, and its sides are multiples of those cells.
    """
    height, width = size
    if side <= 0:
        return [Window((0, height, 0, width), (0, height, 0, width))]
    stride = max(layout.stride(layer) for layer in layers)
    margin = -(-layout.reach(layers) // stride) * stride
    step = max(stride, side // stride * stride)
    found = []
    for top, bottom in _spans(height, step, stride):
        for left, right in _spans(width, step, stride):
            outer = (top - margin, bottom + margin, left - margin, right + margin)
            if not around:
                outer = (
                    max(0, outer[0]),
                    min(height, outer[1]),
                    max(0, outer[2]),
                    min(width, outer[3]),
                )
            found.append(Window(outer, (top, bottom, left, right)))
    return found


def _spans(length: int, step: int, stride: int) -> list[tuple[int, int]]:
    """Where middles begin and end; what would be less than a cell at the end joins the last."""
    begins = list(range(0, length, step))
    if len(begins) > 1 and length - begins[-1] < stride:
        begins.pop()
    return list(zip(begins, [*begins[1:], length], strict=True))
