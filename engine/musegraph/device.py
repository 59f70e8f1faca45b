"""Which device computes, and the numeric profile that is part of a key."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from musegraph.errors import MusegraphError

_DRIVERS = ("/proc/driver/nvidia", "/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
KINDS = ("cpu", "cuda", "mps")


@cache
def device() -> str:
    """``cpu``, ``cuda`` or ``mps``: what MUSEGRAPH_DEVICE says, else the best there is.

    torch is not imported only to ask: a CPU build says so in its version, and without the driver
    of a GPU there is none to find.
    """
    if asked := asked_device():
        return asked
    if cpu_build() or not has_driver():
        return "cpu"
    try:
        import torch
    except ImportError:
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def asked_device() -> str:
    """What MUSEGRAPH_DEVICE says; refused if there is no such kind."""
    asked = os.environ.get("MUSEGRAPH_DEVICE", "")
    if asked and asked not in KINDS:
        known = ", ".join(KINDS)
        raise MusegraphError(f"MUSEGRAPH_DEVICE is {asked!r}; it can be: {known}")
    return asked


def cpu_build() -> bool:
    """Whether torch was built for the CPU alone; its version says so."""
    return _version("torch").endswith("+cpu")


def has_driver() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return any(Path(path).exists() for path in _DRIVERS)


@cache
def profile(libraries: tuple[str, ...]) -> str:
    """What bits may depend on besides code and inputs: device kind and library versions."""
    return ",".join([device(), *(f"{name}={_version(name)}" for name in libraries)])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
