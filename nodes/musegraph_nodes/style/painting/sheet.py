"""What is drawn on: skia with lengths in parts of the side and colours from 0 to 255."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import skia

from .fields import Field, Pixels

Colour = tuple[float, float, float]
Point = tuple[float, float]
Points = Any
"""Pairs of x and y: tuples, arrays, or an array of them all."""


class Sheet:
    """A square surface; x and y run from 0 to 1, y downwards."""

    def __init__(self, size: int, ground: Colour = (0, 0, 0), smooth: bool = True) -> None:
        self.size, self.smooth = size, smooth
        self.surface = skia.Surface(size, size)
        self.canvas = self.surface.getCanvas()
        self.canvas.clear(packed(ground))
        self.canvas.scale(size, size)

    def fill(self, points: Points, colour: Colour, alpha: float = 1.0) -> None:
        """An area with corners."""
        self.canvas.drawPath(path(points, True), self._paint(colour, alpha))

    def smooth_fill(self, points: Points, colour: Colour, alpha: float = 1.0) -> None:
        """An area without corners, drawn towards the points."""
        self.canvas.drawPath(rounded(points), self._paint(colour, alpha))

    def line(
        self,
        points: Points,
        colour: Colour,
        width: float,
        alpha: float = 1.0,
        closed: bool = False,
        butt: bool = False,
    ) -> None:
        """A line of one width."""
        paint = self._paint(colour, alpha)
        paint.setStyle(skia.Paint.kStroke_Style)
        paint.setStrokeWidth(width)
        paint.setStrokeCap(skia.Paint.kButt_Cap if butt else skia.Paint.kRound_Cap)
        paint.setStrokeJoin(skia.Paint.kRound_Join)
        self.canvas.drawPath(path(points, closed), paint)

    def swelling(self, points: Points, widths: Sequence[float], colour: Colour) -> None:
        """A line whose width changes from point to point."""
        self.fill(ribbon(points, widths), colour)

    def oval(
        self, x: float, y: float, rx: float, ry: float, colour: Colour, alpha: float = 1.0
    ) -> None:
        """A filled ellipse around (x, y)."""
        box = skia.Rect.MakeLTRB(x - rx, y - ry, x + rx, y + ry)
        self.canvas.drawOval(box, self._paint(colour, alpha))

    def ring(
        self, x: float, y: float, radius: float, colour: Colour, width: float, alpha: float = 1.0
    ) -> None:
        """A circle's line."""
        paint = self._paint(colour, alpha)
        paint.setStyle(skia.Paint.kStroke_Style)
        paint.setStrokeWidth(width)
        self.canvas.drawCircle(x, y, radius, paint)

    def pixels(self) -> Pixels:
        """What was drawn, `[size, size, 3]` from 0 to 1."""
        drawn = self.surface.toarray(colorType=skia.kRGBA_8888_ColorType)[..., :3]
        return np.asarray(drawn.astype(np.float32) / np.float32(255), np.float32)

    def field(self) -> Field:
        """The red of what was drawn, `[size, size]` from 0 to 1."""
        return np.ascontiguousarray(self.pixels()[..., 0])

    def labels(self) -> np.ndarray[Any, np.dtype[np.int32]]:
        """Whole numbers drawn by :func:`label` on a sheet that is not smooth."""
        drawn = self.surface.toarray(colorType=skia.kRGBA_8888_ColorType).astype(np.int32)
        return np.asarray(drawn[..., 0] * 256 + drawn[..., 1], np.int32)

    def _paint(self, colour: Colour, alpha: float) -> Any:
        return skia.Paint(Color=packed(colour, alpha), AntiAlias=self.smooth)


def label(number: int) -> Colour:
    """A whole number as a colour."""
    return number // 256, number % 256, 0


def packed(colour: Colour, alpha: float = 1.0) -> int:
    """A colour as skia wants it."""
    red, green, blue = (min(255, max(0, int(channel + 0.5))) for channel in colour)
    return int(alpha * 255 + 0.5) << 24 | red << 16 | green << 8 | blue


def path(points: Points, closed: bool) -> Any:
    """A skia path with corners."""
    made = skia.Path()
    made.addPoly([(float(x), float(y)) for x, y in points], closed)
    return made


def rounded(points: Points) -> Any:
    """A closed skia path without corners."""
    made = skia.Path()
    known = [(float(x), float(y)) for x, y in points]
    last = known[-1]
    made.moveTo((last[0] + known[0][0]) / 2, (last[1] + known[0][1]) / 2)
    for here, after in zip(known, [*known[1:], known[0]], strict=True):
        made.quadTo(*here, (here[0] + after[0]) / 2, (here[1] + after[1]) / 2)
    made.close()
    return made


def ribbon(points: Points, widths: Sequence[float]) -> np.ndarray[Any, Any]:
    """The outline of a line whose width changes."""
    middle = np.asarray(points, float)
    along = np.gradient(middle, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1])[:, None], 1e-9)
    normal = np.stack((-along[:, 1], along[:, 0]), 1) * np.asarray(widths, float)[:, None] / 2
    return np.concatenate((middle + normal, (middle - normal)[::-1]))


def curve(points: Points, count: int = 24) -> np.ndarray[Any, Any]:
    """A smooth line through the points (Catmull and Rom), as that many points."""
    known = np.asarray(points, float)
    padded = np.concatenate((2 * known[:1] - known[1:2], known, 2 * known[-1:] - known[-2:-1]))
    at = np.linspace(0, len(known) - 1 - 1e-9, count)
    base = at.astype(int)
    t = (at - base)[:, None]
    a, b, c, d = (padded[base + k] for k in range(4))
    cubed = 3 * (b - c) + d - a
    return np.asarray(
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + cubed * t**3)
    )


def mix(one: Colour, other: Colour, amount: float) -> Colour:
    """`one` at 0, `other` at 1."""
    red, green, blue = (a + (b - a) * amount for a, b in zip(one, other, strict=True))
    return red, green, blue


def turned(colour: Colour, rng: np.random.Generator, light: float, hue: float = 0.0) -> Colour:
    """A colour a little lighter or darker, and each channel a little off."""
    by = 1 + rng.normal(0, light)
    red, green, blue = (channel * by + rng.normal(0, hue) for channel in colour)
    return red, green, blue


def circle(x: float, y: float, radius: float, count: int = 32, start: float = 0.0) -> list[Point]:
    """Points around (x, y)."""
    step = 2 * math.pi / count
    return [
        (x + radius * math.cos(start + step * k), y + radius * math.sin(start + step * k))
        for k in range(count)
    ]
