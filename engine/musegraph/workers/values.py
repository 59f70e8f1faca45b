"""The value at an output of a step of a run, as far as it is still here: never computed for this.

What has a form as a file becomes assets, by the code that makes those of outputs. Of other media
there are figures, and of a latent a picture in false colours.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from musegraph.errors import NodeError
from musegraph.locked import named
from musegraph.outputs import facts_of, keep_value
from musegraph.run import Engine
from musegraph.store import NOTHING, Entry, Store
from musegraph.values import Audio, File, Image, Latent, Mask, Media, Motion, Score
from musegraph.workers.courier import picture
from musegraph.workers.poses import poses
from musegraph.workflow import Workflow

LARGEST = 8 << 20
"""Letters of JSON that are shown; a value that takes more has to be an output to be had."""

MOST_TENSORS = 64
"""Tensors of one value of which figures are given."""
_TINTS = ((0.11, 0.09, 0.14), (0.33, 0.22, 0.39), (0.64, 0.46, 0.63), (0.94, 0.89, 0.95))
"""Of a latent in false colours, from low to high."""


def value(engine: Engine, message: Mapping[str, Any]) -> dict[str, Any]:
    """What stood at an output, from memory or disk; ``{"evicted": True}`` if it is in neither.

    ``first`` and ``count`` choose items of a list, or pictures of a batch.
    """
    store = engine.store
    entry = _entry(store, message)
    if entry is None:
        return {"evicted": True}
    wanted = slice(message["first"], message["first"] + message["count"])
    if entry.json is not NOTHING:
        return _json(entry.json, wanted)
    record = message.get("record")
    facts = None
    if record is not None:
        workflow = named(Workflow.parse(message["workflow"]), engine.registry)
        facts = facts_of(workflow.json(), record)
    name = f"{message['node'].replace('/', '_')}_{message['port']}"
    if entry.items is None:
        parts = [_part(store, name, entry, facts, wanted)]
        length = None
    else:
        chosen = list(enumerate(entry.items, 1))[wanted]
        every = slice(0, message["count"])
        parts = [_part(store, f"{name}_{n:02}", item, facts, every) for n, item in chosen]
        length = len(entry.items)
    if any(part is None for part in parts):
        return {"evicted": True}
    return {"form": "media", "value": None, "length": length, "parts": parts}


def _entry(store: Store, message: Mapping[str, Any]) -> Entry | None:
    """Where the value is: by the key of its step, in memory, on disk, or in any record."""
    identity, port = str(message["identity"]), str(message["port"])
    record = store.record(message["key"]) if message.get("key") else None
    known = record.outputs.get(port) if record is not None else None
    if known is not None and known.identity == identity and store.available(known):
        return known
    if identity in store.live:
        return Entry(identity)
    if identity.startswith("json:"):  # it says the value itself
        return store.find(identity)
    if store.disk is not None and store.disk.has(identity):
        return Entry(identity, digest=identity)
    return store.find(identity)


def _json(value: Any, wanted: slice) -> dict[str, Any]:
    """A JSON value; of a list the items that are wanted."""
    length = len(value) if isinstance(value, list) else None
    shown = value if length is None else value[wanted]
    if len(json.dumps(shown, ensure_ascii=False)) > LARGEST:
        raise NodeError(
            f"the value takes more than {LARGEST >> 20} MB as text, too much to be shown; make it"
            " an output of the workflow to have it as a file"
        )
    return {"form": "json", "value": shown, "length": length, "parts": []}


def _part(
    store: Store, name: str, entry: Entry, facts: dict[str, Any] | None, pictures: slice
) -> dict[str, Any] | None:
    """One value: files or figures; None if it is lost."""
    made: dict[str, Any] = {
        "identity": entry.identity, "type": "", "facts": {}, "files": [], "tensors": [],
        "preview": None, "problem": None,
    }  # fmt: skip
    value = store.value(entry)
    if value is NOTHING:
        return None
    if not isinstance(value, Media):
        return {**made, "type": "list", "facts": {"items": len(entry.items or ())}}
    made["type"] = value.type_name()
    made["facts"] = {path: found for path, found in _leaves(value) if _is_plain(found)}
    if isinstance(value, (Image, Mask)):
        height, width = (int(side) for side in value.data.shape[1:3])
        made["facts"] |= {"pictures": len(value.data), "width": width, "height": height}
    if isinstance(value, Motion):
        made["facts"] = {
            "frames": value.frames, "seconds": round(value.seconds, 3), "fps": value.fps,
            "joints": len(value.skeleton.names),
        }  # fmt: skip
        made["preview"] = picture(poses(value))
    if isinstance(value, Audio):
        made["facts"] = {
            "seconds": round(value.data.shape[-1] / value.sample_rate, 3),
            "sample_rate": value.sample_rate, "channels": int(value.data.shape[1]),
        }  # fmt: skip
    if isinstance(value, Score):
        notes = sum(len(track.notes) for track in value.tracks)
        made["facts"] = {
            "seconds": round(value.seconds, 3), "tracks": len(value.tracks), "notes": notes,
        }  # fmt: skip
    if isinstance(value, (Image, Mask, File, Motion, Audio, Score)):
        try:
            kept = keep_value(store, name, entry, facts, pictures)
        except NodeError as error:
            return {**made, "problem": str(error)}
        return {**made, "files": [one.json() for one in kept]}
    tensors = [(path, found) for path, found in _leaves(value) if hasattr(found, "data_ptr")]
    made["tensors"] = [_figures(path, tensor) for path, tensor in tensors[:MOST_TENSORS]]
    made["preview"] = _false_colours(value) if isinstance(value, Latent) else None
    return made


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Everything inside a value that holds nothing further, by its path."""
    inside: Iterator[tuple[Any, Any]]
    if is_dataclass(value) and not isinstance(value, type):
        inside = ((part.name, getattr(value, part.name)) for part in fields(value))
    elif isinstance(value, Mapping):
        inside = iter(value.items())
    elif isinstance(value, (list, tuple)):
        inside = iter(enumerate(value))
    else:
        yield path, value
        return
    for name, part in inside:
        yield from _leaves(part, f"{path}.{name}" if path else str(name))


