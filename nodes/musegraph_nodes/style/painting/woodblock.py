"""Woodblock print: flat inks inside key lines, wiped skies, the grain of the block."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .fields import (
    Field,
    Pixels,
    Rng,
    blur,
    cloud,
    fractal,
    grid,
    mixed,
    moved,
    smoothstep,
)
from .sheet import Colour, Point, Sheet, circle, curve, ribbon

Array = np.ndarray[Any, Any]
WASHI: Colour = (238, 227, 200)
KEY: Colour = (28, 38, 74)
INKS: list[dict[str, Colour]] = [
    {"sky": (226, 206, 168), "band": (44, 84, 134), "sea": (40, 78, 132), "pale": (146, 182, 194),
     "hill": (92, 122, 98), "peak": (74, 98, 136), "sun": (206, 66, 46), "boat": (196, 160, 96)},
    {"sky": (240, 204, 162), "band": (196, 78, 58), "sea": (36, 92, 116), "pale": (134, 186, 182),
     "hill": (70, 104, 84), "peak": (164, 84, 62), "sun": (196, 54, 42), "boat": (214, 178, 108)},
    {"sky": (198, 214, 206), "band": (32, 56, 96), "sea": (30, 62, 108), "pale": (166, 194, 196),
     "hill": (60, 88, 92), "peak": (54, 76, 112), "sun": (244, 232, 196), "boat": (188, 130, 84)},
]  # fmt: skip


class Blocks:
    """One sheet for colours and one for key lines, which are printed a little beside each other."""

    def __init__(self, size: int, ground: Colour) -> None:
        self.inks = Sheet(size, ground)
        self.keys = Sheet(size, (255, 255, 255))

    def area(self, points: Any, ink: Colour, width: float = 0.0036) -> None:
        """A flat area with a key line around it, which covers the lines below it."""
        self.inks.fill(points, ink)
        self.keys.fill(points, (255, 255, 255))
        if width:
            self.keys.line(points, (0, 0, 0), width, closed=True)

    def line(self, points: Any, width: float, swell: float = 0.6) -> None:
        """A key line that swells in its middle, as a knife leaves it."""
        count = len(points)
        widths = [
            width * (1 - swell + swell * math.sin(math.pi * (k + 0.5) / count))
            for k in range(count)
        ]
        self.keys.swelling(points, widths, (0, 0, 0))


def woodblock(rng: Rng, size: int) -> Pixels:
    """A mountain over the sea, with waves, mist and a sun."""
    inks = INKS[int(rng.integers(len(INKS)))]
    blocks = Blocks(size, inks["sky"])
    horizon = rng.uniform(0.52, 0.62)
    sun = (rng.uniform(0.2, 0.8), rng.uniform(0.14, 0.3))
    blocks.area(circle(*sun, rng.uniform(0.055, 0.085), 60), inks["sun"], 0.003)
    _mists(rng, blocks, 0.1, horizon - 0.12, int(rng.integers(2, 4)))
    flip, breaking = bool(rng.random() < 0.5), bool(rng.random() < 0.75)
    _mountain(rng, blocks, inks, horizon, 0.34 if flip and breaking else 0.66)
    _hills(rng, blocks, inks, horizon)
    _sea(rng, blocks, inks, horizon)
    if breaking:
        _breaker(rng, blocks, inks, flip)
    else:
        _pine(rng, blocks, inks)
    return _printed(rng, size, blocks, inks, horizon)


def _mists(rng: Rng, blocks: Blocks, top: float, low: float, many: int) -> None:
    """Bands of cloud with round ends, as they stand in old prints."""
    for _ in range(many):
        y, left, long = rng.uniform(top, low), rng.uniform(-0.2, 0.6), rng.uniform(0.3, 0.7)
        thick = rng.uniform(0.022, 0.034)
        for row in range(int(rng.integers(2, 4))):
            shift, at = rng.uniform(-0.12, 0.12), y + row * thick
            ends = [(left + shift + thick / 2, -1.0), (left + shift + long, 1.0)]
            points = []
            for x, way in ends:
                points += [
                    (x + way * thick / 2 * math.sin(a), at - way * thick / 2 * math.cos(a))
                    for a in np.linspace(0, math.pi, 12)
                ]
            blocks.area(points, (240, 231, 208), 0.0022)


def _mountain(
    rng: Rng, blocks: Blocks, inks: dict[str, Colour], horizon: float, near: float
) -> None:
    peak, tip = near + rng.uniform(-0.08, 0.08), rng.uniform(0.16, 0.26)
    wide = rng.uniform(0.42, 0.56)
    flank = np.linspace(0, 1, 30)
    rise = (1 - flank) ** 1.75
    left = [(peak - 0.03 - wide * f, horizon + 0.02 - (horizon - tip) * r)
            for f, r in zip(flank, rise, strict=True)]  # fmt: skip
    right = [(2 * peak - x, y) for x, y in left]
    brow = [(peak - 0.012, tip + 0.008), (peak, tip - 0.002), (peak + 0.014, tip + 0.01)]
    outline = [*left[::-1], *brow, *right]
    blocks.area(outline, inks["peak"], 0.0042)
    snow_line = tip + (horizon - tip) * rng.uniform(0.24, 0.34)
    upper = [p for p in outline if p[1] < snow_line]
    teeth: list[Point] = []
    end, start = upper[-1][0], upper[0][0]
    many = int(rng.integers(9, 14))
    for k in range(many + 1):
        x = end + (start - end) * k / many
        drop = 0.09 * rng.uniform(0.5, 1.2) if k % 2 else -0.01 + 0.02 * rng.random()
        teeth.append((x, snow_line + drop * (1 - abs(k / many - 0.5))))
    blocks.area([*upper, *teeth], (244, 238, 222), 0.003)
    for side in (-1, 1):
        for _ in range(9):
            f = rng.uniform(0.12, 0.8)
            x0 = peak + side * (0.03 + wide * f * 0.9)
            y0 = horizon + 0.03 - (horizon - tip) * (1 - f * 0.94) ** 1.75
            way = [(x0, y0), (x0 + side * 0.015, y0 + 0.03), (x0 + side * 0.05, y0 + 0.075)]
            blocks.line(curve(way, 10), 0.0032)


def _hills(rng: Rng, blocks: Blocks, inks: dict[str, Colour], horizon: float) -> None:
    for k in range(3):
        tone = np.array(inks["hill"]) * (1.15 - 0.14 * k)
        x = np.linspace(-0.02, 1.02, 60)
        base = horizon + 0.005 + 0.012 * k
        top = base - 0.035 * np.abs(np.sin(x * rng.uniform(3, 8) + rng.uniform(0, 6))) - 0.01
        outline = [*zip(x, top, strict=True), (1.02, base + 0.05), (-0.02, base + 0.05)]
        blocks.area(outline, tuple(tone), 0.003)
        for at in rng.uniform(0, 1, 16):
            y = float(np.interp(at, x, top))
            for dx in (-0.007, 0, 0.007):
                blocks.line(
                    [(at + dx, y + 0.016), (at + dx * 1.4, y + 0.004), (at + dx, y - 0.008)],
                    0.0042,
                    0.4,
                )


def _sea(rng: Rng, blocks: Blocks, inks: dict[str, Colour], horizon: float) -> None:
    shore = [(-0.02, horizon + 0.03), (1.02, horizon + 0.03), (1.02, 1.02), (-0.02, 1.02)]
    blocks.area(shore, inks["pale"], 0.003)
    x = np.linspace(-0.05, 1.05, 90)
    rows = int(rng.integers(6, 9))
    for k in range(rows):
        depth = (k + 1) / rows
        base = horizon + 0.045 + (1.02 - horizon) * depth**1.35 * 0.86
        tall, pace = 0.008 + 0.03 * depth, 22 - 15 * depth
        phase = rng.uniform(0, 6)
        swell = np.abs(np.sin(x * pace / 2 + phase)) ** 0.8
        top = base - tall * swell * (1 + 0.3 * np.sin(x * 5 + phase))
        ink = (
            inks["sea"]
            if k % 2 == 0
            else tuple(0.55 * np.array(inks["sea"]) + 0.45 * np.array(inks["pale"]))
        )
        blocks.area([*zip(x, top, strict=True), (1.05, 1.05), (-0.05, 1.05)], ink, 0.0034)
        foam = top + tall * 0.28
        band = [*zip(x, top, strict=True), *list(zip(x, foam, strict=True))[::-1]]
        blocks.area(band, (236, 232, 214), 0.0026)
        for line in range(2 + k // 2):
            low = foam + (0.006 + 0.016 * depth) * (line + 1) + 0.004 * np.sin(x * pace + line)
            start = int(rng.integers(0, 50))
            part = slice(start, start + int(rng.integers(18, 40)))
            blocks.line(np.stack((x[part], low[part]), 1), 0.0028 + 0.001 * depth, 0.9)


def _breaker(rng: Rng, blocks: Blocks, inks: dict[str, Colour], flip: bool) -> None:
    """One great wave that rises at a side and curls over, with foam like claws."""
    high = rng.uniform(0.3, 0.42)

    def placed(points: Any) -> Array:
        made = np.array(points, float)
        made[:, 1] = 1.02 - (1.02 - made[:, 1]) * (1.02 - high + 0.1) / 0.8
        if flip:
            made[:, 0] = 1 - made[:, 0]
        return made

    back = curve([(-0.1, 0.62), (0.05, 0.46), (0.2, 0.31), (0.36, 0.25), (0.5, 0.28)], 40)
    inner = curve(
        [(0.5, 0.28), (0.575, 0.36), (0.55, 0.45), (0.475, 0.41), (0.4, 0.42), (0.345, 0.54),
         (0.36, 0.7), (0.46, 0.82), (0.66, 0.9), (1.1, 0.93)], 70,
    )  # fmt: skip
    outline = np.concatenate((back, inner, [(1.1, 1.1), (-0.1, 1.1)]))
    blocks.area(placed(outline), inks["sea"], 0.006)
    for k in range(9):
        t = (k + 1) / 10
        band = [(-0.1, 0.66 + 0.3 * t), (0.08, 0.52 + 0.3 * t), (0.2 + 0.02 * t, 0.4 + 0.28 * t),
                (0.3, 0.36 + 0.34 * t), (0.335 - 0.04 * t, 0.55 + 0.25 * t)]  # fmt: skip
        way = curve(band[: 5 - (k % 2)], 30)
        if k % 2 == 0:
            stripe = np.concatenate((way, (way + np.array((0.004, 0.024)))[::-1]))
            blocks.area(placed(stripe), inks["pale"], 0.0028)
        else:
            blocks.line(placed(way), 0.0046)
    lip = np.concatenate((back[14:], inner[:26]))
    _foam(rng, blocks, lip, placed)
    _spray(rng, blocks, placed)


def _foam(rng: Rng, blocks: Blocks, lip: Array, placed: Any) -> None:
    """A white crest along the lip, from which claws hang."""
    white: Colour = (243, 239, 226)
    along = np.gradient(lip, axis=0)
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    normal = np.stack((-along[:, 1], along[:, 0]), 1)
    share = np.linspace(0, 1, len(lip))
    scallop = (
        0.016 * np.minimum(1, 5 * share)
        + 0.03 * share
        + 0.008 * np.minimum(1, 5 * share) * np.abs(np.sin(np.arange(len(lip)) * 0.9))
    )
    crest = np.concatenate(
        (
            lip - normal * 0.012 * np.minimum(1, 5 * share)[:, None],
            (lip + normal * scallop[:, None])[::-1],
        )
    )
    blocks.area(placed(crest), white, 0.0036)
    for index in range(2, len(lip)):
        late = share[index]
        # Over the crest the foam lies on the wave; past it, claws reach forward and down.
        out_at = normal[index] if late < 0.34 else -normal[index]
        root = lip[index] + out_at * (scallop[index] * 0.75 if late < 0.34 else 0.004)
        reach = (0.022 + 0.06 * late) * rng.uniform(0.7, 1.25)
        for lean in (-0.6, 0.5) if late >= 0.34 else (0.1,):
            _claw(blocks, root, out_at, along[index], reach, lean + rng.normal(0, 0.15), placed)
    for index in range(int(len(lip) * 0.3), len(lip), 2):
        spot = lip[index] - normal[index] * rng.uniform(-0.02, 0.03)
        blocks.area(placed(circle(spot[0], spot[1], rng.uniform(0.009, 0.018), 12)), white, 0.0024)


def _claw(
    blocks: Blocks, root: Array, out: Array, along: Array, reach: float, lean: float, placed: Any
) -> None:
    """A finger of foam that bends down at its end."""
    way = out * math.cos(lean) + along * math.sin(lean)
    side = np.array((-way[1], way[0])) * reach * 0.2
    middle = root + way * reach * 0.6 + np.array((0.0, 0.1)) * reach
    tip = root + way * reach * 0.85 + np.array((0.12, 0.62)) * reach
    upper = curve([root - side, middle - side * 0.9, tip], 9)
    lower = curve([tip, middle + side * 0.5, root + side], 9)
    blocks.area(placed(np.concatenate((upper, lower))), (243, 239, 226), 0.0026)


def _spray(rng: Rng, blocks: Blocks, placed: Any) -> None:
    for _ in range(46):
        far = rng.exponential(0.1)
        turn = rng.uniform(-0.5, 1.4)
        x, y = 0.52 + far * math.cos(turn), 0.3 + far * math.sin(turn) + 0.02
        spot = placed([(x, y)])[0]
        blocks.area(
            circle(spot[0], spot[1], rng.uniform(0.0025, 0.0065), 10), (243, 239, 226), 0.0016
        )


def _pine(rng: Rng, blocks: Blocks, inks: dict[str, Colour]) -> None:
    """A leaning pine on a rock, before everything."""
    side = rng.choice([0, 1])

    def placed(points: Any) -> Array:
        made = np.array(points, float)
        if side:
            made[:, 0] = 1 - made[:, 0]
        return made

    rock = curve(
        [(-0.1, 0.72), (0.06, 0.7), (0.16, 0.78), (0.3, 0.82), (0.36, 0.92), (0.5, 1.06)], 30
    )
    blocks.area(placed([*rock, (-0.1, 1.06)]), tuple(0.55 * np.array(inks["hill"])), 0.005)
    for _ in range(16):
        a = rock[int(rng.integers(0, 26))] + (0.0, 0.03)
        blocks.line(
            placed(curve([a, a + np.array((0.012, 0.05)), a + np.array((0.05, 0.1))], 9)), 0.005
        )
    trunk = curve([(0.1, 0.78), (0.15, 0.62), (0.1, 0.46), (0.24, 0.32), (0.36, 0.2)], 30)
    blocks.area(placed(ribbon(trunk, np.linspace(0.05, 0.014, 30).tolist())), (104, 74, 58), 0.004)
    for t, far, way in (
        (8, 0.2, 1),
        (13, 0.16, -1),
        (17, 0.26, 1),
        (22, 0.17, -1),
        (26, 0.2, 1),
        (29, 0.1, 1),
    ):
        tip = trunk[t] + (way * far, 0.02)
        limb = curve([trunk[t], trunk[t] + (way * far * 0.5, -0.03), tip], 12)
        blocks.area(
            placed(ribbon(limb, np.linspace(0.018, 0.006, 12).tolist())), (104, 74, 58), 0.003
        )
        for k in range(3, 12, 2):
            x, y = limb[k]
            wide = rng.uniform(0.05, 0.075)
            pad = [
                (x + wide * math.cos(a), y - 0.026 * max(0, math.sin(a)) + 0.006 * math.sin(7 * a))
                for a in np.linspace(0, 2 * math.pi, 26)
            ]
            blocks.area(placed(pad), (44, 88, 70), 0.0028)
            for a in np.linspace(-0.8, 0.8, 9):
                tip_at = (x + wide * 0.8 * math.sin(a), y - 0.022 * math.cos(a))
                blocks.line(
                    placed([(x, y + 0.003), ((x + tip_at[0]) / 2, (y + tip_at[1]) / 2), tip_at]),
                    0.0026,
                )


def _printed(
    rng: Rng, size: int, blocks: Blocks, inks: dict[str, Colour], horizon: float
) -> Pixels:
    """What block, brush and paper do to the drawing."""
    x, y = grid(size)
    flat, key = blocks.inks.pixels(), blocks.keys.field()
    sky = np.abs(flat - np.array(inks["sky"], np.float32) / 255).sum(-1) < 0.02
    rough = 0.012 * cloud(rng, size, 14, 3)
    wiped = 1 - smoothstep(0.02, rng.uniform(0.22, 0.34), y + rough)
    glow = smoothstep(horizon - 0.24, horizon + 0.02, y + rough) * 0.5
    flat = mixed(flat, np.full_like(flat, np.array(inks["band"]) / 255), wiped * 0.95 * sky)
    warm = np.array((222, 130, 92), np.float32) / 255
    flat = mixed(flat, np.full_like(flat, warm), glow * sky)
    deep = smoothstep(0.72, 1.05, y + rough) * 0.42 * (flat.mean(-1) < 0.75)
    flat = mixed(flat, flat * np.array((0.45, 0.5, 0.66), np.float32), deep.astype(np.float32))
    flat = moved(
        flat, np.full((size, size), 1.1, np.float32), np.full((size, size), -0.7, np.float32)
    )
    grain = _grain(rng, size)
    paper = fractal(rng, size, 90, 3)
    dark = 1 - flat.mean(-1)
    washi = np.array(WASHI, np.float32) / 255
    flat = mixed(
        flat, np.full_like(flat, washi), np.clip(0.08 + 0.085 * grain * (0.3 + dark), 0, 0.7)
    )
    flat = flat * (1 + 0.018 * paper)[..., None]
    bitten = key + (1 - key) * np.clip(0.12 * (paper - 1.2), 0, 0.5)
    made = mixed(np.full_like(flat, np.array(KEY) / 255), flat, np.clip(bitten, 0, 1))
    margin = 0.028 + 0.0012 * cloud(rng, size, 30)
    inset = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y))
    bare = 1 - smoothstep(-0.002, 0.002, inset - margin)
    made = mixed(made, washi * (1 + 0.02 * paper)[..., None], bare)
    rule = np.exp(-(((inset - margin) / 0.0022) ** 2)).astype(np.float32)
    made = mixed(made, np.full_like(made, np.array(KEY) / 255), rule * 0.9)
    return np.asarray(np.clip(made, 0, 1), np.float32)


def _grain(rng: Rng, size: int) -> Field:
    """Long fibres of the block, bent around a few knots."""
    x, y = grid(size)
    bend = 0.012 * cloud(rng, size, 2, 3)
    for _ in range(2):
        cx, cy = rng.uniform(0, 1, 2)
        bend += 0.025 * np.sign(y - cy) * np.exp(-(((x - cx) / 0.16) ** 2 + ((y - cy) / 0.06) ** 2))
    lines = rng.normal(0, 1, 4 * size).astype(np.float32)
    at = np.clip((y + bend + 0.5) * size * 1.6, 0, 4 * size - 2)
    fine = np.interp(at, np.arange(4 * size), blur(lines[:, None], 1.1)[:, 0])
    fibres = fine / fine.std() + 0.6 * cloud(rng, size, 4, 120)
    return np.asarray(fibres * 0.7, np.float32)
