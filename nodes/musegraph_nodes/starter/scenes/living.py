"""Subjects that grow, swim or walk, and other things of nature."""

from __future__ import annotations

import math

from musegraph_nodes.starter.scenes import paths
from musegraph_nodes.starter.scenes.colour import Colour, shade, tint
from musegraph_nodes.starter.scenes.figure import Figure

TRUNK: Colour = (104, 72, 50)
PINE: Colour = (44, 116, 84)
LEAF: Colour = (84, 154, 70)
CACTUS: Colour = (62, 146, 84)
FAWN: Colour = (166, 100, 56)
CAMEL: Colour = (160, 92, 48)
SEA_BLUE: Colour = (62, 88, 130)
SNOW: Colour = (246, 250, 255)
CARROT: Colour = (242, 134, 34)
CREAM: Colour = (246, 236, 216)
DARK: Colour = (40, 40, 52)
BARK: Colour = (136, 90, 56)
FROND: Colour = (64, 148, 84)


def pine(figure: Figure, colour: Colour = PINE, snow: bool = False) -> None:
    """One conifer of three tiers, slender or broad, sometimes with snow on it."""
    figure.rect(-0.05, 0, 0.1, 0.2, TRUNK)
    broad = figure.canvas.rng.uniform(0.8, 1.15)
    tiers = [(0.3, 0.14), (0.13, 0.42), (0.23, 0.42), (0.09, 0.68), (0.17, 0.68)]
    right = [(x * broad, y) for x, y in tiers]
    left = [(-x, y) for x, y in reversed(right)]
    figure.polygon([*right, (0, 1), *left], colour)
    if snow:
        figure.polygon(
            [(0, 1), (0.12 * broad, 0.77), (0.03, 0.82), (-0.05, 0.74), (-0.12 * broad, 0.77)], SNOW
        )
        figure.line([(0.21 * broad, 0.46), (0.02, 0.53)], SNOW, 0.06)


def tree(figure: Figure, colour: Colour = LEAF) -> None:
    """One broad-leaved tree with a round crown that catches the light."""
    figure.rect(-0.06, 0, 0.12, 0.46, TRUNK)
    wide = figure.canvas.rng.uniform(0.88, 1.12)
    figure.blob(
        [
            (-0.2 * wide, 0.54, 0.22 * wide, 0.2),
            (0.2 * wide, 0.54, 0.22 * wide, 0.2),
            (0, 0.74, 0.27 * wide, 0.26),
        ],
        colour,
    )
    if figure.role == "scenery" and figure.canvas.dapples:
        light = figure.oval_path(-0.08, 0.8, 0.13 * wide, 0.1)
        tone = figure.canvas.toned(tint(colour, 0.3), "scenery")
        figure.canvas.area(light, figure.canvas.hazed(tone, figure.haze), 0.55)


def palm(figure: Figure, lean: float) -> None:
    """A leaning trunk and seven fronds."""
    top = (lean, 0.74)
    figure.line([(0, 0), (lean * 0.3, 0.4), top], BARK, 0.07)
    for turn in (-2.9, -2.45, -1.9, -1.3, -0.75, -0.25, 0.15):
        x, y = math.cos(turn), -math.sin(turn)
        tip = (top[0] + 0.36 * x, top[1] + 0.2 * y - 0.06 - 0.12 * abs(x))
        bend = (top[0] + 0.22 * x, top[1] + 0.24 * y + 0.06)
        low = (bend[0], bend[1] - 0.1)
        figure.polygon([top, bend, tip, low], FROND)


def _group(figure: Figure, offsets: tuple[tuple[float, float], ...]) -> list[Figure]:
    return [
        Figure(figure.canvas, figure.x + x * figure.height, figure.y, figure.height * scale)
        for x, scale in offsets
    ]


def pine_trees(figure: Figure, colour: Colour) -> None:
    """Three conifers, the middle one in front."""
    for index, one in enumerate(_group(figure, ((-0.36, 0.78), (0.36, 0.84), (0, 1.0)))):
        pine(one, shade(PINE, 0.86 + 0.1 * index))


def trees(figure: Figure, colour: Colour) -> None:
    """Three broad-leaved trees."""
    for index, one in enumerate(_group(figure, ((-0.46, 0.8), (0.46, 0.86), (0, 1.0)))):
        tree(one, shade(LEAF, 0.88 + 0.1 * index))


