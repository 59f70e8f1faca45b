"""Installing a pack beside the environment, as a whole or not at all, and taking it out again."""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from musegraph.errors import PackError
from musegraph.installed import (
    LIST,
    LOOKS,
    TREES,
    Agreed,
    Installed,
    InstalledPack,
    Tree,
    difference,
    digest_of_tree,
    digests_in,
    look_at,
    read_installed,
    remember,
)
from musegraph.isolation.settings import Isolation
from musegraph.packs.fetch import fetch
from musegraph.packs.isolating import resolve_alone
from musegraph.packs.libraries import Asked, Library, requirements_of
from musegraph.packs.refuse import (
    NOTHING,
    Known,
    check_members,
    check_modules,
    check_name,
    check_near,
    check_python,
    check_revoked,
    check_signer,
)
from musegraph.packs.resolve import Resolved, resolve, trees_of
from musegraph.packs.source import Found
from musegraph.packs.wheel import Wheel

try:
    import fcntl
except ImportError:  # pragma: no cover  Windows: there two at once are not noticed
    fcntl = None  # type: ignore[assignment]

_STAGING = ".staging-"


@dataclass(frozen=True)
class Offer:
    """What installing a wheel would do, for somebody to agree to; nothing has been done yet."""

    wheel: Wheel
    source: str
    before: Agreed | None
    """The version of the pack that is there, which would be exchanged."""
    resolved: Resolved
    isolated: Isolation | None = None
    found: Found | None = None

    @property
    def older(self) -> bool:
        """Whether a newer version is there."""
        return self.before is not None and Version(self.before.version) > Version(
            self.wheel.version
        )

    @property
    def anew(self) -> list[str]:
        """The permissions that the version which is there did not ask for."""
        if self.before is None:
            return []
        now = self.wheel.manifest.permissions.model_dump(exclude_none=True)
        return [name for name, one in now.items() if self.before.permissions.get(name) != one]

    @property
    def name(self) -> str:
        return self.wheel.manifest.namespace

    @property
    def same(self) -> bool:
        """Whether just this is installed already."""
        there = self.before
        return (
            there is not None
            and there.content == self.wheel.content
            and there.isolated == self.isolated
        )


@contextmanager
def held(folder: Path) -> Iterator[Installed]:
    """The folder of packs, for one command at a time; what one before left unfinished is swept."""
    there, handle = folder.is_dir(), None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if fcntl is not None:
            handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise PackError(
            f"the folder of packs {folder} cannot be used: {error.strerror}; name another in the "
            "variable MUSEGRAPH_PACKS"
        ) from None
    try:
        if handle is not None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        listed = read_installed(folder)
        sweep(folder, listed)
        yield listed
    finally:
        if handle is not None:
            os.close(handle)
        _tidy(folder, there)


def _tidy(folder: Path, there: bool) -> None:
    """Take empty folders away again."""
    for place in (
        folder / LOOKS,
        folder / TREES,
        *(() if there and (folder / LIST).exists() else (folder,)),
    ):
        try:
            place.rmdir()
        except OSError:
            continue


def sweep(folder: Path, listed: Installed) -> None:
    """Take away what no list names: trees of an installation that was stopped, or taken out."""
    for place in folder.glob(f"{_STAGING}*"):
        shutil.rmtree(place, ignore_errors=True)
    for place in (folder / TREES).glob("*"):
        if place.name not in listed.trees:
            shutil.rmtree(place, ignore_errors=True)
    for place in (folder / LOOKS).glob("*.*"):
        if place.stem not in listed.trees:
            place.unlink(missing_ok=True)


# -- before anything is touched ---------------------------------------------------------------


def offer_found(
    found: Found,
    folder: Path,
    listed: Installed,
    isolated: Isolation | None = None,
    known: Known = NOTHING,
) -> Offer:
    """The same for what was found somewhere: signed by who signed what is there, or refused."""
    name = found.wheel.manifest.namespace
    check_signer(found, listed.packs.get(name), name)
    made = offer(found.wheel, found.source, folder, listed, isolated, known)
    return replace(made, found=found)


