"""Is anything memorised? The nearest training pictures of drawn ones, and of fresh renders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from musegraph_nodes.starter.training.data import save_sheet, to_tensor

#: Pictures are compared at this size: composition and colours count, grain does not.
SIDE = 24


def signature(pictures: Tensor) -> Tensor:
    """Pictures `[n, 3, h, w]` in -1..1 as rows `[n, 3 * SIDE * SIDE]`."""
    return F.interpolate(pictures, size=(SIDE, SIDE), mode="area").flatten(1)


def nearest(rows: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """For each row the distance to the nearest of `known`, and its number.

    Distances are root mean squares, in units of the 2 between black and white.
    """
    distances, numbers = torch.full((len(rows),), float("inf")), torch.zeros(len(rows)).long()
    for start in range(0, len(known), 4096):
        apart = torch.cdist(rows, known[start : start + 4096])
        least, number = apart.min(1)
        closer = least < distances
        distances = torch.where(closer, least, distances)
        numbers = torch.where(closer, number + start, numbers)
    return distances / rows.shape[1] ** 0.5 / 2, numbers


def signatures_of(pixels: np.ndarray[Any, Any]) -> Tensor:
    """Of pictures uint8 `[n, h, w, 3]`, mapped from disk."""
    parts = [signature(to_tensor(pixels[i : i + 256])) for i in range(0, len(pixels), 256)]
    return torch.cat(parts)


def memorised(
    drawn: Tensor, fresh: Tensor, pixels: np.ndarray[Any, Any], known: Tensor, sheet: Path
) -> list[str]:
    """Sentences for the report; `sheet` shows drawn pictures above their nearest neighbours.

    `fresh` are renders for the same prompts: they cannot have been copied, so how near they
    come says how near chance comes. A model that copies comes nearer.
    """
    made, numbers = nearest(signature(drawn), known)
    chance, _ = nearest(signature(fresh), known)
    order = made.argsort()
    rows: list[Tensor] = []
    for start in range(0, min(48, len(order)), 8):
        some = order[start : start + 8]
        found = torch.cat([to_tensor(pixels[int(numbers[i])][None]) for i in some])
        size = drawn.shape[-1]
        rows += [drawn[some], F.interpolate(found, size=(size, size), mode="area")]
    save_sheet(torch.cat(rows), sheet)
    limit = float(chance.quantile(0.01))
    copied = int((made < limit).sum())
    told = (
        f"Nearest of {len(known):,} training pictures, for {len(drawn)} drawn: median distance"
        f" {float(made.median()):.3f}, least {float(made.min()):.3f}; for fresh renders of the same"
        f" prompts {float(chance.median()):.3f} and {float(chance.min()):.3f}. Nearer than the"
        f" nearest hundredth of fresh renders: {copied} (about {len(drawn) // 100} by chance)."
    )
    return [told, f"`{sheet.name}` shows the nearest pairs first, drawn above known."]