def birds(figure: Figure, colour: Colour) -> None:
    """Four gulls on the wing."""
    dark = figure.canvas.time in ("dusk", "night")
    ink = (236, 240, 248) if dark else (36, 36, 50)
    jitter = figure.canvas.rng.normal(0, 0.03, (4, 2))
    places = ((-0.5, 0.5), (-0.02, 0.9), (0.12, 0.16), (0.54, 0.6))
    for (x, y), (dx, dy) in zip(places, jitter, strict=True):
        gull = [(-0.28, 0.1), (-0.13, 0.17), (0, 0.04), (0.13, 0.17), (0.28, 0.1)]
        figure.line([(x + dx + a, y + dy + b) for a, b in gull], ink, 0.068)


def whale(figure: Figure, colour: Colour) -> None:
    """A back above the water, a raised tail and a spout."""
    figure.smooth(
        [
            (-0.91, -0.08),
            (-0.96, 0.3),
            (-0.61, 0.62),
            (-0.06, 0.55),
            (0.34, 0.2),
            (0.59, 0.1),
            (0.64, -0.08),
        ],
        SEA_BLUE,
    )
    figure.smooth(
        [(0.5, 0), (0.58, 0.36), (0.36, 0.66), (0.7, 0.5), (1.0, 0.66), (0.78, 0.34), (0.72, 0)],
        SEA_BLUE,
    )
    figure.smooth(
        [(-0.9, -0.08), (-0.86, 0.14), (-0.36, 0.12), (-0.06, -0.08)], tint(SEA_BLUE, 0.6)
    )
    figure.oval(-0.68, 0.26, 0.035, 0.035, DARK)
    for side in (-0.14, 0.14):
        spout = [(-0.48, 0.62), (-0.48 + side * 0.5, 0.92), (-0.48 + side * 1.5, 0.9)]
        figure.line(spout, (226, 242, 250), 0.055)


def island(figure: Figure, colour: Colour) -> None:
    """Sand with a leaning palm."""
    figure.oval(0, -0.02, 0.62, 0.15, (240, 212, 148))
    figure.line([(-0.04, 0.05), (0.02, 0.4), (0.12, 0.76)], (136, 90, 56), 0.075)
    for end, bend in ((-0.4, 0.98), (-0.26, 0.62), (0.3, 1.06), (0.56, 0.9), (0.44, 0.54)):
        middle = ((end + 0.12) / 2, (bend + 0.9) / 2 + 0.04)
        figure.smooth(
            [
                (0.12, 0.72),
                (middle[0], middle[1] - 0.06),
                (end, bend - 0.2),
                (middle[0], middle[1] + 0.1),
            ],
            (64, 158, 84),
        )


def palm_trees(figure: Figure, colour: Colour) -> None:
    """Two that lean apart."""
    for x, scale, lean in ((-0.16, 0.86, -0.2), (0.14, 1.12, 0.16)):
        at = figure.x + x * figure.height
        palm(Figure(figure.canvas, at, figure.y, figure.height * scale), lean)


def cactus(figure: Figure, colour: Colour) -> None:
    """A column with two arms."""
    trunk = [(-0.12, -0.04), (-0.12, 0.86), (-0.06, 1), (0.06, 1), (0.12, 0.86), (0.12, -0.04)]
    left = [(-0.1, 0.34), (-0.38, 0.34), (-0.38, 0.72), (-0.25, 0.72), (-0.25, 0.48), (-0.1, 0.48)]
    right = [(0.1, 0.22), (0.4, 0.22), (0.4, 0.62), (0.27, 0.62), (0.27, 0.36), (0.1, 0.36)]
    outlines = [paths.polygon(map(figure.at, part)) for part in (trunk, left, right)]
    figure.canvas.fill(paths.union(*outlines), CACTUS, figure.role)
    figure.line([(0, 0.1), (0, 0.86)], tint(CACTUS, 0.4), 0.035)


def camel(figure: Figure, colour: Colour) -> None:
    """Two humps, four legs, a curved neck."""
    for x in (-0.62, -0.44, 0.02, 0.18):
        figure.line([(x, 0.4), (x, 0.02)], shade(CAMEL, 0.86), 0.085)
    figure.smooth(
        [
            (-0.78, 0.34),
            (-0.74, 0.62),
            (-0.54, 0.62),
            (-0.44, 1.0),
            (-0.28, 0.68),
            (-0.1, 0.64),
            (-0.02, 1.02),
            (0.14, 0.66),
            (0.32, 0.56),
            (0.44, 0.74),
            (0.44, 1.04),
            (0.8, 1.0),
            (0.78, 0.82),
            (0.62, 0.84),
            (0.62, 0.5),
            (0.32, 0.3),
        ],
        CAMEL,
    )


