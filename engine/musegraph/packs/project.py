"""A pack that is being written: its folder, read without importing anything of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musegraph.errors import PackError
from musegraph.installed import GROUP
from musegraph.packs.manifest import Manifest, read_manifest
from musegraph.paths import why_missing

FILE = "pyproject.toml"
NOT_CODE = frozenset({"__pycache__", ".git", ".venv", "build", "dist"})
_ENTRY = re.compile(r"(?P<module>[A-Za-z_]\w*(\.[A-Za-z_]\w*)*):(?P<name>[A-Za-z_]\w*)")


@dataclass(frozen=True)
class Project:
    """What ``pyproject.toml`` says, and where the package is that it speaks of."""

    root: Path
    document: Mapping[str, Any]
    manifest: Manifest
    distribution: str
    version: str
    entry: str
    package: Path
    """The package, or a module of one file, that the wheel will hold."""

    @property
    def sources(self) -> Path:
        """The folder from which Python imports the package."""
        return self.package.parent

    @property
    def home(self) -> Path:
        """The folder in which the manifest's folders lie: that of the module with the pack."""
        module = self.entry.partition(":")[0].split(".")
        place = self.sources.joinpath(*module)
        return place if place.is_dir() else place.parent

    @property
    def project(self) -> Mapping[str, Any]:
        table: Mapping[str, Any] = self.document["project"]
        return table

    def folder(self, kind: str) -> Path | None:
        """The folder of its ``workflows`` or ``texts``, if the manifest names one."""
        named = getattr(self.manifest, kind)
        return self.home / named if named else None

    def modules(self) -> list[Path]:
        """Its Python files."""
        if self.package.is_file():
            return [self.package]
        found = sorted(self.package.rglob("*.py"))
        return [one for one in found if not NOT_CODE & set(one.relative_to(self.package).parts)]

    def shown(self, place: Path) -> str:
        """A path as it is told of: from the root of the project."""
        return (
            place.relative_to(self.root).as_posix()
            if place.is_relative_to(self.root)
            else str(place)
        )


def read_project(root: Path) -> Project:
    """The project in a folder; :class:`PackError` says all that is missing for it to be a pack."""
    document = _document(root / FILE)
    wrong = list(_wrong(document))
    if wrong:
        raise PackError("\n".join(f"{FILE}: {what}" for what in wrong))
    manifest = read_manifest(document.get("tool", {}).get("musegraph"), FILE)
    project = document["project"]
    named = project["entry-points"][GROUP]
    ((name, entry),) = named.items()
    if name != manifest.namespace:
        raise PackError(
            f'{FILE}: the entry point in "{GROUP}" is named {name!r}, and '
            "tool.musegraph.namespace is "
            f"{manifest.namespace!r}; they have to be the same"
        )
    package = _package(root, entry)
    return Project(root, document, manifest, project["name"], project["version"], entry, package)


def _document(place: Path) -> dict[str, Any]:
    if why := why_missing(place):
        raise PackError(
            f"{place.parent} is no folder of a pack: {place.name} cannot be found ({why}); "
            "'musegraph pack new NAME' makes one"
        )
    try:
        return tomllib.loads(place.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PackError(f"{place} cannot be read: {error}") from None


def _wrong(document: Mapping[str, Any]) -> Iterator[str]:
    """What keeps the tables from being those of a pack, apart from the manifest itself."""
    project = document.get("project")
    if not isinstance(project, Mapping):
        yield 'there is no table [project]; it holds name = "…" and version = "…"'
        return
    for key in ("name", "version"):
        if not isinstance(project.get(key), str):
            yield (
                f"project.{key} is missing, or no text; write it down, since a pack is built "
                "without running anything that could compute it"
            )
    if project.get("dynamic"):
        yield (
            f"project.dynamic has {', '.join(map(str, project['dynamic']))}; write the values "
            "down, since a pack is built without running anything that could compute them"
        )
    points = project.get("entry-points")
    ours = points.get(GROUP) if isinstance(points, Mapping) else None
    example = f'[project.entry-points."{GROUP}"] with NAME = "PACKAGE:pack"'
    if not isinstance(ours, Mapping) or not ours:
        yield f"there is no entry point of a pack; add {example}"
    elif len(ours) > 1:
        yield (
            f'"{GROUP}" has {len(ours)} entry points ({", ".join(ours)}); a distribution brings '
            "one "
            "pack, so make one of each"
        )
    else:
        entry = next(iter(ours.values()))
        if not isinstance(entry, str) or not _ENTRY.fullmatch(entry):
            yield f"the entry point {entry!r} names no pack; it is of the form {example}"


def _package(root: Path, entry: str) -> Path:
    """The package that an entry point leads to, in ``src`` or beside ``pyproject.toml``."""
    top = entry.partition(":")[0].partition(".")[0]
    for place in (root / "src" / top, root / top):
        if (place / "__init__.py").is_file():
            return place
        if (module := place.with_name(f"{top}.py")).is_file():
            return module
    raise PackError(
        f"{FILE}: the entry point leads to {top!r}, and there is neither src/{top}/__init__.py nor "
        f"{top}/__init__.py in {root}"
    )
