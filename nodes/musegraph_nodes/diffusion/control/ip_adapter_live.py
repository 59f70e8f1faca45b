"""IP-Adapters on a live UNet for the time of a lease, in the arithmetic of diffusers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from musegraph import ModelError, Patch, read_header

from .blocks import block_of
from .once import once

KIND = "ip_adapter"
_PLACES = {
    "style": ("up_blocks.0.attentions.1.",),
    "layout": ("down_blocks.2.attentions.1.",),
    "style and layout": ("up_blocks.0.attentions.1.", "down_blocks.2.attentions.1."),
}


@dataclass(frozen=True)
class Adapter:
    """An adapter found in a file: how wide the embeddings are that it reads, and of what."""

    file: Path
    reads: int
    tokens: bool
    """Whether it reads embeddings of patches, and not one of the whole picture."""
    texts: int
    """How wide the texts are of the model that it was made for."""


def read_adapter(place: Path, source: str) -> Adapter:
    """Read what an adapter is from the header of its file."""
    if not place.is_file() or place.suffix != ".safetensors":
        raise ModelError(f"the IP-Adapter {source!r} is no .safetensors file; name the file itself")
    shapes = {name: entry["shape"] for name, entry in read_header(place).items()}
    keys = [name for name in shapes if name.endswith("to_k_ip.weight")]
    if not keys or not any(name.startswith("image_proj.") for name in shapes):
        raise ModelError(
            f"{source!r} is no IP-Adapter: it has no tensors named image_proj and ip_adapter"
            f" ({next(iter(shapes), 'it is empty')} …)"
        )
    if any("_lora." in name for name in shapes):
        raise ModelError(
            f"{source!r} is an IP-Adapter for faces, which reads what a face recogniser says and no"
            " picture; such adapters are not known here, take one without FaceID in its name"
        )
    texts = shapes[keys[0]][1]
    for name, tokens in (("proj.weight", False), ("proj_in.weight", True), ("proj.0.weight", True)):
        shape = shapes.get(f"image_proj.{name}")
        if shape is not None:
            return Adapter(place, shape[1], tokens, texts)
    raise ModelError(f"the IP-Adapter {source!r} reads pictures in a way that is not known here")


def apply_adapters(net: Any, patches: Sequence[Patch], place: Callable[[Patch], Path]) -> None:
    """Put adapters on a UNet, in the order of their patches."""
    from safetensors.torch import load_file

    found = []
    for patch in patches:
        file = place(patch)
        read = partial(read_adapter, file, patch.source)
        found.append(once(net, file, read, "adapter") if file.is_file() else read())
    for adapter, patch in zip(found, patches, strict=True):
        _check(net, adapter, patch)
    states = []
    for adapter in found:
        state: dict[str, dict[str, Any]] = {"image_proj": {}, KIND: {}}
        tensors = once(net, adapter.file, partial(load_file, adapter.file), KIND)
        for name, tensor in tensors.items():
            part, _, rest = name.partition(".")
            state.setdefault(part, {})[rest] = tensor
        states.append(state)
    # The library writes into the configuration; what it was is put back with the net's attributes.
    net._internal_dict = type(net._internal_dict)(**net._internal_dict)
    net._load_ip_adapter_weights(states)
    for name, processor in net.attn_processors.items():
        if hasattr(processor, "to_k_ip"):
            processor.told = _teller(net, name, patches)
            processor.scale = processor.told((0.0, 0.0))


def _check(net: Any, adapter: Adapter, patch: Patch) -> None:
    if type(net).__name__ != "UNet2DConditionModel":
        raise ModelError(
            f"the IP-Adapter {patch.source!r} is for the UNet of Stable Diffusion or SDXL, and the"
            f" model is a {type(net).__name__}"
        )
    if adapter.texts != net.config.cross_attention_dim:
        raise ModelError(
            f"the IP-Adapter {patch.source!r} was made for a model that reads texts"
            f" {adapter.texts} wide, and this one reads {net.config.cross_attention_dim}; take one"
            " for the family of the model"
        )
    places = _PLACES.get(patch.options["only"])
    if places and not any(name.startswith(places) for name in net.attn_processors):
        raise ModelError(
            "which blocks hold style and layout is known for SDXL, and this model has other blocks;"
            " set only to all, and name the blocks themselves"
        )


def _teller(
    net: Any, name: str, patches: Sequence[Patch]
) -> Callable[[tuple[float, float]], list[float]]:
    """How much each adapter counts in one attention, in a step that goes a stretch of the way."""
    weights = []
    for patch in patches:
        places = _PLACES.get(patch.options["only"], ("",))
        share = patch.options.get("blocks", {}).get(block_of(net, name), 1.0)
        weights.append(patch.strength * share if name.startswith(places) else 0.0)

    def told(at: tuple[float, float]) -> list[float]:
        return [
            0.0 if at[0] < patch.options["start"] or at[1] > patch.options["end"] else weight
            for patch, weight in zip(patches, weights, strict=True)
        ]

    return told
