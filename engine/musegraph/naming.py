"""Under which name the file of an output stands: one that says what it holds, and is free."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from musegraph.values import digest
from musegraph.whole import write_new, write_whole

_MOST = 120
"""Bytes of a file name before its suffix, so that it stays below 255 with all that is added."""


def put(
    folder: Path,
    names: Iterator[str],
    data: bytes,
    over: Callable[[bytes], bool | None] = lambda there: None,
) -> tuple[Path, bool]:
    """Write bytes under the first name that is free or holds the same; where, and if it had to.

    ``over`` says of other bytes under a name if they are ours, to be written over or left alone;
    None if they are not, and the next name is tried.
    """
    for name in names:
        path = folder / name
        try:
            there = path.read_bytes()
        except FileNotFoundError:
            if write_new(path, data):
                return path, True
            there = path.read_bytes()  # another process was faster
        except IsADirectoryError:
            continue
        if there == data:
            return path, False
        if (ours := over(there)) is not None:
            if ours:
                write_whole(path, data)
            return path, ours
    raise AssertionError("there is no end to names")


def mark_of(identity: str) -> str:
    """Hexadecimal digits that stand for an identity."""
    plain = identity.removeprefix("blake3:")
    if not re.fullmatch(r"[0-9a-f]{64}", plain):
        plain = digest("name", identity).removeprefix("blake3:")
    return plain


def names_of(name: str, mark: str, bare: bool = False) -> Iterator[str]:
    """``name_1a2b3c4d.png``, then longer ones; with ``bare``, ``name.png`` before them."""
    stem, dot, suffix = name.rpartition(".")
    if not dot or not stem:
        stem, suffix = name, ""
    stem = stem.encode()[:_MOST].decode(errors="ignore")
    end = f".{suffix[:16]}" if suffix else ""
    if bare:
        yield stem + end
    for length in (8, 16, 64):
        yield f"{stem}_{mark[:length]}{end}"
    for number in count(2):
        yield f"{stem}_{mark}_{number}{end}"
