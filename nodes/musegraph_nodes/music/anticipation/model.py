"""Node `music.load_event_model` and the loader `events`: models in the layout of GPT-2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from musegraph import Context, Loader, ModelError, ModelSource, Reference, node

from . import events as e

if TYPE_CHECKING:
    import torch

LOADER = "music.events"
_LEAST = 64
"""Positions without which there is no room for a phrase."""


class EventModel(Reference):
    """A model that writes music as arrivals of notes."""


@node(version="1")
def load_event_model(
    ctx: Context,
    source: Annotated[
        ModelSource,
        Field(
            description="A folder with config.json and model.safetensors of a GPT-2 over the 55,028"
            " tokens of the Anticipatory Music Transformer.",
            json_schema_extra={"models": ["language", "other"]},
        ),
    ],
) -> EventModel:
    """Choose a public model that writes music as arrivals of notes, for music.anticipate.

    Models of the Anticipatory Music Transformer are such: `music-small-800k` and its larger
    siblings. Files that are pickles are not opened; save them as .safetensors first.
    """
    found = ctx.weights(source)
    _checked(found.path, source)
    return EventModel(
        loader=LOADER, source=source, part="events", digest=found.digest, family="anticipation"
    )


def _checked(place: Path, source: str) -> None:
    """Refuse a folder that is no such model, by its configuration alone."""
    try:
        told = json.loads((place / "config.json").read_text("utf-8"))
        kind, size = told["model_type"], int(told["vocab_size"])
        room = int(told.get("n_positions", 1024))
    except (OSError, KeyError, TypeError, ValueError):
        raise ModelError(
            f"{source!r} is no model of musical events: {place} has no config.json of a GPT-2; name"
            " a folder with config.json and model.safetensors"
        ) from None
    if kind != "gpt2" or size != e.SIZE or room < _LEAST:
        raise ModelError(
            f"{source!r} is a {kind} of {size:,} tokens and {room} positions; models of musical"
            f" events are a gpt2 of {e.SIZE:,} tokens and at least {_LEAST} positions"
        )
    if not (place / "model.safetensors").is_file() and not list(
        place.glob("*.safetensors.index.*")
    ):
        raise ModelError(
            f"{source!r} has no model.safetensors in {place}; a pickle (.bin) is never opened, as"
            " it can run code: save the model as .safetensors"
        )


def load(ref: Reference, place: Path, device: str) -> torch.nn.Module:
    """The net of a reference; each of its tensors has to be there, and no other."""
    from transformers import GPT2LMHeadModel

    from musegraph_nodes.live import transformer

    _checked(place, ref.source)
    net = transformer(GPT2LMHeadModel, ref, place, exact=True)
    made: torch.nn.Module = net.float().requires_grad_(False).to(device)
    return made


def bytes_of(live: Any) -> int:
    """The bytes of a net."""
    return sum(tensor.numel() * tensor.element_size() for tensor in live.parameters())


events = Loader(load, bytes_of)