def _is_plain(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, (str, int, bool)) and len(str(value)) <= 1000


def _figures(name: str, tensor: Any) -> dict[str, Any]:
    """Shape and statistics of a tensor; numbers that are none are counted and left out of them."""
    import torch

    made: dict[str, Any] = {
        "name": name,
        "shape": list(tensor.shape),
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "device": str(tensor.device),
        "min": None, "max": None, "mean": None, "std": None,
        "nonfinite": 0,
    }  # fmt: skip
    flat = tensor.detach().reshape(-1)
    if flat.is_complex():
        return made
    flat = flat.to(torch.float32)
    finite = flat[torch.isfinite(flat)]
    made["nonfinite"] = flat.numel() - finite.numel()
    if finite.numel():
        found = (finite.min(), finite.max(), finite.mean(), finite.std(correction=0))
        for name, number in zip(("min", "max", "mean", "std"), map(float, found), strict=True):
            made[name] = number if math.isfinite(number) else None
    return made


def _false_colours(latent: Latent) -> str | None:
    """What varies most in the first latent, from dark to light: its first principal component.

    The channels themselves are no colours; as red, green and blue they look like a fault.
    """
    import torch

    planes = latent.data[0].detach().float().cpu()
    while planes.dim() > 3:  # a moment of several
        planes = planes[:, 0]
    if planes.dim() != 3 or not planes.numel():
        return None
    rows = torch.nan_to_num(planes).flatten(1).T
    rows = rows - rows.mean(0)
    axis = torch.linalg.svd(rows.T @ rows).U[:, 0]
    axis = axis * (axis.sum().sign() or 1)  # the same latent has the same picture
    flat = rows @ axis
    low, high = flat.quantile(0.02), flat.quantile(0.98)
    light = ((flat - low) / (high - low).clamp(min=1e-6)).clamp(0, 1)[:, None] * (len(_TINTS) - 1)
    tints = torch.tensor(_TINTS)
    below = light.long().clamp(max=len(_TINTS) - 2)
    mixed = torch.lerp(tints[below[:, 0]], tints[below[:, 0] + 1], light - below)
    return picture(Image(mixed.reshape(1, *planes.shape[1:], 3)))
