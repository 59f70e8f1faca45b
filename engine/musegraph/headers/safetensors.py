"""The header of a .safetensors file, read and checked before anything else of the file is."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from operator import itemgetter
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
_FIRST = '{"__metadata__":'
_WORDS = ('"dtype"', '"shape"', '"data_offsets"')
_PICKLED = (b"PK\x03\x04", b"\x80")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without a name that stands twice: readers differ in which of the two they take."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice")
    return made


_STRICT = json.JSONDecoder(object_pairs_hook=_once)


@dataclass(frozen=True, slots=True)
class Header:
    """What a file of weights says of itself.

    ``tensors`` are by name, each with ``dtype``, ``shape`` and ``data_offsets``, counted from
    ``start``, the first byte of the data; ``metadata`` is what its maker has written into it.
    """

    tensors: dict[str, dict[str, Any]]
    metadata: dict[str, Any] = field(default_factory=dict)
    start: int = 0


def read_header(file: Path) -> dict[str, dict[str, Any]]:
    """The tensors of a .safetensors file by name, each with ``dtype``, ``shape``, ``data_offsets``.

    :class:`ModelError` as for :func:`read_safetensors`.
    """
    return read_safetensors(file).tensors


def read_safetensors(file: Path) -> Header:
    """The header of a .safetensors file.

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
            tensors, metadata = _tensors(stream.read(length))
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
    return Header(tensors, metadata, 8 + length)


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


def _tensors(header: bytes) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The tensors and the metadata of a header, in which no name stands twice."""
    text = header.decode()
    metadata: Any = {}
    rest = text
    if text.startswith(_FIRST):  # where the library puts it
        first = len(text) - len(text[len(_FIRST) :].lstrip(" \t\n\r"))
        metadata, end = _STRICT.raw_decode(text, first)
        after = text[end:].lstrip(" \t\n\r")
        if after.startswith(",") and after[1:].lstrip(" \t\n\r").startswith('"'):
            rest = "{" + after[1:]
        elif after.rstrip() == "}":
            rest = "{}"
        else:
            raise ValueError("no comma and no end behind the metadata")
    found: dict[str, Any] = json.loads(rest)
    if not _all_once(rest, found):
        found = json.loads(text, object_pairs_hook=_once)
        metadata = found.pop("__metadata__", {})
    return found, metadata if isinstance(metadata, dict) else {}


def _all_once(text: str, tensors: dict[str, Any]) -> bool:
    """Whether no name stands twice, as far as counting tells: in half the time of looking.

    Each tensor has each of the three names, so if there are as many of them as there are tensors,
    none was lost on the way into a dictionary. With escapes there may be more than meets the eye.
    """
    return (
        "\\" not in text
        and '"__metadata__"' not in text
        and all(text.count(word) == len(tensors) for word in _WORDS)
    )


def _end_of_data(tensors: dict[str, dict[str, Any]]) -> int:
    """Where the last tensor ends; ``ValueError`` if they overlap, leave gaps or are misshapen."""
    end = 0
    for entry in sorted(tensors.values(), key=itemgetter("data_offsets")):
        first, last = entry["data_offsets"]
        if type(first) is not int or type(last) is not int or first != end or last < first:
            raise ValueError("offsets")
        count, shape = 1, entry["shape"]
        for side in shape:
            if type(side) is not int or side < 0:
                raise ValueError("a size that is no size")
            count *= side or 1  # also a shape with a 0 may not overflow on its way there
            if count >= _MOST:
                raise ValueError("more numbers than can be counted")
        bits = _BITS.get(entry["dtype"])
        if bits and (0 if 0 in shape else count) * bits != (last - first) * 8:
            raise ValueError("a shape that does not fill its place")
        end = last
    if end >= _MOST:
        raise ValueError("more bytes than can be counted")
    return end
