"""The libraries of a pack that has an environment of its own.

It stands on the environment of Musegraph: what that has and the pack takes is shared, and what the
pack wants in another version lies in trees of its own, which its process looks into first.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from musegraph.errors import PackError
from musegraph.installed import Installed
from musegraph.packs.libraries import Asked, Environment, requirements_of
from musegraph.packs.pip import by_pip
from musegraph.packs.resolve import Resolved, trees_of
from musegraph.packs.wheel import Wheel

OURS = "musegraph"
SHARED = ("blake3", "pydantic", "torch")
"""What a pack's process speaks with: of these it may have such versions as Musegraph takes."""


def resolve_alone(wheel: Wheel, folder: Path, listed: Installed, recent: bool = False) -> Resolved:
    """What a pack needs beside the environment, or in its stead; :class:`PackError` if it cannot.

    No other pack is asked, for none runs in the same process.
    """
    _check_modules(wheel)
    _check_alone(wheel, folder, listed)
    there = Environment(folder)
    who = f"the pack {wheel.distribution} {wheel.version}"
    asked = [Asked(one, who) for one in wheel.requirements]
    for one in asked:
        if one.requirement.url:
            raise PackError(
                f"{one}, which is an address; a pack may only ask for libraries by name and version"
            )
    _check_ours(asked, there)
    asked = [one for one in asked if canonicalize_name(one.requirement.name) != OURS]
    if _met(asked, there):
        return Resolved({})
    found = by_pip([*asked, *_shared(there)], there, alone=True, recent=recent)
    return Resolved({one.key: one for one in found if one.key != OURS})


def _check_modules(wheel: Wheel) -> None:
    for module in wheel.modules():
        if module in sys.stdlib_module_names or module == OURS:
            whose = "Musegraph's" if module == OURS else "Python's"
            raise PackError(
                f"{wheel.place.name} brings the module {module!r}, which is {whose} own"
            )


def _check_alone(wheel: Wheel, folder: Path, listed: Installed) -> None:
    """Other packs cannot build on one whose modules are in another process."""
    own = canonicalize_name(wheel.distribution)
    for key, (_, dist) in trees_of(folder, listed).items():
        if key != own and any(canonicalize_name(one.name) == own for one in requirements_of(dist)):
            raise PackError(
                f"{dist.metadata['Name']} {dist.version} builds on {wheel.distribution}, so that "
                "cannot be isolated: they have to be in one process"
            )


def _check_ours(asked: Sequence[Asked], there: Environment) -> None:
    version = there.version(OURS)
    for one in asked:
        if canonicalize_name(one.requirement.name) != OURS or version is None:
            continue
        if not one.requirement.specifier.contains(version, prereleases=True):
            raise PackError(f"{one}, and this is Musegraph {version}")


def _met(asked: Sequence[Asked], there: Environment) -> bool:
    """Whether the environment has all of it, with all that this needs in turn."""
    todo = [one.requirement for one in asked]
    seen: set[str] = set()
    while todo:
        requirement = todo.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        dist = there.get(canonicalize_name(requirement.name))
        if dist is None or not requirement.specifier.contains(dist.version, prereleases=True):
            return False
        todo += requirements_of(dist, requirement.extras)
    return True


def _shared(there: Environment) -> Iterator[Asked]:
    dist = there.get(OURS)
    for one in requirements_of(dist) if dist is not None else ():
        if canonicalize_name(one.name) in SHARED:
            yield Asked(one, "Musegraph")
