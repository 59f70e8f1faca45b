"""The landscape behind the subject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from musegraph_nodes.starter.scenes import paths
from musegraph_nodes.starter.scenes.canvas import UNITS, Canvas
from musegraph_nodes.starter.scenes.colour import Colour, mix, shade, tint
from musegraph_nodes.starter.scenes.figure import Figure
from musegraph_nodes.starter.scenes.living import pine, tree

ROCK: Colour = (112, 120, 158)
SNOW: Colour = (242, 247, 254)
MEADOW: Colour = (140, 190, 96)
WOODLAND: Colour = (96, 158, 96)
FIR: Colour = (52, 112, 88)
WATER: Colour = (48, 132, 172)
LAKE_WATER: Colour = (84, 158, 190)
DUNE: Colour = (234, 182, 112)
CITY: tuple[Colour, ...] = ((132, 140, 176), (84, 88, 128))
LIT_WINDOW: Colour = (255, 226, 130)
DAY_WINDOW: Colour = (198, 222, 238)


@dataclass(frozen=True)
class Stage:
    """Where things are, in picture units: the horizon, the subject's ground and its middle."""

    horizon: float
    ground: float
    x: float


def draw_backdrop(canvas: Canvas, scene: str, stage: Stage) -> None:
    """Draw the land of `scene` below and around the horizon."""
    BACKDROPS[scene](canvas, stage)


