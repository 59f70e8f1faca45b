"""Pointillism: dots of pure pigments that mix in the eye."""

from __future__ import annotations

from typing import Any

import numpy as np

from .fields import Pixels, Rng, blur, cloud, fractal, grid, lit, mixed, ramp, smoothstep
from .sheet import Colour, Sheet, packed

Array = np.ndarray[Any, Any]
PIGMENTS: Array = np.array([
    (34, 44, 120), (44, 92, 176), (96, 156, 214), (168, 202, 226), (22, 108, 100), (54, 148, 92),
    (132, 184, 84), (206, 208, 92), (250, 222, 84), (252, 182, 60), (240, 126, 52), (216, 66, 48),
    (232, 124, 130), (248, 196, 176), (146, 70, 132), (188, 148, 196), (250, 242, 216),
    (84, 52, 92), (108, 130, 60), (160, 92, 62),
], float)  # fmt: skip
HOURS: list[dict[str, list[tuple[float, Colour]]]] = [
    {"sky": [(0, (92, 150, 208)), (0.6, (170, 206, 226)), (1, (250, 226, 190))],
     "grass": [(-1.5, (70, 130, 80)), (0, (150, 180, 86)), (1.5, (226, 214, 110))]},
    {"sky": [(0, (110, 110, 186)), (0.5, (226, 150, 166)), (1, (252, 206, 128))],
     "grass": [(-1.5, (80, 92, 96)), (0, (150, 136, 82)), (1.5, (232, 176, 96))]},
    {"sky": [(0, (60, 120, 190)), (0.5, (130, 184, 216)), (1, (226, 236, 214))],
     "grass": [(-1.5, (40, 110, 76)), (0, (104, 168, 84)), (1.5, (210, 220, 112))]},
]  # fmt: skip


def pointillism(rng: Rng, size: int) -> Pixels:
    """A bank of a river with trees and sails, in dots."""
    scene = np.clip(_river(rng, size), 0, 1)
    return _dotted(rng, scene)


