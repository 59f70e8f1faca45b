"""The quick id of a model: its header, its size and samples of its weights.

It tells a model from all others that one is likely to have, at the price of a few reads; so a model
that was renamed is found again, and one that is there twice is noticed. It proves nothing: what a
run was made of is named by the digest of every byte.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from blake3 import blake3

from musegraph.errors import ModelError

SAMPLES = 16
"""Close enough together that one of them falls into an autoencoder that was exchanged."""

LENGTH = 4096
LONGEST = 4 << 20
"""Bytes of a header that count; what follows in a longer one are words of a vocabulary."""


def quick_id_of(file: Path, start: int) -> str:
    """The quick id of a file of weights, whose data begin at ``start``."""
    try:
        with file.open("rb", buffering=0) as stream:
            size = stream.seek(0, 2)
            stream.seek(0)
            hasher = blake3(f"musegraph quick 1 {size} {start}\n".encode())
            hasher.update(stream.read(min(start, LONGEST)))
            room = max(0, size - start - LENGTH)
            places = sorted({start + room * step // (SAMPLES - 1) for step in range(SAMPLES)})
            for place in places:
                stream.seek(place)
                hasher.update(stream.read(LENGTH))
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from None
    return f"quick:{hasher.hexdigest(16)}"


def together(parts: Iterable[tuple[str, str]]) -> str:
    """The quick id of a folder, of its files by their paths."""
    hasher = blake3(b"musegraph quick folder 1\n")
    for path, quick in sorted(parts):
        hasher.update(f"{path}={quick}\n".encode())
    return f"quick:{hasher.hexdigest(16)}"
