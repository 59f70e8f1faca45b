"""What a run trains: chosen once, kept in its work folder, read by every later stage."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True)
class Recipe:
    """Sizes of the models and of the data.

    The first is for a pair of CPU cores; `for_gpu` is what 25 minutes of a large GPU can fill.
    """

    size: int = 192
    pictures: int = 24_000
    autoencoder: tuple[int, ...] = (16, 32, 64, 96)
    crops: int = 16
    denoiser: tuple[int, ...] = (64, 128, 192)
    batch: int = 24
    average: float = 0.999

    def for_gpu(self) -> Recipe:
        """Wider models, bigger batches, more pictures."""
        return replace(
            self,
            pictures=200_000,
            autoencoder=(32, 64, 128, 128),
            crops=128,
            denoiser=(96, 160, 256),
            batch=512,
            average=0.9995,
        )


def recipe_of(work: Path, device: torch.device | None = None, **changes: Any) -> Recipe:
    """The recipe of `work`, or a new one, for `device`, with what is given in `changes`.

    What is None in `changes` is not given. A recipe that a stage has begun with cannot change.
    """
    kept = work / "recipe.json"
    given = {name: value for name, value in changes.items() if value is not None}
    if kept.exists():
        values = json.loads(kept.read_text(encoding="utf-8"))
        known = {field.name for field in fields(Recipe)}
        sizes: dict[str, Any] = {
            n: tuple(v) if isinstance(v, list) else v for n, v in values.items()
        }
        recipe = Recipe(**{name: value for name, value in sizes.items() if name in known})
        changed = [name for name, value in given.items() if getattr(recipe, name) != value]
        if changed:
            raise ValueError(
                f"{kept} was begun with other values of {', '.join(changed)}; leave them out to go"
                " on, or name another work folder"
            )
        return recipe
    recipe = Recipe()
    if device is not None and device.type == "cuda":
        recipe = recipe.for_gpu()
    recipe = replace(recipe, **given)
    work.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(asdict(recipe), indent=2) + "\n", encoding="utf-8")
    return recipe
