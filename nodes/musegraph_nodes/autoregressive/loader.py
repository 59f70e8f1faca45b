"""The loader `transformers`: a model that writes pictures, and what its tokens stand for."""

from __future__ import annotations

from pathlib import Path

from musegraph import Reference
from musegraph_nodes.live import (
    Live,
    class_of,
    loader_of,
    opening,
    precision_of,
    tokenizer,
    transformer,
)

from .load import CLASSES, palette_of

_NAME = "autoregressive model"


def _read(ref: Reference, place: Path, device: str) -> Live:
    """Open what a reference names; what is wrong with its folder is a ``ModelError``."""
    kind = class_of(CLASSES[ref.family], "transformers")
    model = transformer(kind, ref, place, precision_of(ref, device), what=_NAME)
    if ref.family == "imagegpt":
        return Live(
            {"model": model}, {"palette": palette_of(place, ref.source, int(ref.options["codes"]))}
        )
    with opening(ref, place, _NAME):
        return Live({"model": model, "words": tokenizer(place)})


transformers = loader_of(_read)
