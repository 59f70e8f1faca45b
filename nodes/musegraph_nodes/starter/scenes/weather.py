"""Sun, moon, stars, clouds, and what falls from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import skia

from musegraph_nodes.starter.scenes import paths
from musegraph_nodes.starter.scenes.canvas import UNITS, Canvas
from musegraph_nodes.starter.scenes.colour import Colour, mix
from musegraph_nodes.starter.scenes.figure import Figure
from musegraph_nodes.starter.scenes.spec import SceneSpec
from musegraph_nodes.starter.scenes.subjects import FLYING

ORB_MIDDLES = {"left": 28.0, "center": 64.0, "right": 100.0}
LOW_SUN_TIMES = ("dawn", "sunset")
FAIR_CLOUD: Colour = (252, 252, 254)
RAIN_CLOUD: Colour = (158, 166, 184)
STARLIGHT: Colour = (255, 252, 236)


def draw_orb(canvas: Canvas, spec: SceneSpec, horizon: float) -> float | None:
    """Draw the sun or moon, if any, and return its x."""
    if spec.orb == "none":
        return None
    rng = canvas.rng
    x = ORB_MIDDLES[spec.orb_position] + rng.normal(0, 3)
    low = spec.time in LOW_SUN_TIMES
    y = horizon * rng.uniform(0.46, 0.66) if low else rng.uniform(20, 28)
    if spec.subject in FLYING and spec.orb_position == spec.position:
        # Out from behind what flies there, yet still on the side that the caption names.
        outwards = {"left": -1.0, "right": 1.0, "center": float(rng.choice((-1, 1)))}
        x += outwards[spec.position] * (20 if spec.position == "center" else 10)
        y = 17.0
    canvas.orb(x, y, rng.uniform(10, 12.5), spec.orb)
    return x


def draw_stars(canvas: Canvas, horizon: float) -> None:
    """A few clear stars, one to a cell, so that they do not crowd."""
    rng = canvas.rng
    rows, columns = 3, 6
    for cell in range(rows * columns):
        x = (cell % columns + rng.uniform(0.1, 0.9)) * UNITS / columns
        y = (cell // columns + rng.uniform(0.1, 0.9)) * horizon * 0.7 / rows
        radius = rng.uniform(0.8, 1.4)
        canvas.area(paths.oval(x, y, radius, radius), STARLIGHT)


def draw_clouds(canvas: Canvas, spec: SceneSpec, orb_x: float | None) -> None:
    """Heaped clouds or long streaks, none over the sun or moon; low light tints them."""
    colour = RAIN_CLOUD if spec.weather == "rain" else FAIR_CLOUD
    if spec.time in ("dawn", "sunset", "dusk"):
        colour = mix(colour, canvas.horizon_colour, 0.4)
    if spec.weather == "cloudy" and canvas.rng.random() < 0.3:
        _streaks(canvas, colour)
        return
    for middle in (16.0, 48.0, 80.0, 112.0):
        x = middle + canvas.rng.normal(0, 4)
        y = canvas.rng.uniform(14, 34)
        height = canvas.rng.uniform(11, 17)
        if orb_x is None or abs(x - orb_x) > 22:
            _cloud(Figure(canvas, x, y, height, "scenery"), colour)


def _streaks(canvas: Canvas, colour: Colour) -> None:
    """Thin layers, one above the other."""
    for y in np.arange(11, 46, 8.0):
        x = canvas.rng.uniform(10, 118)
        half = canvas.rng.uniform(22, 40)
        parts = (
            paths.oval(x, y, half, 2.2),
            paths.oval(x + half * 0.5, y + 2.4, half * 0.6, 1.8),
            paths.oval(x - half * 0.4, y - 2.0, half * 0.5, 1.7),
        )
        canvas.fill(paths.union(*parts), colour, haze=0.15, glow=1)


def _cloud(figure: Figure, colour: Colour) -> None:
    rng = figure.canvas.rng
    puffs = [
        (-0.62, 0.3, 0.4, 0.3 * rng.uniform(0.8, 1.2)),
        (-0.1, 0.5, 0.46, 0.5 * rng.uniform(0.8, 1.2)),
        (0.5, 0.36, 0.46, 0.36 * rng.uniform(0.8, 1.2)),
        (0.0, 0.14, 1.15, 0.16),
    ]
    figure.canvas.fill(paths.union(*(figure.oval_path(*puff) for puff in puffs)), colour, glow=1)


def draw_fog(canvas: Canvas, horizon: float) -> None:
    """Three banks across the land."""
    for offset in (-22, 2, 24):
        canvas.veil(horizon + offset + canvas.rng.normal(0, 3), canvas.rng.uniform(10, 14))


def _scattered(canvas: Canvas, columns: int, rows: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """One point in each cell of a grid, float `[columns * rows, 2]`."""
    grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).reshape(-1, 2)
    spots = grid + canvas.rng.uniform(0.1, 0.9, grid.shape)
    return np.asarray(spots * UNITS / np.array([columns, rows]))


def draw_rain(canvas: Canvas) -> None:
    """Slanting streaks in front of everything."""
    drops = skia.Path()
    for x, y in _scattered(canvas, 6, 5):
        drops.moveTo(x + 2, y - 6)
        drops.lineTo(x - 2, y + 6)
    canvas.outline(drops, canvas.rain_colour(), 1.2, 0.72)


def draw_snow(canvas: Canvas) -> None:
    """Large flakes in front of everything."""
    for x, y in _scattered(canvas, 7, 6):
        radius = canvas.rng.uniform(1.0, 1.9)
        canvas.area(paths.oval(x, y, radius, radius), (255, 255, 255), 0.95)
