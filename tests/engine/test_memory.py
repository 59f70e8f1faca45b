"""Memory that runs out: what is tried, what is told, and what is kept."""

from __future__ import annotations

import csv
import threading
import time
import weakref
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from toys import document, go

from musegraph import (
    Context,
    Engine,
    Image,
    InvalidNode,
    Loader,
    Model,
    NodeError,
    Pack,
    Reference,
    Registry,
    Seed,
    Store,
    Workflow,
    node,
)
from musegraph.events import Event, StepDone, StepFailed, StepProgress, Warned
from musegraph.models import Models
from musegraph.rows import run_rows
from musegraph.run import RunResult
from musegraph.shortage import Shortage, shortage_of

CALLS: Counter[str] = Counter()


class Room:
    """Memory of a fixed size: what somebody holds counts until the last reference is gone."""

    def __init__(self, size: int, error: type[Exception] = MemoryError) -> None:
        self.size = size
        self.used = 0
        self.refused = 0
        self.error = error

    def take(self, size: int, holder: Any) -> None:
        """Count for as long as ``holder`` lives; raises if there is no room for it."""
        if self.used + size > self.size:
            self.refused += 1
            raise self.error(f"tried to allocate {size} bytes")
        self.used += size
        weakref.finalize(holder, self.give, size)

    def give(self, size: int) -> None:
        self.used -= size


class Block:
    """Working memory of a node."""


class Net:
    """Live weights."""

    def __init__(self, offloaded: bool) -> None:
        self.offloaded = offloaded


class Machine:
    """The memory that the nodes of this file take, new for every test."""

    host: Room
    device: Room


@pytest.fixture(autouse=True)
def _rooms() -> None:
    CALLS.clear()
    Machine.host = Room(100)
    Machine.device = Room(100, torch.OutOfMemoryError)


@node(version="1")
def hold(seed: Seed, size: int = 40) -> Image:
    """A picture that takes ``size`` as long as somebody has it."""
    CALLS["hold"] += 1
    data = torch.full((1, 2, 2, 3), float(seed % 7) / 7)
    Machine.host.take(size, data)
    return Image(data)


@node(version="1")
def work(size: int, image: Image | None = None) -> Image:
    """Take ``size`` while it runs."""
    CALLS["work"] += 1
    block = Block()
    Machine.host.take(size, block)
    return Image(torch.full((1, 2, 2, 3), 0.25 if image is None else float(image.data.mean())))


