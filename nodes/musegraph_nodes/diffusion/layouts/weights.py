"""Weight files read by their headers: whole or cut off, and of which type of number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from musegraph import read_header

PICKLES = frozenset({".bin", ".ckpt", ".pt", ".pth", ".pkl"})
Header = dict[str, dict[str, Any]]
_BLOCK = 1 << 16
_VAE_ENDS = frozenset(
    [
        *(f"{half}.{end}" for half in ("encoder", "decoder") for end in ("conv_in", "conv_out")),
        "quant_conv",
        "post_quant_conv",
    ]
)


def stored_type(header: dict[str, dict[str, Any]]) -> str:
    """The type of number that most of the weights have, such as ``F16``."""
    bytes_by_type: dict[str, int] = {}
    for entry in header.values():
        first, last = entry["data_offsets"]
        bytes_by_type[entry["dtype"]] = bytes_by_type.get(entry["dtype"], 0) + last - first
    return max(bytes_by_type, key=lambda name: bytes_by_type[name], default="F32")


def same_in_vaes(prefix: str) -> Callable[[str], str | None]:
    """Names of an autoencoder's tensors as Diffusers and the original layout both have them.

    These are the convolutions at its ends; whoever trains an autoencoder changes them too. For
    other tensors the answer is None.
    """

    def common(name: str) -> str | None:
        own = name.removeprefix(prefix)
        return own if name.startswith(prefix) and own.rpartition(".")[0] in _VAE_ENDS else None

    return common


def same_in_text_encoders(prefix: str) -> Callable[[str], str | None]:
    """Names of a text encoder's weights, which layouts and versions only begin differently."""

    def common(name: str) -> str | None:
        own = name.removeprefix(prefix).removeprefix("text_model.")
        return own if name.startswith(prefix) and not own.endswith("position_ids") else None

    return common


def sampled_digest(files: Iterable[Path], common: Callable[[str], str | None]) -> str:
    """A short digest of shapes and sampled blocks: tells weights apart without reading them.

    Equal weights have equal digests in all layouts: ``common`` gives the name of a tensor that does
    not depend on the layout, or None for a tensor that does not count.
    """
    from blake3 import blake3

    sampled: dict[str, tuple[Path, int, int, dict[str, Any]]] = {}
    for file in files:
        header = read_header(file)
        end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
        data = file.stat().st_size - end
        for name, entry in header.items():
            known = common(name)
            if known is not None:
                first, last = entry["data_offsets"]
                sampled[known] = (file, data + first, min(last - first, _BLOCK), entry)
    hasher = blake3()
    for known, (file, start, length, entry) in sorted(sampled.items()):
        hasher.update(f"{known} {entry['dtype']} {entry['shape']}\n".encode())
        with file.open("rb") as stream:
            stream.seek(start)
            hasher.update(stream.read(length))
    return hasher.hexdigest()[:8]