def offer(
    wheel: Wheel,
    source: str,
    folder: Path,
    listed: Installed,
    isolated: Isolation | None = None,
    known: Known = NOTHING,
) -> Offer:
    """What installing a wheel would do; :class:`PackError` says why it cannot be.

    A pack that is isolated stays so in its next version.
    """
    before = listed.packs.get(wheel.manifest.namespace)
    check_revoked(wheel, folder)
    check_python(wheel)
    check_name(wheel, before, folder)
    check_members(wheel)
    isolated = isolated or (before.isolated if before is not None else None)
    if isolated is not None:
        alone = resolve_alone(wheel, folder, listed, known.recent)
        check_near(wheel, alone, listed, folder, known.meant)
        return Offer(wheel, source, before, alone, isolated)
    check_modules(wheel, folder, listed)
    asked = [
        Asked(one, f"the pack {wheel.distribution} {wheel.version}") for one in wheel.requirements
    ]
    coming = Library(wheel.distribution, wheel.version, tuple(wheel.requirements))
    trees = trees_of(folder, listed)
    for name, pack in listed.together().items():
        if name != wheel.manifest.namespace and (
            found := trees.get(canonicalize_name(pack.distribution))
        ):
            who = f"the pack {pack.distribution} {pack.version}"
            asked += [Asked(one, who) for one in requirements_of(found[1])]
    resolved = resolve(asked, folder, listed, coming, known.recent)
    check_near(wheel, resolved, listed, folder, known.meant)
    return Offer(wheel, source, before, resolved)


# -- doing it ---------------------------------------------------------------------------------


def install(made: Offer, folder: Path, listed: Installed) -> Agreed:
    """Carry an offer out. Whatever goes wrong, what was there before is there after."""
    try:
        with tempfile.TemporaryDirectory(prefix=_STAGING, dir=folder) as staging:
            return _install(made, folder, listed, Path(staging))
    except OSError as error:
        place = error.filename or folder
        raise PackError(
            f"nothing was installed: {place} cannot be written ({error.strerror})"
        ) from None
    finally:
        sweep(folder, read_installed(folder))


def _install(made: Offer, folder: Path, listed: Installed, staging: Path) -> Agreed:
    wheel = made.wheel
    fetched = fetch([one for one in made.resolved.libraries.values() if one.url], staging)
    trees = dict(listed.trees)
    names = {key: name for key, (name, _) in trees_of(folder, listed).items()}
    made_now = [unpack(one, folder, staging, trees) for one in (wheel, *fetched)]
    for name, tree, place in made_now:
        names[canonicalize_name(tree.distribution)] = name
        trees[name] = tree
        if place is not None:
            _put(place, folder, name)
    own = tuple(name for name, _, _ in made_now)
    needs = {made.name: wheel.requirements} | {
        name: requirements_of(found[1])
        for name, pack in listed.together().items()
        if name != made.name
        and (found := trees_of(folder, listed).get(canonicalize_name(pack.distribution)))
    }
    agreed = Agreed(
        distribution=wheel.distribution,
        version=wheel.version,
        entry=wheel.entry,
        content=wheel.content,
        agreed=datetime.now(UTC).isoformat(timespec="seconds"),
        source=made.source,
        index=made.found.index if made.found else "",
        commit=made.found.commit if made.found else "",
        signer=str(made.found.signer or "") if made.found else "",
        permissions=wheel.manifest.permissions.model_dump(exclude_none=True),
        trees=_trees(wheel.distribution, wheel.requirements, made.resolved, names)
        if made.isolated is None
        else own,
        isolated=made.isolated,
    )
    packs = {
        name: one.model_copy(
            update={"trees": _trees(one.distribution, needs[name], made.resolved, names)}
        )
        for name, one in listed.packs.items()
        if name in needs and name != made.name and made.isolated is None
    }
    write(folder, listed.packs | packs | {made.name: agreed}, trees)
    return agreed


