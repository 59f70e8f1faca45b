"""Where the result of a hit is: in the memory of the device or the host, or on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from toys import document, engine

from musegraph import Engine, Store
from musegraph.events import Event, StepDone
from musegraph.run import RunResult
from musegraph.store import Entry
from musegraph.store.live import _Held

WORK = document(
    {
        "p": {"type": "picture", "values": {"seed": 3}},
        "d": {"type": "darken", "links": {"image": "p.out"}},
        "m": {"type": "mean", "links": {"image": "d.out"}},
    },
    outputs={"dark": "d.out", "mean": "m.out"},
)


def told(made: Engine) -> tuple[dict[str, str | None], RunResult]:
    """The tiers that the events of a run say, and what came of it."""
    events: list[Event] = []
    result = made.run(made.plan(WORK), events.append)
    return {event.node: event.tier for event in events if isinstance(event, StepDone)}, result


def recorded(result: RunResult) -> dict[str, str | None]:
    return {id: facts.get("tier") for id, facts in result.record["steps"].items()}


def test_a_hit_says_where_it_was_found_in_events_and_record(tmp_path: Path) -> None:
    made = engine(Store(tmp_path))
    tiers, result = told(made)
    assert tiers == {"p": None, "d": None, "m": None}, "nothing was cached"
    assert recorded(result) == tiers
    tiers, result = told(engine(made.store))
    assert tiers == {"p": "host", "d": "host", "m": "host"}
    assert recorded(result) == tiers
    made.close()
    with engine(Store(tmp_path)) as other:
        tiers, result = told(other)
        assert (tiers["d"], tiers["m"]) == ("disk", "host"), "the record holds small numbers"
        assert recorded(result) == tiers
        assert result.value(result.plan.outputs["dark"]) is not None
        assert told(engine(other.store))[0]["d"] == "host", "it was read by then"


def test_the_farthest_counts_and_what_is_gone_is_nowhere() -> None:
    store = Store()
    for name, place in (("near", "cuda:0"), ("here", "cpu")):
        store.live._held[name] = _Held(object(), place, 1, 0.0, 0.0)
    near, here, far = Entry("near"), Entry("here"), Entry("far", digest="blake3:0")
    assert store.tier({"a": near}) == "device"
    assert store.tier({"a": near, "b": here}) == "host"
    assert store.tier({"a": far, "b": here, "c": near}) == "disk"
    assert store.tier({"a": Entry("", items=(near, far))}) == "disk"
    assert store.tier({"a": near, "b": Entry("json:1", 1)}) == "device"
    assert store.tier({"a": Entry("json:1", 1)}) == "host"
    assert store.tier({"a": near, "b": Entry("gone")}) is None


@pytest.mark.parametrize("warm", [True, False])
def test_a_pinned_result_has_a_tier_too(tmp_path: Path, warm: bool) -> None:
    store = Store(tmp_path)
    made = engine(store)
    _, result = told(made)
    identity = result.identity(result.plan.outputs["dark"])
    if not warm:
        store.close()
        store = Store(tmp_path)
    pinned = document({"d": {"type": "darken", "pin": {"out": identity}}})
    other = engine(store)
    done = other.run(other.plan(pinned))
    assert recorded(done) == {"d": "host" if warm else "disk"}
    store.close()
