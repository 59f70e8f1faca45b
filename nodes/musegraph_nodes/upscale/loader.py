"""The loader `nets`: one upscaler, from a .safetensors file or a folder of transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from musegraph import Context, Loader, ModelError, Reference, read_header
from musegraph_nodes.live import transformer
from musegraph_nodes.weights import refuse_pickle

from .layouts import read_layout

LOADER = "upscale.nets"


def reference(source: str, precision: str, ctx: Context) -> Reference:
    """A reference to an upscaler, made from its header or its config.json alone."""
    found = ctx.weights(source)
    if found.path.is_file():
        refuse_pickle(found.path, source, "get the upscaler as .safetensors")
        scale = read_layout(read_header(found.path), source).scale
    else:
        scale = int(_config(found.path, source).get("upscale", 2))
    return Reference(
        loader=LOADER,
        source=source,
        part="upscaler",
        digest=found.digest,
        family="upscaler",
        options={"precision": precision, "scale": scale},
    )


def load(ref: Reference, place: Path, device: str) -> Any:
    """The net that a reference names, on a device; a damaged file is a ModelError."""
    import torch

    asked = str(ref.options.get("precision", "auto"))
    if asked == "auto":
        asked = "float32" if device == "cpu" else "float16"
    dtype: torch.dtype = getattr(torch, asked)
    net = _read(ref, place, dtype) if place.is_file() else _opened(ref, place, dtype)
    return net.eval().requires_grad_(False).to(device)


def _read(ref: Reference, place: Path, dtype: Any) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from .nets import build

    layout = read_layout(read_header(place), ref.source)
    net = build(layout)
    try:
        stored = load_file(place)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{place} cannot be read: {error}; get it again") from error
    # Names and shapes have been checked against the header; numbers below float16 have not.
    tensors = {layout.names[name]: tensor.to(dtype) for name, tensor in stored.items()}
    net.load_state_dict(tensors, strict=True, assign=True)
    return net


def _opened(ref: Reference, place: Path, dtype: Any) -> Any:
    from transformers import Swin2SRForImageSuperResolution

    from .nets import Swin

    scale = int(_config(place, ref.source).get("upscale", 2))
    net = transformer(Swin2SRForImageSuperResolution, ref, place, dtype, what="upscaler")
    return Swin(net, scale, int(net.config.window_size))


def _config(place: Path, source: str) -> dict[str, Any]:
    """The configuration of a Swin2SR folder; any other is refused."""
    try:
        found = json.loads((place / "config.json").read_text("utf-8"))
    except FileNotFoundError:
        found = {}
    except (ValueError, OSError, RecursionError):
        raise ModelError(f"{place / 'config.json'} cannot be read as JSON; get it again") from None
    if not isinstance(found, dict) or found.get("model_type") != "swin2sr":
        raise ModelError(
            f"{source!r} is no upscaler: name one .safetensors file (ESRGAN, Real-ESRGAN,"
            " SRVGGNetCompact) or a folder of transformers with Swin2SR"
        )
    return found


def size(live: Any) -> int:
    """The bytes of a net."""
    tensors = (*live.parameters(), *live.buffers())
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


nets = Loader(load, size)
