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
    live = visiting(_read(ref, place, device), device)
    if ref.family == "whisper":
        from accelerate.hooks import remove_hook_from_module

        # Its generation makes tensors where the first of its weights is: this one, which stays.
        first = live.parts["model"].get_encoder().conv1
        remove_hook_from_module(first).to(device)
    return live


def _read(ref: Reference, place: Path, device: str) -> Live:
    kind = class_of(CLASSES[ref.family], "transformers")
    model = transformer(kind, ref, place, precision_of(ref, device), what=_NAME)
    with opening(ref, place, _NAME):
        parts = {"model": model, "words": tokenizer(place)}
        if ref.family == "whisper":
            ears = class_of("WhisperFeatureExtractor", "transformers")
            parts["ears"] = ears.from_pretrained(place, local_files_only=True)
    return Live(parts)


transformers = Loader(load, size, offload=offload)