@node(version="1", frugal="in halves")
def split(size: int, ctx: Context) -> Image:
    """Take ``size``, or half of it twice, which gives something else."""
    CALLS["frugal" if ctx.frugal else "split"] += 1
    block = Block()
    Machine.host.take(size // 2 if ctx.frugal else size, block)
    return Image(torch.full((1, 2, 2, 3), 0.5 + 0.01 * ctx.frugal))


@node(version="1")
def darken(image: Image) -> Image:
    """Half as bright."""
    CALLS["darken"] += 1
    return Image(image.data / 2)


@node(version="1")
def mean(image: Image) -> float:
    """The mean of a picture."""
    return float(image.data.mean())


@node(version="1")
def crowd(seed: Seed) -> float:
    """Take more than half of what there is until another was refused twice."""
    block = Block()
    Machine.host.take(60, block)
    end = time.perf_counter() + 10
    while Machine.host.refused < 2 and time.perf_counter() < end:
        time.sleep(0.005)
    return float(seed)


@node(version="1")
def linger(seed: Seed, ctx: Context) -> float:
    """Take more than half of what there is until the run is cancelled."""
    block = Block()
    Machine.host.take(60, block)
    end = time.perf_counter() + 10
    while time.perf_counter() < end:
        ctx.check()
        time.sleep(0.005)
    return float(seed)


@node(version="1", uses="device")
def compute(model: Model, size: int, ctx: Context) -> str:
    """Take ``size`` on the device beside the weights."""
    CALLS["compute"] += 1
    with ctx.load(model) as net:
        block = Block()
        Machine.device.take(size, block)
        return f"offloaded {net.offloaded}, frugal {ctx.frugal}"


@node(version="1")
def rogue(how: str) -> float:
    """Fail in some way that may be for want of memory."""
    CALLS["rogue"] += 1
    if how == "wrapped":
        raise NodeError("the file is damaged") from MemoryError()
    raise NodeError("the file is damaged")


def load(ref: Reference, path: Path, device: str) -> Net:
    net = Net(offloaded=False)
    Machine.device.take(50, net)
    return net


def offload(ref: Reference, path: Path, device: str) -> Net:
    return Net(offloaded=True)


def engine(store: Store | None = None) -> Engine:
    loaders = {
        "plain": Loader(load, lambda live: 50),
        "able": Loader(load, lambda live: 50, offload=offload),
    }
    nodes = [hold, work, split, darken, mean, crowd, linger, compute, rogue]
    return Engine(Registry.of(Pack("toy", nodes, loaders=loaders)), store or Store())


def step(kind: str, links: dict[str, str] | None = None, **values: Any) -> dict[str, object]:
    return {"type": kind, "values": values, "links": links or {}}


def one(kind: str, **values: Any) -> Workflow:
    return document({"n": step(kind, **values)}, outputs={"o": "n.out"})


def model(tmp_path: Path, name: str, loader: str = "plain") -> dict[str, str]:
    (tmp_path / name).write_text(name)
    return {"loader": f"toy.{loader}", "source": str(tmp_path / name), "part": "unet"}


def run(made: Engine, document_: Workflow) -> tuple[RunResult, list[Event]]:
    events: list[Event] = []
    return made.run(made.plan(document_), events.append), events


def warnings(events: list[Event]) -> list[str]:
    return [event.message for event in events if isinstance(event, Warned)]


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a step may last so long that the next one is begun beside it."""
    monkeypatch.setattr("musegraph.execute.PATIENCE", 60.0)


# -- evict ----------------------------------------------------------------------------------------


def test_values_that_nobody_needs_make_room_and_the_result_is_the_same_bits_and_key() -> None:
    made = engine()
    for seed in (1, 2):
        go(one("hold", seed=seed), made)
    assert Machine.host.used == 80
    result, events = run(made, one("work", size=90))
    assert result.ok, result.outcome.errors
    assert Machine.host.used == 0
    assert result.record["steps"]["n"]["relief"] == ["evicted 2 values"]
    assert "makeshift" not in result.record["steps"]["n"]
    (warning,) = warnings(events)
    assert warning == (
        "out of memory (90 bytes were asked for at once), so it evicted 2 values;"
        " the result is the same"
    )
    Machine.host.size = 1000
    plenty, _ = run(engine(), one("work", size=90))
    for fact in ("key", "inputs", "outputs"):
        assert plenty.record["steps"]["n"][fact] == result.record["steps"]["n"][fact]
    assert made.plan(one("work", size=90)).steps["n"].state == "cached"


def test_what_a_step_was_given_stays_while_others_go() -> None:
    made = engine()
    go(one("hold", seed=1), made)
    both = document({"h": step("hold", seed=2), "n": step("work", {"image": "h.out"}, size=50)})
    result, _ = run(made, both)
    assert result.ok, result.outcome.errors
    assert result.outcome.reliefs["n"].values == 1
    assert Machine.host.used == 40
    CALLS.clear()
    assert go(
        document({"h": step("hold", seed=2), "d": step("darken", {"image": "h.out"})}), made
    ).ok
    assert CALLS == {"darken": 1}


@pytest.mark.usefixtures("one_by_one")
def test_dear_results_are_on_disk_before_they_leave_memory(tmp_path: Path) -> None:
    made = engine(Store(tmp_path))
    nodes = {"h": step("hold", seed=2), "n": step("work", size=90)}
    last = step("darken", {"image": "h.out"})
    result, _ = run(made, document(nodes, outputs={"h": "h.out", "n": "n.out"}))
    assert result.ok, result.outcome.errors
    CALLS.clear()
    assert go(document({"h": nodes["h"], "d": last}), made).ok
    assert CALLS == {"darken": 1}
    made.close()


def test_values_leave_the_device_for_host_memory_and_host_memory_for_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Image(torch.zeros(1, 2, 2, 3))
    monkeypatch.setattr("musegraph.store.live.to_host", lambda value: here)
    live = Store().live
    for name in "abc":
        live.put(name, Image(torch.zeros(1, 2, 2, 3, device="meta")), 1.0)
    assert live.release(on_device=False, needed=set()) == 0
    assert live.release(on_device=True, needed={"b"}) == 2
    assert [live.get(name).data.device.type for name in "abc"] == ["cpu", "meta", "cpu"]
    assert live.release(on_device=False, needed={"c"}) == 1
    assert ["a" in live, "b" in live, "c" in live] == [False, True, True]


def test_arguments_that_find_no_room_are_read_once_others_have_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = engine(Store(tmp_path))
    both = document({"h": step("hold", seed=2), "d": step("darken", {"image": "h.out"})})
    go(one("hold", seed=2), first)
    first.close()
    second = engine(Store(tmp_path))
    go(one("work", size=1), second)
    true = Store._read
    refusals = iter([MemoryError("the system has none")])

    def read(store: Store, name: str) -> Any:
        for error in refusals:
            raise error
        return true(store, name)

    monkeypatch.setattr(Store, "_read", read)
    result, events = run(second, both)
    assert result.ok, result.outcome.errors
    assert result.outcome.reliefs["d"].words() == ["evicted 1 value"]
    assert len(warnings(events)) == 1
    assert CALLS == {"hold": 1, "work": 1, "darken": 1}
    second.close()


def test_models_not_in_use_make_room_and_the_one_in_use_is_not_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("musegraph.context.device", lambda: "cuda")
    made = engine()
    assert go(one("compute", model=model(tmp_path, "a"), size=10), made).ok
    assert (made.models.loads, Machine.device.used) == (1, 50)
    result, events = run(made, one("compute", model=model(tmp_path, "b"), size=30))
    assert result.ok, result.outcome.errors
    assert result.outcome.reliefs["n"].models == 1
    assert (made.models.loads, Machine.device.used) == (2, 50)
    assert "out of memory on the device (30 bytes" in warnings(events)[0]


def test_a_model_that_finds_no_room_is_opened_once_others_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("musegraph.context.device", lambda: "cuda")
    made = engine()
    Machine.device.size = 80
    for name in ("a", "b"):
        result, _ = run(made, one("compute", model=model(tmp_path, name), size=10))
        assert result.ok, result.outcome.errors
    assert result.outcome.reliefs["n"].words() == ["evicted 1 model"]


def test_models_that_are_let_go_of_are_not_held_by_the_one_who_lends_them(tmp_path: Path) -> None:
    made = engine()
    go(one("compute", model=model(tmp_path, "a"), size=10), made)
    assert made.models.clear() == 1
    assert Machine.device.used == 0
    made.models.budget = 10  # less than any model takes
    go(one("compute", model=model(tmp_path, "b"), size=10), made)
    assert Machine.device.used == 0


def test_two_steps_that_fit_alone_and_not_together_both_give_their_results() -> None:
    both = document({"a": step("crowd", seed=1), "b": step("crowd", seed=2)})
    result, _ = run(engine(), both)
    assert result.outputs() == {"a.out": 1, "b.out": 2}
    (relief,) = result.outcome.reliefs.values()
    assert relief.words() == ["waited for 1 other step"]


def test_a_cancelled_run_waits_for_nobody() -> None:
    made = engine()
    cancel = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, StepProgress) and event.text == "waiting for memory":
            cancel.set()

    both = document({"a": step("linger", seed=1), "b": step("linger", seed=2)})
    start = time.perf_counter()
    result = made.run(made.plan(both), listen, cancel)
    assert time.perf_counter() - start < 5
    assert result.outcome.ended == {"a": "skipped", "b": "skipped"}


def test_steps_that_are_all_short_of_memory_do_not_wait_for_each_other() -> None:
    block = Block()
    Machine.host.take(50, block)  # nobody gives it back
    result, _ = run(
        engine(), document({name: step("linger", seed=i) for i, name in enumerate("abcd")})
    )
    assert result.outcome.count()["failed"] == 4
    assert all(error.startswith("out of memory") for error in result.outcome.errors.values())


# -- offload --------------------------------------------------------------------------------------


def test_weights_that_can_stay_in_host_memory_do_and_the_result_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("musegraph.context.device", lambda: "cuda")
    made = engine()
    wanted = one("compute", model=model(tmp_path, "a", "able"), size=90)
    result, events = run(made, wanted)
    assert result.outputs() == {"o": "offloaded True, frugal False"}
    left = "left the weights of unet in host memory"
    assert result.outcome.reliefs["n"].words() == [left]
    assert warnings(events)[0].endswith("in host memory; the result is the same")
    assert made.plan(wanted).steps["n"].state == "cached"


def test_weights_stay_where_they_are_on_the_cpu_and_where_the_loader_cannot_move_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, loader in (("cpu", "able"), ("cuda", "plain")):
        monkeypatch.setattr("musegraph.context.device", lambda place=place: place)
        result, _ = run(engine(), one("compute", model=model(tmp_path, "a", loader), size=90))
        assert result.outcome.errors == {
            "n": "out of memory on the device (90 bytes were asked for at once), also after what"
            " was tried (ran once more); give it less at once or compute on the CPU"
            " (MUSEGRAPH_DEVICE=cpu)"
        }


# -- do with less ---------------------------------------------------------------------------------


def test_a_makeshift_result_serves_its_run_and_is_not_kept(tmp_path: Path) -> None:
    made = engine(Store(tmp_path))
    wanted = document(
        {"n": step("split", size=150), "d": step("darken", {"image": "n.out"})},
        outputs={"o": "d.out", "half": "n.out"},
    )
    plan = made.plan(wanted)
    events: list[Event] = []
    result = made.run(plan, events.append)
    assert result.ok, result.outcome.errors
    assert result.outputs()["half"].data.mean() == pytest.approx(0.51)
    assert result.outputs()["o"].data.mean() == pytest.approx(0.255)
    facts = result.record["steps"]["n"]
    assert (facts["relief"], facts["makeshift"]) == (["ran in halves"], True)
    assert facts["values"] == {"size": 150}  # what the key is made of, though there is no record
    assert "makeshift" not in result.record["steps"]["d"]
    (done,) = [e for e in events if isinstance(e, StepDone) and e.node == "n"]
    assert (done.relief, done.makeshift) == (["ran in halves"], True)
    (warning,) = warnings(events)
    assert warning == (
        "out of memory (150 bytes were asked for at once), so it ran in halves;"
        " the result differs a little from the true one and is not kept"
    )
    assert made.store.record(facts["key"]) is None

    Machine.host.size = 1000
    CALLS.clear()
    for again in (plan, made.plan(wanted)):  # what is planned already, and what is planned anew
        assert {id: s.state for id, s in again.steps.items()} == {"n": "run", "d": "open"}
    true = made.run(plan)
    assert true.outputs()["o"].data.mean() == pytest.approx(0.25)
    assert CALLS == {"split": 1, "darken": 1}
    assert made.plan(wanted).count() == {"cached": 2}
    made.close()


def test_what_follows_from_a_makeshift_result_is_kept_for_that_content_alone() -> None:
    made = engine()
    wanted = document({"n": step("split", size=150), "d": step("mean", {"image": "n.out"})})
    for expected in ("done", "cached"):
        result, _ = run(made, wanted)
        assert (result.outcome.ended["n"], result.outcome.ended["d"]) == ("done", expected)
    assert CALLS["frugal"] == 2
    Machine.host.size = 1000
    assert run(made, wanted)[0].outcome.ended == {"n": "done", "d": "done"}


def test_a_table_of_rows_names_the_steps_whose_results_are_makeshift(tmp_path: Path) -> None:
    nodes = {"n": step("split", size=50), "d": step("mean", {"image": "n.out"})}
    work = document(nodes, inputs={"size": {"to": ["n.size"]}}, outputs={"mean": "d.out"})
    (tmp_path / "rows.csv").write_text("size\n50\n150\n")
    found = run_rows(work, tmp_path / "rows.csv", tmp_path / "out", engine=engine())
    assert [line.get("makeshift") for line in found] == [None, ["n"]]
    with (tmp_path / "out" / "results.csv").open(newline="") as stream:
        assert [row["makeshift"] for row in csv.DictReader(stream)] == ["", "n"]
    again = run_rows(work, tmp_path / "rows.csv", tmp_path / "out", engine=engine())
    assert (again, CALLS["frugal"]) == (found, 1), "the journal knows it too"


def test_a_makeshift_output_outlasts_what_makes_room_after_it(tmp_path: Path) -> None:
    made = engine(Store(tmp_path))
    nodes = {
        "n": step("split", size=150),
        "d": step("darken", {"image": "n.out"}),
        "w": step("work", {"image": "d.out"}, size=100),
    }
    go(one("hold", seed=1), made)
    result, _ = run(made, document(nodes, outputs={"half": "n.out", "last": "w.out"}))
    assert result.ok, result.outcome.errors
    assert result.outputs()["half"].data.mean() == pytest.approx(0.51)
    assert CALLS["frugal"] == 1
    made.close()


def test_items_that_fit_are_kept_and_the_list_with_a_makeshift_one_is_not() -> None:
    made = engine()
    wanted = one("split", size=[50, 150, 70])
    result, events = run(made, wanted)
    assert result.ok, result.outcome.errors
    means = [float(image.data.mean()) for image in result.outputs()["o"]]
    assert means == pytest.approx([0.5, 0.51, 0.5])
    assert len(warnings(events)) == 1
    Machine.host.size = 1000
    CALLS.clear()
    again, _ = run(made, wanted)
    assert [float(i.data.mean()) for i in again.outputs()["o"]] == pytest.approx([0.5] * 3)
    assert CALLS == {"split": 1}  # the two others were kept
    assert made.plan(wanted).steps["n"].state == "cached"


def test_only_a_node_with_a_context_can_be_told_to_do_with_less() -> None:
    with pytest.raises(InvalidNode, match="has no Context"):

        @node(frugal="in halves")
        def deaf(a: float) -> float:
            return a


# -- fail, by name --------------------------------------------------------------------------------


@pytest.mark.usefixtures("one_by_one")
def test_a_step_that_cannot_be_helped_fails_by_name_and_harms_no_other() -> None:
    made = engine()
    wanted = document(
        {
            "n": step("split", size=400),
            "under": step("darken", {"image": "n.out"}),
            "other": step("work", size=20),
        }
    )
    result, events = run(made, wanted)
    assert result.outcome.ended == {"n": "failed", "under": "skipped", "other": "done"}
    assert result.outcome.errors == {
        "n": "out of memory (200 bytes were asked for at once), also after what was tried"
        " (ran once more, ran in halves); give it less at once or close other programs that"
        " hold memory"
    }
    (failed,) = [event for event in events if isinstance(event, StepFailed)]
    assert (failed.code, failed.detail) == ("out-of-memory", None)
    assert CALLS["split"] == 2
    assert CALLS["frugal"] == 1
    assert made.plan(wanted).steps["other"].state == "cached"
    Machine.host.size = 1000
    assert go(wanted, made).ok


def test_an_item_without_memory_is_named_and_the_other_items_are_kept() -> None:
    made = engine()
    result, events = run(made, one("work", size=[20, 300, 30]))
    (failed,) = [event for event in events if isinstance(event, StepFailed)]
    assert failed.message.startswith("item 2 of 3: out of memory (300 bytes")
    assert failed.code == "out-of-memory"
    assert CALLS["work"] == 4
    assert not result.ok


# -- what is a shortage ---------------------------------------------------------------------------

CPU = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 3221225472 bytes."
CUDA = "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 79 GiB"
NUMPY = "Unable to allocate 3.00 GiB for an array with shape (3221225472,)"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), Shortage(device=False)),
        (MemoryError(NUMPY), Shortage(device=False, asked=3 << 30)),
        (RuntimeError(CPU), Shortage(device=False, asked=3 << 30)),
        (RuntimeError("DefaultCPUAllocator: not enough memory"), Shortage(device=False)),
        (OSError(12, "Cannot allocate memory"), Shortage(device=False)),
        (torch.OutOfMemoryError(CUDA), Shortage(device=True, asked=5 << 29)),
        (RuntimeError("MPS backend out of memory"), Shortage(device=True)),
        (RuntimeError("CUDA error: out of memory"), Shortage(device=True)),
        (torch.AcceleratorError("CUDA error: out of memory"), Shortage(device=True)),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED"), Shortage(device=True)),
        (RuntimeError("the size of tensor a must match"), None),
        (OSError(2, "No such file"), None),
        (ValueError("out of memory"), None),
        (NodeError("the service is out of memory"), None),
    ],
)
def test_a_shortage_is_told_from_other_errors(error: Exception, expected: Shortage | None) -> None:
    assert shortage_of(error) == expected


def test_the_allocator_of_torch_for_the_cpu_is_understood() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert shortage_of(caught.value) == Shortage(device=False, asked=1 << 60)


def test_an_error_that_hides_a_shortage_is_one_and_another_is_left_alone() -> None:
    result, _ = run(engine(), one("rogue", how="wrapped"))
    assert result.outcome.errors["n"].startswith("out of memory, also after")
    assert CALLS["rogue"] == 2
    result, _ = run(engine(), one("rogue", how="plain"))
    assert result.outcome.errors["n"] == "the file is damaged"
    assert CALLS["rogue"] == 3
    endless = ValueError("its own cause")
    endless.__cause__ = endless
    assert shortage_of(endless) is None


def test_models_with_patches_are_not_offloaded(tmp_path: Path) -> None:
    made = engine()
    lender: Models = made.models
    plain = Model(**model(tmp_path, "a", "able"))
    assert lender.can_offload(plain)
    patched = plain.model_copy(update={"patches": ({"source": "lora", "strength": 1.0},)})
    assert not lender.can_offload(patched)
