"""Strokes to begin with: patches of a style, laid where they resemble what is to be seen.

At each size from coarse to fine, what the size before gave is covered with patches of the style
(Granot et al. 2022, https://arxiv.org/abs/2103.15545): looked for in a style as blurred as it is,
taken from the sharp one. The distance to a patch counts in shares of the least that the patch has
to any place, so that more of a style is used than what is nearest to flat grounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .nearest import where_least

PATCH = 7
_STEP = 3
"""Pixels from one patch to the next."""

LARGEST = 1600
"""Pixels along a picture above which patches of so few pixels are no strokes any more."""

_MOST = 12_000
"""Patches of a style that are looked at; of a larger style every second or third."""

_PARTS = 24
"""Numbers by which patches are compared: most of them are alike in most of their pixels."""

_EVEN = 0.5
"""Mean square distance that counts as none, in thousandths: more is nearer to the content, less
uses more of the style."""

_CHUNK = 2048
_FLAT = 1e-6


@dataclass(frozen=True)
class Sample:
    """A style [1,3,h,w] at the size of its strokes, where it is seen [h,w], and its weight."""

    picture: Tensor
    seen: Tensor | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class Ground:
    """The styles of one place [H,W], or of everywhere."""

    samples: list[Sample]
    where: Tensor | None = None


Check = Callable[[], None]


def covered(guess: Tensor, grounds: list[Ground], check: Check, around: bool = False) -> Tensor:
    """A picture [1,3,H,W] of patches, each near what the guess shows in its place."""
    made, total = torch.zeros_like(guess), torch.zeros_like(guess[0, 0])
    for ground in grounds:
        laid = guess
        # A second time with sharp patches: they are to fit each other as well as the guess.
        for blurred in (True, False):
            laid = _laid(laid, ground.samples, blurred, around, check)
        weight = sum(sample.weight for sample in ground.samples)
        share = torch.full_like(total, weight) if ground.where is None else weight * ground.where
        made += share * laid
        total += share
    return torch.where(total > _FLAT, made / total.clamp(min=_FLAT), guess)


def _laid(
    guess: Tensor, samples: list[Sample], blurred: bool, around: bool, check: Check
) -> Tensor:
    keys, values = [], []
    whole = sum(sample.weight for sample in samples)
    for sample in samples:
        wanted = max(64.0, _MOST * sample.weight / whole)
        area = sample.picture.shape[2] * sample.picture.shape[3]
        every = max(1, round((area / wanted) ** 0.5))
        seen = _seen(sample, every)
        values.append(_patches(sample.picture, every)[seen])
        keys.append(_patches(_blurred(sample.picture), every)[seen] if blurred else values[-1])
    key, value = torch.cat(keys), torch.cat(values)
    if not len(key):
        return guess
    step = _step(guess) if around else _STEP
    wide = _widened(guess, step, around)
    found = _nearest(_patches(wide, step), key, check)
    made = _put(value[found], (wide.shape[2], wide.shape[3]), step)
    return _narrowed(made, guess, step, around)


def _step(guess: Tensor) -> int:
    """Of a picture that goes on at its other side: so that patches fit all around."""
    return next(step for step in (4, 3, 2, 1) if not any(side % step for side in guess.shape[-2:]))


def _seen(sample: Sample, every: int) -> Tensor | slice:
    """Which patches of a sample lie where it is seen; all, if none does."""
    if sample.seen is None:
        return slice(None)
    least = F.unfold(sample.seen[None, None], PATCH, stride=every)[0].amin(0)
    seen = least > 0.5
    return seen if bool(seen.any()) else slice(None)


def _blurred(picture: Tensor) -> Tensor:
    """As a picture that comes from half its size."""
    size = picture.shape[-2:]
    small = F.interpolate(picture, size=[max(1, side // 2) for side in size], mode="area")
    return F.interpolate(small, size=size, mode="bicubic", align_corners=False)


def _patches(picture: Tensor, every: int) -> Tensor:
    """[n,3·PATCH²]: of all places of a picture, so many pixels apart."""
    return F.unfold(picture, PATCH, stride=every)[0].T


def _widened(guess: Tensor, step: int, around: bool) -> Tensor:
    """With a margin, so that patches cover the edges as they cover everything else."""
    if around:
        rows, columns = _turned(guess, step)
        return guess[:, :, rows[:, None], columns]
    margin = PATCH // 2
    down, right = (-(-(side + margin - PATCH + margin) // step) * step + PATCH - side - margin
                   for side in guess.shape[-2:])  # fmt: skip
    return F.pad(guess, (margin, right, margin, down), "replicate")


def _narrowed(sums: Tensor, guess: Tensor, step: int, around: bool) -> Tensor:
    """Without the margin: colours [1,3,…] over how much was laid [1,1,…]."""
    height, width = guess.shape[-2:]
    if around:
        rows, columns = _turned(guess, step)
        down = sums.new_zeros(1, 4, height, sums.shape[3]).index_add_(2, rows, sums)
        inner = sums.new_zeros(1, 4, height, width).index_add_(3, columns, down)
    else:
        margin = PATCH // 2
        inner = sums[:, :, margin : margin + height, margin : margin + width]
    return (inner[:, :3] / inner[:, 3:]).contiguous()


def _turned(guess: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """Rows and columns from edge to edge, and on from the first as far as the last patch goes."""
    rows, columns = (
        torch.arange(side + PATCH - step, device=guess.device) % side for side in guess.shape[-2:]
    )
    return rows, columns


def _nearest(queries: Tensor, keys: Tensor, check: Check) -> Tensor:
    """For each query the key whose distance is least beside what it is from all queries."""
    mean = keys.mean(0)
    apart = keys - mean
    # In double precision: of a style of few colours single precision finds no vectors.
    _, vectors = torch.linalg.eigh((apart.T @ apart).double().cpu())
    basis = vectors[:, -_PARTS:].to(keys)
    key, query = apart @ basis, (queries - mean) @ basis
    power, own = (key**2).sum(1)[None], (query**2).sum(1)[:, None]
    least = torch.full_like(power[0], torch.inf)

    def away(at: int) -> Tensor:
        check()
        part = slice(at, at + _CHUNK)
        return torch.addmm(power, query[part], key.T, alpha=-2).add_(own[part])

    for at in range(0, len(query), _CHUNK):
        least = torch.minimum(least, away(at).amin(0))
    scale = 1 / (least.clamp(min=0) + _EVEN / 1000 * keys.shape[1])
    found = [where_least(away(at).mul_(scale)) for at in range(0, len(query), _CHUNK)]
    return torch.cat(found)


def _put(patches: Tensor, size: tuple[int, int], step: int) -> Tensor:
    """[1,4,…]: patches added up, most of that whose middle is nearest, and how much was laid."""
    line = torch.hann_window(PATCH + 2, periodic=False, device=patches.device)[1:-1]
    window = (line[:, None] * line[None]).flatten()
    weighed = torch.cat((patches * window.repeat(3), window.expand(len(patches), -1)), 1)
    return F.fold(weighed.T[None], size, PATCH, stride=step)
