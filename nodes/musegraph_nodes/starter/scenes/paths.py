"""Outlines: points in, skia paths out; lengths in picture units, y pointing down."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import skia

Point = tuple[float, float]
# skia comes without types.
Path = Any


def polygon(points: Iterable[Point]) -> Path:
    """A closed outline with corners."""
    path = skia.Path()
    path.addPoly([skia.Point(float(x), float(y)) for x, y in points], True)
    return path


def polyline(points: Iterable[Point]) -> Path:
    """An open line with corners."""
    path = skia.Path()
    path.addPoly([skia.Point(float(x), float(y)) for x, y in points], False)
    return path


def smooth(points: Sequence[Point]) -> Path:
    """A closed outline without corners, drawn towards the points rather than through them."""
    path = skia.Path()
    before = points[-1]
    path.moveTo(*_middle(before, points[0]))
    for here, after in zip(points, [*points[1:], points[0]], strict=True):
        path.quadTo(*_floats(here), *_middle(here, after))
    path.close()
    return path


def oval(x: float, y: float, rx: float, ry: float) -> Path:
    """An ellipse around (x, y)."""
    path = skia.Path()
    path.addOval(skia.Rect.MakeLTRB(x - rx, y - ry, x + rx, y + ry))
    return path


def rect(x: float, y: float, width: float, height: float) -> Path:
    """A rectangle whose upper left corner is (x, y)."""
    path = skia.Path()
    path.addRect(skia.Rect.MakeXYWH(x, y, width, height))
    return path


def rounded(x: float, y: float, width: float, height: float, radius: float) -> Path:
    """A rectangle with round corners."""
    path = skia.Path()
    path.addRoundRect(skia.Rect.MakeXYWH(x, y, width, height), radius, radius)
    return path


def union(*parts: Path) -> Path:
    """One outline around all parts, so that strokes do not cross the inside."""
    path = parts[0]
    for part in parts[1:]:
        path = skia.Op(path, part, skia.PathOp.kUnion_PathOp) or path
    return path


def minus(path: Path, hole: Path) -> Path:
    """The path without what the hole covers."""
    return skia.Op(path, hole, skia.PathOp.kDifference_PathOp) or path


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    """Points along an ellipse, angles in turns, counted clockwise from the right."""
    steps = 12
    angles = [2 * math.pi * (start + (end - start) * i / steps) for i in range(steps + 1)]
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]


def _middle(one: Point, other: Point) -> Point:
    return (float(one[0]) + float(other[0])) / 2, (float(one[1]) + float(other[1])) / 2


def _floats(point: Point) -> Point:
    return float(point[0]), float(point[1])
