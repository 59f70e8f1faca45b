"""Files and disks that mean no good, for the tests of bad input."""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

MEGABYTE = 1 << 20

# Pictures (PNG: ISO/IEC 15948)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*extra: bytes, width: int = 4, height: int = 4) -> bytes:
    """A black picture of 4 × 4 with chunks of others, whatever size its header names."""
    pixels = zlib.compress(b"".join(b"\0" + bytes(12) for _ in range(4)))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (head, *extra, chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    )


def unpacking(size: int) -> bytes:
    """A kilobyte for every megabyte that it unpacks to."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(size >> 20)) + packer.flush()


# Disks

_DROP, _OVERRIDES = 24, (1, 2, 3)
"""prctl(PR_CAPBSET_DROP); CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER (capability.h)."""


def bound_by_permissions() -> None:
    """From the next program on, the permissions of files bind this process, also if it is root."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in _OVERRIDES if os.geteuid() == 0 else ():
        if libc.prctl(_DROP, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "root cannot be bound by permissions here")


def small_files(most: int = MEGABYTE) -> None:
    """From now on no file of this process grows beyond so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def little_memory() -> None:
    """From now on this process has address space for Python, and for no bomb that goes off."""
    resource.setrlimit(resource.RLIMIT_AS, (400 * MEGABYTE, 400 * MEGABYTE))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nothing in a folder, at any depth, may be written by whom permissions bind."""
    found = [folder, *folder.rglob("*")]
    modes = {path: path.stat().st_mode for path in found}
    for path in reversed(found):
        path.chmod(modes[path] & ~0o222)
    try:
        yield
    finally:
        for path in found:
            path.chmod(modes[path])


def needs_permissions() -> None:
    """Skip where a process of root cannot be bound by permissions, or could not run then."""
    if not _can_be_bound():
        pytest.skip("root may not give up its capabilities here, or needs them")


@cache
def _can_be_bound() -> bool:
    command = [sys.executable, "-c", "import musegraph.run"]
    variables = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    try:
        done = subprocess.run(command, env=variables, preexec_fn=bound_by_permissions, check=False)
    except subprocess.SubprocessError:
        return False
    return done.returncode == 0
