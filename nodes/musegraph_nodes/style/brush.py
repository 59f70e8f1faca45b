"""What an optimisation begins with: the content, covered with patches of its styles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from .laying import LARGEST, PATCH, Ground, Sample, covered
from .optimise import sizes
from .prepare import Style, resized, resized_mask, scaled

if TYPE_CHECKING:
    from torch import Tensor

    from .repaint import Options, Work

_AGAIN = 0.5
"""Share of the content in what strokes are laid on, at each size after the first."""

_GRAIN = 0.05
"""Of the noise under the first strokes, so that flat grounds are not all of one."""


@dataclass(frozen=True)
class Brush:
    """Lays strokes for results of the size ``whole`` (width, height) in the given styles."""

    styles: list[Style]
    whole: tuple[int, int]
    options: Options
    work: Work

    def first(self, before: Tensor, content: Tensor | None, size: tuple[int, int]) -> Tensor:
        """On a picture [1,3,H,W] of the coarsest size, which is noise where there is no content."""
        if content is None:
            return self._covered(before, size)
        noise = torch.randn(before.shape, generator=self.work.ctx.generator(self.options.seed))
        return self._covered(before + _GRAIN * noise.to(before.device), size)

    def next(self, before: Tensor, content: Tensor | None, size: tuple[int, int]) -> Tensor:
        """On what the size before gave; some of the content leads back to its shapes."""
        guess = before if content is None else before + _AGAIN * (content - before)
        return self._covered(guess, size)

    def afresh(self, content: Tensor, size: tuple[int, int], coarsest: int) -> Tensor:
        """On a content alone, from the coarsest size on."""
        made: Tensor | None = None
        for at in sizes(size, 0, coarsest):
            here = resized(content.cpu(), at).to(content.device)
            if made is None:
                made = self.first(here, here, at)
            else:
                made = self.next(resized(made.cpu(), at).to(content.device), here, at)
        assert made is not None
        return made

    def _covered(self, guess: Tensor, size: tuple[int, int]) -> Tensor:
        if max(size) > LARGEST:
            return guess
        device, options = guess.device, self.options
        # Each style is laid by itself: among patches of several, what is far from the content
        # would count more than its weight says.
        grounds = []
        for style in self.styles:
            scale = options.style_scale * max(size) / max(self.whole)
            picture, seen = scaled(style, None if options.natural else max(self.whole), scale)
            if min(picture.shape[-2:]) < PATCH:
                continue
            there = None if seen is None else seen.to(device)
            sample = Sample(picture.to(device), there, style.weight)
            mask = None if style.mask is None else resized_mask(style.mask, size).to(device)
            grounds.append(Ground([sample], mask))
        return covered(guess, grounds, self.work.ctx.check, options.around)
