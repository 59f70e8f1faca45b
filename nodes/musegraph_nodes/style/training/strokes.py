"""Textures drawn by rule, on which the feature net learns what marks are.

That is: how long, how wide, which way, how dense, how sharp, and in which colours.

Each maker draws one kind on a grid of pixels from a few random numbers, and no two pictures of a
kind are alike. They are rough on purpose, and many: the style pictures themselves are finer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

_CELLS = 64
"""Random numbers of cells repeat after so many along each side."""


@dataclass(frozen=True)
class Ground:
    """The sheet that one texture is drawn on: coordinates, turned and bent, and what is random."""

    across: Tensor
    along: Tensor
    random: Generator
    palette: Tensor
    scale: float

    def number(self, low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=self.random))

    def noise(self, cell: float) -> Tensor:
        """[H,W] of 0..1, smooth over about so many pixels."""
        size = self.across.shape[0]
        count = max(2, round(size / cell) + 1)
        coarse = torch.rand(1, 1, count, count, generator=self.random)
        made = F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=True)
        return made[0, 0].clamp(0, 1)

    def cells(self, channels: int = 1) -> Tensor:
        return torch.rand(_CELLS, _CELLS, channels, generator=self.random)

    def coloured(self, index: Tensor) -> Tensor:
        """[H,W,3]: the palette at 0..1, one colour after the other without steps between."""
        at = index.clamp(0, 1) * (len(self.palette) - 1)
        low = at.floor().long().clamp(max=len(self.palette) - 2)
        share = (at - low)[..., None]
        return self.palette[low] * (1 - share) + self.palette[low + 1] * share

    def picked(self, index: Tensor) -> Tensor:
        """[H,W,3]: the nearest colour of the palette at 0..1."""
        return self.palette[(index.clamp(0, 0.999) * len(self.palette)).long()]


def texture(seed: int, size: int) -> Tensor:
    """One texture [size,size,3] of 0..1; the same seed draws the same."""
    random = torch.Generator().manual_seed(seed)
    maker = MAKERS[seed % len(MAKERS)]
    return maker(_ground(random, size)).clamp(0, 1)


def _ground(random: Generator, size: int) -> Ground:
    def number(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=random))

    angle = torch.tensor(number(0, torch.pi))
    scale = 2 ** number(-1, 1.2)
    y, x = torch.meshgrid(torch.arange(size).float(), torch.arange(size).float(), indexing="ij")
    bend = F.interpolate(
        torch.rand(1, 2, 5, 5, generator=random) - 0.5, size=(size, size), mode="bicubic",
        align_corners=True,
    )[0] * number(0, 1) ** 2 * size * 0.5  # fmt: skip
    x, y = x + bend[0], y + bend[1]
    along = angle.cos() * x + angle.sin() * y
    across = angle.cos() * y - angle.sin() * x
    return Ground(across + 1000, along + 1000, random, _palette(random), scale)


def _palette(random: Generator) -> Tensor:
    """Five colours about one or two hues, from dark to light or in any order."""
    hue = torch.rand((), generator=random)
    spread = torch.rand((), generator=random)
    hues = hue + spread * (torch.rand(5, generator=random) - 0.5)
    full = torch.rand((), generator=random) * 0.9
    light = torch.rand(5, generator=random)
    if torch.rand((), generator=random) < 0.5:
        light = light.sort().values
    wave = ((hues[:, None] + torch.tensor([0.0, 1 / 3, 2 / 3])) * 2 * torch.pi).cos() * 0.5 + 0.5
    colours = light[:, None] * (1 - full) + full * wave * (0.35 + 0.9 * light[:, None])
    return colours.clamp(0, 1)


def _strokes(g: Ground) -> Tensor:
    """Rows of strokes, each of one colour, with bristles and a ridge."""
    wide, long = 5 * g.scale, g.number(3, 9) * 5 * g.scale
    row = (g.across / wide).floor().long() % _CELLS
    shift = torch.rand(_CELLS, generator=g.random) * long
    column = ((g.along + shift[row]) / long).floor().long() % _CELLS
    tone = g.cells()[row, column, 0] * 0.7 + g.noise(40) * 0.3
    ridge = ((g.across / wide) % 1 - 0.5).abs() * -2 + 1
    fine = torch.rand(4096, generator=g.random)
    bristle = fine[((g.across * g.number(1, 2)).long() * 31 + column * 7) % 4096]
    shade = 0.75 + 0.3 * ridge * g.number(0, 1) + 0.25 * (bristle - 0.5)
    return g.coloured(tone) * shade[..., None]


def _hatching(g: Ground) -> Tensor:
    """Lines whose width says the tone, crossed or not, on paper."""
    step = 6 * g.scale
    tone = g.noise(35)
    made = ((g.across / step) * 2 * torch.pi).sin() * 0.5 + 0.5
    ink = torch.sigmoid((tone * g.number(0.6, 1.2) - made) * 12)
    if g.number(0, 1) < 0.4:
        other = ((g.along / step) * 2 * torch.pi).sin() * 0.5 + 0.5
        ink = torch.maximum(ink, torch.sigmoid((tone * 0.7 - other) * 12))
    return g.palette[-1] * (1 - ink[..., None]) + g.palette[0] * ink[..., None]


def _nearest(g: Ground, step: float) -> tuple[Tensor, Tensor, Tensor]:
    """Distance to the nearest point of a loose grid and to the second, and the nearest's number."""
    x, y = g.along / step, g.across / step
    column, row = x.floor().long(), y.floor().long()
    places = g.cells(2) * g.number(0.3, 1)
    distances, numbers = [], []
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            c, r = (column + right), (row + down)
            at = places[r % _CELLS, c % _CELLS]
            away = (c + at[..., 0] - x) ** 2 + (r + at[..., 1] - y) ** 2
            distances.append(away.sqrt())
            numbers.append((r % _CELLS) * _CELLS + c % _CELLS)
    found = torch.stack(distances)
    two = found.topk(2, dim=0, largest=False)
    number = torch.stack(numbers).gather(0, two.indices[:1])[0]
    return two.values[0], two.values[1], number


