"""A model folder in the layout of Diffusers: read by its JSON, checked, nothing loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from musegraph import ModelError, read_header
from musegraph_nodes.diffusion.families import FAMILIES, Family, Kind, Words

from .found import Component, Found
from .settings import read_json
from .weights import PICKLES, stored_type

_VARIANTS = ("", "fp16", "bf16")


def read_folder(place: Path, source: str) -> Found:
    """Read the JSON of a model folder; :class:`ModelError` says what is missing or damaged."""
    index = read_json(place / "model_index.json", source)
    family = _family(index, source)
    kinds = {
        part: kind
        for part, kind in family.kinds.items()
        if not (kind.optional and _class_of(index, part) is None)
    }
    for part, kind in kinds.items():
        _check_class(index, family, part, kind.classes, source)
        if kind.words is not None:
            _check_class(index, family, kind.words.folder, kind.words.classes, source)
    for kind in kinds.values():
        if kind.words is not None:
            check_tokenizer(place / kind.words.folder, kind.words, source)
    scheduler = read_json(place / "scheduler" / "scheduler_config.json", source)
    parts = {part: component_of(place / part, kind, source) for part, kind in kinds.items()}
    told = {name: value for name, value in index.items() if not isinstance(value, list)}
    return Found(family.name, family.net, parts, scheduler, told)


def _family(index: dict[str, Any], source: str) -> Family:
    pipeline = index.get("_class_name")
    for family in FAMILIES.values():
        if pipeline in family.pipelines:
            return family
    known = ", ".join(family.pipelines[0] for family in FAMILIES.values())
    raise ModelError(
        f"the model {source!r} is for the pipeline {pipeline}; this version opens those for"
        f" {known}, others come with later versions"
    )


def _check_class(
    index: dict[str, Any], family: Family, part: str, classes: tuple[str, ...], source: str
) -> None:
    name = _class_of(index, part)
    if name is None:
        wanted = [*family.kinds, *(k.words.folder for k in family.kinds.values() if k.words)]
        raise ModelError(
            f"the model {source!r} has no {part}: model_index.json names none; this version needs"
            f" {', '.join(wanted[:-1])} and {wanted[-1]} in one folder"
        )
    if name not in classes:
        raise ModelError(
            f"the {part} of the model {source!r} is of the class {name}; this version opens"
            f" {classes[0]}"
        )


def _class_of(index: dict[str, Any], part: str) -> str | None:
    entry = index.get(part)
    return entry[1] if isinstance(entry, list) and len(entry) == 2 else None


def check_tokenizer(place: Path, words: Words, source: str) -> None:
    """Refuse a tokenizer's folder that lacks a file."""
    if not words.lies_in(place):
        lacking = next(name for name in words.files[0] if not (place / name).is_file())
        raise ModelError(
            f"the model {source!r} is incomplete: {place.name}/{lacking} is missing in"
            f" {place.parent}; get the folder again"
        )


def component_of(place: Path, kind: Kind, source: str) -> Component:
    """A part in a folder of its own, with its configuration."""
    config = read_json(place / "config.json", source)
    stem = kind.stem
    for variant in _VARIANTS:
        middle = f".{variant}" if variant else ""
        whole = place / f"{stem}{middle}.safetensors"
        index = place / f"{stem}.safetensors.index{middle}.json"
        if whole.is_file():
            files: tuple[Path, ...] = (whole,)
        elif index.is_file():
            files = _shards(index, source)
        else:
            continue
        headers = {name: entry for file in files for name, entry in read_header(file).items()}
        return Component(config, files, variant, stored_type(headers))
    pickles = sorted(file.name for file in place.glob("*") if file.suffix in PICKLES)
    if pickles:
        raise ModelError(
            f"the {place.name} of the model {source!r} is there only as a pickle ({pickles[0]}),"
            f" which can run code when it is opened, so it never is; put {stem}.safetensors beside"
            " it"
        )
    raise ModelError(
        f"the model {source!r} is incomplete: {place.name}/{stem}.safetensors is missing in"
        f" {place.parent}; get the folder again"
    )


def _shards(index: Path, source: str) -> tuple[Path, ...]:
    names = read_json(index, source).get("weight_map")
    if not isinstance(names, dict) or not names:
        raise ModelError(f"{index} is damaged: it names no files; get it again")
    files = tuple(index.parent / Path(str(name)).name for name in sorted(set(names.values())))
    for file in files:
        if not file.is_file():
            raise ModelError(
                f"the model {source!r} is incomplete: {index.parent.name}/{file.name} is missing"
                f" in {index.parents[1]}; get the folder again"
            )
    return files
