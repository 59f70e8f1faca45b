"""Pictures of plain shapes: single, counted, or one beside another."""

from __future__ import annotations

from math import cos, pi, sin

import skia

from musegraph_nodes.starter.scenes import paths
from musegraph_nodes.starter.scenes.canvas import Canvas
from musegraph_nodes.starter.scenes.colour import Colour
from musegraph_nodes.starter.scenes.paths import Path
from musegraph_nodes.starter.scenes.spec import ObjectsSpec, Thing
from musegraph_nodes.starter.scenes.vocabulary import COLOURS

MIDDLE = 64.0
LAYOUTS: dict[int, tuple[tuple[float, float], ...]] = {
    2: ((-27, 0), (27, 0)),
    3: ((-28, 20), (28, 20), (0, -26)),
    4: ((-27, -27), (27, -27), (-27, 27), (27, 27)),
    5: ((-33, -32), (33, -32), (-33, 32), (33, 32), (0, 0)),
}
OFFSETS: dict[str, tuple[float, float]] = {
    "left of": (-29, 0),
    "right of": (29, 0),
    "above": (0, -29),
    "below": (0, 29),
}


#: Least and largest radius of a shape alone, of each of several, and of each of two.
ALONE, SEVERAL, PAIRED = (32.0, 40.0), (16.0, 19.0), (20.0, 24.0)


def draw_objects(canvas: Canvas, spec: ObjectsSpec) -> None:
    """Draw the background and the shapes of `spec`."""
    rng = canvas.rng
    canvas.ground(COLOURS[spec.background])
    radii, offsets = _layout(spec)
    if spec.second is None:
        radius = rng.uniform(*radii)
        for offset in offsets:
            _place(canvas, spec.first, offset, radius)
    else:
        for thing, offset in zip((spec.first, spec.second), offsets, strict=True):
            _place(canvas, thing, offset, rng.uniform(*radii))


def extents(spec: ObjectsSpec) -> list[tuple[float, float, float, float]]:
    """Left, upper, right and lower edge of where each shape is in most pictures, in units."""
    (_, radius), offsets = _layout(spec)
    middles = [(MIDDLE + x, MIDDLE + y) for x, y in offsets]
    return [(x - radius, y - radius, x + radius, y + radius) for x, y in middles]


def _layout(spec: ObjectsSpec) -> tuple[tuple[float, float], tuple[tuple[float, float], ...]]:
    """Least and largest radius of its shapes, and where they lie about the middle."""
    if spec.relation == "single":
        return ALONE, ((0.0, 0.0),)
    if spec.second is None:
        return SEVERAL, LAYOUTS[spec.count]
    x, y = OFFSETS[spec.relation]
    return PAIRED, ((x, y), (-x, -y))


def _place(canvas: Canvas, thing: Thing, offset: tuple[float, float], radius: float) -> None:
    x, y = canvas.rng.normal(0, 2, 2)
    centre = (MIDDLE + offset[0] + x, MIDDLE + offset[1] + y)
    colour = COLOURS[thing.colour]
    canvas.fill(outline_of(thing.shape, *centre, radius), colour, "accent")
    if thing.shape == "flower":
        heart: Colour = (186, 96, 40) if thing.colour in ("yellow", "orange") else COLOURS["yellow"]
        canvas.fill(paths.oval(*centre, radius * 0.32, radius * 0.32), heart, "accent")


def outline_of(shape: str, x: float, y: float, radius: float) -> Path:
    """The outline of a named shape around (x, y)."""
    if shape == "circle":
        return paths.oval(x, y, radius, radius)
    if shape == "square":
        return paths.rect(x - radius * 0.88, y - radius * 0.88, radius * 1.76, radius * 1.76)
    if shape == "triangle":
        corners = [(x - radius, y + radius * 0.8), (x + radius, y + radius * 0.8), (x, y - radius)]
        return paths.polygon(corners)
    if shape == "star":
        return _star(x, y, radius)
    if shape == "diamond":
        wide, tall = radius * 0.78, radius * 1.08
        return paths.polygon([(x, y - tall), (x + wide, y), (x, y + tall), (x - wide, y)])
    if shape == "crescent":
        hole = paths.oval(x + radius * 0.5, y - radius * 0.2, radius * 0.86, radius * 0.86)
        return paths.minus(paths.oval(x, y, radius, radius), hole)
    if shape == "heart":
        return _heart(x, y, radius)
    return _flower(x, y, radius)


def _star(x: float, y: float, radius: float) -> Path:
    rays = [(radius * (1.12 if i % 2 == 0 else 0.48), i * pi / 5) for i in range(10)]
    return paths.polygon((x + r * sin(angle), y - r * cos(angle)) for r, angle in rays)


def _heart(x: float, y: float, radius: float) -> Path:
    path = skia.Path()
    path.moveTo(x, y + radius)
    for side in (-1, 1):
        ends = ((0, -0.4), (0, 1))
        controls = ((1.9, -0.2), (0.8, -1.4)) if side < 0 else ((0.8, -1.4), (1.9, -0.2))
        points = (*controls, ends[0] if side < 0 else ends[1])
        path.cubicTo(
            *(value for a, b in points for value in (x + side * a * radius, y + b * radius))
        )
    path.close()
    return path


def _flower(x: float, y: float, radius: float) -> Path:
    petals = [
        paths.oval(
            x + radius * 0.64 * cos(i * pi / 3),
            y + radius * 0.64 * sin(i * pi / 3),
            radius * 0.43,
            radius * 0.43,
        )
        for i in range(6)
    ]
    return paths.union(paths.oval(x, y, radius * 0.5, radius * 0.5), *petals)
