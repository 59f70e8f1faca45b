"""All packs together: which libraries they need beside what is there, and who is in whose way.

What the environment of Musegraph has is fixed, because packs run inside it: nothing in it is ever
exchanged for a pack. What is missing is looked for by pip, which downloads metadata and runs
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from musegraph.errors import PackError
from musegraph.installed import TREES, Installed
from musegraph.packs.libraries import Asked, Environment, Library, requirements_of
from musegraph.packs.pip import by_pip

NAMED = 4
"""Of the environment, so many are named who ask for a library, too."""


@dataclass(frozen=True)
class Resolved:
    """The libraries of all packs, by plain name, and what is different from before."""

    libraries: Mapping[str, Library]
    before: Mapping[str, str] = field(default_factory=dict)

    def added(self) -> list[Library]:
        return [one for key, one in self.libraries.items() if key not in self.before]

    def changed(self) -> list[tuple[str, Library]]:
        """The version before, and the library that takes its place."""
        return [
            (self.before[key], one)
            for key, one in self.libraries.items()
            if key in self.before and self.before[key] != one.version
        ]

    def closure(self, requirements: Iterable[Requirement]) -> list[str]:
        """The libraries that these requirements lead to, each after who asks for it first."""
        found: dict[str, None] = {}
        todo = list(requirements)
        while todo:
            key = canonicalize_name(todo.pop(0).name)
            if key in self.libraries and key not in found:
                found[key] = None
                todo += self.libraries[key].requirements
        return list(found)


def trees_of(folder: Path, listed: Installed) -> dict[str, tuple[str, Distribution]]:
    """The distributions in the trees, by plain name, with the name of the tree."""
    found: dict[str, tuple[str, Distribution]] = {}
    for name in listed.shared():
        for one in distributions(path=[str(folder / TREES / name)]):
            found[canonicalize_name(one.metadata["Name"])] = (name, one)
    return found


def resolve(
    asked: Sequence[Asked],
    folder: Path,
    listed: Installed,
    coming: Library | None = None,
    recent: bool = False,
) -> Resolved:
    """The libraries for everything asked for; :class:`PackError` names who is in whose way.

    ``coming`` is the pack that is to be installed, which may take the place of another version;
    ``recent`` takes what was released in the last days, too.
    """
    return _Resolving(folder, listed, coming, recent).resolved(asked)


class _Resolving:
    """Goes through requirements: the environment meets them, a library of a pack, or nothing."""

    def __init__(
        self, folder: Path, listed: Installed, coming: Library | None, recent: bool
    ) -> None:
        self.recent = recent
        self.there = Environment(folder)
        self.trees = {key: one for key, (_, one) in trees_of(folder, listed).items()}
        self.before = {key: one.version for key, one in self.trees.items()}
        self.packs: set[str] = {
            canonicalize_name(pack.distribution) for pack in listed.together().values()
        }
        """Of the distributions in trees those that are packs, which only people exchange."""
        self.coming = coming
        if coming is not None:
            self.packs.add(coming.key)
            self.before[coming.key] = coming.version
        self.libraries: dict[str, Library] = {}
        self.seen: dict[str, Asked] = {}
        self.missing: dict[str, None] = {}
        """The names for which there is nothing, or nothing that fits."""
        self.clashes: list[str] = []

    def resolved(self, asked: Sequence[Asked]) -> Resolved:
        todo = list(asked)
        while todo:
            one = todo.pop(0)
            if str(one) not in self.seen:
                self.seen[str(one)] = one
                todo += self._met(one)
        if self.clashes:
            raise PackError("\n".join(dict.fromkeys(self.clashes)))
        if self.missing:
            self._look_for(asked)
        return Resolved(_kept(self.libraries, self.before), self.before)

    def _met(self, one: Asked) -> list[Asked]:
        """Find what meets a requirement; what that requires in turn."""
        requirement, key = one.requirement, canonicalize_name(one.requirement.name)
        if requirement.url:
            raise PackError(
                f"{one}, which is an address; a pack may only ask for libraries by name and version"
            )
        if (there := self.there.get(key)) is not None:
            version = there.version
            if not requirement.specifier.contains(version, prereleases=True):
                self.clashes.append(_clash(one, version, self.there))
            more = requirements_of(there, requirement.extras)
            extra = [need for need in more if need.marker is not None] if requirement.extras else []
            return [Asked(need, one.who) for need in extra]
        version = self.before.get(key, "")
        if version and requirement.specifier.contains(version, prereleases=True):
            self.libraries[key] = library = self._library(key, requirement.extras)
            return [Asked(need, f"{library.name} {version}") for need in library.requirements]
        if key in self.packs:
            how = "would be" if self.coming is not None and key == self.coming.key else "is"
            self.clashes.append(
                f"{one}, and the pack {requirement.name} {version} {how} installed; the two packs "
                "have to be of versions that fit each other"
            )
            return []
        self.missing[key] = None
        return []

    def _library(self, key: str, extras: Iterable[str]) -> Library:
        """What is in a tree, or will be."""
        if self.coming is not None and key == self.coming.key:
            return self.coming
        one = self.trees[key]
        needs = requirements_of(one, extras)
        return Library(one.metadata["Name"], one.version, tuple(needs))

    def _look_for(self, asked: Sequence[Asked]) -> None:
        """Ask pip for what is missing, beside the libraries as they are; else for all anew."""
        kept = {key: one for key, one in self.libraries.items() if key not in self.missing}
        those = [
            one
            for one in self.seen.values()
            if canonicalize_name(one.requirement.name) in self.missing
        ]
        try:
            found = by_pip(those, self.there, kept.values(), recent=self.recent)
        except PackError:
            packs = {key: one for key, one in kept.items() if key in self.packs}
            if packs.keys() == kept.keys():
                raise
            keys = {one: canonicalize_name(one.requirement.name) for one in asked}
            wanted = [
                one for one, key in keys.items() if key not in packs and not self.there.get(key)
            ]
            found, kept = by_pip(wanted, self.there, recent=self.recent), packs
        self.libraries = kept | {one.key: one for one in found}


def _kept(libraries: dict[str, Library], before: Mapping[str, str]) -> dict[str, Library]:
    """The libraries, without an address where the same version is there already."""
    return {
        key: Library(one.name, one.version, one.requirements)
        if before.get(key) == one.version
        else one
        for key, one in libraries.items()
    }


def _clash(one: Asked, version: str, there: Environment) -> str:
    key = canonicalize_name(one.requirement.name)
    others = [str(other) for other in there.askers(key)]
    if len(others) > NAMED:
        others[NAMED:] = [f"and {len(others) - NAMED} more"]
    also = f" ({'; '.join(others)})" if others else ""
    return (
        f"{one}, and {one.requirement.name} {version} is in the environment of Musegraph{also}; "
        "packs run inside that environment, so nothing in it is exchanged for one: install it with "
        "--isolated, which gives it an environment of its own, or ask its author for a version "
        "that takes it"
    )
