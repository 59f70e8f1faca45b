"""Where runs can be carried out on this machine: a worker for each graphics card, else one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from musegraph.device import asked_device, cpu_build

CARDS = Path("/proc/driver/nvidia/gpus")
"""A folder for each card of NVIDIA, as its driver for Linux shows them."""


@dataclass(frozen=True)
class Place:
    """What a worker is called, and the variables that keep it to its card."""

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)


def places() -> tuple[Place, ...]:
    """A place for each card that may be used; otherwise one, on whatever there is."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if asked_device() not in ("", "cuda") or not CARDS.is_dir() or cpu_build():
        return (Place("main"),)
    if visible is None:
        cards = [str(number) for number in range(len([*CARDS.iterdir()]))]
    else:
        cards = [card.strip() for card in visible.split(",") if card.strip()]
    made = [Place(f"cuda-{card}", {"CUDA_VISIBLE_DEVICES": card}) for card in cards]
    return tuple(made) or (Place("main"),)
