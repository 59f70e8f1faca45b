"""Models of the libraries, live on a device: opened from a folder, moved, and measured."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musegraph import Context, Loader, ModelError, NodeError, Reference

if TYPE_CHECKING:
    import torch

_ONE_AT_A_TIME = threading.RLock()
_STORED = {"F16": "float16", "F32": "float32", "F64": "float32"}
"""What to compute with for what is stored; for all else, blocks of few bits too, bfloat16."""


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
        stored = _STORED.get(str(ref.options.get("stored")), "bfloat16")
        asked = "float32" if device == "cpu" else stored
    if asked == "float16" and ref.options.get("force_upcast"):
        asked = "float32"
    dtype: torch.dtype = getattr(torch, asked)
    return dtype


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


@contextmanager
def opening(ref: Reference, place: Path, what: str = "model") -> Iterator[None]:
    """Quiet while a library opens `what` of a reference; damaged files are a :class:`ModelError`.

    `place` is the file or folder that is to blame then.
    """
    with quiet():
        try:
            yield
        except (ModelError, NodeError):
            raise
        except Exception as error:  # the libraries raise all kinds of errors for damaged files
            why = " ".join(str(error).split())[:300]
            if place.is_file():
                blame = f"{place} is damaged or its configuration does not suit it, get it"
            else:
                blame = f"its files in {place} are damaged or of another kind, get them"
            raise ModelError(
                f"the {what} {ref.source!r} cannot be opened: {why}; {blame} again"
            ) from error


def transformer(
    kind: Any,
    ref: Reference,
    place: Path,
    dtype: torch.dtype | None = None,
    *,
    what: str = "model",
    computed: str = "",
    exact: bool = False,
) -> Any:
    """A model of transformers, of the class `kind`, in host memory; it lacks no tensor.

    Weights with `computed` in their names need not be stored; `exact` refuses what is too much.
    """
    with opening(ref, place, what):
        model, info = kind.from_pretrained(
            place,
            dtype=dtype,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            variant=ref.options.get("variant"),
            output_loading_info=True,
        )
    missing = [n for n in map(str, info["missing_keys"]) if not computed or computed not in n]
    beyond = [str(name) for name in info["unexpected_keys"] if exact]
    if missing or beyond:
        wrong = f"lacks {len(missing)} of its tensors"
        if not missing:
            wrong = f"has {len(beyond)} tensors too many"
        raise ModelError(
            f"the {what} {ref.source!r} {wrong} ({min(missing or beyond)} …): its config.json and"
            " its weights do not belong together; get both again"
        )
    return model.eval()


def tokenizer(place: Path) -> Any:
    """What makes tokens of words, from a folder of transformers."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(place, local_files_only=True, trust_remote_code=False)


def moved(live: Live, device: str) -> Live:
    """All parts on a device."""
    for module in live.modules():
        module.to(device)
    return live


def visiting(live: Live, device: str) -> Live:
    """All parts with the weights in host memory; each layer's visit the device in turn."""
    import torch
    from accelerate import cpu_offload

    for module in live.modules():
        cpu_offload(module, torch.device(device), offload_buffers=True)
    return live


def size(live: Live) -> int:
    """The bytes of all parts."""
    tensors = (t for module in live.modules() for t in (*module.parameters(), *module.buffers()))
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def loader_of(read: Callable[[Reference, Path, str], Live]) -> Loader:
    """A loader of what `read` opens in host memory, in the type of number that suits a device."""

    def load(ref: Reference, place: Path, device: str) -> Live:
        return moved(read(ref, place, device), device)

    def offload(ref: Reference, place: Path, device: str) -> Live:
        return visiting(read(ref, place, device), device)

    return Loader(load, size, offload=offload)
