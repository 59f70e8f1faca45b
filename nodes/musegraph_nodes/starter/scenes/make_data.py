"""Writes pictures, captions and specs for training: `python -m …scenes.make_data --help`."""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from musegraph_nodes.starter.ready import READY
from musegraph_nodes.starter.scenes.canvas import Picture
from musegraph_nodes.starter.scenes.caption import caption
from musegraph_nodes.starter.scenes.chinese import chinese_caption
from musegraph_nodes.starter.scenes.draw import render
from musegraph_nodes.starter.scenes.spec import Spec, as_dict, sample_spec
from musegraph_nodes.starter.scenes.vocabulary import STYLES

# English ones, and then one in Chinese.
CAPTIONS_EACH = 3
CHUNK = 250
SHEET_COLUMNS, SHEET_ROWS = 8, 6


@dataclass(frozen=True)
class Chunk:
    """The pictures from `start` up to `end`, which one worker draws."""

    folder: Path
    seed: int
    size: int
    start: int
    end: int
    held_out: bool | None


def sample(seed: int, index: int, held_out: bool | None = False) -> tuple[Spec, list[str]]:
    """The spec and captions of one picture: they depend on nothing but these arguments."""
    rng = np.random.default_rng([seed, index])
    spec = sample_spec(rng, held_out)
    english = [caption(spec, rng) for _ in range(CAPTIONS_EACH)]
    return spec, [*english, chinese_caption(spec, rng)]


def make_data(
    folder: Path,
    count: int,
    seed: int,
    size: int = 128,
    workers: int = 1,
    held_out: bool | None = False,
    chunk: int = CHUNK,
) -> None:
    """Write `pictures.npy` (uint8 `[count, size, size, 3]`), `captions.json` and `specs.json`.

    What is written is the same whatever the number of workers; each draws `chunk` at a time.
    Meanwhile `ready.txt` says how many of the pictures can be used already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shape = (count, size, size, 3)
    np.lib.format.open_memmap(folder / "pictures.npy", mode="w+", dtype=np.uint8, shape=shape)
    chunks = [
        Chunk(folder, seed, size, start, min(start + chunk, count), held_out)
        for start in range(0, count, chunk)
    ]
    ready = folder / READY
    ready.write_text("0", encoding="utf-8")
    captions: list[list[str]] = []
    specs: list[dict[str, Any]] = []
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for written, described in pool.imap(_draw_chunk, chunks):
            captions += written
            specs += described
            # In one step, so that nobody reads half a number.
            partial = folder / f".{READY}"
            partial.write_text(str(len(specs)), encoding="utf-8")
            partial.replace(ready)
            print(f"\r{len(specs)} of {count} pictures", end="", flush=True)
    print()
    (folder / "captions.json").write_text(json.dumps(captions), encoding="utf-8")
    (folder / "specs.json").write_text(json.dumps(specs), encoding="utf-8")
    ready.unlink()


def make_sheet(
    path: Path, seed: int, size: int, held_out: bool | None = False, style: str = ""
) -> None:
    """Write the first 48 pictures, or the first of one style, as one PNG."""
    pictures: list[Picture] = []
    for index in itertools.count():
        spec = sample(seed, index, held_out)[0]
        if style in ("", spec.style):
            pictures.append(render(spec, size))
        if len(pictures) == SHEET_COLUMNS * SHEET_ROWS:
            break
    rows = np.stack(pictures).reshape(SHEET_ROWS, SHEET_COLUMNS, size, size, 3)
    sheet = rows.transpose(0, 2, 1, 3, 4).reshape(SHEET_ROWS * size, SHEET_COLUMNS * size, 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30000, help="pictures to draw")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=128, help="pixels along a side")
    parser.add_argument("--out", type=Path, help="folder for the data")
    parser.add_argument("--workers", type=int, default=1, help="processes that draw")
    parser.add_argument("--sheet", type=Path, help="PNG file for a sheet of 48 pictures")
    parser.add_argument("--style", choices=STYLES, default="", help="of the sheet; else all")
    parser.add_argument(
        "--held-out", action="store_true", help="only combinations that training never sees"
    )
    given = parser.parse_args()
    if not given.out and not given.sheet:
        parser.error("say what to write: --out FOLDER, --sheet FILE or both")
    if given.sheet:
        make_sheet(given.sheet, given.seed, given.size, given.held_out, given.style)
    if given.out:
        make_data(given.out, given.count, given.seed, given.size, given.workers, given.held_out)


def _draw_chunk(chunk: Chunk) -> tuple[list[list[str]], list[dict[str, Any]]]:
    pictures = np.lib.format.open_memmap(chunk.folder / "pictures.npy", mode="r+")
    captions, specs = [], []
    for index in range(chunk.start, chunk.end):
        spec, written = sample(chunk.seed, index, chunk.held_out)
        pictures[index] = render(spec, chunk.size)
        captions.append(written)
        specs.append(as_dict(spec))
    pictures.flush()
    return captions, specs


if __name__ == "__main__":
    main()
