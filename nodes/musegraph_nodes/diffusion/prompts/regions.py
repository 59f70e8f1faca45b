"""What a denoiser says under conditionings of several parts, each with a place and a time.

Where areas overlap, the answers are averaged by strength. What the areas leave falls to the parts
that have none, and if there are none of these, to the areas' parts by strength: so the weights of
the parts add up to one in every cell of the latent.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from musegraph import Conditioning, ConditioningPart, NodeError

if TYPE_CHECKING:
    from torch import Tensor

_SMALL = 1e-6
"""Of a weight: below it a part does not count in a cell."""


class Asked(Protocol):
    """A denoiser as it is asked here.

    ``conditions`` makes of parts what the net reads for latents of a shape [B,…]: B items for
    each part, part by part. Called with as many latents [N,…] it gives its raw answer [N,…].
    """

    def conditions(
        self, parts: Sequence[ConditioningPart], shape: tuple[int, ...], guidance: float = 1.0
    ) -> Any: ...

    def __call__(self, x: Tensor, t: Tensor, prepared: Any) -> Tensor: ...


def predict(
    denoiser: Asked, x: Tensor, t: Tensor, progress: float, conditioning: Conditioning
) -> Tensor:
    """What a denoiser says of ``x`` [B,…], where ``progress`` of the way, 0 to 1, is gone.

    A sampler asks :class:`Prompts` instead, which prepares what it is given only once.
    """
    return Prompts(conditioning)(denoiser, x, t, progress)[0]


class Prompts:
    """Conditionings of one sampling, such as the negative and the positive one.

    Called at a step it gives an answer for each. All parts that count there and are of one shape
    are asked in one batch, in their order; ``together`` false asks one after the other, for want
    of memory. A conditioning of one part is given the denoiser's own answer, to the bit.
    ``guidance`` is for nets that read its strength.
    """

    def __init__(
        self, *conditionings: Conditioning, guidance: float = 1.0, together: bool = True
    ) -> None:
        for conditioning in conditionings:
            check_whole(conditioning)
        self.conditionings = conditionings
        self.guidance = guidance
        self.together = together
        self._weights: dict[Any, Any] = {}
        self._prepared: dict[Any, tuple[Any, Any]] = {}

    def __call__(
        self, denoiser: Asked, x: Tensor, t: Tensor, progress: float
    ) -> tuple[Tensor, ...]:
        shares = [self._shares(one, x, progress) for one in self.conditionings]
        parts = [part for share in shares for part, _ in share]
        answers = iter(self._ask(denoiser, x, t, parts))
        return tuple(_sum([(next(answers), weight) for _, weight in share]) for share in shares)

    def _shares(self, conditioning: Conditioning, x: Tensor, progress: float) -> list[Any]:
        active = [i for i, part in enumerate(conditioning.parts) if part.at(progress)]
        key = (id(conditioning), *active, tuple(x.shape), str(x.device))
        if key not in self._weights:
            self._weights[key] = shares([conditioning.parts[i] for i in active], x)
        found: list[Any] = self._weights[key]
        return found

    def _ask(
        self, denoiser: Asked, x: Tensor, t: Tensor, parts: Sequence[ConditioningPart]
    ) -> list[Tensor]:
        """The answer for each part, in as few calls as their shapes allow."""
        import torch

        groups: dict[Any, list[int]] = {}
        for index, part in enumerate(parts):
            groups.setdefault(_kind(denoiser, part) if self.together else index, []).append(index)
        answers: list[Any] = [None] * len(parts)
        for group in groups.values():
            many = torch.cat([x] * len(group)) if len(group) > 1 else x
            prepared = self._prepare(denoiser, [parts[i] for i in group], x)
            made = denoiser(many, t, prepared)
            for index, answer in zip(group, made.split(len(x)), strict=True):
                answers[index] = answer
        return answers

    def _prepare(self, denoiser: Asked, parts: Sequence[ConditioningPart], x: Tensor) -> Any:
        key = (id(denoiser), tuple(x.shape), *map(id, parts))
        if key not in self._prepared:
            # The denoiser is kept too, so that no other one can come to have its id.
            made = denoiser.conditions(parts, tuple(x.shape), self.guidance)
            self._prepared[key] = (denoiser, made)
        return self._prepared[key][1]


def check_whole(conditioning: Conditioning) -> None:
    """Refuse a conditioning that at some time says nothing."""
    at = 0.0
    ranges = [r for part in conditioning.parts if part.strength > 0 for r in part.ranges]
    for start, end in sorted(ranges):
        if start > at:
            break
        at = max(at, end)
    if at < 1:
        following = min((start for start, _ in ranges if start > at), default=1.0)
        raise NodeError(
            f"the conditioning says nothing between {at:.0%} and {following:.0%} of the steps;"
            " diffusion.combine adds one that does"
        )


def shares(
    parts: Sequence[ConditioningPart], x: Tensor
) -> list[tuple[ConditioningPart, Tensor | float]]:
    """The parts that count somewhere in ``x``, each with its weight: they add up to one."""
    parts = [part for part in parts if part.strength > 0]
    if len(parts) == 1:
        return [(parts[0], 1.0)]
    if all(part.area is None for part in parts):
        total = sum(part.strength for part in parts)
        return [(part, part.strength / total) for part in parts]
    found = [
        (part, weight)
        for part, weight in zip(parts, _weights(parts, x), strict=True)
        if bool((weight > _SMALL).any())
    ]
    return [(found[0][0], 1.0)] if len(found) == 1 else list(found)


def _weights(parts: Sequence[ConditioningPart], x: Tensor) -> list[Tensor]:
    import torch

    areas = [None if part.area is None else fitted(part.area, x) * part.strength for part in parts]
    covered = torch.stack([area for area in areas if area is not None]).sum(dim=0)
    free = sum(part.strength for part in parts if part.area is None)
    if free:
        rest = (1 - covered).clamp(min=0)
        total = covered + rest
        return [
            rest * (part.strength / free) / total if area is None else area / total
            for part, area in zip(parts, areas, strict=True)
        ]
    inside = covered > _SMALL
    strengths = sum(part.strength for part in parts)
    return [
        torch.where(inside, area / covered.clamp(min=_SMALL), part.strength / strengths)
        for part, area in zip(parts, areas, strict=True)
        if area is not None
    ]


def fitted(area: Tensor, x: Tensor) -> Tensor:
    """An area [1 or B,H,W] over the cells of a latent [B,C,…,h,w]: their means, [B,1,…,h,w]."""
    from torch.nn.functional import interpolate

    if x.ndim not in (4, 5):
        raise NodeError(
            "the latents of this model have no height and width, so a prompt cannot have a region;"
            " leave diffusion.region out"
        )
    if area.shape[0] not in (1, x.shape[0]):
        raise NodeError(
            f"a region has {area.shape[0]} masks and there are {x.shape[0]} latents; give one"
            " mask, or one for each"
        )
    size = (int(x.shape[-2]), int(x.shape[-1]))
    planes = area.to(device=x.device, dtype=x.dtype)[:, None].clamp(0, 1)
    smaller = planes.shape[-2] >= size[0] and planes.shape[-1] >= size[1]
    made = interpolate(planes, size, mode="area" if smaller else "bilinear")
    return made[:, :, None] if x.ndim == 5 else made


def _kind(denoiser: Asked, part: ConditioningPart) -> Any:
    """What has to be equal for parts to be asked in one batch, as far as a denoiser knows."""
    known = getattr(denoiser, "kind", None)
    if known is not None:
        return known(part)
    shapes = [(name, tuple(e.shape[1:]), str(e.dtype)) for name, e in sorted(part.embeds.items())]
    return (*shapes, json.dumps(part.options, sort_keys=True, default=str))


def _sum(weighted: Sequence[tuple[Tensor, Tensor | float]]) -> Tensor:
    if len(weighted) == 1:
        return weighted[0][0]
    total = weighted[0][0] * weighted[0][1]
    for answer, weight in weighted[1:]:
        total = total + answer * weight
    return total
