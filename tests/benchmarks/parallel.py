"""B9: independent branches on two cores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

from graphs import branches, engine, multiply
from harness import Row, alternate, child

from musegraph.workflow import Workflow

COUNT, SIDE, TIMES = 4, 500, 60


def overlap() -> dict[str, Any]:
    """In a child: wall seconds of four branches of torch, one thread each, in three ways."""
    import torch

    torch.set_num_threads(1)
    multiply(0, SIDE, 2)
    seeds = iter(range(1, 10**6, COUNT))
    ours = engine()
    pool = ThreadPoolExecutor(2)

    def wall(action: Any) -> float:
        start = perf_counter()
        action()
        return perf_counter() - start

    def graph() -> float:
        plan = ours.plan(Workflow.parse(branches(COUNT, SIDE, TIMES, next(seeds))))
        return wall(lambda: ours.run(plan))

    def in_turn() -> float:
        seed = next(seeds)
        return wall(lambda: [multiply(seed + i, SIDE, TIMES) for i in range(COUNT)])

    def pooled() -> float:
        seed = next(seeds)
        return wall(lambda: list(pool.map(lambda i: multiply(seed + i, SIDE, TIMES), range(COUNT))))

    return alternate({"ours": graph, "in turn": in_turn, "pool": pooled}, rounds=9)


def parallel() -> list[Row]:
    """B9: always by the clock; on a busy machine only the row beside the pool says anything."""
    found = child("overlap", pinned=False)
    speed, raw = found["in turn"] / found["ours"], found["in turn"] / found["pool"]
    return [
        Row("B9", f"{COUNT} branches, speed-up over one after another", speed, "×",
            "one after another", 1.0, None, 1.6, more=True),
        Row("B9", f"{COUNT} branches, speed-up", speed, "×", "a ThreadPool of 2", raw,
            None, 0.93, "ratio", more=True),
    ]  # fmt: skip
