"""Files written whole or not at all, whatever stops it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


def write_whole(path: Path, data: bytes, mode: int = 0o666, sync: bool = False) -> None:
    """Write a file, in the place of one that may be there; raises :class:`OSError`.

    What is no file, a pipe or a device, stays where it is and is written to. ``mode`` says who may
    read and write it, less what the system takes from that; with ``sync`` the data is on the disk
    before the file has its name.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    with _written(path, data, mode, sync) as temporary:
        temporary.replace(path)


def write_new(path: Path, data: bytes, mode: int = 0o666, sync: bool = False) -> bool:
    """The same for a name that is free; False if there is a file of that name by now."""
    with _written(path, data, mode, sync) as temporary:
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            if path.exists():
                return False
            temporary.replace(path)
        return True


@contextmanager
def _written(path: Path, data: bytes, mode: int, sync: bool) -> Iterator[Path]:
    """The data in a hidden file beside ``path``, which is gone in the end."""
    temporary = path.parent / f".{uuid4().hex}.part"
    try:
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as stream:
            stream.write(data)
            if sync:
                stream.flush()
                os.fsync(stream.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
