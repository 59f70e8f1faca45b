"""Which files of a repository make the model: one set of weights, no pickles, no copies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from musegraph.errors import HubError, MusegraphError
from musegraph.hub.names import safe_path
from musegraph.hub.trouble import amount, shown
from musegraph.library.kinds import SUFFIXES
from musegraph.library.walk import MAX_DEPTH, MAX_FILES

WEIGHTS = (".safetensors", ".gguf")
PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".joblib")
_STEMS = ("diffusion_pytorch_model", "model", "pytorch_model", "adapter_model")
"""What the libraries call weights, the preferred first."""

_SHARD = re.compile(r"-\d{5}-of-\d{5}")
_PICKLED = re.compile(r"(diffusion_)?pytorch_model[^/]*\.bin")
_HIDDEN = re.compile(r"(^|/)\.[^./]")
_SPARE = ("safety_checker",)
"""Parts without which a model is still whole."""

_NAMED = 4
LARGEST = 50 * 10**9
"""Bytes above which the hub gives a file only by a protocol that cannot go on after a stop."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository with what the hub says of it: SHA-256 for large ones, else git's."""

    path: str
    size: int
    sha256: str = ""
    blob: str = ""

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.path).suffix


@dataclass(frozen=True, slots=True)
class Choice:
    """The files to fetch, in what layout they lie, and sentences about what is left out."""

    files: tuple[RemoteFile, ...]
    layout: str
    left: tuple[str, ...] = ()
    single: bool = False

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def choose(files: Iterable[RemoteFile], file: str = "", variant: str = "") -> Choice:
    """The set of files to fetch. :class:`HubError` says why there is none to be had."""
    found = _choose(files, file, variant)
    for one in found.files:
        if one.size > LARGEST:
            raise HubError(
                f"{one.path} is too large ({amount(one.size)}) to be fetched in one piece; choose a"
                " model that comes in several files"
            )
    return found


def _choose(files: Iterable[RemoteFile], file: str, variant: str) -> Choice:
    every = sorted(files, key=lambda one: one.path)
    usable = [one for one in every if one.suffix in SUFFIXES and not _HIDDEN.search(one.path)]
    for one in usable:
        _check_path(one.path)
    if file:
        return _one(every, file)
    names = {one.path for one in usable}
    if "model_index.json" in names:
        return _folder(every, usable, variant, "the layout of Diffusers", diffusers=True)
    weights = [one for one in usable if one.suffix in WEIGHTS]
    if names & {"config.json", "adapter_config.json"} and any(
        one.suffix == ".safetensors" and not one.folder for one in weights
    ):
        return _folder(every, usable, variant, "the layout of Transformers", diffusers=False)
    return _only(every, weights)


def _check_path(path: str) -> None:
    try:
        safe_path(path)
    except MusegraphError:
        raise HubError(
            f"the repository lists a file that would not lie in the model's folder: {path!r};"
            " nothing of it is fetched"
        ) from None


def _one(every: list[RemoteFile], path: str) -> Choice:
    """A single file, by its path or by its name."""
    found = [one for one in every if path in (one.path, one.name)]
    exact = [one for one in found if one.path == path]
    chosen = (exact or found)[:1]
    if not chosen or len(exact or found) > 1:
        raise MusegraphError(
            f"the repository has {'several files' if found else 'no file'} {path!r};"
            f" {_those_there_are(every)}"
        )
    one = chosen[0]
    if one.suffix not in WEIGHTS:
        why = "a pickle, which can run code when it is opened, so it is never fetched"
        if one.suffix not in PICKLES:
            why = "no .safetensors and no .gguf file"
        raise MusegraphError(f"{shown(one.path)} is {why}; {_those_there_are(every)}")
    if _SHARD.search(one.name):
        raise MusegraphError(
            f"{shown(one.path)} is one part of several, no use alone; leave --file out to have all"
        )
    _check_path(one.path)
    return Choice((one,), f"the one file {one.path}", single=True)


def _only(every: list[RemoteFile], weights: list[RemoteFile]) -> Choice:
    """A repository of single files: the one there is."""
    if not weights:
        raise HubError(f"the repository holds no .safetensors and no .gguf file{_instead(every)}")
    if len(weights) > 1:
        raise MusegraphError(
            f"the repository holds several models; say which with --file: {_listed(weights)}"
        )
    return Choice(
        (weights[0],), f"the one file {weights[0].path}", tuple(_left(every)), single=True
    )


def _folder(
    every: list[RemoteFile], usable: list[RemoteFile], variant: str, layout: str, diffusers: bool
) -> Choice:
    """All small files and, of each folder, one set of weights."""
    inside = [one for one in usable if one.path.count("/") <= MAX_DEPTH]
    sets = _sets(one for one in inside if bool(one.folder) == diffusers)
    _check_variant(variant, sets)
    taken: set[str] = set()
    stems: dict[str, str] = {}
    others: set[str] = set()
    for folder, groups in sets.items():
        stem, name = _best(folder, groups, variant)
        stems[folder] = stem
        taken |= {one.path for one in _whole(groups[stem, name])}
        others |= {other for one, other in groups if one == stem and other != name}
    if not taken:
        raise HubError(f"the folders of the repository hold no weights{_instead(every)}")
    if diffusers:
        _check_whole(every, set(stems))
    small = {one.path for one in inside if not _is_weight(one)}
    files = tuple(one for one in inside if one.path in taken | small)
    if len(files) > MAX_FILES:
        raise HubError(f"the repository holds {len(files)} files: more than a model has")
    aside = [
        one
        for one in usable
        if one.suffix in WEIGHTS and stems.get(one.folder) != _stem_of(one.name)[0]
    ]
    return Choice(files, layout, tuple(_left(every, aside, others)))


