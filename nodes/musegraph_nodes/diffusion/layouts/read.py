"""Any layout, told by what is there."""

from __future__ import annotations

from pathlib import Path

from .folder import read_folder
from .found import Found
from .single import read_single


def read(place: Path, source: str) -> Found:
    """The parts of the model at a place; :class:`ModelError` says what is missing or damaged."""
    return read_single(place, source) if place.is_file() else read_folder(place, source)
