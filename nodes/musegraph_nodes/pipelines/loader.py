"""The loader `diffusers`: the parts of a pipeline's folder, or one part alone, live on a device."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from musegraph import Loader, ModelError, Reference
from musegraph_nodes.live import Live, class_of, moved, opening, precision_of, size, visiting

from .make import pipelines

if TYPE_CHECKING:
    import torch


def load(ref: Reference, place: Path, device: str) -> Live:
    """Load what a reference names; a damaged file is a :class:`ModelError`."""
    return moved(_read(ref, place, device), device)


def offload(ref: Reference, place: Path, device: str) -> Live:
    """The same with the weights in host memory."""
    return visiting(_read(ref, place, device), device)


def _read(ref: Reference, place: Path, device: str) -> Live:
    """Parts in host memory, in the type of number that suits a device."""
    with opening(ref, place):
        dtype = precision_of(ref, device)
        live = _part(ref, place, dtype) if ref.part else _pipeline(ref, place, dtype)
    for module in live.modules():
        module.eval()  # and no more: weights that want no gradient round otherwise in some kernels
        empty = next((name for name, one in module.named_parameters() if one.is_meta), None)
        if empty:
            raise ModelError(
                f"the model {ref.source!r} lacks tensors ({empty} …): its configuration and its"
                " weights do not belong together"
            )
    return live


def _pipeline(ref: Reference, place: Path, dtype: torch.dtype) -> Live:
    from diffusers import DiffusionPipeline

    kind = class_of(ref.family)
    supplied_names(kind)
    if ".deprecated." not in kind.__module__ or _known(ref):
        found = DiffusionPipeline.from_pretrained(
            place,
            torch_dtype=dtype,
            local_files_only=True,
            use_safetensors=True,
            variant=ref.options.get("variant"),
            trust_remote_code=False,
        )
    else:
        found = _one_by_one(kind, ref, place, dtype)
    parts = dict(found.components)
    told = {name: value for name, value in found.config.items() if name not in parts}
    return Live(parts, told)


def _known(ref: Reference) -> bool:
    """Whether the libraries know all parts by name."""
    import diffusers
    import transformers

    parts = ref.options["parts"].values()
    return all(hasattr(diffusers, cls) or hasattr(transformers, cls) for cls in parts)


def _one_by_one(kind: Any, ref: Reference, place: Path, dtype: torch.dtype) -> Any:
    """A pipeline of parts that its own module knows and the loader of Diffusers does not find.

    So it is with those that Diffusers keeps without caring for them, unCLIP among them.
    """
    import diffusers
    import transformers

    made: dict[str, Any] = {}
    for name, cls in ref.options["parts"].items():
        homes = (diffusers, transformers, sys.modules[kind.__module__])
        found = next(getattr(home, cls) for home in homes if hasattr(home, cls))
        options: dict[str, Any] = {"local_files_only": True}
        if hasattr(found, "named_parameters"):
            typed = "dtype" if hasattr(transformers, cls) else "torch_dtype"
            options |= {"use_safetensors": True, typed: dtype}
            options["variant"] = ref.options.get("variant")
        made[name] = found.from_pretrained(place / name, **options)
    return kind(**made)


def supplied_names(kind: Any) -> None:
    """Let pipelines that clean their texts with ftfy do without it, as most of them can.

    Some forget to ask whether the package is there and end with a NameError.
    """
    home = sys.modules[kind.__module__]
    if hasattr(home, "is_ftfy_available") and not hasattr(home, "ftfy"):
        vars(home)["ftfy"] = SimpleNamespace(fix_text=lambda text: text)


def _beside_a_pipeline(ref: Reference) -> Any:
    """The class of a part that only the module of a pipeline knows, such as LTX's upsampler."""
    import diffusers

    if ref.options["library"] != "diffusers" or hasattr(diffusers, ref.family):
        return None
    for name, entry in pipelines().items():
        if {ref.part, f"{ref.part}?"} & entry["parts"].keys() and hasattr(diffusers, name):
            home = sys.modules[getattr(diffusers, name).__module__]
            found = getattr(home, ref.family, None)
            if inspect.isclass(found) and issubclass(found, diffusers.ModelMixin):
                return found
    return None


def _part(ref: Reference, place: Path, dtype: torch.dtype) -> Live:
    library = str(ref.options["library"])
    kind = _beside_a_pipeline(ref) or class_of(ref.family, library)
    typed = "torch_dtype" if ref.options["library"] == "diffusers" else "dtype"
    options: dict[str, Any] = {
        typed: dtype,
        "local_files_only": True,
        "use_safetensors": True,
        "variant": ref.options.get("variant"),
    }
    return Live({ref.part: kind.from_pretrained(place, **options)})


diffusers = Loader(load, size, offload=offload)
