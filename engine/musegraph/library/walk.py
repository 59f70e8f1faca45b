"""Looking for models below a folder, by the names of files and folders alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from musegraph.errors import ModelError
from musegraph.library.beside import NOTES, preview_in
from musegraph.library.folders import kind_by_folder
from musegraph.library.kinds import PICKLES, SUFFIXES, WEIGHTS, Kind

MAX_FILES = 2000
MAX_DEPTH = 4
SAYS_WHAT_IT_IS = ("model_index.json", "config.json", "adapter_config.json")
"""Files at the top of a folder that is a model."""

_DEPTH = 8
"""Folders below a folder of models in which one is looked for."""

_MOST = 200_000
"""Files and folders that are looked at below one folder of models."""

_COMMON = (".bin",)
"""Endings of pickles that other files have too."""


@dataclass(frozen=True, slots=True)
class Root:
    """A folder of models. What is in it is called by its path there, behind ``prefix``."""

    folder: Path
    prefix: str = ""
    pack: str = ""
    known: frozenset[str] = frozenset()
    """Models that were fetched, by their names: what is there, nobody looks into."""

    @property
    def where(self) -> str:
        """What people are told it is: a pack, or a folder."""
        return self.pack or str(self.folder)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file or a folder that is a model by its name."""

    source: str
    place: Path
    root: Root
    stamp: str
    """Changes with whatever the facts are read from."""
    size: int
    kind: Kind
    preview: Path | None = None
    files: tuple[Path, ...] = ()
    """The files of a folder."""


def candidates(root: Root) -> Iterator[Candidate]:
    """Every model below a folder, in the order of the names."""
    left = [_MOST]
    try:
        place = root.folder.resolve()
    except (OSError, RuntimeError):
        return
    yield from _below(root, root.folder, (), {place}, left)


def _below(
    root: Root, folder: Path, parts: tuple[str, ...], seen: set[Path], left: list[int]
) -> Iterator[Candidate]:
    try:
        with os.scandir(folder) as listed:
            inside = sorted(listed, key=lambda entry: entry.name)
    except OSError:
        return
    names = {entry.name for entry in inside}
    for entry in inside:
        left[0] -= 1
        if entry.name.startswith(".") or left[0] < 0:
            continue
        name, path = entry.name, folder / entry.name
        try:
            if entry.is_dir():
                yield from _folder(root, path, (*parts, name), seen, left)
            elif _is_weights(name, parts) and entry.is_file():
                yield _single(root, path, parts, names, entry.stat())
        except OSError:  # gone meanwhile, or a link to nothing
            continue


def _folder(
    root: Root, path: Path, parts: tuple[str, ...], seen: set[Path], left: list[int]
) -> Iterator[Candidate]:
    inner = "/".join(parts)
    if path.suffix == ".config":
        return
    if inner in root.known or any((path / name).is_file() for name in SAYS_WHAT_IT_IS):
        yield _whole(root, path, parts)
        return
    real = path.resolve()
    if len(parts) <= _DEPTH and real not in seen:
        seen.add(real)
        yield from _below(root, path, parts, seen, left)


def _is_weights(name: str, parts: tuple[str, ...]) -> bool:
    suffix = os.path.splitext(name)[1]  # noqa: PTH122  thousands of names
    if suffix in WEIGHTS:
        return True
    return suffix in PICKLES and (suffix not in _COMMON or kind_by_folder(parts) != "other")


def _single(
    root: Root, path: Path, parts: tuple[str, ...], names: set[str], facts: os.stat_result
) -> Candidate:
    stamp = f"{facts.st_size}/{facts.st_mtime_ns}/{facts.st_ino}"
    stem = path.stem
    if (note := stem + NOTES[0]) in names:
        stamp += f"/{(path.parent / note).stat().st_mtime_ns}"
    return Candidate(
        source="/".join((*filter(None, (root.prefix,)), *parts, path.name)),
        place=path,
        root=root,
        stamp=stamp,
        size=facts.st_size,
        kind=kind_by_folder(parts),
        preview=path.parent / name if (name := preview_in(names, stem)) else None,
    )


def _whole(root: Root, path: Path, parts: tuple[str, ...]) -> Candidate:
    try:
        files = model_files(path)
    except ModelError:
        files = []
    stats = [file.stat() for file in files]
    marks = [path / name for name in ("README.md", "LICENSE", "LICENSE.md", "LICENSE.txt")]
    stamps = [
        str(path.stat().st_mtime_ns),
        *(str(m.stat().st_mtime_ns) for m in marks if m.is_file()),
    ]
    stamps += [f"{one.st_size}/{one.st_mtime_ns}/{one.st_ino}" for one in stats]
    return Candidate(
        source="/".join((*filter(None, (root.prefix,)), *parts)),
        place=path,
        root=root,
        stamp=_short(stamps),
        size=sum(one.st_size for one in stats),
        kind=kind_by_folder(parts[:-1]),
        preview=preview_of(path),
        files=tuple(files),
    )


def preview_of(place: Path) -> Path | None:
    """The picture that lies beside a model, or in its folder."""
    folder, stem = (place, "preview") if place.is_dir() else (place.parent, place.stem)
    try:
        with os.scandir(folder) as listed:
            name = preview_in({entry.name for entry in listed}, stem)
    except OSError:
        return None
    return folder / name if name else None


def _short(stamps: list[str]) -> str:
    from blake3 import blake3

    return blake3("\n".join(stamps).encode()).hexdigest(16)


def model_files(folder: Path) -> list[Path]:
    """Files of a model below a folder, also behind links; no folder is a model by accident."""
    found: list[Path] = []
    seen: set[Path] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        here = Path(place)
        if here.resolve() in seen or len(here.relative_to(folder).parts) > MAX_DEPTH:
            folders.clear()
            continue
        seen.add(here.resolve())
        found += [here / name for name in names if Path(name).suffix in SUFFIXES]
        if here == folder and not found:
            break  # a model has a file at the top that says what it is
        if len(found) > MAX_FILES:
            raise ModelError(f"the folder {folder} holds more than {MAX_FILES} files: no model")
    return sorted(file for file in found if file.is_file())
