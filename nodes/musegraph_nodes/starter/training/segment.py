"""Reading pictures of plain shapes without a net: ground, patches, their colours and places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from musegraph_nodes.starter.scenes.vocabulary import COLOURS, NEON_COLOURS

#: The part of each side that frames, ragged borders and vignettes may take.
MARGIN = 0.07
#: A patch is smaller than this part of the picture: specks do not count.
LEAST_AREA = 0.008
#: Farther than this from the colour of the ground, in units of Oklab × 100.
APART = 9.0
#: Below this chroma, and above this lightness, a patch is white.
PALE, LIGHT = 7.5, 76.0

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Patch:
    """One shape: its colour's name and its middle, parts of the sides."""

    colour: str
    x: float
    y: float
    area: float


def oklab(pixels: np.ndarray[Any, Any]) -> Array:
    """SRGB 0..255 `[..., 3]` as Oklab × 100."""
    value = np.asarray(pixels, np.float64) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    to_cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return np.asarray(100 * np.cbrt(linear @ to_cones.T) @ to_lab.T)


def _palette(style: str) -> tuple[list[str], Array]:
    colours = NEON_COLOURS if style == "neon" else COLOURS
    return list(colours), oklab(np.array(list(colours.values())))


def name_of(lab: Array, style: str) -> str:
    """The name of a colour: white if it is light and pale, else that of the nearest hue."""
    names, known = _palette(style)
    if lab[0] > LIGHT and np.hypot(lab[1], lab[2]) < PALE:
        return "white"
    direction = lab[1:] / max(1e-6, float(np.hypot(lab[1], lab[2])))
    others = [i for i, name in enumerate(names) if name != "white"]
    hues = known[others, 1:] / np.linalg.norm(known[others, 1:], axis=1, keepdims=True)
    apart = 1 - hues @ direction
    # Red and pink, orange and yellow differ in lightness as well.
    lightness = np.abs(known[others, 0] - lab[0]) / 100
    return names[others[int((apart + 0.5 * lightness**2).argmin())]]


def patches(picture: np.ndarray[Any, Any], style: str) -> list[Patch]:
    """The shapes in a picture, uint8 `[side, side, 3]`, from the left to the right."""
    from scipy import ndimage

    side = len(picture)
    cut = round(side * MARGIN)
    lab = oklab(picture)
    lab = np.stack([ndimage.gaussian_filter(lab[..., i], side / 128) for i in range(3)], -1)
    inner = lab[cut : side - cut, cut : side - cut]
    edge = max(2, side // 48)
    rim = np.concatenate(
        [inner[:edge].reshape(-1, 3), inner[-edge:].reshape(-1, 3), inner[:, :edge].reshape(-1, 3)]
    )
    ground = np.median(rim, 0)
    # Grounds may run lighter from top to bottom: each row is measured by its own edges.
    rows = np.median(np.concatenate([inner[:, :edge], inner[:, -edge:]], 1), 1)
    near = np.abs(rows - ground).max(1, keepdims=True) < 2 * APART
    rows = np.where(near, rows, ground)
    apart = np.linalg.norm((inner - rows[:, None]) * np.array([0.7, 1.4, 1.4]), axis=-1)
    mask = ndimage.binary_opening(apart > APART, iterations=max(1, side // 96))
    mask = ndimage.binary_fill_holes(mask)
    labels, count = ndimage.label(mask)
    found = []
    for number in range(1, count + 1):
        patch = labels == number
        area = float(patch.sum()) / side**2
        if area < LEAST_AREA:
            continue
        y, x = ndimage.center_of_mass(patch)
        core = ndimage.binary_erosion(patch, iterations=max(1, side // 64))
        colour = np.median(inner[core if core.sum() > 8 else patch], 0)
        found.append(Patch(name_of(colour, style), (x + cut) / side, (y + cut) / side, area))
    return sorted(found, key=lambda patch: patch.x)


def relation_of(found: list[Patch], first: str, second: str) -> str:
    """How the patch of one colour lies to that of another; empty if there are not both."""
    one = next((patch for patch in found if patch.colour == first), None)
    other = next((patch for patch in found if patch.colour == second), None)
    if one is None or other is None or len(found) != 2:
        return ""
    x, y = one.x - other.x, one.y - other.y
    if abs(x) > abs(y):
        return "left of" if x < 0 else "right of"
    return "above" if y < 0 else "below"


def measured(picture: np.ndarray[Any, Any], spec: dict[str, Any]) -> dict[str, bool]:
    """Whether colour, count and relation are as an objects spec says."""
    if spec["kind"] != "objects":
        return {}
    found = patches(picture, spec["style"])
    colours = {patch.colour for patch in found}
    first = spec["first"]["colour"]
    if spec["second"] is None:
        return {"colour": colours == {first}, "count": len(found) == spec["count"]}
    second = spec["second"]["colour"]
    return {
        "colour": colours == {first, second},
        "relation": relation_of(found, first, second) == spec["relation"],
    }
