"""Reading a zip that nobody vouches for: looked through as a whole before any member is read."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from musegraph.errors import UnreadableWorkflow

MAX_BYTES = 2**30
"""Bytes of all members together, unpacked."""
MAX_MEMBERS = 10_000

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class Archive:
    """A zip opened for reading. Whatever is wrong with it is one :class:`UnreadableWorkflow`."""

    def __init__(self, place: Path) -> None:
        self.place = place
        with self._sentences():
            self._zip = zipfile.ZipFile(place)
        listed = self._zip.infolist()
        if why := _refused(listed):
            self.close()
            raise UnreadableWorkflow(f"{place} is no bundle that can be read: {why}")
        self.sizes = {one.filename: one.file_size for one in listed}
        """The bytes of each member by its name, unpacked."""

    def read(self, name: str) -> bytes:
        with self._sentences():
            return self._zip.read(name)

    def close(self) -> None:
        self._zip.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            said = error.strerror or str(error)
            raise UnreadableWorkflow(f"{self.place} cannot be read: {said}") from None
        except _BROKEN as error:
            said = f"{self.place} is no bundle that can be read: {error}"
            raise UnreadableWorkflow(said) from None


def _refused(listed: list[zipfile.ZipInfo]) -> str:
    """What speaks against reading a zip with these members; empty if nothing does."""
    if len(listed) > MAX_MEMBERS:
        return f"it holds {len(listed):,} files; at most {MAX_MEMBERS:,} are read"
    if sum(one.file_size for one in listed) > MAX_BYTES:
        return f"it unpacks to more than {MAX_BYTES >> 20} MB"
    seen: set[str] = set()
    for one in listed:
        path = PurePosixPath(one.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in one.filename or ":" in one.filename:
            return f"its member {one.filename!r} leads out of it"
        if stat.S_ISLNK(one.external_attr >> 16):
            return f"its member {one.filename!r} is a link"
        if one.flag_bits & 1:
            return f"its member {one.filename!r} is encrypted"
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return f"its member {one.filename!r} is packed in a way that is not read; use deflate"
        if one.filename in seen:
            return f"its member {one.filename!r} stands in it twice"
        seen.add(one.filename)
    return ""
