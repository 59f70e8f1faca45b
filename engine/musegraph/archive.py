"""Reading a zip that nobody vouches for: looked through as a whole before any member is read."""

from __future__ import annotations

import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from musegraph.errors import UnreadableWorkflow
from musegraph.values.files import plain_name

MAX_BYTES = 2**30
"""Bytes of all members together, unpacked."""
MAX_MEMBERS = 10_000
MAX_DEPTH = 16
"""Folders of folders."""
MAX_RATIO = 200
"""How much smaller than its content a large member may be; deflate reaches 1,032 with zeros."""
LARGE = 1 << 20

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
    files: set[str] = set()
    folders: set[str] = set()
    for one in listed:
        if why := _member_refused(one):
            return f"its member {one.filename!r} {why}"
        # Readers differ in which of two members they take whose names are one on some systems.
        plain = PurePosixPath(unicodedata.normalize("NFC", one.filename).casefold())
        if str(plain) in files:
            return f"its member {one.filename!r} stands in it twice"
        if not one.is_dir():
            files.add(str(plain))
        folders |= {str(folder) for folder in plain.parents}
    if both := files & folders:
        return f"its member {min(both)!r} is a file, and a folder of others"
    return ""


def _member_refused(one: zipfile.ZipInfo) -> str:
    """What speaks against a member; empty if nothing does."""
    name, kind = one.filename, stat.S_IFMT(one.external_attr >> 16)
    parts = name.removesuffix("/").split("/")
    if name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
        return "leads out of it"
    if kind == stat.S_IFLNK:
        return "is a link"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a device, no file"
    if one.orig_filename != name or any(_is_odd(part) for part in parts):
        return "has a name that not every system takes; name it anew"
    if len(parts) > MAX_DEPTH:
        return f"lies more than {MAX_DEPTH} folders deep"
    if one.flag_bits & 1:
        return "is encrypted"
    if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed in a way that is not read; use deflate"
    if one.file_size > max(LARGE, MAX_RATIO * one.compress_size):
        return f"unpacks to more than {MAX_RATIO} times its size"
    return ""


def _is_odd(part: str) -> bool:
    """Whether part of a name is none on some systems; one that begins with a dot is hidden only."""
    return not part or plain_name(part.lstrip(".")) != part.lstrip(".")
