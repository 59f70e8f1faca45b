"""Packs of node types, and the registry of all that are loaded."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blake3 import blake3

from musegraph.errors import InvalidNode, MusegraphError, PackError
from musegraph.fresh import import_fresh
from musegraph.isolation.settings import Isolated
from musegraph.migration import Migration
from musegraph.node import NodeType, node_type_of
from musegraph.values import Patch, Reference

if TYPE_CHECKING:
    from musegraph.installed import InstalledPack

GROUP = "musegraph.packs"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
PlaceOf = Callable[[Patch], Path]
_ID = re.compile(r"[a-z][a-z0-9_]{0,63}\.[A-Za-z_][A-Za-z0-9_]{0,63}")

Maker = Callable[[], Callable[..., Any]]
"""Makes a node: a function that ``@node`` has marked."""


@dataclass(frozen=True)
class Loader:
    """How one kind of model is opened.

    ``load(ref, path, device)`` gives the live object, ``size(live)`` its bytes, and
    ``patch(live, ref, place)`` a context that applies the reference's patches and takes them back;
    ``place(patch)`` is where the files of a patch are.
    ``offload(ref, path, device)`` is ``load`` for want of memory: the same arithmetic on the
    device, with weights that stay in host memory but for the layer that is computed.
    """

    load: Callable[[Reference, Path, str], Any]
    size: Callable[[Any], int] = lambda live: 0
    patch: Callable[[Any, Reference, PlaceOf], AbstractContextManager[Any]] | None = None
    offload: Callable[[Reference, Path, str], Any] | None = None


@dataclass(frozen=True)
class Pack:
    """A named, versioned set of node types, with the loaders and models they bring.

    ``texts`` is the folder of what they are called in other languages (:mod:`musegraph.texts`).
    ``made`` holds further nodes by name, each as a function that makes it: for packs of hundreds of
    nodes, of which a workflow uses one. ``migrations`` bring nodes forward that older versions
    saved. ``imports`` are packages, as SciPy, that fail where two threads begin to import parts of
    them at once: they are imported to their end before the first of the nodes runs.
    """

    name: str
    nodes: Sequence[Callable[..., Any]] = ()
    version: str = "0"
    title: str = ""
    loaders: Mapping[str, Loader] = field(default_factory=dict)
    models: Path | None = None
    libraries: Sequence[str] = ()
    folder: Path | None = None
    texts: Path | None = None
    made: Mapping[str, Maker] = field(default_factory=dict)
    migrations: Sequence[Migration] = ()
    imports: Sequence[str] = ()

    @cached_property
    def source_digest(self) -> str:
        """The digest of the pack's Python files: the version of its nodes that promise none."""
        if self.folder is not None:
            return digest_of_source(self.folder)
        return digest_of_functions(self.nodes)

    @cached_property
    def types(self) -> Mapping[str, NodeType]:
        """The node types by full id; those of ``made`` are made when they are asked for."""
        found: dict[str, NodeType] = {}
        for function in self.nodes:
            described = self._type_of(function)
            if described.id in found:
                raise InvalidNode(f"pack {self.name} defines the node {described.id} twice")
            found[described.id] = described
        return Types(found, {f"{self.name}.{name}": make for name, make in self.made.items()}, self)

    def _type_of(self, function: Callable[..., Any]) -> NodeType:
        """The node type of a function, with the pack's name, version and libraries."""
        described = node_type_of(function)
        prefix, _, name = described.id.rpartition(".")
        if prefix not in ("", self.name):
            raise InvalidNode(f"the node {described.id} does not belong in pack {self.name}")
        id = f"{self.name}.{name}"
        if not _ID.fullmatch(id):
            raise InvalidNode(f"{id!r} is no node id; use letters, digits and _")
        version = described.version or self.source_digest
        libraries, imports = tuple(self.libraries), tuple(self.imports)
        return replace(described, id=id, version=version, libraries=libraries, imports=imports)


