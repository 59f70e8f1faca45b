"""Weight files read by their headers: whole or cut off, and of which type of number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PICKLES = frozenset({".bin", ".ckpt", ".pt", ".pth", ".pkl"})


def stored_type(header: dict[str, dict[str, Any]]) -> str:
    """The type of number that most of the weights have, such as ``F16``."""
    bytes_by_type: dict[str, int] = {}
    for entry in header.values():
        first, last = entry["data_offsets"]
        bytes_by_type[entry["dtype"]] = bytes_by_type.get(entry["dtype"], 0) + last - first
    return max(bytes_by_type, key=lambda name: bytes_by_type[name], default="F32")


def sampled_digest(files: list[Path]) -> str:
    """A short digest of headers and sampled blocks: tells weights apart without reading them."""
    from blake3 import blake3

    hasher = blake3()
    block = 1 << 16
    for file in files:
        size = file.stat().st_size
        with file.open("rb") as stream:
            for at in (0, size // 2, max(0, size - block)):
                stream.seek(at)
                hasher.update(stream.read(block))
    return hasher.hexdigest()[:8]
