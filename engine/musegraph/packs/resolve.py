"""All packs together: which libraries they need beside what is there, and who is in whose way.

What the environment of Musegraph has is fixed, because packs run inside it: nothing in it is ever
exchanged for a pack. What is missing is looked for by pip, which downloads metadata and runs
nothing.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.machinery import PathFinder
from importlib.metadata import Distribution, distributions, packages_distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from musegraph.errors import PackError
from musegraph.installed import TREES, Installed
from musegraph.packs.child import environment

SECONDS = 600
NAMED = 4
"""Of the environment, so many are named who ask for a library, too."""


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
        return f"{self.who} asks for {_said(self.requirement)}"


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
        if _applies(requirement, extras):
            found.append(requirement)
    return found


def _applies(requirement: Requirement, extras: Iterable[str] = ()) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def trees_of(folder: Path, listed: Installed) -> dict[str, tuple[str, Distribution]]:
    """The distributions in the trees, by plain name, with the name of the tree."""
    found: dict[str, tuple[str, Distribution]] = {}
    for name in listed.shared():
        for one in distributions(path=[str(folder / TREES / name)]):
            found[canonicalize_name(one.metadata["Name"])] = (name, one)
    return found


def resolve(
    asked: Sequence[Asked], folder: Path, listed: Installed, coming: Library | None = None
) -> Resolved:
    """The libraries for everything asked for; :class:`PackError` names who is in whose way.

    ``coming`` is the pack that is to be installed, which may take the place of another version.
    """
    return _Resolving(folder, listed, coming).resolved(asked)


class _Resolving:
    """Goes through requirements: the environment meets them, a library of a pack, or nothing."""

    def __init__(self, folder: Path, listed: Installed, coming: Library | None) -> None:
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
            found = by_pip(those, self.there, kept.values())
        except PackError:
            packs = {key: one for key, one in kept.items() if key in self.packs}
            if packs.keys() == kept.keys():
                raise
            keys = {one: canonicalize_name(one.requirement.name) for one in asked}
            wanted = [
                one for one, key in keys.items() if key not in packs and not self.there.get(key)
            ]
            found, kept = by_pip(wanted, self.there), packs
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


def _said(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


# -- pip --------------------------------------------------------------------------------------


def by_pip(
    asked: Sequence[Asked],
    there: Environment,
    kept: Iterable[Library] = (),
    alone: bool = False,
) -> list[Library]:
    """What pip would add to the environment for these, wheels only; nothing is installed.

    ``alone`` lets it take other versions than the environment has.
    """
    names = sorted({_said(one.requirement) for one in asked})
    with tempfile.TemporaryDirectory(prefix="musegraph-") as place:
        constraints, report = Path(place, "constraints.txt"), Path(place, "report.json")
        found = {} if alone else there.found
        fixed = [f"{key}=={one.version}" for key, one in sorted(found.items())]
        fixed += [f"{one.key}=={one.version}" for one in kept]
        constraints.write_text("\n".join(fixed) + "\n", "utf-8")
        options = ["--dry-run", "--report", str(report), "--constraint", str(constraints)]
        said = pip("install", *options, "--only-binary", ":all:", *names)
        if said is not None:
            raise PackError(_in_words(said, asked))
        read = json.loads(report.read_text("utf-8"))
    return [_library(one) for one in read["install"]]


def pip(*arguments: str) -> str | None:
    """Have pip do something without asking; what it complained of, or None."""
    if find_spec("pip") is None:
        raise PackError(
            "libraries have to be fetched, and pip is not there to do it; "
            f"'{Path(sys.executable).name} -m ensurepip' installs it, or install them yourself"
        )
    command = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", *arguments]
    try:
        done = subprocess.run(
            command,
            env=environment(NO_COLOR="1", PYTHONPATH=""),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"pip did not come to an end within {SECONDS} s"
    return None if done.returncode == 0 else f"{done.stdout}\n{done.stderr}".strip()


def _library(one: dict[str, Any]) -> Library:
    metadata, download = one["metadata"], one["download_info"]
    needs = [Requirement(text) for text in metadata.get("requires_dist", ())]
    extras = one.get("requested_extras", ())
    sha256 = download.get("archive_info", {}).get("hashes", {}).get("sha256", "")
    if not sha256:
        raise PackError(
            f"{metadata['name']} {metadata['version']} comes without a digest from "
            f"{download['url']}; such a file is not taken"
        )
    return Library(
        metadata["name"],
        metadata["version"],
        tuple(need for need in needs if _applies(need, extras)),
        download["url"],
        sha256,
    )


def _in_words(said: str, asked: Sequence[Asked]) -> str:
    """What pip complained of, with who asks for what it speaks of."""
    lines = [line.strip() for line in said.splitlines()]
    caused = [
        line
        for line in lines
        if line.startswith(("The user requested", "Error:")) or " depends on " in line
    ]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    told = " ".join(dict.fromkeys([*errors[-2:], *caused])) or (
        lines[-1] if lines else "it said nothing"
    )
    told = told.replace("The user requested (constraint)", "the environment has")
    told = told.replace("The user requested", "a pack asks for")
    names = {canonicalize_name(word) for word in re.findall(r"[A-Za-z0-9][\w.-]*", told)}
    who = [str(one) for one in asked if canonicalize_name(one.requirement.name) in names]
    because = "; ".join(dict.fromkeys(who)) or "; ".join(dict.fromkeys(map(str, asked)))
    return f"the libraries cannot be had: {because}. pip says: {told}"
