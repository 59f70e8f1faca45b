"""Nodes that say where, when and how much a prompt counts, and put several together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from musegraph import Conditioning, ConditioningPart, Mask, NodeError, node

if TYPE_CHECKING:
    from torch import Tensor

Share = Annotated[float, Field(ge=0, le=1)]


@node(version="1", numeric=True)
def region(
    conditioning: Conditioning,
    mask: Annotated[
        Mask, Field(description="Where it counts: 1 inside. Any size; it is fitted to the latent.")
    ],
    strength: Annotated[
        float,
        Field(ge=0, le=10, description="Below 1 it leaves some to the prompt of the whole."),
    ] = 1.0,
) -> Conditioning:
    """Let a prompt count only in a region of the picture.

    Combine it with a prompt for the whole: what no region covers falls to that. Where regions
    overlap they are averaged by strength. A second region of the same prompt cuts the first.
    """
    return replace(
        conditioning,
        parts=tuple(
            replace(part, area=_within(part.area, mask.data), strength=part.strength * strength)
            for part in conditioning.parts
        ),
    )


@node(version="1")
def combine(
    conditionings: Annotated[
        list[Conditioning],
        Field(description="At least one. Those without a region are averaged by strength."),
    ],
) -> Conditioning:
    """Put prompts together that are to count at the same time, each in its region and range."""
    if not conditionings:
        raise NodeError("there is nothing to combine; link at least one conditioning")
    first = conditionings[0]
    for other in conditionings[1:]:
        _check_family(first, other)
    return replace(first, parts=tuple(part for one in conditionings for part in one.parts))


@node(id="range", version="1")
def conditioning_range(
    conditioning: Conditioning,
    start: Annotated[Share, Field(description="From which share of the steps on.")] = 0.0,
    end: Annotated[Share, Field(description="Until which share of the steps.")] = 1.0,
) -> Conditioning:
    """Let a prompt count only for some of the steps: 0 is the first, at noise, 1 the end.

    Something has to count at every step: combine it with a prompt for the rest.
    """
    if start >= end:
        raise NodeError(
            f"the range goes from {start:g} to {end:g} and holds no step; set start below end"
        )
    parts = (replace(part, ranges=_cut(part.ranges, start, end)) for part in conditioning.parts)
    kept = tuple(part for part in parts if part.ranges)
    if not kept:
        raise NodeError(
            f"the conditioning counts nowhere between {start:g} and {end:g}: an earlier range cut"
            " it to other steps"
        )
    return replace(conditioning, parts=kept)


@node(version="1", numeric=True)
def average(
    a: Conditioning,
    b: Conditioning,
    share: Annotated[Share, Field(description="How much of b: 0 gives a, 1 gives b.")] = 0.5,
    how: Annotated[
        Literal["linear", "slerp"],
        Field(description="Along a line, or along an arc that keeps the length of each state."),
    ] = "linear",
) -> Conditioning:
    """Blend two prompts state by state into one that lies between them.

    a·(1 − t) + b·t, or spherical interpolation of each token's state (Shoemake, 1985). Regions
    and ranges are those of a.
    """
    _check_family(a, b)
    if len(a.parts) != len(b.parts):
        raise NodeError(
            f"a has {len(a.parts)} parts and b {len(b.parts)}, so they cannot be blended part by"
            " part; average the prompts before they get regions, or combine them"
        )
    if share in (0, 1):
        states = (a, b)[int(share)].parts
    else:
        states = tuple(
            _blended(one, other, share, how) for one, other in zip(a.parts, b.parts, strict=True)
        )
    parts = (replace(p, embeds=s.embeds) for p, s in zip(a.parts, states, strict=True))
    return replace(a, parts=tuple(parts))


def _check_family(first: Conditioning, other: Conditioning) -> None:
    if first.family != other.family:
        raise NodeError(
            f"one prompt is encoded for the family {first.family!r} and another for"
            f" {other.family!r}; encode them with one text encoder"
        )


def _within(area: Tensor | None, mask: Tensor) -> Tensor:
    """A mask cut by an earlier one."""
    from torch.nn.functional import interpolate

    if area is None:
        return mask
    if area.shape[1:] != mask.shape[1:]:
        area = interpolate(area[:, None], tuple(mask.shape[1:]), mode="bilinear")[:, 0]
    if len({len(area), len(mask)} - {1}) > 1:
        raise NodeError(
            f"one region has {len(area)} masks and the other {len(mask)}; give as many, or one"
        )
    return area.to(mask) * mask


def _cut(
    ranges: tuple[tuple[float, float], ...], start: float, end: float
) -> tuple[tuple[float, float], ...]:
    cut = ((max(a, start), min(b, end)) for a, b in ranges)
    return tuple((a, b) for a, b in cut if a < b)


def _blended(a: ConditioningPart, b: ConditioningPart, share: float, how: str) -> ConditioningPart:
    if a.embeds.keys() != b.embeds.keys():
        raise NodeError(
            f"a has the tensors {', '.join(sorted(a.embeds))} and b {', '.join(sorted(b.embeds))};"
            " encode both with the same node"
        )
    return replace(a, embeds={n: _between(a.embeds[n], b.embeds[n], share, how) for n in a.embeds})


def _between(a: Tensor, b: Tensor, share: float, how: str) -> Tensor:
    import torch

    a, b = _as_long(a, b)
    if not a.is_floating_point():  # a mask of tokens: those of either count
        return torch.maximum(a, b)
    if how == "linear":
        return a * (1 - share) + b * share
    lengths = [one.norm(dim=-1, keepdim=True).clamp(min=1e-12) for one in (a, b)]
    cosine = (a / lengths[0] * (b / lengths[1])).sum(dim=-1, keepdim=True).clamp(-1, 1)
    angle = torch.arccos(cosine)
    sine = torch.sin(angle)
    arc = (torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b) / sine.clamp(min=1e-6)
    return torch.where(sine > 1e-4, arc, a * (1 - share) + b * share)


def _as_long(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Two texts [1,L,D] of one length: the shorter is said again, which tells a net nothing new."""
    if a.ndim != 3 or a.shape[1] == b.shape[1]:
        return a, b
    short, long = sorted((a.shape[1], b.shape[1]))
    if long % short:
        raise NodeError(
            f"one prompt has {a.shape[1]} states and the other {b.shape[1]}, which cannot be"
            " blended one by one; make them of the same number of chunks"
        )
    return a.repeat(1, long // a.shape[1], 1), b.repeat(1, long // b.shape[1], 1)
