"""Light of the sun and the moon, and what frames a picture from the front."""

from __future__ import annotations

import numpy as np

from musegraph_nodes.starter.scenes import paths
from musegraph_nodes.starter.scenes.canvas import MOON, SUNS, UNITS, Canvas
from musegraph_nodes.starter.scenes.colour import Colour, mix, shade
from musegraph_nodes.starter.scenes.figure import Figure
from musegraph_nodes.starter.scenes.lands import LEAVES, MEADOWS, Stage
from musegraph_nodes.starter.scenes.spec import SceneSpec

WATERS = frozenset({"sea", "lake", "beach"})
GREEN = frozenset({"mountains", "hills", "forest", "waterfall", "lake"})
RAINBOW: tuple[Colour, ...] = (
    (232, 82, 74),
    (246, 158, 66),
    (250, 226, 96),
    (106, 194, 110),
    (84, 148, 226),
    (146, 104, 204),
)
AURORA: tuple[Colour, ...] = ((86, 240, 168), (70, 214, 206), (150, 126, 240))
ROCK: Colour = (92, 96, 112)
REED: Colour = (104, 138, 78)
BARK: Colour = (84, 60, 48)


def draw_rays(canvas: Canvas, orb_x: float | None, horizon: float) -> None:
    """Broad beams from a low sun."""
    if orb_x is None or canvas.rng.random() > 0.4:
        return
    centre = (orb_x, horizon * 0.56)
    colour = SUNS[canvas.time]
    for turn in np.linspace(-2.9, -0.24, 7):
        ends = []
        for side in (-0.07, 0.07):
            angle = turn + side
            ends.append((centre[0] + 150 * np.cos(angle), centre[1] + 150 * np.sin(angle)))
        canvas.area(paths.polygon([centre, *ends]), colour, 0.13)


