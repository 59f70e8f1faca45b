"""Blueprint: white ink lines on blue paper, with a grid, measures and a title block."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from .fields import Field, Pixels, Rng, blur, cloud, fractal, grid, lit, mixed, smoothstep
from .sheet import Colour, Point, Sheet, circle

Array = np.ndarray[Any, Any]
WHITE: Colour = (255, 255, 255)
THICK, MIDDLE, THIN = 0.0036, 0.0022, 0.0014
# Letters of straight lines on a field of 2 × 4, as a draughtsman's stencil has them.
LETTERS: dict[str, str] = {
    "0": "00 20 24 04 00 24", "1": "01 10 14", "2": "00 20 22 02 04 24", "3": "00 20 24 04|02 22",
    "4": "00 02 22|20 24", "5": "20 00 02 22 24 04", "6": "20 00 04 24 22 02", "7": "00 20 14",
    "8": "00 20 24 04 00|02 22", "9": "22 02 00 20 24 04", "A": "04 10 24|02 22",
    "B": "00 04 14 23 12 02|12 21 10 00", "D": "00 04 14 23 21 10 00", "E": "20 00 04 24|02 12",
    "L": "00 04 24", "N": "04 00 24 20", "S": "20 00 02 22 24 04", "T": "00 20|10 14",
    ".": "13 14", "-": "02 22",
}  # fmt: skip


class Drawing:
    """Lines of three widths, drawn with a ruler by a hand."""

    def __init__(self, rng: Rng, size: int) -> None:
        self.rng, self.sheet = rng, Sheet(size)

    def line(self, points: Any, width: float = MIDDLE, closed: bool = False) -> None:
        """A line that runs a little beyond its corners, as ruled lines do."""
        made = np.asarray(points, float)
        tone = self.rng.uniform(0.8, 1.0)
        self.sheet.line(made, WHITE, width, tone, closed)
        if width >= MIDDLE and not closed and len(made) == 2:
            on = (made[1] - made[0]) / max(float(np.hypot(*(made[1] - made[0]))), 1e-6)
            past = 0.006 * self.rng.uniform(0.3, 1.2)
            self.sheet.line([made[0] - on * past, made[1] + on * past], WHITE, width * 0.5, 0.7)

    def box(self, x: float, y: float, wide: float, high: float, width: float = MIDDLE) -> None:
        """A rectangle, of four ruled lines."""
        corners = [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)]
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
            self.line([a, b], width)

    def ring(self, x: float, y: float, radius: float, width: float = MIDDLE) -> None:
        """A circle."""
        self.sheet.ring(x, y, radius, WHITE, width, self.rng.uniform(0.85, 1.0))

    def axis(self, a: Point, b: Point) -> None:
        """A centre line: long, short, long."""
        start, end = np.asarray(a, float), np.asarray(b, float)
        far = float(np.hypot(*(end - start)))
        at = 0.0
        while at < far:
            for long, gap in ((0.026, 0.007), (0.005, 0.007)):
                stop = min(far, at + long)
                if at < far:
                    ends = [start + (end - start) * at / far, start + (end - start) * stop / far]
                    self.sheet.line(ends, WHITE, THIN, 0.8)
                at = stop + gap

    def hatch(self, x: float, y: float, wide: float, high: float, gap: float = 0.009) -> None:
        """A cut through material: slanting lines in a rectangle."""
        for at in np.arange(gap, wide + high, gap):
            a = (x + min(at, wide), y + max(0.0, at - wide))
            b = (x + max(0.0, at - high), y + min(at, high))
            self.sheet.line([a, b], WHITE, THIN, 0.75)

    def measure(self, a: Point, b: Point, off: float) -> None:
        """A length between two points, written beside the drawing."""
        start, end = np.asarray(a, float), np.asarray(b, float)
        on = (end - start) / max(float(np.hypot(*(end - start))), 1e-6)
        out = np.array((-on[1], on[0])) * off
        for at in (start, end):
            self.sheet.line([at + out * 0.15, at + out * 1.15], WHITE, THIN, 0.75)
        p, q = start + out, end + out
        self.sheet.line([p, q], WHITE, THIN, 0.9)
        for at, way in ((p, 1), (q, -1)):
            side = np.array((-on[1], on[0])) * 0.0035
            self.sheet.fill([at, at + on * way * 0.012 + side, at + on * way * 0.012 - side], WHITE)
        middle = (p + q) / 2 + np.array((-0.02, -0.017))
        self.write(f"{self.rng.integers(12, 980)}", float(middle[0]), float(middle[1]), 0.012)

    def write(self, text: str, x: float, y: float, high: float) -> None:
        """Letters of a stencil, a little slanted."""
        for letter in text:
            for stroke in LETTERS.get(letter, "").split("|"):
                points = [
                    (
                        x + (int(p[0]) * 0.26 - int(p[1]) * 0.05 + 0.2) * high,
                        y + int(p[1]) * 0.25 * high,
                    )
                    for p in stroke.split()
                ]
                if points:
                    self.sheet.line(points, WHITE, max(THIN, high * 0.11), 0.95)
            x += high * 0.82


def blueprint(rng: Rng, size: int) -> Pixels:
    """A house, an engine or a bridge, drawn to measure."""
    drawing = Drawing(rng, size)
    (_house, _engine, _bridge)[int(rng.integers(3))](rng, drawing)
    _title(rng, drawing)
    return _copied(rng, size, drawing)


def _title(rng: Rng, drawing: Drawing) -> None:
    drawing.box(0.035, 0.035, 0.93, 0.93, THICK)
    drawing.box(0.66, 0.862, 0.305, 0.103, MIDDLE)
    for y in (0.892, 0.93):
        drawing.line([(0.66, y), (0.965, y)], THIN)
    drawing.line([(0.82, 0.892), (0.82, 0.965)], THIN)
    words = ["TABLE", "LATTE", "BEAN", "DELTA", "STEEL", "TALENT", "NEST", "ATLAS"]
    drawing.write(
        f"{words[int(rng.integers(8))]} {words[int(rng.integers(8))]}", 0.672, 0.869, 0.016
    )
    drawing.write(f"NB. {rng.integers(100, 999)}-{rng.integers(10, 99)}", 0.672, 0.904, 0.013)
    drawing.write(f"1-{rng.choice([20, 50, 100])}", 0.832, 0.904, 0.013)
    drawing.write(f"{rng.integers(1880, 1960)}", 0.672, 0.941, 0.013)
    drawing.write("SET A", 0.832, 0.941, 0.013)


def _house(rng: Rng, drawing: Drawing) -> None:
    left, right, ground = 0.14, 0.62 + rng.uniform(0, 0.08), 0.52
    floors, high = int(rng.integers(2, 4)), 0.1
    top = ground - floors * high
    drawing.line([(0.08, ground), (0.92, ground)], THICK)
    drawing.hatch(0.08, ground + 0.004, 0.84, 0.014, 0.011)
    drawing.box(left, top, right - left, floors * high, THICK)
    peak = top - rng.uniform(0.09, 0.15)
    middle = (left + right) / 2
    drawing.line([(left - 0.03, top), (middle, peak)], THICK)
    drawing.line([(right + 0.03, top), (middle, peak)], THICK)
    drawing.line([(left - 0.03, top), (right + 0.03, top)], MIDDLE)
    for k in range(1, 16):
        x = left + (right - left) * k / 16
        y = top - (top - peak) * (1 - abs(k / 8 - 1)) + 0.004
        drawing.line([(x, top), (x, y)], THIN)
    windows = int(rng.integers(4, 6))
    for floor in range(floors):
        for k in range(windows):
            x, y = left + (right - left) * (k + 0.5) / windows, top + floor * high + 0.024
            if floor == floors - 1 and k == windows // 2:
                drawing.box(x - 0.024, y, 0.048, high - 0.024, MIDDLE)
                drawing.line([(x, y), (x, y + high - 0.024)], THIN)
                drawing.ring(x, y - 0.001, 0.02, THIN)
                continue
            drawing.box(x - 0.02, y, 0.04, 0.052, MIDDLE)
            drawing.line([(x, y), (x, y + 0.052)], THIN)
            drawing.line([(x - 0.02, y + 0.026), (x + 0.02, y + 0.026)], THIN)
            drawing.line([(x - 0.025, y + 0.057), (x + 0.025, y + 0.057)], MIDDLE)
    drawing.axis((middle, peak - 0.04), (middle, ground + 0.05))
    drawing.measure((left, ground + 0.02), (right, ground + 0.02), 0.035)
    drawing.measure((left, ground), (left, top), 0.04)
    drawing.measure((right + 0.03, peak), (right + 0.03, ground), -0.045)
    _tree(rng, drawing, right + 0.16, ground)
    _plan(rng, drawing, left, 0.62, right - left, 0.22)


def _tree(rng: Rng, drawing: Drawing, x: float, ground: float) -> None:
    drawing.line([(x - 0.006, ground), (x - 0.003, ground - 0.13)], MIDDLE)
    drawing.line([(x + 0.006, ground), (x + 0.003, ground - 0.13)], MIDDLE)
    drawing.ring(x, ground - 0.18, 0.068, MIDDLE)
    for _ in range(11):
        turn, far = rng.uniform(0, 6.3), rng.uniform(0.01, 0.05)
        drawing.ring(
            x + far * math.cos(turn),
            ground - 0.18 + far * math.sin(turn),
            rng.uniform(0.008, 0.018),
            THIN,
        )


def _plan(rng: Rng, drawing: Drawing, x: float, y: float, wide: float, high: float) -> None:
    """Rooms from above: double walls, doors with their swing, stairs."""
    for inset, width in ((0.0, THICK), (0.009, MIDDLE)):
        drawing.box(x + inset, y + inset, wide - 2 * inset, high - 2 * inset, width)
    a, b = x + wide * rng.uniform(0.3, 0.42), x + wide * rng.uniform(0.6, 0.72)
    c = y + high * rng.uniform(0.42, 0.58)
    for at in (a, b):
        drawing.line([(at, y + 0.009), (at, y + high - 0.009)], MIDDLE)
        drawing.line([(at + 0.006, y + 0.009), (at + 0.006, y + high - 0.009)], MIDDLE)
    for left, right in ((x + 0.009, a), (b + 0.006, x + wide - 0.009)):
        drawing.line([(left, c), (right, c)], MIDDLE)
        drawing.line([(left, c + 0.006), (right, c + 0.006)], MIDDLE)
        door = [
            (right - 0.01 - 0.045 * math.cos(t), c + 0.006 + 0.045 * math.sin(t))
            for t in np.linspace(0, 1.57, 14)
        ]
        drawing.line(door, THIN)
        drawing.line([(right - 0.01, c + 0.006), (right - 0.01, c + 0.051)], MIDDLE)
    for k in range(11):
        drawing.line([(a + 0.016 + 0.009 * k, y + 0.012), (a + 0.016 + 0.009 * k, y + 0.075)], THIN)
    drawing.hatch(x, y, wide, 0.009, 0.006)
    drawing.hatch(x, y + high - 0.009, wide, 0.009, 0.006)
    drawing.measure((x + wide, y), (x + wide, y + high), -0.04)


def _engine(rng: Rng, drawing: Drawing) -> None:
    """Wheels with teeth, shafts and a cut through a housing."""
    wheels = [
        (0.34, 0.33, rng.uniform(0.17, 0.2)),
        (0.66, 0.4, rng.uniform(0.09, 0.12)),
        (0.78, 0.24, 0.06),
    ]
    for x, y, radius in wheels:
        _gear(rng, drawing, x, y, radius)
    for (x, y, r), (u, v, s) in pairwise(wheels):
        drawing.axis((x - r * 0.2, y), (u + s * 0.2, v))
    x, y, r = wheels[0]
    drawing.measure((x - r, y + r + 0.01), (x + r, y + r + 0.01), 0.03)
    drawing.measure(
        (wheels[1][0] + wheels[1][2] + 0.01, y - 0.1),
        (wheels[1][0] + wheels[1][2] + 0.01, 0.5),
        -0.06,
    )
    base = 0.73
    left, right = 0.11, 0.6
    drawing.axis((0.07, base), (0.93 if rng.random() < 0.4 else 0.64, base))
    parts = [
        (left, 0.05, 0.03),
        (left + 0.05, 0.09, 0.075),
        (left + 0.14, 0.06, 0.045),
        (left + 0.2, 0.14, 0.1),
        (left + 0.34, 0.08, 0.06),
        (left + 0.42, right - left - 0.42, 0.032),
    ]
    for k, (at, wide, half) in enumerate(parts):
        drawing.box(at, base - half, wide, 2 * half, THICK if k in (1, 3) else MIDDLE)
        if k in (1, 3):
            drawing.hatch(at, base - half, wide, half * 0.7)
            drawing.hatch(at, base + half * 0.3, wide, half * 0.7)
            drawing.ring(at + wide / 2, base - half * 0.65, half * 0.2, THIN)
    drawing.measure((left, base + 0.11), (right, base + 0.11), 0.03)
    drawing.measure((left, base - 0.03), (left, base + 0.03), 0.03)
    x, y = 0.78, 0.66
    for r, width in ((0.13, THICK), (0.112, MIDDLE), (0.055, MIDDLE), (0.03, THICK)):
        drawing.ring(x, y, r, width)
    for k in range(8):
        t = 2 * math.pi * k / 8
        drawing.ring(x + 0.085 * math.cos(t), y + 0.085 * math.sin(t), 0.011, MIDDLE)
    drawing.axis((x - 0.15, y), (x + 0.15, y))
    drawing.axis((x, y - 0.15), (x, y + 0.15))


def _gear(rng: Rng, drawing: Drawing, x: float, y: float, radius: float) -> None:
    teeth = round(radius * 150)
    outline = []
    for k in range(teeth):
        for part, r in ((0.0, 0.92), (0.2, 0.92), (0.32, 1.03), (0.68, 1.03), (0.8, 0.92)):
            t = 2 * math.pi * (k + part) / teeth
            outline.append((x + r * radius * math.cos(t), y + r * radius * math.sin(t)))
    drawing.line(outline, MIDDLE, closed=True)
    for share, width in ((0.82, MIDDLE), (0.36, MIDDLE), (0.2, THICK)):
        drawing.ring(x, y, radius * share, width)
    spokes = int(rng.integers(4, 7))
    for k in range(spokes):
        t = 2 * math.pi * k / spokes + 0.2
        for off in (-0.05, 0.05):
            a = (
                x + radius * 0.36 * math.cos(t + off * 2.4),
                y + radius * 0.36 * math.sin(t + off * 2.4),
            )
            b = (x + radius * 0.82 * math.cos(t + off), y + radius * 0.82 * math.sin(t + off))
            drawing.line([a, b], THIN)
    drawing.axis((x - radius * 1.15, y), (x + radius * 1.15, y))
    drawing.axis((x, y - radius * 1.15), (x, y + radius * 1.15))


def _bridge(rng: Rng, drawing: Drawing) -> None:
    deck, foot = 0.4, 0.55
    towers = (0.27, 0.73)
    top = deck - rng.uniform(0.2, 0.26)
    drawing.line([(0.06, deck), (0.94, deck)], THICK)
    drawing.line([(0.06, deck + 0.022), (0.94, deck + 0.022)], MIDDLE)
    for x in np.arange(0.07, 0.93, 0.022):
        drawing.line([(x, deck), (x + 0.011, deck + 0.022), (x + 0.022, deck)], THIN)
    for x in towers:
        drawing.box(x - 0.015, top, 0.03, foot - top, THICK)
        for y in np.arange(top + 0.02, deck - 0.02, 0.045):
            drawing.line([(x - 0.015, y), (x + 0.015, y + 0.04)], THIN)
            drawing.line([(x + 0.015, y), (x - 0.015, y + 0.04)], THIN)
        drawing.box(x - 0.035, foot, 0.07, 0.035, THICK)
        drawing.hatch(x - 0.035, foot, 0.07, 0.035, 0.008)
        drawing.axis((x, top - 0.03), (x, foot + 0.06))
    u = np.linspace(towers[0], towers[1], 60)
    sag = top + (deck - 0.02 - top) * (1 - ((u - 0.5) / (towers[1] - 0.5)) ** 2)
    drawing.line(np.stack((u, sag), 1), THICK)
    for side, tower in ((0.06, towers[0]), (0.94, towers[1])):
        drawing.line([(tower, top), (side, deck)], THICK)
        for k in range(1, 9):
            x = tower + (side - tower) * k / 9
            drawing.line([(x, top + (deck - top) * k / 9), (x, deck)], THIN)
    for x in np.linspace(towers[0], towers[1], 27)[1:-1]:
        drawing.line([(x, float(np.interp(x, u, sag))), (x, deck)], THIN)
    for k in range(4):
        y = foot + 0.012 + 0.013 * k
        drawing.line([(0.08 + 0.05 * k, y), (0.2, y)], THIN)
        drawing.line([(0.33, y), (0.67 - 0.04 * k, y)], THIN)
    drawing.measure((towers[0], foot + 0.05), (towers[1], foot + 0.05), 0.03)
    drawing.measure((0.06, foot + 0.05), (towers[0], foot + 0.05), 0.03)
    drawing.measure((towers[1] + 0.05, top), (towers[1] + 0.05, deck), -0.03)
    _section(rng, drawing)


def _section(rng: Rng, drawing: Drawing) -> None:
    """A girder across, and a joint in large."""
    x, y, wide = 0.1, 0.74, 0.5
    drawing.box(x, y, wide, 0.016, THICK)
    drawing.box(x + 0.03, y + 0.12, wide - 0.06, 0.014, MIDDLE)
    for k in range(6):
        a = x + 0.03 + (wide - 0.06) * k / 6
        b = x + 0.03 + (wide - 0.06) * (k + 1) / 6
        ends = [(a, y + 0.12), (b, y + 0.016)] if k % 2 == 0 else [(a, y + 0.016), (b, y + 0.12)]
        drawing.line(ends, MIDDLE)
        drawing.line([(p + 0.008, q) for p, q in ends], THIN)
        drawing.ring(ends[0][0], ends[0][1], 0.008, MIDDLE)
    drawing.hatch(x, y, wide, 0.016, 0.007)
    drawing.measure((x, y + 0.14), (x + wide, y + 0.14), 0.03)
    cx, cy, r = 0.8, 0.752, 0.088
    drawing.ring(cx, cy, r, MIDDLE)
    for k in range(5):
        t = 2 * math.pi * k / 5 + 0.4
        for off in (-0.1, 0.1):
            drawing.line(
                [
                    (cx + 0.035 * math.cos(t + 4 * off), cy + 0.035 * math.sin(t + 4 * off)),
                    (cx + r * math.cos(t + off), cy + r * math.sin(t + off)),
                ],
                MIDDLE,
            )
        for far in (0.058, 0.085):
            drawing.ring(cx + far * 0.8 * math.cos(t), cy + far * 0.8 * math.sin(t), 0.004, THIN)
    drawing.line(circle(cx, cy, 0.038, 6), THICK, closed=True)
    drawing.ring(cx, cy, 0.014, MIDDLE)


def _copied(rng: Rng, size: int, drawing: Drawing) -> Pixels:
    """Iron blue that the light made, uneven and creased, with a grid."""
    x, y = grid(size)
    tone = (
        0.5 * cloud(rng, size, 3)
        + 0.35 * fractal(rng, size, 8, 5)
        + 0.25 * fractal(rng, size, 120, 2)
    )
    deep = np.array((0.035, 0.16, 0.40), np.float32) + rng.uniform(-0.015, 0.03, 3).astype(
        np.float32
    )
    pale = np.array((0.13, 0.34, 0.62), np.float32)
    made = mixed(
        np.full((size, size, 3), deep), np.full((size, size, 3), pale), smoothstep(-2.2, 2.6, tone)
    )
    step = 1 / 32
    made = mixed(
        made,
        np.full_like(made, (0.5, 0.7, 0.9)),
        0.17 * _rules(x, y, step, size) + 0.15 * _rules(x, y, step * 4, size),
    )
    lines = drawing.sheet.field()
    worn = np.clip(0.9 + 0.12 * fractal(rng, size, 60, 3), 0.35, 1)
    glow = blur(lines, 0.003 * size) * 0.3
    made = mixed(made, np.full_like(made, (0.9, 0.95, 0.98)), np.clip(lines * worn + glow, 0, 0.97))
    fold = np.zeros((size, size), np.float32)
    for at, along in (
        (rng.uniform(0.3, 0.36), x),
        (rng.uniform(0.64, 0.7), x),
        (rng.uniform(0.45, 0.55), y),
    ):
        fold += np.exp(-np.abs(along - at) * size / 2.2) - 0.5 * np.exp(
            -np.abs(along - at - 0.006) * size / 3
        )
    made += 0.12 * (fold * (0.6 + 0.4 * cloud(rng, size, 40)))[..., None]
    shade, _ = lit(fractal(rng, size, 50, 4), 0.02, 0.0)
    vignette = 1 - 0.22 * smoothstep(0.42, 0.75, np.hypot(x - 0.5, y - 0.5).astype(np.float32))
    return np.asarray(np.clip(made * (shade * vignette)[..., None], 0, 1), np.float32)


def _rules(x: Field, y: Field, step: float, size: int) -> Field:
    off = (
        np.minimum(np.abs((x / step + 0.5) % 1 - 0.5), np.abs((y / step + 0.5) % 1 - 0.5))
        * step
        * size
    )
    return np.asarray(np.clip(1.1 - off, 0, 1), np.float32)
