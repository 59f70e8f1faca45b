"""Libraries of packs: what is there, and who asks for what."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.machinery import PathFinder
from importlib.metadata import Distribution, distributions, packages_distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from musegraph.installed import TREES


@dataclass(frozen=True)
class Library:
    """A distribution that packs need and the environment lacks; ``url`` is empty if it is there."""

    name: str
    version: str
    requirements: tuple[Requirement, ...] = ()
    url: str = ""
    sha256: str = ""

    @property
    def key(self) -> str:
        return canonicalize_name(self.name)


@dataclass(frozen=True)
class Asked:
    """A requirement, and who asks for it."""

    requirement: Requirement
    who: str

    def __str__(self) -> str:
        return f"{self.who} asks for {said(self.requirement)}"


class Environment:
    """The distributions that Python finds without the trees of packs."""

    def __init__(self, folder: Path) -> None:
        trees = str(folder / TREES)
        self.paths = [path for path in sys.path if not path.startswith(trees)]
        self._known: dict[str, Distribution | None] = {}

    def get(self, key: str) -> Distribution | None:
        """The distribution of a name; the metadata of others are not read for it."""
        if key not in self._known:
            self._known[key] = next(iter(distributions(name=key, path=self.paths)), None)
        return self._known[key]

    @cached_property
    def found(self) -> dict[str, Distribution]:
        """All of them, by plain name."""
        made: dict[str, Distribution] = {}
        for one in distributions(path=self.paths):
            if one.metadata["Name"]:
                made.setdefault(canonicalize_name(one.metadata["Name"]), one)
        return made

    def version(self, key: str) -> str | None:
        one = self.get(key)
        return one.version if one is not None else None

    def bringing(self, module: str) -> list[str]:
        """Who brings a module; the place of it where no distribution says that it does.

        A folder without ``__init__.py`` is shared by all that put modules into it.
        """
        here = ("", str(Path.cwd()))
        spec = PathFinder.find_spec(module, [path for path in self.paths if path not in here])
        if spec is None or spec.origin is None:
            return []
        return packages_distributions().get(module) or [spec.origin]

    def askers(self, key: str) -> Iterator[Asked]:
        """Who in the environment asks for a distribution, too."""
        first = sorted(self.found.values(), key=lambda one: one.metadata["Name"] != "musegraph")
        for one in first:
            for requirement in requirements_of(one):
                if canonicalize_name(requirement.name) == key and requirement.specifier:
                    yield Asked(requirement, f"{one.metadata['Name']} {one.version}")


def requirements_of(one: Distribution, extras: Iterable[str] = ()) -> list[Requirement]:
    """What a distribution requires here, with what its extras do."""
    found = []
    for text in one.requires or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if applies(requirement, extras):
            found.append(requirement)
    return found


def applies(requirement: Requirement, extras: Iterable[str] = ()) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def said(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"
