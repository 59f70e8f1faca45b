"""The loader `diffusers`: one part of a model folder or file, live on a device."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musegraph import Loader, ModelError, Patch, Reference

from .families import Encoder, Kind, family_of
from .layouts.checkpoint import open_single

if TYPE_CHECKING:
    import torch

_ONE_AT_A_TIME = threading.RLock()
_STORED = {"F16": "float16", "BF16": "bfloat16"}


@contextmanager
def quiet() -> Iterator[None]:
    """Keep diffusers and transformers from printing; afterwards they are as they were.

    Their settings, and how they create models, belong to the whole process, so only one thread is
    in here at a time.
    """
    from diffusers.utils import logging as diffusers
    from transformers.utils import logging as transformers

    libraries: tuple[Any, ...] = (diffusers, transformers)
    with _ONE_AT_A_TIME:
        before = [(lib.get_verbosity(), lib.is_progress_bar_enabled()) for lib in libraries]
        try:
            for library in libraries:
                library.set_verbosity_error()
                library.disable_progress_bar()
            yield
        finally:
            for library, (verbosity, bar) in zip(libraries, before, strict=True):
                library.set_verbosity(verbosity)
                if bar:
                    library.enable_progress_bar()


def precision_of(ref: Reference, device: str) -> torch.dtype:
    """The type of number to compute with: what the reference asks for, or what suits the device."""
    import torch

    asked = str(ref.options.get("precision", "auto"))
    if asked == "auto":
        stored = _STORED.get(str(ref.options.get("stored")), "float32")
        asked = "float32" if device == "cpu" else stored
    if asked == "float16" and ref.options.get("force_upcast"):
        asked = "float32"
    dtype: torch.dtype = getattr(torch, asked)
    return dtype


def load(ref: Reference, place: Path, device: str) -> Any:
    """Load the part that a reference names; a damaged file is a :class:`ModelError`."""
    live = _read(ref, place, device)
    _net(live).to(device)
    return live


def offload(ref: Reference, place: Path, device: str) -> Any:
    """The same part with its weights in host memory; each layer's visit the device in turn."""
    import torch
    from accelerate import cpu_offload

    live = _read(ref, place, device)
    cpu_offload(_net(live), torch.device(device), offload_buffers=True)
    return live


def _net(live: Any) -> Any:
    return live.net if isinstance(live, Encoder) else live


def _read(ref: Reference, place: Path, device: str) -> Any:
    """A part in host memory, in the type of number that suits a device."""
    folder = place / ref.part
    kind = family_of(ref).kinds[ref.part]
    words: Path | None
    with quiet():
        try:
            dtype = precision_of(ref, device)
            if place.is_file():
                net, words = open_single(place, ref.part, ref.source, dtype)
            else:
                net = _open(ref, kind, folder, dtype)
                words = place / kind.words.folder if kind.words else None
            tokenizer = _tokenizer(kind, words) if words else None
        except ModelError:
            raise
        except Exception as error:  # the libraries raise all kinds of errors for a damaged file
            why = " ".join(str(error).split())[:300]
            raise ModelError(
                f"the {ref.part} of the model {ref.source!r} cannot be opened: {why};"
                f" {_suspected(place, folder)}"
            ) from error
    net = net.eval().requires_grad_(False)
    return net if tokenizer is None else Encoder(net, tokenizer)


def _suspected(place: Path, folder: Path) -> str:
    if place.is_file():
        return f"{place} is damaged or its configuration does not suit it, get it again"
    return f"its files in {folder} are damaged or do not belong together, get them again"


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


def _tokenizer(kind: Kind, folder: Path) -> Any:
    assert kind.words is not None
    made: Any = getattr(import_module("transformers"), kind.words.classes[0])
    return made.from_pretrained(folder, local_files_only=True)


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
