"""Stained glass: pieces of coloured glass in lead, with the light behind them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import ndimage

from .fields import Field, Pixels, Rng, blur, cloud, fractal, grid, lit, mixed, moved, smoothstep
from .sheet import Colour, Sheet, circle, curve, label, ribbon

Array = np.ndarray[Any, Any]
Palette = dict[str, list[Colour]]
PALETTES: list[Palette] = [
    {"sky": [(40, 104, 196), (66, 142, 214), (30, 76, 168), (120, 184, 226)],
     "sun": [(255, 206, 70), (255, 178, 48)],
     "ray": [(250, 214, 130), (246, 178, 92), (232, 138, 70)],
     "hill": [(36, 140, 92), (82, 168, 84), (26, 104, 92), (150, 188, 72)],
     "water": [(22, 96, 150), (40, 146, 176), (96, 190, 200), (20, 66, 130)],
     "flower": [(214, 40, 62), (236, 92, 120), (244, 150, 60), (170, 46, 140)],
     "leaf": [(40, 130, 60), (90, 170, 60)], "edge": [(160, 30, 50), (200, 60, 50)]},
    {"sky": [(96, 52, 150), (160, 70, 160), (214, 96, 130), (70, 50, 140)],
     "sun": [(255, 232, 150), (255, 196, 90)],
     "ray": [(244, 130, 90), (250, 170, 96), (226, 96, 100)],
     "hill": [(40, 90, 130), (60, 120, 140), (34, 70, 110), (90, 150, 130)],
     "water": [(150, 70, 130), (236, 140, 100), (90, 60, 140), (250, 190, 120)],
     "flower": [(250, 220, 120), (240, 120, 60), (220, 50, 70), (240, 240, 220)],
     "leaf": [(30, 120, 90), (60, 150, 100)], "edge": [(40, 60, 130), (60, 90, 160)]},
]  # fmt: skip


class Window:
    """Numbered panes and the colours of each."""

    def __init__(self, size: int) -> None:
        self.sheet = Sheet(size, label(0), smooth=False)
        self.colours: list[Colour] = [(60, 60, 70)]

    def started(self, colour: Colour) -> Colour:
        """The label of a new pane, as a colour."""
        self.colours.append(colour)
        return label(len(self.colours) - 1)

    def pane(self, points: Any, colour: Colour) -> None:
        """A pane over those before it."""
        self.sheet.fill(points, self.started(colour))


def stained_glass(rng: Rng, size: int) -> Pixels:
    """A window: a rose of panes, or a landscape with a sun and flowers."""
    window = Window(size)
    palette = PALETTES[int(rng.integers(len(PALETTES)))]
    if rng.random() < 0.3:
        _rose(rng, window, palette)
    else:
        _landscape(rng, window, palette)
    _border(rng, window, palette)
    return _shining(rng, size, window)


def picked(rng: Rng, colours: list[Colour]) -> Colour:
    """One of the colours, a little off."""
    base = np.array(colours[int(rng.integers(len(colours)))], float)
    red, green, blue = base * rng.uniform(0.82, 1.12) + rng.normal(0, 7, 3)
    return float(red), float(green), float(blue)


def _landscape(rng: Rng, window: Window, palette: Palette) -> None:
    x, y = rng.uniform(0.32, 0.68), rng.uniform(0.24, 0.36)
    radius = rng.uniform(0.085, 0.11)
    rays = int(rng.integers(14, 19))
    start = rng.uniform(0, 1)
    edges = [radius, 0.24, 0.4, 0.62, 1.3]
    for ring in range(4):
        for k in range(rays):
            a, b = (start + 2 * math.pi * (k + s) / rays for s in (0, 1))
            inner, outer = (
                edges[ring] * rng.uniform(0.97, 1.03),
                edges[ring + 1] * rng.uniform(0.9, 1.1),
            )
            far = [(inner, a), (outer, a), (outer, (a + b) / 2), (outer, b), (inner, b)]
            shape = [(x + r * math.cos(t), y + r * math.sin(t)) for r, t in far]
            share = (0.95, 0.55, 0.12, 0.0)[ring]
            window.pane(shape, picked(rng, palette["ray" if rng.random() < share else "sky"]))
    window.pane(circle(x, y, radius, 40), picked(rng, palette["sun"]))
    _land(rng, window, palette["hill"], rng.uniform(0.5, 0.56), 3, 0.07)
    _land(rng, window, palette["water"], rng.uniform(0.7, 0.75), 4, 0.055)
    many = int(rng.integers(2, 5))
    for k in range(many):
        _lily(rng, window, palette, (k + rng.uniform(0.3, 0.7)) / many * 0.84 + 0.08)


def _land(
    rng: Rng, window: Window, colours: list[Colour], top: float, rows: int, high: float
) -> None:
    """Bands over one another, each cut into panes."""
    u = np.linspace(-0.02, 1.02, 80)
    for row in range(rows):
        sway = 0.4 * high * np.sin(u * rng.uniform(4, 9) + rng.uniform(0, 6))
        edge = top + row * high * 1.15 + sway
        cuts = np.sort(
            np.concatenate(([-0.02, 1.02], rng.uniform(0.05, 0.95, int(rng.integers(3, 6)))))
        )
        for left, right in pairwise(cuts):
            inside = (u >= left - 0.014) & (u <= right + 0.014)
            lean = rng.normal(0, 0.03)
            points = [
                *zip(u[inside], edge[inside], strict=True),
                (right + lean, 1.05),
                (left + lean, 1.05),
            ]
            window.pane(points, picked(rng, colours))


def _lily(rng: Rng, window: Window, palette: Palette, x: float) -> None:
    """A flower on a stem, with two leaves."""
    y, big = rng.uniform(0.6, 0.74), rng.uniform(0.9, 1.25)
    stem = curve([(x, y), (x + rng.normal(0, 0.03), 0.86), (x + rng.normal(0, 0.03), 1.02)], 20)
    for way in (-1, 1):
        root = stem[int(rng.integers(8, 13))]
        tip = root + np.array((way * 0.11 * big, -0.1))
        leaf = np.concatenate(
            (
                curve([root, root + np.array((way * 0.02, -0.08)), tip], 10),
                curve([tip, root + np.array((way * 0.1, -0.02)), root], 10),
            )
        )
        window.pane(leaf, picked(rng, palette["leaf"]))
    window.pane(ribbon(stem, [0.022] * 20), picked(rng, palette["leaf"]))
    tone = palette["flower"]
    first = int(rng.integers(len(tone)))
    for turn in (-1.25, 1.25, -0.65, 0.65, 0.0):
        long, wide = 0.125 * big, 0.036 * big
        c, s = math.sin(turn), -math.cos(turn)
        shape = curve([(0, 0), (-wide, 0.45 * long), (-wide * 0.7, 0.85 * long), (0, 1.05 * long),
                       (wide * 0.7, 0.85 * long), (wide, 0.45 * long), (0, 0)], 24)  # fmt: skip
        placed = [(x + v * c - u * s, y + v * s + u * c) for u, v in shape]
        window.pane(placed, picked(rng, [tone[first], tone[(first + 1) % 4]]))
    window.pane(circle(x, y - 0.004, 0.02 * big, 14), picked(rng, palette["sun"]))


def _rose(rng: Rng, window: Window, palette: Palette) -> None:
    """Rings of panes around a middle, as over a church door."""
    many = int(rng.choice([8, 10, 12]))
    rings = ["sky", "flower", "water", "ray", "sky", "edge", "water"]
    window.pane([(0, 0), (1, 0), (1, 1), (0, 1)], picked(rng, palette["sky"]))
    for k in range(4 * many):
        a, b = (2 * math.pi * (k + s) / (4 * many) for s in (0, 1))
        shape = [
            (0.5 + r * math.cos(t), 0.5 + r * math.sin(t))
            for r, t in ((0.3, a), (0.9, a), (0.9, b), (0.3, b))
        ]
        window.pane(shape, picked(rng, palette["sky" if k % 2 else "water"]))
    for ring, (far, big) in enumerate(((0.36, 0.3), (0.24, 0.26), (0.14, 0.2))):
        for k in range(many):
            turn = 2 * math.pi * (k + 0.5 * (ring % 2)) / many
            c, s = math.cos(turn), math.sin(turn)
            wide, long = far * math.sin(math.pi / many) * 0.96, big * 0.36
            leaf = curve(
                [(far - long, 0), (far, -wide), (far + long, 0), (far, wide), (far - long, 0)], 30
            )
            for part, tone in ((1.0, rings[2 * ring + 1]), (0.5, rings[2 * ring + k % 2])):
                small = (leaf - (far, 0)) * part + (far, 0)
                window.pane(
                    [(0.5 + u * c - v * s, 0.5 + u * s + v * c) for u, v in small],
                    picked(rng, palette[tone]),
                )
    window.pane(circle(0.5, 0.5, 0.085, 40), picked(rng, palette["flower"]))
    for k in range(8):
        a = 2 * math.pi * k / 8
        b = a + 2 * math.pi / 8
        window.pane(
            [
                (0.5, 0.5),
                (0.5 + 0.055 * math.cos(a), 0.5 + 0.055 * math.sin(a)),
                (0.5 + 0.055 * math.cos(b), 0.5 + 0.055 * math.sin(b)),
            ],
            picked(rng, palette["sun"]),
        )


def _border(rng: Rng, window: Window, palette: Palette) -> None:
    wide, many = 0.052, 9
    for side in range(4):
        for k in range(many):
            a, b = k / many, (k + 1) / many
            box = [
                [(a, 0), (b, 0), (b, wide), (a, wide)],
                [(1 - wide, a), (1, a), (1, b), (1 - wide, b)],
                [(a, 1 - wide), (b, 1 - wide), (b, 1), (a, 1)],
                [(0, a), (wide, a), (wide, b), (0, b)],
            ][side]
            window.pane(box, picked(rng, palette["edge" if k % 2 else "sun"]))


def _shining(rng: Rng, size: int, window: Window) -> Pixels:
    labels = window.sheet.labels()
    glass = np.asarray(window.colours, np.float32)[labels] / 255
    inner = np.ones(labels.shape, bool)
    inner[:, 1:] &= labels[:, 1:] == labels[:, :-1]
    inner[1:] &= labels[1:] == labels[:-1]
    far = ndimage.distance_transform_edt(inner).astype(np.float32)
    streaks = _streaks(rng, size, labels)
    light = 0.84 + 0.16 * streaks + 0.1 * cloud(rng, size, 2)
    light += 0.3 * smoothstep(0.004 * size, 0.05 * size, far) - 0.12
    deep = np.clip(light, 0.3, 1.5)
    glass = np.power(np.clip(glass, 0.01, 1), (1.9 - 0.9 * np.clip(deep, 0, 1.6))[..., None])
    glass = glass * (0.55 + 0.55 * deep)[..., None]
    ripple = fractal(rng, size, 26, 4)
    shade, gloss = lit(ripple, 0.0016 * size / 4, 0.06)
    glass = glass * (0.75 + 0.25 * shade)[..., None] + 0.3 * gloss[..., None]
    glass += _bubbles(rng, size)[..., None]
    lead_wide = 0.0074 * size * (1 + 0.12 * cloud(rng, size, 20))
    lead = 1 - smoothstep(-0.8, 0.8, far - lead_wide)
    profile = np.sqrt(np.clip(1 - (far / (lead_wide + 0.01)) ** 2, 0, 1))
    rough = profile + 0.05 * fractal(rng, size, 70, 2)
    shade, gloss = lit(blur(rough, 0.7), 1.1, 0.5)
    came = (
        np.array((0.13, 0.13, 0.145), np.float32) * (0.35 + 0.75 * shade)[..., None]
        + gloss[..., None] * 0.5
    )
    made = mixed(np.asarray(glass, np.float32), came, lead)
    bloom = blur(np.clip(made - 0.35, 0, 1), 0.013 * size)
    return np.asarray(np.clip(made + 0.42 * bloom, 0, 1), np.float32)


def _streaks(rng: Rng, size: int, labels: Array) -> Field:
    """What the glass-blower left: streaks, another way in every pane."""
    whole = np.zeros((size, size), np.float32)
    plain = fractal(rng, size, 12, 4, stretch=5)
    sheets = []
    for turn in range(6):
        a = math.pi * turn / 6
        x, y = grid(size)
        u = ((x - 0.5) * math.cos(a) - (y - 0.5) * math.sin(a) + 0.5 - x) * size
        v = ((x - 0.5) * math.sin(a) + (y - 0.5) * math.cos(a) + 0.5 - y) * size
        bend = 6 * cloud(rng, size, 5)
        sheets.append(moved(plain, (u + bend).astype(np.float32), (v + bend).astype(np.float32)))
    kind = rng.integers(0, 6, int(labels.max()) + 1)[labels]
    for turn in range(6):
        here = kind == turn
        whole[here] = sheets[turn][here]
    return whole


def _bubbles(rng: Rng, size: int) -> Field:
    sheet = Sheet(size)
    for _ in range(240):
        x, y, r = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.001, 0.003)
        sheet.ring(x, y, r, (70, 70, 70), 0.0012)
        sheet.oval(x - r * 0.3, y - r * 0.3, r * 0.4, r * 0.4, (110, 110, 110))
    return blur(sheet.field(), 0.6)
