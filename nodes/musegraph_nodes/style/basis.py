"""In which numbers a picture is optimised: its pixels, or waves of fewer the finer they are.

A gradient in pixels moves each pixel by itself, so the first that changes is noise. Pictures have
less of a wave the finer it is, about as one over its frequency; in numbers that are even in that,
large shapes move first and grain last (Olah, Mordvintsev and Schubert 2017,
https://distill.pub/2017/feature-visualization). What is optimised for is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

BasisName = Literal["waves", "pixels"]
_COARSEST = 1 / 96
"""Cycles in a pixel below which waves count no more: they are few, and would run ahead of all."""

_FALL = 0.75
"""How steeply waves get fewer: 1 as in photographs; strokes are finer than those."""

_FLOOR = 0.1
"""Share of the strongest mixture of colours that the weakest counts at least."""


class Pixels:
    """The pixels themselves, as Gatys et al. have it."""

    def values(self, picture: Tensor) -> Tensor:
        return picture

    def picture(self, values: Tensor) -> Tensor:
        return values

    def gradient(self, of_picture: Tensor) -> Tensor:
        return of_picture


@dataclass(frozen=True)
class Waves:
    """Numbers [1,3,H,W] that become a picture by a filter and a mixture of colours.

    Both are symmetric, so that the way back of a gradient is the way of the picture again.
    """

    strength: Tensor
    """[H,W//2+1]: how much of each wave."""

    mixture: Tensor
    """[3,3]: which colours go together."""

    def values(self, picture: Tensor) -> Tensor:
        return self._through(picture, 1 / self.strength, torch.linalg.inv(self.mixture))

    def picture(self, values: Tensor) -> Tensor:
        return self._through(values, self.strength, self.mixture)

    def gradient(self, of_picture: Tensor) -> Tensor:
        return self.picture(of_picture)

    @staticmethod
    def _through(values: Tensor, strength: Tensor, mixture: Tensor) -> Tensor:
        size = values.shape[-2:]
        mixed = (mixture @ values.flatten(2)).view_as(values)
        made: Tensor = torch.fft.irfft2(torch.fft.rfft2(mixed) * strength, s=size)
        return made


Basis = Pixels | Waves


def waves(size: tuple[int, int], colours: Tensor | None, device: torch.device | str) -> Waves:
    """For pictures of a size (height, width) whose colours vary like ``colours`` [3,3] do."""
    height, width = size
    down = torch.fft.fftfreq(height, device=device)[:, None]
    across = torch.fft.rfftfreq(width, device=device)[None]
    strength = torch.hypot(down, across).clamp(min=_COARSEST) ** -_FALL
    strength = strength / strength.square().mean().sqrt()
    if colours is None:
        return Waves(strength, torch.eye(3, device=device))
    values, vectors = torch.linalg.eigh(colours.double().cpu())
    roots = (values.clamp(min=0) / values.max().clamp(min=1e-12)).sqrt().clamp(min=_FLOOR)
    roots = roots / roots.square().mean().sqrt()
    mixture = (vectors * roots) @ vectors.T
    return Waves(strength, mixture.float().to(device))
