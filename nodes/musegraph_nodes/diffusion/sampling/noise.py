"""The noise of a sampling: each item of a batch has its own seed, on the CPU, on every device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from musegraph import Context, NodeError
from musegraph_nodes.diffusion.latents import generators, noise_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Drawing(BaseModel):
    """How noise is drawn, as it travels on an edge."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    add: bool = True
    variation_seed: int = Field(default=0, ge=0, le=2**53 - 1)
    variation: float = Field(default=0.0, ge=0, le=1)
    eta: float | None = Field(default=None, ge=0, le=1)
    scale: float = Field(default=1.0, ge=0, le=2)

    @property
    def own(self) -> bool:
        """Whether it asks for what only our own samplers do."""
        return not self.add or self.eta is not None or self.scale != 1


def drawing_of(value: dict[str, Any] | None) -> Drawing:
    """The settings in a value; a sentence if somebody wrote it by hand and it is wrong."""
    try:
        return Drawing.model_validate(value or {})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise NodeError(
            f"the noise settings are none: {where}: {first['msg']}; diffusion.noise makes them"
        ) from None


class Source:
    """Noise for latents of one shape: first that of the start, then that of the steps.

    With several seeds each has as many items of the batch, which draw what they would draw alone.
    """

    def __init__(
        self, shape: tuple[int, ...], seeds: Sequence[int], drawing: Drawing, ctx: Context
    ) -> None:
        self.shape = shape
        self.drawing = drawing
        self.ctx = ctx
        self.seeds = seeds
        self.generators: list[torch.Generator] = self._seeded(seeds)

    def _seeded(self, seeds: Sequence[int]) -> list[torch.Generator]:
        each = self.shape[0] // len(seeds)
        return [one for seed in seeds for one in generators(self.ctx, seed, each)]

    def first(self) -> Tensor:
        """The noise to start from, mixed with that of another seed if so asked."""
        made = noise_of(self.shape, self.generators)
        if self.drawing.variation > 0:
            others = self._seeded([self.drawing.variation_seed] * len(self.seeds))
            made = slerp(made, noise_of(self.shape, others), self.drawing.variation)
        return made.to(self.ctx.device)

    def more(self) -> Tensor:
        """Fresh noise for a step."""
        return noise_of(self.shape, self.generators).to(self.ctx.device) * self.drawing.scale


def slerp(one: Tensor, two: Tensor, share: float) -> Tensor:
    """From one noise to another on the arc between them, each item [B,…] for itself.

    Shoemake, https://doi.org/10.1145/325334.325242; on the straight line noise would lose strength.
    """
    import torch

    axes = list(range(1, one.ndim))
    a, b = (x / torch.linalg.vector_norm(x, dim=axes, keepdim=True) for x in (one, two))
    angle = torch.acos((a * b).sum(dim=axes, keepdim=True).clamp(-1, 1))
    whole = torch.sin(angle)
    made = (torch.sin((1 - share) * angle) * one + torch.sin(share * angle) * two) / whole
    straight = one + (two - one) * share
    return torch.where(whole.abs() < 1e-6, straight, made)
