"""Our own loop: a sampler of ours, over a net that a family asks and a guider guides."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .guiders import Guide
from .noise import Source
from .samplers import OWN, share_of
from .sigmas import Levels
from .walk import Walk

if TYPE_CHECKING:
    from torch import Tensor

    from musegraph_nodes.diffusion.families import Denoiser


class Expected:
    """What the net expects of the clean latent, from its raw answer: the form of k-diffusion.

    The wrappers for noise, velocity (§D of https://arxiv.org/abs/2202.00512) and flow.
    """

    unguided: Tensor | None = None

    def __init__(self, denoiser: Denoiser, guide: Guide, levels: Levels, steps: int) -> None:
        self.denoiser = denoiser
        self.guide = guide
        self.levels = levels
        self.steps = steps
        self.done = 0
        """Steps that are over."""

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        import torch

        t = torch.tensor(self.levels.step(sigma), dtype=torch.float32, device=x.device)
        spread = 1.0 if self.levels.path.flow else math.sqrt(sigma**2 + 1)
        self.denoiser.at = (self.done / self.steps, min((self.done + 1) / self.steps, 1.0))
        made = self.guide(x / spread, t, min(self.done / self.steps, 1.0), self.done)
        free = self.guide.free
        self.unguided = None if free is None else self._clean(x, free, sigma)
        return self._clean(x, made, sigma)

    def _clean(self, x: Tensor, made: Tensor, sigma: float) -> Tensor:
        kind = self.denoiser.prediction
        if kind == "sample":
            return made
        if kind == "v_prediction":
            spread = sigma**2 + 1
            return x / spread - made * (sigma / math.sqrt(spread))
        return x - made * sigma


def begun(data: Tensor, noise: Tensor | None, sigma: float, levels: Levels, blank: bool) -> Tensor:
    """The latent at a level: a clean one with noise, or noise alone; without noise as it is."""
    if noise is None:
        return data
    signal = levels.path.signal(sigma)
    if blank:
        # As strong as noisy latents were in training, whose pictures have a spread of about 1.
        return noise * math.hypot(signal, sigma)
    return data * signal + noise * sigma


def walk_down(
    name: str,
    start: Tensor,
    sigmas: Sequence[float],
    expected: Expected,
    source: Source,
    tell: Callable[[int, Tensor], None],
) -> Tensor:
    """What a sampler of ours makes of a noisy latent."""
    share = share_of(name, source.drawing.eta)

    def told(done: int, clean: Tensor) -> None:
        expected.done = done
        tell(done, clean)

    walk = Walk(expected, source.more, expected.levels, share, told)
    return OWN[name].function(start, sigmas, walk)
