"""The landscape behind the subject."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from musegraph_nodes.starter.scenes import paths, shores
from musegraph_nodes.starter.scenes.canvas import UNITS, Canvas
from musegraph_nodes.starter.scenes.colour import Colour, mix, shade
from musegraph_nodes.starter.scenes.figure import Figure
from musegraph_nodes.starter.scenes.lands import (
    FIR,
    LEAVES,
    MEADOWS,
    ROCK,
    WOODLANDS,
    Stage,
    band,
    bloom,
    great_range,
    ridge,
    ripples,
    rows,
    winding,
    wood,
)
from musegraph_nodes.starter.scenes.living import pine, tree

__all__ = ["BACKDROPS", "Stage", "draw_backdrop"]

DUNE: Colour = (234, 182, 112)
MESA: Colour = (206, 106, 72)
SOIL: Colour = (226, 152, 104)
ROAD: Colour = (226, 206, 166)
CITY: tuple[Colour, ...] = ((150, 156, 190), (122, 130, 168), (84, 88, 128))
QUAY: Colour = (96, 124, 152)
LIT_WINDOW: Colour = (255, 226, 130)
DAY_WINDOW: Colour = (198, 222, 238)
# What grows in rows, by season: tulips, then lavender or rice, then wheat.
CROPS: dict[str, tuple[tuple[Colour, ...], ...]] = {
    "": (((150, 190, 96), (126, 172, 86)),),
    "spring": (
        ((232, 92, 96), (116, 172, 84), (248, 210, 90), (116, 172, 84)),
        ((240, 150, 186), (124, 178, 90)),
    ),
    "summer": (((150, 116, 196), (118, 150, 104)), ((122, 184, 96), (150, 204, 110))),
    "autumn": (((228, 184, 88), (206, 156, 72)), ((196, 124, 66), (222, 164, 84))),
}


def draw_backdrop(canvas: Canvas, scene: str, stage: Stage) -> None:
    """Draw the land of `scene` below and around the horizon."""
    BACKDROPS[scene](canvas, stage)


def _mountains(canvas: Canvas, stage: Stage) -> None:
    meadow = MEADOWS[stage.season]
    great_range(canvas, stage.horizon, ROCK, canvas.rng.uniform(48, 58), 0.3)
    band(canvas, stage.horizon + 3, 3, 1.1, mix(meadow, ROCK, 0.35), 0.16, 1)
    if canvas.rng.random() < 0.6:
        places = canvas.rng.uniform(4, 124, 6)
        wood(canvas, stage, places.tolist(), stage.horizon + 12, 16, 0.2)
    band(canvas, stage.horizon + 18, 2.5, 0.8, meadow, 0.0, 1)
    bloom(canvas, stage, stage.horizon + 18)
    if canvas.rng.random() < 0.3:
        winding(canvas, stage.horizon + 17, ROAD, 9, 0.05)


def _winter(canvas: Canvas, stage: Stage) -> None:
    great_range(canvas, stage.horizon, (150, 172, 210), canvas.rng.uniform(40, 52), 0.55)
    band(canvas, stage.horizon + 2, 3, 1.2, (206, 220, 240), 0.1, 1)
    for x in np.arange(4, 126, canvas.rng.uniform(14, 26)):
        if abs(x - stage.x) > 20:
            height = canvas.rng.uniform(16, 24)
            y = stage.horizon + canvas.rng.uniform(10, 15)
            place = x + canvas.rng.normal(0, 3)
            pine(Figure(canvas, place, y, height, "scenery", 0.2), (92, 138, 140), snow=True)
    band(canvas, stage.horizon + 17, 2.5, 0.9, (236, 243, 252), 0.0, 1)


def _desert(canvas: Canvas, stage: Stage) -> None:
    if canvas.rng.random() < 0.4:
        ridge(canvas, stage.horizon + 4, canvas.rng.uniform(14, 24), MESA, 0.6, 0.3)
    swell = canvas.rng.uniform(3, 8)
    band(canvas, stage.horizon + 1, swell, 0.9, mix(DUNE, (250, 214, 150), 0.5), 0.24, 2)
    band(canvas, stage.horizon + 13, swell, canvas.rng.uniform(0.5, 0.9), DUNE, 0.08, 2)
    band(canvas, stage.horizon + 24, 3.5, 0.6, mix(DUNE, (214, 138, 82), 0.45), 0.0, 2)


def _canyon(canvas: Canvas, stage: Stage) -> None:
    rng = canvas.rng
    ridge(canvas, stage.horizon + 2, 16, MESA, 0.62, 0.2)
    for x in (rng.uniform(-6, 22), rng.uniform(46, 78), rng.uniform(100, 132)):
        _mesa(canvas, x, stage.horizon + 5, rng.uniform(26, 48), rng.uniform(22, 38))
    band(canvas, stage.horizon + 4, 2, 1.1, mix(SOIL, MESA, 0.3), 0.14, 2)
    band(canvas, stage.horizon + 16, 2.5, 0.8, SOIL, 0.04, 2)
    if rng.random() < 0.4:
        winding(canvas, stage.horizon + 15, ROAD, 8, 0.05)


def _mesa(canvas: Canvas, x: float, base: float, height: float, width: float) -> None:
    """A flat-topped rock in layers."""
    haze = 0.34 - 0.005 * height
    half, foot = width / 2, width * 0.72
    top = base - height
    outline = [
        (x - foot, base),
        (x - half, base - height * 0.5),
        (x - half * 0.9, top),
        (x + half * 0.86, top),
        (x + half, base - height * 0.5),
        (x + foot, base),
    ]
    canvas.land(paths.polygon(outline), top, MESA, haze, 2)
    side = [(x + half * 0.3, top), outline[3], outline[4], outline[5], (x + half * 0.5, base)]
    canvas.fill(paths.polygon(side), shade(MESA, 0.8), haze=haze, glow=2)
    for part in (0.22, 0.4):
        y = top + height * part
        line = paths.polyline([(x - half * 0.92, y), (x + half * 0.92, y)])
        canvas.stroke(line, mix(MESA, (250, 196, 150), 0.5), 1.4, alpha=0.6)


def _hills(canvas: Canvas, stage: Stage) -> None:
    meadow = MEADOWS[stage.season]
    far, near = mix(meadow, (110, 176, 150), 0.5), mix(meadow, (176, 206, 92), 0.3)
    if canvas.rng.random() < 0.4:
        ridge(canvas, stage.horizon + 4, 26, (120, 150, 170), 0.5, 0.25)
    band(canvas, stage.horizon, canvas.rng.uniform(4, 9), 0.9, far, 0.3, 1)
    wood(canvas, stage, canvas.rng.uniform(2, 126, 5).tolist(), stage.horizon + 12, 15, 0.2)
    band(canvas, stage.horizon + 13, 5, 0.8, meadow, 0.1, 1)
    if canvas.rng.random() < 0.4:
        winding(canvas, stage.horizon + 14, ROAD, 9, 0.05)
    else:
        band(canvas, stage.horizon + 25, 3.5, 0.7, near, 0.0, 1)
    bloom(canvas, stage, stage.horizon + 24)


def _fields(canvas: Canvas, stage: Stage) -> None:
    rng = canvas.rng
    far = mix(MEADOWS[stage.season], (120, 160, 160), 0.5)
    ridge(canvas, stage.horizon + 4, rng.uniform(14, 26), far, 0.45, 0.15)
    wood(canvas, stage, rng.uniform(2, 126, 7).tolist(), stage.horizon + 3, 13, 0.25)
    band(canvas, stage.horizon + 1, 1, 1, MEADOWS[stage.season], 0.1, 1)
    crops = CROPS[stage.season]
    rows(canvas, stage.horizon + 3, crops[int(rng.integers(len(crops)))], rng.uniform(34, 94))


def _forest(canvas: Canvas, stage: Stage) -> None:
    rng = canvas.rng
    woodland, leaves = WOODLANDS[stage.season], LEAVES[stage.season]
    # A forest is of firs, or of trees whose leaves show the season.
    leafy = stage.season != "" and rng.random() < 0.6
    tint_of = [leaves[int(rng.integers(len(leaves)))] for _ in range(20)]
    for index, x in enumerate(np.arange(2, UNITS + 8, 15)):
        place, height = x + rng.normal(0, 2), rng.uniform(38, 52)
        figure = Figure(canvas, place, stage.horizon + 6, height, "scenery", 0.5)
        if leafy:
            tree(figure, mix(tint_of[index], woodland, 0.3))
        else:
            pine(figure, mix(FIR, woodland, 0.4))
    band(canvas, stage.horizon + 2, 2, 1, mix(woodland, FIR, 0.3), 0.2, 1)
    for index, x in enumerate(np.arange(-2, UNITS + 8, 22)):
        if abs(x - stage.x) > 27:
            y, height = stage.horizon + rng.uniform(14, 22), rng.uniform(50, 64)
            figure = Figure(canvas, x + rng.normal(0, 3), y, height, "scenery", 0.1)
            if leafy and index % 3 != 2:
                tree(figure, tint_of[index + 10])
            else:
                pine(figure, FIR)
    band(canvas, stage.horizon + 19, 2, 0.8, woodland, 0.0, 1)
    bloom(canvas, stage, stage.horizon + 20)
    if rng.random() < 0.35:
        winding(canvas, stage.horizon + 18, ROAD, 8, 0.15)


def _city(canvas: Canvas, stage: Stage) -> None:
    for layer, (low, high) in enumerate(((40, 66), (26, 54), (14, 38))):
        x = -6.0 + canvas.rng.uniform(0, 6)
        while x < UNITS:
            width = canvas.rng.uniform(11, 21)
            height = canvas.rng.uniform(low, high)
            _high_rise(canvas, x, stage.horizon, width, height, layer)
            x += width + (1.0 if layer < 2 else canvas.rng.uniform(0, 7))
    quay = paths.rect(-4, stage.horizon, UNITS + 8, UNITS)
    canvas.land(quay, stage.horizon, QUAY, 0.12, 1)
    if canvas.time in ("dusk", "night"):
        for x in canvas.rng.uniform(4, 124, 9):
            y = stage.horizon + canvas.rng.uniform(3, 10)
            line = paths.polyline([(x, y), (x, y + canvas.rng.uniform(5, 14))])
            canvas.outline(line, LIT_WINDOW, 1.6, 0.45)
    ripples(canvas, stage.horizon + 22, 2, QUAY)


def _high_rise(
    canvas: Canvas, x: float, ground: float, width: float, height: float, layer: int
) -> None:
    colour = shade(CITY[layer], canvas.rng.uniform(0.92, 1.08))
    haze = (0.5, 0.3, 0.0)[layer]
    top = ground - height
    body = paths.rect(x, top, width, height + 4)
    kind = canvas.rng.integers(5)
    middle = x + width / 2
    if kind == 0:
        body = paths.union(body, paths.rect(middle - width * 0.26, top - 6, width * 0.52, 8))
    elif kind == 1:
        body = paths.union(
            body, paths.polygon([(x, top + 0.1), (middle, top - 9), (x + width, top + 0.1)])
        )
    elif kind == 2:
        mast = paths.polyline([(middle, top), (middle, top - 9)])
        canvas.stroke(mast, mix(colour, canvas.horizon_colour, haze), 1.2)
    canvas.fill(body, colour, haze=haze, glow=layer)
    if layer == 0:
        return
    dark = canvas.time in ("sunset", "dusk", "night")
    pane = LIT_WINDOW if dark else canvas.toned(DAY_WINDOW, "scenery")
    pane = mix(pane, colour, 0.5) if layer == 1 else pane
    for y in np.arange(top + 5, ground - 5, 8):
        for column in (x + width * 0.2, x + width * 0.6):
            if canvas.rng.random() < 0.62:
                canvas.area(paths.rect(column, y, width * 0.22, 4), pane)


BACKDROPS: dict[str, Callable[[Canvas, Stage], None]] = {
    "mountains": _mountains,
    "sea": shores.sea,
    "desert": _desert,
    "city": _city,
    "forest": _forest,
    "hills": _hills,
    "lake": shores.lake,
    "winter": _winter,
    "canyon": _canyon,
    "beach": shores.beach,
    "waterfall": shores.waterfall,
    "fields": _fields,
}
