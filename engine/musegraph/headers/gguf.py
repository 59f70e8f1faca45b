"""The header of a .gguf file, read and checked before anything else of the file is.

The reader of the library ``gguf`` maps the whole file into memory, makes an array of every value,
and trusts the counts that it finds. Here nothing is read but the header, and no count is believed
that the file could not hold.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

from musegraph.errors import ModelError
from musegraph.headers.safetensors import Header

TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292), 16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4),
    27: ("I64", 1, 8), 28: ("F64", 1, 8), 29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36), 41: ("Q1_0", 128, 18),
}  # fmt: skip
"""By the number of a type: its name, the numbers in a block and the bytes of one.

https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_TEXT, _LIST = 8, 9
_LONGEST = 256 << 20
"""Bytes of a header. Vocabularies stand there too, of up to 250,000 texts."""

_LONGEST_NAME = 65_535
_MOST_TENSORS, _MOST_FACTS = 100_000, 10_000
_MOST_SIDES = 8
_KEPT = 64
"""A list that is longer than this is walked over and not kept."""

_LONGEST_KEPT = 1 << 16
_MOST = 2**63


class _Wrong(ValueError):
    """What is wrong with the file, as the rest of a sentence about it."""


def read_gguf(file: Path) -> Header:
    """The header of a .gguf file; shapes are in the order of PyTorch, the first side outermost.

    :class:`ModelError` says what is wrong with a file that is none, is cut off, or whose header
    contradicts itself.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            return _Reader(stream, size).header()
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from None
    except _Wrong as error:
        raise ModelError(f"{file} {error}; get it again") from None
    except (ValueError, struct.error):
        raise ModelError(f"{file} is damaged: its header makes no sense; get it again") from None


class _Reader:
    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._size = size
        self._end = min(size, _LONGEST)

    def header(self) -> Header:
        if self._stream.read(4) != b"GGUF":
            raise _Wrong(
                f"is no .gguf file, or only the beginning of one: it holds {self._size} bytes"
            )
        version = self._number("I")
        if version not in (2, 3):
            raise _Wrong(f"is of version {version} of the format, and 2 and 3 are read")
        tensors, facts = self._number("Q"), self._number("Q")
        if tensors > _MOST_TENSORS or facts > _MOST_FACTS:
            raise ValueError("more than a model has")
        metadata: dict[str, Any] = {}
        for _ in range(facts):
            name = self._text(_LONGEST_NAME)
            if name in metadata:
                raise ValueError("a name stands twice")
            metadata[name] = self._value(self._number("I"))
        found: dict[str, tuple[str, list[int], int, int]] = {}
        for _ in range(tensors):
            name, entry = self._tensor()
            if name in found:
                raise ValueError("a name stands twice")
            found[name] = entry
        return self._placed(found, metadata)

    def _placed(
        self, found: dict[str, tuple[str, list[int], int, int]], metadata: dict[str, Any]
    ) -> Header:
        """The header, once all its tensors lie in the file, one behind the other."""
        step = metadata.get("general.alignment", 32)
        if type(step) is not int or step <= 0 or step & (step - 1) or step > 1 << 20:
            raise ValueError("an alignment that is none")
        start = -(-self._stream.tell() // step) * step
        end = 0
        for _, _, at, length in sorted(found.values(), key=lambda entry: entry[2]):
            if at % step or at < end:
                raise ValueError("offsets")
            end = at + length
        if self._size < start + end:
            raise _Wrong(f"is cut off: it holds {self._size} of {start + end} bytes")
        tensors = {
            name: {"dtype": kind, "shape": shape, "data_offsets": [at, at + length]}
            for name, (kind, shape, at, length) in found.items()
        }
        return Header(tensors, metadata, start)

    def _tensor(self) -> tuple[str, tuple[str, list[int], int, int]]:
        name = self._text(_LONGEST_NAME)
        sides = self._number("I")
        if sides > _MOST_SIDES:
            raise ValueError("more sides than a tensor has")
        shape = [self._number("Q") for _ in range(sides)]
        known = TYPES.get(self._number("I"))
        if known is None:
            raise _Wrong(f"holds {name[:80]!r} in a type of numbers that is not known here")
        kind, block, width = known
        at, count = self._number("Q"), 1
        for side in shape:
            count *= side or 1
            if count >= _MOST:
                raise ValueError("more numbers than can be counted")
        count = 0 if 0 in shape else count
        if at >= _MOST or (shape and shape[0] % block):
            raise ValueError("a row that is no number of blocks")
        return name, (kind, shape[::-1], at, count // block * width)

    def _value(self, kind: int, depth: int = 0) -> Any:
        if kind in _SCALARS:
            return self._number(_SCALARS[kind])
        if kind == _TEXT:
            return self._text(_LONGEST)
        if kind != _LIST or depth > 2:
            raise ValueError("a kind of value that is not known")
        inner, count = self._number("I"), self._number("Q")
        if inner in _SCALARS:
            width = struct.calcsize(f"<{_SCALARS[inner]}")
            data = self._bytes(count * width, keep=count <= _KEPT)
            return list(struct.unpack(f"<{count}{_SCALARS[inner]}", data)) if data else []
        if count > self._end:  # each item takes some bytes
            raise ValueError("more items than the file can hold")
        kept = [self._value(inner, depth + 1) for _ in range(min(count, _KEPT))]
        for _ in range(count - len(kept)):
            if inner == _TEXT:
                self._bytes(self._number("Q"), keep=False)
            else:
                self._value(inner, depth + 1)
        return kept if count <= _KEPT else []

    def _text(self, longest: int) -> str:
        length = self._number("Q")
        if length > longest:
            raise ValueError("a text that is too long")
        return self._bytes(length, keep=length <= _LONGEST_KEPT).decode("utf-8", "replace")

    def _number(self, form: str) -> Any:
        return struct.unpack(f"<{form}", self._bytes(struct.calcsize(f"<{form}")))[0]

    def _bytes(self, length: int, keep: bool = True) -> bytes:
        """So many bytes; those that are not kept are passed over."""
        if length > self._end - self._stream.tell():
            if self._end < self._size:
                raise _Wrong(f"has a header above {_LONGEST >> 20} MB, and no model needs that")
            raise _Wrong(f"is cut off within its header: it holds {self._size} bytes")
        if keep:
            return self._stream.read(length)
        self._stream.seek(length, 1)
        return b""
