"""One process, run after run: it keeps to its memory, its open files and its threads.

Every run changes a seed or a value, so that steps run, pictures are made and kept on disk; now and
then the workflow is planned anew, or one of the runs before is asked for again.
"""

from __future__ import annotations

import gc
import random
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import torch

from musegraph import Engine, Image, Pack, Registry, Seed, Store, Text, Workflow, node
from musegraph.workflow import Port

PROMISE = "A process keeps to its memory, open files and threads over 10,000 runs."

WARM = 10
"""A tenth of the runs goes before the first look: caches fill, and allocators find their size."""
BOUND = 16 << 20
"""Bytes by which the memory may grow from the first look to the last."""
BUDGET, RECORDS = 1 << 20, 1000
"""Bytes of pictures, and records, that may stay in memory: full long before the first look."""


@node(version="1")
def noise(seed: Seed = 0, side: int = 16) -> Image:
    """A picture of noise."""
    return Image(torch.rand(1, side, side, 3, generator=torch.Generator().manual_seed(seed)))


@node(version="1")
def darken(image: Image, by: float = 0.5) -> Image:
    """Less of it."""
    return Image(image.data * by)


@node(version="1")
def describe(image: Image) -> Text:
    """How bright it is."""
    return f"{float(image.data.mean()):.6f}"


WORKFLOW = Workflow.parse(
    {
        "musegraph": 1,
        "inputs": {"seed": {"to": ["a.seed"], "default": 0}},
        "outputs": {"picture": "b.out", "said": "c.out"},
        "nodes": {
            "a": {"type": "memory.noise"},
            "b": {"type": "memory.darken", "links": {"image": "a.out"}},
            "c": {"type": "memory.describe", "links": {"image": "b.out"}},
        },
    }
)


@dataclass(frozen=True)
class Look:
    """What the process holds."""

    bytes: int
    files: int
    threads: int


def look() -> Look:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    files = sum(1 for _ in Path("/proc/self/fd").iterdir())
    return Look(pages * 4096, files, threading.active_count())


def work(engine: Engine, count: int, draw: random.Random) -> list[Look]:
    """So many runs; what the process held after a tenth of them, at half-time and at the end."""
    looks = []
    plan = engine.plan(WORKFLOW)
    for number in range(1, count + 1):
        seed = number if draw.random() < 0.9 else draw.randrange(number)
        if number % 10 == 0:
            plan = engine.plan(engine.settle(WORKFLOW, seed=seed))
        elif number % 3 == 0:
            plan = plan.edit({Port("b", "by"): draw.random()})
        else:
            plan = plan.edit({Port("a", "seed"): seed})
        result = engine.run(plan, lambda event: None)
        assert result.ok, result.outcome.errors
        assert float(result.outputs()["said"]) > 0
        if number in (count // WARM, count // 2, count):
            looks.append(look())
    return looks


def main(count: int) -> int:
    registry = Registry.of(Pack("memory", [noise, darken, describe]))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), host_budget=BUDGET, disk_budget=BUDGET, records=RECORDS)
        with Engine(registry, store) as engine:
            looks = work(engine, count, random.Random(5))
    print("| runs in one process | memory, MB | open files | threads |\n|--:|--:|--:|--:|")
    for number, seen in zip((count // WARM, count // 2, count), looks, strict=True):
        print(f"| {number:,} | {seen.bytes / 1e6:.1f} | {seen.files} | {seen.threads} |")
    first, last = looks[0], looks[-1]
    grown = last.bytes - first.bytes
    print(f"\nIt grew by {grown / 1e6:.1f} MB; at most {BOUND / 1e6:.1f} MB are allowed.")
    return 0 if grown < BOUND and (first.files, first.threads) == (last.files, last.threads) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
