"""Pickles that put a mark where they are opened, in many wrappings and under many names."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import pickle  # noqa: TID251  what is tested is that none is ever opened
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


class Call:
    """Pickled as the call of something, which is made when it is opened."""

    def __init__(self, what: Callable[..., Any], *given: Any) -> None:
        self.what = what
        self.given = given

    def __call__(self) -> None:
        """Pickle wants to see that what is called can be called."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.what, self.given


def calls(mark: Path) -> dict[str, bytes]:
    """Pickles each of which makes the file ``mark``, by what does it."""
    import builtins
    import importlib
    import operator
    import os
    import pkgutil
    import shutil
    import subprocess
    import sys
    import timeit

    name, python = str(mark), sys.executable
    touch = f"open({name!r}, 'w').close()"
    made = {
        "os.system": Call(os.system, f"touch {name}"),
        "os.popen": Call(operator.methodcaller("read"), Call(os.popen, f"touch {name}")),
        "os.mkdir": Call(os.mkdir, name),
        "os.symlink": Call(os.symlink, "/", name),
        "os.mkfifo": Call(os.mkfifo, name),
        "builtins.eval": Call(builtins.eval, touch),
        "builtins.exec": Call(builtins.exec, touch),
        "builtins.open": Call(builtins.open, name, "w"),
        "builtins.getattr": Call(
            Call(getattr, Call(importlib.import_module, "os"), "system"), f"touch {name}"
        ),
        "subprocess.call": Call(subprocess.call, ["touch", name]),
        "subprocess.check_output": Call(subprocess.check_output, ["touch", name]),
        "subprocess.run": Call(subprocess.run, [python, "-S", "-c", touch]),
        "pkgutil.resolve_name": Call(Call(pkgutil.resolve_name, "os:system"), f"touch {name}"),
        "importlib.import_module": Call(
            operator.methodcaller("system", f"touch {name}"), Call(importlib.import_module, "os")
        ),
        "shutil.copyfile": Call(shutil.copyfile, "/dev/null", name),
        "pathlib.Path.touch": Call(Path.touch, mark),
        "timeit.timeit": Call(timeit.timeit, touch, "pass", timeit.default_timer, 1),
        "numpy.savetxt": Call(np.savetxt, name, [1]),
    }
    protocols = (2, 3, 4, 5)
    found = {
        what: pickle.dumps(call, protocol=protocols[index % 4])
        for index, (what, call) in enumerate(made.items())
    }
    found["the oldest protocol"] = pickle.dumps(Call(os.system, f"touch {name}"), protocol=0)
    found["posix by hand"] = f"cposix\nsystem\n(S'touch {name}'\ntR.".encode()
    return found


def _zip(*members: tuple[str, bytes], kind: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", kind) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def _tar(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def _safetensors(header: dict[str, Any], data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def _npy(data: bytes) -> bytes:
    """An array of objects, of which numpy unpickles the rest of the file."""
    head = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    head += b" " * (63 - (10 + len(head)) % 64) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(head)) + head + data


def wrapped(data: bytes) -> dict[str, bytes]:
    """A pickle in everything that somebody has hidden one in."""
    bytes_ = {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]}
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)
    return {
        "a checkpoint of torch": _zip(("archive/data.pkl", data), ("archive/version", b"3\n")),
        "a deflated checkpoint": _zip(("archive/data.pkl", data), kind=zipfile.ZIP_DEFLATED),
        "a checkpoint in a zip": _zip(("inner.pt", _zip(("archive/data.pkl", data)))),
        "a checkpoint with a workflow": _zip(("workflow.json", b"{}"), ("data.pkl", data)),
        "a script of torch": _zip(("m/code/x.py", b"1"), ("m/data.pkl", data)),
        "an older checkpoint": magic + pickle.dumps({}, 2) + data,
        "the oldest checkpoint": _tar(("sys_info", data), ("pickle", data), ("storages", data)),
        "a tar": _tar(("data.pkl", data)),
        "7z": b"7z\xbc\xaf\x27\x1c\0\4" + bytes(24) + lzma.compress(data),
        "an array of objects": _npy(data),
        "arrays of objects": _zip(("a.npy", _npy(data))),
        "joblib": zlib.compress(data),
        "gzip": gzip.compress(data),
        "bz2": bz2.compress(data),
        "xz": lzma.compress(data),
        "behind a header": _safetensors({"a": bytes_}, data + data),
        "in the place of a header": struct.pack("<Q", len(data)) + data,
        "in the metadata": _safetensors(
            {"__metadata__": {"x": base64.b64encode(data).decode()}}, data
        ),
        "GGUF": b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + data,
        "HDF5": b"\x89HDF\r\n\x1a\n" + data,
        "behind a picture": b"\x89PNG\r\n\x1a\n" + bytes(8) + data,
    }
