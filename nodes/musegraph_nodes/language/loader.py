"""The loader `transformers`: a language model and its tokenizer, live on a device."""

from __future__ import annotations

from pathlib import Path

from musegraph import Reference
from musegraph_nodes.live import (
    Live,
    loader_of,
    opening,
    precision_of,
    tokenizer,
    transformer,
)

_NAME = "language model"


def _read(ref: Reference, place: Path, device: str) -> Live:
    """Open what a reference names; what is wrong with its folder is a ``ModelError``."""
    from transformers import AutoModelForCausalLM

    dtype = precision_of(ref, device)
    model = transformer(AutoModelForCausalLM, ref, place, dtype, what=_NAME)
    with opening(ref, place, _NAME):
        return Live({"model": model, "words": tokenizer(place)})


transformers = loader_of(_read)
