"""Mosaic: stones set in rows along the outlines of what they show, on mortar."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import ndimage

from .fields import Pixels, Rng, blur, cloud, fractal, lit
from .sheet import Colour, Point, Sheet, circle, curve, label

Array = np.ndarray[Any, Any]
GROUNDS: list[list[Colour]] = [
    [(214, 178, 92), (226, 194, 112), (190, 150, 70), (238, 212, 140)],
    [(28, 76, 110), (36, 96, 130), (22, 60, 96), (60, 124, 148)],
    [(232, 222, 200), (222, 208, 182), (240, 232, 214), (208, 192, 166)],
]
FISHES: list[list[Colour]] = [
    [(198, 74, 50), (226, 120, 62), (240, 190, 110)],
    [(60, 130, 150), (110, 176, 176), (200, 220, 200)],
    [(232, 170, 60), (244, 206, 104), (250, 232, 180)],
    [(120, 70, 110), (168, 110, 140), (220, 180, 190)],
]
DARK: Colour = (46, 40, 48)


class Design:
    """Numbered parts and the colours of each."""

    def __init__(self, size: int) -> None:
        self.sheet = Sheet(size, label(0), smooth=False)
        self.colours: list[list[Colour]] = []

    def part(self, points: Any, colours: list[Colour]) -> None:
        """A part over those before it."""
        self.sheet.fill(points, label(self.started(colours)))

    def ring(self, x: float, y: float, radius: float, width: float, colours: list[Colour]) -> None:
        """A band around a middle."""
        self.sheet.ring(x, y, radius, label(self.started(colours)), width)

    def started(self, colours: list[Colour]) -> int:
        """The number of a new part."""
        self.colours.append(colours)
        return len(self.colours) - 1


def mosaic(rng: Rng, size: int) -> Pixels:
    """Fish, birds or flowers in a round field, framed."""
    design = Design(size)
    ground = int(rng.integers(len(GROUNDS)))
    design.started(GROUNDS[(ground + 1) % 3])
    _frame(rng, design, ground)
    motif = int(rng.integers(3))
    (_fishes, _flower, _sun)[motif](rng, design, ground)
    return _laid(rng, size, design)


def _frame(rng: Rng, design: Design, ground: int) -> None:
    whole = [(0.07, 0.07), (0.93, 0.07), (0.93, 0.93), (0.07, 0.93)]
    design.sheet.fill([(0, 0), (1, 0), (1, 1), (0, 1)], label(0))
    band: list[Colour] = [(150, 58, 48), (170, 74, 56), (132, 48, 44)]
    for side in range(4):
        for k in range(9):
            a = 0.035 + 0.93 * (k + 0.5) / 9
            spot = [(a, 0.035), (0.965, a), (a, 0.965), (0.035, a)][side]
            design.part(
                circle(*spot, 0.026, 4), band if k % 2 else [(238, 226, 196), (228, 210, 170)]
            )
    design.part(whole, [DARK, (62, 54, 60)])
    inner = [(0.088, 0.088), (0.912, 0.088), (0.912, 0.912), (0.088, 0.912)]
    design.part(inner, GROUNDS[ground])


def _fishes(rng: Rng, design: Design, ground: int) -> None:
    blues: list[Colour] = [(40, 104, 142), (64, 134, 162), (28, 80, 120), (110, 170, 180)]
    pale: list[Colour] = [(180, 212, 208), (214, 230, 220), (150, 196, 200)]
    for k in range(5):
        y = 0.2 + 0.15 * k + rng.normal(0, 0.015)
        x = np.linspace(0.09, 0.91, 60)
        wave = y + 0.022 * np.sin(x * 18 + k * 2)
        thick = 0.011 + 0.006 * np.sin(x * 18 + k * 2 + 1)
        points = [*zip(x, wave, strict=True), *list(zip(x, wave + thick, strict=True))[::-1]]
        design.part(points, blues if ground != 1 else pale)
    for k, (cx, cy) in enumerate(
        [(0.36, 0.3), (0.62, 0.52), (0.36, 0.74)][: int(rng.integers(2, 4))]
    ):
        _fish(
            rng,
            design,
            cx + rng.normal(0, 0.03),
            cy + rng.normal(0, 0.02),
            FISHES[(k + ground) % 4],
        )


def _fish(rng: Rng, design: Design, x: float, y: float, colours: list[Colour]) -> None:
    way, long = rng.choice([-1, 1]), rng.uniform(0.2, 0.25)
    tilt = rng.normal(0, 0.2)

    def at(u: float, v: float) -> Point:
        dx, dy = way * u * long, v * long
        return x + dx * math.cos(tilt) - dy * math.sin(tilt), y + dx * math.sin(
            tilt
        ) + dy * math.cos(tilt)

    def body(scale: float) -> list[Point]:
        u = np.linspace(0, math.pi, 26)
        high = 0.36 * np.sin(u) ** 0.9 * scale
        along = 0.95 * np.cos(u) * (0.4 + 0.6 * scale)
        upper = [at(a, -h) for a, h in zip(along, high, strict=True)]
        return upper + [at(a, h * 0.9) for a, h in zip(along[::-1], high[::-1], strict=True)]

    tail = curve(
        [
            (-0.82, 0),
            (-1.1, -0.3),
            (-1.38, -0.42),
            (-1.22, 0),
            (-1.38, 0.42),
            (-1.1, 0.3),
            (-0.82, 0),
        ],
        30,
    )
    design.part([at(u, v) for u, v in tail], [DARK, (70, 60, 62)])
    design.part([at(-0.86 + (u + 0.86) * 0.86, v * 0.8) for u, v in tail], colours[:2])
    fin = curve([(0.3, -0.3), (0, -0.56), (-0.4, -0.52), (-0.3, -0.26)], 16)
    design.part([at(u, v) for u, v in fin], [colours[0], DARK])
    low = curve([(0.25, 0.26), (0.05, 0.5), (-0.2, 0.46), (-0.15, 0.26)], 16)
    design.part([at(u, v) for u, v in low], [colours[0], DARK])
    design.part(body(1.0), [DARK, (70, 60, 62)])
    design.part(body(0.86), colours[:2])
    belly = curve(
        [(0.8, 0.06), (0.3, 0.1), (-0.3, 0.08), (-0.75, 0.02), (-0.3, 0.24), (0.3, 0.26)], 26
    )
    design.part([at(u, v) for u, v in belly], [colours[2], (248, 240, 222)])
    gill = curve([(0.5, -0.22), (0.4, 0), (0.5, 0.2), (0.45, 0.2), (0.34, 0), (0.45, -0.22)], 20)
    design.part([at(u, v) for u, v in gill], [DARK, (80, 60, 60)])
    design.part(circle(*at(0.66, -0.08), 0.024), [(250, 244, 230)])
    design.part(circle(*at(0.67, -0.08), 0.011), [(20, 18, 24)])


def _flower(rng: Rng, design: Design, ground: int) -> None:
    petals: list[list[Colour]] = [
        [(196, 60, 56), (218, 96, 78)], [(232, 176, 70), (244, 204, 110)],
        [(58, 110, 150), (92, 146, 176)], [(238, 228, 206), (224, 206, 180)],
    ]  # fmt: skip
    many, start = int(rng.choice([8, 10, 12])), rng.uniform(0, 6)
    green: list[Colour] = [(60, 104, 72), (88, 132, 84), (42, 80, 64)]
    for ring, (far, wide, long) in enumerate(
        ((0.3, 0.075, 0.12), (0.19, 0.06, 0.1), (0.1, 0.035, 0.06))
    ):
        for k in range(many):
            turn = start + 2 * math.pi * (k + 0.5 * (ring % 2)) / many
            shape = curve(
                [
                    (far - long, 0),
                    (far, -wide),
                    (far + long * 0.75, -wide * 0.55),
                    (far + long, 0),
                    (far + long * 0.75, wide * 0.55),
                    (far, wide),
                    (far - long, 0),
                ],
                28,
            )
            c, s = math.cos(turn), math.sin(turn)
            placed = [(0.5 + u * c - v * s, 0.5 + u * s + v * c) for u, v in shape]
            middle = shape.mean(0)
            small = [
                (0.5 + u * c - v * s, 0.5 + u * s + v * c)
                for u, v in (shape - middle) * 0.72 + middle
            ]
            design.part(placed, green if ring == 0 else [DARK, (80, 62, 60)])
            design.part(small, petals[(ring + k % 2 + ground) % 4])
    design.part(circle(0.5, 0.5, 0.06), [DARK, (70, 56, 50)])
    design.part(circle(0.5, 0.5, 0.044), [(232, 186, 70), (246, 214, 110)])
    design.ring(0.5, 0.5, 0.405, 0.012, [(150, 58, 48), (176, 80, 60)])
    for x, y in ((0.14, 0.14), (0.86, 0.14), (0.86, 0.86), (0.14, 0.86)):
        design.part(circle(x, y, 0.04), petals[2])
        design.part(circle(x, y, 0.018), petals[1])


def _sun(rng: Rng, design: Design, ground: int) -> None:
    """A sun over hills and waves."""
    sky: list[list[Colour]] = [
        [(88, 140, 176), (120, 166, 188)], [(150, 188, 196), (176, 206, 206)],
        [(222, 190, 130), (236, 210, 156)], [(230, 150, 96), (240, 176, 118)],
    ]  # fmt: skip
    inner = [(0.088, 0.088), (0.912, 0.088), (0.912, 0.912), (0.088, 0.912)]
    design.part(inner, sky[0])
    x, y = rng.uniform(0.36, 0.64), rng.uniform(0.34, 0.44)
    for k in (3, 2, 1):
        design.part(_clipped(circle(x, y, 0.1 + 0.1 * k)), sky[4 - k])
    for k in range(16):
        a = 2 * math.pi * k / 16
        ray = [
            (x + r * math.cos(a + d), y + r * math.sin(a + d))
            for r, d in ((0.11, -0.1), (0.19, 0), (0.11, 0.1))
        ]
        design.part(ray, [(200, 84, 52), (216, 110, 60)])
    design.part(circle(x, y, 0.105), [DARK])
    design.part(circle(x, y, 0.092), [(240, 196, 80), (250, 220, 120), (228, 170, 60)])
    hills: list[list[Colour]] = [
        [(90, 120, 110), (112, 142, 122)],
        [(96, 130, 76), (122, 152, 86)],
        [(52, 96, 70), (74, 116, 76)],
    ]
    u = np.linspace(0.088, 0.912, 60)
    for k, colours in enumerate(hills):
        top = 0.58 + 0.09 * k + 0.05 * np.sin(u * rng.uniform(5, 9) + rng.uniform(0, 6))
        design.part(
            [*zip(u, top - 0.012, strict=True), (0.912, 0.912), (0.088, 0.912)],
            [DARK, (70, 70, 66)],
        )
        design.part([*zip(u, top, strict=True), (0.912, 0.912), (0.088, 0.912)], colours)
    for k in range(3):
        top = 0.83 + 0.035 * k + 0.012 * np.sin(u * 26 + 2 * k)
        tone: list[Colour] = (
            [(50, 110, 150), (84, 146, 172)] if k % 2 else [(206, 224, 214), (166, 204, 206)]
        )
        design.part([*zip(u, top, strict=True), (0.912, 0.912), (0.088, 0.912)], tone)


def _clipped(points: list[Point]) -> list[Point]:
    return [(min(0.912, max(0.088, x)), min(0.912, max(0.088, y))) for x, y in points]


def _laid(rng: Rng, size: int, design: Design) -> Pixels:
    labels = design.sheet.labels()
    side = 0.0148 * size
    far, angle = _rows(labels, side)
    tiles = _placed(rng, labels, far, angle, side)
    mortar = Sheet(size, (104, 95, 84))
    relief = Sheet(size, (20, 20, 20))
    for x, y, turn, part, scale in tiles:
        colours = design.colours[int(part)]
        base = colours[int(rng.integers(len(colours)))]
        tone = tuple(np.array(base) * (1 + rng.normal(0, 0.075)) + rng.normal(0, 5, 3))
        half = side * 0.46 * scale
        corners = []
        for k in range(4):
            a = turn + math.pi / 4 + k * math.pi / 2
            r = half * 1.36 * rng.uniform(0.88, 1.08)
            corners.append(((x + r * math.cos(a)) / size, (y + r * math.sin(a)) / size))
        mortar.fill(corners, tone)
        lift = rng.uniform(150, 235)
        relief.fill(corners, (lift, lift, lift))
    stone = mortar.pixels() * (1 + 0.05 * fractal(rng, size, 60, 3))[..., None]
    height = blur(relief.field(), 0.0013 * size)
    tip = blur(relief.field(), 0.006 * size)
    shade, gloss = lit(height + 0.2 * tip, 0.0026 * size, 0.12)
    made = stone * (0.26 + 0.76 * shade)[..., None] + gloss[..., None] * (height > 0.4)[..., None]
    return np.asarray(
        np.clip(made * (0.97 + 0.05 * cloud(rng, size, 3))[..., None], 0, 1), np.float32
    )


def _rows(labels: Array, side: float) -> tuple[Array, Array]:
    """How far every pixel is from the outline of its part, and the direction along it."""
    inner = np.ones(labels.shape, bool)
    inner[:, 1:] &= labels[:, 1:] == labels[:, :-1]
    inner[1:] &= labels[1:] == labels[:-1]
    far = ndimage.distance_transform_edt(np.pad(inner, 1))[1:-1, 1:-1]
    soft = ndimage.gaussian_filter(far, side * 0.35)
    down, right = np.gradient(soft)
    return far, np.arctan2(down, right)


def _placed(
    rng: Rng, labels: Array, far: Array, angle: Array, side: float
) -> list[tuple[float, ...]]:
    """Stones row by row from the outlines inwards, wherever there is room; then the gaps."""
    size = len(labels)
    taken = np.zeros(labels.shape, bool)
    rows, columns = np.nonzero(far > side * 0.3)
    key = np.floor(far[rows, columns] / side) * 1000 + rng.random(len(rows)) * 10
    order = np.argsort(key)
    ys, xs = np.mgrid[-int(side) : int(side) + 1, -int(side) : int(side) + 1]
    tiles: list[tuple[float, ...]] = []

    def lay(x: float, y: float, scale: float, room: float) -> bool:
        column, row = round(x), round(y)
        if not (0 <= column < size and 0 <= row < size) or taken[row, column]:
            return False
        turn = angle[row, column]
        c, s = math.cos(turn), math.sin(turn)
        u, v = xs * c + ys * s, ys * c - xs * s
        inside = (np.abs(u) < side * 0.5 * scale) & (np.abs(v) < side * 0.5 * scale)
        at = (np.clip(row + ys[inside], 0, size - 1), np.clip(column + xs[inside], 0, size - 1))
        if taken[at].mean() > room:
            return False
        taken[at] = True
        tiles.append((x, y, turn, int(labels[row, column]), scale))
        return True

    for scale, room, step in ((1.0, 0.1, 1), (1.0, 0.22, 5), (0.72, 0.2, 3)):
        for index in order[::step]:
            row, column = int(rows[index]), int(columns[index])
            if taken[row, column]:
                continue
            level = (math.floor(far[row, column] / side) + 0.5) * side
            if abs(far[row, column] - level) > side * (0.12 if room < 0.2 else 0.5):
                continue
            x, y = float(column), float(row)
            walking = lay(x, y, scale, room)
            while walking and step == 1:
                turn = angle[round(y), round(x)] + math.pi / 2
                x, y = x + side * math.cos(turn), y + side * math.sin(turn)
                column, row = round(x), round(y)
                inside = 0 <= column < size and 0 <= row < size
                if not inside or labels[row, column] != tiles[-1][3]:
                    break
                off = level - far[row, column]
                x += off * math.cos(angle[row, column])
                y += off * math.sin(angle[row, column])
                walking = abs(off) < side * 0.4 and lay(x, y, scale, room)
    return tiles
