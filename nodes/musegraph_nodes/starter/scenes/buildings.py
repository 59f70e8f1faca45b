"""Subjects that people built."""

from __future__ import annotations

from math import cos, pi, sin

from musegraph_nodes.starter.scenes import paths
from musegraph_nodes.starter.scenes.canvas import UNITS
from musegraph_nodes.starter.scenes.colour import Colour, mix, shade, tint
from musegraph_nodes.starter.scenes.figure import Figure

DOOR: Colour = (74, 50, 42)
WOOD: Colour = (104, 70, 46)
SLATE: Colour = (74, 72, 92)
CREAM: Colour = (244, 238, 226)
LIT: Colour = (255, 226, 120)
PANE: Colour = (206, 230, 242)
RUST: Colour = (192, 74, 56)
SAND: Colour = (236, 192, 112)


def window_colour(time: str) -> Colour:
    """Windows are lit when it gets dark."""
    return LIT if time in ("sunset", "dusk", "night") else PANE


def cabin(figure: Figure, colour: Colour) -> None:
    """Low, of logs, with a chimney and a wide roof."""
    figure.rect(0.28, 0.6, 0.16, 0.36, SLATE)
    figure.rect(-0.56, 0, 1.12, 0.56, colour)
    for log in (0.19, 0.37):
        figure.line([(-0.55, log), (0.55, log)], shade(colour, 0.66), 0.025)
    figure.polygon([(-0.74, 0.5), (0.74, 0.5), (0, 1)], WOOD)
    figure.rect(-0.4, 0, 0.24, 0.4, DOOR)
    figure.rect(0.08, 0.14, 0.3, 0.24, window_colour(figure.canvas.time), "lamp")


def house(figure: Figure, colour: Colour) -> None:
    """Tall, with two windows, a door between them and a slate roof."""
    figure.rect(-0.42, 0, 0.84, 0.62, colour)
    figure.polygon([(-0.54, 0.58), (0.54, 0.58), (0.26, 0.98), (-0.26, 0.98)], SLATE)
    figure.rect(-0.1, 0, 0.2, 0.32, DOOR)
    for side in (-0.34, 0.14):
        figure.rect(side, 0.28, 0.2, 0.2, window_colour(figure.canvas.time), "lamp")


def castle(figure: Figure, colour: Colour) -> None:
    """A wall with battlements between two towers with pointed roofs."""
    figure.polygon(_battlements(-0.3, 0.3, 0.42, 0.52), colour)
    for x in (-0.36, 0.36):
        figure.rect(x - 0.14, 0, 0.28, 0.68, colour)
        figure.polygon(
            [(x - 0.2, 0.66), (x + 0.2, 0.66), (x, 1)], shade(mix(colour, SLATE, 0.5), 0.8)
        )
        figure.rect(x - 0.045, 0.42, 0.09, 0.14, window_colour(figure.canvas.time), "lamp")
    arch = [(x, -y) for x, y in paths.arc(0, -0.14, 0.11, 0.12, 0.5, 1)]
    figure.polygon([(-0.11, 0), *arch, (0.11, 0)], DOOR)


def _battlements(left: float, right: float, low: float, high: float) -> list[tuple[float, float]]:
    teeth = 3
    points = [(left, 0.0), (left, low)]
    step = (right - left) / (2 * teeth + 1)
    for tooth in range(teeth):
        start = left + step * (2 * tooth + 1)
        points += [(start, low), (start, high), (start + step, high), (start + step, low)]
    return [*points, (right, low), (right, 0.0)]


def lighthouse(figure: Figure, colour: Colour) -> None:
    """A white tower with two broad bands and a lamp, on a rock."""
    figure.smooth([(-0.4, -0.12), (-0.3, 0.1), (0, 0.06), (0.3, 0.1), (0.4, -0.12)], (96, 92, 96))
    _tower_part(figure, 0, 0.74, CREAM)
    _tower_part(figure, 0.1, 0.3, colour)
    _tower_part(figure, 0.48, 0.7, colour)
    figure.rect(-0.09, 0.74, 0.18, 0.13, LIT, "lamp")
    figure.polygon([(-0.14, 0.86), (0.14, 0.86), (0, 1)], colour)
    if figure.canvas.time in ("dusk", "night"):
        beam = [figure.at(point) for point in ((0.1, 0.81), (3.5, 1.5), (3.5, 0.5))]
        figure.canvas.area(paths.polygon(beam), (255, 240, 170), 0.26)


def _tower_part(figure: Figure, low: float, high: float, colour: Colour) -> None:
    def half(y: float) -> float:
        return 0.17 - 0.08 * y

    points = [(-half(low), low), (half(low), low), (half(high), high), (-half(high), high)]
    figure.polygon(points, colour)


