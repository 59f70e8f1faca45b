"""Files and models that change between the plan and the run: never a result under the wrong key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hostile import chunk, png
from shell import calls, furnish, musegraph, run, safetensors, workflow
from shell import write as write_workflow
from test_models import load as load_net
from test_models import nets, work, write
from toys import document, engine

from musegraph import Engine, InvalidWorkflow, Loader, Pack, Reference, Registry, Store, Workflow
from musegraph.store import Store as _Store

# Files


def picture(level: int) -> bytes:
    """A picture of 1 × 1 in one grey."""
    import struct
    import zlib

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" + bytes([level] * 3)))
    return b"\x89PNG\r\n\x1a\n" + head + pixels + chunk(b"IEND", b"")


def mean_of(place: Path) -> Workflow:
    nodes = {"m": {"type": "toy.mean", "values": {"image": {"file": "x.png"}}}}
    return Workflow.parse({"musegraph": 1, "nodes": nodes, "outputs": {"mean": "m.out"}}, place)


def test_a_run_takes_the_file_as_it_was_when_the_plan_was_made(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(picture(255))
    made = engine(Store(tmp_path / "cache"))
    plan = made.plan(mean_of(tmp_path))
    (tmp_path / "x.png").write_bytes(picture(0))
    assert made.run(plan).outputs() == {"mean": 1.0}
    assert made.run(made.plan(mean_of(tmp_path))).outputs() == {"mean": 0.0}
    (tmp_path / "x.png").write_bytes(picture(255))
    again = made.plan(mean_of(tmp_path))
    assert again.steps["m"].state == "cached"
    assert made.run(again).outputs() == {"mean": 1.0}
    made.close()


def test_a_run_needs_the_file_no_more_once_the_plan_is_made(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(picture(255))
    made = engine()
    plan = made.plan(mean_of(tmp_path))
    (tmp_path / "x.png").unlink()
    assert made.run(plan).outputs() == {"mean": 1.0}


def test_a_file_that_goes_while_the_plan_is_made_is_a_problem_with_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.png").write_bytes(picture(255))
    (tmp_path / "y.png").write_bytes(picture(255))
    put = _Store.put_bytes

    def slowly(self: Store, data: bytes) -> str:
        (tmp_path / "y.png").unlink(missing_ok=True)
        return put(self, data)

    monkeypatch.setattr(_Store, "put_bytes", slowly)
    nodes = {n: {"type": "toy.mean", "values": {"image": {"file": f"{n}.png"}}} for n in "xy"}
    with pytest.raises(InvalidWorkflow) as caught:
        engine().plan(Workflow.parse({"musegraph": 1, "nodes": nodes}, tmp_path))
    (problem,) = caught.value.problems
    assert (problem.node, problem.port) == ("y", "image")
    assert problem.message == f"the file {tmp_path}/y.png cannot be read: No such file or directory"


def test_from_one_command_to_the_next_a_changed_file_counts_as_it_is(tmp_path: Path) -> None:
    place = furnish(tmp_path)
    (place / "x.png").write_bytes(png())
    load = {"type": "image.load", "values": {"image": {"file": "x.png"}}}
    write_workflow(place, "load.json", workflow(p=load) | {"outputs": {"picture": "p.out"}})

    def said(*arguments: str) -> str:
        done = musegraph(place, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    assert "1 step: 1 to run" in said("plan", "load.json")
    (place / "x.png").write_bytes(picture(200))
    first = said("run", "load.json", "--out", "out", "--quiet").strip()
    from PIL import Image as PilImage

    with PilImage.open(place / first) as made:
        assert made.getpixel((0, 0)) == (200, 200, 200)
    assert "1 step: 1 cached" in said("plan", "load.json")
    (place / "x.png").write_bytes(png())
    assert "1 step: 1 to run" in said("plan", "load.json")
    assert said("run", "load.json", "--out", "out", "--quiet").strip() != first


# Models


def test_a_model_changed_after_the_plan_counts_as_it_is_where_it_is_read(tmp_path: Path) -> None:
    made = Engine(Registry.of(nets()), Store(tmp_path / "cache"))
    file = write(tmp_path / "a.safetensors", 3)
    for known in (False, True):  # hashed before the plan, or not
        if known:
            made.models.weights(str(file))
        plan = made.plan(work(file))
        write(file, 4 + known)
        assert made.run(plan).outputs() == {"value": 4 + known}
        after = made.plan(work(file))
        assert {step.state for step in after.steps.values()} == {"cached"}
        assert made.run(after).outputs() == {"value": 4 + known}
        write(file, 3)
    assert made.run(made.plan(work(file))).outputs() == {"value": 3}
    made.close()


def without(store: Store, type_: str) -> None:
    """Forget the results of a node type."""
    for records in (store._records, store._older):
        for key in [key for key, record in records.items() if record.type == type_]:
            del records[key]


def test_a_model_that_changed_since_it_was_named_is_refused_and_nothing_wrong_is_kept(
    tmp_path: Path,
) -> None:
    made = Engine(Registry.of(nets()), Store())
    file = write(tmp_path / "a.safetensors", 1)
    assert made.run(made.plan(work(file))).outputs() == {"value": 1}
    without(made.store, "nets.read")
    made.models.clear()
    plan = made.plan(work(file))
    assert [step.state for step in plan.steps.values()] == ["cached", "run"]
    write(file, 2)
    result = made.run(plan)
    changed = f"the files of {file} have changed since they were read; run it again"
    assert result.outcome.errors == {"read": changed}
    assert made.run(made.plan(work(file))).outputs() == {"value": 2}
    write(file, 1)
    assert made.run(made.plan(work(file))).outputs() == {"value": 1}, "not what 2 gave"


def test_a_model_that_changes_while_it_is_loaded_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "a.safetensors", 1)

    def slowly(ref: Reference, path: Path, device: str) -> object:
        net = load_net(ref, path, device)
        write(file, 2)
        return net

    pack = Pack("nets", nets().nodes, loaders={"plain": Loader(slowly, lambda live: 1)})
    made = Engine(Registry.of(pack), Store())
    result = made.run(made.plan(work(file)))
    assert "have changed since they were read" in result.outcome.errors["read"]
    assert made.run(made.plan(work(file))).outputs() == {"value": 2}


@pytest.mark.parametrize("what", ["gone", "cut"])
def test_a_model_that_goes_or_breaks_after_the_plan_fails_its_step_by_name(
    tmp_path: Path, what: str
) -> None:
    made = Engine(Registry.of(nets()), Store())
    file = write(tmp_path / "a.safetensors", 1)
    plan = made.plan(work(file))
    data = file.read_bytes()
    if what == "gone":
        file.unlink()
        why = f"there is no model '{file}'; looked at: {file}"
    else:
        file.write_bytes(data[:-1])
        why = f"{file} is cut off: it holds {len(data) - 1} of {len(data)} bytes; get it again"
    assert made.run(plan).outcome.errors == {"find": why}
    file.write_bytes(data)
    assert made.run(made.plan(work(file))).outputs() == {"value": 1}


def test_from_one_command_to_the_next_a_changed_model_counts_as_it_is(tmp_path: Path) -> None:
    place = furnish(tmp_path)
    source = {"type": "toy.measure", "values": {"source": "w.safetensors"}}
    document = workflow(m=source) | {"outputs": {"digest": "m.out"}}
    write_workflow(place, "m.json", document)
    digests = set()
    whole = safetensors(16)
    for data in (whole, whole[:-1] + b"x", whole):
        (place / "w.safetensors").write_bytes(data)
        plan = musegraph(place, "plan", "m.json", "--packs", "toy.py", "--json")
        (step,) = json.loads(plan.stdout)["steps"]
        assert step["state"] == "run", "it is hashed when it is read"
        done = run(place, "m.json")
        assert done.returncode == 0
        digests.add(done.stdout)
    assert len(digests) == 2
    assert "1 cached" in run(place, "m.json").stderr
    assert calls(place) == []


def test_a_value_that_a_caller_changes_after_the_plan_is_not_the_plans() -> None:
    made = engine()
    given = {"a": [1, 2]}
    work_ = document({"d": {"type": "add", "values": given}})
    plan = made.plan(work_)
    given["a"].append(3)
    assert made.run(plan).outputs() == {"d.out": [1, 2]}