def deer(figure: Figure, colour: Colour) -> None:
    """In profile, with antlers."""
    for x in (-0.3, -0.2, 0.12, 0.22):
        figure.line([(x, 0.4), (x, 0.02)], shade(FAWN, 0.84), 0.06)
    for tip in (-0.14, 0.16):
        base = 0.33
        figure.line([(base, 0.78), (base + tip, 0.88), (base + tip * 1.1, 1)], (98, 68, 48), 0.036)
        figure.line([(base + tip, 0.88), (base + tip * 2, 0.95)], (98, 68, 48), 0.036)
    figure.smooth(
        [
            (-0.42, 0.4),
            (-0.42, 0.6),
            (0.1, 0.58),
            (0.2, 0.66),
            (0.22, 0.86),
            (0.42, 0.82),
            (0.58, 0.7),
            (0.54, 0.62),
            (0.4, 0.66),
            (0.34, 0.4),
            (0.1, 0.34),
        ],
        FAWN,
    )
    figure.oval(-0.4, 0.55, 0.06, 0.05, CREAM)


def mushrooms(figure: Figure, colour: Colour) -> None:
    """Three, with dotted caps."""
    dots = (206, 160, 116) if min(colour) > 200 else CREAM
    for x, scale in ((-0.55, 0.66), (0.55, 0.6), (0.05, 1.0)):
        one = Figure(figure.canvas, figure.x + x * figure.height, figure.y, figure.height * scale)
        one.rect(-0.13, 0, 0.26, 0.55, CREAM)
        one.polygon(
            [(-0.5, 0.45), *((a, -b) for a, b in paths.arc(0, -0.45, 0.5, 0.55, 0.5, 1))], colour
        )
        for dot, height in ((-0.24, 0.62), (0.04, 0.8), (0.26, 0.6)):
            one.oval(dot, height, 0.07, 0.07, dots, "lamp")


def flowers(figure: Figure, colour: Colour) -> None:
    """Five tall blossoms."""
    heart = (
        (180, 96, 40) if colour[0] > 240 and colour[1] > 200 and colour[2] < 100 else (250, 214, 80)
    )
    for x, height in ((-0.85, 0.62), (-0.42, 0.92), (0, 0.66), (0.44, 0.96), (0.86, 0.64)):
        figure.line([(x * 0.9, -0.12), (x, height - 0.1)], (62, 128, 58), 0.06)
        ring = [(0.0, 0.15), (0.15, 0.04), (0.09, -0.13), (-0.09, -0.13), (-0.15, 0.04)]
        figure.blob([(x + a, height + b, 0.125, 0.125) for a, b in ring], colour)
        figure.oval(x, height, 0.085, 0.085, heart)


def swan(figure: Figure, colour: Colour) -> None:
    """A body with a raised wing and a curved neck."""
    figure.smooth(
        [
            (0.28, 0.2),
            (0.54, 0.4),
            (0.28, 0.62),
            (0.3, 0.98),
            (0.56, 1.04),
            (0.64, 0.86),
            (0.48, 0.8),
            (0.46, 0.74),
            (0.74, 0.46),
            (0.66, 0.06),
            (0.3, -0.04),
            (-0.5, -0.04),
            (-0.86, 0.3),
            (-0.8, 0.46),
            (-0.4, 0.42),
            (0.0, 0.44),
        ],
        SNOW,
    )
    figure.smooth([(-0.7, 0.34), (-0.1, 0.4), (0.2, 0.2), (-0.2, 0.08)], shade(SNOW, 0.86))
    figure.polygon([(0.6, 0.93), (0.8, 0.84), (0.6, 0.82)], CARROT)


def snowman(figure: Figure, colour: Colour) -> None:
    """Three balls, a hat, a scarf and a carrot."""
    for y, radius in ((0.22, 0.24), (0.5, 0.18), (0.72, 0.135)):
        figure.oval(0, y, radius, radius, SNOW)
    figure.rect(-0.13, 0.58, 0.26, 0.07, (206, 50, 50))
    figure.rect(-0.11, 0.83, 0.22, 0.17, DARK)
    figure.rect(-0.18, 0.81, 0.36, 0.05, DARK)
    figure.polygon([(0, 0.75), (0, 0.69), (0.2, 0.71)], CARROT)
    for y in (0.42, 0.52):
        figure.oval(0, y, 0.022, 0.022, DARK)
