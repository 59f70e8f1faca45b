"""What a long-lived process keeps: run after run, nothing but what its budgets allow."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from pathlib import Path

import pytest
import torch
from toys import document, engine, go

from musegraph import Image, Pack, Registry, Store, node
from musegraph.run import Engine
from musegraph.store import Entry, Record

SOAK = Path(__file__).parents[1] / "soak"


@pytest.fixture
def uncollected() -> object:
    """No search for garbage: what nobody refers to goes at once, what is in a circle stays."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
def test_values_of_a_run_go_when_nobody_refers_to_its_result_any_more() -> None:
    made: list[weakref.ref[torch.Tensor]] = []

    @node(version="1")
    def paint(seed: int) -> Image:
        data = torch.full((1, 2, 2, 3), seed / 9)
        made.append(weakref.ref(data))
        return Image(data)

    with Engine(Registry.of(Pack("t", [paint])), Store(host_budget=1)) as one:
        for seed in range(5):
            work = document({"p": {"type": "t.paint", "values": {"seed": seed}}})
            assert go(work, one).ok
        alive = [reference() is not None for reference in made]
    assert len(made) == 5
    assert alive[:-1] == [False] * 4, "the budget keeps no more than the last one"


def record(number: int) -> Record:
    return Record({"out": Entry(f"json:{number}", json=number)}, 0.0, "toy.add", "a\np")


def test_records_beyond_the_budget_are_read_from_disk_again(tmp_path: Path) -> None:
    store = Store(tmp_path, records=10)
    for number in range(100):
        store.put_record(f"key{number}", record(number), durable=False)
    store.flush()
    assert len(store._records) + len(store._older) <= 10
    for number in range(100):
        found = store.record(f"key{number}")
        assert found is not None
        assert found.outputs["out"].json == number
        assert store.recipe(f"key{number}") == "a\np"
    assert len(store._records) + len(store._older) <= 10
    store.close()


def test_records_that_are_asked_for_outlive_those_that_are_not() -> None:
    store = Store(records=10)
    for number in range(100):
        store.put_record(f"key{number}", record(number), durable=False)
        assert store.record("key0") is not None
    assert store.record("key1") is None


def test_a_run_larger_than_the_budget_of_records_comes_out_whole() -> None:
    nodes: dict[str, dict[str, object]] = {"n0": {"type": "add", "values": {"a": 1}}}
    for number in range(1, 50):
        link = {"a": f"n{number - 1}.out"}
        nodes[f"n{number}"] = {"type": "add", "values": {"b": 1}, "links": link}
    made = engine(Store(records=4))
    work = document(nodes, outputs={"sum": "n49.out"})
    assert go(work, made).outputs() == {"sum": 50}
    assert go(work, made).outputs() == {"sum": 50}


def test_three_hundred_runs_keep_their_memory_files_and_threads() -> None:
    done = subprocess.run(
        [sys.executable, SOAK / "memory.py", "300"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
