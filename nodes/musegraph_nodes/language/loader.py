"""The loader `transformers`: a language model and its tokenizer, live on a device."""

from __future__ import annotations

from pathlib import Path

from musegraph import Loader, Reference
from musegraph_nodes.live import (
    Live,
    moved,
    opening,
    precision_of,
    size,
    tokenizer,
    transformer,
    visiting,
)

_NAME = "language model"


def load(ref: Reference, place: Path, device: str) -> Live:
    """Open what a reference names; what is wrong with its folder is a ``ModelError``."""
    return moved(_read(ref, place, device), device)


def offload(ref: Reference, place: Path, device: str) -> Live:
    """The same with the weights in host memory."""
    return visiting(_read(ref, place, device), device)


def _read(ref: Reference, place: Path, device: str) -> Live:
    from transformers import AutoModelForCausalLM

    dtype = precision_of(ref, device)
    model = transformer(AutoModelForCausalLM, ref, place, dtype, what=_NAME)
    with opening(ref, place, _NAME):
        return Live({"model": model, "words": tokenizer(place)})


transformers = Loader(load, size, offload=offload)