def _trees(
    distribution: str, needs: Iterable[Requirement], resolved: Resolved, names: dict[str, str]
) -> tuple[str, ...]:
    """The trees that a pack is opened with, its own first."""
    keys = [canonicalize_name(distribution), *resolved.closure(needs)]
    return tuple(dict.fromkeys(names[key] for key in keys))


def write(folder: Path, packs: dict[str, Agreed], trees: dict[str, Tree]) -> None:
    """Exchange the list of what is installed: the moment at which it is."""
    used = {name for one in packs.values() for name in one.trees}
    listed = Installed(packs=packs, trees={name: trees[name] for name in sorted(used)})
    place = folder / LIST
    new = place.with_name(f".{LIST}.{os.getpid()}")
    try:
        new.write_text(listed.model_dump_json(indent=1) + "\n", "utf-8")
        if packs:
            new.replace(place)
        else:
            place.unlink(missing_ok=True)
    finally:
        new.unlink(missing_ok=True)


def unpack(
    wheel: Wheel, folder: Path, staging: Path, known: dict[str, Tree]
) -> tuple[str, Tree, Path | None]:
    """Make a tree of a wheel's members, with bytecode, and run none of them.

    The last is where it lies until it is put in its place; None if it is in its place already.
    """
    name = f"{canonicalize_name(wheel.distribution)}-{wheel.version}-{wheel.content[7:19]}"
    there = known.get(name)
    if there and there.content == wheel.content and not difference(folder, name, there.digest):
        return name, there, None
    made = staging / name
    for member, data in wheel.members.items():
        top, _, rest = member.partition("/")
        if top.endswith(".data"):
            kind, _, member = rest.partition("/")
            if kind not in ("purelib", "platlib"):
                continue
        file = made / member
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.chmod(0o644)
    compileall.compile_dir(
        made,
        quiet=2,
        stripdir=str(made),
        prependdir=str(folder / TREES / name),
        invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
    )
    tree = Tree(
        distribution=wheel.distribution,
        version=wheel.version,
        digest=digest_of_tree(digests_in(made)),
        content=wheel.content,
    )
    return name, tree, made


def _put(made: Path, folder: Path, name: str) -> None:
    """Put a tree in its place; one that is there is of the same wheel, and has been changed."""
    final = folder / TREES / name
    final.parent.mkdir(exist_ok=True)
    if final.exists():
        shutil.rmtree(final)
    made.rename(final)
    remember(folder, name, look_at(final), digests_in(final))


# -- taking out, and agreeing again -----------------------------------------------------------


def remove(name: str, folder: Path, listed: Installed) -> list[str]:
    """Take a pack out, with the libraries that only it needed; what was taken out."""
    packs = {other: one for other, one in listed.packs.items() if other != name}
    write(folder, packs, listed.trees)
    left = read_installed(folder)
    gone = [
        f"{one.distribution} {one.version}"
        for key, one in listed.trees.items()
        if key not in left.trees
    ]
    sweep(folder, left)
    return gone


def trust(name: str, folder: Path, listed: Installed) -> None:
    """Agree to a pack as it is now."""
    trees = dict(listed.trees)
    for tree in listed.packs[name].trees:
        place = folder / TREES / tree
        looks, digests = look_at(place), digests_in(place)
        if (digest := digest_of_tree(digests)) != trees[tree].digest:
            trees[tree] = trees[tree].model_copy(update={"digest": digest, "content": ""})
        remember(folder, tree, looks, digests)
    own = trees[listed.packs[name].trees[0]]
    update = {
        "agreed": datetime.now(UTC).isoformat(timespec="seconds"),
        "content": own.content or own.digest,
    }
    packs = dict(listed.packs) | {name: listed.packs[name].model_copy(update=update)}
    write(folder, packs, trees)


def installed_pack(name: str, folder: Path, listed: Installed) -> InstalledPack:
    """A pack by its name; :class:`PackError` says which there are."""
    if name not in listed.packs:
        known = ", ".join(sorted(listed.packs)) or "none"
        raise PackError(
            f"no pack {name!r} was installed by 'musegraph pack install'; installed: {known}"
        )
    return InstalledPack(name, folder, listed.packs[name], listed)