def _band(
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
    outline = [*zip(x, edge, strict=True), (UNITS + 4, UNITS + 4), (-4, UNITS + 4)]
    canvas.land(paths.polygon(outline), y - swell, colour, haze, glow)


def _peak(
    canvas: Canvas, x: float, top: float, base: float, colour: Colour, haze: float, cap: float
) -> None:
    """A mountain with a shaded flank; `cap` is the part of its height under snow."""
    height = base - top
    left, right = x - height * 1.05, x + height * 1.1
    canvas.land(paths.polygon([(left, base), (x, top), (right, base)]), top, colour, haze, 0)
    flank = [
        (x, top),
        (right, base),
        (x + height * 0.16, base),
        (x + height * 0.1, top + height * 0.5),
    ]
    canvas.fill(paths.polygon(flank), shade(colour, 0.86), haze=haze)
    if cap:
        deep = cap * height
        edge = [
            (x + deep * 1.1, top + deep),
            (x + deep * 0.5, top + deep * 0.8),
            (x + deep * 0.1, top + deep * 1.25),
            (x - deep * 0.4, top + deep * 0.82),
            (x - deep * 1.05, top + deep),
        ]
        canvas.fill(paths.polygon([(x, top), *edge]), SNOW, haze=haze * 0.5, glow=1)


def _range(canvas: Canvas, horizon: float, colour: Colour, height: float, cap: float) -> None:
    """A great peak between lower ones."""
    rng = canvas.rng
    summit = rng.uniform(36, 92)
    for x, part in ((summit - 52, 0.66), (summit + 54, 0.7), (summit, 1.0)):
        top = horizon - height * part * rng.uniform(0.92, 1.06)
        haze = 0.42 - 0.2 * (part == 1.0)
        _peak(canvas, x + rng.normal(0, 4), top, horizon + 8, colour, haze, cap * part)


def _mountains(canvas: Canvas, stage: Stage) -> None:
    _range(canvas, stage.horizon, ROCK, 56, 0.3)
    _band(canvas, stage.horizon + 3, 3, 1.1, mix(MEADOW, ROCK, 0.35), 0.16, 1)
    _band(canvas, stage.horizon + 18, 2.5, 0.8, MEADOW, 0.0, 1)


def _winter(canvas: Canvas, stage: Stage) -> None:
    _range(canvas, stage.horizon, (150, 172, 210), 48, 0.55)
    _band(canvas, stage.horizon + 2, 3, 1.2, (206, 220, 240), 0.1, 1)
    for x in (8.0, 34.0, 62.0, 92.0, 120.0):
        if abs(x - stage.x) > 20:
            height = canvas.rng.uniform(16, 22)
            y = stage.horizon + canvas.rng.uniform(10, 15)
            pine(
                Figure(canvas, x + canvas.rng.normal(0, 3), y, height, "scenery", 0.2),
                (92, 138, 140),
            )
    _band(canvas, stage.horizon + 17, 2.5, 0.9, (236, 243, 252), 0.0, 1)


def _lake(canvas: Canvas, stage: Stage) -> None:
    _range(canvas, stage.horizon, ROCK, 50, 0.3)
    _band(canvas, stage.horizon + 1, 2, 1.3, WOODLAND, 0.1, 1)
    water = paths.oval(64, stage.horizon + 48, 96, 36)
    canvas.land(water, stage.horizon + 14, LAKE_WATER, 0.12, 0)
    _ripples(canvas, stage.horizon + 22, 4, LAKE_WATER)


def _sea(canvas: Canvas, stage: Stage) -> None:
    water = paths.rect(-4, stage.horizon, UNITS + 8, UNITS)
    canvas.land(water, stage.horizon, WATER, 0.08, 1)
    crest = tint(WATER, 0.5)
    for row in range(4):
        y = stage.horizon + 9 + 15 * row
        x = np.linspace(-4, UNITS + 4, 41)
        wave = y + (1.2 + 0.5 * row) * np.sin(x * (0.26 - 0.03 * row) + canvas.rng.uniform(0, 6))
        canvas.stroke(paths.polyline(zip(x, wave, strict=True)), crest, 1.2, alpha=0.6)


def _ripples(canvas: Canvas, top: float, rows: int, colour: Colour) -> None:
    for row in range(rows):
        y = top + 10 * row + canvas.rng.normal(0, 1)
        x = canvas.rng.uniform(8, 92)
        line = paths.polyline([(x, y), (x + canvas.rng.uniform(16, 28), y)])
        canvas.stroke(line, tint(colour, 0.5), 1.3, alpha=0.7)


def _desert(canvas: Canvas, stage: Stage) -> None:
    _band(canvas, stage.horizon + 1, 5, 0.9, mix(DUNE, (250, 214, 150), 0.5), 0.24, 2)
    _band(canvas, stage.horizon + 13, 5, 0.7, DUNE, 0.08, 2)
    _band(canvas, stage.horizon + 24, 3.5, 0.6, mix(DUNE, (214, 138, 82), 0.45), 0.0, 2)


def _hills(canvas: Canvas, stage: Stage) -> None:
    far, middle, near = mix(MEADOW, (110, 176, 150), 0.5), MEADOW, mix(MEADOW, (176, 206, 92), 0.6)
    _band(canvas, stage.horizon, 8, 0.9, far, 0.3, 1)
    for x in canvas.rng.uniform(6, 122, 3):
        tree(Figure(canvas, x, stage.horizon + 12, 15, "scenery", 0.2), (104, 160, 92))
    _band(canvas, stage.horizon + 13, 5, 0.8, middle, 0.1, 1)
    _band(canvas, stage.horizon + 25, 3.5, 0.7, near, 0.0, 1)


def _forest(canvas: Canvas, stage: Stage) -> None:
    rng = canvas.rng
    for x in np.arange(2, UNITS + 8, 15):
        figure = Figure(
            canvas, x + rng.normal(0, 2), stage.horizon + 6, rng.uniform(38, 52), "scenery", 0.5
        )
        pine(figure, mix(FIR, WOODLAND, 0.4))
    _band(canvas, stage.horizon + 2, 2, 1, mix(WOODLAND, FIR, 0.4), 0.2, 1)
    for x in np.arange(-2, UNITS + 8, 22):
        if abs(x - stage.x) > 27:
            y, height = stage.horizon + rng.uniform(14, 22), rng.uniform(50, 64)
            pine(Figure(canvas, x + rng.normal(0, 3), y, height, "scenery", 0.1), FIR)
    _band(canvas, stage.horizon + 19, 2, 0.8, WOODLAND, 0.0, 1)


def _city(canvas: Canvas, stage: Stage) -> None:
    for layer in range(len(CITY)):
        x = -6.0 + canvas.rng.uniform(0, 6)
        while x < UNITS:
            width = canvas.rng.uniform(14, 21)
            height = canvas.rng.uniform(30, 58) if layer == 0 else canvas.rng.uniform(16, 40)
            _high_rise(canvas, x, stage.horizon, width, height, layer)
            x += width + (1.0 if layer == 0 else canvas.rng.uniform(0, 7))
    quay = paths.rect(-4, stage.horizon, UNITS + 8, UNITS)
    canvas.land(quay, stage.horizon, (96, 124, 152), 0.12, 1)
    _ripples(canvas, stage.horizon + 22, 2, (96, 124, 152))


def _high_rise(
    canvas: Canvas, x: float, ground: float, width: float, height: float, layer: int
) -> None:
    colour = shade(CITY[layer], canvas.rng.uniform(0.92, 1.08))
    haze = 0.34 * (1 - layer)
    canvas.fill(
        paths.rect(x, ground - height, width, height + 4), colour, haze=haze, glow=layer * 2
    )
    if layer == 0:
        return
    dark = canvas.time in ("sunset", "dusk", "night")
    pane = LIT_WINDOW if dark else canvas.toned(DAY_WINDOW, "scenery")
    for y in np.arange(ground - height + 5, ground - 5, 8):
        for column in (x + width * 0.2, x + width * 0.6):
            if canvas.rng.random() < 0.62:
                canvas.area(paths.rect(column, y, width * 0.22, 4), pane)


BACKDROPS: dict[str, Callable[[Canvas, Stage], None]] = {
    "mountains": _mountains,
    "sea": _sea,
    "desert": _desert,
    "city": _city,
    "forest": _forest,
    "hills": _hills,
    "lake": _lake,
    "winter": _winter,
}
