"""A content woven of pieces of a style: strokes and palette are the style's own, in one pass.

Each place takes the piece of the style that looks most like it at a distance: in colours, once the
content has those of the style, and in how much there is drawn. Pieces that are wanted everywhere
become dear, as in optimal transport, so that all of the style is used and its statistics stay what
they are. What comes of it is looked at once more, in detail, and each piece is chosen anew so that
it also goes with what its neighbours laid there (Kwatra et al. 2005, texture optimisation).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .nearest import where_least

CELL = 4
"""Pixels along a cell of what is compared at a distance."""

PIECE, STEP = 4, 2
"""Cells along a piece, and from one piece to the next: so four pieces lie on every place."""

SIDE, HOP = PIECE * CELL, STEP * CELL
SMALLEST = SIDE
"""Pixels that a style has along each side, at least."""

_LEAST = 2e-4
_DRAWN = 0.3
"""How much it counts beside colours how much there is drawn."""

_NOISE = 0.5
"""Noise on what is wanted, of a style's own variation: or flat places would repeat one piece."""

_SHARPNESS = 3.0
"""How fast a piece gives way to its neighbours: fast, or strokes would be blurred."""

_DEAR = 0.7
_LIKE = (6, 3e-3, 1200)
_EVEN = (12, 1e-2, 600)
"""Rounds of prices, how unlike a place a piece may be, and how many places are asked: for pieces
that are like the content, and for as much of one piece as of another, which makes the statistics
those of the style."""

_AT_ONCE = 400_000
"""Distances that are looked at together."""

_KEPT = 32
"""Numbers that are compared of a piece in detail, of its principal components."""


@dataclass(frozen=True)
class Pieces:
    """The pieces of a style: what they look like at a distance and in detail, and themselves."""

    guide: Tensor
    weight: Tensor
    far: Tensor
    near: Tensor
    axes: Tensor
    mean: Tensor
    pixels: Tensor
    """[3·side·side,n], already weighed as they fade into their neighbours: columns, for what is
    laid out for adding up is never turned then."""


def size_of(held: Pieces) -> int:
    """The bytes of the pieces of a style."""
    parts = (held.guide, held.far, held.near, held.axes, held.pixels)
    return sum(part.numel() * part.element_size() for part in parts)