def _dots(g: Ground) -> Tensor:
    """Round dabs of paint, close or loose."""
    near, _, number = _nearest(g, 6 * g.scale)
    tone = g.cells().flatten()[number] * 0.75 + g.noise(40) * 0.25
    cover = torch.sigmoid((g.number(0.3, 0.6) - near) * 6 * 5 * g.scale)[..., None]
    return g.palette[-1] * (1 - cover) + g.picked(tone) * cover


def _tiles(g: Ground) -> Tensor:
    """Cells with seams between: small ones as in a mosaic, large ones as in leaded glass."""
    step = 9 * g.scale * g.number(0.7, 2)
    near, second, number = _nearest(g, step)
    tone = g.cells().flatten()[number] * 0.7 + g.noise(40) * 0.3
    seam = torch.sigmoid((g.number(0.04, 0.2) - (second - near)) * step * 1.5)[..., None]
    sheen = 0.85 + 0.3 * (1 - near) * g.number(0, 1)
    colour = g.palette[0] * g.number(0, 1.2)
    return g.picked(tone) * sheen[..., None] * (1 - seam) + colour * seam


def _areas(g: Ground) -> Tensor:
    """Flat areas with outlines, as printed from blocks."""
    field = g.noise(22 * g.scale) * 0.7 + g.noise(9 * g.scale) * 0.3
    steps = field * g.number(3, 7)
    edge = torch.sigmoid((0.08 - ((steps % 1) - 0.5).abs() + 0.3 * (g.noise(5) - 0.6)) * 40)
    grain = 1 - 0.15 * (torch.rand(field.shape, generator=g.random) - 0.5) * g.number(0, 1)
    made = g.picked((steps.floor() * 0.37) % 1) * grain[..., None]
    return made * (1 - edge[..., None]) + g.palette[0] * 0.4 * edge[..., None]


def _washes(g: Ground) -> Tensor:
    """Soft washes with dark rims, on the grain of paper."""
    made = g.palette[-1].expand(*g.across.shape, 3) * 0.4 + 0.6
    for _ in range(3):
        field = g.noise(30 * g.scale) + 0.3 * g.noise(8 * g.scale)
        edge = g.number(0.4, 0.9)
        cover = torch.sigmoid((field - edge) * 30)
        rim = (-(((field - edge) * 18) ** 2)).exp() * 0.5
        strength = (cover * g.number(0.3, 0.7) + rim)[..., None].clamp(0, 1)
        made = made * (1 - strength) + made * g.coloured(g.noise(25)) * strength
    paper = F.avg_pool2d(
        torch.rand(1, 1, *g.across.shape, generator=g.random), 3, 1, 1
    )[0, 0]  # fmt: skip
    return made * (0.94 + 0.12 * paper)[..., None]


def _plans(g: Ground) -> Tensor:
    """Thin lines and a grid on one ground."""
    step = 14 * g.scale
    thin = g.number(0.6, 1.4)

    def lines(v: Tensor, every: float) -> Tensor:
        away = ((v / every) % 1 - 0.5).abs() * every
        return torch.sigmoid((thin - away) * 3)

    faint = torch.maximum(lines(g.across, step), lines(g.along, step)) * 0.4
    rings = lines((g.noise(50) * 60), 12 * g.scale)
    ink = torch.maximum(faint, rings)[..., None]
    return g.palette[0] * 0.8 * (1 - ink) + (g.palette[-1] * 0.3 + 0.7) * ink


def _waves(g: Ground) -> Tensor:
    """Bands that follow each other, as grain in wood or waves in a print."""
    bent = g.across + g.noise(30) * 20 * g.scale
    steps = bent / (7 * g.scale)
    tone = ((steps * 2 * torch.pi / 3).sin() * 0.5 + 0.5) ** g.number(0.5, 2)
    flat = g.number(0, 1) < 0.5
    return g.picked(tone) if flat else g.coloured(tone)


def _splashes(g: Ground) -> Tensor:
    """Ink thrown and dragged: hard edges at every size, with dry places."""
    drag = torch.rand(_CELLS * 8, generator=g.random)[(g.across / g.scale).long() % (_CELLS * 8)]
    field = (
        0.5 * g.noise(25 * g.scale) + 0.3 * g.noise(8 * g.scale) + 0.2 * g.noise(3) + 0.15 * drag
    )
    ink = torch.sigmoid((field - g.number(0.5, 0.65)) * 40)[..., None]
    return (g.palette[-1] * 0.4 + 0.6) * (1 - ink) + g.palette[0] * 0.5 * ink


MAKERS: tuple[Callable[[Ground], Tensor], ...] = (
    _strokes,
    _hatching,
    _dots,
    _tiles,
    _areas,
    _washes,
    _plans,
    _waves,
    _splashes,
    _strokes,
)
"""Strokes count twice: they are what is looked for most."""
