"""The loader `models`: what makes sound, live on a device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
)
from musegraph_nodes.pipelines.loader import load as load_pipeline

from .families import FAMILIES


def load(ref: Reference, place: Path, device: str) -> Live:
    """Load what a reference names; a damaged file is a ``ModelError``."""
    if FAMILIES[ref.family].library == "diffusers":
        return _mended(load_pipeline(ref, place, device))
    return moved(_opened(ref, place, device), device)


def _opened(ref: Reference, place: Path, device: str) -> Live:
    kind = class_of(ref.family, "transformers")
    # What marks the places is computed and need not be stored.
    model = transformer(kind, ref, place, precision_of(ref, device), computed="embed_positions")
    parts = {"model": model}
    if "text_encoder" in {name for name, _ in model.named_children()}:
        with opening(ref, place):
            parts["tokenizer"] = tokenizer(place)
    return Live(parts)


def _mended(live: Live) -> Live:
    """Give AudioLDM 2 the class of language model that its pipeline asks for.

    Its published folders name ``GPT2Model``, from which transformers has since taken what the
    pipeline calls; the one with a head, which goes unused, has it.
    """
    from transformers import GPT2LMHeadModel, GPT2Model

    found = live.parts.get("language_model")
    if isinstance(found, GPT2Model):
        whole: Any = GPT2LMHeadModel(found.config)
        whole.transformer = found
        whole.tie_weights()
        live.parts["language_model"] = whole.eval().to(found.device, found.dtype)
    return live


models = Loader(load, size)
