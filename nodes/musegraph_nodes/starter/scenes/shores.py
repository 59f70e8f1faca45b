"""Landscapes with water."""

from __future__ import annotations

import numpy as np

from musegraph_nodes.starter.scenes import paths
from musegraph_nodes.starter.scenes.canvas import UNITS, Canvas
from musegraph_nodes.starter.scenes.colour import Colour, mix, shade, tint
from musegraph_nodes.starter.scenes.figure import Figure
from musegraph_nodes.starter.scenes.lands import (
    MEADOWS,
    ROCK,
    WATER,
    WOODLANDS,
    Stage,
    band,
    bloom,
    great_range,
    land_below,
    ridge,
    ripples,
    wood,
)
from musegraph_nodes.starter.scenes.living import palm

LAKE_WATER: Colour = (84, 158, 190)
LAGOON: Colour = (44, 168, 184)
SAND: Colour = (244, 216, 160)
FOAM: Colour = (244, 252, 252)
CLIFF: Colour = (118, 116, 126)


def sea(canvas: Canvas, stage: Stage) -> None:
    """Open water with crests, sometimes a far coast."""
    if canvas.rng.random() < 0.35:
        ridge(canvas, stage.horizon + 3, canvas.rng.uniform(8, 18), ROCK, 0.55, 0.35)
    water = paths.rect(-4, stage.horizon, UNITS + 8, UNITS)
    canvas.land(water, stage.horizon, WATER, 0.08, 1)
    crest = tint(WATER, 0.5)
    for row in range(4):
        y = stage.horizon + 9 + 15 * row
        x = np.linspace(-4, UNITS + 4, 41)
        wave = y + (1.2 + 0.5 * row) * np.sin(x * (0.26 - 0.03 * row) + canvas.rng.uniform(0, 6))
        canvas.stroke(paths.polyline(zip(x, wave, strict=True)), crest, 1.2, alpha=0.6)


def lake(canvas: Canvas, stage: Stage) -> None:
    """Still water below mountains, with a wood on the far shore."""
    great_range(canvas, stage.horizon, ROCK, canvas.rng.uniform(40, 50), 0.3)
    band(canvas, stage.horizon + 1, 2, 1.3, WOODLANDS[stage.season], 0.1, 1)
    wood(canvas, stage, canvas.rng.uniform(0, 128, 6).tolist(), stage.horizon + 13, 13, 0.15)
    water = paths.oval(64, stage.horizon + 48, 96, 36)
    canvas.land(water, stage.horizon + 14, LAKE_WATER, 0.12, 0)
    ripples(canvas, stage.horizon + 22, 4, LAKE_WATER)


def beach(canvas: Canvas, stage: Stage) -> None:
    """A lagoon, foam, and sand that sweeps down to one side; palms at the edge."""
    rng = canvas.rng
    if rng.random() < 0.5:
        ridge(canvas, stage.horizon + 2, rng.uniform(8, 20), (110, 150, 150), 0.45, 0.3)
    water = paths.rect(-4, stage.horizon, UNITS + 8, UNITS)
    canvas.land(water, stage.horizon, LAGOON, 0.05, 1)
    for row in range(2):
        y = stage.horizon + 8 + 9 * row
        x = np.linspace(-4, UNITS + 4, 31)
        wave = y + np.sin(x * 0.24 + rng.uniform(0, 6))
        canvas.stroke(paths.polyline(zip(x, wave, strict=True)), tint(LAGOON, 0.55), 1.2, alpha=0.6)
    x = np.linspace(-4, UNITS + 4, 25)
    slope = rng.uniform(-9, 9)
    edge = stage.horizon + 27 + slope * (x / 64 - 1) + 2.2 * np.sin(x * 0.1 + rng.uniform(0, 6))
    land_below(canvas, zip(x, edge - 2.6, strict=True), stage.horizon + 20, FOAM, 0.0, 1)
    land_below(canvas, zip(x, edge, strict=True), stage.horizon + 24, SAND, 0.0, 2)
    side = 1 if stage.x < UNITS / 2 else -1
    if rng.random() < 0.6:
        place = UNITS / 2 + side * rng.uniform(44, 56)
        figure = Figure(canvas, place, stage.horizon + 38, rng.uniform(48, 66), "scenery")
        palm(figure, -side * rng.uniform(0.1, 0.3))


def waterfall(canvas: Canvas, stage: Stage) -> None:
    """White water between two cliffs, a pool, and a green bank before it."""
    rng = canvas.rng
    meadow = MEADOWS[stage.season]
    ridge(canvas, stage.horizon + 2, 30, ROCK, 0.5)
    # The fall keeps away from where the subject stands, so that both can be seen.
    fall = 64 + (rng.uniform(20, 30) * (-1 if stage.x > 64 else 1) if abs(stage.x - 64) > 9 else 0)
    brink, foot = stage.horizon - rng.uniform(34, 44), stage.horizon + 14
    half = rng.uniform(8, 12)
    cliff = shade(CLIFF, rng.uniform(0.9, 1.05))
    for side in (-1, 1):
        outer = fall + side * 150
        outline = [
            (fall, foot + 8),
            (fall, brink),
            (fall + side * half, brink - 2),
            (fall + side * rng.uniform(18, 26), brink - rng.uniform(2, 10)),
            (fall + side * rng.uniform(38, 52), brink + rng.uniform(-4, 14)),
            (fall + side * rng.uniform(62, 80), stage.horizon - rng.uniform(4, 24)),
            (outer, stage.horizon + 4),
            (outer, foot + 8),
        ]
        canvas.land(paths.polygon(outline), brink, cliff, 0.14, 0)
        face = [outline[2], outline[3], (outline[3][0] + side * 6, foot), (outline[2][0], foot)]
        canvas.fill(paths.polygon(face), shade(cliff, 0.82), haze=0.14)
        edge = fall + side * 30
        wood(canvas, stage, [edge, edge + side * 14], brink + 12, 16, 0.1)
    sheet = [(fall - half, brink), (fall + half, brink)]
    sheet += [(fall + half * 1.25, foot), (fall - half * 1.25, foot)]
    canvas.fill(paths.polygon(sheet), mix(FOAM, WATER, 0.14), glow=1)
    for part in (-0.6, -0.15, 0.25, 0.65):
        line = paths.polyline([(fall + half * part, brink + 3), (fall + half * part * 1.2, foot)])
        canvas.stroke(line, mix(WATER, FOAM, 0.4), 1.3, alpha=0.7)
    pool = paths.oval(fall, foot + 9, 62, 13)
    canvas.land(pool, foot, LAKE_WATER, 0.06, 1)
    mist = [paths.oval(fall + dx, foot + 1, 7, 3.4) for dx in (-10, -3, 4, 11)]
    canvas.fill(paths.union(*mist), FOAM, glow=1)
    band(canvas, stage.horizon + 26, 2.5, 0.8, meadow, 0.0, 1)
    bloom(canvas, stage, stage.horizon + 26)
