"""Thick oil paint: strokes that follow what they paint, and the light on their ridges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .fields import Field, Pixels, Rng, blur, cloud, fractal, grid, lit, mixed, ramp
from .sheet import Colour, Sheet

Array = np.ndarray[Any, Any]
STEPS = 9
BRISTLES = 6

SKIES: dict[str, list[tuple[float, Colour]]] = {
    "night": [
        (-2.2, (14, 24, 70)), (-1, (26, 52, 128)), (0, (42, 90, 168)), (1, (98, 158, 206)),
        (2.2, (190, 214, 214)),
    ],
    "evening": [
        (-2.2, (70, 52, 120)), (-1, (150, 74, 122)), (0, (226, 116, 84)), (1, (246, 170, 82)),
        (2.2, (252, 222, 140)),
    ],
    "day": [
        (-2.2, (34, 96, 170)), (-1, (66, 142, 204)), (0, (126, 186, 220)), (1, (196, 220, 218)),
        (2.2, (246, 242, 220)),
    ],
}  # fmt: skip
LANDS: dict[str, list[list[Colour]]] = {
    "night": [
        [(30, 56, 120), (48, 84, 150), (22, 40, 92)],
        [(28, 74, 96), (44, 104, 110), (20, 50, 80)],
        [(34, 84, 62), (66, 116, 70), (22, 56, 60), (120, 140, 70)],
        [(24, 60, 48), (58, 98, 52), (130, 136, 62), (16, 40, 46)],
    ],
    "evening": [
        [(120, 70, 128), (150, 92, 140), (96, 56, 116)],
        [(142, 72, 84), (176, 98, 80), (104, 54, 84)],
        [(196, 122, 50), (222, 158, 62), (142, 82, 54), (98, 92, 60)],
        [(116, 96, 44), (168, 130, 48), (82, 66, 54), (206, 150, 60)],
    ],
    "day": [
        [(96, 136, 176), (122, 160, 186), (78, 112, 160)],
        [(94, 146, 112), (126, 172, 110), (70, 120, 106)],
        [(222, 184, 72), (240, 208, 96), (196, 148, 52), (230, 196, 120)],
        [(208, 162, 54), (232, 190, 70), (150, 122, 50), (96, 124, 56)],
    ],
}

TREES: dict[str, list[Colour]] = {
    "night": [(14, 34, 40), (28, 62, 48), (54, 84, 44), (10, 22, 36)],
    "evening": [(62, 44, 60), (92, 60, 56), (50, 58, 54), (120, 74, 48)],
    "day": [(24, 74, 56), (52, 110, 60), (18, 56, 58), (96, 136, 62)],
}


@dataclass
class Motif:
    """What is painted: for every pixel its colour, the direction of strokes, and its part."""

    colour: Pixels
    angle: Field
    part: np.ndarray[Any, np.dtype[np.int16]]


def impasto(rng: Rng, size: int) -> Pixels:
    """A landscape under a swirling sky."""
    motif = landscape(rng, size)
    colours = Sheet(size, (60, 50, 44))
    heights = Sheet(size, (70, 70, 70))
    for width, length, share in ((0.028, 0.13, 1.0), (0.018, 0.095, 1.0), (0.011, 0.06, 0.5)):
        strokes(rng, motif, colours, heights, width, length, share)
    height = blur(heights.field(), 0.0011 * size)
    weave = 0.02 * np.sin(grid(size)[0] * size * 1.1) * np.sin(grid(size)[1] * size * 1.1)
    shade, gloss = lit(height + weave.astype(np.float32), 0.0085 * size, 0.22)
    made = colours.pixels() * (0.42 + 0.58 * shade)[..., None] + gloss[..., None]
    return np.asarray(np.clip(made, 0, 1), np.float32)


def landscape(rng: Rng, size: int) -> Motif:
    """Sky with whirls and lights, hills, a field, and trees like flames."""
    _, y = grid(size)
    hour = ("night", "evening", "day")[int(rng.choice(3, p=[0.5, 0.25, 0.25]))]
    horizon = rng.uniform(0.52, 0.68)
    angle, tone = _whirls(rng, size, horizon)
    colour = ramp(SKIES[hour], tone * 0.95 + (y / horizon - 0.45) * 1.3)
    part = np.zeros((size, size), np.int16)
    _lights(rng, hour, horizon, colour, angle)
    edges = np.sort(rng.uniform(0, 0.3, 3)) + horizon - 0.04
    for band, top in enumerate([edges[0], *edges[1:], edges[2] + rng.uniform(0.1, 0.16)]):
        rough = (0.05, 0.035, 0.03, 0.02)[band]
        ridge = top + rough * cloud(rng, size, (5, 3, 3, 2)[band], 0)[size // 2] * (1 - 0.1 * band)
        below = y > ridge[None, :]
        slope = np.arctan(np.gradient(ridge) * size)[None, :] * np.ones((size, 1), np.float32)
        part[below] = band + 1
        waves = 0.35 * cloud(rng, size, 4)
        steep = (0.0, 0.15, 0.5, 1.1)[band] if hour == "day" else (0.0, 0.1, 0.2, 0.35)[band]
        lean = slope + waves + steep * np.where(cloud(rng, size, 3) > 0, 1, -1)
        angle[below] = lean.astype(np.float32)[below]
        colour[below] = _patches(rng, size, LANDS[hour][band])[below]
    _trees(rng, hour, edges[2], colour, angle, part)
    if rng.random() < 0.7:
        _village(rng, hour, edges[1], colour, angle, part)
    return Motif(colour, angle, part)


def _whirls(rng: Rng, size: int, horizon: float) -> tuple[Field, Field]:
    x, y = grid(size)
    vx = 1 + 0.25 * cloud(rng, size, 3)
    vy = 0.55 * cloud(rng, size, 3, 2)
    tone = 0.75 * fractal(rng, size, 5, 3, stretch=1.6)
    for _ in range(int(rng.integers(2, 5))):
        cx, cy = rng.uniform(0.1, 0.9), rng.uniform(0.08, horizon * 0.8)
        radius, sense = rng.uniform(0.1, 0.2), rng.choice([-1, 1])
        dx, dy = x - cx, y - cy
        far = np.hypot(dx, dy)
        pull = 9 * np.exp(-((far / radius) ** 2)) / radius * 0.16
        vx += sense * pull * -dy / (far + 0.03) * 1.6
        vy += sense * pull * dx / (far + 0.03) * 1.6
        turn = np.arctan2(dy, dx)
        spiral = np.sin(sense * turn + far / radius * 7)
        tone += (1.3 * spiral * np.exp(-((far / radius / 1.2) ** 2))).astype(np.float32)
    return np.arctan2(vy, vx).astype(np.float32), tone.astype(np.float32)


def _lights(rng: Rng, hour: str, horizon: float, colour: Pixels, angle: Field) -> None:
    """Stars and a moon, or one sun: rings of strokes around them."""
    x, y = grid(colour.shape[0])
    many = int(rng.integers(6, 12)) if hour == "night" else 1
    for number in range(many):
        cx, cy = rng.uniform(0.06, 0.94), rng.uniform(0.06, horizon - 0.12)
        radius = rng.uniform(0.07, 0.1) if number == 0 else rng.uniform(0.018, 0.036)
        far = np.hypot(x - cx, y - cy) / radius
        ring = ramp(
            [
                (0, (255, 236, 150)), (0.5, (252, 214, 84)), (0.8, (250, 190, 60)),
                (1.0, (240, 232, 170)), (1.5, (206, 224, 196)), (2.2, (150, 196, 210)),
            ],
            far + 0.12 * cloud(rng, len(x), 24),
        )  # fmt: skip
        inside = np.exp(-np.clip(far - 1.1, 0, None) * 1.6).astype(np.float32)
        near = far < 2.4
        colour[:] = mixed(colour, ring, np.where(near, inside, 0).astype(np.float32))
        angle[near] = (np.arctan2(y - cy, x - cx) + np.pi / 2)[near]


def _patches(rng: Rng, size: int, palette: list[Colour]) -> Pixels:
    """Land in patches of a few colours."""
    made = np.zeros((size, size, 3), np.float32)
    best = np.full((size, size), -9, np.float32)
    for colour in palette:
        strength = cloud(rng, size, 6, 12)
        over = strength > best
        made[over] = np.array(colour, np.float32) / 255
        best[over] = strength[over]
    return made


def _trees(rng: Rng, hour: str, ground: float, colour: Pixels, angle: Field, part: Any) -> None:
    size = len(angle)
    x, y = grid(size)
    greens: list[Colour] = TREES[hour]
    base = rng.choice([0.16, 0.82]) + rng.normal(0, 0.04)
    for number in range(int(rng.integers(1, 4))):
        cx = base + number * rng.uniform(0.06, 0.1) * rng.choice([-1, 1])
        top = rng.uniform(0.12, 0.34) + 0.08 * number
        foot, wide = ground + rng.uniform(0.1, 0.18), rng.uniform(0.045, 0.075) - 0.008 * number
        t = np.clip((y - top) / (foot - top), 0, 1)
        sway = 0.02 * np.sin(t * 9 + rng.uniform(0, 6))
        flame = wide * t**0.7 * (1.15 - t) ** 0.35 * (1 + 0.3 * cloud(rng, size, 4, 20))
        off = x - cx - sway
        inside = (np.abs(off) < flame) & (y > top) & (y < foot)
        lean = np.pi / 2 + 0.5 * np.sin(t * 14) - off / wide * 0.6
        angle[inside] = lean.astype(np.float32)[inside]
        colour[inside] = _patches(rng, size, greens)[inside]
        part[inside] = 20 + number


def _village(rng: Rng, hour: str, ground: float, colour: Pixels, angle: Field, part: Any) -> None:
    """Houses with steep roofs, and a spire."""
    size = len(angle)
    x, y = grid(size)
    walls: list[Colour] = (
        [(70, 96, 142), (96, 116, 140), (50, 72, 120)]
        if hour == "night"
        else [(232, 222, 196), (214, 190, 150), (240, 232, 214)]
    )
    roofs: list[Colour] = [(150, 70, 50), (60, 66, 96), (176, 104, 60)]
    left = rng.uniform(0.3, 0.5)
    for number in range(int(rng.integers(4, 8))):
        cx, wide = left + 0.058 * number, rng.uniform(0.02, 0.03)
        low, high = ground + rng.uniform(0.02, 0.06), rng.uniform(0.03, 0.045)
        tip = 0.13 if number == 3 else 0.035
        narrow = 0.62 if number == 3 else 1.0
        wall = (np.abs(x - cx) < wide * narrow) & (y < low) & (y > low - high)
        rise = np.clip((y - (low - high - tip)) / tip, 0, 1)
        roof = (np.abs(x - cx) < wide * narrow * 1.15 * rise) & (y <= low - high) & (rise > 0)
        colour[wall] = np.array(walls[number % 3], np.float32) / 255
        colour[roof] = np.array(roofs[number % 3], np.float32) / 255
        angle[wall] = 1.57
        angle[roof] = ((1.42 if number == 3 else 0.9) * np.sign(x - cx)).astype(np.float32)[roof]
        part[wall], part[roof] = 40 + 2 * number, 41 + 2 * number
        pane = (np.hypot(x - cx, (y - low + high / 2) * 0.8) < 0.006) & wall
        colour[pane] = np.array((255, 206, 80) if hour == "night" else (90, 90, 110)) / 255


def strokes(
    rng: Rng,
    motif: Motif,
    colours: Sheet,
    heights: Sheet,
    width: float,
    length: float,
    share: float,
) -> None:
    """Cover the picture with strokes of one size, in any order."""
    ways, picked, ends = trace(rng, motif, width, length, share)
    offsets = np.linspace(-0.5, 0.5, BRISTLES) * width * 0.86
    for index in rng.permutation(len(ways)):
        way = ways[index]
        if ends[index] < 2:
            continue
        along = np.gradient(way, axis=0)
        along /= np.maximum(np.hypot(along[:, 0], along[:, 1])[:, None], 1e-9)
        normal = np.stack((-along[:, 1], along[:, 0]), 1)
        base = picked[index]
        bend = np.linspace(-1, 1, BRISTLES) * rng.normal(0, 12)
        for number, off in enumerate(offsets):
            first = int(rng.random() < 0.3)
            last = STEPS - int(rng.integers(0, 3))
            points = (way + normal * (off + rng.normal(0, width * 0.03)))[first:last]
            tone = base * (1 + rng.normal(0, 0.07)) + bend[number]
            rise = 135 + rng.normal(0, 46) + 34 * (number in (0, BRISTLES - 1))
            colours.line(points, tuple(tone), width * 0.3)
            heights.line(points, (rise, rise, rise), width * 0.24)


def trace(
    rng: Rng, motif: Motif, width: float, length: float, share: float
) -> tuple[Array, Array, Array]:
    """Ways along the directions that stay within their part, their colours, their steps."""
    size = len(motif.angle)
    step = max(width * 1.0, 1.5 / size)
    axis = np.arange(-step, 1 + step, step)
    x, y = (a.ravel() for a in np.meshgrid(axis, np.arange(-step, 1 + step, step)))
    keep = rng.random(len(x)) < share
    x, y = (a[keep] + rng.uniform(-0.6, 0.6, keep.sum()) * step for a in (x, y))
    here = np.stack((x, y), 1)
    row, column = _cells(here, size)
    part = motif.part[row, column]
    noise = rng.normal(0, 0.16, len(x))
    lengths = length * rng.uniform(0.55, 1.15, len(x)) / STEPS
    whole = [here]
    going = np.ones(len(x), bool)
    count = np.zeros(len(x), int)
    for _ in range(STEPS - 1):
        turn = motif.angle[row, column] + noise
        onward = here + np.stack((np.cos(turn), np.sin(turn)), 1) * lengths[:, None]
        row, column = _cells(onward, size)
        going &= motif.part[row, column] == part
        count += going
        here = np.where(going[:, None], onward, here)
        row, column = _cells(here, size)
        whole.append(here)
    ways = np.stack(whole, 1)
    row, column = _cells(ways[:, STEPS // 2], size)
    picked = motif.colour[row, column] * 255
    shades: Array = picked * (1 + rng.normal(0, 0.08, (len(x), 1))) + rng.normal(0, 9, (len(x), 3))
    return ways, shades, count


def _cells(points: Array, size: int) -> tuple[Array, Array]:
    at = np.clip((points * size).astype(int), 0, size - 1)
    return at[:, 1], at[:, 0]
