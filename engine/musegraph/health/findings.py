"""From facts to findings, without looking at anything: what is well, what is not, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from musegraph.device import KINDS
from musegraph.health.facts import COMPANIONS, Facts, Library, Place
from musegraph.health.probe import DEVICE
from musegraph.isolation.settings import DANGERS

OLDEST_PYTHON = (3, 11)
_NAMES = {"cpu": "the CPU", "cuda": "CUDA", "rocm": "ROCm", "xpu": "XPU"}
LITTLE = 2 << 30
"""Bytes of free space from which results of a day's work may no longer fit."""

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
GPU_TORCH = "install the torch for your GPU: https://pytorch.org/get-started/locally"

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. Whatever is not well has a remedy."""

    topic: str
    level: Level
    text: str
    remedy: str = ""


def _ok(topic: str, text: str) -> Finding:
    return Finding(topic, "ok", text)


def _warn(topic: str, text: str, remedy: str) -> Finding:
    return Finding(topic, "warn", text, remedy)


def _fail(topic: str, text: str, remedy: str) -> Finding:
    return Finding(topic, "fail", text, remedy)


def findings(facts: Facts) -> list[Finding]:
    """Everything there is to say about an installation, in the order in which to read it."""
    return [
        *_python(facts),
        *_libraries(facts),
        *_companions(facts),
        *_imports(facts),
        *_device(facts),
        *_cache(facts.cache),
        *_models(facts),
        *_packs(facts),
        *_isolation(facts),
        *_here(facts.here),
    ]


def _python(facts: Facts) -> Iterator[Finding]:
    said = f"{'.'.join(map(str, facts.python))} on {facts.platform}"
    if facts.python < OLDEST_PYTHON:
        remedy = "install Python 3.11 or newer and set Musegraph up again with it"
        yield _fail("python", f"{said} is too old", remedy)
    else:
        yield _ok("python", f"{said} ({facts.executable})")


def _libraries(facts: Facts) -> Iterator[Finding]:
    """Each library that Musegraph requires, against the versions that it can use."""
    from packaging.requirements import Requirement

    own = facts.libraries.get("musegraph")
    if own is None:
        yield _fail(
            "musegraph",
            "it is not installed: it runs from a folder, without its packs",
            "install it: make setup, or pip install -e .",
        )
        return
    well = [f"musegraph {own.version}"]
    for text in own.requires:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        found = facts.libraries.get(wanted.name)
        remedy = f"pip install '{wanted.name}{wanted.specifier}'"
        if found is None:
            yield _fail(wanted.name, "it is not installed", remedy)
        elif not wanted.specifier.contains(_public(found.version), prereleases=True):
            said = f"{found.version} is installed, {wanted.specifier} is needed"
            yield _fail(wanted.name, said, remedy)
        else:
            well.append(f"{wanted.name} {found.version}")
    yield _ok("libraries", ", ".join(well))


def _companions(facts: Facts) -> Iterator[Finding]:
    """Libraries built for another torch; diffusers and transformers use them if they are there."""
    torch = facts.libraries.get("torch")
    for name in COMPANIONS:
        found = facts.libraries.get(name)
        if torch is None or found is None:
            continue
        if reason := _mismatch(torch, found, facts.system):
            yield _fail(
                name,
                f"{name} {found.version} does not fit torch {torch.version}: {reason};"
                " diffusers and transformers break on it",
                f"pip uninstall {name} (Musegraph does not need it)",
            )
        else:
            yield _ok(name, f"{found.version} fits torch {torch.version}")


def _mismatch(torch: Library, other: Library, system: str) -> str:
    """Why a companion cannot work with this torch; empty if it can.

    A wheel for Linux without a label (``+cpu``, ``+cu128``) is one for CUDA.
    """
    from packaging.requirements import Requirement

    for text in other.requires:
        wanted = Requirement(text)
        if wanted.name == "torch" and not wanted.specifier.contains(
            _public(torch.version), prereleases=True
        ):
            return f"it was built for torch {wanted.specifier}"
    mine, its = (_build(library.version, system) for library in (torch, other))
    if _kind(mine) != _kind(its):
        return f"it is built for {_NAMES[_kind(its)]}, torch for {_NAMES[_kind(mine)]}"
    return "" if mine == its or "cuda" in (mine, its) else f"they are the builds {mine} and {its}"


def _build(version: str, system: str) -> str:
    """The label of a build, such as ``cpu`` or ``cu128``; ``cuda`` where there is none."""
    label = version.partition("+")[2]
    if label.startswith(("cu", *_NAMES)):
        return label
    return "cuda" if system.startswith("linux") else "cpu"


def _kind(build: str) -> str:
    return next((kind for kind in _NAMES if build.startswith(kind)), "cuda")


def _public(version: str) -> str:
    return version.partition("+")[0]


def _imports(facts: Facts) -> Iterator[Finding]:
    """Libraries that are installed and do not work: the first cause counts most."""
    for name, reason in facts.probe.failed.items():
        if name == DEVICE:
            continue
        remedy = f"pip install --force-reinstall {_distribution(name)}"
        if name == "torch" and facts.system.startswith("linux"):
            remedy += f", or the build for CPUs: add --index-url {CPU_INDEX}"
        yield _fail(name.partition(".")[0], f"cannot be imported: {reason}", remedy)


def _distribution(module: str) -> str:
    first = module.partition(".")[0]
    return {"PIL": "pillow", "the probe": "musegraph"}.get(first, first)


def _device(facts: Facts) -> Iterator[Finding]:
    """What is computed on, and whether there is something better that goes unused."""
    probe, asked = facts.probe, facts.asked_device
    if asked and asked not in KINDS:
        remedy = f"set it to one of {', '.join(KINDS)}, or to nothing for the best there is"
        yield _fail("device", f"MUSEGRAPH_DEVICE is {asked!r}", remedy)
    elif reason := probe.failed.get(DEVICE):
        where = probe.device or asked or "it"
        remedy = "update the driver, or compute elsewhere: MUSEGRAPH_DEVICE=cpu"
        if where == "cuda" and (build := _cpu_build(facts)):
            reason, remedy = build, f"{GPU_TORCH}; or compute elsewhere: MUSEGRAPH_DEVICE=cpu"
        yield _fail("device", f"{where} cannot compute: {reason}", remedy)
    elif probe.device:  # else torch is broken, and said to be so above
        said = probe.device
        said += f": {probe.name}, {probe.memory / 2**30:.0f} GiB" if probe.name else ""
        named = f"{said} (MUSEGRAPH_DEVICE)" if asked else said
        yield _unused_gpu(facts, said) or _ok("device", named)


def _unused_gpu(facts: Facts, said: str) -> Finding | None:
    """That torch does not use the GPU that there is, though nobody asked it not to."""
    torch = facts.libraries.get("torch")
    there = facts.system.startswith("linux") and facts.driver
    if torch is None or not there or facts.probe.device != "cpu" or facts.asked_device == "cpu":
        return None
    if build := _cpu_build(facts):
        return _warn("device", f"{said}, though there is a GPU: {build}", GPU_TORCH)
    return _warn(
        "device",
        f"{said}, though there is the driver of a GPU: torch {torch.version} cannot use it",
        "look at what nvidia-smi says; most often the driver is older than this torch needs",
    )


def _cpu_build(facts: Facts) -> str:
    """That torch is built for CPUs alone; empty if it is not."""
    torch = facts.libraries.get("torch")
    if torch is None or _build(torch.version, facts.system) != "cpu":
        return ""
    return f"torch {torch.version} is the build for CPUs"


def _cache(cache: Place) -> Iterator[Finding]:
    elsewhere = "name a folder that can be written: --cache, or the variable MUSEGRAPH_CACHE"
    if cache.problem:
        said, _, remedy = cache.problem.partition("; ")  # a StoreError says what to do itself
        yield _fail("cache", f"{cache.path}: {said}", remedy or elsewhere)
    elif cache.free < LITTLE:
        yield _warn(
            "cache",
            f"{cache.path}: only {_room(cache.free)} are free",
            "musegraph cache clear, or another folder: --cache, or the variable MUSEGRAPH_CACHE",
        )
    else:
        held = f"{_room(cache.bytes)} held" if cache.exists else "not made yet"
        yield _ok("cache", f"{cache.path}: {held}, {_room(cache.free)} free")


def _room(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"


def _models(facts: Facts) -> Iterator[Finding]:
    for folder in facts.models:
        where = f"{folder.path} ({folder.origin})"
        if folder.problem:
            remedy = f"make it, or take it out of {folder.origin}"
            yield _warn("models", f"{where}: {folder.problem}", remedy)
            continue
        count = "1 entry" if folder.entries == 1 else f"{folder.entries} entries"
        yield _ok("models", f"{where}: {count}")
        for sentence in folder.damaged:
            remedy = "get the file again; no workflow that loads it can run"
            yield _warn("models", sentence.removesuffix("; get it again"), remedy)


def _packs(facts: Facts) -> Iterator[Finding]:
    if facts.packs:
        listed = ", ".join(f"{name} ({count})" for name, count in facts.packs.items())
        yield _ok("packs", listed)
    elif not facts.failures:
        yield _fail("packs", "there are none", "install Musegraph again: make setup, or pip")
    for name, reason in facts.failures.items():
        yield _fail(
            "packs",
            f"the pack {name!r} cannot be opened: {reason}",
            "update or uninstall it; its author needs this sentence",
        )


def _isolation(facts: Facts) -> Iterator[Finding]:
    """What a pack that was installed with --isolated is kept from here, and what not."""
    if facts.isolation is None:
        return
    held = ", ".join(f"{wall} ({how})" for wall, how in facts.isolation.items())
    lacking = [could for wall, could in DANGERS.items() if wall not in facts.isolation]
    if not lacking:
        yield _ok("isolation", f"isolated packs are kept from {held}")
        return
    yield _warn(
        "isolation",
        f"an isolated pack could {', '.join(lacking)} here"
        + (f"; it is kept from {held}" if held else ""),
        "such packs are refused unless they are installed with --trusted; Linux 6.12 or later, "
        "with Landlock, keeps them in",
    )


def _here(here: Place) -> Iterator[Finding]:
    if here.problem:
        remedy = "go to a folder of your own, or name one with --out"
        yield _warn("folder", f"{here.path} cannot be written: {here.problem}", remedy)
    else:
        yield _ok("folder", f"{here.path} can be written, {_room(here.free)} free")
