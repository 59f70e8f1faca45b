"""A worker that is lost costs one step, and never the run that it was a part of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from client import carried, served

from musegraph.errors import Stopped
from musegraph.limits import Limit
from musegraph.server import queue
from musegraph.server.blame import MOST, TRIES, Blame
from musegraph.server.database import connect, migrate
from musegraph.workers.host import End, WorkerLost

SEGFAULT = "the worker was ended by SIGSEGV"


def troubled(**nodes: dict[str, Any]) -> dict[str, Any]:
    """A document of nodes that make trouble; each is an output."""
    made = {id: {**node, "type": f"troublesome.{node['type']}"} for id, node in nodes.items()}
    return {"musegraph": 1, "nodes": made, "outputs": {id: f"{id}.out" for id in nodes}}


def test_a_step_that_crashes_fails_alone_and_the_others_go_on_from_what_is_stored(
    tmp_path: Path,
) -> None:
    log = str(tmp_path / "log")
    document = troubled(
        dear={"type": "slow", "values": {"a": 1, "seconds": 0.3, "log": log}},
        pause={"type": "slow", "links": {"a": "dear.out"}, "values": {"seconds": 0.9}},
        bad={"type": "crash", "links": {"a": "pause.out"}},
        below={"type": "add", "links": {"a": "bad.out"}},
        apart={"type": "add", "links": {"a": "dear.out"}, "values": {"b": 41}},
        refused={"type": "refuse", "values": {"a": 1}},
    )

    async def body() -> None:
        async with served(tmp_path) as (client, server):
            made = await client.carry_out(document)
            assert made["state"] == "failed"
            assert made["attempt"] == 1
            steps = made["record"]["steps"]
            assert {id: step["status"] for id, step in steps.items()} == {
                "dear": "cached", "pause": steps["pause"]["status"], "bad": "failed",
                "below": "skipped", "apart": steps["apart"]["status"], "refused": "failed",
            }  # fmt: skip
            assert steps["bad"]["error"] == f"{SEGFAULT} while it ran"
            assert steps["refused"]["error"] == "ValueError: this was to be expected"
            assert made["outputs"]["apart"]["value"] == 42
            assert set(made["outputs"]) == {"dear", "pause", "apart"}
            assert (tmp_path / "log").read_text().split() == ["1.0"]
            told = [text for _, _, text in server.feed._kept]
            assert sum('"step_failed"' in text and '"bad"' in text for text in told) == 1
            assert any("the run goes on in a new worker" in text for text in told)

    carried(body())


@pytest.mark.parametrize("always", [True, False])
def test_of_several_steps_at_once_each_is_tried_again_alone(tmp_path: Path, always: bool) -> None:
    log = str(tmp_path / "log")
    document = troubled(
        bad={"type": "crash_beside", "values": {"a": 1, "log": log, "always": always}},
        good={"type": "beside", "values": {"a": 2, "log": log}},
    )

    async def body() -> None:
        async with served(tmp_path) as (client, server):
            made = await client.carry_out(document)
            steps = made["record"]["steps"]
            assert steps["good"]["status"] in ("done", "cached")
            assert made["outputs"]["good"]["value"] == 2
            if always:  # alone with the worker it is the culprit
                assert made["error"] == f"bad: {SEGFAULT} while it ran"
            else:
                assert made["state"] == "done"
            lost = [text for _, _, text in server.feed._kept if "goes on in a new" in text]
            assert len(lost) == (2 if always else 1)
            assert "bad, good" in lost[0] or "good, bad" in lost[0]

    carried(body())


def test_a_crash_in_a_list_names_the_step_and_keeps_the_rest(tmp_path: Path) -> None:
    document = troubled(
        bad={"type": "crash", "values": {"a": [1, 2, 3]}},
        good={"type": "add", "values": {"a": 1, "b": 1}},
    )

    async def body() -> None:
        async with served(tmp_path) as (client, _):
            made = await client.carry_out(document)
            assert made["error"] == f"bad: {SEGFAULT} while it ran"
            assert made["outputs"]["good"]["value"] == 2
            again = await client.carry_out(document)  # another run has a try of its own
            assert again["error"] == made["error"]

    carried(body())


def test_what_is_known_of_a_run_outlives_the_server(tmp_path: Path) -> None:
    db = connect(tmp_path / "server.db")
    migrate(db, tmp_path / "server.db")
    queue.submit(db, [queue.Submission({"musegraph": 1})], 10)
    (held,) = queue.claim(db, "main")
    blame, given_up = held.blame.after(WorkerLost(SEGFAULT, held.id, True, ["bad"]))
    assert given_up is None
    facts = queue.give_back(db, held, "lost", blame)
    assert facts is not None
    assert (facts["state"], facts["attempt"], facts["error"]) == ("queued", 0, "lost")
    assert queue.give_back(db, held, "lost", blame) is None, "the lease is gone"
    (held,) = queue.claim(db, "main")
    assert held.facts["attempt"] == 1
    queue.recover(db)
    (held,) = queue.claim(db, "main")
    assert str(held.blame.failed["bad"]) == f"{SEGFAULT} while it ran"
    assert held.blame.failed["bad"].code == "crashed"
    blame, _ = held.blame.after(WorkerLost("the worker was ended by SIGKILL", held.id))
    facts = queue.give_back(db, held, "lost", blame)
    assert facts is not None
    assert facts["attempt"] == 1, "that was an attempt: no step failed for it"
    db.close()


def test_one_step_on_the_board_of_a_crash_is_the_culprit() -> None:
    blame, given_up = Blame().after(WorkerLost(SEGFAULT, "r", True, ["a"]))
    assert given_up is None
    assert {step: why.code for step, why in blame.failed.items()} == {"a": "crashed"}


def test_a_step_that_was_too_long_is_the_culprit_whatever_ran_beside_it() -> None:
    ended = End("it took longer than the 5 s that x.y may take", ("b",), "time-limit")
    lost = WorkerLost(ended.why, "r", True, ["a", "b"], ended)
    blame, _ = Blame().after(lost)
    assert {step: why.json() for step, why in blame.failed.items()} == {
        "b": {"message": ended.why, "code": "time-limit", "sentence": None, "parts": {}}
    }
    ended_meanwhile, _ = Blame().after(WorkerLost(ended.why, "r", True, ["a"], ended))
    assert not ended_meanwhile.failed.keys() & {"b"}


def test_what_ends_a_worker_from_outside_has_three_tries_at_a_step() -> None:
    blame = Blame()
    killed = WorkerLost("the worker was ended by SIGKILL", "r", False, ["a", "b"])
    blame, _ = blame.after(killed)
    assert not blame.failed
    assert blame.alone == {"a", "b"}
    for _ in range(TRIES - 1):
        blame, given_up = blame.after(WorkerLost("killed", "r", False, ["a"]))
        assert given_up is None
    assert set(blame.failed) == {"a"}
    assert blame.tries["b"] == 1


def test_a_crash_outside_of_all_steps_ends_the_run_and_a_kill_there_has_three_tries() -> None:
    assert Blame().after(WorkerLost(SEGFAULT, "r", True))[1] == SEGFAULT
    blame, given_up = Blame(), None
    for tried in range(TRIES):
        assert given_up is None, tried
        blame, given_up = blame.after(WorkerLost("killed", "r"))
    assert given_up == "killed; it was given up after 3 attempts"


def test_a_run_comes_to_an_end_whatever_its_steps_do() -> None:
    blame, given_up, number = Blame(), None, 0
    while given_up is None:
        number += 1
        blame, given_up = blame.after(WorkerLost(SEGFAULT, "r", True, [f"step-{number}"]))
        assert number <= MOST
        assert Blame.of(blame.json()).json() == blame.json()
    assert given_up.endswith(f"it was given up after {MOST} workers were lost")
    assert replace(blame, failed={}).workers == MOST


def test_a_time_limit_stops_the_step_and_neither_its_worker_nor_its_run(tmp_path: Path) -> None:
    document = troubled(
        long={"type": "slow", "values": {"a": 1, "seconds": 60}},
        below={"type": "add", "links": {"a": "long.out"}},
        other={"type": "slow", "values": {"a": 2, "seconds": 0.2}},
    )
    limits = {"troublesome.slow": Limit(seconds=1), "troublesome.*": Limit(seconds=0.01)}

    async def body() -> None:
        async with served(tmp_path, limits=limits) as (client, server):
            before = (await client.carry_out(troubled(at={"type": "process"})))["outputs"]
            made = await client.carry_out(document)
            assert made["error"] == (
                "long: it took longer than the 1 s that troublesome.slow may take here; raise it"
                " with --limit 'troublesome.slow=seconds:N' or in the settings"
            )
            steps = made["record"]["steps"]
            assert {id: step["status"] for id, step in steps.items()} == {
                "long": "failed", "below": "skipped", "other": "done",
            }  # fmt: skip
            told = [text for _, _, text in server.feed._kept]
            assert sum('"code":"time-limit"' in text for text in told) == 1
            after = (await client.carry_out(troubled(at={"type": "process"})))["outputs"]
            assert after == before, "the worker is the same"

    carried(body())


def test_a_hang_is_ended_at_the_limit_of_its_type_and_what_ran_beside_it_runs_again(
    tmp_path: Path,
) -> None:
    log = str(tmp_path / "log")
    document = troubled(
        stuck={"type": "hang", "values": {"a": 1}},
        good={"type": "beside", "values": {"a": 2, "log": log}},
    )

    async def body() -> None:
        limits = {"troublesome.hang": Limit(seconds=0.5)}
        async with served(tmp_path, limits=limits) as (client, _):
            made = await client.carry_out(document)
            assert made["error"].startswith("stuck: it took longer than the 0.5 s that troublesome")
            assert made["outputs"]["good"]["value"] == 2
            assert (tmp_path / "log").read_text().split() == ["ran", "ran"]

    carried(body())


def test_a_reason_survives_the_way_to_the_worker_and_back() -> None:
    why = Stopped("it crashed", "crashed")
    assert Stopped.of(why.json()).json() == why.json()
