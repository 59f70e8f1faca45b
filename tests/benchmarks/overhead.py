"""B1 and B2: what the engine adds to a trivial node, and that it stays so in large graphs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import peers
from graphs import SHAPES, Document, Events, chain, engine, wide
from harness import Row, alternate, child, one_core, timed
from memory import peak_megabytes

from musegraph.workflow import Workflow

SIZES = (1_000, 3_000, 10_000, 100_000)


def parts(document: Document) -> dict[str, float]:
    """Seconds to read, to plan and to run a document once, all on: keys, events, cache, records."""
    text = json.dumps(document)
    made: list[Any] = []
    events = Events()
    with engine() as ours:
        found = {
            "read": timed(lambda: made.append(Workflow.parse(text))),
            "plan": timed(lambda: made.append(ours.plan(made[0]))),
            "run": timed(lambda: made.append(ours.run(made[1], events))),
        }
        result = made[2]
    assert result.ok
    assert len(events.heard) == 2 * len(document["nodes"]) + 2  # each one ran, and said so
    return found


def overhead() -> list[Row]:
    """B1: 1,000 trivial nodes as a chain, side by side and in layers, beside other engines."""
    rows: list[Row] = []
    with one_core():
        for shape, make in SHAPES.items():
            rows += _beside_peers(shape, make(1_000))
    return rows


def _beside_peers(shape: str, document: Document) -> list[Row]:
    count = len(document["nodes"])
    least: dict[str, float] = {}

    def ours() -> float:
        for name, seconds in parts(document).items():
            least[name] = min(least.get(name, seconds), seconds)
        return least["run"]

    subjects: dict[str, Callable[[], float]] = {"run": ours}
    found = peers.named(document)
    for name, peer in found.items():
        if peer is not None:
            subjects[name] = lambda peer=peer: timed(peer)  # type: ignore[misc]
    best = alternate(subjects, rounds=9)
    each = {name: seconds / count * 1e6 for name, seconds in {**best, **least}.items()}
    unit, title = "µs/node", f"{shape} of {count:,}"
    rows = [
        Row("B1", f"{title}: run", each["run"], unit, "plain loop", each["plain loop"], 8, 15),
        _against_hamilton(f"{title}: run", each, unit),
    ]
    for name in ("Dask, one thread", "Dask, threads"):
        note = "" if name in each else "not installed"
        rows.append(Row("B1", f"{title}: run", each["run"], unit, name, each.get(name), note=note))
    rows += [Row("B1", f"{title}: {part}", each[part], unit) for part in ("read", "plan")]
    return rows


def _against_hamilton(what: str, each: dict[str, float], unit: str) -> Row:
    peer = each.get("Hamilton")
    note = "not installed" if peer is None else ""
    return Row("B1", what, each["run"], unit, "Hamilton", peer, None, 2, "ratio", note=note)


def linearity() -> list[Row]:
    """B2: cost per node from 1,000 to 100,000 nodes, a process for each size.

    What a node costs more in a large graph is held against what a plain loop over the same graph
    costs more: that much is the machine's, whose caches a large graph does not fit.
    """
    rows: list[Row] = []
    for shape in ("chain", "wide"):
        found = {size: child("cost", shape, size) for size in SIZES}
        first = found[SIZES[0]]
        for size, cost in found.items():
            growth, loop = (cost[part] / first[part] for part in ("run", "loop"))
            note = (
                f"run {cost['run']:.1f}, read {cost['read']:.1f}, plan {cost['plan']:.1f} µs/node;"
                f" peak {cost['peak']:.0f} MB"
            )
            what = f"{shape} of {size:,}: run, a node beside one of {SIZES[0]:,}"
            gate = None if size == SIZES[0] else 1.2
            rows.append(
                Row("B2", what, growth, "×", "a plain loop", loop, None, gate, "ratio", note=note)
            )
    return rows


def cost(shape: str, count: str) -> dict[str, float]:
    """In a child: µs per node and peak memory (MB) of one size, default recursion limit."""
    make = {"chain": chain, "wide": wide}[shape]
    size = int(count)
    rounds = 9 if size <= 3_000 else 5 if size <= 10_000 else 3
    least: dict[str, float] = {}
    for turn in range(rounds):
        # New numbers each time: what a plan remembers of values would serve small graphs only.
        document = make(size, first=turn * size)
        found = {**parts(document), "loop": timed(peers.loop(document))}
        for name, seconds in found.items():
            least[name] = min(least.get(name, seconds), seconds)
    each = {name: seconds / size * 1e6 for name, seconds in least.items()}
    peak = peak_megabytes()
    return {**each, "peak": peak}
