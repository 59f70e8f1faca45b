"""The command ``cache``: looking, clearing by choice, and setting right what is damaged."""

from __future__ import annotations

import json
import os
import pty
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shell import COMMAND, calls, environment, furnish, musegraph, run, workflow, write

from musegraph.store import Entry, Record
from musegraph.store.disk import Disk
from musegraph.store.survey import OUTSIDE, SETTLED_SECONDS, UNNAMED, Survey, verify
from musegraph.values.canonical import digest, digest_of_buffers, json_identity

NOW = 1_800_000_000
DAY = 86400


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path)
    yield made
    made.close()


def put(disk: Disk, data: bytes, used: int = NOW) -> str:
    name = digest_of_buffers([data])
    disk.put([data], name, 1.0, used)
    return name


def key(name: str) -> str:
    return digest("key", name)


def step(
    disk: Disk,
    name: str,
    *held: str,
    type: str = "toy.paint",  # noqa: A002
    seconds: float = 1.0,
    used: int = NOW,
    needs: tuple[str, ...] = (),
) -> str:
    """A record of a step that names these objects."""
    outputs = {f"out{index}": Entry(one, digest=one) for index, one in enumerate(held)}
    recipe = "\n".join([*(f"port=one {need}" for need in needs), "prefix"])
    disk.put_records([(key(name), Record(outputs, seconds, type, recipe))], used)
    return key(name)


def age(file: Path) -> None:
    old = time.time() - 2 * SETTLED_SECONDS
    os.utime(file, (old, old))


# what is there


def test_the_survey_counts_by_node_type_and_a_shared_object_once(disk: Disk) -> None:
    a, b = put(disk, b"a" * 10, NOW - DAY), put(disk, b"b" * 30)
    step(disk, "maker", a, b, type="toy.paint", seconds=9)
    step(disk, "passes on", b, type="toy.pass", seconds=0.1)
    disk.pin(put(disk, b"photo"))
    put(disk, b"left")
    survey = Survey(disk)
    groups = {group.type: group for group in survey.groups()}
    paint = groups["toy.paint"]
    assert (paint.bytes, paint.objects, paint.records) == (40, 2, 1)
    assert (paint.oldest, paint.newest) == (NOW - DAY, NOW)
    assert (groups["toy.pass"].bytes, groups["toy.pass"].records) == (0, 1)
    assert groups[OUTSIDE].bytes == 5
    assert groups[UNNAMED].bytes == 4
    assert sum(group.bytes for group in groups.values()) == survey.bytes() == disk.size()
    assert survey.bytes(pinned=True) == 5


def test_results_are_listed_largest_first_and_by_node_or_pack(disk: Disk) -> None:
    step(disk, "small", put(disk, b"s"), type="toy.paint")
    step(disk, "large", put(disk, b"l" * 9), type="toy.slow")
    step(disk, "other", put(disk, b"o" * 5), type="toys.paint")
    survey = Survey(disk)
    assert [line.key for line in survey.lines()] == [key("large"), key("other"), key("small")]
    assert [line.key for line in survey.lines("toy")] == [key("large"), key("small")]
    assert [line.key for line in survey.lines("toy.paint")] == [key("small")]


# clearing


def clear(disk: Disk, **how: Any) -> int:
    choice = Survey(disk).choose(**how)
    disk.forget(choice.digests, choice.keys)
    return choice.bytes


def test_clearing_everything_frees_all_bytes_and_leaves_no_record(disk: Disk) -> None:
    a = put(disk, b"aaaa")
    step(disk, "one", a)
    step(disk, "two", put(disk, b"bb"))
    put(disk, b"left")
    disk.put_records([(key("text"), Record({"out": Entry("x", json="hi")}, 0.1, "toy.say"))], NOW)
    assert clear(disk) == 10
    assert (disk.size(), Survey(disk).records, disk.has(a)) == (0, {}, False)


def test_pinned_bytes_stay_with_the_record_that_finds_them_unless_told_otherwise(
    disk: Disk,
) -> None:
    kept = put(disk, b"kept")
    step(disk, "pinned", kept)
    step(disk, "loose", put(disk, b"loose"))
    disk.pin(kept)
    assert clear(disk) == 5
    assert disk.get(kept) == b"kept"
    assert disk.entry(kept) is not None
    assert set(Survey(disk).records) == {key("pinned")}
    assert clear(disk, pinned=True) == 4
    assert not disk.has(kept)
    assert Survey(disk).records == {}


