"""More animals, in profile."""

from __future__ import annotations

from musegraph_nodes.starter.scenes.colour import Colour, shade, tint
from musegraph_nodes.starter.scenes.figure import Figure

FOX: Colour = (226, 112, 44)
BAY: Colour = (134, 78, 44)
MANE: Colour = (58, 40, 36)
WOOL: Colour = (248, 244, 234)
FACE: Colour = (60, 54, 58)
SLATE: Colour = (58, 62, 78)
BEAK: Colour = (246, 158, 48)
DOLPHIN: Colour = (104, 138, 172)
BEAR: Colour = (112, 72, 48)
DARK: Colour = (34, 32, 40)


def fox(figure: Figure, colour: Colour) -> None:
    """Sitting, its tail around it."""
    figure.smooth(
        [(-0.2, 0), (-0.62, 0.02), (-0.72, 0.3), (-0.56, 0.52), (-0.42, 0.3), (-0.22, 0.2)], FOX
    )
    figure.smooth([(-0.7, 0.26), (-0.7, 0.5), (-0.54, 0.54), (-0.52, 0.36)], WOOL)
    figure.smooth(
        [(-0.32, -0.02), (-0.34, 0.34), (-0.06, 0.62), (0.22, 0.56), (0.26, 0.2), (0.24, -0.02)],
        FOX,
    )
    figure.smooth([(0.06, 0.02), (0.08, 0.44), (0.24, 0.5), (0.24, 0.02)], WOOL)
    figure.polygon([(-0.06, 0.78), (-0.04, 1.06), (0.14, 0.9)], shade(FOX, 0.8))
    figure.polygon([(0.16, 0.88), (0.28, 1.06), (0.34, 0.8)], FOX)
    figure.polygon(
        [(-0.08, 0.74), (0.06, 0.9), (0.32, 0.88), (0.42, 0.72), (0.2, 0.5), (0, 0.54)], FOX
    )
    figure.polygon([(-0.02, 0.62), (0.2, 0.66), (0.4, 0.7), (0.2, 0.5), (0, 0.54)], WOOL)
    figure.oval(0.2, 0.76, 0.03, 0.035, DARK)


def horse(figure: Figure, colour: Colour) -> None:
    """Standing, its head up."""
    for x in (-0.42, -0.3, 0.16, 0.28):
        figure.line([(x, 0.44), (x, 0.02)], shade(BAY, 0.84), 0.07)
    figure.smooth([(-0.44, 0.6), (-0.66, 0.5), (-0.62, 0.14), (-0.52, 0.2), (-0.46, 0.46)], MANE)
    figure.smooth(
        [
            (-0.54, 0.42),
            (-0.5, 0.64),
            (0.06, 0.6),
            (0.26, 0.72),
            (0.32, 0.98),
            (0.46, 1.0),
            (0.7, 0.78),
            (0.62, 0.68),
            (0.46, 0.74),
            (0.4, 0.44),
            (0.1, 0.36),
        ],
        BAY,
    )
    figure.smooth([(0.1, 0.64), (0.22, 0.92), (0.36, 1.06), (0.38, 0.94), (0.26, 0.7)], MANE)
    figure.polygon([(0.36, 0.96), (0.38, 1.1), (0.46, 0.98)], BAY)


def sheep(figure: Figure, colour: Colour) -> None:
    """A cloud of wool on four legs."""
    for x in (-0.36, -0.2, 0.16, 0.3):
        figure.line([(x, 0.3), (x, 0.02)], FACE, 0.09)
    puffs = [(-0.4, 0.5, 0.24, 0.24), (-0.14, 0.64, 0.26, 0.24), (0.16, 0.62, 0.26, 0.24)]
    puffs += [(0.36, 0.48, 0.22, 0.22), (-0.1, 0.4, 0.36, 0.2), (0.2, 0.38, 0.26, 0.18)]
    figure.blob(puffs, WOOL)
    figure.smooth([(0.44, 0.74), (0.62, 0.8), (0.8, 0.56), (0.7, 0.42), (0.5, 0.5)], FACE)
    figure.oval(0.46, 0.8, 0.12, 0.08, WOOL)


def penguin(figure: Figure, colour: Colour) -> None:
    """Upright, white in front."""
    for x in (-0.1, 0.12):
        figure.oval(x, 0.02, 0.1, 0.04, BEAK)
    figure.smooth(
        [
            (-0.28, 0.06),
            (-0.34, 0.44),
            (-0.18, 0.94),
            (0.04, 1.04),
            (0.22, 0.94),
            (0.32, 0.44),
            (0.26, 0.06),
        ],
        SLATE,
    )
    figure.smooth([(-0.14, 0.08), (-0.18, 0.4), (-0.02, 0.7), (0.2, 0.6), (0.22, 0.1)], WOOL)
    figure.smooth([(-0.26, 0.64), (-0.46, 0.26), (-0.36, 0.22), (-0.2, 0.46)], shade(SLATE, 0.8))
    figure.polygon([(0.16, 0.86), (0.36, 0.8), (0.16, 0.76)], BEAK)
    figure.oval(0.08, 0.86, 0.035, 0.035, WOOL)


def dolphin(figure: Figure, colour: Colour) -> None:
    """In a leap above the water."""
    figure.smooth([(0.02, 0.9), (-0.1, 1.14), (-0.24, 1.12), (-0.22, 0.9)], shade(DOLPHIN, 0.84))
    figure.smooth(
        [
            (-1.0, 0.08),
            (-0.94, 0.3),
            (-0.7, 0.4),
            (-0.36, 0.86),
            (0.14, 1.02),
            (0.56, 0.82),
            (0.96, 0.5),
            (0.9, 0.42),
            (0.6, 0.5),
            (0.2, 0.58),
            (-0.2, 0.5),
            (-0.6, 0.22),
            (-0.76, 0.02),
        ],
        DOLPHIN,
    )
    figure.smooth([(0.72, 0.5), (0.2, 0.66), (-0.2, 0.54), (0.2, 0.52)], tint(DOLPHIN, 0.6))
    figure.smooth([(0.24, 0.6), (0.1, 0.34), (0.3, 0.4), (0.42, 0.58)], shade(DOLPHIN, 0.84))
    figure.oval(0.58, 0.7, 0.03, 0.03, DARK)
    for x, height in ((-0.9, 0.1), (-0.7, 0.14), (0.72, 0.1), (0.9, 0.12)):
        figure.oval(x, -0.02, 0.14, height, tint(DOLPHIN, 0.7))


def bear(figure: Figure, colour: Colour) -> None:
    """On all fours."""
    for x in (-0.52, -0.28, 0.16, 0.38):
        figure.rect(x - 0.09, 0, 0.18, 0.4, shade(BEAR, 0.82))
    figure.smooth(
        [
            (-0.7, 0.3),
            (-0.66, 0.72),
            (-0.2, 0.88),
            (0.22, 0.86),
            (0.44, 1.0),
            (0.72, 0.98),
            (1.0, 0.72),
            (0.92, 0.58),
            (0.62, 0.56),
            (0.46, 0.28),
        ],
        BEAR,
    )
    figure.oval(0.46, 0.96, 0.09, 0.09, shade(BEAR, 0.82))
    figure.oval(0.86, 0.66, 0.13, 0.09, tint(BEAR, 0.45))
    figure.oval(0.95, 0.69, 0.045, 0.035, DARK)
    figure.oval(0.72, 0.8, 0.03, 0.03, DARK)
