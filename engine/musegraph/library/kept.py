"""What nodes keep: weights that they made, among the models, and what they left unfinished."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from musegraph.errors import ModelError
from musegraph.paths import shown


def is_name(source: str) -> bool:
    """Whether a source stays below whatever folder it is looked for in, on every system."""
    parts = source.replace("\\", "/").split("/")
    return all(parts) and not {".", ".."} & {*parts} and not set(":~\0") & {*source}


def put(folder: Path, name: str, file: Path) -> None:
    """Put a file into a folder of models under a name, whole or not at all."""
    if not is_name(name):
        raise ModelError(f"{shown(name)!r} is no name for a model; give one without a way out")
    place = folder / name
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_name(f".{place.name}.{os.getpid()}.part")
        shutil.copyfile(file, partial)
        partial.replace(place)
    except OSError as error:
        raise ModelError(
            f"the model {name!r} cannot be kept in {shown(folder)}: {error.strerror or error};"
            " make room there, or choose another folder of models"
        ) from error


def bench(data: Path, name: str) -> Path:
    """A folder of that name in the data folder, where what is unfinished waits."""
    if not is_name(name):
        raise ModelError(f"{shown(name)!r} is no name for a folder; give one without a way out")
    place = data / "unfinished" / name
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(
            f"no checkpoint can be kept in {shown(place)}: {error.strerror or error}; make room"
            " there"
        ) from error
    return place
