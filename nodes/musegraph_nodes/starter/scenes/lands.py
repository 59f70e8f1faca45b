"""Pieces that landscapes are put together from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from musegraph_nodes.starter.scenes import paths
from musegraph_nodes.starter.scenes.canvas import UNITS, Canvas
from musegraph_nodes.starter.scenes.colour import Colour, mix, shade, tint
from musegraph_nodes.starter.scenes.figure import Figure
from musegraph_nodes.starter.scenes.living import pine, tree
from musegraph_nodes.starter.scenes.paths import Point

ROCK: Colour = (112, 120, 158)
SNOW: Colour = (242, 247, 254)
FIR: Colour = (52, 112, 88)
WATER: Colour = (48, 132, 172)

# Where there is no season, it is summer.
MEADOWS: dict[str, Colour] = {
    "": (140, 190, 96),
    "spring": (176, 216, 118),
    "summer": (104, 168, 76),
    "autumn": (214, 178, 92),
}
WOODLANDS: dict[str, Colour] = {
    "": (96, 158, 96),
    "spring": (128, 180, 96),
    "summer": (86, 150, 88),
    "autumn": (184, 130, 70),
}
LEAVES: dict[str, tuple[Colour, ...]] = {
    "": ((104, 160, 92), (92, 150, 84)),
    "spring": ((246, 178, 202), (250, 204, 218), (168, 208, 116)),
    "summer": ((96, 156, 84), (78, 142, 78), (112, 168, 88)),
    "autumn": ((232, 126, 46), (214, 82, 46), (240, 180, 66)),
}
BLOSSOMS: tuple[Colour, ...] = ((252, 240, 244), (244, 152, 186), (250, 218, 96))
Line = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Stage:
    """Where things are, in picture units: the horizon, the subject's ground and its middle."""

    horizon: float
    ground: float
    x: float
    season: str = ""


def band(
    canvas: Canvas,
    y: float,
    swell: float,
    waves: float,
    colour: Colour,
    haze: float = 0.0,
    glow: int = 0,
) -> None:
    """Land from a gently waving edge near `y` down to the lower edge of the picture."""
    x = np.linspace(-4, UNITS + 4, 25)
    phase = canvas.rng.uniform(0, 2 * np.pi)
    edge = y - swell * np.sin(x / UNITS * 2 * np.pi * waves + phase)
    land_below(canvas, zip(x, edge, strict=True), y - swell, colour, haze, glow)


def land_below(
    canvas: Canvas, edge: Any, top: float, colour: Colour, haze: float = 0.0, glow: int = 0
) -> None:
    """Land from the points of `edge`, left to right, down to the lower edge of the picture."""
    outline = [*edge, (UNITS + 4, UNITS + 4), (-4, UNITS + 4)]
    canvas.land(paths.polygon(outline), top, colour, haze, glow)


def profile(rng: np.random.Generator, rough: float, levels: int = 5) -> Line:
    """A jagged line from 0 to 1, of `2 * 2**levels + 1` heights."""
    line = rng.uniform(0, 1, 3)
    for level in range(levels):
        bend = rng.normal(0, rough * 0.5**level, len(line) - 1)
        finer = np.empty(2 * len(line) - 1)
        finer[::2], finer[1::2] = line, (line[:-1] + line[1:]) / 2 + bend
        line = finer
    low, high = line.min(), line.max()
    return np.asarray((line - low) / max(high - low, 1e-6))


def ridge(
    canvas: Canvas, y: float, height: float, colour: Colour, haze: float, rough: float = 0.4
) -> None:
    """A far, jagged silhouette that stands on `y`."""
    heights = profile(canvas.rng, rough)
    x = np.linspace(-4, UNITS + 4, len(heights))
    edge = zip(x, y - height * (0.2 + 0.8 * heights), strict=True)
    land_below(canvas, edge, y - height, colour, haze)


def peak(
    canvas: Canvas, x: float, top: float, base: float, colour: Colour, haze: float, cap: float
) -> None:
    """A mountain with a shaded flank; `cap` is the part of its height under snow."""
    height = base - top
    rng = canvas.rng
    left, right = x - height * rng.uniform(0.9, 1.2), x + height * rng.uniform(0.9, 1.2)
    knee, step = rng.uniform(0.4, 0.6), height * rng.uniform(-0.06, 0.1)
    outline = [
        (left, base),
        (x + (left - x) * knee + step, top + height * knee),
        (x, top),
        (x + (right - x) * knee - step, top + height * knee),
        (right, base),
    ]
    canvas.land(paths.polygon(outline), top, colour, haze, 0)
    flank = [
        (x, top),
        outline[3],
        (right, base),
        (x + height * 0.16, base),
        (x + height * 0.02, top + height * 0.7),
        (x + height * 0.1, top + height * 0.45),
    ]
    canvas.fill(paths.polygon(flank), shade(colour, 0.84), haze=haze)
    if cap:
        _snow_cap(canvas, (x, top), outline, cap, haze)


