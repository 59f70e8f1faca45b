"""What speaks against installing a wheel, apart from the libraries that it asks for."""

from __future__ import annotations

import platform
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from musegraph.errors import PackError
from musegraph.installed import TREES, Agreed, Installed, of_environment, read_revoked
from musegraph.packs.libraries import Environment
from musegraph.packs.names import known, near
from musegraph.packs.resolve import Resolved
from musegraph.packs.signing import read_signer
from musegraph.packs.source import Found
from musegraph.packs.wheel import Wheel

_AT_START = ("sitecustomize", "usercustomize")
"""Modules that Python imports by itself when it starts."""


@dataclass(frozen=True)
class Known:
    """What somebody says that they know, and that would be refused otherwise."""

    meant: frozenset[str] = frozenset()
    """Names that are nearly those of something else, and are meant all the same."""
    recent: bool = False
    """Whether what was released in the last days is taken, too."""


NOTHING = Known()


def check_python(wheel: Wheel) -> None:
    """Refuse what was not written for this Python."""
    wanted = wheel.python
    if not SpecifierSet(wanted).contains(platform.python_version(), prereleases=True):
        raise PackError(
            f"{wheel.place.name} asks for Python {wanted}, and this is {platform.python_version()}"
        )


def check_revoked(wheel: Wheel, folder: Path) -> None:
    """Refuse what was taken back."""
    if why := read_revoked(folder).get(wheel.content):
        raise PackError(
            f"{wheel.distribution} {wheel.version} was taken back by who gave it out: {why}"
        )


def check_signer(found: Found, before: Agreed | None, name: str) -> None:
    """Refuse what is not signed with the key of what it would take the place of."""
    if before is None or not before.signer:
        return
    old = read_signer(before.signer)
    if found.signer == old:
        return
    how = f"with the key {found.signer.short}" if found.signer else "by nobody"
    raise PackError(
        f"the pack {name!r} that is installed is signed with the key {old.short}, and this one "
        f"{how}; if you know why, 'musegraph pack remove {name}' makes room for it"
    )


def check_near(
    wheel: Wheel,
    resolved: Resolved,
    listed: Installed,
    folder: Path,
    meant: Collection[str] = (),
) -> None:
    """Refuse names that are nearly those of something else, unless they are what is meant."""
    name, added = wheel.manifest.namespace, resolved.added()
    packs = {*listed.packs, *(entry.name for entry in of_environment(folder))}
    found = [(f"the pack {name!r}", name, None if name in packs else near(name, packs))]
    names = {*known(), *Environment(folder).found, *resolved.before} if added else set()
    found += [
        (f"the library {one.name} that would be added", one.key, near(one.key, names))
        for one in added
    ]
    said = [
        f"{what} is named nearly as {other} is, and is another one; if it is what you mean, say "
        f"--meant {key}"
        for what, key, other in found
        if other is not None and key not in meant
    ]
    if said:
        raise PackError("\n".join(said))


def check_name(wheel: Wheel, before: Agreed | None, folder: Path) -> None:
    """Refuse a namespace that is somebody else's."""
    name = wheel.manifest.namespace
    _ = wheel.entry  # refused now if it leads nowhere
    for entry in of_environment(folder):
        if entry.name != name:
            continue
        dist = entry.dist
        who = f"{dist.metadata['Name']} {dist.version}" if dist is not None else entry.value
        raise PackError(
            f"a pack named {name!r} is in the environment already, from {who}; take that out with "
            "pip, or have the author of one of them choose another namespace"
        )
    if before is not None and canonicalize_name(before.distribution) != canonicalize_name(
        wheel.distribution
    ):
        raise PackError(
            f"the pack {name!r} that is installed is {before.distribution}, and this one is "
            f"{wheel.distribution}; 'musegraph pack remove {name}' makes room for it"
        )


def check_members(wheel: Wheel) -> None:
    """Refuse what Python would run by itself, and what would leave the tree."""
    for member in wheel.members:
        top = member.partition("/")[0]
        bare = top.partition(".")[0]
        data = top.endswith(".data")
        inner = member.split("/")[1] if data and member.count("/") else ""
        if member.endswith(".pth") or bare in _AT_START:
            raise PackError(
                f"{wheel.place.name} holds {member}, which Python would run whenever it starts; "
                "such a wheel is not taken"
            )
        if data and inner not in ("purelib", "platlib", "scripts", "data", "headers"):
            raise PackError(
                f"{wheel.place.name} holds {member}, which no installer knows a place for"
            )


def check_modules(wheel: Wheel, folder: Path, listed: Installed) -> None:
    """No module of a pack may hide one of another, or be hidden by it."""
    own = canonicalize_name(wheel.distribution)
    there = Environment(folder)
    for module in wheel.modules():
        if module in sys.stdlib_module_names:
            raise PackError(
                f"{wheel.place.name} brings the module {module!r}, which is Python's own"
            )
        others = {one for one in there.bringing(module) if canonicalize_name(one) != own}
        for name, tree in listed.shared().items():
            place = folder / TREES / name / module
            if canonicalize_name(tree.distribution) != own and (
                place.is_dir() or place.with_name(f"{module}.py").is_file()
            ):
                others.add(tree.distribution)
        if others:
            raise PackError(
                f"{wheel.place.name} brings the module {module!r}, and so does "
                f"{', '.join(sorted(others))}; one of them would hide the other: ask its author "
                "for another name"
            )
