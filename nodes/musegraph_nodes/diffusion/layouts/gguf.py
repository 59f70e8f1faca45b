"""GGUF files: tensors in blocks of few bits (https://github.com/ggml-org/ggml, docs/gguf.md)."""

from __future__ import annotations

from pathlib import Path

from musegraph import ModelError

from .weights import Header

_PLAIN = {"F32": "F32", "F16": "F16", "BF16": "BF16"}


def gguf_header(place: Path, source: str) -> Header:
    """Names, shapes and types of the tensors of a file, as :func:`read_header` gives them."""
    from gguf import GGUFReader

    with place.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise ModelError(f"the model {source!r} is no GGUF file, whatever its name says")
    try:
        tensors = GGUFReader(place).tensors
    except Exception as error:  # noqa: BLE001 - the reader of somebody else, on any bytes
        raise ModelError(
            f"the model {source!r} is no whole GGUF file ({' '.join(str(error).split())[:200]});"
            " get it again"
        ) from None
    return {
        str(tensor.name): {
            "dtype": _PLAIN.get(tensor.tensor_type.name, tensor.tensor_type.name),
            "shape": [int(side) for side in reversed(tensor.shape)],
            "data_offsets": [
                int(tensor.data_offset),
                int(tensor.data_offset) + int(tensor.n_bytes),
            ],
        }
        for tensor in tensors
    }
