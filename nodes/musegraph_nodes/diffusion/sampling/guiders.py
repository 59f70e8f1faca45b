"""Guiders: how the answers with and without a text become one, and which answers that takes.

All work on the raw answer of the net, as those of diffusers do, so they serve its schedulers and
our own samplers alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from musegraph import NodeError

from .names import Method
from .perturb import perturbed

if TYPE_CHECKING:
    from torch import Tensor

    from musegraph_nodes.diffusion.families import Denoiser

_WEAKER = ("pag", "seg", "skip_layers")


class Guiding(BaseModel):
    """What a guider is set to, as it travels on an edge."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Method = "cfg"
    scale: float = Field(default=3.0, ge=0, le=100)
    start: float = Field(default=0.0, ge=0, le=1)
    stop: float = Field(default=1.0, ge=0, le=1)
    layers: tuple[int, ...] = ()
    momentum: float = Field(default=0.0, ge=-1, le=1)
    parallel: float = Field(default=0.0, ge=0, le=1)
    most: float = Field(default=15.0, ge=0)
    zero_steps: int = Field(default=1, ge=0)


def guiding_of(value: dict[str, Any] | None) -> Guiding:
    """The settings in a value; a sentence if somebody wrote it by hand and it is wrong."""
    try:
        return Guiding.model_validate(value or {})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise NodeError(
            f"the guider is not one: {where}: {first['msg']}; diffusion.guider makes one"
        ) from None


class Ask(Protocol):
    """Asks the net about a latent under some of the conditionings: told, free, empty."""

    def __call__(
        self, x: Tensor, t: Tensor, progress: float, names: Sequence[str]
    ) -> Sequence[Tensor]: ...


class Push(Protocol):
    """Changes the guided answer ``made`` to ``x`` at a step."""

    def __call__(self, x: Tensor, t: Tensor, made: Tensor, step: int) -> Tensor: ...


class Keep(Protocol):
    """Changes an answer ``made`` to ``x`` so that places of the latent stay as they were."""

    def __call__(self, x: Tensor, t: Tensor, made: Tensor) -> Tensor: ...


class Guide:
    """The guidance of one sampling. Called at a step it gives the guided answer of the net.

    ``free`` is then the answer without the text, or None where nobody asked for it.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        ask: Ask,
        guidance: float,
        rescale: float = 0.0,
        guiding: Guiding | None = None,
        always: bool = False,
    ) -> None:
        self.denoiser = denoiser
        self.ask = ask
        self.guidance = guidance
        self.rescale = rescale
        self.guiding = guiding or Guiding()
        self.always = always
        """Whether the answer without the text is wanted whatever the guidance."""
        self.free: Tensor | None = None
        self.push: Push | None = None
        """What changes the guided answer, such as style guidance."""
        self.keep: Keep | None = None
        """What has the last word, with a mask."""
        self._average: Any = None
        self._asked = 0

    def __call__(self, x: Tensor, t: Tensor, progress: float, step: int = 0) -> Tensor:
        active = self.guiding.start <= progress < self.guiding.stop
        names = self._names(active)
        answers = dict(zip(names, self.ask(x, t, progress, names), strict=True))
        told, self.free = answers["told"], answers.get("free")
        made = self._combined(answers, step) if active else told
        if active and self.guiding.method in _WEAKER and self.guiding.scale > 0:
            made = self._away_from_weaker(made, told, x, t, progress)
        still = self.guiding.method == "cfg_zero" and step < self.guiding.zero_steps
        if self.rescale > 0 and made is not told and not still:  # zeros have no spread to change
            made = rescaled(made, told, self.rescale)
        if self.push is not None:
            made = self.push(x, t, made, step)
        if self.keep is None:
            return made
        self.free = None if self.free is None else self.keep(x, t, self.free)
        return self.keep(x, t, made)

    def _names(self, active: bool) -> tuple[str, ...]:
        guided = self.guidance > 1 and active
        if self.always and not guided:
            return ("free", "told")
        if not guided:
            return ("told",)
        return ("empty", "free", "told") if self.guiding.method == "perp_neg" else ("free", "told")

    def _combined(self, answers: dict[str, Tensor], step: int) -> Tensor:
        told, free = answers["told"], answers.get("free")
        if free is None:
            return told
        method = self.guiding.method
        if method == "apg":
            return self._projected(told, free)
        if method == "cfg_zero":
            return (
                told * 0 if step < self.guiding.zero_steps else zero_star(told, free, self.guidance)
            )
        if method == "tangential":
            return tangential(told, free, self.guidance)
        if method == "perp_neg" and "empty" in answers:
            return perpendicular(told, free, answers["empty"], self.guidance, self.guiding.scale)
        return self.denoiser.guided(told, free, self.guidance)

    def _projected(self, told: Tensor, free: Tensor) -> Tensor:
        """Adaptive projected guidance, https://arxiv.org/abs/2410.02416, by diffusers."""
        from diffusers.guiders.adaptive_projected_guidance import (
            MomentumBuffer,
            normalized_guidance,
        )

        if self._average is None and self.guiding.momentum:
            self._average = MomentumBuffer(self.guiding.momentum)
        made: Tensor = normalized_guidance(
            told, free, self.guidance, self._average, self.guiding.parallel, self.guiding.most
        )
        return made

    def _away_from_weaker(
        self, made: Tensor, told: Tensor, x: Tensor, t: Tensor, progress: float
    ) -> Tensor:
        """Leads away from what the net says with some of its layers weakened."""
        guiding = self.guiding
        with perturbed(self.denoiser.net, guiding.method, guiding.layers):
            weaker = self.ask(x, t, progress, ("told",))[0]
        return made + (told - weaker) * guiding.scale


def rescaled(made: Tensor, told: Tensor, share: float) -> Tensor:
    """Guidance with the spread of the unguided: §3.4 of https://arxiv.org/abs/2305.08891."""
    axes = list(range(1, told.ndim))
    spread = told.std(dim=axes, keepdim=True) / made.std(dim=axes, keepdim=True)
    return share * (made * spread) + (1 - share) * made


def zero_star(told: Tensor, free: Tensor, guidance: float) -> Tensor:
    """CFG-Zero*, https://arxiv.org/abs/2503.18886: the free answer at its best length."""
    from diffusers.guiders.classifier_free_zero_star_guidance import cfg_zero_star_scale

    length = cfg_zero_star_scale(told.flatten(1), free.flatten(1))
    free = free * length.view(-1, *(1,) * (told.ndim - 1))
    return free + guidance * (told - free)


def tangential(told: Tensor, free: Tensor, guidance: float) -> Tensor:
    """Tangential guidance, https://arxiv.org/abs/2503.18137, by diffusers."""
    from diffusers.guiders import tangential_classifier_free_guidance as theirs

    made: Tensor = theirs.normalized_guidance(told, free, guidance)
    return made


def perpendicular(
    told: Tensor, free: Tensor, empty: Tensor, guidance: float, scale: float
) -> Tensor:
    """Perp-Neg, https://arxiv.org/abs/2304.04968: only what of the negative stands across.

    ``free`` is the answer to the negative text, ``empty`` that to none.
    """
    towards, away = told - empty, free - empty
    axes = list(range(1, told.ndim))
    share = (towards * away).sum(dim=axes, keepdim=True)
    share = share / towards.square().sum(dim=axes, keepdim=True).clamp(min=1e-12)
    return empty + guidance * (towards - scale * (away - share * towards))
