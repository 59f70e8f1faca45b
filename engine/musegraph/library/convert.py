"""Making a .safetensors file of a pickle: in a process of its own, which is trusted with nothing.

A pickle is a program. It is read by a reader that knows tensors only, and that reader runs where
it would do no harm if it were wrong: see unpickle.py. There is no other way to have one opened.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from musegraph.errors import ModelError, MusegraphError, StoreError
from musegraph.headers import read_safetensors
from musegraph.library.kinds import PICKLES

CHILD = Path(__file__).with_name("unpickle.py")
SECONDS = 120
"""Seconds in which a small file is converted; large ones have more."""

SPARE = 3 << 30
"""Bytes of memory that PyTorch may take beside a model."""

LONGEST_ANSWER = 4 << 20
_SYSTEM = (
    "/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/urandom", "/dev/null", "/proc/cpuinfo",
    "/proc/self/maps", "/proc/meminfo", "/sys/devices/system/cpu",
)  # fmt: skip
_HELD = {
    "files": "reach your files",
    "network": "reach the network",
    "programs": "start programs",
    "memory": "take memory without end",
    "time": "run without end",
}
"""What the process is kept from, and what it could do if it were not."""


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a conversion: ``left`` are names of what is no tensor."""

    tensors: int
    bytes: int
    left: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    """What the process was kept from, of ``files``, ``network``, ``programs`` and so on."""

    def not_held(self) -> list[str]:
        """What it could have done here if the reader of pickles had been wrong."""
        return [what for name, what in _HELD.items() if name not in self.held]


def convert(file: Path, target: Path, replace: bool = False) -> Made:
    """Write the tensors of a pickle to a .safetensors file, which appears as a whole or not at all.

    :class:`ModelError` says why a file is not opened: above all because it holds more than tensors.
    """
    _check(file, target, replace)
    size = file.stat().st_size
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{target.name}.", suffix=".part", dir=target.parent
        )
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}") from None
    part = Path(name)
    try:
        with os.fdopen(handle, "wb"), file.open("rb") as source:
            made = _run(file, source.fileno(), handle, size)
        header = read_safetensors(part)  # what a strange process wrote is looked at like any other
        if len(header.tensors) != made.tensors or part.stat().st_size != made.bytes:
            raise ModelError(f"{file} was not converted: what came out is not what was promised")
        part.chmod(0o666 & ~_umask())
        part.replace(target)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)
    return made


def _check(file: Path, target: Path, replace: bool) -> None:
    if file.suffix == ".safetensors":
        raise MusegraphError(f"{file} is a .safetensors file already; there is nothing to convert")
    if file.suffix not in PICKLES:
        raise MusegraphError(f"{file} is none of {', '.join(PICKLES)}; there is nothing to convert")
    if not file.is_file():
        raise MusegraphError(f"{file} is no file")
    if target.suffix != ".safetensors":
        raise MusegraphError(f"what is made is a .safetensors file; call it so, and not {target}")
    if target.exists() and not replace:
        raise MusegraphError(
            f"{target} is there already; say --replace, or another name with --out"
        )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _run(file: Path, source: int, target: int, size: int) -> Made:
    job = {
        "source": source,
        "target": target,
        "memory": SPARE + 3 * size,
        "room": 2 * size + (64 << 20),
        "seconds": SECONDS + size // (10 << 20),
        "paths": [*_SYSTEM, *_libraries()],
    }
    with tempfile.TemporaryDirectory(prefix="musegraph-") as nowhere:
        answer, code = _answer(job, (source, target), nowhere)
    if answer is None:
        raise ModelError(f"{file} was not converted: {_ended(code)}; nothing was written")
    if why := answer.get("refused"):
        raise ModelError(
            f"{file} {str(why)[:400]}; it was not opened any further and nothing was written: get"
            " the model as .safetensors"
        )
    try:
        return Made(
            int(answer["tensors"]),
            int(answer["bytes"]),
            tuple(map(str, answer["left"])),
            tuple(map(str, answer["held"])),
        )
    except (KeyError, TypeError, ValueError):
        raise ModelError(f"{file} was not converted: its answer makes no sense") from None


def _answer(job: dict[str, Any], handles: tuple[int, ...], nowhere: str) -> tuple[Any, int]:
    """What the process says, and how it ended; None for one that says nothing."""
    words = [sys.executable, "-I", "-X", "utf8", str(CHILD), json.dumps(job)]
    child = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=handles,
        cwd=nowhere,
        env=_environment(nowhere),
        start_new_session=True,
    )
    said = b""
    with _ended_for_sure(child), contextlib.suppress(subprocess.TimeoutExpired):
        said = child.communicate(timeout=job["seconds"])[0]
    try:
        answer = json.loads(said[:LONGEST_ANSWER]) if child.returncode == 0 else None
    except (ValueError, RecursionError):
        answer = None
    return (answer if isinstance(answer, dict) else None), child.returncode


@contextlib.contextmanager
def _ended_for_sure(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """In the end neither the process is there nor anything that it has started."""
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
        child.kill()
        child.communicate()


def _environment(nowhere: str) -> dict[str, str]:
    """Nothing of this process's own: no tokens, no homes, no graphics card."""
    return {
        "HOME": nowhere,
        "TMPDIR": nowhere,
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _libraries() -> list[str]:
    """Where Python and what it imports for this lie."""
    found = [sys.prefix, sys.base_prefix, str(CHILD.parent)]
    spec = find_spec("torch")
    if spec is not None and spec.origin:
        found.append(str(Path(spec.origin).parents[1]))
    return found


def _ended(code: int) -> str:
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "opening it took more time or memory than a model of its size should"
    if code < 0:
        return f"the process that opened it was ended by {signal.Signals(-code).name}"
    return "the process that opened it failed"
