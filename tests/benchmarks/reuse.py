"""B3 to B6: running again what is there already, whole, in part, and after a restart."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graphs import chain, engine, told, with_pictures
from harness import Row, alternate, child, clock, one_core, timed

from musegraph import Store
from musegraph.workflow import Port, Workflow


def again_from_text() -> list[Row]:
    """B3: an identical document of 1,000 nodes from JSON text: read, checked, planned, run."""
    text = json.dumps(told(1_000))
    with one_core(), engine() as ours:
        ours.run(ours.plan(Workflow.parse(text)))

        def again() -> None:
            result = ours.run(ours.plan(Workflow.parse(text)))
            assert set(result.outcome.status.values()) == {"cached"}

        subjects = {
            "ours": lambda: timed(again),
            "read": lambda: timed(lambda: Workflow.parse(text)),
            "json": lambda: timed(lambda: json.loads(text)),
        }
        best = alternate(subjects, rounds=11)
    size = f"{len(text) / 1e3:.0f} kB of text; reading alone {best['read'] * 1e3:.2f} ms"
    return [
        Row("B3", "re-run of 1,000 nodes from text, all hits", best["ours"] * 1e3, "ms",
            "json.loads", best["json"] * 1e3, 4, 8, "ratio", note=size),
    ]  # fmt: skip


def again_in_memory() -> list[Row]:
    """B4: the same plan once more, twenty times."""
    document = chain(1_000)
    with one_core(), engine() as ours:
        plan = ours.plan(Workflow.parse(document))
        ours.run(plan)
        plan = ours.plan(Workflow.parse(document))
        made = {"n999": {"out": 1.0}}
        subjects = {
            "ours": lambda: timed(lambda: [ours.run(plan) for _ in range(20)]) / 20,
            "look": lambda: timed(lambda: [made["n999"]["out"] for _ in range(1_000)]) / 1_000,
        }
        best = alternate(subjects, rounds=15)
    return [
        Row("B4", "the same plan of 1,000 nodes again", best["ours"] * 1e6, "µs",
            "a dictionary look-up", best["look"] * 1e6, 10, 100),
    ]  # fmt: skip


BELOW = (1, 10, 100, 500)


def edit() -> list[Row]:
    """B5: a value is changed with d nodes from there on: ``plan.edit`` and run, t = a + b·d.

    Few nodes below are edited again and again, as by a slider that is dragged.
    """
    with one_core():
        found = {size: _edits(size) for size in (1_000, 10_000)}
    rows: list[Row] = []
    for size, best in found.items():
        if "edit 1" not in best:
            return [Row("B5", "plan.edit", float("nan"), "ms", note="not built yet")]
        first, far = best["edit 1"], best[f"edit {BELOW[-1]}"]
        slope = (far - first) / (BELOW[-1] - 1)
        rows += [
            Row("B5", f"chain of {size:,}, 1 node below: edit and run", first * 1e3, "ms",
                "plan anew and run", best["anew 1"] * 1e3, None, 0.3),
            Row("B5", f"chain of {size:,}: each further node below", slope * 1e6, "µs",
                "cold run, per node", best["cold"] / BELOW[-1] * 1e6, 6, 12),
        ]  # fmt: skip
    rows.append(
        Row("B5", "1 node below, in 10,000", found[10_000]["edit 1"] * 1e3, "ms",
            "in 1,000", found[1_000]["edit 1"] * 1e3, None, 1.3, "ratio")
    )  # fmt: skip
    return rows


def _edits(size: int) -> dict[str, float]:
    """Least seconds of an edit with each number of nodes below, of planning anew, of a cold run."""
    document = chain(size)
    cold = Workflow.parse(chain(BELOW[-1]))
    fresh = iter(range(10**6, 10**9))
    with engine() as ours:
        plan = ours.plan(Workflow.parse(document))
        ours.run(plan)
        plan = ours.plan(Workflow.parse(document))

        def edited(below: int) -> None:
            port = Port(f"n{size - below}", "b")
            assert ours.run(plan.edit({port: next(fresh)})).ok

        def anew() -> None:
            changed = plan.workflow.with_values({Port(f"n{size - 1}", "b"): next(fresh)})
            assert ours.run(ours.plan(changed)).ok

        def cold_run() -> float:
            with engine() as other:
                ready = other.plan(cold)
                return timed(lambda: other.run(ready))

        subjects: dict[str, Callable[[], float]] = {
            "anew 1": lambda: timed(anew),
            "cold": cold_run,
        }
        if hasattr(plan, "edit"):
            for below in BELOW:
                times = max(1, 20 // below)
                subjects[f"edit {below}"] = lambda below=below, times=times: (  # type: ignore[misc]
                    timed(lambda: [edited(below) for _ in range(times)]) / times
                )
        return alternate(subjects, rounds=9)


def restart() -> list[Row]:
    """B6: 1,000 nodes in a new process, with ten outputs of 1 MB on disk."""
    with tempfile.TemporaryDirectory() as folder:
        first = child("session", folder)
        found = [child("session", folder) for _ in range(5)]
    fresh = first["seconds"] * 1e3
    best = min(part["seconds"] for part in found) * 1e3
    ran = max(part["ran"] for part in found)
    return [
        Row("B6", "nodes run after a restart", ran, "nodes", "the first run", first["ran"],
            None, 0),
        Row("B6", "re-run after a restart, outputs read", best, "ms",
            "the first run", fresh, None, 30, note="after imports"),
    ]  # fmt: skip


def session(folder: str) -> dict[str, Any]:
    """In a child: run the graph on the cache in a folder, and read its outputs."""
    import torch

    torch.set_num_threads(1)
    text = json.dumps(with_pictures(1_000))
    with engine() as warm_up:  # what is loaded on first use is not the restart's cost
        warm_up.run(warm_up.plan(Workflow.parse(with_pictures(11, 1)))).outputs()
    start = clock()
    with engine(Store(Path(folder))) as ours:
        result = ours.run(ours.plan(Workflow.parse(text)))
        read = result.outputs()
        seconds = clock() - start
        # What `run` does with named outputs: keep them whatever they cost.
        for step in ours.plan(Workflow.parse(text)).steps.values():
            if step.key is not None and step.id.startswith("p"):
                ours.store.make_durable(step.key)
        ours.store.flush()
    assert len(read) == 11
    ran = sum(status == "done" for status in result.outcome.status.values())
    return {"seconds": seconds, "ran": ran}