def draw_glitter(canvas: Canvas, spec: SceneSpec, orb_x: float | None, horizon: float) -> None:
    """The path of light that a low sun or the moon lays on water."""
    if orb_x is None or spec.scene not in WATERS or spec.time == "day":
        return
    colour = SUNS[spec.time] if spec.orb == "sun" else MOON
    top = horizon + (15 if spec.scene == "lake" else 1.5)
    depth = 18 if spec.scene == "beach" else 46
    for step in np.linspace(0.03, 1, 4 + depth // 6):
        half = (2.4 + 8 * step) * canvas.rng.uniform(0.6, 1.1)
        x = orb_x + canvas.rng.normal(0, 1.6)
        y = top + depth * step
        line = paths.polyline([(x - half, y), (x + half, y)])
        canvas.outline(line, colour, 1.5, 0.62 * (1 - 0.5 * step))


def draw_rainbow(canvas: Canvas, horizon: float) -> None:
    """A bow from one side of the land to the other."""
    x = canvas.rng.uniform(44, 84)
    for index, colour in enumerate(RAINBOW):
        radius = 56 - 2.3 * index
        bow = paths.polyline(paths.arc(x, horizon + 4, radius, radius * 1.05, 0.5, 1.0))
        canvas.outline(bow, colour, 2.5, 0.62)


def draw_aurora(canvas: Canvas, horizon: float) -> None:
    """Curtains of light that wave across the sky."""
    rng = canvas.rng
    x = np.linspace(-6, UNITS + 6, 19)
    for colour in AURORA:
        low = rng.uniform(0.34, 0.62) * horizon
        wave = low + 7 * np.sin(x * 0.05 + rng.uniform(0, 6)) + 3 * np.sin(x * 0.13)
        tall = rng.uniform(16, 26) + 5 * np.sin(x * 0.09 + rng.uniform(0, 6))
        for part, alpha in ((1.0, 0.16), (0.66, 0.2), (0.34, 0.26)):
            upper = zip(x[::-1], (wave - tall * part)[::-1], strict=True)
            curtain = paths.polygon([*zip(x, wave, strict=True), *upper])
            canvas.area(curtain, colour, alpha)


def draw_front(canvas: Canvas, spec: SceneSpec, stage: Stage) -> None:
    """Grass, reeds, stones or a bough at the edge, away from the subject."""
    rng = canvas.rng
    if rng.random() > 0.6:
        return
    away = 1 if stage.x < UNITS / 2 else -1
    if abs(stage.x - UNITS / 2) < 10:
        away = int(rng.choice((-1, 1)))
    corner = UNITS / 2 + away * rng.uniform(46, 58)
    if spec.scene in GREEN and spec.season and rng.random() < 0.45 and spec.orb != "none":
        # Boughs hang where neither sun nor moon is.
        side = -1 if spec.orb_position == "right" else 1
        if spec.orb_position != "center" and spec.subject not in FLYING_HIGH:
            _bough(canvas, stage, side)
            return
    if spec.scene == "lake":
        _blades(canvas, corner, 1, REED, 26, tops=True)
    elif spec.scene in GREEN:
        _blades(canvas, corner, away, shade(MEADOWS[spec.season], 0.72), 15, tops=False)
    elif spec.scene in ("desert", "canyon", "mountains", "beach", "sea"):
        _stones(canvas, corner)


FLYING_HIGH = frozenset({"airplane", "birds", "hot air balloon", "kite"})


def _blades(canvas: Canvas, x: float, away: int, colour: Colour, height: float, tops: bool) -> None:
    for index in range(7):
        foot = x + (index - 3) * 3.4 + canvas.rng.normal(0, 0.8)
        tall = height * canvas.rng.uniform(0.6, 1.1)
        lean = canvas.rng.normal(0, 3)
        tip = (foot + lean, UNITS + 2 - tall)
        blade = [(foot - 1.4, UNITS + 2), (foot + lean * 0.3 - 0.6, UNITS - tall * 0.5), tip]
        blade += [(foot + lean * 0.3 + 0.9, UNITS - tall * 0.5), (foot + 1.4, UNITS + 2)]
        canvas.fill(paths.polygon(blade), colour, glow=1)
        if tops and index % 2:
            canvas.fill(paths.oval(*tip, 1.5, 4.2), (112, 76, 52), glow=2)


def _stones(canvas: Canvas, x: float) -> None:
    rng = canvas.rng
    for dx, size in ((-9, 5.0), (7, 6.5), (-1, 8.5)):
        wide = size * rng.uniform(0.9, 1.3)
        middle, top = x + dx + rng.normal(0, 1), UNITS + 1 - size
        outline = [
            (middle - wide, UNITS + 4),
            (middle - wide * 0.9, top + size * 0.4),
            (middle - wide * 0.2, top),
            (middle + wide * 0.6, top + size * 0.2),
            (middle + wide, UNITS + 4),
        ]
        canvas.fill(paths.polygon(outline), mix(ROCK, canvas.horizon_colour, 0.12), glow=0)


def _bough(canvas: Canvas, stage: Stage, side: int) -> None:
    """A branch from the upper corner: blossom in spring, coloured leaves in autumn."""
    rng = canvas.rng
    edge = UNITS / 2 + side * 66
    bend = [(edge, 8), (edge - side * 20, 12), (edge - side * 38, 20), (edge - side * 50, 22)]
    canvas.stroke(paths.polyline(bend), BARK, 2.6)
    canvas.stroke(
        paths.polyline([(edge - side * 18, 12), (edge - side * 30, 6), (edge - side * 42, 5)]),
        BARK, 1.6,
    )  # fmt: skip
    leaves = LEAVES[stage.season]
    for x, y in ((8, 7), (18, 15), (25, 8), (30, 18), (36, 4), (39, 22), (44, 8), (49, 22)):
        colour = leaves[int(rng.integers(len(leaves)))]
        figure = Figure(canvas, edge - side * x, y + rng.normal(0, 1) + 2, 12, "scenery")
        figure.blob([(-0.24, 0.1, 0.24, 0.2), (0.2, 0.06, 0.24, 0.2), (0, 0.3, 0.26, 0.22)], colour)
