"""What is wrong with a folder of models, in a sentence that says what to do."""

from __future__ import annotations

import errno
from pathlib import Path

from musegraph.errors import StoreError

_ELSEWHERE = "use another folder (--models, or the variable MUSEGRAPH_MODELS)"


def unwritable(folder: Path, error: OSError) -> StoreError:
    """The error to raise for one of the file system."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            f"the disk is full at {folder}; what has come is kept: make room and give the command"
            f" again, or {_ELSEWHERE}"
        )
    return StoreError(
        f"{error.filename or folder} cannot be written: {error.strerror or error}; {_ELSEWHERE}"
    )


def amount(count: int) -> str:
    """Bytes in a sentence: ``312 bytes``, ``40 MiB``, ``3.9 GiB``."""
    for limit, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if count >= 1 << limit:
            value = count / (1 << limit)
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{count} bytes"


def shown(text: str) -> str:
    """Text from elsewhere without the letters that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
