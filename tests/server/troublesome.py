"""Nodes that crash, hang, take their time and ask for too much; for the tests of the server."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from musegraph import Audio, Conditioning, ConditioningPart, Context, File, Image, Latent, node


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


@node(version="1")
def write(megabytes: int) -> float:
    """Write a file without an end, as far as that goes."""
    with tempfile.TemporaryFile() as file:
        for _ in range(megabytes):
            file.write(bytes(1 << 20))
        return float(file.tell())


@node(version="1")
def outpour(count: int) -> list[str]:
    """Give far too much."""
    return [f"text {number}" for number in range(count)]


@node(version="1", uses="device", frugal="did it in parts", cache=False)
def short(ctx: Context, enough: bool) -> str:
    """Run out of the memory of a device, unless it is done in parts and that is enough."""
    import torch

    if ctx.frugal and enough:
        return "done"
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")


@node(version="1", cache=False)
def lose_device() -> str:
    """Lose the device, as torch tells it."""
    raise RuntimeError("CUDA error: an illegal memory access was encountered\nmore of it")


@node(version="1")
def fail(text: str) -> str:
    """Fail with a text of somebody else's."""
    raise ValueError(text)


@node(version="1")
def called(text: str) -> File:
    """A file that is called like this."""
    return File(b"x", text, "application/octet-stream")


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
def keep_secret(ctx: Context) -> str:
    """Hold a secret, with a process of its own."""
    secret = ctx.secret("canary")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"]) as child:
        try:
            while True:
                ctx.check()
                time.sleep(0.01)
        finally:
            child.kill()
    return str(len(secret))


@node(version="1", cache=False)
def blab_and_crash(ctx: Context) -> str:
    """Say a secret, and read what is nowhere."""
    print("printed:", ctx.secret("canary"), flush=True)
    ctypes.string_at(0)
    return ""


@node(version="1", cache=False)
def flood(ctx: Context, events: int) -> float:
    """Say how far it is far too often."""
    for index in range(events):
        ctx.progress(index, events)
    return float(events)


def waits_for(log: str) -> int:
    """Wait until somebody has written into a file; how many lines it has."""
    while not (lines := len(Path(log).read_text().split()) if Path(log).exists() else 0):
        time.sleep(0.005)
    return lines


@node(version="1")
def crash_beside(a: float, log: str, always: bool = True) -> float:
    """Wait for the step beside, then read what is nowhere; or only the first time."""
    mark = Path(log + ".crashed")
    waits_for(log)
    if always or not mark.exists():
        mark.touch()
        ctypes.string_at(0)
    return a


@node(version="1")
def beside(a: float, log: str, ctx: Context) -> float:
    """Be still there when the step beside crashes; come to an end the next time."""
    with Path(log).open("a") as file:
        file.write("ran\n")
    while waits_for(log) == 1:
        ctx.progress(0.5)
        time.sleep(0.005)
    return a


@node(version="1", cache=False)
def process() -> int:
    """The process that it runs in."""
    return os.getpid()


@node(version="1", cache=False)
def stamp(after: float = 0, seconds: float = 0.0) -> float:
    """The moment at which it was done, by the clock that all processes of a machine share."""
    time.sleep(seconds)
    return time.monotonic()


@node(version="1")
def tensors(a: float) -> Conditioning:
    """Give tensors that are no picture; some of their numbers are none."""
    import torch

    numbers = torch.arange(6.0).reshape(2, 3) + a
    numbers[0, 0] = float("nan")
    return Conditioning((ConditioningPart({"embeds": numbers}, {"skip": 2}),), "toys")


@node(version="1")
def latent(a: float) -> Latent:
    """Give a latent of four channels."""
    import torch

    return Latent(torch.linspace(-a, a, 4 * 6 * 8).reshape(1, 4, 6, 8), "toys")


@node(version="1")
def sound(seconds: float) -> Audio:
    """Give a sound that is silent."""
    import torch

    return Audio(torch.zeros(1, 1, int(seconds * 8000)), 8000)


@node(version="1")
def pictures(count: int, side: int = 8) -> list[Image]:
    """Give a list of pictures, each of another grey."""
    import torch

    return [Image(torch.full((1, side, side, 3), at / count)) for at in range(count)]


@node(version="1")
def shown(seconds: float, ctx: Context) -> float:
    """Take some time, and show a picture meanwhile."""
    import torch

    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        grey = left / seconds
        ctx.progress(1 - grey, preview=lambda grey=grey: Image(torch.full((1, 4, 4, 3), grey)))
        time.sleep(0.01)
    return seconds
