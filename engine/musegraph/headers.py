"""The header of a .safetensors file, read and checked before anything else of the file is."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from musegraph.errors import ModelError

_BITS = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I16": 16, "I8": 8,
    "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8, "F8_E4M3": 8, "F8_E5M2": 8,
}  # fmt: skip
_LONGEST = 8 << 20
"""Bytes of a header: some 80,000 tensors. A file of the largest models has a few thousand."""

_MOST = 2**63
_PICKLED = (b"PK\x03\x04", b"\x80")


def read_header(file: Path) -> dict[str, dict[str, Any]]:
    """The tensors of a .safetensors file by name, each with ``dtype``, ``shape``, ``data_offsets``.

    The layout is the header's length in 8 bytes, the header as JSON, then the data without gaps:
    https://huggingface.co/docs/safetensors. :class:`ModelError` says what is wrong with a file that
    is none, is cut off, or whose header contradicts itself.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            start = stream.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            if _LONGEST < length <= size - 8:
                raise ModelError(
                    f"{file} has a header of {length >> 20} MB, and none above {_LONGEST >> 20} MB"
                    " is read: no model needs that, so get the file again"
                )
            if not 2 <= length <= size - 8:
                raise ModelError(_is_none(file, start, size))
            tensors = _tensors(stream.read(length))
        end = _end_of_data(tensors)
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from None
    except RecursionError:
        raise ModelError(
            f"{file} is damaged: its header is nested too deep; get it again"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ModelError(f"{file} is damaged: its header makes no sense; get it again") from None
    whole = 8 + length + end
    if size < whole:
        raise ModelError(f"{file} is cut off: it holds {size} of {whole} bytes; get it again")
    if size > whole:
        raise ModelError(f"{file} is damaged: {size - whole} bytes are left over; get it again")
    return tensors


def _is_none(file: Path, start: bytes, size: int) -> str:
    if start.startswith(_PICKLED):
        return (
            f"{file} is a pickle under the name of a .safetensors file: it can run code when it is"
            " opened, so it never is; get the real .safetensors file"
        )
    return (
        f"{file} is no .safetensors file, or only the beginning of one: it holds {size} bytes;"
        " get it again"
    )


def _tensors(text: bytes) -> dict[str, dict[str, Any]]:
    tensors: dict[str, dict[str, Any]] = json.loads(text, object_pairs_hook=_once)
    tensors.pop("__metadata__", None)
    return tensors


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without a name that stands twice: readers differ in which of the two they take."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice")
    return made


def _end_of_data(tensors: dict[str, dict[str, Any]]) -> int:
    """Where the last tensor ends; ``ValueError`` if they overlap, leave gaps or are misshapen."""
    end = 0
    for entry in sorted(tensors.values(), key=lambda entry: tuple(entry["data_offsets"])):
        first, last = entry["data_offsets"]
        count = 1
        for number in (first, last, *entry["shape"]):
            if type(number) is not int or not 0 <= number < _MOST:
                raise ValueError("a size that is no size")
        for side in entry["shape"]:
            count *= side or 1  # also a shape with a 0 may not overflow on its way there
            if count >= _MOST:
                raise ValueError("more numbers than can be counted")
        count = 0 if 0 in entry["shape"] else count
        bits = _BITS.get(entry["dtype"])
        if first != end or last < first or (bits and count * bits != (last - first) * 8):
            raise ValueError("offsets")
        end = last
    return end