def _snow_cap(
    canvas: Canvas, summit: Point, outline: Sequence[Point], cap: float, haze: float
) -> None:
    """Snow down to a ragged edge that follows the flanks."""
    (x, top), left, right = summit, outline[1], outline[3]
    deep = min(0.96, cap / max(1e-6, (left[1] - top) / (outline[0][1] - top)))

    def towards(end: Point, part: float) -> Point:
        return x + (end[0] - x) * part, top + (end[1] - top) * part

    def between(share: float, part: float) -> Point:
        a, b = towards(left, part), towards(right, part)
        return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share

    edge = [
        towards(right, deep),
        between(0.74, deep * 0.72),
        between(0.58, deep * 1.1),
        between(0.42, deep * 0.74),
        between(0.26, deep * 1.04),
        towards(left, deep),
    ]
    canvas.fill(paths.polygon([summit, *edge]), SNOW, haze=haze * 0.5, glow=1)


def great_range(canvas: Canvas, horizon: float, colour: Colour, height: float, cap: float) -> None:
    """Far ridges, and before them one of: a summit between lower ones, two, or a long crest."""
    rng = canvas.rng
    ridge(canvas, horizon + 6, height * rng.uniform(0.6, 0.85), colour, 0.62)
    kind = rng.integers(4)
    if kind == 0:
        ridge(canvas, horizon + 8, height * 0.9, colour, 0.34, 0.3)
        ridge(canvas, horizon + 8, height * 0.5, shade(colour, 0.92), 0.14, 0.35)
        return
    summit = rng.uniform(36, 92)
    parts: tuple[tuple[float, float], ...] = ((summit - 52, 0.66), (summit + 54, 0.7), (summit, 1))
    if kind == 1:
        parts = ((summit - 30, 0.9), (summit + 38, 1.0), (summit + 2, 0.55))
    for x, part in parts:
        top = horizon - height * part * rng.uniform(0.92, 1.06)
        haze = 0.42 - 0.2 * (part == 1.0)
        peak(canvas, x + rng.normal(0, 4), top, horizon + 8, colour, haze, cap * part)


def ripples(canvas: Canvas, top: float, rows: int, colour: Colour) -> None:
    """Short bright lines on still water."""
    for row in range(rows):
        y = top + 10 * row + canvas.rng.normal(0, 1)
        x = canvas.rng.uniform(8, 92)
        line = paths.polyline([(x, y), (x + canvas.rng.uniform(16, 28), y)])
        canvas.stroke(line, tint(colour, 0.5), 1.3, alpha=0.7)


def wood(
    canvas: Canvas, stage: Stage, places: Sequence[float], y: float, height: float, haze: float
) -> None:
    """Trees of the season about `places`, none where the subject stands."""
    rng = canvas.rng
    leaves = LEAVES[stage.season]
    for x in places:
        place = x + rng.normal(0, 3)
        if abs(place - stage.x) < 22:
            continue
        grown = height * rng.uniform(0.8, 1.15)
        figure = Figure(canvas, place, y + rng.normal(0, 1), grown, "scenery", haze)
        if rng.random() < 0.3:
            pine(figure, mix(FIR, MEADOWS[stage.season], 0.2))
        else:
            tree(figure, leaves[int(rng.integers(len(leaves)))])


def bloom(canvas: Canvas, stage: Stage, top: float) -> None:
    """In spring, flowers in the grass below `top`."""
    if stage.season != "spring":
        return
    rng = canvas.rng
    for index in range(16):
        x, y = rng.uniform(2, UNITS - 2), rng.uniform(top + 3, UNITS - 2)
        radius = 0.9 + 0.9 * (y - top) / (UNITS - top)
        colour = BLOSSOMS[index % len(BLOSSOMS)]
        canvas.area(paths.oval(x, y, radius, radius * 0.8), canvas.toned(colour, "accent"))


def winding(canvas: Canvas, horizon: float, colour: Colour, width: float, haze: float) -> None:
    """A road or a river from the lower edge up to the horizon, narrowing."""
    rng = canvas.rng
    start, end = rng.uniform(36, 92), rng.uniform(30, 98)
    swing = rng.uniform(10, 24) * rng.choice((-1, 1))
    far = np.linspace(0, 1, 21)
    y = UNITS + 4 - (UNITS + 4 - horizon) * far**0.7
    middle = start + (end - start) * far + swing * np.sin(far * 2 * np.pi) * (1 - far)
    half = width * (1 - far) ** 1.4 + 0.5
    left = zip(middle - half, y, strict=True)
    right = zip((middle + half)[::-1], y[::-1], strict=True)
    canvas.fill(paths.polygon([*left, *right]), colour, haze=haze, glow=1)


def rows(canvas: Canvas, horizon: float, colours: Sequence[Colour], vanish: float) -> None:
    """Planted rows that run together at (`vanish`, `horizon`), the colours in turn."""
    near = np.linspace(-150, UNITS + 150, 21) + canvas.rng.uniform(-6, 6)
    far = vanish + (near - UNITS / 2) * 0.34
    for index in range(len(near) - 1):
        corners = [
            (far[index], horizon),
            (far[index + 1], horizon),
            (near[index + 1], UNITS + 4),
            (near[index], UNITS + 4),
        ]
        canvas.fill(paths.polygon(corners), colours[index % len(colours)], glow=2 * (index % 2))
