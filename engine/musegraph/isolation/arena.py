"""A stretch of memory that two processes share: one writes values into it, the other reads them.

Whoever writes made it. A run copies what it reads, so that nobody changes a value that it holds;
the process of a pack reads in place, and what it changes there only it sees.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
import tempfile
import weakref
from collections.abc import Sequence
from typing import Any

LARGE = 4 << 20
"""From this size on memory is asked for in large pages, which take less time to come by."""

_STEP = 1 << 20
_ADD_SEALS, _GET_SEALS, _SHRINK, _GROW = 1033, 1034, 2, 4
_FIXED = _SHRINK | _GROW


class Arena:
    """Memory of a fixed size behind a handle that can be sent to another process."""

    def __init__(self, size: int) -> None:
        self.size = -(-size // _STEP) * _STEP
        self.handle = _anonymous()
        try:
            os.ftruncate(self.handle, self.size)
            if sys.platform == "linux":
                _seal(self.handle)
            self._map = mmap.mmap(self.handle, self.size)
        except BaseException:
            os.close(self.handle)
            raise

    def write(self, pieces: Sequence[tuple[int, Any]]) -> None:
        """Put pieces where they belong."""
        for at, piece in pieces:
            view = memoryview(piece).cast("B")
            if view.readonly or view.nbytes < LARGE:
                self._map[at : at + view.nbytes] = view
            else:
                target = (ctypes.c_ubyte * view.nbytes).from_buffer(self._map, at)
                source = (ctypes.c_ubyte * view.nbytes).from_buffer(view)
                ctypes.memmove(target, source, view.nbytes)

    def close(self) -> None:
        os.close(self.handle)


class Foreign:
    """An arena that another process made."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.size = os.fstat(handle).st_size
        self.fixed = _sealed(handle)
        self._map = mmap.mmap(handle, self.size) if self.fixed and self.size else None

    def copy(self, size: int) -> Any:
        """Its first bytes in memory of one's own; ``ValueError`` if it has not that many."""
        if not 0 < size <= self.size:
            raise ValueError("there are fewer bytes than were promised")
        made = private(size)
        if self._map is not None:
            target = (ctypes.c_ubyte * size).from_buffer(made)
            ctypes.memmove(target, (ctypes.c_ubyte * size).from_buffer(self._map), size)
            return made
        view, at = memoryview(made), 0
        while at < size:  # a file that can shrink must not be mapped: reading it would be a crash
            got = os.preadv(self.handle, [view[at:]], at)
            if not got:
                raise ValueError("there are fewer bytes than were promised")
            at += got
        return made

    def in_place(self, size: int) -> tuple[Any, weakref.ref[Any]]:
        """Its first bytes as they lie there, and what tells whether somebody still holds them."""
        if self._map is None:
            made: Any = (ctypes.c_ubyte * size).from_buffer(self.copy(size))
        else:
            made = (ctypes.c_ubyte * size).from_buffer(self._map)
        return made, weakref.ref(made)

    def close(self) -> None:
        os.close(self.handle)


def private(size: int) -> Any:
    """Memory of one's own, in large pages where there is much of it."""
    if size < LARGE:
        return bytearray(size)
    made = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | getattr(mmap, "MAP_ANONYMOUS", 0))
    if hasattr(mmap, "MADV_HUGEPAGE"):
        try:
            made.madvise(mmap.MADV_HUGEPAGE)
        except OSError:  # a kernel without large pages
            return made
    return made


def _anonymous() -> int:
    """A file that has no name."""
    if sys.platform == "linux":
        return os.memfd_create("musegraph", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    handle, place = tempfile.mkstemp(prefix="musegraph-")
    os.unlink(place)  # noqa: PTH108  it lives as long as its handle
    return handle


def _seal(handle: int) -> None:
    import fcntl

    fcntl.fcntl(handle, _ADD_SEALS, _FIXED)


def _sealed(handle: int) -> bool:
    """Whether the size can never change."""
    import fcntl

    if sys.platform != "linux":
        return False
    try:
        return fcntl.fcntl(handle, _GET_SEALS) & _FIXED == _FIXED
    except OSError:
        return False
