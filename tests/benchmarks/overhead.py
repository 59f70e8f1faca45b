"""What the engine costs per trivial node: chains and wide graphs, beside plain peers, same run.

    python tests/benchmarks/overhead.py

CPU seconds of this process, the least of several rounds that alternate engine and peers.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from graphlib import TopologicalSorter
from time import process_time
from typing import Any

from musegraph import Engine, Pack, Registry, Store, node
from musegraph.workflow import Workflow


@node(version="1")
def add(a: float, b: float = 0) -> float:
    """Add two numbers."""
    return a + b


def chain(count: int) -> dict[str, Any]:
    nodes: dict[str, Any] = {"n0": {"type": "toy.add", "values": {"a": 1, "b": 0}}}
    for i in range(1, count):
        links = {"a": f"n{i - 1}.out"}
        nodes[f"n{i}"] = {"type": "toy.add", "values": {"b": i}, "links": links}
    return {"musegraph": 1, "nodes": nodes, "outputs": {"o": f"n{count - 1}.out"}}


def wide(count: int) -> dict[str, Any]:
    nodes = {f"n{i}": {"type": "toy.add", "values": {"a": 1, "b": i}} for i in range(count)}
    return {"musegraph": 1, "nodes": nodes}


def plain_loop(document: dict[str, Any]) -> None:
    """The floor: call the functions in the order in which they stand, results in a dict."""
    made: dict[str, float] = {}
    for id, entry in document["nodes"].items():
        given = dict(entry["values"])
        for name, source in entry.get("links", {}).items():
            given[name] = made[source.partition(".")[0]]
        made[id] = add(**given)


def standard_library(document: dict[str, Any]) -> None:
    """Graphlib's sorter, rebuilt each time, and the calls."""
    sources = {
        id: [link.partition(".")[0] for link in entry.get("links", {}).values()]
        for id, entry in document["nodes"].items()
    }
    made: dict[str, float] = {}
    for id in TopologicalSorter(sources).static_order():
        entry = document["nodes"][id]
        given = dict(entry["values"])
        for name, source in entry.get("links", {}).items():
            given[name] = made[source.partition(".")[0]]
        made[id] = add(**given)


def seconds(action: Callable[[], Any]) -> float:
    gc.collect()
    start = process_time()
    action()
    return process_time() - start


def measure(document: dict[str, Any], rounds: int) -> dict[str, float]:
    """Least CPU seconds of each part, over some rounds."""
    text = json.dumps(document)
    best: dict[str, float] = {}

    def keep(name: str, action: Callable[[], Any]) -> None:
        best[name] = min(best.get(name, 1e9), seconds(action))

    for _ in range(rounds):
        keep("plain loop", lambda: plain_loop(document))
        keep("graphlib", lambda: standard_library(document))
        keep("json.loads", lambda: json.loads(text))
        engine = Engine(Registry.of(Pack("toy", [add])), Store())
        work: list[Any] = []
        keep("read", lambda: work.append(Workflow.parse(text)))  # noqa: B023
        keep("plan", lambda: work.append(engine.plan(work[0])))  # noqa: B023
        keep("run", lambda: engine.run(work[1]))  # noqa: B023
        keep("plan again", lambda: work.append(engine.plan(work[0])))  # noqa: B023
        keep("run again", lambda: engine.run(work[2]))  # noqa: B023
    return best


def main() -> None:
    names = ("plain loop", "graphlib", "json.loads", "read", "plan", "run")
    names = (*names, "plan again", "run again")
    print(f"{'µs per node':>16} " + "".join(f"{name:>12}" for name in names))
    for kind, make in (("chain", chain), ("wide", wide)):
        for count, rounds in ((1_000, 7), (20_000, 3)):
            best = measure(make(count), rounds)
            figures = "".join(f"{best[name] / count * 1e6:12.1f}" for name in names)
            print(f"{f'{kind} {count}':>16} {figures}")


if __name__ == "__main__":
    main()
