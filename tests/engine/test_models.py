"""Models: finding, identifying, lending."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from toys import document, go

import musegraph
from musegraph import (
    Context,
    Engine,
    InvalidWorkflow,
    Loader,
    Model,
    ModelError,
    ModelSource,
    Pack,
    Patch,
    Reference,
    Registry,
    Store,
    node,
)
from musegraph.models import Models
from musegraph.plan import check


class Net:
    """A stand-in for live weights."""

    def __init__(self, value: float) -> None:
        self.value = value


def load(ref: Reference, path: Path, device: str) -> Net:
    from safetensors.torch import load_file

    return Net(float(load_file(path)["w"][0]))


@contextmanager
def patch(live: Net, ref: Reference, place: Any) -> Iterator[Net]:
    before = live.value
    live.value += sum(p.strength for p in ref.patches)
    try:
        yield live
    finally:
        live.value = before


@node(version="1")
def find(source: ModelSource, ctx: Context) -> Model:
    """Name a model."""
    found = ctx.weights(source)
    return Model(loader="nets.plain", source=source, digest=found.digest)


@node(version="1", uses="device")
def read(model: Model, ctx: Context) -> float:
    """The value of a net."""
    with ctx.load(model) as net:
        return float(net.value)


def nets() -> Pack:
    loaders = {"plain": Loader(load, lambda live: 100, patch)}
    return Pack("nets", [find, read], loaders=loaders)


def write(path: Path, value: float) -> Path:
    save_file({"w": torch.tensor([value] * 8)}, path)
    return path


def work(source: Path) -> musegraph.Workflow:
    return document(
        {
            "find": {"type": "nets.find", "values": {"source": str(source)}},
            "read": {"type": "nets.read", "links": {"model": "find.out"}},
        },
        outputs={"value": "read.out"},
    )


def test_a_model_counts_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    engine = Engine(Registry.of(nets()), Store(tmp_path / "cache"))
    file = write(tmp_path / "a.safetensors", 3)
    plan = engine.plan(work(file))
    assert plan.steps["find"].state == "run"
    assert "not hashed" in plan.steps["find"].note
    assert engine.run(plan).outputs() == {"value": 3}
    again = engine.plan(work(file))
    assert {step.state for step in again.steps.values()} == {"cached"}
    same = write(tmp_path / "b.safetensors", 3)
    go(work(same), engine)
    write(file, 4)
    assert go(work(file), engine).outputs() == {"value": 4}


def test_a_missing_model_is_a_problem_with_node_and_port(tmp_path: Path) -> None:
    engine = Engine(Registry.of(nets()), Store())
    with pytest.raises(InvalidWorkflow) as caught:
        engine.plan(work(tmp_path / "none.safetensors"))
    (problem,) = caught.value.problems
    assert (problem.node, problem.port, problem.code) == ("find", "source", "model-missing")
    assert "there is no model" in problem.message


def test_check_looks_at_models_without_a_cache(tmp_path: Path) -> None:
    registry = Registry.of(nets())
    (problem,) = check(work(tmp_path / "gone"), registry, Models(registry, Store()))
    assert (problem.node, problem.port, problem.code) == ("find", "source", "model-missing")
    file = write(tmp_path / "a.safetensors", 3)
    assert check(work(file), registry, Models(registry, Store())) == []


def test_a_truncated_model_is_a_problem_that_says_how_much_is_there(tmp_path: Path) -> None:
    file = write(tmp_path / "a.safetensors", 3)
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(InvalidWorkflow) as caught:
        Engine(Registry.of(nets()), Store()).plan(work(file))
    (problem,) = caught.value.problems
    assert problem.code == "model-truncated"
    size = file.stat().st_size
    assert f"is cut off: it holds {size} of {size + 5} bytes" in problem.message


def reference(file: Path, strength: float | None = None) -> Model:
    patches = () if strength is None else (Patch(source="lora", strength=strength),)
    return Model(loader="nets.plain", source=str(file), patches=patches)


def test_patches_are_applied_for_the_lease_and_taken_back(tmp_path: Path) -> None:
    models = Models(Registry.of(nets()), Store())
    file = write(tmp_path / "a.safetensors", 3)
    with models.lease(reference(file, 0.5), "cpu", lambda: None) as net:
        assert net.value == 3.5
    with models.lease(reference(file), "cpu", lambda: None) as net:
        assert net.value == 3
    assert models.loads == 1


def test_a_file_that_stays_the_same_has_its_header_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, reads = tmp_path / "m.safetensors", []
    save_file({"w": torch.tensor([1.0])}, file)
    monkeypatch.setattr(musegraph.models, "read_header", reads.append)
    models = Models(Registry(), Store(), (tmp_path,), data=tmp_path / "data")
    for _ in range(3):
        assert models.files(file) == [file]
    assert reads == [file]
    save_file({"w": torch.tensor([1.0, 2.0])}, file)
    models.files(file)
    assert reads == [file, file]


def test_leases_with_other_patches_wait_and_with_the_same_share(tmp_path: Path) -> None:
    models = Models(Registry.of(nets()), Store())
    file = write(tmp_path / "a.safetensors", 3)
    order: list[str] = []

    def take(strength: float | None, name: str) -> None:
        with models.lease(reference(file, strength), "cpu", lambda: None) as net:
            order.append(f"{name} {net.value:g}")

    with models.lease(reference(file), "cpu", lambda: None) as net:
        other = threading.Thread(target=take, args=(1.0, "patched"))
        same = threading.Thread(target=take, args=(None, "plain"))
        other.start()
        same.start()
        same.join(5)
        assert order == ["plain 3"]
        assert net.value == 3
    other.join(5)
    assert order == ["plain 3", "patched 4"]


def test_models_beyond_the_budget_are_dropped_but_never_one_on_lease(tmp_path: Path) -> None:
    models = Models(Registry.of(nets()), Store(), budget=150)
    one, two = write(tmp_path / "a.safetensors", 1), write(tmp_path / "b.safetensors", 2)
    with models.lease(reference(one), "cpu", lambda: None):
        with models.lease(reference(two), "cpu", lambda: None):
            assert models.used() == 200
        assert models.used() == 100
        assert models.resident(reference(one))
    with models.lease(reference(one), "cpu", lambda: None):
        pass
    assert models.loads == 2


def test_a_model_folder_counts_by_all_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    write(folder / "net.safetensors", 1)
    (folder / "config.json").write_text("{}")
    (folder / "README.md").write_text("about")
    models = Models(Registry.of(nets()), Store(), (tmp_path,))
    before = models.weights("model").digest
    (folder / "README.md").write_text("other")
    assert models.weights("model").digest == before
    (folder / "config.json").write_text('{"a": 1}')
    assert models.weights("model").digest != before


def test_a_model_that_was_moved_is_found_by_its_content(tmp_path: Path) -> None:
    engine = Engine(Registry.of(nets()), Store())
    file = write(tmp_path / "a.safetensors", 3)
    first = engine.plan(work(file), ("find",))
    assert engine.run(first).ok
    moved = file.rename(tmp_path / "b.safetensors")
    result = go(work(moved), engine)
    assert result.outcome.status == {"find": "cached", "read": "done"}
    assert result.outputs() == {"value": 3}


def test_a_reference_whose_files_changed_is_refused_in_words(tmp_path: Path) -> None:
    models = Models(Registry.of(nets()), Store())
    file = write(tmp_path / "a.safetensors", 3)
    ref = Model(loader="nets.plain", source=str(file), digest=models.weights(str(file)).digest)
    write(file, 4)
    fresh = Models(Registry.of(nets()), Store())
    with (
        pytest.raises(ModelError, match="have changed since they were read"),
        fresh.lease(ref, "cpu", lambda: None),
    ):
        pass


def test_steps_whose_model_is_loaded_come_first(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{i}.safetensors", i) for i in range(2)]
    nodes: dict[str, dict[str, Any]] = {}
    for index, file in enumerate(files):
        nodes[f"find{index}"] = {"type": "nets.find", "values": {"source": str(file)}}
    registry = Registry.of(Pack("nets", [find, read, twice], loaders=nets().loaders))
    for index in range(6):
        link = {"model": f"find{index % 2}.out"}
        nodes[f"t{index}"] = {"type": "nets.twice", "values": {"by": index}, "links": link}
    engine = Engine(registry, Store())
    engine.models.budget = 150
    assert engine.run(engine.plan(document(nodes))).ok
    assert engine.models.loads == 2


@node(version="1", uses="device")
def twice(model: Model, by: int, ctx: Context) -> float:
    """The value of a net, times two."""
    with ctx.load(model) as net:
        return float(net.value) * 2 + by
