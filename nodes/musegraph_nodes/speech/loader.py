"""The loader `transformers`: a model of speech and its tokenizer, live on a device."""

from __future__ import annotations

from pathlib import Path

from musegraph import Loader, Reference
from musegraph_nodes.live import (
    Live,
    class_of,
    moved,
    opening,
    precision_of,
    size,
    tokenizer,
    transformer,
    visiting,
)

from .load import CLASSES

_NAME = "model of speech"


def load(ref: Reference, place: Path, device: str) -> Live:
    """Open what a reference names; what is wrong with its folder is a ``ModelError``."""
    return moved(_read(ref, place, device), device)


def offload(ref: Reference, place: Path, device: str) -> Live:
    """The same with the weights in host memory."""
    return visiting(_read(ref, place, device), device)


def _read(ref: Reference, place: Path, device: str) -> Live:
    kind = class_of(CLASSES[ref.family], "transformers")
    model = transformer(kind, ref, place, precision_of(ref, device), what=_NAME)
    with opening(ref, place, _NAME):
        return Live({"model": model, "words": tokenizer(place)})


transformers = Loader(load, size, offload=offload)
