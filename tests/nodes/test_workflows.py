"""Every example in workflows/ runs, and its results are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from client import carried, served
from stand_ins import stand_ins

from musegraph import Audio, Engine, File, Image, Motion, Score, Store, Workflow
from musegraph.cli.remote import Remote, uploaded
from musegraph.outputs import save_outputs
from musegraph.reproduce import Verdict, compare, copy_assets, read_output
from musegraph.workflow import Port

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "workflows").glob("*.json"))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where tiny models are under the names of those that the examples were written for."""
    return stand_ins(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[Engine]:
    with pytest.MonkeyPatch.context() as patch:
        # No training goes on from one that an earlier run of the tests left.
        patch.setenv("MUSEGRAPH_DATA", str(tmp_path_factory.mktemp("data")))
        with Engine(store=Store(tmp_path_factory.mktemp("cache")), models=[models]) as made:
            yield made


@pytest.fixture(scope="module")
def kinds() -> set[str]:
    """Kinds of files of which one was made anew."""
    return set()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_a_second_run_runs_no_step(path: Path, engine: Engine) -> None:
    work = engine.settle(Workflow.read(path), quick=True)
    result = engine.run(engine.plan(work))
    assert result.ok, result.outcome.errors
    for name, value in result.outputs().items():
        if isinstance(value, Score):
            assert value.notes, name
            continue
        if isinstance(value, Audio):
            assert 0.1 < float(value.data.abs().max()) <= 1, name
            continue
        if isinstance(value, Motion):
            assert float(value.rotations.std(dim=0).max()) > 0.1, name
            continue
        if isinstance(value, File):
            assert value.media == "video/mp4", name
            assert value.data[4:8] == b"ftyp", name
            continue
        if isinstance(value, dict):
            assert value["frames"], name
            continue
        if isinstance(value, float):
            assert 0 < value <= 1, name
            continue
        if isinstance(value, str | list):
            assert all(text.strip() for text in ([value] if isinstance(value, str) else value))
            continue
        assert isinstance(value, Image), name
        assert bool(torch.isfinite(value.data).all())
        assert float(value.data.std()) > 0.01, "a picture of one colour"
    again = engine.plan(work)
    assert {step.state for step in again.steps.values()} == {"cached"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_written_in_canonical_text(path: Path) -> None:
    assert path.read_text("utf-8") == Workflow.read(path).text()


def test_four_seeds_in_a_list_equal_four_single_runs_bit_for_bit(engine: Engine) -> None:
    listed = Workflow.read(ROOT / "workflows" / "variations_grid.json")
    seeds = [11, 12, 13, 14]
    work = engine.settle(listed, {"seeds": seeds, "steps": 2})
    together = engine.run(engine.plan(work, ("decode",))).value(Port("decode", "out"))
    single = Workflow.read(ROOT / "workflows" / "text_to_image.json")
    with Engine(store=Store()) as apart:
        for seed, picture in zip(seeds, together, strict=True):
            inputs = {name: listed.inputs[name].default for name in ("prompt", "guidance")}
            alone = apart.settle(single, {**inputs, "seed": seed, "steps": 2})
            value = apart.run(apart.plan(alone)).outputs()["picture"]
            assert torch.equal(value.data, picture.data)


def test_one_more_seed_makes_one_more_picture(engine: Engine) -> None:
    listed = Workflow.read(ROOT / "workflows" / "variations_grid.json")
    engine.run(engine.plan(engine.settle(listed, {"seeds": [21, 22], "steps": 2})))
    more = engine.settle(listed, {"seeds": [21, 22, 23], "steps": 2})
    result = engine.run(engine.plan(more, ("decode",)))
    assert result.outcome.calls == 2  # one more to sample, one more to decode


def test_another_guidance_in_the_sweep_makes_only_its_column_again(engine: Engine) -> None:
    sweep = Workflow.read(ROOT / "workflows" / "sweep.json")
    inputs = {"prompts": "a forest by day\nthe sea at night", "steps": 2}
    first = engine.settle(sweep, {**inputs, "guidance": [1, 2, 4]})
    before = engine.run(engine.plan(first, ("decode",))).value(Port("decode", "out"))
    other = engine.settle(sweep, {**inputs, "guidance": [1, 2.5, 4]})
    result = engine.run(engine.plan(other, ("decode",)))
    after = result.value(Port("decode", "out"))
    same = [torch.equal(a.data, b.data) for a, b in zip(before, after, strict=True)]
    assert same == [True, False, True] * 2
    assert result.outcome.calls == 6  # the number, the pairs; two to sample, two to decode


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_an_example_saved_is_reproduced_step_by_step(
    path: Path, engine: Engine, models: Path, kinds: set[str], tmp_path: Path
) -> None:
    """From nothing for the first file of each kind; others find the very steps that made them."""
    work = engine.settle(Workflow.read(path), quick=True)
    saved = save_outputs(engine.run(engine.plan(work)), tmp_path / "elsewhere")
    workflow, record, data = read_output(saved[0].path)
    assert record["steps"]
    if (kind := saved[0].path.suffix) in kinds:
        again = engine.run(engine.plan(workflow))
        assert again.outcome.calls == 0
        assert compare(record, again, data) == Verdict("identical")
        return
    kinds.add(kind)
    with Engine(store=Store(tmp_path / "fresh"), models=[models]) as fresh:
        copy_assets(workflow, engine.registry, engine.store, fresh.store)
        again = fresh.run(fresh.plan(workflow))
        # A model that an example names twice, for want of two, is loaded and read once.
        keys = [facts["key"] for facts in record["steps"].values()]
        assert again.outcome.count()["cached"] == len(keys) - len(set(keys))
        assert compare(record, again, data) == Verdict("identical")


def test_every_example_gives_the_same_over_the_server_as_here(
    engine: Engine, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the identities of all named outputs, which are those of their content."""
    monkeypatch.setenv("MUSEGRAPH_DATA", str(tmp_path / "data there"))
    assert len(EXAMPLES) >= 4

    async def body() -> None:
        async with served(tmp_path, models=(str(models),)) as (client, server):
            remote = Remote(client.url, server.token)
            for path in EXAMPLES:
                made = engine.run(engine.plan(engine.settle(Workflow.read(path), quick=True)))
                here = {name: made.identity(port) for name, port in made.ports().items()}
                work = Workflow.read(path)
                sent = await asyncio.to_thread(uploaded, work, Engine(store=Store()), remote)
                run = await client.carry_out(sent.json(), quick=True)
                assert run["state"] == "done", run["error"]
                there = {name: out["identity"] for name, out in run["outputs"].items()}
                assert there == here, path.stem

    carried(body())