class Types(Mapping[str, NodeType]):
    """The node types of a pack, of which some are made only when somebody asks for them."""

    def __init__(self, found: dict[str, NodeType], made: Mapping[str, Maker], pack: Pack) -> None:
        self._found = found
        self._made = made
        self._pack = pack
        if twice := found.keys() & made.keys():
            raise InvalidNode(f"pack {pack.name} defines the node {min(twice)} twice")

    def __getitem__(self, id: str) -> NodeType:
        known = self._found.get(id)
        if known is None:
            known = self._found[id] = self._pack._type_of(self._made[id]())
        return known

    def __contains__(self, id: object) -> bool:
        return id in self._found or id in self._made

    def __iter__(self) -> Iterator[str]:
        return iter([*(id for id in self._found if id not in self._made), *self._made])

    def __len__(self) -> int:
        return len(self._found.keys() | self._made.keys())


def digest_of_functions(functions: Iterable[Callable[..., Any]]) -> str:
    """Digest of the modules in which functions stand; of their code where there is no source."""
    import inspect

    hasher = blake3()
    for function in functions:
        module = inspect.getmodule(function)
        try:
            text = inspect.getsource(module or function)
        except (OSError, TypeError):
            code = function.__code__
            text = f"{code.co_code!r} {code.co_consts!r} {code.co_names!r}"
        hasher.update(text.encode())
    return "source:" + hasher.hexdigest()[:32]


def digest_of_source(place: Path) -> str:
    """Digest of a Python file, or of all Python files below a folder."""
    files = [place] if place.is_file() else sorted(place.rglob("*.py"))
    hasher = blake3()
    for file in files:
        name = file.name if place.is_file() else file.relative_to(place).as_posix()
        data = file.read_bytes()
        hasher.update(f"{name}\0{len(data)}\0".encode())
        hasher.update(data)
    return "source:" + hasher.hexdigest()[:32]


class Registry:
    """The packs in use. It is handed around, never global; packs are opened when first asked for.

    ``failures`` says, per pack, why one could not be opened; the others are untouched by that.
    """

    def __init__(
        self, packs: Iterable[Pack] = (), entries: Iterable[EntryPoint | InstalledPack] = ()
    ) -> None:
        self._packs: dict[str, Pack] = {}
        self._entries: dict[str, EntryPoint | InstalledPack] = {}
        self.failures: dict[str, str] = {}
        for entry in entries:
            if entry.name in self._entries:
                self.failures[entry.name] = f"two installed packs are named {entry.name}"
            self._entries.setdefault(entry.name, entry)
        for pack in packs:
            self.add(pack)

    @classmethod
    def of(cls, *packs: Pack) -> Registry:
        return cls(packs)

    def add(self, pack: Pack) -> None:
        """Take a pack in; a name already taken is refused."""
        if not _NAME.fullmatch(pack.name):
            raise InvalidNode(f"{pack.name!r} is no pack name; use lower-case letters, digits, _")
        if pack.name in self._packs or pack.name in self._entries:
            raise InvalidNode(
                f"there are two packs named {pack.name!r}; rename the file or the pack"
            )
        pack.types  # noqa: B018  read now, so that a wrong definition is told of its pack
        self._packs[pack.name] = pack

    def exchange(self, name: str, pack: Pack | None) -> None:
        """Put a pack in the place of one that was added; with None there is none of that name."""
        before, failed = self._packs.pop(name, None), self.failures.pop(name, None)
        if pack is None:
            return
        try:
            self.add(pack)
        except BaseException:
            if before is not None:
                self._packs[name] = before
            if failed is not None:
                self.failures[name] = failed
            raise

    def opened(self, name: str) -> Pack | None:
        """The pack of that name if it has been opened already."""
        return self._packs.get(name)

    def names(self) -> list[str]:
        return sorted({*self._packs, *self._entries})

    def pack(self, name: str) -> Pack | None:
        """The pack of that name, opened if need be; None if there is none or it is broken."""
        if name not in self._packs and name in self._entries and name not in self.failures:
            self._open(name)
        return self._packs.get(name)

    def _open(self, name: str) -> None:
        entry = self._entries[name]
        try:
            pack = entry.load()
            if isinstance(pack, Isolated):
                pack = _standing_in(pack)
            if not isinstance(pack, Pack):
                raise InvalidNode(f"{entry.value} is no Pack")
            if pack.name != name:
                raise InvalidNode(f"{entry.value} is named {pack.name!r}, installed as {name!r}")
            version = _version_of(entry) if pack.version == "0" else pack.version
            folder = pack.folder or _folder_of(entry.module)
            pack = replace(pack, folder=folder, version=version)
            pack.types  # noqa: B018
            self._packs[name] = pack
        except (Exception, SystemExit) as error:  # noqa: BLE001  importing a pack runs someone else's code
            self.failures[name] = reason_of(error)

    def agreed(self, name: str) -> InstalledPack | None:
        """The pack of that name as somebody agreed to it; None if it came in another way."""
        entry = self._entries.get(name)
        return None if entry is None or isinstance(entry, EntryPoint) else entry

    def get(self, id: str) -> NodeType | None:
        pack = self.pack(id.partition(".")[0])
        return pack.types.get(id) if pack else None

    def types(self) -> Iterator[NodeType]:
        """Every node type of every pack that opens."""
        for name in self.names():
            if pack := self.pack(name):
                yield from pack.types.values()

    def loader(self, id: str) -> Loader:
        """The loader ``pack.name``."""
        name, _, part = id.partition(".")
        pack = self.pack(name)
        if pack is None or part not in pack.loaders:
            raise MusegraphError(f"no pack brings the model loader {id!r}")
        return pack.loaders[part]


