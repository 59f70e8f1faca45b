"""What is remembered of a model that was fetched: from where, which commit, which files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from musegraph.errors import MusegraphError
from musegraph.hub.ask import Repository
from musegraph.hub.choose import Choice
from musegraph.hub.names import name_of, safe_path

Inside = Annotated[str, AfterValidator(safe_path)]
"""A path that stays inside, also if somebody has written into the record."""


class Kept(BaseModel):
    """A file of the model, by its path in the repository."""

    model_config = ConfigDict(frozen=True)

    path: Inside
    size: Annotated[int, Field(ge=0)]
    sha256: str = ""
    blob: str = ""
    """Git's name for it, which the hub gives for files that are not large."""


class Record(BaseModel):
    """Where a model comes from. It lies apart from the model, whose digest it must not change."""

    model_config = ConfigDict(frozen=True)

    musegraph: Literal[1] = 1
    name: Inside
    source: str
    revision: str = ""
    """What was asked for; the commit is what it was then."""
    commit: str
    endpoint: str = ""
    licence: str = ""
    licence_link: str = ""
    gated: str = ""
    variant: str = ""
    single: bool = False
    added: str = ""
    files: tuple[Kept, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    def file(self, place: Path, kept: Kept) -> Path:
        """Where a file of the model is, if the model is at ``place``."""
        return place if self.single else place / kept.path

    def wrongs(self, place: Path, read: bool = False) -> Iterator[str]:
        """What is not as it was fetched: sizes, or with ``read`` every byte."""
        for kept in self.files:
            file = self.file(place, kept)
            if not file.is_file():
                yield f"{kept.path} is missing"
            elif file.stat().st_size != kept.size:
                yield f"{kept.path} has {file.stat().st_size:,} bytes instead of {kept.size:,}"
            elif read and kept.sha256 and sha256_of(file) != kept.sha256:
                yield f"{kept.path} has changed"

    def write(self, file: Path) -> None:
        """Write it as a whole, or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            new.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
            new.replace(file)
        finally:
            new.unlink(missing_ok=True)

    @classmethod
    def read(cls, file: Path) -> Record | None:
        """The record in a file; None if there is none that makes sense."""
        try:
            return cls.model_validate_json(file.read_bytes())
        except (OSError, ValidationError, MusegraphError):
            return None


def record_of(repository: Repository, choice: Choice, name: str = "", variant: str = "") -> Record:
    """The record of a model that is to be fetched: what was chosen of a repository."""
    file = choice.files[0].path if choice.single else ""
    return Record(
        name=safe_path(name_of(repository.wanted.repo, file, name)),
        source=repository.wanted.repo,
        revision=repository.wanted.revision,
        commit=repository.commit,
        endpoint=repository.endpoint,
        licence=repository.licence,
        licence_link=repository.licence_link,
        gated=repository.gated,
        variant=variant,
        single=choice.single,
        added=datetime.now(UTC).isoformat(timespec="seconds"),
        files=tuple(
            Kept(path=one.path, size=one.size, sha256=one.sha256, blob=one.blob)
            for one in choice.files
        ),
    )


def sha256_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def blob_of(file: Path) -> str:
    """Git's name for the content of a file: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects."""
    hasher = hashlib.sha1(b"blob %d\0" % file.stat().st_size, usedforsecurity=False)
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hasher).hexdigest()