def tent(figure: Figure, colour: Colour) -> None:
    """A triangle with a shaded side and an open flap, lit from inside in the dark."""
    figure.polygon([(-0.75, 0), (0.75, 0), (0, 1)], colour)
    figure.polygon([(0.32, 0), (0.75, 0), (0, 1)], shade(colour, 0.74))
    inside = window_colour(figure.canvas.time)
    if inside == LIT:
        figure.polygon([(-0.22, 0), (0.14, 0), (-0.02, 0.62)], LIT, "lamp")
    else:
        figure.polygon([(-0.22, 0), (0.14, 0), (-0.02, 0.62)], (58, 44, 48))


def windmill(figure: Figure, colour: Colour) -> None:
    """A tower with a cap and four broad sails."""
    figure.polygon([(-0.26, 0), (0.26, 0), (0.18, 0.62), (-0.18, 0.62)], colour)
    figure.polygon([(-0.23, 0.6), (0.23, 0.6), (0, 0.84)], WOOD)
    figure.rect(-0.07, 0, 0.14, 0.2, DOOR)
    turn = figure.canvas.rng.uniform(0.4, 1.1)
    for sail in range(4):
        angle = turn + sail * pi / 2
        tip = (0.44 * cos(angle), 0.64 + 0.44 * sin(angle))
        figure.line([(0, 0.64), tip], WOOD, 0.135)
        figure.line([(0, 0.64), tip], CREAM, 0.06)


def bridge(figure: Figure, colour: Colour) -> None:
    """A suspension bridge: two pylons, a deck and hanging cables."""
    span = [(-1 + i / 8, 0.34 + 0.6 * (abs(-1 + i / 8) * 2 - 1) ** 2) for i in range(17)]
    figure.line(span, RUST, 0.045)
    for x, y in span[2:15:2]:
        figure.line([(x, 0.2), (x, y)], RUST, 0.02)
    for x in (-0.5, 0.5):
        figure.rect(x - 0.055, -0.1, 0.11, 1.1, RUST)
    figure.rect(-1.15, 0.14, 2.3, 0.12, shade(RUST, 0.86))


def tower(figure: Figure, colour: Colour) -> None:
    """A lattice tower that narrows upwards, on an arch."""
    figure.polygon(
        [
            (-0.24, 0),
            (-0.13, 0),
            (-0.05, 0.17),
            (0.05, 0.17),
            (0.13, 0),
            (0.24, 0),
            (0.03, 0.86),
            (-0.03, 0.86),
        ],
        RUST,
    )
    figure.line([(0, 0.84), (0, 1)], RUST, 0.03)
    for y, half in ((0.26, 0.17), (0.5, 0.1)):
        figure.rect(-half, y, 2 * half, 0.045, tint(RUST, 0.25))


def pyramid(figure: Figure, colour: Colour) -> None:
    """One bright and one shaded face."""
    figure.polygon([(-0.85, 0), (0.85, 0), (0, 1)], SAND)
    figure.polygon([(0.22, 0), (0.85, 0), (0, 1)], shade(SAND, 0.7))


def sailboat(figure: Figure, colour: Colour) -> None:
    """A hull, a great sail in the colour and a paler jib."""
    figure.polygon([(-0.46, 0.14), (0.46, 0.14), (0.3, -0.08), (-0.3, -0.08)], WOOD)
    figure.polygon([(0.03, 1), (0.03, 0.22), (0.46, 0.22)], colour)
    figure.polygon([(-0.04, 0.9), (-0.04, 0.22), (-0.36, 0.22)], tint(colour, 0.3))


def balloon(figure: Figure, colour: Colour) -> None:
    """A striped envelope above a basket."""
    for x in (-0.1, 0.1):
        figure.line([(x * 1.6, 0.32), (x, 0.15)], WOOD, 0.02)
    dome = [(x, -y) for x, y in paths.arc(0, -0.66, 0.35, 0.34, 0.44, 1.06)]
    figure.polygon([(-0.11, 0.25), *dome, (0.11, 0.25)], colour)
    figure.oval(0, 0.65, 0.12, 0.33, tint(colour, 0.45))
    figure.rect(-0.11, 0, 0.22, 0.17, WOOD)


def train(figure: Figure, colour: Colour) -> None:
    """An engine with a slanted front and two carriages, on rails across the picture."""
    figure.canvas.stroke(paths.polyline([(-4, figure.y), (UNITS + 4, figure.y)]), (62, 62, 74), 2.0)
    pane = window_colour(figure.canvas.time)
    for x in (-2.3, -0.75):
        figure.rect(x, 0.12, 1.45, 0.88, colour)
    figure.polygon([(0.8, 0.12), (2.5, 0.12), (2.5, 0.4), (2.05, 1), (0.8, 1)], colour)
    for x in (-2.1, -1.5, -0.55, 0.05, 1.0, 1.6):
        figure.rect(x, 0.48, 0.38, 0.3, pane, "lamp")
