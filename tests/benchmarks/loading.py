"""B16: a model from a warm and from a cold disk, through our loader."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from harness import Row, alternate, child
from made import model_of, unet_alone

MEGABYTE = 1e6


def forgotten(file: Path) -> bool:
    """Ask the system to let a file go from its memory, if it can be asked."""
    if not hasattr(os, "posix_fadvise"):
        return False
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True


def model_from_disk() -> dict[str, Any]:
    """In a child: seconds, by the clock, of four ways to have the weights of a UNet in memory."""
    from safetensors.torch import load_file

    from musegraph import Engine, Store

    with tempfile.TemporaryDirectory(prefix="musegraph-") as work:
        folder = unet_alone(Path(work) / "models" / "wide")
        file = folder / "unet" / "diffusion_pytorch_model.safetensors"
        ours = Engine(store=Store(), models=[folder.parent], data=Path(work) / "data")
        ref = model_of(ours, "wide")
        load = ours.registry.loader(ref.loader).load
        ways: dict[str, Callable[[], Any]] = {
            "ours": lambda: load(ref, folder, "cpu"),
            "mapped": lambda: load_file(file),
            "copied": lambda: {name: one.clone() for name, one in load_file(file).items()},
            "read": file.read_bytes,
        }

        def taking(way: Callable[[], Any], cold: bool) -> Callable[[], float]:
            def seconds() -> float:
                if cold:
                    forgotten(file)
                start = perf_counter()
                way()
                return perf_counter() - start

            return seconds

        warm = alternate({name: taking(way, False) for name, way in ways.items()})
        cold = alternate({name: taking(way, True) for name, way in ways.items()}, rounds=3)
        hashing = taking(lambda: ours.models._hash(file), False)()
        return {"bytes": file.stat().st_size, "warm": warm, "cold": cold, "hash": hashing}


def loading() -> list[Row]:
    """B16: always by the clock, for a disk takes no time of a processor."""
    found = child("model_from_disk")
    size = found["bytes"] / MEGABYTE
    rows = []
    for state in ("warm", "cold"):
        speed = {name: size / seconds for name, seconds in found[state].items()}
        what = f"a UNet of {size:,.0f} MB, {state} disk"
        note = f"identified once, in {found['hash']:.2f} s" if state == "warm" else ""
        rows += [
            Row("B16", what, speed["ours"], "MB/s", "a plain read of the file", speed["read"],
                None, 0.85 if state == "cold" else None, "ratio", more=True, note=note),
            Row("B16", what, speed["ours"], "MB/s", "load_file and a copy of each tensor",
                speed["copied"]),
            Row("B16", what, speed["ours"], "MB/s", "load_file, which only maps", speed["mapped"]),
        ]  # fmt: skip
    return rows
