"""The loader `transformers`: a model that writes pictures, and what its tokens stand for."""

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

from .load import CLASSES, palette_of

_NAME = "autoregressive model"


def load(ref: Reference, place: Path, device: str) -> Live:
    """Open what a reference names; what is wrong with its folder is a ``ModelError``."""
    return moved(_read(ref, place, device), device)


def offload(ref: Reference, place: Path, device: str) -> Live:
    """The same with the weights in host memory."""
    return visiting(_read(ref, place, device), device)


def _read(ref: Reference, place: Path, device: str) -> Live:
    kind = class_of(CLASSES[ref.family], "transformers")
    model = transformer(kind, ref, place, precision_of(ref, device), what=_NAME)
    if ref.family == "imagegpt":
        return Live(
            {"model": model}, {"palette": palette_of(place, ref.source, int(ref.options["codes"]))}
        )
    with opening(ref, place, _NAME):
        return Live({"model": model, "words": tokenizer(place)})


transformers = Loader(load, size, offload=offload)
