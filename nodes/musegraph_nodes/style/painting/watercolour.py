"""Watercolour: transparent washes with hard and wet edges, pigment that settles, paper."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .fields import Field, Pixels, Rng, blur, cloud, fractal, grid, lit, moved, smoothstep
from .sheet import Colour, Sheet, curve, ribbon

Array = np.ndarray[Any, Any]
BOXES: list[dict[str, Colour]] = [
    {"sky": (92, 150, 204), "warm": (244, 176, 120), "far": (120, 140, 190), "mid": (84, 128, 150),
     "near": (72, 112, 84), "leaf": (112, 146, 62), "dark": (44, 62, 84), "accent": (206, 84, 62)},
    {"sky": (196, 134, 170), "warm": (250, 190, 110), "far": (160, 120, 170),
     "mid": (124, 100, 150), "near": (86, 96, 112), "leaf": (170, 130, 60),
     "dark": (70, 52, 84), "accent": (226, 110, 60)},
    {"sky": (116, 184, 190), "warm": (248, 220, 150), "far": (130, 170, 180), "mid": (70, 140, 130),
     "near": (54, 110, 84), "leaf": (140, 170, 70), "dark": (34, 74, 84), "accent": (216, 70, 90)},
]  # fmt: skip


class Paper:
    """Paper that takes washes: each lets through what its pigment does not swallow."""

    def __init__(self, rng: Rng, size: int) -> None:
        self.rng, self.size = rng, size
        tooth = 0.7 * fractal(rng, size, 130, 2) + 0.5 * cloud(rng, size, 60)
        self.tooth = blur(tooth, 0.6)
        self.light = np.full((size, size, 3), np.array((0.984, 0.972, 0.944)), np.float32)
        self.wander = [fractal(rng, size, 9, 5) for _ in range(4)]

    def wash(
        self,
        mask: Field,
        colour: Colour,
        strength: float = 1.0,
        wet: float = 0.0,
        edge: float = 0.5,
        ragged: float = 0.006,
        second: Colour | None = None,
    ) -> None:
        """Lay a wash where the mask is 1; `wet` lets it run out, `edge` gathers pigment there."""
        size, rng = self.size, self.rng
        a, b = rng.permutation(4)[:2]
        reach = ragged * size
        area = moved(mask, self.wander[a] * reach, self.wander[b] * reach)
        if wet:
            spread = blur(area, wet * size)
            far = smoothstep(0.25, 0.75, spread + 0.18 * self.wander[b] * spread * (1 - spread) * 4)
            area = 0.35 * spread + 0.65 * far
            area = np.where(self.wander[a] > 0.5, blur(area, wet * size * 0.5), area)
        rim = np.clip(area - blur(area, 0.006 * size), 0, 1) * edge * 2.2
        rim += np.clip(area - blur(area, 0.0022 * size), 0, 1) * edge * 1.4
        flow = 0.62 + 0.24 * fractal(rng, size, 3.5, 4) + self._backrun(area) * 0.5
        density = area * np.clip(flow, 0.14, 1.6) + rim
        settled = 1 + 0.3 * np.clip(self.tooth, -2, 2) * (0.4 + 0.6 * np.clip(density, 0, 1))
        density = density * settled * strength
        tone: Pixels = np.full((size, size, 3), np.array(colour) / 255, np.float32)
        if second is not None:
            share = smoothstep(-0.8, 0.8, fractal(rng, size, 4, 3))[..., None]
            tone += (np.array(second, np.float32) / 255 - tone) * share
        swallowed = -np.log(np.clip(tone, 0.03, 0.985))
        self.light *= np.exp(-swallowed * density[..., None]).astype(np.float32)

    def _backrun(self, area: Field) -> Field:
        """Blooms: water that ran back into a wash and pushed the pigment to a frayed rim."""
        if self.rng.random() < 0.4:
            return np.zeros_like(area)
        x, y = grid(self.size)
        total = np.zeros_like(area)
        rows, columns = np.nonzero(area > 0.6)
        if len(rows) < 200:
            return total
        for _ in range(int(self.rng.integers(1, 3))):
            k = int(self.rng.integers(len(rows)))
            cx, cy, r = columns[k] / self.size, rows[k] / self.size, self.rng.uniform(0.03, 0.09)
            far = np.hypot(x - cx, y - cy) / r + 0.22 * self.wander[int(self.rng.integers(4))]
            total += np.exp(-(((far - 1) / 0.09) ** 2)).astype(np.float32)
            total -= 0.6 * (1 - smoothstep(0.7, 1.0, far.astype(np.float32)))
        return total

    def spatter(self, colour: Colour, many: int, strength: float) -> None:
        """Drops that fell from the brush."""
        sheet = Sheet(self.size)
        cx, cy = self.rng.uniform(0.2, 0.8, 2)
        for _ in range(many):
            x, y = cx + self.rng.normal(0, 0.2), cy + self.rng.normal(0, 0.2)
            radius = self.rng.gamma(1.6, 0.0022)
            sheet.oval(x, y, radius, radius, (255, 255, 255))
        self.wash(sheet.field(), colour, strength, edge=0.9, ragged=0.001)

    def pixels(self) -> Pixels:
        """The dry sheet in soft light from the side."""
        shade, _ = lit(self.tooth, 0.05, 0.0)
        return np.asarray(np.clip(self.light * (0.72 + 0.28 * shade)[..., None], 0, 1), np.float32)


def watercolour(rng: Rng, size: int) -> Pixels:
    """A lake with mountains and trees, or flowers."""
    paper = Paper(rng, size)
    box = BOXES[int(rng.integers(len(BOXES)))]
    if rng.random() < 0.35:
        _bouquet(rng, paper, box)
    else:
        _lake(rng, paper, box)
    paper.spatter(box["accent"], 26, 0.7)
    paper.spatter(box["mid"], 22, 0.6)
    return paper.pixels()


def _sheet_edge(rng: Rng, size: int) -> Field:
    """Where the painting ends and the sheet is bare: swept, not ruled."""
    x, y = grid(size)
    inset = np.minimum(np.minimum(x, 1 - x) - 0.05, np.minimum(y, 1 - y) - 0.05)
    inset = inset + 0.014 * fractal(rng, size, 5, 4)
    return smoothstep(-0.003, 0.003, inset)


def _lake(rng: Rng, paper: Paper, box: dict[str, Colour]) -> None:
    size = paper.size
    x, y = grid(size)
    frame = _sheet_edge(rng, size)
    shore = rng.uniform(0.56, 0.66)
    clouds = smoothstep(0.1, 1.0, fractal(rng, size, 3, 4, stretch=1.6))
    sky = frame * (y < shore) * (1 - clouds * 0.9) * np.clip(1.15 - y / shore * 0.8, 0, 1)
    paper.wash(sky.astype(np.float32), box["sky"], 0.85, wet=0.012, edge=0.25)
    glow = frame * np.exp(-(((y - shore + 0.06) / 0.16) ** 2))
    paper.wash(glow.astype(np.float32), box["warm"], 0.75, wet=0.02, edge=0.0)
    sun = (np.hypot(x - rng.uniform(0.2, 0.8), y - shore * 0.5) < 0.05).astype(np.float32)
    paper.wash(sun, box["accent"], 0.55, wet=0.002, edge=0.4)
    for k, name in enumerate(("far", "mid", "near")):
        base = shore - 0.2 + 0.08 * k
        rough = (0.085, 0.06, 0.035)[k]
        line = fractal(rng, size, 2 + 1.5 * k, 5)[size // 2]
        ridge = base - rough * line
        fade = np.clip(1 - 0.75 * (y - ridge[None]) / (shore + 0.02 - ridge[None] + 1e-3), 0.2, 1)
        area = frame * (y > ridge[None]) * (y < shore + 0.004) * fade
        second = box["leaf"] if k == 2 else box["far"]
        paper.wash(area.astype(np.float32), box[name], 0.62 + 0.2 * k, edge=0.55, second=second)
    _water(rng, paper, box, frame, shore)
    _trees(rng, paper, box, shore)


def _water(rng: Rng, paper: Paper, box: dict[str, Colour], frame: Field, shore: float) -> None:
    size = paper.size
    _, y = grid(size)
    glint = cloud(rng, size, 9, 60) * 0.7 + cloud(rng, size, 3, 30) * 0.6
    depth = np.clip((y - shore) / (0.97 - shore), 0, 1)
    lake = frame * (y > shore) * (glint < 1.35) * (0.55 + 0.45 * depth)
    paper.wash(lake.astype(np.float32), box["sky"], 0.95, wet=0.004, edge=0.35, second=box["mid"])
    mirror = (
        frame * (y > shore + 0.004) * (depth < 0.55 + 0.15 * cloud(rng, size, 5)) * (glint < 0.7)
    )
    paper.wash(mirror.astype(np.float32) * (1 - depth), box["near"], 0.6, wet=0.004, edge=0.3)
    for _ in range(26):
        at = rng.uniform(0.05, 1) ** 1.3
        cy, cx = shore + at * (0.95 - shore), rng.uniform(0.1, 0.9)
        long, thin = rng.uniform(0.03, 0.12) * (0.5 + at), 0.003 + 0.006 * at
        sheet = Sheet(size)
        way = curve([(cx - long, cy), (cx, cy + rng.normal(0, 0.004)), (cx + long, cy)], 12)
        sheet.fill(
            ribbon(way, (thin * np.sin(np.linspace(0.1, 3.0, 12))).tolist()), (255, 255, 255)
        )
        if _ % 2 == 0:
            paper.wash(sheet.field() * frame, box["dark"], 0.4, edge=0.3, ragged=0.002)


def _trees(rng: Rng, paper: Paper, box: dict[str, Colour], shore: float) -> None:
    size = paper.size
    side = rng.choice([-1, 1])
    for number in range(int(rng.integers(3, 6))):
        cx = 0.5 + side * (0.34 - 0.09 * number + rng.normal(0, 0.02))
        foot, high = shore + 0.05 - 0.012 * number, rng.uniform(0.24, 0.4) - 0.03 * number
        if number % 2 == 0:
            _fir(rng, paper, box, cx, foot, high)
        else:
            _birch(rng, paper, box, cx, foot, high)
    bank = Sheet(size)
    u = np.linspace(0, 1, 40)
    low = shore + 0.03 + 0.03 * np.clip(side * (u - 0.5) * 2, -0.6, 1)
    top = low - 0.03 * np.clip(side * (u - 0.5) * 3 + 0.2, 0, 1) - 0.002
    bank.fill(
        [*zip(u, top, strict=True), *list(zip(u, low + 0.012, strict=True))[::-1]], (255, 255, 255)
    )
    paper.wash(
        bank.field() * _sheet_edge(rng, size),
        box["near"],
        1.1,
        edge=0.5,
        ragged=0.008,
        second=box["leaf"],
    )


def _fir(
    rng: Rng, paper: Paper, box: dict[str, Colour], cx: float, foot: float, high: float
) -> None:
    sheet = Sheet(paper.size)
    for k in range(13):
        t = (k + 1) / 13
        wide = 0.012 + 0.075 * t * high / 0.35
        y = foot - high * (1 - t * 0.93)
        way = curve(
            [
                (cx - wide * rng.uniform(0.7, 1.1), y + 0.018),
                (cx, y - 0.006),
                (cx + wide * rng.uniform(0.7, 1.1), y + 0.016),
            ],
            14,
        )
        sheet.fill(
            ribbon(way, (0.026 * np.sin(np.linspace(0.25, 2.9, 14))).tolist()),
            (255, 255, 255),
        )
    paper.wash(sheet.field(), box["near"], 1.15, wet=0.0012, edge=0.55, second=box["dark"])


def _birch(
    rng: Rng, paper: Paper, box: dict[str, Colour], cx: float, foot: float, high: float
) -> None:
    sheet = Sheet(paper.size)
    for _ in range(26):
        turn, far = rng.uniform(0, 2 * math.pi), rng.uniform(0, 0.075)
        r = rng.uniform(0.012, 0.026)
        sheet.oval(
            cx + far * math.cos(turn),
            foot - high * 0.62 + far * math.sin(turn) * 1.2,
            r,
            r * 0.8,
            (255, 255, 255),
        )
    paper.wash(sheet.field(), box["leaf"], 1.0, wet=0.002, edge=0.5, second=box["accent"])
    stem = Sheet(paper.size)
    way = curve([(cx, foot - high * 0.75), (cx + 0.006, foot - high * 0.4), (cx, foot)], 12)
    stem.fill(ribbon(way, np.linspace(0.003, 0.011, 12).tolist()), (255, 255, 255))
    paper.wash(stem.field(), box["dark"], 1.0, edge=0.4, ragged=0.002)


def _bouquet(rng: Rng, paper: Paper, box: dict[str, Colour]) -> None:
    size = paper.size
    x, y = grid(size)
    back = np.exp(-(((x - 0.5) / 0.36) ** 2 + ((y - 0.46) / 0.34) ** 2)) + 0.2 * fractal(
        rng, size, 3, 4
    )
    paper.wash(
        smoothstep(0.35, 0.7, back.astype(np.float32)),
        box["sky"],
        0.4,
        wet=0.02,
        edge=0.3,
        second=box["warm"],
    )
    for _ in range(20):
        turn = rng.uniform(-2.9, -0.2)
        far = rng.uniform(0.12, 0.36)
        tip = np.array((0.5 + far * math.cos(turn) * 1.1, 0.52 + far * math.sin(turn) * 1.1))
        sheet = Sheet(size)
        way = curve(
            [(0.5 + rng.normal(0, 0.02), 0.95), (0.5 + 0.3 * (tip[0] - 0.5), 0.7), tuple(tip)], 20
        )
        sheet.fill(
            ribbon(way, (0.004 + 0.022 * np.sin(np.linspace(0, 3.1, 20)) ** 6).tolist()),
            (255, 255, 255),
        )
        paper.wash(
            sheet.field(),
            box["leaf" if rng.random() < 0.6 else "near"],
            0.8,
            edge=0.5,
            second=box["mid"],
        )
    tones = [box["accent"], box["warm"], box["far"], box["accent"]]
    for number in range(int(rng.integers(8, 12))):
        turn, far = rng.uniform(-3.3, 0.2), rng.uniform(0.05, 0.32)
        cx, cy = 0.5 + far * math.cos(turn) * 1.15, 0.5 + far * math.sin(turn)
        _blossom(rng, paper, box, cx, cy, tones[number % 4])


def _blossom(
    rng: Rng, paper: Paper, box: dict[str, Colour], cx: float, cy: float, tone: Colour
) -> None:
    size, big = paper.size, rng.uniform(0.05, 0.085)
    petals, start = int(rng.integers(5, 8)), rng.uniform(0, 6)
    for half in (0, 1):
        sheet = Sheet(size)
        for k in range(half, petals, 2):
            a = start + 2 * math.pi * k / petals
            c, s = math.cos(a), math.sin(a)
            wide = big * rng.uniform(0.34, 0.46)
            shape = [
                (0.1 * big, 0),
                (0.6 * big, -wide),
                (big * 1.05, -wide * 0.5),
                (big * rng.uniform(0.95, 1.15), 0),
                (big * 1.05, wide * 0.5),
                (0.6 * big, wide),
            ]
            sheet.smooth_fill(
                [(cx + u * c - v * s, cy + u * s + v * c) for u, v in shape], (255, 255, 255)
            )
        paper.wash(
            sheet.field(), tone, 0.72, wet=0.0016, edge=0.6, ragged=0.005, second=box["warm"]
        )
    core = Sheet(size)
    for _ in range(14):
        core.oval(
            cx + rng.normal(0, big * 0.14),
            cy + rng.normal(0, big * 0.14),
            0.004,
            0.004,
            (255, 255, 255),
        )
    paper.wash(core.field(), box["dark"], 0.9, wet=0.001, edge=0.4, ragged=0.002)
