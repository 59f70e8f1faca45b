"""Writes the pictures that come with Musegraph: `python -m musegraph_nodes.style.painting.make`.

The eight styles, six contents drawn as starter scenes, and the sheet of scenes that fast nets are
trained on where no pictures are given.
"""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from musegraph_nodes.starter.scenes import SceneSpec, render, sample_spec

from . import paint

CHOSEN = {
    "ink": 10,
    "woodblock": 1,
    "mosaic": 4,
    "impasto": 3,
    "pointillism": 1,
    "blueprint": 6,
    "stained_glass": 3,
    "watercolour": 3,
}
"""The seed of each picture, picked by eye."""

CONTENTS = {
    "lighthouse": SceneSpec(
        "flat vector", "sea", "sunset", "lighthouse", "red", "left", 1, "sun", "right", "clear", 3
    ),
    "castle": SceneSpec(
        "flat vector", "mountains", "dawn", "castle", "white", "center", 1, "sun", "left",
        "clear", 5,
    ),
    "city": SceneSpec(
        "flat vector", "city", "dusk", "bridge", "", "center", 1, "full moon", "right", "clear", 7
    ),
    "windmills": SceneSpec(
        "flat vector", "hills", "day", "windmill", "red", "left", 2, "sun", "right", "cloudy", 2
    ),
    "deer": SceneSpec(
        "flat vector", "forest", "day", "deer", "", "right", 2, "sun", "left", "clear", 4
    ),
    "balloons": SceneSpec(
        "flat vector", "desert", "sunset", "hot air balloon", "teal", "center", 3, "none", "left",
        "clear", 6,
    ),
}  # fmt: skip
SIDE, CONTENT_SIDE = 640, 512
LARGEST = 195_000
"""Bytes of a picture, except the sheet."""
SHEET, CELL = 6, 192
"""Scenes along a side of the sheet, and pixels along a side of each."""


def scenes(seed: int, count: int, size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Starter scenes in all their styles, uint8 `[count, size, size, 3]`."""
    rng = np.random.default_rng(seed)
    return np.stack([render(sample_spec(rng), size) for _ in range(count)])


def sheet(seed: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Scenes side by side on one square picture."""
    cells = scenes(seed, SHEET * SHEET, CELL).reshape(SHEET, SHEET, CELL, CELL, 3)
    return cells.transpose(0, 2, 1, 3, 4).reshape(SHEET * CELL, SHEET * CELL, 3)


def write(folder: Path, pictures: dict[str, np.ndarray[Any, Any]], quality: int) -> None:
    """One JPEG for each picture, colours as sharp as the rest, and no larger than it may be."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, pixels in pictures.items():
        made = BytesIO()
        for lower in range(0, 40, 4):
            made = BytesIO()
            Image.fromarray(pixels).save(
                made, "JPEG", quality=quality - lower, subsampling=0, optimize=True
            )
            if made.tell() <= LARGEST or len(pixels) > SIDE:
                break
        (folder / f"{name}.jpg").write_bytes(made.getvalue())


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, default=Path("workflows/images"))
    parser.add_argument("--pack", type=Path, default=Path(__file__).parents[1] / "training")
    given = parser.parse_args()
    styles = {name: paint(name, seed, SIDE) for name, seed in CHOSEN.items()}
    write(given.images / "styles", styles, 80)
    contents = {name: render(spec, CONTENT_SIDE) for name, spec in CONTENTS.items()}
    write(given.images / "contents", contents, 90)
    write(given.pack, {"scenes": sheet(1)}, 80)


if __name__ == "__main__":
    main()
