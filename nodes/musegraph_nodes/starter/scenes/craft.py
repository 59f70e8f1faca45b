"""Vehicles, toys and more buildings."""

from __future__ import annotations

from math import cos, pi, sin

from musegraph_nodes.starter.scenes import paths
from musegraph_nodes.starter.scenes.buildings import CREAM, DOOR, SLATE, WOOD, window_colour
from musegraph_nodes.starter.scenes.colour import Colour, mix, shade, tint
from musegraph_nodes.starter.scenes.figure import Figure

TYRE: Colour = (44, 42, 50)
STEEL: Colour = (206, 210, 218)
LAMP: Colour = (255, 236, 160)


def car(figure: Figure, colour: Colour) -> None:
    """A round little car from the side."""
    pane = window_colour(figure.canvas.time)
    figure.smooth(
        [
            (-0.95, 0.2),
            (-0.98, 0.5),
            (-0.62, 0.62),
            (-0.44, 1.02),
            (0.26, 1.04),
            (0.56, 0.62),
            (0.98, 0.54),
            (1.0, 0.2),
        ],
        colour,
    )
    figure.polygon([(-0.42, 0.62), (-0.32, 0.88), (-0.06, 0.88), (-0.06, 0.62)], pane, "lamp")
    figure.polygon([(0.04, 0.62), (0.04, 0.88), (0.22, 0.88), (0.4, 0.62)], pane, "lamp")
    for x in (-0.52, 0.54):
        figure.oval(x, 0.18, 0.2, 0.2, TYRE)
        figure.oval(x, 0.18, 0.08, 0.08, STEEL)
    figure.oval(0.9, 0.42, 0.06, 0.07, LAMP, "lamp")


def rowing_boat(figure: Figure, colour: Colour) -> None:
    """A curved hull with two benches and an oar on each side."""
    figure.line([(-0.2, 0.5), (-0.95, -0.12)], WOOD, 0.06)
    figure.line([(0.2, 0.5), (0.95, -0.12)], WOOD, 0.06)
    figure.smooth(
        [
            (-1.1, 0.86),
            (-0.92, 0.48),
            (0, 0.36),
            (0.92, 0.48),
            (1.1, 0.86),
            (0.72, 0.02),
            (0, -0.1),
            (-0.72, 0.02),
        ],
        colour,
    )
    figure.smooth(
        [(-0.9, 0.6), (-0.5, 0.4), (0.5, 0.4), (0.9, 0.6), (0.5, 0.5), (-0.5, 0.5)],
        shade(colour, 0.6),
    )


def airplane(figure: Figure, colour: Colour) -> None:
    """A small one with a propeller, climbing to the right."""
    figure.polygon([(-0.9, 0.5), (-1.14, 0.96), (-0.9, 0.96), (-0.56, 0.56)], shade(colour, 0.8))
    figure.smooth(
        [
            (-1.06, 0.44),
            (-0.96, 0.64),
            (0.3, 0.84),
            (0.76, 0.66),
            (0.86, 0.44),
            (0.7, 0.24),
            (0, 0.2),
        ],
        colour,
    )
    pane = window_colour(figure.canvas.time)
    figure.smooth([(0.04, 0.7), (0.16, 0.98), (0.48, 0.92), (0.56, 0.66)], pane, "lamp")
    figure.polygon([(-0.16, 0.46), (0.4, 0.46), (0.08, 0.02), (-0.42, 0.02)], tint(colour, 0.4))
    figure.line([(0.88, 0.1), (0.88, 0.8)], TYRE, 0.07)


def kite(figure: Figure, colour: Colour) -> None:
    """A diamond with a cross and a tail with bows."""
    tail = [(0.0, 0.38), (-0.1, 0.26), (0.06, 0.12), (-0.06, -0.04)]
    figure.line(tail, tint(colour, 0.3), 0.04)
    figure.polygon([(0, 1), (0.32, 0.7), (0, 0.36), (-0.32, 0.7)], colour)
    figure.polygon([(0, 1), (0.32, 0.7), (0, 0.7)], tint(colour, 0.4))
    figure.polygon([(0, 0.36), (-0.32, 0.7), (0, 0.7)], tint(colour, 0.4))
    for x, y in tail[1:]:
        figure.polygon([(x - 0.08, y + 0.05), (x + 0.08, y - 0.05), (x + 0.08, y + 0.05)], colour)


