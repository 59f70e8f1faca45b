"""The loader `diffusers`: one part of a model folder or file, live on a device."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musegraph import Loader, ModelError, Patch, Reference
from musegraph_nodes.live import opening, precision_of

if TYPE_CHECKING:
    import torch

    from .families import Kind


def load(ref: Reference, place: Path, device: str) -> Any:
    """Load the part that a reference names; a damaged file is a :class:`ModelError`."""
    return _placed(ref, place, device, {})


def _placed(ref: Reference, place: Path, device: str, more: dict[str, Any]) -> Any:
    """A part on a device, as ``diffusion.optimise`` wants it there."""
    from .control.placed import bring

    live = _read(ref, place, device)
    if device == "cpu":
        settle(_net(live))
    bring(_net(live), ref.options.get("optimise", {}) | more, device, precision_of(ref, device))
    return live


def offload(ref: Reference, place: Path, device: str) -> Any:
    """The same part with its weights in host memory; each layer's visit the device in turn."""
    import torch
    from accelerate import cpu_offload

    if "optimise" in ref.options:  # two libraries that move weights would be in each other's way
        return _placed(ref, place, device, {"offload": "by layer"})
    live = _read(ref, place, device)
    net = _net(live)
    settle(net)
    if getattr(net, "hf_quantizer", None) is None:
        cpu_offload(net, torch.device(device), offload_buffers=True)
        return live
    # Accelerate cannot take blocks of few bits apart and put them together again.
    from diffusers.hooks.group_offloading import apply_group_offloading

    apply_group_offloading(net, torch.device(device), offload_type="leaf_level")
    return live


def settle(net: Any) -> None:
    """Move weights out of the files that they were mapped from into memory of their own.

    What happens to a file then leaves a live model as it is; and kernels, which round by where
    numbers lie, give the same bits whichever file the same weights came from.
    """
    for tensor in (*net.parameters(), *net.buffers()):
        tensor.data = tensor.data.clone()


def _net(live: Any) -> Any:
    from .families import Encoder

    return live.net if isinstance(live, Encoder) else live


def _read(ref: Reference, place: Path, device: str) -> Any:
    """A part in host memory, in the type of number that suits a device."""
    from .families import Encoder, family_of
    from .layouts.checkpoint import open_single
    from .layouts.settings import settings_of

    folder = place / ref.part
    whole = not folder.is_dir()  # one file, or a folder with this part alone
    kind = family_of(ref).kinds[ref.part]
    with opening(ref, place if whole else folder, f"{ref.part} of the model"):
        dtype = precision_of(ref, device)
        net, config = None, None
        if place.is_file():
            net, config = open_single(place, ref.part, family_of(ref), ref.source, dtype)
            folder = settings_of(place) / ref.part
        elif whole and (place / "config.json").is_file():
            folder = place
        if net is None:
            net = _open(ref, kind, folder, dtype)
        tokenizer = _tokenizer(ref, kind, place, config, net) if kind.words else None
    net = net.eval().requires_grad_(False)
    return net if tokenizer is None else Encoder(net, tokenizer)


def _open(ref: Reference, kind: Kind, folder: Path, dtype: torch.dtype) -> Any:
    if not (folder / "config.json").is_file():
        raise ModelError(f"the model {ref.source!r} is not whole: {folder} has no config.json")
    options: dict[str, Any] = {
        "local_files_only": True,
        "use_safetensors": True,
        "output_loading_info": True,
        "variant": ref.options.get("variant"),
        "dtype" if kind.library == "transformers" else "torch_dtype": dtype,
    }
    made: Any = getattr(import_module(kind.library), kind.classes[0])
    net, info = made.from_pretrained(folder, **options)
    missing = sorted(str(name) for name in info["missing_keys"])
    if missing:
        raise ModelError(
            f"the {ref.part} of the model {ref.source!r} lacks {len(missing)} of its tensors"
            f" ({missing[0]} …): its config.json and its weights do not belong together"
        )
    return net


def _tokenizer(
    ref: Reference, kind: Kind, place: Path, config: dict[str, Any] | None, net: Any
) -> Any:
    from .layouts.single import tokenizer_of

    assert kind.words is not None
    known = net.config.to_dict() if config is None else config
    folder, options = tokenizer_of(place, kind.words, known, ref.source)
    made: Any = getattr(import_module("transformers"), kind.words.classes[0])
    return made.from_pretrained(folder, local_files_only=True, **options)


def size(live: Any) -> int:
    """The bytes of a live part."""
    net = _net(live)
    tensors = (*net.parameters(), *net.buffers())
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def patch(live: Any, ref: Reference, place: Callable[[Patch], Path]) -> AbstractContextManager[Any]:
    """A part with the patches of its reference on it, for as long as the context lasts."""
    from .control.patches import patched

    return patched(live, ref, place)


diffusers = Loader(load, size, patch, offload)
