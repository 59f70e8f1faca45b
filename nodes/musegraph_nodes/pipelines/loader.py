"""The loader `diffusers`: the parts of a pipeline's folder, or one part alone, live on a device."""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from musegraph import Context, Loader, ModelError, NodeError, Reference

from .make import pipelines

if TYPE_CHECKING:
    import torch

_STORED = {"F16": "float16", "BF16": "bfloat16"}


@dataclass
class Live:
    """The parts of a pipeline, and what its class was told beside them."""

    parts: dict[str, Any]
    told: dict[str, Any] = field(default_factory=dict)
    busy: threading.RLock = field(default_factory=threading.RLock)

    @contextmanager
    def turn(self, ctx: Context) -> Iterator[None]:
        """One call at a time: pipelines exchange attention and caches of the parts they share."""
        while not self.busy.acquire(timeout=0.05):
            ctx.check()
        try:
            yield
        finally:
            self.busy.release()

    def modules(self) -> list[Any]:
        """The parts that hold weights, each once."""
        import torch

        found = [one for one in self.parts.values() if isinstance(one, torch.nn.Module)]
        return [*{id(one): one for one in found}.values()]


def class_of(name: str, library: str = "diffusers") -> Any:
    """A class by name; refused in words where the installed library does not have it."""
    import diffusers
    import transformers

    home: Any = {"diffusers": diffusers, "transformers": transformers}[library]
    found = getattr(home, name, None)
    if found is None:
        raise NodeError(
            f"the installed {library} {home.__version__} has no {name}; another version has it:"
            f" pip install -U {library}"
        )
    lacking = getattr(found, "_backends", None)
    if lacking:
        raise NodeError(f"{name} needs packages that are not installed: {', '.join(lacking)}")
    return found


def precision_of(ref: Reference, device: str) -> torch.dtype:
    """The type of number to compute with: what the reference asks for, or what suits the device."""
    import torch

    asked = str(ref.options.get("precision", "auto"))
    if asked == "auto":
        stored = _STORED.get(str(ref.options.get("stored")), "float32")
        asked = "float32" if device == "cpu" else stored
    dtype: torch.dtype = getattr(torch, asked)
    return dtype


def load(ref: Reference, place: Path, device: str) -> Live:
    """Load what a reference names; a damaged file is a :class:`ModelError`."""
    live = _read(ref, place, device)
    for module in live.modules():
        module.to(device)
    return live


def offload(ref: Reference, place: Path, device: str) -> Live:
    """The same with the weights in host memory; each layer's visit the device in turn."""
    import torch
    from accelerate import cpu_offload

    live = _read(ref, place, device)
    for module in live.modules():
        cpu_offload(module, torch.device(device), offload_buffers=True)
    return live


def size(live: Live) -> int:
    """The bytes of all parts."""
    tensors = (t for module in live.modules() for t in (*module.parameters(), *module.buffers()))
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _read(ref: Reference, place: Path, device: str) -> Live:
    """Parts in host memory, in the type of number that suits a device."""
    from musegraph_nodes.diffusion.loader import quiet

    with quiet():
        try:
            dtype = precision_of(ref, device)
            live = _part(ref, place, dtype) if ref.part else _pipeline(ref, place, dtype)
        except (ModelError, NodeError):
            raise
        except Exception as error:  # the libraries raise all kinds of errors for a damaged file
            why = " ".join(str(error).split())[:300]
            raise ModelError(
                f"the model {ref.source!r} cannot be opened: {why}; its files in {place} are"
                " damaged or do not belong together, get them again"
            ) from error
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