def parasol(figure: Figure, colour: Colour) -> None:
    """A striped one, stuck in the sand, with a towel."""
    figure.polygon([(0.2, 0.02), (0.96, 0.02), (1.06, 0.12), (0.34, 0.12)], tint(colour, 0.45))
    figure.line([(0.1, 0), (-0.06, 0.8)], STEEL, 0.05)
    dome = [(x, -y) for x, y in paths.arc(-0.04, -0.52, 0.72, 0.46, 0.5, 1)]
    figure.polygon([*dome, (0.68, 0.48), (-0.76, 0.48)], colour)
    for low, high in ((-0.52, -0.28), (0.18, 0.42)):
        figure.polygon([(low, 0.5), (high, 0.5), (-0.04, 0.98)], CREAM)


def barn(figure: Figure, colour: Colour) -> None:
    """A bent roof, a white cross on its great door and a loft."""
    wall = [(-0.6, 0), (0.6, 0), (0.6, 0.52), (0.4, 0.8), (0, 0.96), (-0.4, 0.8), (-0.6, 0.52)]
    figure.polygon(wall, colour)
    roof = [(-0.68, 0.5), (-0.46, 0.84), (0, 1.02), (0.46, 0.84), (0.68, 0.5)]
    figure.line(roof, SLATE, 0.1)
    figure.rect(-0.26, 0, 0.52, 0.42, shade(colour, 0.62))
    for line in ([(-0.24, 0.02), (0.24, 0.4)], [(-0.24, 0.4), (0.24, 0.02)]):
        figure.line(line, CREAM, 0.045)
    figure.rect(-0.1, 0.56, 0.2, 0.16, window_colour(figure.canvas.time), "lamp")


def church(figure: Figure, colour: Colour) -> None:
    """White walls, a steeple, and roofs in the colour."""
    figure.rect(-0.2, 0, 0.62, 0.34, CREAM)
    figure.polygon([(-0.26, 0.32), (0.48, 0.32), (0.36, 0.56), (-0.26, 0.56)], colour)
    figure.rect(-0.46, 0, 0.3, 0.58, CREAM)
    figure.polygon([(-0.53, 0.56), (-0.09, 0.56), (-0.31, 1)], colour)
    arch = [(x, -y) for x, y in paths.arc(-0.31, -0.16, 0.08, 0.1, 0.5, 1)]
    figure.polygon([(-0.39, 0), *arch, (-0.23, 0)], DOOR)
    pane = window_colour(figure.canvas.time)
    figure.rect(-0.36, 0.36, 0.1, 0.13, pane, "lamp")
    for x in (-0.06, 0.18):
        figure.rect(x, 0.1, 0.11, 0.16, pane, "lamp")


def pagoda(figure: Figure, colour: Colour) -> None:
    """Three storeys under curved roofs in the colour, and a spire."""
    figure.rect(-0.42, -0.02, 0.84, 0.07, SLATE)
    pane = window_colour(figure.canvas.time)
    for floor, (low, half) in enumerate(((0.04, 0.3), (0.34, 0.24), (0.6, 0.18))):
        tall = 0.17 - 0.02 * floor
        figure.rect(-half, low, 2 * half, tall, CREAM)
        figure.rect(-0.07, low, 0.14, tall * 0.8, pane if floor else DOOR, "lamp")
        eave, ridge = low + tall - 0.02, low + tall + 0.13
        wide = half + 0.17
        outline = [(-wide, eave + 0.05), (-half, eave), (half, eave), (wide, eave + 0.05)]
        figure.polygon([*outline, (half * 0.72, ridge), (-half * 0.72, ridge)], colour)
    figure.line([(0, 0.84), (0, 1)], mix(colour, SLATE, 0.5), 0.05)


def wheel(figure: Figure, colour: Colour) -> None:
    """A Ferris wheel with eight cabins."""
    figure.line([(-0.3, 0), (0, 0.54), (0.3, 0)], SLATE, 0.05)
    rim = [(0.42 * cos(i * pi / 12), 0.54 + 0.42 * sin(i * pi / 12)) for i in range(25)]
    figure.line(rim, colour, 0.06)
    for spoke in range(4):
        x, y = 0.42 * cos(spoke * pi / 4), 0.42 * sin(spoke * pi / 4)
        figure.line([(-x, 0.54 - y), (x, 0.54 + y)], tint(colour, 0.3), 0.025)
    for cabin in range(8):
        angle = (cabin + 0.5) * pi / 4
        x, y = 0.42 * cos(angle), 0.54 + 0.42 * sin(angle)
        figure.oval(x, y - 0.03, 0.075, 0.075, colour)
