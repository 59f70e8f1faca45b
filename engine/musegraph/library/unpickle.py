"""The process that opens a pickle, and nothing else: run by convert.py, once for each file.

It stands alone: ``python -I unpickle.py JOB``, where the job is JSON. It has the pickle and the
file to write as open handles, and gives up the rest of the machine before it imports what reads
them: other files, the network, starting programs. PyTorch then reads the pickle with its reader
that knows tensors only and calls nothing by name. What is told comes as one line of JSON.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import struct
import sys
from collections.abc import Iterator
from typing import Any

TYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64",
    "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL",
    "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2",
}  # fmt: skip
"""What the types of numbers are called in a .safetensors file."""

MOST_TENSORS = 100_000
LONGEST_NAME = 1000
DEEPEST = 8
PIECE = 1 << 24

RECORDS = ("dataset.preprocess.Normalizer", "dataset.scaler.MinMaxScaler")
"""Classes of EDGE's that its checkpoints hold beside the weights: the range of its numbers."""

_RANGE = (("scale", "scale_"), ("shift", "min_"))

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_RULESET, _RULE, _RESTRICT = 444, 445, 446
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_NO_NEW_PRIVILEGES = 38


def main() -> int:
    job = json.loads(sys.argv[1])
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    held = [*limits(job["memory"], job["seconds"], job["room"]), *cage(job["paths"])]
    try:
        made = convert(job["source"], job["target"])
    except _Refused as error:
        made = {"refused": str(error)}
    except MemoryError:
        made = {"refused": "needs more memory than a model of its size should"}
    except RuntimeError as error:
        if "memory" not in str(error).lower():
            raise
        made = {"refused": "needs more memory than a model of its size should"}
    answer.write(json.dumps({**made, "held": held}) + "\n")
    answer.flush()
    return 0


class _Refused(Exception):
    """Why nothing is made of the file, as the rest of a sentence about it."""


# -- giving up ----------------------------------------------------------------------------------


def limits(memory: int, seconds: int, room: int) -> list[str]:
    """Bound what this process may take: memory, time on a processor, and what it may write."""
    try:
        import resource
    except ImportError:  # Windows
        return []
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    if sys.platform != "linux":  # elsewhere it does not count what is mapped
        return ["time"]
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    return ["time", "memory"]


def cage(paths: list[str]) -> list[str]:
    """Give up the network and all files but those below ``paths``, which may be read.

    What is given up, for good: the rest of the process and whatever it starts inherit it.
    """
    if sys.platform != "linux":
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    held = []
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_NEW_USER | _NEW_NET) == 0:
        held.append("network")
        with contextlib.suppress(OSError):  # who it is makes no difference to what follows
            _tell("/proc/self/setgroups", "deny")
            _tell("/proc/self/uid_map", f"{user} {user} 1")
            _tell("/proc/self/gid_map", f"{group} {group} 1")
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if _landlock(libc, paths):
        held += ["files", "programs"]
    return held


def _tell(place: str, text: str) -> None:
    with open(place, "w") as stream:  # noqa: PTH123  nothing is imported in here that need not be
        stream.write(text)


