"""B24: what the engine holds beside the values, over size, over time, and at its budget."""

from __future__ import annotations

import gc
import os
from pathlib import Path

from graphs import SHAPES, chain, engine, pictures_and_means
from harness import Row, child

from musegraph import Store
from musegraph.workflow import Port, Workflow

RUNS = 10_000


def resident_megabytes() -> float:
    """Memory of this process now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def peak_megabytes() -> float:
    """The most that this program held; what the system counts for a process goes on over exec."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def resident(shape: str, count: str) -> float:
    """In a child: peak MB above imports of reading, planning and running a graph."""
    with engine() as ours:
        ours.run(ours.plan(Workflow.parse(chain(3))))
        before = resident_megabytes()
        work = Workflow.parse(SHAPES[shape](int(count)))
        result = ours.run(ours.plan(work))
        assert result.ok
    return peak_megabytes() - before


def growth(kind: str) -> float:
    """In a child: MB that 10,000 runs of ten nodes add, the same again or each one new."""
    document = chain(10)
    with engine() as ours:

        def run(number: int) -> None:
            work = Workflow.parse(document)
            if kind == "new":
                work = work.with_values({Port("n9", "b"): number})
            assert ours.run(ours.plan(work)).ok

        for number in range(500):
            run(number)
        gc.collect()
        before = resident_megabytes()
        for number in range(500, 500 + RUNS):
            run(number)
        gc.collect()
        return resident_megabytes() - before


def budget(megabytes: str, count: str, each: str) -> dict[str, float]:
    """In a child: the most that the live tier and the process held, in MB."""
    import torch

    torch.set_num_threads(1)
    store = Store(host_budget=int(megabytes) * 2**20)
    most = 0

    def watch(event: object) -> None:
        nonlocal most
        most = max(most, store.live.used())

    with engine(store) as ours:
        ours.run(ours.plan(Workflow.parse(pictures_and_means(1, 1))))
        before = resident_megabytes()
        work = Workflow.parse(pictures_and_means(int(count), int(each)))
        assert ours.run(ours.plan(work), watch).ok
    return {"live": most / 2**20, "process": peak_megabytes() - before}


def memory() -> list[Row]:
    """B24."""
    rows: list[Row] = []
    for shape in ("chain", "wide"):
        for size in (1_000, 100_000):
            used = child("resident", shape, size)
            rows.append(
                Row("B24", f"{shape} of {size:,}: above imports", used, "MB",
                    gate=50 + 2 * size / 1_000)
            )  # fmt: skip
    for kind, words in (("same", "the same again"), ("new", "each with a new value")):
        grown = child("growth", kind)
        rows.append(
            Row("B24", f"growth over {RUNS:,} runs, {words}", grown, "MB", gate=RUNS / 1_000)
        )
    limit, each = 200, 20
    held = child("budget", limit, 40, each)
    rows += [
        Row("B24", "800 MB of values at a budget of 200: live tier", held["live"], "MB",
            "the budget", limit, gate=limit + each),
        Row("B24", "800 MB of values at a budget of 200: process", held["process"], "MB",
            "the budget", limit, gate=limit + each + 50, note="50 MB for the engine"),
    ]  # fmt: skip
    return rows
