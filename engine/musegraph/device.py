"""Which device computes, and the numeric profile that is part of a key."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from musegraph.errors import MusegraphError

KINDS = ("cpu", "cuda", "mps")


@cache
def device() -> str:
    """``cpu``, ``cuda`` or ``mps``: what MUSEGRAPH_DEVICE says, else the best there is.

    A CPU build of torch says so in its version, so that torch is not imported only to ask.
    """
    asked = os.environ.get("MUSEGRAPH_DEVICE", "")
    if asked:
        if asked not in KINDS:
            known = ", ".join(KINDS)
            raise MusegraphError(f"MUSEGRAPH_DEVICE is {asked!r}; it can be: {known}")
        return asked
    if _version("torch").endswith("+cpu"):
        return "cpu"
    try:
        import torch
    except ImportError:
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@cache
def profile(libraries: tuple[str, ...]) -> str:
    """What bits may depend on besides code and inputs: device kind and library versions."""
    return ",".join([device(), *(f"{name}={_version(name)}" for name in libraries)])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
