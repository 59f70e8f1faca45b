"""The packs that were installed by consent: where they are, and whether they are still the same.

Each wheel lies in a folder of its own, a *tree*; ``installed.json`` lists what was agreed to, with
the digest of each tree. A pack whose files are no longer those is not imported.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Annotated, Any, Literal

from blake3 import blake3
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from musegraph.errors import PackError
from musegraph.importing import Folders
from musegraph.isolation.settings import Isolation, Launch
from musegraph.paths import at_home

GROUP = "musegraph.packs"
LIST = "installed.json"
TREES = "trees"
REVOKED = "revoked.json"
"""What was taken back by who hosts an index: content, and why."""
LOOKS = "looks"
"""The folder of what the files of the trees looked like when they were last read in full."""

TreeName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")]
"""A name of a folder that cannot lead elsewhere."""


class Tree(BaseModel):
    """An unpacked wheel: which distribution, and the digest of its files as they were agreed to."""

    model_config = ConfigDict(frozen=True)

    distribution: str
    version: str
    digest: str
    content: str = ""
    """The digest of the wheel that it is; none if somebody changed it and agreed to that."""


class Agreed(BaseModel):
    """A pack that somebody agreed to: its own tree stands first, then those of its libraries."""

    model_config = ConfigDict(frozen=True)

    distribution: str
    version: str
    entry: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
    content: str
    """The digest of the wheel's members, by which its author can name it; else of the tree."""
    agreed: str
    source: str = ""
    index: str = ""
    """The index that it was found in by its name; empty if it came in another way."""
    commit: str = ""
    """The commit of the repository that it came from."""
    signer: str = ""
    """The public key that it is signed with; what takes its place has to be signed with it, too."""
    permissions: dict[str, Any] = {}
    trees: Annotated[tuple[TreeName, ...], Field(min_length=1)]
    isolated: Isolation | None = None
    """How it runs in a process of its own; in that of the run if it does not."""


class Installed(BaseModel):
    """All that is installed."""

    model_config = ConfigDict(frozen=True)

    musegraph: Literal[1] = 1
    packs: dict[str, Agreed] = {}
    trees: dict[TreeName, Tree] = {}

    def together(self) -> dict[str, Agreed]:
        """The packs that run in one process, whose libraries have to fit each other."""
        return {name: one for name, one in self.packs.items() if one.isolated is None}

    def shared(self) -> dict[str, Tree]:
        """The trees of those."""
        used = {tree for one in self.together().values() for tree in one.trees}
        return {name: tree for name, tree in self.trees.items() if name in used}


def default_packs() -> Path:
    """Where packs are installed: ``MUSEGRAPH_PACKS``, else with the user's data."""
    if named := os.environ.get("MUSEGRAPH_PACKS"):
        return at_home(named).absolute()
    base = os.environ.get("XDG_DATA_HOME")
    place = Path(base) if base else at_home("~/.local/share")
    return place.absolute() / "musegraph" / "packs"


def read_installed(folder: Path) -> Installed:
    """What is installed in a folder; nothing if there is no list."""
    place = folder / LIST
    try:
        text = place.read_bytes()
    except FileNotFoundError:
        return Installed()
    except OSError as error:
        raise PackError(f"the list of packs {place} cannot be read: {error.strerror}") from None
    try:
        return Installed.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise PackError(
            f"the list of packs {place} is damaged ({where}: {first['msg']}); "
            "put a copy of it back, or take it away and install the packs again"
        ) from None


