"""Drawing a thing in its own measure: y points up from the ground, and 1 is its height."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from musegraph_nodes.starter.scenes import paths
from musegraph_nodes.starter.scenes.canvas import Canvas, Role
from musegraph_nodes.starter.scenes.colour import Colour
from musegraph_nodes.starter.scenes.paths import Path, Point


@dataclass(frozen=True)
class Figure:
    """A thing that stands at (x, y) of the canvas and is `height` units high."""

    canvas: Canvas
    x: float
    y: float
    height: float
    role: Role = "accent"
    haze: float = 0.0

    def at(self, point: Point) -> Point:
        """A point of the figure in canvas units."""
        return self.x + point[0] * self.height, self.y - point[1] * self.height

    def polygon(self, points: Sequence[Point], colour: Colour, role: Role | None = None) -> None:
        """An area with corners."""
        self._fill(paths.polygon(map(self.at, points)), colour, role)

    def smooth(self, points: Sequence[Point], colour: Colour, role: Role | None = None) -> None:
        """An area without corners."""
        self._fill(paths.smooth([self.at(point) for point in points]), colour, role)

    def rect(
        self,
        left: float,
        bottom: float,
        width: float,
        height: float,
        colour: Colour,
        role: Role | None = None,
    ) -> None:
        """An upright rectangle."""
        x, y = self.at((left, bottom + height))
        self._fill(paths.rect(x, y, width * self.height, height * self.height), colour, role)

    def oval(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        colour: Colour,
        role: Role | None = None,
    ) -> None:
        """An ellipse around (x, y)."""
        self._fill(self.oval_path(x, y, rx, ry), colour, role)

    def blob(self, ovals: Sequence[tuple[float, float, float, float]], colour: Colour) -> None:
        """One area made of overlapping ellipses (x, y, rx, ry)."""
        self._fill(paths.union(*(self.oval_path(*oval) for oval in ovals)), colour, None)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """An open line, its width in the figure's measure."""
        path = paths.polyline(map(self.at, points))
        self.canvas.stroke(path, colour, max(0.8, width * self.height), self.role)

    def oval_path(self, x: float, y: float, rx: float, ry: float) -> Path:
        """The outline of an ellipse, in canvas units."""
        return paths.oval(*self.at((x, y)), rx * self.height, ry * self.height)

    def _fill(self, path: Path, colour: Colour, role: Role | None) -> None:
        self.canvas.fill(path, colour, role or self.role, self.haze)
