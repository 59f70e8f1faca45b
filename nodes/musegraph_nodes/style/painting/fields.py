"""Fields of numbers over a picture, float32 `[size, size]`: noise, flow, distance, relief."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

Field = np.ndarray[Any, np.dtype[np.float32]]
"""One number for each pixel."""

Pixels = np.ndarray[Any, np.dtype[np.float32]]
"""Colours, `[size, size, 3]`, from 0 to 1."""

Rng = np.random.Generator


def grid(size: int) -> tuple[Field, Field]:
    """X and y of every pixel's middle, from 0 to 1."""
    axis = ((np.arange(size) + 0.5) / size).astype(np.float32)
    x, y = np.meshgrid(axis, axis)
    return x, y


def cloud(rng: Rng, size: int, across: float, down: float | None = None) -> Field:
    """Smooth noise around 0 of deviation 1, with so many bumps across and down."""
    wide, high = max(2, round(across) + 2), max(2, round(down or across) + 2)
    coarse = rng.normal(0, 1, (high, wide)).astype(np.float32)
    whole = Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)
    made = np.asarray(whole, np.float32)
    made = made - made.mean()
    return np.asarray(made / (made.std() + 1e-6), np.float32)


def fractal(
    rng: Rng, size: int, across: float, octaves: int = 5, gain: float = 0.55, stretch: float = 1.0
) -> Field:
    """Noise with bumps within bumps; `stretch` makes them so many times as wide as high."""
    total = np.zeros((size, size), np.float32)
    weight = 1.0
    for _ in range(octaves):
        total += weight * cloud(rng, size, across / stretch, across)
        across, weight = across * 2, weight * gain
        if across > size:
            break
    return np.asarray(total / (total.std() + 1e-6), np.float32)


def blur(field: Field, radius: float) -> Field:
    """Gaussian; colours are blurred along the sides only."""
    sigma = (radius, radius, 0)[: field.ndim]
    return np.asarray(ndimage.gaussian_filter(field, sigma), np.float32)


def smoothstep(low: float, high: float, field: Field) -> Field:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def moved(field: Field, dx: Field, dy: Field) -> Field:
    """What lies `dx`, `dy` pixels away, for every pixel."""
    size = field.shape[0]
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    at = (np.clip(rows + dy, 0, size - 1), np.clip(columns + dx, 0, size - 1))
    if field.ndim == 2:
        return np.asarray(ndimage.map_coordinates(field, at, order=1), np.float32)
    parts = [ndimage.map_coordinates(field[..., c], at, order=1) for c in range(field.shape[2])]
    return np.asarray(np.stack(parts, -1), np.float32)


def lit(height: Field, steepness: float, shine: float, angle: float = 2.3) -> tuple[Field, Field]:
    """How a surface of this height catches a light from the side: shade around 1, and gloss."""
    down, right = np.gradient(height)
    nx, ny = -right * steepness, -down * steepness
    length = np.sqrt(nx * nx + ny * ny + 1)
    lx, ly, lz = 0.66 * np.cos(angle), -0.66 * np.sin(angle), 0.75
    diffuse = (nx * lx + ny * ly + lz) / length
    half = np.sqrt(lx * lx + ly * ly + (lz + 1) ** 2)
    facing = (nx * lx + ny * ly + lz + 1) / (length * half)
    gloss = shine * np.clip(facing, 0, 1) ** 60
    return np.asarray(diffuse / lz, np.float32), np.asarray(gloss, np.float32)


def mixed(one: Pixels, other: Pixels, amount: Field | float) -> Pixels:
    """`one` where the amount is 0, `other` where it is 1."""
    share = amount[..., None] if isinstance(amount, np.ndarray) else amount
    return np.asarray(one + (other - one) * share, np.float32)


def ramp(stops: list[tuple[float, tuple[float, float, float]]], at: Field) -> Pixels:
    """Colours by a number: each stop is a place and the colour (0 to 255) there."""
    places = [place for place, _ in stops]
    channels = [np.interp(at, places, [colour[c] / 255 for _, colour in stops]) for c in range(3)]
    return np.asarray(np.stack(channels, -1), np.float32)
