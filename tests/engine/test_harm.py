"""What went wrong once and must not again: sharing, losses, odd packs, hostile files."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from test_models import Net, load, nets, write
from toys import CALLS, document, engine, go

from musegraph import (
    Context,
    Engine,
    Image,
    InvalidWorkflow,
    Loader,
    Media,
    Model,
    MusegraphError,
    NodeError,
    Pack,
    Patch,
    Registry,
    Store,
    Workflow,
    node,
)
from musegraph.events import Event, RunFinished
from musegraph.ladder import give_back
from musegraph.models import Models
from musegraph.shortage import shortage_of
from musegraph.values import decode, encode


@node(version="1")
def collect(a: float, options: dict[str, Any]) -> float:
    """Change the JSON that was given."""
    options["sum"] = options.get("sum", 0) + a
    return float(options["sum"])


@node(version="1")
def numbers() -> list[float]:
    """A list."""
    return [1.0, 2.0]


@node(version="1")
def count(values: list[float]) -> int:
    """The length of a list."""
    return len(values)


@node(version="1")
def whisper(ctx: Context) -> float:
    """Say a secret in an error."""
    raise NodeError(f"401 for key={ctx.secret('key')}")


@node(version="1")
async def give_up() -> float:
    """Cancel the own task."""
    raise asyncio.CancelledError


@dataclass(frozen=True, eq=False)
class Bone:
    name: str
    length: torch.Tensor


@dataclass(frozen=True, eq=False)
class Rig(Media):
    """A value with records and a reference inside."""

    bones: tuple[Bone, ...]
    model: Model


ODD = Pack("odd", [collect, numbers, count, whisper, give_up])


def odd(store: Store | None = None) -> Engine:
    return Engine(Registry.of(ODD), store or Store())


def test_json_that_a_node_changes_is_its_own() -> None:
    values = {"a": [1, 2, 3], "options": {}}
    work = document({"c": {"type": "odd.collect", "values": values}})
    assert go(work, odd()).outputs() == {"c.out": [1, 2, 3]}


def test_an_empty_list_that_a_node_fills_is_its_own() -> None:
    @node(version="1")
    def fill(a: float, into: Any) -> float:
        into.append(a)
        return float(len(into))

    made = Engine(Registry.of(Pack("fill", [fill])), Store())
    work = document({"f": {"type": "fill.fill", "values": {"a": [1, 2, 3], "into": []}}})
    assert go(work, made).outputs() == {"f.out": [1, 1, 1]}


def test_json_that_a_caller_changes_is_not_the_caches() -> None:
    made = odd()
    work = document({"n": {"type": "odd.numbers"}}, outputs={"o": "n.out"})
    go(work, made).outputs()["o"].append(9.0)
    more = document(
        {
            "n": {"type": "odd.numbers"},
            "c": {"type": "odd.count", "links": {"values": "n.out"}},
        }
    )
    assert go(more, made).outputs() == {"c.out": 2}


def test_targets_that_do_not_fit_into_memory_come_out_and_nothing_hangs() -> None:
    nodes: dict[str, dict[str, object]] = {
        f"p{i}": {"type": "picture", "values": {"seed": i, "side": 32}} for i in range(6)
    }
    made = engine(Store(host_budget=1))
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(go(document(nodes), made).outputs()))
    thread.daemon = True
    thread.start()
    thread.join(20)
    assert not thread.is_alive(), "the run hangs"
    assert all(isinstance(value, Image) for value in results[0].values())


def test_a_list_larger_than_the_memory_budget_serves_the_next_step(tmp_path: Path) -> None:
    for store in (Store(host_budget=1), Store(tmp_path, host_budget=1)):
        made = engine(store)
        work = document(
            {
                "p": {"type": "picture", "values": {"seed": [1, 2, 3, 4]}},
                "d": {"type": "darken", "links": {"image": "p.out"}},
                "m": {"type": "mean", "links": {"image": "d.out"}},
            }
        )
        result = go(work, made)
        assert result.ok, result.outcome.errors
        assert len(result.outputs()["m.out"]) == 4


def test_a_damaged_target_is_made_again_when_it_is_read(tmp_path: Path) -> None:
    work = document({"p": {"type": "picture"}}, outputs={"o": "p.out"})
    first = engine(Store(tmp_path))
    before = go(work, first).outputs()["o"]
    first.close()
    for file in (tmp_path / "objects").rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[:-1] + b"x")
    second = engine(Store(tmp_path))
    result = go(work, second)
    assert result.outcome.status == {"p": "cached"}
    assert torch.equal(result.outputs()["o"].data, before.data)
    assert CALLS == {"picture": 1}
    second.close()


def test_records_and_references_inside_a_value_come_back() -> None:
    model = Model(loader="nets.plain", source="x", options={"a": [1, {"b": 2}]})
    rig = Rig((Bone("arm", torch.ones(2)), Bone("leg", torch.zeros(1))), model)
    back = decode(bytearray(b"".join(bytes(part) for part in encode(rig))))
    assert isinstance(back, Rig)
    assert [bone.name for bone in back.bones] == ["arm", "leg"]
    assert torch.equal(back.bones[0].length, torch.ones(2))
    assert back.model == model


def test_a_list_of_model_sources_counts_by_the_content_of_each(tmp_path: Path) -> None:
    made = Engine(Registry.of(nets()), Store())
    files = [str(write(tmp_path / f"{i}.safetensors", i)) for i in range(2)]
    work = document(
        {
            "find": {"type": "nets.find", "values": {"source": files}},
            "read": {"type": "nets.read", "links": {"model": "find.out"}},
        },
        outputs={"values": "read.out"},
    )
    assert go(work, made).outputs() == {"values": [0, 1]}
    assert {s.state for s in made.plan(work).steps.values()} == {"cached"}
    write(tmp_path / "0.safetensors", 5)
    assert go(work, made).outputs() == {"values": [5, 1]}


def test_leases_that_share_a_patch_apply_it_once(tmp_path: Path) -> None:
    @contextmanager
    def patch(live: Net, ref: Any, place: Any) -> Iterator[Net]:
        live.value += 1
        yield live
        live.value -= 1

    pack = Pack("nets", [], loaders={"plain": Loader(load, lambda live: 1, patch)})
    models = Models(Registry.of(pack), Store())
    file = write(tmp_path / "a.safetensors", 3)
    ref = Model(loader="nets.plain", source=str(file), patches=(Patch(source="l"),))
    with models.lease(ref, "cpu", lambda: None) as one:
        with models.lease(ref, "cpu", lambda: None) as two:
            assert (one.value, two.value) == (4, 4)
        assert one.value == 4
    with models.lease(ref.model_copy(update={"patches": ()}), "cpu", lambda: None) as bare:
        assert bare.value == 3


def test_a_model_behind_a_linked_folder_counts_too(tmp_path: Path) -> None:
    real, model = tmp_path / "real", tmp_path / "model"
    real.mkdir()
    model.mkdir()
    (model / "config.json").write_text("{}")
    write(real / "vae.safetensors", 1)
    (model / "vae").symlink_to(real)
    models = Models(Registry.of(nets()), Store())
    before = models.weights(str(model)).digest
    write(real / "vae.safetensors", 2)
    assert models.weights(str(model)).digest != before
    with pytest.raises(MusegraphError, match="holds no model"):
        models.weights(str(tmp_path))


def test_a_pack_without_a_folder_has_its_code_as_version() -> None:
    def make(amount: int) -> Registry:
        space: dict[str, Any] = {}
        exec(f"def f(a: float) -> float:\n    return a + {amount}\n", space)  # noqa: S102
        return Registry.of(Pack("t", [node(space["f"])]))

    one, two = make(1).get("t.f"), make(2).get("t.f")
    assert one is not None
    assert two is not None
    assert one.version != two.version


def test_quick_values_of_a_document_read_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"private")
    work = document(
        {"m": {"type": "mean"}},
        inputs={"picture": {"to": ["m.image"]}},
        quick={"picture": str(tmp_path / "secret.png")},
    )
    made = engine()
    with pytest.raises(InvalidWorkflow, match="is none; link a node"):
        made.plan(made.settle(work, quick=True))


def test_a_file_beside_the_document_may_not_lead_out_of_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(b"private")
    (folder / "x.png").symlink_to(tmp_path / "secret.png")
    nodes = {"m": {"type": "toy.mean", "values": {"image": {"file": "x.png"}}}}
    work = Workflow.parse({"musegraph": 1, "nodes": nodes}, folder)
    with pytest.raises(InvalidWorkflow, match="leads out of the workflow's folder"):
        engine().plan(work)


def test_a_secret_is_in_no_message_and_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "MUSEGRAPH_SECRET_KEY", "hush-hush")
    made, events = odd(), []
    work = document({"w": {"type": "odd.whisper"}})
    result = made.run(made.plan(work), events.append)
    assert result.outcome.errors == {"w": "401 for key=•••"}
    assert "hush-hush" not in repr(events)
    assert "hush-hush" not in repr(result.record)


def test_a_task_that_cancels_itself_fails_its_step() -> None:
    result = go(document({"g": {"type": "odd.give_up"}}), odd())
    assert not result.ok
    assert "cancelled from within" in result.outcome.errors["g"]


def test_a_listener_that_fails_ends_the_run_and_is_told_of() -> None:
    made = engine()
    seen: list[Event] = []

    def listen(event: Event) -> None:
        seen.append(event)
        if event.type == "step_done":
            raise ValueError("the listener is broken")

    work = document({"a": {"type": "add", "values": {"a": 1}}})
    with pytest.raises(ValueError, match="the listener is broken"):
        made.run(made.plan(work), listen)
    assert isinstance(seen[-1], RunFinished)
    assert made.plan(work).steps["a"].state == "cached"


def test_an_imported_file_is_never_evicted(tmp_path: Path) -> None:
    store = Store(tmp_path, disk_budget=1)
    digest = store.put_bytes(b"from outside")
    store.flush()
    assert store.get_bytes(digest) == b"from outside"
    store.close()


def test_one_value_that_cannot_be_written_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    assert store.disk is not None
    real = store.disk.put

    def put(buffers: list[Any], digest: str, seconds: float, now: int) -> None:
        if seconds == 2.0:
            raise OSError(28, "No space left on device")
        real(buffers, digest, seconds, now)

    monkeypatch.setattr(store.disk, "put", put)
    for index, seconds in enumerate((1.0, 2.0, 3.0)):
        store.put(f"k{index}", "t", {"out": Image(torch.full((1, 2, 2, 3), index / 3))}, seconds)
    store.close()
    again = Store(tmp_path)
    known = [again.record(f"k{index}") for index in range(3)]
    digests = [record.outputs["out"].digest is not None for record in known if record]
    assert digests == [True, False, True]
    again.close()


def test_the_live_tier_does_not_grow_by_use() -> None:
    store = Store()
    value = Image(torch.zeros(1, 2, 2, 3))
    for index in range(1000):
        store.put(f"k{index}", "t", {"out": value}, 0.1)
    assert len(store.live) == 1
    assert sum(len(heap) for heap in store.live._heaps.values()) == 1


def test_a_closed_stream_leaves_no_run_behind() -> None:
    made = engine()
    work = document({"s": {"type": "slow", "values": {"a": 1, "seconds": 30}}})

    async def look() -> None:
        stream = made.stream(made.plan(work))
        async for event in stream:
            if event.type == "step_progress":
                break
        await stream.aclose()  # type: ignore[attr-defined]

    asyncio.run(asyncio.wait_for(look(), 20))
    made.close()


def test_while_another_thread_imports_torch_an_error_is_told_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    assert shortage_of(ValueError("damaged")) is None
    assert shortage_of(MemoryError()) is not None
    give_back()