def test_clearing_one_type_leaves_what_other_types_share_with_it(disk: Disk) -> None:
    shared, own = put(disk, b"shared"), put(disk, b"own")
    step(disk, "paint", shared, type="toy.paint")
    step(disk, "paint 2", own, type="toy.paint")
    step(disk, "keep", shared, type="toy.keep")
    left = put(disk, b"left")
    assert clear(disk, wanted="toy.paint") == 3
    assert disk.has(shared)
    assert disk.has(left)
    assert set(Survey(disk).records) == {key("paint"), key("keep")}


def test_clearing_what_is_old_leaves_what_was_read_since(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    old, read = put(disk, b"old", NOW - 40 * DAY), put(disk, b"read", NOW - 40 * DAY)
    new = put(disk, b"new", NOW)
    for name, one, used in (("o", old, 40), ("r", read, 40), ("n", new, 0)):
        step(disk, name, one, used=NOW - used * DAY)
    disk.get(read)
    disk.shrink(1 << 30)  # what was read is noted when the cache is kept small
    wanted_before = min(NOW, int(time.time())) - 30 * DAY
    disk.rows("update objects set used=? where digest=?", wanted_before - DAY, old)
    disk.rows("update records set used=?", wanted_before - DAY)
    assert clear(disk, before=wanted_before) == 3
    assert (disk.has(old), disk.has(read), disk.has(new)) == (False, True, True)
    assert set(Survey(disk).records) == {key("r"), key("n")}
    disk.close()


# verifying


def test_a_sound_cache_is_left_as_it_is(disk: Disk) -> None:
    step(disk, "one", put(disk, b"a"))
    disk.pin(put(disk, b"photo"))
    put(disk, b"just written, its record comes next", int(time.time()))
    verdict = verify(disk)
    assert verdict.fine
    assert (verdict.objects, verdict.orphans, verdict.spent) == (3, [], [])
    assert len(Survey(disk).objects) == 3


@pytest.mark.parametrize(
    ("bytes_", "reason"), [(b"xbc", "its bytes have changed"), (b"ab", "it holds 2 bytes")]
)
def test_damage_is_named_with_its_node_type_and_removed(
    disk: Disk, bytes_: bytes, reason: str
) -> None:
    bad, good = put(disk, b"abc"), put(disk, b"good")
    step(disk, "bad", bad, type="toy.bad")
    step(disk, "good", good)
    disk.path(bad).write_bytes(bytes_)
    verdict = verify(disk)
    assert not verdict.fine
    assert reason in verdict.damaged[bad]
    assert verdict.types[bad] == "toy.bad"
    assert verdict.spent == [key("bad")]
    assert (disk.has(bad), disk.has(good)) == (False, True)
    assert verify(disk).fine


def test_objects_without_a_file_and_files_without_a_row_are_found_and_removed(disk: Disk) -> None:
    lost, stray = put(disk, b"lost"), put(disk, b"stray")
    step(disk, "lost", lost)
    disk.path(lost).unlink()
    disk.rows("delete from objects where digest=?", stray)
    foreign = disk.path(stray).with_name("notes.txt")
    foreign.write_text("mine")
    assert verify(disk).strays == [], "it may have been written just now"
    age(foreign)
    age(disk.path(stray))
    step(disk, "lost", put(disk, b"lost"))
    disk.path(lost).unlink()
    verdict = verify(disk)
    assert (verdict.missing, verdict.strays) == ([lost], [disk.path(stray)])
    assert not verdict.fine
    assert not disk.has(stray)
    assert foreign.exists(), "what is not named like an object is not ours"
    assert verify(disk).fine


def test_a_record_that_is_no_record_is_found_and_removed(disk: Disk) -> None:
    bad = step(disk, "bad", put(disk, b"a"))
    disk.rows("update records set outputs='{' where key=?", bad)
    verdict = verify(disk)
    assert verdict.unreadable == [bad]
    assert not verdict.fine
    assert disk.record(bad) is None


def test_what_evictions_and_interrupted_runs_leave_is_tidied_and_is_no_fault(disk: Disk) -> None:
    left = put(disk, b"left")
    step(disk, "evicted", put(disk, b"gone"))
    disk.rows("update objects set pinned=1 where digest=?", left)
    disk.shrink(4)
    disk.pin(left, False)
    verdict = verify(disk, now=NOW + 2 * SETTLED_SECONDS)
    assert (verdict.orphans, verdict.spent, verdict.fine) == ([left], [key("evicted")], True)
    assert (Survey(disk).objects, Survey(disk).records) == ({}, {})


def test_a_record_without_its_objects_stays_while_a_later_step_is_found_through_it(
    disk: Disk,
) -> None:
    first, middle, last = (put(disk, name) for name in (b"first", b"middle", b"last"))
    step(disk, "first", first)
    step(disk, "middle", middle, needs=(first,))
    step(disk, "last", last, needs=(middle,))
    disk.forget([first, middle], [])
    assert verify(disk).spent == []
    disk.forget([last], [])
    assert set(verify(disk).spent) == {key("first"), key("middle"), key("last")}


def test_a_record_that_holds_its_value_itself_is_never_spent(disk: Disk) -> None:
    text = "a text so long that its identity is a digest " * 9
    entry = Entry(json_identity(text), json=text)
    disk.put_records([(key("text"), Record({"out": entry}, 0.1, "toy.say"))], NOW)
    assert verify(disk).spent == []


# the command


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a painting and a text have been made and kept."""
    folder = furnish(tmp_path_factory.mktemp("used"))
    paint = workflow(p={"type": "toy.paint", "values": {"seed": 9}})
    write(folder, "paint.json", paint | {"outputs": {"picture": "p.out"}})
    assert run(folder, "paint.json", "--out", "out").returncode == 0
    assert run(folder, "plain.json").returncode == 0
    calls(folder)
    return folder


@pytest.fixture
def place(used: Path, tmp_path: Path) -> Path:
    """A copy of that folder, to do harm to."""
    return shutil.copytree(used, tmp_path / "copy")


def test_the_command_shows_lists_clears_and_verifies_and_the_next_run_computes_again(
    place: Path,
) -> None:
    shown = json.loads(musegraph(place, "cache", "--json").stdout)
    assert shown["disk"]["objects"] == 1
    assert shown["disk"]["bytes"] > 4 * 4 * 3
    assert {group["type"] for group in shown["types"]} >= {"toy.paint", "toy.shout", "toy.dice"}
    assert "toy.paint" in musegraph(place, "cache").stdout
    listed = musegraph(place, "cache", "list", "--type", "toy.paint", "--json")
    (result,) = json.loads(listed.stdout)["results"]
    assert result["bytes"] == shown["disk"]["bytes"]
    assert musegraph(place, "cache", "verify").returncode == 0
    cleared = musegraph(place, "cache", "clear", "--type", "toy.paint", "--yes")
    assert cleared.stdout.startswith("freed ")
    assert "1 object, 1 record" in cleared.stdout
    assert run(place, "paint.json").returncode == 0
    assert calls(place) == ["paint"]
    assert run(place, "plain.json").returncode == 0
    assert calls(place) == [], "the text was not cleared"


def test_verify_ends_with_1_once_and_the_run_after_it_is_right(place: Path) -> None:
    (file,) = (path for path in (place / "cache" / "objects").rglob("*") if path.is_file())
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    found = musegraph(place, "cache", "verify")
    assert found.returncode == 1
    assert "toy.paint: the object blake3:" in found.stdout
    assert "its bytes have changed; removed" in found.stdout
    again = musegraph(place, "cache", "verify", "--json")
    assert again.returncode == 0
    assert json.loads(again.stdout)["ok"] is True
    assert run(place, "paint.json").returncode == 0
    assert calls(place) == ["paint"]


def test_clearing_without_a_terminal_needs_yes(place: Path) -> None:
    refused = musegraph(place, "cache", "clear")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert json.loads(musegraph(place, "cache", "--json").stdout)["disk"]["objects"] == 1


@pytest.mark.parametrize(("answer", "left"), [("n\n", 1), ("y\n", 0)])
def test_clearing_on_a_terminal_asks_first(place: Path, answer: str, left: int) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    done = subprocess.run(
        [*COMMAND, "cache", "clear"],
        cwd=place,
        env=environment(place),
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert "[y/N]" in done.stderr
    assert done.stdout.startswith("freed" if left == 0 else "nothing was removed")
    with sqlite3.connect(place / "cache" / "index.sqlite") as index:
        assert index.execute("select count(*) from objects").fetchone() == (left,)


def test_a_misspelt_type_is_refused_with_what_is_close(place: Path) -> None:
    refused = musegraph(place, "cache", "clear", "--type", "toy.pain", "--yes")
    assert refused.returncode == 2
    assert "close to it: toy.paint" in refused.stderr


def test_looking_at_a_cache_that_is_not_there_does_not_make_it(tmp_path: Path) -> None:
    for action in ([], ["list"], ["clear", "--yes"], ["verify"]):
        done = musegraph(tmp_path, "cache", "--cache", "none", *action)
        assert done.returncode == 0, done.stderr
        assert "there is no cache at none" in done.stdout
    assert not (tmp_path / "none").exists()


def test_a_cache_that_is_damaged_ends_with_5_and_says_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "index.sqlite").write_bytes(b"no database at all" * 99)
    done = musegraph(tmp_path, "cache", "--cache", "bad", "--json")
    assert done.returncode == 5
    assert json.loads(done.stdout)["code"] == 5
    assert "index is damaged" in done.stderr
