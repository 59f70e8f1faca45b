"""Who computes attention, for the time of a lease."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from musegraph import ModelError

_NAMES = {
    "native": "native",
    "native math": "_native_math",
    "native flash": "_native_flash",
    "native efficient": "_native_efficient",
    "native cudnn": "_native_cudnn",
    "flex": "flex",
    "flash": "flash",
    "flash 3": "_flash_3",
    "sage": "sage",
    "xformers": "xformers",
}


@contextmanager
def attending(net: Any, backend: str) -> Iterator[None]:
    """A network whose attention is computed by a back end, until the context ends.

    Set on each attention and not for the whole process, as the library would.
    """
    if backend == "sliced":
        if not hasattr(net, "set_attention_slice"):
            raise ModelError(
                f"the attention of a {type(net).__name__} cannot be sliced; leave attention at"
                " model default"
            )
        net.set_attention_slice("auto")
        yield
        return
    found = [
        module.processor
        for module in net.modules()
        if hasattr(getattr(module, "processor", None), "_attention_backend")
    ]
    if not found:
        raise ModelError(
            f"the attention of a {type(net).__name__} has no back ends to choose from; leave"
            " attention at model default, or take sliced"
        )
    chosen = _checked(backend)
    before = [processor._attention_backend for processor in found]
    try:
        for processor in found:
            processor._attention_backend = chosen
        yield
    finally:
        for processor, known in zip(found, before, strict=True):
            processor._attention_backend = known


def _checked(backend: str) -> Any:
    from diffusers.models import attention_dispatch

    chosen = attention_dispatch.AttentionBackendName(_NAMES[backend])
    try:
        attention_dispatch._check_attention_backend_requirements(chosen)
    except (RuntimeError, ImportError) as error:
        why = " ".join(str(error).split())[:200]
        raise ModelError(
            f"attention cannot be computed by {backend} here: {why}; leave attention at model"
            " default"
        ) from error
    return chosen
