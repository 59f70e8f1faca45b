"""What of a latent stays while the rest is made anew: differential diffusion, by a mask.

Levin and Fried, https://arxiv.org/abs/2306.00950. Where the mask is 1 a place is made anew from the
first step on, where it is 0 never; in between it stays as it was for the first 1 - mask of the
steps, and is then made anew from there, as image-to-image does of a whole picture. A place stays by
what is expected of it: its answer is the one that leads straight to what it was. So all samplers
can do it, and what is made anew sees at each step what surrounds it, as noisy as itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from musegraph import Latent, Mask, NodeError
from musegraph_nodes.diffusion.families import Denoiser
from musegraph_nodes.diffusion.prompts.regions import fitted

from .paths import answer
from .sigmas import Levels, mixed

if TYPE_CHECKING:
    from torch import Tensor

_NEAR = 1e-4
"""What a mean of ones may lack to 1."""


class Keep:
    """Changes answers [B,C,…,h,w] of the net so that places of a latent stay."""

    def __init__(self, denoiser: Denoiser, mask: Tensor, given: Tensor, levels: Levels) -> None:
        self.denoiser, self.mask, self.given, self.levels = denoiser, mask, given, levels

    def __call__(self, x: Tensor, t: Tensor, made: Tensor) -> Tensor:
        """The answer ``made`` to ``x`` at ``t``; where a place still stays, what leads to it."""
        import torch

        signal, noise = mixed(self.levels, float(t))
        back = answer(self.denoiser.prediction, x.float(), self.given, signal, noise)
        return torch.where(self.free(self.denoiser.at[0]), made, back.to(made.dtype))

    def free(self, share: float) -> Tensor:
        """Where a latent is made anew after a share of the steps."""
        return (self.mask >= 1 - share - _NEAR) & (self.mask > _NEAR)

    def ended(self, data: Tensor) -> Tensor:
        """What is sampled; where it was never made anew exactly as it was."""
        import torch

        return torch.where(self.mask > _NEAR, data, self.given)


def cells_of(mask: Mask, latent: Latent, whole: bool) -> Tensor:
    """How much each cell of a latent may change: the mean of the mask over it, [1 or B,1,…,h,w].

    Raises :class:`NodeError` if there is nothing that could stay, or only a part of the way.
    """
    count = len(mask.data)
    if not whole:
        raise NodeError(
            "a mask keeps what there is outside of it, which is a clean latent at both ends of the"
            " way; let one sampler go all of it: start 0, end 1, noise added, sigmas down to 0"
        )
    if not bool(latent.data.any()):
        raise NodeError(
            "a mask keeps what there is outside of it, and the latent is empty; link the latent of"
            " a picture (diffusion.encode makes it), or unlink the mask"
        )
    if latent.data.ndim < 4:
        raise NodeError(
            "the latent has no height and width, so a mask says nothing of it; unlink the mask"
        )
    if count not in (1, len(latent.data)):
        raise NodeError(
            f"there are {count} masks for {len(latent.data)} latents; give one, or one for each"
        )
    return fitted(mask.data, latent.data)
