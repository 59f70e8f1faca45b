"""Fetching the files of a model: going on where it stopped, believing nothing unchecked."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from musegraph.errors import HubError, ModelError
from musegraph.headers import read_header
from musegraph.hub.ask import Repository, talking
from musegraph.hub.record import Kept, Record, blob_of, sha256_of
from musegraph.hub.trouble import unwritable

_KEPT = "; what has come is kept, and the same command goes on from there"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the fetching is, in bytes, and with which file.

    ``received`` are those that have come now; ``done`` also counts what was there before.
    """

    done: int
    total: int
    received: int
    path: str
    checking: bool = False


Tell = Callable[[Progress], None]


class Part(io.FileIO):
    """A file that grows up to its size and no further, and says so."""

    def __init__(self, file: Path, size: int, tell: Callable[[int], None]) -> None:
        self._file, self._size, self._tell = file, size, tell
        super().__init__(file, "ab")

    def write(self, data: Any) -> int:
        left = memoryview(data)
        if self.tell() + len(left) > self._size:
            name = self._file.name.removesuffix(".part")
            raise HubError(f"the hub sends more than the {self._size:,} bytes of {name}")
        while left:
            try:
                left = left[super().write(left) or 0 :]
            except OSError as error:
                raise unwritable(self._file.parent, error) from None
        self._tell(self.tell())
        return len(data)


def fetch(
    repository: Repository,
    record: Record,
    content: Path,
    tell: Tell,
    same: Mapping[Kept, Path] = MappingProxyType({}),
) -> Record:
    """Put all files of a record into the folder ``content``; the record with every SHA-256.

    What is there already is not fetched again, half a file only its other half; ``same`` are files
    elsewhere that should be the same, and the library's cache may have some. A file counts as there
    when its bytes are what the hub says they are and, for weights, their header makes sense.
    """
    course = _Course(record.size, tell)
    files = []
    for kept in record.files:
        file = content / kept.path
        there = file.is_file() and file.stat().st_size == kept.size
        if not there and not _borrow(kept, (same.get(kept), _cached(repository, kept)), file):
            _receive(repository, kept, file, course)
            course.say(kept.size, checking=True)
            _accept(kept, part_of(file), repository)
        course.end(kept)
        files.append(kept.model_copy(update={"sha256": kept.sha256 or sha256_of(file)}))
    return record.model_copy(update={"files": tuple(files)})


class _Course:
    """Adds up over all files how far it is."""

    def __init__(self, total: int, tell: Tell) -> None:
        self._total, self._tell = total, tell
        self._done = self._received = 0
        self._begun: tuple[str, int] | None = None

    def begin(self, kept: Kept, there: int) -> None:
        """A file comes, of which so much is there."""
        self._begun = kept.path, there
        self.say(there)

    def say(self, now: int, checking: bool = False) -> None:
        """So much of the file is there now."""
        path, there = self._begun or ("", now)
        received = self._received + max(0, now - there)
        self._tell(Progress(self._done + now, self._total, received, path, checking))

    def end(self, kept: Kept) -> None:
        """A file is whole; if it was not begun, it was so before."""
        if self._begun is not None:
            self._received += kept.size - self._begun[1]
        self._done += kept.size
        self._begun = None
        self._tell(Progress(self._done, self._total, self._received, kept.path))


def part_of(file: Path) -> Path:
    """Where a file is until it is whole."""
    return file.with_name(f"{file.name}.part")


def _receive(repository: Repository, kept: Kept, file: Path, course: _Course) -> None:
    """Fetch what is missing of a file, from the commit that was agreed on and no other."""
    part = part_of(file)
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        if part.is_file() and part.stat().st_size > kept.size:
            part.unlink()
        with talking(repository.wanted, _KEPT), Part(part, kept.size, course.say) as stream:
            from huggingface_hub.file_download import http_get
            from huggingface_hub.utils import build_hf_headers

            have = stream.tell()
            course.begin(kept, have)
            if have < kept.size:
                http_get(
                    repository.url(kept.path),
                    stream,
                    resume_size=have,
                    headers=build_hf_headers(library_name="musegraph")
                    | {"Accept-Encoding": "identity"},
                    expected_size=kept.size,
                )
    except OSError as error:
        raise unwritable(part.parent, error) from None


def _is(kept: Kept, file: Path) -> bool:
    """Whether a file holds what the hub says, byte for byte."""
    if file.stat().st_size != kept.size:
        return False
    if kept.sha256:
        return sha256_of(file) == kept.sha256
    return blob_of(file) == kept.blob


def _cached(repository: Repository, kept: Kept) -> Path | None:
    """A file in the cache that the hub's own library and its like keep."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repository.wanted.repo, kept.path, revision=repository.commit)
    return Path(found).resolve() if isinstance(found, str) else None


def _borrow(kept: Kept, places: Iterable[Path | None], file: Path) -> bool:
    """Take a file from somewhere else on this machine, if it is there what the hub says."""
    try:
        here = next((one for one in places if one and one.is_file() and _is(kept, one)), None)
        if here is None:
            return False
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(here, file)
        except OSError:  # not on one file system, or one that has no links
            shutil.copyfile(here, file)
        _check_weights(kept, file)
    except OSError as error:
        raise unwritable(file.parent, error) from None
    return True


def _accept(kept: Kept, part: Path, repository: Repository) -> None:
    """Give a part its name if it is what the hub says; else throw it away."""
    try:
        if not _is(kept, part):
            part.unlink()
            raise HubError(
                f"{kept.path} came with other bytes than the hub promises for {repository.wanted};"
                " it is thrown away and nothing is installed; give the command again, and if it"
                " comes wrong again, do not trust where it comes from"
            )
        _check_weights(kept, part)
        part.replace(part.with_name(part.name.removesuffix(".part")))
    except OSError as error:
        raise unwritable(part.parent, error) from None


def _check_weights(kept: Kept, file: Path) -> None:
    """Throw weights away that are none: the hub keeps whatever was put there."""
    wrong = ""
    if kept.path.endswith(".gguf"):
        with file.open("rb") as stream:
            wrong = "" if stream.read(4) == b"GGUF" else "it does not begin like a .gguf file"
    elif kept.path.endswith(".safetensors"):
        try:
            read_header(file)
        except ModelError as error:
            wrong = str(error).replace(str(file), "it").partition(";")[0]
    if wrong:
        file.unlink()
        raise HubError(
            f"the hub's {kept.path} cannot be used: {wrong}; nothing is installed: look for"
            " another repository of this model"
        )