def pieces(style: Tensor) -> Pieces:
    """All pieces of a style [1,3,h,w] of 0..1, one at every step."""
    guide = _seen(style)
    spread = guide[:, :3].flatten(2).std(2, correction=0).mean()
    weight = torch.cat((torch.ones(3), _DRAWN * spread.cpu() * torch.ones(1) * 3**0.5))
    weight = weight.to(style)[None, :, None, None]
    guide = guide * weight
    far = _cut(guide, PIECE, STEP)
    small = _cut(F.avg_pool2d(style, 2), SIDE // 2, HOP // 2)
    mean = small.mean(0)
    apart = small - mean
    _, axes = torch.linalg.eigh(apart.T @ apart / len(small))
    axes = axes[:, -_KEPT:] * math.sqrt(PIECE**2 / small.shape[1])
    pixels = F.unfold(style, SIDE, stride=HOP)[0] * _fading(style).repeat(3)[:, None]
    return Pieces(guide, weight, far, apart @ axes, axes, mean, pixels)


def woven(content: Tensor, style: Pieces, even: bool = False) -> Tensor:
    """A content [1,3,H,W] of 0..1 made of pieces of a style; the same for the same two.

    With ``even``, all pieces are used nearly alike, even where few are like the content.
    """
    high, wide = content.shape[2:]
    shown = F.pad(content, (0, -wide % HOP, 0, -high % HOP), "replicate")
    wanted = _wanted(shown, style)
    prices = _prices(wanted, style.far, *(_EVEN if even else _LIKE))
    size = (shown.shape[2] + 2 * HOP, shown.shape[3] + 2 * HOP)
    made = _laid(_nearest(wanted, style.far, prices), style, size)
    detail = (_cut(F.avg_pool2d(made, 2), SIDE // 2, HOP // 2) - style.mean) @ style.axes
    both = torch.cat((wanted, detail), 1)
    chosen = _nearest(both, torch.cat((style.far, style.near), 1), prices)
    made = _laid(chosen, style, size)
    return made[..., HOP : HOP + high, HOP : HOP + wide]


def _cut(planes: Tensor, side: int, step: int) -> Tensor:
    """[n,C·side·side]: the windows of planes [1,C,h,w]."""
    return F.unfold(planes, side, stride=step)[0].T


def _seen(picture: Tensor) -> Tensor:
    """[1,4,h,w]: the colours of cells, and how much is drawn in each."""
    grey = picture.mean(1, keepdim=True)
    down = F.pad((grey[:, :, 1:] - grey[:, :, :-1]) ** 2, (0, 0, 0, 1))
    across = F.pad((grey[:, :, :, 1:] - grey[:, :, :, :-1]) ** 2, (0, 1))
    drawn = (F.avg_pool2d(down + across, CELL) + 1e-5).sqrt()
    drawn = (drawn - drawn.mean()) / drawn.std(correction=0).clamp(min=1e-4)
    return torch.cat((F.avg_pool2d(picture, CELL), drawn), 1)


def _wanted(content: Tensor, style: Pieces) -> Tensor:
    """What is wanted at each place: as the pieces of the style are seen, and a little noise."""
    seen = _seen(content)
    seen = torch.cat(
        (_recoloured(seen[:, :3], style.guide[:, :3]), seen[:, 3:] * style.weight[:, 3:]), 1
    )
    seen = F.pad(seen, (STEP,) * 4, "replicate")
    spread = style.far.view(len(style.far), -1, PIECE**2).var(2, correction=0).mean().sqrt()
    made = torch.Generator().manual_seed(seen.shape[2] * 65_537 + seen.shape[3])
    noise = torch.randn(seen.shape, generator=made).to(seen)
    noise = F.avg_pool2d(F.pad(noise, (1,) * 4, "replicate"), 3, 1) * 3
    return _cut(seen + noise * spread * _NOISE, PIECE, STEP)


def _recoloured(content: Tensor, style: Tensor) -> Tensor:
    """Colours [1,3,h,w] with the mean and covariance of others, moved as little as can be."""
    here, mean = _spread(content)
    there, goal = _spread(style)
    root, back = _root(here), _root(here, inverse=True)
    change = back @ _root(root @ there @ root) @ back
    flat = change @ (content[0].flatten(1).double() - mean) + goal
    return flat.view_as(content[0])[None].to(content)


def _spread(planes: Tensor) -> tuple[Tensor, Tensor]:
    flat = planes[0].flatten(1).double()
    mean = flat.mean(1, keepdim=True)
    least = _LEAST * torch.eye(len(flat), dtype=flat.dtype, device=flat.device)
    return (flat - mean) @ (flat - mean).T / flat.shape[1] + least, mean


def _root(matrix: Tensor, inverse: bool = False) -> Tensor:
    values, axes = torch.linalg.eigh(matrix)
    roots = values.clamp(min=1e-9).sqrt()
    made: Tensor = (axes * (1 / roots if inverse else roots)) @ axes.T
    return made


def _apart(wanted: Tensor, offered: Tensor, prices: Tensor | None = None) -> Tensor:
    """[n,m]: mean squares between rows, less what is equal for all of a row, in one product."""
    ours, theirs = _sides(wanted, offered, prices)
    return ours @ theirs


def _sides(wanted: Tensor, offered: Tensor, prices: Tensor | None) -> tuple[Tensor, Tensor]:
    """What that product is of."""
    cells = PIECE**2
    square = (offered * offered).sum(1, keepdim=True) / cells
    if prices is not None:
        square = square + prices[:, None]
    one = wanted.new_ones(len(wanted), 1)
    return torch.cat((wanted * (-2 / cells), one), 1), torch.cat((offered, square), 1).T


def _nearest(wanted: Tensor, offered: Tensor, prices: Tensor) -> Tensor:
    """The piece for each place. A few places at once: their distances stay in a core's cache."""
    rows = max(1, _AT_ONCE // len(offered))
    ours, theirs = _sides(wanted, offered, prices)
    room = wanted.new_empty(min(rows, len(ours)), len(offered))
    found = []
    for part in ours.split(rows):
        away = room[: len(part)]
        found.append(where_least(torch.mm(part, theirs, out=away)))
    return torch.cat(found)


def _prices(wanted: Tensor, offered: Tensor, rounds: int, soft: float, asked: int) -> Tensor:
    """What pieces cost, so that all are wanted nearly alike (Cuturi 2013, a part of each step)."""
    count = len(wanted)
    if count > asked:
        wanted = wanted[torch.linspace(0, count - 1, asked).long().to(wanted.device)]
    apart = _apart(wanted, offered)
    likely = (apart - apart.min(1, keepdim=True).values).mul_(-1 / soft).exp_()
    share = len(offered) / len(wanted)
    worth = wanted.new_ones(len(offered))
    for _ in range(rounds):
        used = likely.T @ (1 / (likely @ worth + 1e-20)) * worth * share
        worth = worth * (used + 1e-3) ** -_DEAR
    return -soft * worth.clamp(min=1e-12).log()


def _laid(chosen: Tensor, style: Pieces, size: tuple[int, int]) -> Tensor:
    """Pieces at their places [1,3,h,w], each fading into its neighbours."""
    weight = _fading(style.pixels)
    places = weight.new_ones(1, 1, (size[0] - SIDE) // HOP + 1, (size[1] - SIDE) // HOP + 1)
    whole = F.conv_transpose2d(places, weight.view(1, 1, SIDE, SIDE), stride=HOP)
    held = style.pixels.index_select(1, chosen)[None]
    return F.fold(held, size, SIDE, stride=HOP) / whole


def _fading(like: Tensor) -> Tensor:
    """[side·side]: how much the pixels of a piece count, most in its middle."""
    at = (torch.arange(SIDE) + 0.5) / SIDE
    bow = (torch.pi * at).sin() ** (2 * _SHARPNESS)
    return (bow[:, None] * bow[None] + 1e-4).flatten().to(like)