def _river(rng: Rng, size: int) -> Pixels:
    hour = HOURS[int(rng.integers(len(HOURS)))]
    x, y = grid(size)
    horizon = rng.uniform(0.36, 0.46)
    made = ramp(hour["sky"], y / horizon)
    puff = smoothstep(0.3, 1.5, fractal(rng, size, 3, 4, stretch=2.2)) * (y < horizon)
    made = mixed(made, np.full_like(made, (1.0, 0.95, 0.88)), puff * 0.8)
    sun = (rng.uniform(0.15, 0.85), horizon * rng.uniform(0.35, 0.8))
    far = np.hypot(x - sun[0], y - sun[1])
    made = mixed(made, np.full_like(made, (1.0, 0.86, 0.5)), np.exp(-far * 7).astype(np.float32))
    made[far < 0.042] = (1.0, 0.93, 0.62)
    shore = horizon - 0.03 - 0.035 * np.abs(cloud(rng, size, 5, 0)[size // 2])
    bank = (y > shore[None]) & (y < horizon + 0.012)
    trees = ramp(
        [(-1.5, (52, 70, 120)), (0, (80, 120, 124)), (1.5, (150, 172, 130))], cloud(rng, size, 26)
    )
    made[bank] = trees[bank]
    sheet = Sheet(size)
    _sails(rng, sheet, horizon)
    made = _over(made, sheet)
    water = y > horizon + 0.012
    sway = (0.006 + 0.02 * (y - horizon)) * cloud(rng, size, 8, 70)
    row = np.clip(2 * (horizon + 0.012) - y * 1.0 + sway, 0, 1)
    mirror = made[
        (row * (size - 1)).astype(int), (np.clip(x + sway, 0, 1) * (size - 1)).astype(int)
    ]
    sea = 0.74 * mirror + 0.26 * np.array((0.2, 0.42, 0.62), np.float32)
    path = np.exp(-(((x - sun[0]) / (0.03 + 0.12 * (y - horizon))) ** 2)) * (
        cloud(rng, size, 10, 80) > 0.2
    )
    sea = mixed(sea, np.full_like(sea, (1.0, 0.88, 0.56)), (0.75 * path).astype(np.float32))
    made[water] = sea[water]
    return _foreground(rng, made, hour)


def _over(made: Pixels, sheet: Sheet) -> Pixels:
    drawn = sheet.pixels()
    return np.where(drawn.sum(-1, keepdims=True) > 0.02, drawn, made)


def _sails(rng: Rng, sheet: Sheet, horizon: float) -> None:
    for _ in range(int(rng.integers(2, 6))):
        x, big = rng.uniform(0.1, 0.9), rng.uniform(0.05, 0.13)
        foot = horizon + 0.012
        sheet.fill(
            [(x, foot - 0.01), (x + 0.006, foot - big), (x + big * 0.5, foot - 0.014)],
            (250, 240, 220),
        )
        sheet.fill(
            [
                (x - 0.004, foot - 0.01),
                (x - 0.002, foot - big * 0.85),
                (x - big * 0.28, foot - 0.012),
            ],
            (236, 200, 170),
        )
        sheet.fill(
            [
                (x - big * 0.3, foot - 0.012),
                (x + big * 0.5, foot - 0.012),
                (x + big * 0.36, foot + 0.004),
                (x - big * 0.2, foot + 0.004),
            ],
            (120, 60, 70),
        )


def _foreground(rng: Rng, made: Pixels, hour: dict[str, list[tuple[float, Colour]]]) -> Pixels:
    size = len(made)
    x, y = grid(size)
    side = int(rng.choice([-1, 1]))
    lean = 0.5 + side * (x - 0.5)
    edge = 0.66 + 0.26 * lean**1.3 + 0.012 * cloud(rng, size, 12)
    grass = ramp(hour["grass"], fractal(rng, size, 5, 3, stretch=2.5))
    made = mixed(made, grass, smoothstep(-0.004, 0.004, y - edge))
    shadow = smoothstep(0.3, 1.2, fractal(rng, size, 2.5, 3, stretch=3)) * (y > edge)
    made = mixed(made, made * np.array((0.42, 0.5, 0.86), np.float32), 0.85 * shadow)
    for number in range(int(rng.integers(1, 4))):
        _tree(rng, made, side, number)
    for _ in range(70):
        fx, fy = rng.uniform(0, 1, 2)
        if fy > 0.7 + 0.26 * (0.5 + side * (fx - 0.5)) ** 1.3:
            spot = np.hypot(x - fx, y - fy) < rng.uniform(0.004, 0.009)
            made[spot] = [(0.9, 0.3, 0.25), (0.98, 0.92, 0.8), (0.95, 0.6, 0.7)][
                int(rng.integers(3))
            ]
    return made


def _tree(rng: Rng, made: Pixels, side: int, number: int) -> None:
    """A tree between light and shade, and its shadow on the grass."""
    size = len(made)
    x, y = grid(size)
    cx = 0.5 - side * rng.uniform(0.16, 0.46)
    foot = float(0.66 + 0.26 * (0.5 + side * (cx - 0.5)) ** 1.3) + rng.uniform(0.02, 0.14)
    top = rng.uniform(0.1, 0.26) + 0.05 * number
    trunk = (
        (
            np.abs(x - cx - 0.012 * np.sin(y * 16 + number))
            < 0.012 + 0.01 * smoothstep(foot - 0.1, foot, y)
        )
        & (y < foot)
        & (y > top + 0.1)
    )
    light = smoothstep(-0.01, 0.012, (x - cx))
    made[trunk] = mixed(
        np.full_like(made, (0.3, 0.18, 0.3)), np.full_like(made, (0.8, 0.52, 0.34)), light
    )[trunk]
    crown = np.full((size, size), -2, np.float32)
    for _ in range(14):
        bx, by, r = (
            cx + rng.normal(0, 0.08),
            top + 0.12 + rng.normal(0, 0.055),
            rng.uniform(0.05, 0.09),
        )
        crown = np.maximum(crown, 1 - np.hypot(x - bx, (y - by) * 1.15) / r)
    leafy = crown + 0.16 * fractal(rng, size, 22, 3) > 0.12
    sunny = cloud(rng, size, 16) * 0.6 + (cx - x) * 5 + (top + 0.12 - y) * 7
    leaves = ramp(
        [
            (-1.6, (30, 50, 110)),
            (-0.5, (24, 96, 84)),
            (0.5, (84, 156, 78)),
            (1.6, (228, 220, 96)),
        ],
        sunny,
    )
    made[leafy] = leaves[leafy]
    fall = (
        (np.abs((y - foot) - 0.18 * side * (x - cx)) < 0.014 + 0.01 * cloud(rng, size, 9))
        & ((x - cx) * side > 0)
        & ((x - cx) * side < 0.34)
    )
    made[fall] *= np.array((0.4, 0.44, 0.84), np.float32)


def _dotted(rng: Rng, scene: Pixels) -> Pixels:
    import skia

    size = len(scene)
    sheet = Sheet(size, (226, 210, 178))
    rise = Sheet(size, (60, 60, 60))
    soft = blur(scene, 0.002 * size)
    down, right = np.gradient(blur(scene.mean(-1), 0.008 * size))
    paints = [skia.Paint(Color=packed(tuple(p)), AntiAlias=True) for p in PIGMENTS]
    for radius, share in ((0.0072, 1.0), (0.0056, 1.0), (0.0044, 0.75)):
        step = radius * 1.55
        axis = np.arange(0, 1 + step, step)
        x, y = (a.ravel() for a in np.meshgrid(axis, axis))
        keep = rng.random(len(x)) < share
        x, y = (np.clip(a[keep] + rng.normal(0, 0.4, keep.sum()) * step, 0, 0.9999) for a in (x, y))
        row, column = (y * size).astype(int), (x * size).astype(int)
        picked = _pigments(rng, soft[row, column] * 255)
        slope: Array = np.arctan2(down, right)
        turn: Array = np.degrees(slope[row, column]) + 90
        for k in rng.permutation(len(x)):
            r = radius * rng.uniform(0.78, 1.14)
            paint = paints[picked[k]]
            tone = PIGMENTS[picked[k]] * (1 + rng.normal(0, 0.05))
            paint.setColor(packed(tuple(tone)))
            level = int(rng.uniform(130, 240))
            for target, what in (
                (sheet, paint),
                (rise, skia.Paint(Color=packed((level,) * 3), AntiAlias=True)),
            ):
                target.canvas.save()
                target.canvas.translate(float(x[k]), float(y[k]))
                target.canvas.rotate(float(turn[k]))
                target.canvas.drawOval(
                    skia.Rect.MakeLTRB(-r * 1.18, -r * 0.9, r * 1.18, r * 0.9), what
                )
                target.canvas.restore()
    shade, gloss = lit(blur(rise.field(), 0.0012 * size), 0.0028 * size, 0.06)
    made = sheet.pixels() * (0.5 + 0.5 * shade)[..., None] + gloss[..., None]
    return np.asarray(np.clip(made, 0, 1), np.float32)


def _pigments(rng: Rng, wanted: Array) -> Array:
    """For each colour a pigment, so that many beside each other mix to it.

    What is wanted is pushed away from grey first, since dots of pure pigments mix to something
    duller, and moved at random, so that neighbours share out what no one pigment has.
    """
    grey = wanted.mean(-1, keepdims=True)
    vivid = grey + (wanted - grey) * 1.35
    noise = rng.normal(0, 30, vivid.shape)
    opposed = rng.random(len(vivid)) < 0.07
    vivid[opposed] = 2 * grey[opposed] - vivid[opposed]
    off = ((vivid + noise)[:, None] - PIGMENTS[None]) ** 2
    return np.asarray((off * (0.3, 0.5, 0.2)).sum(-1).argmin(-1))
