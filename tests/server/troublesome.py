"""Nodes that crash, hang, take their time and ask for too much; for the tests of the server."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from musegraph import Context, File, node


@node(version="1")
def add(a: float, b: float = 0) -> float:
    """Add two numbers."""
    return a + b


@node(version="1")
def slow(a: float, seconds: float, ctx: Context, log: str = "") -> float:
    """Take some time, and note in a file that it was done."""
    if log:
        with Path(log).open("a") as file:
            file.write(f"{a}\n")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ctx.progress(1 - (end - time.monotonic()) / seconds)
        time.sleep(0.01)
    return a


@node(version="1")
def letter(number: int, size: int = 3000) -> File:
    """Bytes that follow from a number."""
    return File((f"letter {number}. ".encode() * size)[:size], f"{number}.bin")


@node(version="1")
def weigh(source: str, ctx: Context, after: float = 0) -> float:
    """The bytes of a model, a file."""
    return float(ctx.weights(source).path.stat().st_size) + after


@node(version="1")
def crash(a: float) -> float:
    """Read what is nowhere."""
    ctypes.string_at(0)
    return a


@node(version="1")
def killed(a: float, log: str = "") -> float:
    """Be ended as the system ends what takes too much memory."""
    if log:
        with Path(log).open("a") as file:
            file.write("tried\n")
    os.kill(os.getpid(), signal.SIGKILL)
    return a


@node(version="1")
def leave(a: float) -> float:
    """End the process as if nothing were the matter."""
    os._exit(0)


@node(version="1")
def hang(a: float, children: bool = False) -> float:
    """Never come back, deaf to SIGTERM, with children that have left the session."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    if children:
        code = "import signal,time; signal.signal(15, signal.SIG_IGN); time.sleep(1000)"
        subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    while True:
        time.sleep(1000)


@node(version="1")
def hoard(gigabytes: float) -> float:
    """Ask for memory, and write into it."""
    held = bytearray(int(gigabytes * 2**30))
    return float(len(held))


@node(version="1")
def refuse(a: float) -> float:
    """Fail as nodes do."""
    raise ValueError("this was to be expected")


@node(version="1", cache=False)
def matrices(seconds: float, ctx: Context) -> float:
    """Multiply matrices with torch for some time."""
    import torch

    end, made = time.monotonic() + seconds, torch.rand(512, 512)
    while time.monotonic() < end:
        made = (made @ made).softmax(0)
        ctx.check()
    return float(made.mean())


@node(version="1", cache=False)
def count(seconds: float, ctx: Context) -> float:
    """Count in Python for some time."""
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += sum(range(1000))
        ctx.check()
    return float(number)


@node(version="1", cache=False)
def blab(ctx: Context, fail: bool = True) -> str:
    """Say a secret everywhere."""
    secret = ctx.secret("canary")
    print("printed:", secret, flush=True)
    print("complained:", secret, file=sys.stderr, flush=True)
    ctx.warn(f"warned: {secret}")
    ctx.progress(0.5, text=f"on the way: {secret}")
    time.sleep(0.05)
    if fail:
        raise ValueError(f"failed with {secret}")
    return "fine"


@node(version="1", cache=False)
def flood(ctx: Context, events: int) -> float:
    """Say how far it is far too often."""
    for index in range(events):
        ctx.progress(index, events)
    return float(events)