def _landlock(libc: Any, paths: list[str]) -> bool:
    """Let the system refuse every file but these: https://docs.kernel.org/userspace-api/landlock.html."""
    version = libc.syscall(_RULESET, None, 0, 1)
    if version < 1:
        return False
    rights = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    asked = struct.pack("QQQ", rights, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = libc.syscall(_RULESET, ctypes.c_char_p(asked), size, 0)
    if rules < 0:
        return False
    try:
        for path in paths:
            with contextlib.suppress(OSError):
                _let_read(libc, rules, path)
        return bool(libc.syscall(_RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)


def _let_read(libc: Any, rules: int, path: str) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = _READ_FILE | (_READ_FOLDER if os.path.isdir(path) else 0)  # noqa: PTH112
        rule = struct.pack("=Qi", rights, place) + bytes(4)
        libc.syscall(_RULE, rules, 1, ctypes.c_char_p(rule), 0)
    finally:
        os.close(place)


# -- the work ------------------------------------------------------------------------------------


def convert(source: int, target: int) -> dict[str, Any]:
    """Read the pickle at one handle and write its tensors to another, as a .safetensors file."""
    import torch

    torch.set_num_threads(1)
    # In their place stand classes that hold what they are given and can do nothing.
    torch.serialization.add_safe_globals([(type("Record", (), {}), name) for name in RECORDS])
    with os.fdopen(source, "rb") as stream:
        try:
            found = torch.load(stream, map_location="cpu", weights_only=True)
        except Exception as error:  # noqa: BLE001  PyTorch raises all kinds for what is none
            if isinstance(error, MemoryError) or "alloc" in str(error):
                raise MemoryError from None
            raise _Refused(_why(error)) from None
    left: list[str] = []
    tensors = {}
    for name, value in _flat(_inner(found, left), "", 0, left):
        if name in tensors:
            raise _Refused(f"holds two tensors that would both be called {name[:80]!r}")
        tensors[name] = value
        if len(tensors) > MOST_TENSORS:
            raise _Refused(f"holds more than {MOST_TENSORS:,} tensors, and no model does")
    if not tensors:
        raise _Refused("holds no tensors")
    return {"tensors": len(tensors), "left": left[:50], "bytes": _write(tensors, target)}


def _why(error: Exception) -> str:
    """What a refusal of PyTorch's means to somebody who wants to use a model."""
    text = str(error)
    for mark in ("Unsupported global: GLOBAL ", "Trying to load unsupported GLOBAL "):
        if mark in text:
            asked = "".join(
                c for c in text.split(mark, 1)[1].split(maxsplit=1)[0] if c.isprintable()
            )
            return (
                f"asks for {asked[:80]!r} to be called when it is opened: it holds more than"
                " weights, and may be meant to do harm"
            )
    if (
        "Unsupported operand" in text
        or "Unsupported class" in text
        or "weights_only" in text.lower()
    ):
        return "holds more than weights: it asks for something to be called when it is opened"
    return "is no file of weights that PyTorch can read, or is damaged"


def _inner(found: Any, left: list[str]) -> Any:
    """The weights in what a training program saved."""
    if not isinstance(found, dict):
        return {"weight": found}
    if isinstance(words := found.get("string_to_param"), dict) and len(words) == 1:
        left += [str(name) for name in found if name != "string_to_param"]
        return {"emb_params": next(iter(words.values()))}
    if isinstance(weights := found.get("ema_state_dict"), dict) and "normalizer" in found:
        scaler = getattr(found["normalizer"], "scaler", None)
        kept = {own: getattr(scaler, name, None) for own, name in _RANGE}
        left += [str(name) for name in found if name not in ("ema_state_dict", "normalizer")]
        return {**weights, "normalizer": kept}
    for name in ("state_dict", "params_ema", "params", "model_state_dict"):
        if isinstance(found.get(name), dict):
            left += [str(other) for other in found if other != name]
            return found[name]
    return found


def _flat(value: Any, name: str, depth: int, left: list[str]) -> Iterator[tuple[str, Any]]:
    """The tensors in a nest of dictionaries, by their names joined with dots."""
    import torch

    if isinstance(value, torch.Tensor):
        if value.layout != torch.strided or value.is_quantized:
            raise _Refused(f"holds {name[:80]!r} in a form that .safetensors files cannot hold")
        if str(value.dtype).removeprefix("torch.") not in TYPES:
            raise _Refused(f"holds {name[:80]!r} in numbers that .safetensors files cannot hold")
        yield name or "weight", value.detach()
    elif isinstance(value, dict) and depth < DEEPEST:
        for key, inner in value.items():
            whole = f"{name}.{key}" if name else str(key)
            if not isinstance(key, (str, int)) or len(whole) > LONGEST_NAME:
                raise _Refused("holds tensors under names that are none")
            if whole == "__metadata__":
                raise _Refused("holds a tensor under a name that .safetensors files keep for notes")
            yield from _flat(inner, whole, depth + 1, left)
    elif name:
        left.append(name[:200])


def _write(tensors: dict[str, Any], target: int) -> int:
    """Write the file, tensor after tensor, without a second copy of all of them."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, value in tensors.items():
        length = value.numel() * value.element_size()
        kind = TYPES[str(value.dtype).removeprefix("torch.")]
        header[name] = {"dtype": kind, "shape": [*value.shape], "data_offsets": [at, at + length]}
        at += length
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with os.fdopen(target, "wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        for value in tensors.values():
            _put(stream, value)
        return stream.tell()


def _put(stream: Any, value: Any) -> None:
    import torch

    if not value.numel():
        return
    data = value.contiguous().reshape(-1).view(torch.uint8).numpy()
    for start in range(0, len(data), PIECE):
        stream.write(memoryview(data[start : start + PIECE]))


if __name__ == "__main__":
    sys.exit(main())
