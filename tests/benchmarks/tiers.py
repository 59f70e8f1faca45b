"""B11 and B12: hits in memory and on disk, what a put costs the run, and hashing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from harness import Row, alternate, one_core, timed

from musegraph import Image, Store
from musegraph.values.codec import identity

MEGABYTE = 2**20


def picture(megabytes: int, seed: int = 0) -> Image:
    import torch

    generator = torch.Generator().manual_seed(seed)
    return Image(torch.rand(1, 256 * megabytes, 256, 4, generator=generator))


def tiers() -> list[Row]:
    """B11: values of 10 and 100 MB."""
    import torch

    torch.set_num_threads(1)
    rows: list[Row] = []
    with one_core():
        for megabytes in (10, 100):
            rows += _hits(megabytes)
    return rows


def _hits(megabytes: int) -> list[Row]:
    import torch

    value = picture(megabytes)
    data, target = value.data, torch.empty_like(value.data)
    target.copy_(data)
    serial = count(1)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        entry = store.put("k", "toy.noise", {"out": value}, 1.0).outputs["out"]
        store.flush()

        def memory() -> float:
            return timed(lambda: [store.value(entry) for _ in range(1_000)]) / 1_000

        def disk() -> float:
            other = Store(Path(folder))
            found: list[Any] = []

            def hit() -> None:
                record = other.record("k")
                assert record is not None
                found.append(other.value(record.outputs["out"]))

            seconds = timed(hit)
            assert torch.equal(found[0].data, data)
            other.close()
            return seconds

        def put() -> float:
            made = Image(data + next(serial))
            key = f"k{next(serial)}"
            seconds = timed(lambda: store.put(key, "toy.noise", {"out": made}, 1.0))
            store.flush()
            return seconds

        subjects: dict[str, Callable[[], float]] = {
            "memory": memory,
            "disk": disk,
            "put": put,
            "copy": lambda: timed(lambda: target.copy_(data)),
            "clone": lambda: timed(data.clone),
            "file": lambda: timed(_largest(Path(folder)).read_bytes),
        }
        best = alternate(subjects, rounds=7 if megabytes < 50 else 5)
        store.close()
    size = f"{megabytes} MB"
    disk_note = (
        f"memcpy into fresh memory {best['clone'] * 1e3:.2f} ms,"
        f" plain read of the file {best['file'] * 1e3:.2f} ms; the digest is verified"
    )
    return [
        Row("B11", f"hit in memory, {size}", best["memory"] * 1e6, "µs", "memcpy",
            best["copy"] * 1e6, None, 5),
        Row("B11", f"hit on a warm disk, {size}", best["disk"] * 1e3, "ms", "memcpy",
            best["copy"] * 1e3, None, 1.3, "ratio", note=disk_note),
        Row("B11", f"put on the critical path, {size}", best["put"] * 1e3, "ms", "memcpy",
            best["copy"] * 1e3, None, 0.2, note="with the value's identity"),
    ]  # fmt: skip


def _largest(folder: Path) -> Path:
    files = (path for path in folder.rglob("*") if path.is_file())
    return max(files, key=lambda path: path.stat().st_size)


def hashing() -> list[Row]:
    """B12: the identity of a value in host memory, beside the bare hash and a copy."""
    from blake3 import blake3

    rows: list[Row] = []
    with one_core():
        for megabytes in (1, 10, 64, 256):
            value = picture(megabytes)
            data, target = value.data, value.data.clone()
            view = memoryview(data.numpy()).cast("B")
            best = alternate(
                {
                    "ours": lambda: timed(lambda: identity(value)),  # noqa: B023
                    "blake3": lambda: timed(lambda: blake3(view).digest()),  # noqa: B023
                    "copy": lambda: timed(lambda: target.copy_(data)),  # noqa: B023
                },
                rounds=7,
            )
            speed = {name: megabytes / seconds for name, seconds in best.items()}
            rows.append(
                Row("B12", f"identity of {megabytes} MB", speed["ours"], "MB/s", "bare BLAKE3",
                    speed["blake3"], None, 0.9, "ratio", more=True,
                    note=f"memcpy {speed['copy']:.0f} MB/s")
            )  # fmt: skip
    return rows
