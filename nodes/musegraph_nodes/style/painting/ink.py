"""Ink on rice paper: strokes of a brush that runs dry, washes, splashes, a seal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .fields import Field, Pixels, Rng, blur, cloud, fractal, grid, mixed, moved, smoothstep
from .sheet import Point, Sheet, curve

Array = np.ndarray[Any, Any]
BRISTLES = 46


class Rice:
    """Rice paper and how much ink lies on it."""

    def __init__(self, rng: Rng, size: int) -> None:
        self.rng, self.size = rng, size
        self.ink = np.zeros((size, size), np.float32)
        self.fibre = fractal(rng, size, 70, 3)
        self.flow = [fractal(rng, size, 16, 4) for _ in range(2)]

    def stroke(
        self, points: Any, widths: list[float], dark: float, dry: float = 0.3, wet: float = 0.0012
    ) -> None:
        """One pull of the brush: each hair has its own ink, which runs out towards the end."""
        way = np.asarray(points, float)
        along = np.gradient(way, axis=0)
        along /= np.maximum(np.hypot(along[:, 0], along[:, 1])[:, None], 1e-9)
        normal = np.stack((-along[:, 1], along[:, 0]), 1)
        wide = np.interp(np.linspace(0, 1, len(way)), np.linspace(0, 1, len(widths)), widths)
        sheet = Sheet(self.size)
        load = np.clip(self.rng.normal(1.0, 0.35, BRISTLES), 0.1, 2)
        share = np.linspace(0, 1, len(way))
        gaps = np.cumsum(self.rng.normal(0, 0.3, (BRISTLES, len(way))), 1)
        gaps -= gaps.mean(1, keepdims=True)
        for k in range(BRISTLES):
            off = (k + 0.5) / BRISTLES - 0.5
            full = load[k] + 0.25 * gaps[k] - dry * (0.4 + 1.5 * share**1.5) > 0.0
            at = way + normal * (off * wide)[:, None]
            hair = max(float(wide.max()) / BRISTLES * 2.1, 0.8 / self.size)
            tone = 255 * min(1.0, 0.78 + 0.22 * load[k] + 0.25 * abs(off))
            begin = None
            for i in range(len(way) + 1):
                here = i < len(way) and bool(full[i])
                if here and begin is None:
                    begin = i
                elif not here and begin is not None:
                    if i - begin > 1:
                        sheet.line(at[begin:i], (tone, tone, tone), hair)
                    begin = None
        self._lay(sheet.field() * dark, wet)

    def wash(self, mask: Field, dark: float, wet: float = 0.006, edge: float = 0.25) -> None:
        """Thin ink over an area."""
        reach = 0.01 * self.size
        area = moved(mask, self.flow[0] * reach, self.flow[1] * reach)
        area = blur(area, wet * self.size)
        rim = np.clip(area - blur(area, 0.008 * self.size), 0, 1)
        tone = area * (0.8 + 0.2 * fractal(self.rng, self.size, 5, 4)) + edge * rim
        self._add(np.clip(tone, 0, 2) * dark)

    def splash(self, x: float, y: float, big: float, many: int) -> None:
        """Drops flung from the brush."""
        sheet = Sheet(self.size)
        for _ in range(many):
            far, turn = self.rng.exponential(big), self.rng.uniform(0, 2 * math.pi)
            r = self.rng.gamma(1.2, 0.0026)
            px, py = x + far * math.cos(turn), y + far * math.sin(turn)
            sheet.oval(px, py, r, r * self.rng.uniform(0.7, 1.2), (255, 255, 255))
            if r > 0.005:
                tail = (px + 3 * r * math.cos(turn), py + 3 * r * math.sin(turn))
                sheet.line([(px, py), tail], (255, 255, 255), r * 0.5)
        self._lay(sheet.field() * self.rng.uniform(0.5, 0.95), 0.0008)

    def _lay(self, tone: Field, wet: float) -> None:
        reach = 0.0026 * self.size
        ragged = moved(tone, self.flow[0] * reach + self.fibre * 0.5, self.flow[1] * reach)
        soft = blur(ragged, wet * self.size)
        halo = blur(ragged, 0.006 * self.size) * 0.1
        self._add(np.maximum(soft, halo))

    def _add(self, tone: Field) -> None:
        self.ink = 1 - (1 - np.clip(self.ink, 0, 0.985)) * (1 - np.clip(tone, 0, 0.97))


def ink(rng: Rng, size: int) -> Pixels:
    """Mountains in mist, with bamboo, a pine or a branch of plum before them."""
    rice = Rice(rng, size)
    blossoms: list[tuple[float, float, float]] = []
    motif = int(rng.integers(4))
    _mountains(rng, rice, 2 if motif in (1, 2) else 4)
    if motif == 1:
        _bamboo(rng, rice)
    elif motif == 2:
        blossoms = _plum(rng, rice)
    else:
        _crag(rng, rice)
    rice.splash(rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.9), 0.09, int(rng.integers(16, 40)))
    return _dried(rng, rice, blossoms)


def _mountains(rng: Rng, rice: Rice, many: int) -> None:
    size = rice.size
    _, y = grid(size)
    for k in range(many):
        base = 0.28 + 0.13 * k + rng.normal(0, 0.02)
        line = fractal(rng, size, 2.2 + 0.5 * k, 5, 0.5)[size // 2]
        ridge = (
            base
            - 0.075 * line
            - 0.05 * np.exp(-(((np.arange(size) / size - rng.uniform(0.2, 0.8)) / 0.12) ** 2))
        )
        depth = (y - ridge[None]) / rng.uniform(0.16, 0.24)
        mask = np.where(depth > 0, np.clip(1 - depth, 0, 1) ** 1.3, 0).astype(np.float32)
        rice.wash(mask, 0.2 + 0.11 * k, 0.003, 0.5)
        u = np.arange(size) / size
        for _ in range(5 + 4 * k):
            start = rng.uniform(0, 0.85)
            part = np.linspace(start, start + rng.uniform(0.08, 0.26), 26)
            top = np.interp(part, u, ridge) + 0.002
            dark = 0.24 + 0.14 * k + rng.normal(0, 0.05)
            rice.stroke(np.stack((part, top), 1), [0.002, 0.011, 0.003], dark, 0.55)
        for _ in range(7 * (k + 1)):
            at = rng.uniform(0.02, 0.98)
            top = float(np.interp(at, u, ridge)) + rng.uniform(0.005, 0.05)
            lean = rng.normal(0, 0.035)
            way = curve(
                [
                    (at, top),
                    (at + lean * 0.4, top + 0.03),
                    (at + lean, top + rng.uniform(0.05, 0.1)),
                ],
                14,
            )
            rice.stroke(way, [0.003, 0.014, 0.004], 0.16 + 0.1 * k, 0.75)


def _bamboo(rng: Rng, rice: Rice) -> None:
    side = rng.choice([0.25, 0.7])
    for number in range(int(rng.integers(2, 4))):
        x = side + number * rng.uniform(0.07, 0.13) * (1 if side < 0.5 else -1)
        lean, wide = rng.normal(0, 0.05), 0.044 - 0.011 * number
        dark, y = 0.8 - 0.26 * number, 1.04
        while y > -0.05:
            tall = rng.uniform(0.15, 0.2) * (1 - 0.12 * number)
            a, b = (x + lean * (1 - y), y), (x + lean * (1 - y + tall), y - tall + 0.012)
            rice.stroke(
                curve([a, b], 26), [wide * 1.06, wide * 0.9, wide * 0.9, wide * 1.08], dark, 0.32
            )
            knot = curve(
                [
                    (b[0] - wide * 0.62, b[1] - 0.003),
                    (b[0], b[1] - 0.009),
                    (b[0] + wide * 0.62, b[1] - 0.004),
                ],
                10,
            )
            rice.stroke(knot, [0.009, 0.006, 0.01], min(0.97, dark + 0.2), 0.1)
            if rng.random() < 0.75:
                _twig(rng, rice, b, dark)
            y -= tall
    for _ in range(3):
        _twig(rng, rice, (side + rng.normal(0, 0.1), rng.uniform(0.1, 0.5)), 0.9)


def _twig(rng: Rng, rice: Rice, at: Point, dark: float) -> None:
    way = rng.choice([-1, 1])
    tip = (at[0] + way * rng.uniform(0.1, 0.2), at[1] - rng.uniform(0.01, 0.1))
    twig = curve([at, ((at[0] + tip[0]) / 2, (at[1] + tip[1]) / 2 - 0.02), tip], 16)
    rice.stroke(twig, [0.006, 0.003], dark, 0.25)
    for place in (7, 11, 15, 15):
        root = twig[place]
        for turn in rng.uniform(-0.5, 1.5, int(rng.integers(1, 3))):
            long = rng.uniform(0.09, 0.16)
            end = (root[0] + way * long * math.cos(turn), root[1] + long * math.sin(turn))
            mid = ((root[0] + end[0]) / 2, (root[1] + end[1]) / 2 + 0.012)
            leaf = curve([tuple(root), mid, end], 22)
            rice.stroke(
                leaf,
                [0.002, 0.017, 0.021, 0.013, 0.001],
                min(0.95, dark + rng.normal(0.08, 0.1)),
                0.2,
            )


def _plum(rng: Rng, rice: Rice) -> list[tuple[float, float, float]]:
    way = int(rng.choice([-1, 1]))
    x0 = 0.0 if way > 0 else 1.0
    trunk = curve(
        [
            (x0 - way * 0.04, rng.uniform(0.84, 0.98)),
            (x0 + way * 0.2, 0.72),
            (x0 + way * 0.34, 0.75),
            (x0 + way * 0.52, 0.52),
            (x0 + way * 0.66, 0.5),
            (x0 + way * 0.82, 0.26),
        ],
        70,
    )
    rice.stroke(trunk, [0.11, 0.085, 0.06, 0.042, 0.028, 0.01], 0.86, 0.62)
    rice.stroke(trunk + np.array((0.006, 0.02)), [0.05, 0.04, 0.02, 0.012, 0.004], 0.5, 0.8)
    flowers: list[tuple[float, float, float]] = []
    for place in (18, 27, 36, 44, 50, 56, 62, 68):
        turn = rng.uniform(-2.4, -0.7) if rng.random() < 0.75 else rng.uniform(0.2, 1.2)
        long = rng.uniform(0.14, 0.3)
        root = trunk[place]
        end = (root[0] + long * math.cos(turn), root[1] + long * math.sin(turn))
        mid = ((root[0] + end[0]) / 2 + rng.normal(0, 0.03), (root[1] + end[1]) / 2)
        twig = curve([tuple(root), mid, end], 26)
        rice.stroke(twig, [0.014, 0.007, 0.003], 0.85, 0.3)
        for at in rng.integers(8, 26, 4):
            px, py = twig[at] + rng.normal(0, 0.009, 2)
            flowers.append((float(px), float(py), float(rng.uniform(0.014, 0.026))))
    for _ in range(26):
        px, py = trunk[int(rng.integers(5, 60))] + rng.normal(0, 0.02, 2)
        rice.splash(float(px), float(py), 0.004, 2)
    return flowers


def _crag(rng: Rng, rice: Rice) -> None:
    """A rock with a pine, and a hut or a boat on the water."""
    size, side = rice.size, int(rng.choice([-1, 1]))
    x, y = grid(size)
    u = 0.5 + side * (x - 0.5)
    edge = 0.96 - 0.5 * smoothstep(0.45, 0.95, u) - 0.05 * cloud(rng, size, 7, 0)[size // 2][None]
    depth = np.clip((y - edge) / 0.3, 0, 1)
    rice.wash(((y > edge) * (1 - 0.6 * depth)).astype(np.float32), 0.5, 0.003, 0.6)

    def at(a: float, b: float) -> Point:
        return 0.5 + side * (a - 0.5), b

    for _ in range(60):
        a = rng.uniform(0.5, 1.02)
        top = (
            0.96
            - 0.5 * float(smoothstep(0.45, 0.95, np.array(a, np.float32)))
            + rng.uniform(-0.02, 0.22)
        )
        lean = rng.normal(0.01, 0.03)
        way = curve(
            [
                at(a, top),
                at(a + lean, top + 0.05),
                at(a + lean * 2.2, top + rng.uniform(0.08, 0.15)),
            ],
            18,
        )
        rice.stroke(way, [0.006, 0.03, 0.008], rng.uniform(0.35, 0.85), 0.85)
    _pine(rng, rice, side)
    _boat(rng, rice, side)


def _pine(rng: Rng, rice: Rice, side: int) -> None:
    def at(a: float, b: float) -> Point:
        return 0.5 + side * (a - 0.5), b

    trunk = curve([at(0.86, 0.6), at(0.83, 0.46), at(0.74, 0.4), at(0.69, 0.27), at(0.58, 0.2)], 40)
    rice.stroke(trunk, [0.042, 0.034, 0.026, 0.012], 0.88, 0.5)
    for place, far in ((14, -0.16), (20, 0.14), (26, -0.17), (32, 0.13), (38, -0.12), (39, 0.06)):
        root = trunk[place]
        end = (root[0] + side * far, root[1] + rng.uniform(-0.02, 0.03))
        rice.stroke(curve([tuple(root), end], 14), [0.011, 0.005], 0.85, 0.3)
        for t in np.linspace(0.35, 1.05, 5):
            cx, cy = root[0] + (end[0] - root[0]) * t, root[1] + (end[1] - root[1]) * t
            for turn in np.linspace(-2.9, -0.25, 12):
                tip = (cx + 0.042 * math.cos(turn), cy + 0.03 * math.sin(turn))
                rice.stroke([(cx, cy), tip], [0.0026, 0.0016], 0.85, 0.05)


def _boat(rng: Rng, rice: Rice, side: int) -> None:
    boat = (0.5 + side * (rng.uniform(0.16, 0.34) - 0.5), rng.uniform(0.78, 0.88))
    hull = curve(
        [
            (boat[0] - 0.07, boat[1] - 0.012),
            (boat[0], boat[1] + 0.012),
            (boat[0] + 0.075, boat[1] - 0.018),
        ],
        20,
    )
    rice.stroke(hull, [0.004, 0.018, 0.004], 0.85, 0.2)
    rice.stroke(
        [(boat[0] + 0.02, boat[1]), (boat[0] + 0.024, boat[1] - 0.05)], [0.007, 0.005], 0.9, 0.05
    )
    rice.stroke(
        curve(
            [
                (boat[0] + 0.004, boat[1] - 0.05),
                (boat[0] + 0.024, boat[1] - 0.066),
                (boat[0] + 0.046, boat[1] - 0.05),
            ],
            9,
        ),
        [0.005, 0.009, 0.005],
        0.9,
        0.05,
    )
    for k in range(7):
        cx, cy = boat[0] + rng.normal(0, 0.1), boat[1] + 0.02 + 0.018 * k
        rice.stroke(
            curve([(cx - 0.06, cy), (cx, cy + 0.003), (cx + 0.06, cy)], 16),
            [0.002, 0.005, 0.002],
            0.3,
            0.7,
        )


def _dried(rng: Rng, rice: Rice, blossoms: list[tuple[float, float, float]]) -> Pixels:
    size = rice.size
    paper = np.full((size, size, 3), np.array((0.955, 0.93, 0.868)), np.float32)
    paper *= (1 + 0.012 * rice.fibre + 0.02 * cloud(rng, size, 3))[..., None]
    strands = Sheet(size)
    for _ in range(130):
        x, y, turn = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0, math.pi)
        far = rng.uniform(0.01, 0.035)
        way = [
            (x, y),
            (x + far * math.cos(turn), y + far * math.sin(turn)),
            (x + far * 1.6 * math.cos(turn + 0.5), y + far * 1.6 * math.sin(turn + 0.5)),
        ]
        strands.line(curve(way, 8), (255, 255, 255), 0.0011, 0.35)
    paper -= 0.12 * strands.pixels() * np.array((0.5, 0.7, 1.0), np.float32)
    black = np.array((0.075, 0.075, 0.095), np.float32)
    tone = np.clip(rice.ink * (1 + 0.07 * rice.fibre), 0, 1)
    made = mixed(paper, paper * black, tone)
    red = np.array((0.78, 0.16, 0.13), np.float32)
    flowers = Sheet(size)
    for x, y, r in blossoms:
        for k in range(5):
            a = 2 * math.pi * k / 5 + x * 50
            flowers.oval(
                x + r * 0.6 * math.cos(a),
                y + r * 0.6 * math.sin(a),
                r * 0.52,
                r * 0.46,
                (200, 200, 200),
            )
    petals = moved(flowers.field(), rice.flow[0] * 1.6, rice.flow[1] * 1.6)
    petals = petals * (0.75 + 0.2 * rice.fibre * 0.5) + np.clip(petals - blur(petals, 2.5), 0, 1)
    made = mixed(made, made * 0.25 + red * 0.75, np.clip(petals, 0, 0.95))
    made = mixed(made, np.full_like(made, red), _seal(rng, size, rice.fibre))
    return np.asarray(np.clip(made, 0, 1), np.float32)


def _seal(rng: Rng, size: int, fibre: Field) -> Field:
    """A red seal: strokes that look cut, and mean nothing."""
    sheet = Sheet(size)
    x, y, side = (0.9 if rng.random() < 0.5 else 0.05), rng.uniform(0.78, 0.9), 0.056
    sheet.fill([(x, y), (x + side, y), (x + side, y + side), (x, y + side)], (255, 255, 255))
    for column in range(2):
        for row in range(2):
            cx, cy, s = (
                x + side * (0.28 + 0.44 * column),
                y + side * (0.28 + 0.44 * row),
                side * 0.15,
            )
            for _ in range(4):
                if rng.random() < 0.5:
                    at = cy + rng.choice([-1, 0, 1]) * s * 0.9
                    sheet.line([(cx - s, at), (cx + s, at)], (0, 0, 0), 0.0028)
                else:
                    at = cx + rng.choice([-1, 0, 1]) * s * 0.9
                    sheet.line([(at, cy - s), (at, cy + s)], (0, 0, 0), 0.0028)
    worn = np.clip(1.05 - 0.3 * np.clip(fibre - 0.7, 0, 2), 0, 1)
    return np.asarray(blur(sheet.field(), 0.5) * worn * 0.92, np.float32)
