"""All models on this machine that have a name: of packs, fetched, and put there by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from musegraph.errors import ModelError
from musegraph.hub.record import Record
from musegraph.hub.shelf import Shelf
from musegraph.models import Models

_DEPTH = 4
"""Folders below a folder of models in which one is looked for: OWNER/NAME/FOLDER/FILE."""


@dataclass(frozen=True, slots=True)
class Found:
    """A model: what to write as its source, where it is, and what is known of it."""

    name: str
    place: Path
    where: str
    """The pack that brings it, or the folder of models it is in."""
    family: str = ""
    size: int = 0
    record: Record | None = None
    wrong: str = ""


def inventory(models: Models, read: bool = False) -> Iterator[Found]:
    """Every model by name, as it is found first; ``read`` compares every byte with its record."""
    seen: set[str] = set()
    for name in models.registry.names():
        pack = models.registry.pack(name)
        if pack is not None and pack.models is not None:
            for place in _models_in(pack.models):
                source = f"{name}/{place.relative_to(pack.models).as_posix()}"
                seen.add(source)
                yield _found(models, source, place, name)
    for folder in models.folders:
        records = Shelf(folder).records()
        places = {folder / name for name in records}
        for place in sorted({*_models_in(folder, frozenset(places)), *places}):
            source = place.relative_to(folder).as_posix()
            if source not in seen:
                seen.add(source)
                yield _found(models, source, place, str(folder), records.get(source), read)


def _found(
    models: Models,
    source: str,
    place: Path,
    where: str,
    record: Record | None = None,
    read: bool = False,
) -> Found:
    wrong, size = "", 0
    try:
        size = sum(file.stat().st_size for file in models.files(place)) if place.exists() else 0
    except (ModelError, OSError) as error:
        wrong = str(error)
    if record is not None and (wrongs := list(record.wrongs(place, read))):
        wrong = "; ".join(wrongs[:3]) + (f" and {len(wrongs) - 3} more" if wrongs[3:] else "")
    return Found(source, place, where, family(place), size, record, wrong)


def _models_in(
    folder: Path, known: frozenset[Path] = frozenset(), depth: int = 0
) -> Iterator[Path]:
    """Files of weights, and folders that say by a JSON at their top what they are.

    What is ``known`` already is not looked into.
    """
    try:
        inside = sorted(folder.iterdir())
    except OSError:
        return
    for place in inside:
        if place.name.startswith(".") or place in known:
            continue
        if place.is_file():
            if place.suffix in (".safetensors", ".gguf"):
                yield place
        elif place.is_dir() and place.suffix != ".config":
            if any(place.glob("*.json")):
                yield place
            elif depth < _DEPTH:
                yield from _models_in(place, known, depth + 1)


def family(place: Path) -> str:
    """What a model calls itself: its pipeline, its architecture; nothing if it does not tell."""
    if place.is_file():
        return "one file"
    for file, keys in (
        ("model_index.json", ("_class_name",)),
        ("config.json", ("_class_name", "architectures", "model_type")),
        ("adapter_config.json", ("peft_type",)),
    ):
        try:
            found = json.loads((place / file).read_bytes())
        except (OSError, ValueError, RecursionError):
            continue
        for key in keys if isinstance(found, dict) else ():
            value = found.get(key)
            value = value[0] if isinstance(value, list) and value else value
            if isinstance(value, str):
                return value
    return ""
