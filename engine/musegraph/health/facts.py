"""What there is on this machine. Looking makes nothing, and a library that crashes ends nothing."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from itertools import islice
from pathlib import Path
from typing import Any

from musegraph.device import has_driver
from musegraph.errors import ModelError, StoreError
from musegraph.headers import read_header
from musegraph.isolation.probe import probe as kept_from
from musegraph.library.folders import Added, default_models, named_folders
from musegraph.pack import Registry
from musegraph.paths import data_folder, why_missing
from musegraph.store.disk import Disk
from musegraph.store.survey import Survey

COMPANIONS = ("torchvision", "torchaudio", "xformers")
"""Libraries with compiled code for one build of torch; Musegraph needs none of them."""

_FOUND = ("device", "name", "memory", "cuda")
PROBE_SECONDS = 180
DEFAULT = "by default"
MAX_WEIGHTS = 2000
"""Files of weights that are looked at in one folder of models."""


@dataclass(frozen=True, slots=True)
class Library:
    """An installed distribution, and what it requires, as its metadata says."""

    version: str
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Probe:
    """What a process of its own found: see ``probe.py``."""

    failed: dict[str, str] = field(default_factory=dict)
    """By library: why it cannot be imported."""
    device: str = ""
    name: str = ""
    memory: int = 0
    cuda: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A folder; ``problem`` says why it cannot be used, empty if it can."""

    path: str
    exists: bool = True
    problem: str = ""
    free: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder in which models are looked for."""

    path: str
    origin: str
    """How it was named: ``MUSEGRAPH_MODELS``, ``--models`` or ``DEFAULT``, which need not exist."""
    entries: int = 0
    problem: str = ""
    damaged: tuple[str, ...] = ()
    """A sentence for each file of weights that is cut off or is none."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that findings follow from."""

    python: tuple[int, int, int]
    executable: str
    system: str
    """``linux``, ``darwin`` or ``win32``."""
    platform: str
    asked_device: str
    driver: bool
    """Whether there is the driver of a GPU."""
    libraries: dict[str, Library]
    probe: Probe
    cache: Place
    models: tuple[ModelFolder, ...]
    packs: dict[str, int]
    """By pack that opens: how many nodes it has."""
    failures: dict[str, str]
    here: Place
    isolation: Mapping[str, str] | None = None
    """By wall, what keeps isolated packs in here; None if nobody looked."""


def gather(registry: Registry, cache: Path, folders: Iterable[Path] = ()) -> Facts:
    """Look at everything; takes as long as importing torch and its like."""
    models = [(folder, "MUSEGRAPH_MODELS") for folder in named_folders()]
    models += [(folder, "--models") for folder in folders]
    models.append((default_models(), DEFAULT))
    models += [(folder, "musegraph models folder add") for folder in Added(data_folder()).folders()]
    packs = {name: pack for name in registry.names() if (pack := registry.pack(name))}
    return Facts(
        python=sys.version_info[:3],
        executable=sys.executable,
        system=sys.platform,
        platform=platform.platform(),
        asked_device=os.environ.get("MUSEGRAPH_DEVICE", ""),
        driver=has_driver(),
        libraries=_libraries(),
        probe=probe(),
        cache=_cache(cache),
        models=tuple(_model_folder(folder, origin) for folder, origin in models),
        packs={name: len(pack.types) for name, pack in packs.items()},
        failures=dict(registry.failures),
        here=_place(Path.cwd()),
        isolation=kept_from(),
    )


def _libraries() -> dict[str, Library]:
    """Musegraph, what it requires and the companions of torch, as far as they are installed."""
    found: dict[str, Library] = {}
    own = _library("musegraph")
    names = [requirement_name(text) for text in own.requires] if own else []
    for name in ("musegraph", *names, *COMPANIONS):
        if library := _library(name):
            found[name] = library
    return found


def _library(name: str) -> Library | None:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    plain = [text for text in found.requires or () if "extra ==" not in text]
    return Library(found.version, tuple(plain))


def requirement_name(text: str) -> str:
    from packaging.requirements import Requirement

    return Requirement(text).name


def probe(command: tuple[str, ...] = ("-m", "musegraph.health.probe")) -> Probe:
    """Run the probe with the same Python and the same path, and read what it says."""
    path = os.pathsep.join(part for part in sys.path if part)
    try:
        done = subprocess.run(
            [sys.executable, *command],
            env=os.environ | {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROBE_SECONDS,
            check=False,
        )
        said, end = done.stdout, _end(done.returncode)
    except subprocess.TimeoutExpired as error:
        said = error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else ""
        end = f"it was not done after {PROBE_SECONDS} s"
    return _read(said, end)


def _end(code: int) -> str:
    return f"Python crashed (signal {-code})" if code < 0 else f"Python ended with code {code}"


def _read(said: str, end: str) -> Probe:
    """The facts in the probe's lines; what was begun and never ended has failed with ``end``."""
    failed: dict[str, str] = {}
    found: dict[str, Any] = {}
    begun = "the probe"
    for line in said.splitlines():
        try:
            facts = json.loads(line)
        except ValueError:  # something that a library printed while it was imported
            continue
        if not isinstance(facts, dict):
            continue
        begun = facts.pop("next", begun)
        if "failed" in facts:
            failed[facts["failed"]] = facts["reason"]
        else:
            found |= {name: fact for name, fact in facts.items() if name in _FOUND}
    if begun:
        failed[begun] = end
    return Probe(failed, **found)


def _cache(folder: Path) -> Place:
    """The cache, opened if there is one; looking never makes one."""
    place = _place(folder)
    if place.problem or why_missing(folder / "index.sqlite"):
        return place
    try:
        disk = Disk(folder)
        try:
            size = Survey(disk).bytes()
        finally:
            disk.close()
    except StoreError as error:
        return Place(place.path, True, str(error), place.free)
    return Place(place.path, True, "", place.free, size)


def _place(folder: Path) -> Place:
    """Whether a folder, or the one in which it would be made, can be written."""
    nearest = folder
    while why_missing(nearest) and nearest != nearest.parent:
        nearest = nearest.parent
    free = 0
    try:
        free = shutil.disk_usage(nearest).free
        with tempfile.TemporaryFile(dir=nearest):
            pass
        problem = ""
    except OSError as error:
        problem = error.strerror or str(error)
    return Place(str(folder), not why_missing(folder), problem, free)


def _model_folder(folder: Path, origin: str) -> ModelFolder:
    if origin == DEFAULT and not folder.exists():
        return ModelFolder(str(folder), origin)
    try:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError as error:
        return ModelFolder(str(folder), origin, problem=error.strerror or str(error))
    damaged = []
    for file in islice(folder.rglob("*.safetensors"), MAX_WEIGHTS):
        try:
            read_header(file)
        except ModelError as error:
            damaged.append(str(error))
    return ModelFolder(str(folder), origin, len(entries), damaged=tuple(sorted(damaged)))
