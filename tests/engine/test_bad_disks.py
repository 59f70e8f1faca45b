"""Disks that are full, read-only or someone else's, while a whole command runs on them."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trials
from hostile import MEGABYTE, bound_by_permissions, locked, needs_permissions, small_files
from shell import calls, each, events, furnish, musegraph, run, write
from test_cli_live import start
from trials import damage, failing_disk

from musegraph import StoreError
from musegraph.store import default_folder

BIG = '''
"""Large and small results."""

from pathlib import Path

from musegraph import File, node


@node(version="1")
def make(name: str, size: int) -> File:
    """So many bytes."""
    with Path("calls.txt").open("a") as stream:
        stream.write(name + "\\n")
    return File((name.encode() * size)[:size], name)
'''
WORK = {
    "musegraph": 1,
    "outputs": {"a": "a.out", "b": "b.out", "c": "c.out"},
    "nodes": {
        "a": {"type": "big.make", "values": {"name": "a.bin", "size": 1000}},
        "b": {"type": "big.make", "values": {"name": "b.bin", "size": 2 * MEGABYTE}},
        "c": {"type": "big.make", "values": {"name": "c.bin", "size": 3 * MEGABYTE}},
    },
}
SIZES = {"a.bin": 1000, "b.bin": 2 * MEGABYTE, "c.bin": 3 * MEGABYTE}
COMMAND = ("run", "work.json", "--packs", "big.py", "--out", "out")
ELSEWHERE = "another folder (--cache, or the variable MUSEGRAPH_CACHE)"
AGAIN = "run it again with another folder: what the cache has kept is not computed again"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    furnish(tmp_path)
    (tmp_path / "big.py").write_text(BIG)
    write(tmp_path, "work.json", WORK)
    return tmp_path


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    return failing_disk(tmp_path_factory.mktemp("library"))


def full(library: Path, below: Path, at: int = 1) -> dict[str, str]:
    """Variables with which the disk is full below a folder from some call on."""
    fault = {"FAULT_BELOW": str(below), "FAULT_MODE": "full", "FAULT_AT": str(at)}
    return fault | {"LD_PRELOAD": str(library)}


def saved(place: Path) -> dict[str, int]:
    """The sizes of all that is in the output folder, half-written files included."""
    folder = place / "out"
    found = sorted(folder.rglob("*")) if folder.exists() else []
    return {path.name: path.stat().st_size for path in found}


def lost(what: str, place: Path, why: str) -> str:
    return f"warning: {what} could not be kept: the cache at {place}/cache {why}"


def warnings(told: str) -> list[str]:
    return [line for line in told.splitlines() if line.startswith("warning: ")]


def test_a_cache_without_room_for_results_costs_no_output_and_is_told_of_once(
    place: Path, library: Path
) -> None:
    done = musegraph(place, *COMMAND, **full(library, place / "cache" / "new", at=2))
    assert done.returncode == 0
    assert saved(place) == SIZES
    why = f"cannot be written: the disk is full; make room, or use {ELSEWHERE}"
    assert warnings(done.stderr) == [lost("3 results", place, why)]
    assert damage(place / "cache") == ""
    assert len(calls(place)) == 3
    assert musegraph(place, *COMMAND).returncode == 0, "there is room again"
    again = musegraph(place, *COMMAND)
    calls(place)
    assert "nothing to compute" in again.stderr


def test_a_cache_that_cannot_even_be_opened_for_want_of_room_is_named(
    place: Path, library: Path
) -> None:
    done = musegraph(place, *COMMAND, **full(library, place / "cache"))
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr == (
        f"error: the cache at {place}/cache cannot be written: the disk is full; make room, or use"
        f" {ELSEWHERE}\n"
    )
    assert calls(place) == []


def test_an_output_folder_without_room_is_named_and_nothing_is_half_written(
    place: Path, library: Path
) -> None:
    done = musegraph(place, *COMMAND, **full(library, place / "out", at=2))
    assert done.returncode == 5
    assert done.stdout == "out/a.bin\n", "what was saved is named"
    why = "the outputs cannot be saved in out: No space left on device"
    assert done.stderr.splitlines()[-1] == f"error: {why}; {AGAIN}"
    assert saved(place) == {"a.bin": 1000}
    calls(place)
    after = musegraph(place, *COMMAND)
    assert (after.returncode, calls(place)) == (0, []), "nothing is computed again"
    assert saved(place) == SIZES


def test_with_json_a_full_output_folder_is_an_error_after_the_outputs(
    place: Path, library: Path
) -> None:
    done = musegraph(place, *COMMAND, "--json", **full(library, place / "out", at=2))
    *_, outputs, error = events(done.stdout)
    assert outputs["files"] == {"a": ["out/a.bin"]}
    assert (error["type"], error["code"]) == ("error", 5)


def test_where_no_large_file_fits_the_small_ones_come_out(place: Path) -> None:
    """Without a compiler: neither cache nor output folder takes a file of more than 1 MB."""
    done = musegraph(place, *COMMAND, before=small_files)
    assert done.returncode == 5
    why = f"cannot be written: its file system takes no file that large; use {ELSEWHERE}"
    assert warnings(done.stderr) == [lost("2 results", place, why)]
    why = "the outputs cannot be saved in out: File too large"
    assert done.stderr.splitlines()[-1] == f"error: {why}; {AGAIN}"
    assert saved(place) == {"a.bin": 1000}
    assert damage(place / "cache") == ""
    calls(place)
    after = musegraph(place, *COMMAND)
    assert after.returncode == 0
    assert sorted(calls(place)) == ["b.bin", "c.bin"]
    assert saved(place) == SIZES


def test_a_failed_step_is_told_of_also_when_its_output_folder_is_full(
    place: Path, library: Path
) -> None:
    document = json.loads(json.dumps(WORK))
    document["nodes"]["x"] = {"type": "toy.boom", "values": {"text": "x"}}
    write(place, "work.json", document | {"outputs": document["outputs"] | {"x": "x.out"}})
    variables = full(library, place / "out", at=2)
    done = musegraph(place, *COMMAND, "--packs", "toy.py", **variables)
    assert done.returncode == 5
    assert "✗ x: RuntimeError: it went boom" in done.stderr


@pytest.mark.parametrize("how", ["deleted", "cleared"])
def test_a_cache_that_goes_in_the_middle_of_a_run_costs_no_output(tmp_path: Path, how: str) -> None:
    place = trials.furnish(tmp_path, seconds=0.1)
    process = trials.start(place)
    while process.poll() is None and not (place / trials.CALLS).exists():
        time.sleep(0.005)
    if how == "deleted":
        shutil.rmtree(place / "cache", ignore_errors=True)
    else:
        clear = ("cache", "clear", "--yes", "--cache", "cache")
        assert musegraph(place, *clear).returncode == 0
    seen = trials.seen(place, process.wait(60))
    assert seen.code == 0
    assert seen.outputs.keys() == {"both", "all", "said"}
    assert "Traceback" not in seen.told
    assert trials.wrong_after(place, set(), trials.whole(place), seen.outputs) == ""


# Read-only


READ_ONLY = f"cannot be written: it is read-only; use {ELSEWHERE}"
ON_CACHE = (
    COMMAND,
    ("plan", "work.json", "--packs", "big.py"),
    ("why", "work.json", "a", "--packs", "big.py"),
    ("cache",),
    ("cache", "verify"),
    ("cache", "clear", "--yes"),
)
CHECK = ("check", "work.json", "--packs", "big.py")


def held(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def used(place: Path) -> Iterator[Path]:
    """A folder in which the command ran once."""
    assert musegraph(place, *COMMAND).returncode == 0
    calls(place)
    yield place
    assert calls(place) == []


def test_a_read_only_cache_is_named_by_every_command_and_left_as_it_is(used: Path) -> None:
    needs_permissions()
    before = held(used / "cache")
    with locked(used / "cache"):
        *found, checked = each(used, (*ON_CACHE, CHECK), before=bound_by_permissions)
    told = f"error: the cache at {used}/cache {READ_ONLY}\n"
    assert found == [(5, "", told)] * len(ON_CACHE)
    assert checked[0] == 0
    assert held(used / "cache") == before


def test_a_cache_whose_results_cannot_be_written_serves_and_warns(used: Path) -> None:
    needs_permissions()
    changed = json.loads(json.dumps(WORK))
    changed["nodes"]["c"]["values"]["name"] = "d.bin"
    write(used, "work.json", changed)
    with locked(used / "cache" / "objects"), locked(used / "cache" / "new"):
        done = musegraph(used, *COMMAND, before=bound_by_permissions)
    assert done.returncode == 0
    assert calls(used) == ["d.bin"], "what is there is not computed again"
    assert saved(used).keys() == {*SIZES, "d.bin"}
    why = "cannot be used: Permission denied; use a folder that can be written (--cache, or the"
    assert warnings(done.stderr) == [lost("a result", used, f"{why} variable MUSEGRAPH_CACHE)")]


def test_a_read_only_output_folder_is_named_and_the_results_are_kept(place: Path) -> None:
    needs_permissions()
    (place / "out").mkdir()
    with locked(place / "out"):
        done = musegraph(place, *COMMAND, before=bound_by_permissions)
    assert (done.returncode, done.stdout) == (5, "")
    why = "the outputs cannot be saved in out: Permission denied"
    assert done.stderr.splitlines()[-1] == f"error: {why}; {AGAIN}"
    assert len(calls(place)) == 3
    after = musegraph(place, *COMMAND)
    assert (after.returncode, calls(place), saved(place)) == (0, [], SIZES)


# Someone else's


def test_a_cache_written_by_a_newer_version_is_refused_and_left_as_it_is(used: Path) -> None:
    index = used / "cache" / "index.sqlite"
    with contextlib.closing(sqlite3.connect(index)) as db:
        db.execute("pragma user_version=99")
    before = held(used / "cache")
    told = (
        f"error: the cache at {used}/cache was written by a newer Musegraph; use that one, or"
        f" {ELSEWHERE}\n"
    )
    *found, checked = each(used, (*ON_CACHE, CHECK))
    assert found == [(5, "", told)] * len(ON_CACHE)
    assert checked[0] == 0
    assert held(used / "cache") == before
    assert saved(used) == SIZES


def test_three_commands_on_one_cache_at_once_end_with_equal_results(place: Path) -> None:
    three = [start(place, "plain.json", "--out", f"out{number}") for number in range(3)]
    said = [process.communicate(timeout=60) for process in three]
    assert [process.returncode for process in three] == [0, 0, 0]
    assert all("Traceback" not in told for _, told in said)
    names = [sorted(path.name for path in (place / f"out{n}").iterdir()) for n in range(3)]
    assert names[0] == names[1] == names[2] != []
    assert damage(place / "cache") == ""
    calls(place)
    assert run(place, "plain.json").returncode == 0
    assert calls(place) == []


def test_without_a_home_the_place_of_the_cache_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody(_: int) -> None:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("pwd.getpwuid", nobody)
    for name in ("HOME", "MUSEGRAPH_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(StoreError, match="no home folder to keep the cache in; name a folder"):
        default_folder()
