"""Weight files read by their headers: whole or cut off, and of which type of number."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from musegraph import ModelError

PICKLES = frozenset({".bin", ".ckpt", ".pt", ".pth", ".pkl"})
_BITS = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I16": 16, "I8": 8,
    "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8, "F8_E4M3": 8, "F8_E5M2": 8,
}  # fmt: skip
_LONGEST_HEADER = 100 << 20


def header_of(file: Path) -> dict[str, dict[str, Any]]:
    """The tensors of a .safetensors file by name; refuses a file that is damaged or cut off.

    The layout is the header's length in 8 bytes, the header as JSON, then the data without gaps:
    https://huggingface.co/docs/safetensors.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            start = stream.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            if not 2 <= length <= min(size - 8, _LONGEST_HEADER):
                raise ModelError(
                    f"{file} is no .safetensors file, or only the beginning of one: it holds {size}"
                    " bytes; get it again"
                )
            tensors = json.loads(stream.read(length))
        tensors.pop("__metadata__", None)
        end = _end_of_data(tensors)
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ModelError(f"{file} is damaged: its header makes no sense; get it again") from None
    whole = 8 + length + end
    if size < whole:
        raise ModelError(f"{file} is cut off: it holds {size} of {whole} bytes; get it again")
    if size > whole:
        raise ModelError(f"{file} is damaged: {size - whole} bytes are left over; get it again")
    return dict(tensors)


def _end_of_data(tensors: dict[str, dict[str, Any]]) -> int:
    """Where the last tensor ends; ``ValueError`` if they overlap, leave gaps or are misshapen."""
    end = 0
    for entry in sorted(tensors.values(), key=lambda entry: tuple(entry["data_offsets"])):
        first, last = entry["data_offsets"]
        count = 1
        for side in entry["shape"]:
            count *= side
        bits = _BITS.get(entry["dtype"])
        if first != end or last < first or (bits and count * bits != (last - first) * 8):
            raise ValueError("offsets")
        end = last
    return end


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
