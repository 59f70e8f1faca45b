"""Reading the pictures and captions that `musegraph_nodes.starter.scenes.make_data` writes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from musegraph_nodes.starter.ready import READY

#: Crops begin where a latent does, as pictures do: so the squares of pixel art lie as they will.
CELL = 8

Odds = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Pictures:
    """A folder of training pictures.

    `pixels` is uint8 `[n, size, size, 3]`, mapped from disk; `captions` holds a list of strings
    for each picture; `specs` holds what each picture shows, as the maker wrote it.
    """

    pixels: np.ndarray[Any, np.dtype[np.uint8]]
    captions: list[list[str]]
    specs: list[dict[str, Any]]

    def __len__(self) -> int:
        return int(self.pixels.shape[0])

    def batch(self, index: np.ndarray[Any, Any]) -> Tensor:
        """Whole pictures as float `[batch, 3, size, size]` in -1..1."""
        return to_tensor(np.asarray(self.pixels[index]))

    def crops(self, rng: np.random.Generator, count: int, size: int) -> Tensor:
        """Random square crops, half of them mirrored, as float `[count, 3, size, size]`."""
        return to_tensor(self._crops(rng, count, size))

    def raw_crops(
        self, rng: np.random.Generator, count: int, size: int, odds: Odds | None = None
    ) -> Tensor:
        """The same as bytes, uint8 `[count, size, size, 3]`, for a GPU to make floats of.

        `odds` says how likely each picture is to be chosen, float `[n]` of sum 1; all alike
        without it.
        """
        return torch.from_numpy(self._crops(rng, count, size, odds))

    def odds(self, styles: dict[str, float]) -> Odds | None:
        """Odds for `raw_crops` by the style of each picture, 1 for one that `styles` leaves out.

        None where what the pictures show is not known yet.
        """
        if not self.specs:
            return None
        much: Odds = np.array([styles.get(spec["style"], 1.0) for spec in self.specs])
        much /= much.sum()
        return much

    def _crops(
        self, rng: np.random.Generator, count: int, size: int, odds: Odds | None = None
    ) -> np.ndarray[Any, np.dtype[np.uint8]]:
        limit = (self.pixels.shape[1] - size) // CELL + 1
        chosen = rng.choice(len(self), count, p=odds)
        picked = np.empty((count, size, size, 3), np.uint8)
        for row, index in enumerate(chosen):
            y, x = CELL * rng.integers(0, limit, 2)
            crop = self.pixels[index, y : y + size, x : x + size]
            picked[row] = crop[:, ::-1] if rng.random() < 0.5 else crop
        return picked


class Growing(Pictures):
    """A folder that `make_data` is still writing: what is ready of it, without the captions."""

    def __init__(self, folder: Path) -> None:
        pixels = np.lib.format.open_memmap(folder / "pictures.npy", mode="r")
        super().__init__(pixels, [], [])
        object.__setattr__(self, "_ready", folder / READY)

    def __len__(self) -> int:
        # Read each time: it is a few bytes, and a step takes far longer.
        ready: Path = self._ready  # type: ignore[attr-defined]
        return int(ready.read_text(encoding="utf-8") or 0) if ready.exists() else len(self.pixels)


def open_pictures(folder: Path) -> Pictures:
    """The pictures in `folder`, be they all there or not."""
    return load_pictures(folder) if (folder / "specs.json").exists() else Growing(folder)


def to_tensor(pixels: np.ndarray[Any, Any]) -> Tensor:
    """uint8 `[n, h, w, 3]` as float `[n, 3, h, w]` in -1..1."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1


def to_pixels(pictures: Tensor) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Float `[n, 3, h, w]` in -1..1 as uint8 `[n, h, w, 3]`."""
    scaled = ((pictures.detach().float().clamp(-1, 1) + 1) * 127.5).round()
    array: np.ndarray[Any, np.dtype[np.uint8]]
    array = scaled.to("cpu", torch.uint8).permute(0, 2, 3, 1).numpy()
    return array


def load_pictures(folder: Path) -> Pictures:
    """Open `pictures.npy`, `captions.json` and `specs.json` in `folder`."""
    pixels = np.load(folder / "pictures.npy", mmap_mode="r")
    captions = json.loads((folder / "captions.json").read_text(encoding="utf-8"))
    specs = json.loads((folder / "specs.json").read_text(encoding="utf-8"))
    if not len(pixels) == len(captions) == len(specs):
        raise ValueError(
            f"{folder}: {len(pixels)} pictures, {len(captions)} captions and {len(specs)} specs; "
            "write the folder again with make_data"
        )
    return Pictures(pixels, captions, specs)


def save_sheet(pictures: Tensor, path: Path, columns: int = 8) -> None:
    """Write pictures, float `[n, 3, h, w]` in -1..1, as one sheet of `columns` columns."""
    from PIL import Image

    pixels = to_pixels(pictures)
    blank = np.full_like(pixels[:1], 255)
    rows = []
    for start in range(0, len(pixels), columns):
        row = list(pixels[start : start + columns])
        row += [blank[0]] * (columns - len(row))
        rows.append(np.concatenate(row, axis=1))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(rows, axis=0)).save(path)