def _standing_in(pack: Isolated) -> Pack:
    """A pack of nodes that are called in another process."""
    return Pack(
        pack.name,
        pack.functions,
        pack.version,
        pack.title,
        models=pack.models,
        texts=pack.texts,
        migrations=pack.migrations,
    )


def _version_of(entry: EntryPoint | InstalledPack) -> str:
    """The version of the distribution that brings a pack: the one that its author writes once."""
    if isinstance(entry, EntryPoint):
        return entry.dist.version if entry.dist is not None else "0"
    return entry.version


def _folder_of(module: str) -> Path | None:
    origin = getattr(sys.modules.get(module), "__file__", None)
    if origin is None:
        return None
    path = Path(origin)
    return path.parent if path.name == "__init__.py" else path


def load_registry(paths: Iterable[str | Path] = ()) -> Registry:
    """All installed packs, and those at ``paths`` (a file, or a folder that is one package)."""
    registry = _installed()
    for path in paths:
        place = Path(path)
        try:
            registry.add(pack_at(place))
        except (Exception, SystemExit) as error:  # noqa: BLE001  importing a pack runs someone else's code
            name = str(place) if place.stem in registry.names() else place.stem
            registry.failures[name] = reason_of(error)
    return registry


def _installed() -> Registry:
    """The packs of the environment, and those that were installed by consent."""
    from musegraph.installed import LIST, default_packs, entries, of_environment

    folder = default_packs()
    ours = of_environment(folder)
    try:
        return Registry(entries=[*ours, *entries(folder)])
    except PackError as error:
        registry = Registry(entries=ours)
        registry.failures[LIST] = str(error)
        return registry


def pack_at(place: Path) -> Pack:
    """The pack in a Python file or folder: its ``pack``, or all its functions marked ``@node``."""
    if not place.exists():
        raise MusegraphError(f"there is no pack at {place}")
    file = place / "__init__.py" if place.is_dir() else place
    if not file.exists():
        project = (place / "pyproject.toml").is_file()
        hint = "; it looks like the project of one: name its package, or install it" * project
        raise MusegraphError(f"{place} holds no __init__.py, so it is no pack{hint}")
    name = re.sub(r"[^a-z0-9_]", "_", place.resolve().stem.lower())
    module = import_fresh(f"musegraph_pack_{name}", file, place.is_dir())
    pack = getattr(module, "pack", None)
    if isinstance(pack, Pack):
        return replace(pack, folder=pack.folder or place)
    found = [
        value
        for value in vars(module).values()
        if callable(value) and isinstance(getattr(value, "__node__", None), NodeType)
    ]
    if not found:
        raise MusegraphError(f"{place} defines no node; put @node above a function")
    return Pack(name, found, folder=place)


def reason_of(error: BaseException) -> str:
    """Why a pack cannot be opened, in words."""
    if isinstance(error, MusegraphError):
        return str(error)
    at = ""
    if error.__traceback__ is not None:
        last = error.__traceback__
        while last.tb_next is not None:
            last = last.tb_next
        at = f" ({Path(last.tb_frame.f_code.co_filename).name}, line {last.tb_lineno})"
    return f"{type(error).__name__}: {error}{at}"