def read_revoked(folder: Path) -> dict[str, str]:
    """The contents that were taken back, with the reasons; a damaged list is one that says so."""
    try:
        found = json.loads((folder / REVOKED).read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise PackError(f"the list {folder / REVOKED} cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise PackError(f"the list {folder / REVOKED} is damaged; put a copy of it back")
    return {str(key): str(why) for key, why in found.items()}


def of_environment(folder: Path) -> list[EntryPoint]:
    """The entry points of packs that Python finds by itself, without those in the trees.

    A tree can be reached by Python once its pack is open.
    """
    trees = folder / TREES

    def inside(entry: EntryPoint) -> bool:
        place = Path(str(entry.dist.locate_file(""))) if entry.dist is not None else None
        return place is not None and place.is_relative_to(trees)

    return [entry for entry in entry_points(group=GROUP) if not inside(entry)]


def entries(folder: Path) -> list[InstalledPack]:
    """What the registry opens packs by."""
    listed = read_installed(folder)
    return [InstalledPack(name, folder, one, listed) for name, one in listed.packs.items()]


@dataclass(frozen=True)
class InstalledPack:
    """Stands in for the entry point of a pack that lies in trees of its own."""

    name: str
    folder: Path
    agreed: Agreed
    listed: Installed

    @property
    def value(self) -> str:
        return self.agreed.entry

    @property
    def module(self) -> str:
        return self.agreed.entry.partition(":")[0]

    @property
    def version(self) -> str:
        return self.agreed.version

    @property
    def places(self) -> list[Path]:
        """The trees, as Python looks for modules in them."""
        return [self.folder / TREES / name for name in self.agreed.trees]

    def changed(self) -> str:
        """Why it is off, in words: it is no longer as it was agreed to, or was taken back."""
        if why := read_revoked(self.folder).get(self.agreed.content):
            return f"it was taken back by who gave it out ({why})"
        for name in self.agreed.trees:
            if (tree := self.listed.trees.get(name)) is None:
                return f"{name} is not in {LIST}"
            if why := difference(self.folder, name, tree.digest):
                return why
        return ""

    def load(self) -> Any:
        """The pack, if every byte is as it was agreed to."""
        if why := read_revoked(self.folder).get(self.agreed.content):
            raise PackError(
                f"it is off, because it was taken back by who gave it out ({why}); take it out "
                f"with 'musegraph pack remove {self.name}', or look for another version with "
                f"'musegraph pack update {self.name}'"
            )
        if why := self.changed():
            raise PackError(
                f"it is off, because it has changed since it was agreed to: {why}; "
                f"look at it, then say 'musegraph pack trust {self.name}', or install it again"
            )
        if self.agreed.isolated is not None:
            return self._elsewhere(self.agreed.isolated)
        reach(self.folder, self.places)
        return EntryPoint(self.name, self.value, GROUP).load()

    def _elsewhere(self, isolation: Isolation) -> Any:
        """The pack as its own process describes it; that is kept beside the looks of its tree."""
        from musegraph.isolation.opened import open_isolated

        digests = [self.listed.trees[name].digest for name in self.agreed.trees]
        launch = Launch(
            name=self.name,
            entry=self.value,
            version=self.version,
            trees=tuple(self.places),
            isolation=isolation,
            permissions=self.agreed.permissions,
            changed=self.changed,
        )
        kept = self.folder / LOOKS / f"{self.agreed.trees[0]}.nodes"
        return open_isolated(launch, kept, " ".join([self.value, *digests]))


# -- whether a tree is still what it was ------------------------------------------------------

Look = tuple[int, int, int, int]
"""Size, mode, and the times of the last change of content and of the entry itself."""


def files_of(tree: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Every entry of a tree that is no folder, by its path, links included, in order."""
    todo = [tree]
    while todo:
        folder = todo.pop()
        with os.scandir(folder) as found:
            for entry in sorted(found, key=lambda one: one.name):
                if entry.is_dir(follow_symlinks=False):
                    todo.append(Path(entry.path))
                else:
                    path = Path(entry.path).relative_to(tree).as_posix()
                    yield path, entry.stat(follow_symlinks=False)


def look_at(tree: Path) -> dict[str, Look]:
    """What the files look like from outside; a change of any byte changes that.

    The last of the times cannot be set by a program, so a change cannot be hidden by setting it.
    """
    return {
        path: (facts.st_size, facts.st_mode, facts.st_mtime_ns, facts.st_ctime_ns)
        for path, facts in files_of(tree)
    }


def digests_in(tree: Path) -> dict[str, str]:
    """The digest of each file of a tree with its mode; what is no file has none that fits."""
    made = {}
    for path, facts in files_of(tree):
        mode = f"{stat.S_IMODE(facts.st_mode):o}"
        if not stat.S_ISREG(facts.st_mode):
            made[path] = f"{mode} no file"
            continue
        made[path] = f"{mode} {blake3((tree / path).read_bytes()).hexdigest()}"
    return made


def digest_of_tree(digests: dict[str, str]) -> str:
    hasher = blake3()
    for path, digest in sorted(digests.items()):
        hasher.update(f"{path}\0{digest}\n".encode("utf-8", "surrogateescape"))
    return "blake3:" + hasher.hexdigest()


class _Seen(BaseModel):
    looks: dict[str, Look]
    digests: dict[str, str]


def difference(folder: Path, name: str, agreed: str) -> str:
    """What is different in a tree from what was agreed to, in words; empty if nothing is."""
    tree = folder / TREES / name
    seen = _seen(folder, name)
    try:
        looks = look_at(tree)
        known = seen is not None and digest_of_tree(seen.digests) == agreed
        if seen is not None and known and seen.looks == looks:
            return ""
        digests = digests_in(tree)
    except OSError as error:
        return f"{error.filename or tree} cannot be read ({error.strerror})"
    if digest_of_tree(digests) == agreed:
        remember(folder, name, looks, digests)
        return ""
    return f"{_first(seen.digests, digests)} in {tree}" if seen and known else f"files in {tree}"


def _first(old: dict[str, str], new: dict[str, str]) -> str:
    """The first file that is different, and how many more are."""
    found = sorted(path for path in {*old, *new} if old.get(path) != new.get(path))
    path, more = found[0], f" and {len(found) - 1} more" if len(found) > 1 else ""
    how = "is new" if path not in old else "is gone" if path not in new else "is different"
    return f"{path} {how}{more}"


def _seen(folder: Path, name: str) -> _Seen | None:
    try:
        return _Seen.model_validate_json((folder / LOOKS / f"{name}.json").read_bytes())
    except (OSError, ValidationError):
        return None


def remember(folder: Path, name: str, looks: dict[str, Look], digests: dict[str, str]) -> None:
    """Keep what a tree looked like when it was read in full: it is not read again while it does.

    Where that cannot be kept it is read again the next time, and that is all.
    """
    place = folder / LOOKS / f"{name}.json"
    new = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(_Seen(looks=looks, digests=digests).model_dump_json(), "utf-8")
        new.replace(place)
    except OSError:
        new.unlink(missing_ok=True)


# -- importing from trees ---------------------------------------------------------------------


class _Source(SourceFileLoader):
    """Reads the bytecode that was made at the installation, and never writes any into a tree."""

    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:
        pass


_reached = Folders(_Source)


def reach(folder: Path, places: Sequence[Path]) -> None:
    """Let Python find the modules in trees, after all that it finds anyway."""
    for place in places:
        if place not in _reached:
            _reached.add(place)
            sys.path.append(str(place))
