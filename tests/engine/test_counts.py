"""What can be counted and must be exact: calls, model loads, events and their bytes, imports."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from shell import environment, furnish
from toys import CALLS, chain, document, engine, go

from musegraph import (
    Context,
    Engine,
    Loader,
    Model,
    ModelSource,
    Pack,
    Reference,
    Registry,
    Store,
    node,
)
from musegraph.workflow import Port, Workflow

LOADS: Counter[str] = Counter()
HEAVY = {"torch", "numpy", "PIL", "diffusers", "transformers", "networkx", "aiohttp"}


def wide(count: int) -> Workflow:
    return document({f"n{i}": {"type": "add", "values": {"a": 1, "b": i}} for i in range(count)})


def fan(tail: int) -> Workflow:
    """One picture, dimmed; ten numbers that use its mean, the last one with a tail."""
    nodes: dict[str, dict[str, object]] = {
        "p": {"type": "picture", "values": {"seed": 1}},
        "d": {"type": "darken", "links": {"image": "p.out"}},
        "m": {"type": "mean", "links": {"image": "d.out"}},
    }
    for i in range(10):
        nodes[f"n{i}"] = {"type": "add", "values": {"b": i}, "links": {"a": "m.out"}}
    for i in range(tail):
        source = f"t{i - 1}.out" if i else "n9.out"
        nodes[f"t{i}"] = {"type": "add", "values": {"b": 1}, "links": {"a": source}}
    return document(nodes)


# Steps


@pytest.mark.parametrize("work", [chain(1_000), wide(1_000)], ids=["chain", "wide"])
def test_each_step_runs_once_and_an_identical_run_computes_nothing(work: Workflow) -> None:
    with engine() as ours:
        assert Counter(go(work, ours).outcome.status.values()) == {"done": 1_000}
        assert CALLS == {"add": 1_000}
        CALLS.clear()
        again = go(work, ours)
        assert Counter(again.outcome.status.values()) == {"cached": 1_000}
        assert not CALLS


def test_a_source_of_many_is_computed_once() -> None:
    with engine() as ours:
        assert go(fan(0), ours).ok
    assert CALLS == {"picture": 1, "darken": 1, "mean": 1, "add": 10}


@pytest.mark.parametrize("tail", [0, 7])
def test_an_edit_runs_what_lies_below_it_and_nothing_else(tail: int) -> None:
    work = fan(tail)
    with engine() as ours:
        go(work, ours)
        CALLS.clear()
        assert go(work.with_values({Port("n9", "b"): 99}), ours).ok
    assert {"add": 1 + tail} == CALLS


def test_after_a_restart_nothing_is_computed_that_was_kept(tmp_path: Path) -> None:
    work = document(
        {
            **{f"p{i}": {"type": "picture", "values": {"seed": i}} for i in range(10)},
            **{f"m{i}": {"type": "mean", "links": {"image": f"p{i}.out"}} for i in range(10)},
        },
        outputs={f"m{i}": f"m{i}.out" for i in range(10)},
    )
    with engine(Store(tmp_path)) as ours:
        first = go(work, ours).outputs()
    with engine(Store(tmp_path)) as ours:
        result = go(work, ours)
        assert result.outputs() == first
    assert not CALLS
    assert set(result.outcome.status.values()) == {"cached"}


# Models


class Net:
    """A stand-in for live weights."""


def open_net(ref: Reference, path: Path, device: str) -> Net:
    LOADS[path.name] += 1
    return Net()


@contextmanager
def unpatched(live: Net, ref: Reference, place: Any) -> Iterator[Net]:
    yield live


@node(version="1")
def find(source: ModelSource, ctx: Context) -> Model:
    """Name a model."""
    found = ctx.weights(source)
    return Model(loader="nets.plain", source=source, digest=found.digest)


@node(version="1", uses="device")
def use(model: Model, ctx: Context, number: float = 0) -> float:
    """Borrow a model."""
    with ctx.load(model):
        return number


def test_a_graph_with_many_branches_of_two_models_loads_each_once(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    nodes: dict[str, dict[str, object]] = {}
    for at, name in enumerate(("one", "two")):
        file = tmp_path / f"{name}.safetensors"
        save_file({"w": torch.full((8,), float(at))}, file)
        nodes[name] = {"type": "nets.find", "values": {"source": str(file)}}
    for i in range(6):  # their branches are written in turn
        for name in ("one", "two"):
            links = {"model": f"{name}.out"}
            nodes[f"{name}{i}"] = {"type": "nets.use", "values": {"number": i}, "links": links}
    LOADS.clear()
    loaders = {"plain": Loader(open_net, lambda live: 100, unpatched)}
    pack = Pack("nets", [find, use], loaders=loaders)
    with Engine(Registry.of(pack), Store()) as ours:
        result = go(document(nodes), ours)
        assert result.ok
        assert Counter(result.outcome.status.values()) == {"done": 14}
    assert LOADS == {"one.safetensors": 1, "two.safetensors": 1}


# Events


def heard(work: Workflow, ours: Engine) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    assert ours.run(ours.plan(work), lambda event: found.append(event.json())).ok
    return found


def test_a_step_that_runs_says_so_twice_and_one_that_need_not_run_at_most_once() -> None:
    work = chain(100)
    with engine() as ours:
        first, again = heard(work, ours), heard(work, ours)
    steps = {"step_started": 100, "step_done": 100}
    assert Counter(event["type"] for event in first) == {
        "run_started": 1,
        **steps,
        "run_finished": 1,
    }
    kinds = Counter(event["type"] for event in again)
    assert set(kinds) <= {"run_started", "step_done", "run_finished"}
    assert kinds["step_done"] <= 100
    for events in (first, again):
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


@pytest.mark.parametrize("count", [1_000, 2_000])
def test_an_event_of_a_node_has_at_most_300_bytes_and_traffic_is_linear(count: int) -> None:
    with engine() as ours:
        sizes = [len(json.dumps(event).encode()) for event in heard(chain(count), ours)]
    assert max(sizes) <= 300
    assert sum(sizes) <= count * 1_000


def test_an_event_with_a_media_output_has_at_most_300_bytes() -> None:
    with engine() as ours:
        events = heard(fan(0), ours)
    assert max(len(json.dumps(event).encode()) for event in events) <= 300


# Imports


@pytest.mark.parametrize("arguments", [["check", "plain.json", "--packs", "toy.py"], ["--help"]])
def test_help_and_check_load_no_heavy_library(tmp_path: Path, arguments: list[str]) -> None:
    code = f"""
import sys
from musegraph.cli import main
try:
    code = main({arguments!r})
except SystemExit as ended:
    code = ended.code
assert not code, code
print("loaded:", *sorted({HEAVY!r} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=furnish(tmp_path),
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].strip() == "loaded:"
