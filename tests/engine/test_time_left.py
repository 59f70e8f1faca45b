"""The countdown of a run: near the truth, calm, and silent where nobody can tell."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import pairwise

import pytest

from musegraph.cli import plain, timeleft
from musegraph.cli.plain import Clock
from musegraph.cli.timeleft import TimeLeft
from musegraph.events import StepProgress
from musegraph.predict import Estimate, Prediction, Spread

FRAME = 0.125


class Watch:
    """The time of a run that is only played."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch()
    monkeypatch.setattr(plain, "perf_counter", made)
    return made


def known(seconds: Mapping[str, float], unknown: tuple[str, ...] = ()) -> TimeLeft:
    estimates = {
        id: Estimate(Spread(each, each * 0.9, each * 1.2), None, None, 3, True)
        for id, each in seconds.items()
    }
    return TimeLeft(Prediction(estimates, (), unknown))


def played(
    left: TimeLeft, took: Mapping[str, float], watch: Watch, silent: tuple[str, ...] = ()
) -> Iterator[tuple[float, float | None]]:
    """Steps one after the other; of each frame what is really left, and what is said."""
    end = watch.now + sum(took.values())
    for node, seconds in took.items():
        left.start(watch.now)
        clock, start = Clock(), watch.now
        while watch.now < start + seconds:
            if node not in silent:
                done = int(20 * (watch.now - start) / seconds)
                clock.update(StepProgress(node, done, 20))
            yield end - watch.now, left.seconds({node: clock}, watch.now)
            watch.now += FRAME
        left.end(node, ran=True)
        yield end - watch.now, left.seconds({}, watch.now)


@pytest.mark.parametrize(("speed", "off"), [(1.0, 0.2), (0.5, 0.75), (2.0, 0.4)])
def test_the_time_left_comes_near_the_truth_and_never_jumps(
    speed: float, off: float, watch: Watch
) -> None:
    """Also on a day when all is twice as fast or as slow as ever."""
    chance = random.Random(7)
    past = {f"n{i}": chance.uniform(0.5, 20) for i in range(8)}
    took = {id: each * speed * chance.uniform(0.9, 1.1) for id, each in past.items()}
    frames = list(played(known(past), took, watch, silent=("n1", "n4")))
    said = [(really, one) for really, one in frames if one is not None]
    assert len(said) > 0.9 * len(frames)
    assert all(one >= 0.5 for _, one in said)
    whole = sum(took.values())
    for really, one in said:
        if really < 0.7 * whole:
            assert abs(one - really) < off * really + 2
    for (_, before), (_, after) in pairwise(said):
        assert abs(after - before) < 0.05 * whole, "from one frame to the next"


def test_nothing_is_said_while_a_step_that_never_ran_here_is_to_come(watch: Watch) -> None:
    left = known({"a": 5.0, "c": 5.0}, unknown=("b",))
    left.start(watch.now)
    watch.now += 5
    left.end("a", ran=True)
    assert left.seconds({"b": Clock()}, watch.now) is None
    left.end("b", ran=True)
    assert left.seconds({"c": Clock()}, watch.now) == pytest.approx(5, abs=1)


def test_nothing_is_said_of_a_short_run_or_of_a_step_that_takes_far_longer_than_ever(
    watch: Watch,
) -> None:
    short = known({"a": 0.4, "b": 1.0})
    short.start(watch.now)
    assert short.seconds({"a": Clock()}, watch.now) is None
    left, clock = known({"a": 4.0}), Clock()
    left.start(watch.now)
    watch.now += 3
    assert left.seconds({"a": clock}, watch.now) == pytest.approx(1, abs=0.5)
    watch.now += 6
    assert left.seconds({"a": clock}, watch.now) is None


def test_what_is_found_in_the_cache_takes_its_time_off_without_a_jump(watch: Watch) -> None:
    left, clock = known({"a": 10.0, "b": 30.0}), Clock()
    left.start(watch.now)
    before = left.seconds({"a": clock}, watch.now)
    left.end("b", ran=False)
    watch.now += FRAME
    just_after = left.seconds({"a": clock}, watch.now)
    watch.now += 4 * timeleft.CALM
    later = left.seconds({"a": clock}, watch.now)
    assert before == pytest.approx(40)
    assert just_after is not None
    assert just_after > 35
    assert later == pytest.approx(2, abs=1)
