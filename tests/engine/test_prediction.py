"""Time and memory of a run, from what the same steps took before."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest
import shell
import toys

from musegraph import Engine, Pack, Registry, Store, node
from musegraph.cli.plan import total
from musegraph.meter import Profile
from musegraph.outcome import Outcome
from musegraph.plan import Plan
from musegraph.predict import Estimate, Prediction, Spread, predict, remember
from musegraph.store.history import KEPT
from musegraph.workflow import Workflow

MEGABYTE = 2**20


def work(seed: int = 1, side: int = 4) -> Workflow:
    return toys.document(
        {
            "p": {"type": "picture", "values": {"seed": seed, "side": side}},
            "d": {"type": "darken", "links": {"image": "p.out"}},
        }
    )


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return toys.engine(Store(tmp_path / "cache"))


def took(
    engine: Engine, plan: Plan, seconds: dict[str, float], memory: int = MEGABYTE, calls: int = 1
) -> None:
    """Note a run of a plan in which the steps took so long."""
    profiles = {id: Profile(memory, None, 64, calls) for id in seconds}
    ended = dict.fromkeys(plan.steps, "done")
    outcome = Outcome(plan, ended=ended, seconds=dict(seconds), profiles=profiles)  # type: ignore[arg-type]
    assert remember(plan, outcome, engine.store) is None


def estimate(engine: Engine, document: Workflow, step: str) -> Estimate:
    return engine.predict(engine.plan(document)).steps[step]


def samples(folder: Path) -> list[tuple[str, float]]:
    index = sqlite3.connect(folder / "index.sqlite")
    if not index.execute("select 1 from sqlite_master where name='samples'").fetchone():
        return []
    return index.execute("select type, seconds from samples order by id").fetchall()


def test_the_same_work_predicts_its_own_median_and_spread(engine: Engine) -> None:
    plan = engine.plan(work())
    for seconds in (1.0, 2.0, 3.0, 4.0, 9.0):
        took(engine, plan, {"p": seconds}, memory=round(seconds * MEGABYTE))
    found = estimate(engine, work(), "p")
    assert found.same_work
    assert found.samples == 5
    assert found.seconds.median == 3.0
    assert (found.seconds.low, found.seconds.high) == pytest.approx((1.4, 7.0))
    assert found.memory is not None
    assert found.memory.median == 3 * MEGABYTE


def test_other_seeds_are_the_same_work_and_larger_pictures_are_not(engine: Engine) -> None:
    took(engine, engine.plan(work(side=4)), {"p": 1.0, "d": 0.5})
    took(engine, engine.plan(work(side=8)), {"p": 5.0, "d": 2.5})
    assert estimate(engine, work(seed=77, side=4), "p").seconds.median == 1.0
    assert estimate(engine, work(seed=77, side=8), "p").seconds.median == 5.0
    other = estimate(engine, work(side=16), "p")
    assert not other.same_work
    assert other.samples == 2
    assert other.seconds.median == 3.0


def test_the_work_of_a_step_hangs_on_what_stands_above_it(engine: Engine) -> None:
    """The size of a picture is set two nodes up, and nothing has run yet."""
    took(engine, engine.plan(work(side=4)), {"d": 0.5})
    took(engine, engine.plan(work(side=8)), {"d": 2.5})
    assert estimate(engine, work(seed=3, side=8), "d").seconds.median == 2.5


def test_other_texts_are_the_same_work(engine: Engine) -> None:
    def label(text: str, size: int = 3) -> Workflow:
        return toys.document({"l": {"type": "label", "values": {"text": text, "size": size}}})

    took(engine, engine.plan(label("dusk")), {"l": 1.0})
    assert estimate(engine, label("a long description of a dawn"), "l").same_work
    assert not estimate(engine, label("dusk", size=4), "l").same_work


def test_a_list_of_more_seeds_is_more_work(engine: Engine) -> None:
    def many(count: int) -> Workflow:
        return toys.document({"p": {"type": "picture", "values": {"seed": list(range(count))}}})

    took(engine, engine.plan(many(2)), {"p": 2.0}, calls=2)
    assert estimate(engine, many(2), "p").same_work
    larger = estimate(engine, many(6), "p")
    assert not larger.same_work
    assert larger.seconds.median == pytest.approx(6.0)


def test_another_version_of_a_node_is_predicted_by_its_type_alone(tmp_path: Path) -> None:
    def with_version(version: str) -> Engine:
        @node(version=version)
        def count(a: float) -> float:
            """Count."""
            return a

        return Engine(Registry.of(Pack("toy", [count])), Store(tmp_path / "cache"))

    document = toys.document({"c": {"type": "count", "values": {"a": 1}}})
    with with_version("1") as old:
        took(old, old.plan(document), {"c": 1.0})
        assert estimate(old, document, "c").same_work
    with with_version("2") as new:
        assert not estimate(new, document, "c").same_work


def test_what_ran_on_another_kind_of_device_predicts_nothing(engine: Engine) -> None:
    plan = engine.plan(work())
    took(engine, plan, {"p": 1.0})
    step = plan.steps["p"]
    step.prefix = "\0".join([*step.prefix.split("\0")[:2], "cuda,torch=2"])
    found = predict(plan, engine.store)
    assert not found.steps
    assert "p" in found.unknown


def test_a_total_sums_what_is_known_and_names_what_is_not(engine: Engine) -> None:
    plan = engine.plan(work())
    profiles = {"p": Profile(MEGABYTE, None, 64, 1)}
    outcome = Outcome(plan, ended={"p": "done"}, seconds={"p": 2.0}, profiles=profiles)
    remember(plan, outcome, engine.store)
    found = engine.predict(engine.plan(work(seed=2)))
    assert found.seconds is not None
    assert found.seconds.median == 2.0
    assert found.unknown == ("d",)


def test_nothing_is_predicted_where_nothing_is_known_or_nothing_is_kept(engine: Engine) -> None:
    found = engine.predict(engine.plan(work()))
    assert (found.seconds, found.memory, dict(found.steps)) == (None, None, {})
    assert found.unknown == ("p", "d")
    in_memory = toys.engine()
    assert in_memory.predict(in_memory.plan(work())).seconds is None


def test_what_is_cached_is_not_predicted(engine: Engine) -> None:
    toys.go(work(), engine)
    took(engine, engine.plan(work(seed=2)), {"p": 1.0, "d": 1.0})
    assert not engine.predict(engine.plan(work())).steps


def test_a_run_whose_steps_took_no_time_writes_no_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("musegraph.execute.LASTING", 60.0)  # whatever else this machine does
    with toys.engine(Store(tmp_path / "cache")) as engine:
        assert toys.go(toys.chain(50), engine).ok
    assert samples(tmp_path / "cache") == []


def test_a_step_that_lasts_is_profiled_and_noted_once(tmp_path: Path) -> None:
    document = toys.document({"n": {"type": "nap", "values": {"a": 1, "seconds": 0.03}}})
    with toys.engine(Store(tmp_path / "cache")) as engine:
        result = toys.go(document, engine)
        facts = result.record["steps"]["n"]
        assert facts["seconds"] >= 0.03
        assert facts["calls"] == 1
        assert facts["bytes"] == len("1.0")
        assert facts["memory"] >= 0
        toys.go(document, engine)  # cached: nothing to learn
    [(kind, seconds)] = samples(tmp_path / "cache")
    assert kind == "toy.nap"
    assert seconds == pytest.approx(facts["seconds"], abs=1e-3)


def test_the_peak_of_a_step_is_seen_although_it_is_freed_before_the_end(tmp_path: Path) -> None:
    @node(version="1")
    def swell(a: float) -> float:
        """Hold 80 MB for a while."""
        import time

        held = bytearray(b"x") * (80 * MEGABYTE)
        time.sleep(0.2)
        del held
        time.sleep(0.2)
        return a

    document = toys.document({"s": {"type": "swell", "values": {"a": 1}}})
    engine = Engine(Registry.of(Pack("toy", [swell])), Store())
    profile = toys.go(document, engine).outcome.profiles["s"]
    assert profile.memory is not None
    assert 78 * MEGABYTE < profile.memory < 200 * MEGABYTE


def test_a_failed_step_is_no_sample(tmp_path: Path) -> None:
    @node(version="1")
    def stumble(a: float) -> float:
        """Fail late."""
        import time

        time.sleep(0.01)
        raise RuntimeError("late")

    document = toys.document({"s": {"type": "stumble", "values": {"a": 1}}})
    store = Store(tmp_path / "cache")
    with Engine(Registry.of(Pack("toy", [stumble])), store) as engine:
        assert not toys.go(document, engine).ok
    assert samples(tmp_path / "cache") == []


def test_items_found_in_the_cache_make_no_sample_of_the_whole_list(tmp_path: Path) -> None:
    def naps(count: int) -> Workflow:
        values = {"a": [float(index) for index in range(count)], "seconds": 0.005}
        return toys.document({"n": {"type": "nap", "values": values}})

    with toys.engine(Store(tmp_path / "cache")) as engine:
        toys.go(naps(2), engine)
        result = toys.go(naps(3), engine)
        assert result.record["steps"]["n"]["calls"] == 1
    assert len(samples(tmp_path / "cache")) == 1


def test_of_each_type_the_last_samples_are_kept(engine: Engine, tmp_path: Path) -> None:
    plan = engine.plan(work())
    took(engine, plan, {"d": 7.0})
    for turn in range(KEPT + 5):
        took(engine, plan, {"p": float(turn + 1)})
    kept = samples(tmp_path / "cache")
    assert [s for kind, s in kept if kind == "toy.picture"] == [
        float(turn + 1) for turn in range(5, KEPT + 5)
    ]
    assert [s for kind, s in kept if kind == "toy.darken"] == [7.0]


def test_a_cache_that_cannot_take_samples_is_told_of_and_fails_no_run(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("musegraph.store.history._TABLES", ("create nonsense",))
    document = toys.document({"n": {"type": "nap", "values": {"a": 1, "seconds": 0.01}}})
    events: list[object] = []
    assert engine.run(engine.plan(document), events.append).ok
    [said] = [e.message for e in events if type(e).__name__ == "Warned"]  # type: ignore[attr-defined]
    assert said.startswith("how long steps took could not be noted in the cache")


def test_plan_shows_what_is_predicted_and_says_nothing_before_the_first_run(
    tmp_path: Path,
) -> None:
    place = shell.furnish(tmp_path)

    def slow(text: str, steps: int) -> dict[str, object]:
        return {"type": "toy.slow", "values": {"text": text, "steps": steps}}

    chat = {"type": "toy.chat", "links": {"text": "s.out"}}
    shell.write(place, "one.json", shell.workflow(s=slow("a", 2)))
    two = shell.workflow(s=slow("b", 2), c=chat, l=slow("b", 3))
    shell.write(place, "two.json", two)
    before = shell.musegraph(place, "plan", "one.json", "--packs", "toy.py").stdout
    assert "about" not in before
    assert shell.run(place, "one.json").returncode == 0
    shown = shell.musegraph(place, "plan", "two.json", "--packs", "toy.py").stdout
    lines = {line.split()[2]: line for line in shown.splitlines() if " toy." in line}
    assert re.search(r"about 0\.\d\d s$", lines["s"])
    assert re.search(r"about 0\.\d\d s with other settings$", lines["l"])
    assert "about" not in lines["c"]
    assert re.search(r"in all about 0\.\d\d s, without c: never timed here", shown)
    told = shell.musegraph(place, "plan", "two.json", "--packs", "toy.py", "--json").stdout
    made = json.loads(told)
    steps = {step["id"]: step["predicted"] for step in made["steps"]}
    assert steps["c"] is None
    assert steps["s"]["samples"] == 1
    assert (steps["s"]["same_work"], steps["l"]["same_work"]) == (True, False)
    assert made["predicted"]["unknown"] == ["c"]
    assert made["predicted"]["seconds"]["median"] == pytest.approx(
        steps["s"]["seconds"]["median"] + steps["l"]["seconds"]["median"]
    )


def test_a_prediction_reads_as_one_says_it() -> None:
    seconds = {"p": Spread(12.2, 9.96, 15.1), "d": Spread(100, 59, 130)}
    steps = {
        id: Estimate(one, Spread(1e9, 1e9, 1.4e9), Spread(0, 0, 12e6), 3, True)
        for id, one in seconds.items()
    }
    one = Prediction({"p": steps["p"]}, (), ())
    assert total(one) == "in all about 12 s (10 to 15), 1.3 GiB, 11 MiB on the device"
    both = Prediction(steps, (), ("x",))
    assert total(both) == (
        "in all about 1 min 52 s (1 min 09 s to 2 min 25 s), 1.3 GiB, 11 MiB on the device,"
        " without x: never timed here"
    )
    assert total(Prediction({}, (), ("x",))) == ""