def _is_weight(one: RemoteFile) -> bool:
    return one.suffix in WEIGHTS or ".safetensors.index" in one.name


def _sets(files: Iterable[RemoteFile]) -> dict[str, dict[tuple[str, str], list[RemoteFile]]]:
    """By folder, the weights with their index by stem and variant."""
    found: dict[str, dict[tuple[str, str], list[RemoteFile]]] = {}
    for one in files:
        if _is_weight(one) and one.suffix != ".gguf":
            found.setdefault(one.folder, {}).setdefault(_stem_of(one.name), []).append(one)
    return found


def _stem_of(name: str) -> tuple[str, str]:
    """``model.fp16-00001-of-00002.safetensors`` → ``("model", "fp16")``."""
    plain = _SHARD.sub("", name).removesuffix(".json")
    before, _, after = plain.partition(".safetensors")
    stem, _, variant = before.partition(".")
    if stem not in _STEMS:
        return before, ""
    return stem, variant or after.removeprefix(".index").removeprefix(".")


def _check_variant(variant: str, sets: dict[str, dict[tuple[str, str], list[RemoteFile]]]) -> None:
    there = sorted({name for groups in sets.values() for _, name in groups if name})
    if variant and variant not in there:
        raise MusegraphError(
            f"the repository has no variant {variant!r} (--variant);"
            f" it has {', '.join(there) or 'none'}"
        )


def _best(
    folder: str, groups: dict[tuple[str, str], list[RemoteFile]], variant: str
) -> tuple[str, str]:
    """The stem and variant to take: as asked for, else the plain one, else the only one."""
    stems = {stem for stem, _ in groups}
    stem = next((name for name in _STEMS if name in stems), min(stems))
    if len(stems) > 1 and stem not in _STEMS:
        raise MusegraphError(
            f"in {folder or 'the repository'} are several models; say which with --file:"
            f" {_listed([one for group in groups.values() for one in group])}"
        )
    there = sorted(name for one, name in groups if one == stem)
    for name in (variant, ""):
        if name in there:
            return stem, name
    if len(there) > 1:
        raise MusegraphError(
            f"the weights in {folder or 'the repository'} come only as variants;"
            f" say which with --variant: {', '.join(there)}"
        )
    return stem, there[0]


def _whole(group: list[RemoteFile]) -> list[RemoteFile]:
    """One file where there is one, else its parts with their index."""
    one = [file for file in group if file.suffix == ".safetensors" and not _SHARD.search(file.name)]
    return one or group


def _check_whole(every: list[RemoteFile], folders: set[str]) -> None:
    """Refuse a model of which a part is there only as a pickle."""
    for one in every:
        pickled = _PICKLED.fullmatch(one.name) and one.folder not in folders
        if pickled and one.folder and one.folder not in _SPARE and one.path.count("/") == 1:
            raise HubError(
                f"the weights of {shown(one.folder)} are there only as a pickle, which can"
                f" run code when it is opened, so it is never fetched{_whole_files(every)}"
            )


def _left(
    every: list[RemoteFile], aside: list[RemoteFile] | None = None, variants: Iterable[str] = ()
) -> Iterable[str]:
    pickles = [one for one in every if one.suffix in PICKLES]
    if pickles:
        kind = "pickle" if len(pickles) == 1 else "pickles"
        yield f"{len(pickles)} {kind}, which can run code when opened ({_some(pickles)})"
    named = sorted(name for name in set(variants) if name)
    if named:
        kind = "variant" if len(named) == 1 else "variants"
        yield f"the {kind} {', '.join(named)} (--variant takes it)"
    elif "" in variants:
        yield "the plain variant"
    if aside:
        kind = "file" if len(aside) == 1 else "files"
        yield f"{len(aside)} {kind} of weights beside them ({_some(aside)}; --file takes one)"


def _some(files: list[RemoteFile]) -> str:
    named = ", ".join(shown(one.path) for one in files[:_NAMED])
    return f"{named} …" if len(files) > _NAMED else named


def _instead(every: list[RemoteFile]) -> str:
    pickles = [one for one in every if one.suffix in PICKLES]
    if not pickles:
        return _whole_files(every) or ": it is no model that can be used here"
    return (
        f", only pickles ({_some(pickles)}): these can run code when they are opened, so they are"
        f" never fetched; look for a repository that has .safetensors files{_whole_files(every)}"
    )


def _whole_files(every: list[RemoteFile]) -> str:
    whole = [one for one in every if one.suffix in WEIGHTS and not one.folder]
    return f"; --file takes one of: {_listed(whole)}" if whole else ""


def _those_there_are(every: list[RemoteFile]) -> str:
    weights = [one for one in every if one.suffix in WEIGHTS and not _SHARD.search(one.name)]
    return f"there are: {_listed(weights)}" if weights else "it has no such file of weights"


def _listed(files: list[RemoteFile]) -> str:
    named = ", ".join(f"{shown(one.path)} ({amount(one.size)})" for one in files[:12])
    return f"{named} and {len(files) - 12} more" if len(files) > 12 else named
