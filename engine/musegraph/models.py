"""Models: where they are, what their files contain, and which are loaded."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musegraph.device import device
from musegraph.errors import ModelError, ModelMissing
from musegraph.headers import read_gguf, read_header
from musegraph.library.folders import Added, default_models, named_folders
from musegraph.library.kept import bench, is_name, put
from musegraph.library.kinds import SUFFIXES
from musegraph.library.walk import Root, model_files
from musegraph.node_context import Weights
from musegraph.pack import Registry
from musegraph.paths import ABSENT, at_home, data_folder, shown, why_missing
from musegraph.sentences import sentence
from musegraph.store import Store
from musegraph.values import Patch, Reference
from musegraph.values.canonical import canonical, digest, digest_of_file

if TYPE_CHECKING:
    from musegraph.library.scan import Library

_ON_THE_HUB = re.compile(
    r"(?P<repo>[A-Za-z0-9][\w.-]*/[\w.-]+)(?:/(?P<file>\S+\.(?:safetensors|gguf)))?", re.ASCII
)


@dataclass(slots=True)
class _Resident:
    live: Any
    size: int
    seconds: float
    rank: float = 0.0
    used: int = 0
    leases: int = 0
    patches: str = "[]"
    patched: threading.Condition = field(default_factory=threading.Condition)
    applied: ExitStack | None = None
    """The patches that are on it now, until the last lease with them ends."""


class Models:
    """Finds models by source, identifies them by content, and lends them live.

    A resident model is known by its base weights. Leases with the same patches share it; leases
    with other patches wait until it is free again. What is not on lease is dropped when the budget
    is exceeded, least dear per byte first, aged by use (GreedyDual-Size, as in the store); the one
    used last goes last.
    """

    def __init__(
        self,
        registry: Registry,
        store: Store,
        folders: tuple[Path, ...] = (),
        budget: int = 16 << 30,
        data: Path | None = None,
    ) -> None:
        self.registry = registry
        self.store = store
        self.budget = budget
        self.confined = False
        """Whether a source is a name in a pack or a model folder, and never a path elsewhere."""
        self._data = data or data_folder()
        self.added = Added(self._data)
        self.renamed: dict[str, str] = {}
        """Names that led nowhere, and the names under which the same models were found."""
        self.expected: dict[str, str] = {}
        """By source, the digest that an earlier run found there: what it has to be now."""
        self.loads = 0
        self._folders = (*folders, *named_folders(), default_models())
        self._resident: dict[tuple[str, ...], _Resident] = {}
        self._lock = threading.Lock()
        self._loading: dict[tuple[str, ...], threading.Lock] = {}
        self._age = 0.0
        self._last: _Resident | None = None
        self._places: dict[str, Path] = {}
        self._digests: dict[Path, tuple[int, int, int, str]] = {}
        self._sound: dict[Path, tuple[int, int, int]] = {}
        """Files whose header was good, and of which size, age and number they were then."""

    @cached_property
    def library(self) -> Library:
        """All models by what they are; read only when a model is looked for beyond its name."""
        from musegraph.library.scan import Library

        return Library(self._data)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where names are looked for, and models are put: in the first."""
        return (*self._folders, *self.added.folders())

    def roots(self) -> list[Root]:
        """Everything with models in it that have names, in the order in which a name is found."""
        packs = ((name, self.registry.pack(name)) for name in self.registry.names())
        own = [
            Root(pack.models, name, name)
            for name, pack in packs
            if pack is not None and pack.models is not None
        ]
        return own + [Root(folder) for folder in dict.fromkeys(self.folders)]

    def path(self, source: str) -> Path:
        """Where a source lives: a pack's own model, a model folder's entry, or a path.

        A model that was renamed since it was last listed is found under its new name.
        """
        if self.confined and not is_name(source):
            raise ModelMissing(sentence("model-path", model=repr(source)))
        first, _, rest = source.partition("/")
        pack = self.registry.pack(first) if rest else None
        places = [pack.models / rest] if pack is not None and pack.models is not None else []
        places += [folder / source for folder in self.folders]
        if not self.confined:
            places.append(at_home(source))
        looked = []
        for place in dict.fromkeys(places):
            why = why_missing(place)
            if not why:
                self.renamed.pop(source, None)
                return place.resolve()
            looked.append(shown(place) + ("" if why in ABSENT else f" ({why})"))
        if (found := self._elsewhere(source)) is not None:
            self.renamed[source] = found[0]
            return found[1].resolve()
        command = "" if pack is not None else _command(source)
        if self.confined:  # whoever asks has no business with the folders of this machine
            looked = ["the packs and the folders of models"]
        parts = {"model": repr(shown(source)), "places": ", ".join(looked)}
        if command:
            raise ModelMissing(sentence("model-on-hub", **parts, command=command))
        if close := self.library.close_to(source, self.roots()):
            raise ModelMissing(
                sentence("model-close", model=parts["model"], close=" or ".join(close))
            )
        raise ModelMissing(sentence("model-missing", **parts))

    def _elsewhere(self, source: str) -> tuple[str, Path] | None:
        """The name and place that a model has now, which had this name or this content."""
        roots, wanted = self.roots(), self.expected.get(source)
        found = self.library.find(source, roots)
        if found is None and wanted:
            found = self.library.find_digest(wanted, roots)
        return found

    def files(self, place: Path) -> list[Path]:
        """The files that make a model what it is; weights with a bad header are refused here."""
        found = [place, *_settings(place)] if place.is_file() else model_files(place)
        if not found:
            raise ModelError(f"the folder {place} holds no model: no .safetensors, no .json")
        for file in found:
            self._check(file)
        return found

    def _check(self, file: Path) -> None:
        """Refuse weights with a bad header; a file that stays the same is read once."""
        if file.suffix not in (".safetensors", ".gguf"):
            return
        stat = file.stat()
        facts = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        if self._sound.get(file) == facts:
            return
        if file.suffix == ".gguf":
            read_gguf(file)
        else:
            read_header(file)
        self._sound[file] = facts

    def known_digest(self, source: str) -> str | None:
        """The digest of a source's files, if all of them are remembered; never reads weights."""
        place = self.path(source)
        parts = [(file, self._remembered(file)) for file in self.files(place)]
        if any(known is None for _, known in parts):
            return None
        return self._note(place, [(file, known or "") for file, known in parts])

    def weights(self, source: str) -> Weights:
        """Where a source lives and its digest; reads the files the first time."""
        place = self.path(source)
        return Weights(place, self._content(place), source)

    def keep(self, name: str, file: Path) -> Weights:
        """Put weights that a node made into the first folder of models, whole or not at all."""
        put(self.folders[0], name, file)
        return self.weights(name)

    def bench(self, name: str) -> Path:
        """A folder for what a node has to find again after it was stopped or killed."""
        return bench(self._data, name)

    def _content(self, place: Path) -> str:
        parts = [(file, self._remembered(file) or self._hash(file)) for file in self.files(place)]
        return self._note(place, parts)

    def _note(self, place: Path, parts: list[tuple[Path, str]]) -> str:
        """The digest of a model, and from now on where its content is."""
        found = _together(place, parts)
        self._places[found] = place
        self.library.learn(place, found)
        return found

    def place_of(self, ref: Reference | Patch) -> Path:
        """Where the content of a reference is: it may have been moved since it was made."""
        if not ref.digest:
            return self.path(ref.source)
        place = self._places.get(ref.digest)
        if place is not None and self._holds(place, ref.digest):
            return place
        try:
            same = self.weights(ref.source).digest == ref.digest
        except ModelMissing:
            moved = self.library.find_digest(ref.digest, self.roots())
            if moved is None or not self._holds(moved[1].resolve(), ref.digest):
                raise
            self.renamed[ref.source] = moved[0]
            return moved[1].resolve()
        if not same:
            raise _changed(ref)
        return self._places[ref.digest]

    def _holds(self, place: Path, wanted: str) -> bool:
        """Whether the files at a place still are what they were when they were hashed."""
        try:
            return self._content(place) == wanted
        except (ModelError, OSError):
            return False

    def _remembered(self, file: Path) -> str | None:
        facts = file.stat()
        known = self._digests.get(file)
        if known is not None and known[:3] == (facts.st_size, facts.st_mtime_ns, facts.st_ino):
            return known[3]
        found = self.store.disk.file_digest(file) if self.store.disk else None
        if found is not None:
            self._digests[file] = (facts.st_size, facts.st_mtime_ns, facts.st_ino, found)
        return found

    def _hash(self, file: Path) -> str:
        facts = file.stat()
        made = digest_of_file(file)
        self._digests[file] = (facts.st_size, facts.st_mtime_ns, facts.st_ino, made)
        if self.store.disk is not None:
            self.store.disk.remember_file(file, facts, made)
        return made

    def resident(self, ref: Reference) -> bool:
        return (*ref.base(), device()) in self._resident

    @contextmanager
    def lease(
        self, ref: Reference, place: str, check: Callable[[], None], offload: bool = False
    ) -> Iterator[Any]:
        """The live model for as long as the context lasts, with the reference's patches on it.

        With ``offload`` its weights stay in host memory, if its loader can do that.
        """
        loader = self.registry.loader(ref.loader)
        held = self._take(ref, place, offload and self.can_offload(ref))
        wanted = canonical([patch.model_dump(mode="json") for patch in ref.patches])
        try:
            with held.patched:
                while held.leases and held.patches != wanted:
                    held.patched.wait(0.05)
                    check()
                if ref.patches and loader.patch is None:
                    raise ModelError(f"the loader {ref.loader!r} takes no patches")
                if not held.leases and ref.patches and loader.patch is not None:
                    held.applied = ExitStack()
                    held.applied.enter_context(loader.patch(held.live, ref, self.place_of))
                held.leases += 1
                held.patches = wanted
            try:
                yield held.live
            finally:
                with held.patched:
                    held.leases -= 1
                    if not held.leases and held.applied is not None:
                        applied, held.applied = held.applied, None
                        applied.close()
                    held.patched.notify_all()
        finally:
            with self._lock:
                held.used -= 1
                held.rank = self._age + held.seconds / held.size
                self._last = held
            self._shrink(self.budget, self._last)

    def can_offload(self, ref: Reference) -> bool:
        """Whether a model can compute on a device with its weights elsewhere; patches cannot."""
        return self.registry.loader(ref.loader).offload is not None and not ref.patches

    def _take(self, ref: Reference, device: str, offload: bool) -> _Resident:
        base = (*ref.base(), f"{device}, offloaded" if offload else device)
        with self._lock:
            loading = self._loading.setdefault(base, threading.Lock())
        with loading:
            with self._lock:
                held = self._resident.get(base)
                if held is not None:
                    held.used += 1
                    return held
            held = self._load(ref, device, offload)
            with self._lock:
                held.used += 1
                self._resident[base] = held
            return held

    def _load(self, ref: Reference, device: str, offload: bool) -> _Resident:
        from time import perf_counter

        loader = self.registry.loader(ref.loader)
        place = self.place_of(ref)
        start = perf_counter()
        load = loader.offload if offload and loader.offload is not None else loader.load
        live = load(ref, place, device)
        if ref.digest and not self._holds(place, ref.digest):
            raise _changed(ref)  # while it was read: what was read may be half of each
        self.loads += 1
        return _Resident(live, max(1, loader.size(live)), perf_counter() - start)

    def _shrink(self, budget: int, keep: _Resident | None = None) -> None:
        with self._lock:
            total = sum(held.size for held in self._resident.values())
            free = [(base, held) for base, held in self._resident.items() if not held.used]
            free.sort(key=lambda pair: (pair[1] is keep, pair[1].rank))
            for base, held in free:
                if total <= budget:
                    break
                self._age = held.rank
                self._drop(base)
                total -= held.size

    def _drop(self, base: tuple[str, ...]) -> None:
        """Let go of a model. The lock is held."""
        if self._resident.pop(base) is self._last:
            self._last = None  # it would keep the weights from going

    def used(self) -> int:
        """Bytes of all resident models."""
        return sum(held.size for held in list(self._resident.values()))

    def clear(self, keep: Iterable[Reference] = ()) -> int:
        """Drop every model that is neither on lease nor to be kept; how many those were."""
        kept = {ref.base() for ref in keep}
        with self._lock:
            free = [
                base
                for base, held in self._resident.items()
                if not held.used and base[:-1] not in kept
            ]
            for base in free:
                self._drop(base)
        return len(free)


def _changed(ref: Reference | Patch) -> ModelError:
    return ModelError(f"the files of {ref.source} have changed since they were read; run it again")


def _command(source: str) -> str:
    """The command that fetches a model, if its source looks like one of the hub."""
    found = _ON_THE_HUB.fullmatch(source)
    if found is None or found["repo"].endswith((".safetensors", ".gguf", ".ckpt")):
        return ""
    file = f" --file {found['file']}" if found["file"] else ""
    return f"musegraph models add {found['repo']}{file}"


def _settings(file: Path) -> list[Path]:
    """Files of ``NAME.config`` beside a single file, which says how the file is to be read."""
    found = file.with_suffix(".config").glob("*/*")
    return sorted(beside for beside in found if beside.suffix in SUFFIXES and beside.is_file())


def _together(place: Path, parts: list[tuple[Path, str]]) -> str:
    if place.is_file():
        if len(parts) == 1:
            return parts[0][1]
        place = place.with_suffix(".config")
        beside = (f"{f.relative_to(place).as_posix()}={d}" for f, d in parts[1:])
        return digest("model", parts[0][1], *beside)
    return digest("model", *(f"{f.relative_to(place).as_posix()}={d}" for f, d in parts))
