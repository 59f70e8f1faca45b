"""A workflow over the rows of a table: all problems first, shared steps once, kills survived."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import toys
from shell import COMMAND, environment, events, musegraph, write

from musegraph import Engine, Store, Workflow, load_registry
from musegraph.rows import Batch, run_rows

PACK = '''
"""Nodes that note their calls."""

from pathlib import Path

from musegraph import Context, Image, NodeError, Text, node


def note(text):
    with Path("calls.txt").open("a") as stream:
        stream.write(text + "\\n")


@node(version="1")
def base(side: int = 2) -> Image:
    """A grey picture, cheap to make: nothing would write it to disk."""
    import torch

    note("base")
    return Image(torch.full((1, side, side, 3), 0.5))


@node(version="1")
def light(image: Image, by: float = 1.0) -> Image:
    """Make it brighter."""
    note(f"light {by:g}")
    return Image(image.data * by)


@node(version="1")
def caption(image: Image, text: str, times: int = 1) -> Text:
    """Say something of a picture."""
    note(f"caption {text} {times}")
    if text == "bad" and not Path("mended").exists():
        raise NodeError("this text is bad")
    return f"{text * times} {float(image.data.mean()):.2f}"
'''

WORK = {
    "musegraph": 1,
    "inputs": {
        "text": {"to": ["say.text"]},
        "times": {"to": ["say.times"], "default": 1},
        "by": {"to": ["group.by"], "default": 1},
    },
    "outputs": {"said": "say.out", "picture": "group.out"},
    "nodes": {
        "grey": {"type": "pack.base"},
        "group": {"type": "pack.light", "links": {"image": "grey.out"}},
        "say": {"type": "pack.caption", "links": {"image": "group.out"}},
    },
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "pack.py").write_text(PACK)
    write(tmp_path, "work.json", WORK)
    return tmp_path


def rows(place: Path, *more: str, file: str = "rows.csv") -> subprocess.CompletedProcess[str]:
    return musegraph(place, *command(file), *more)


def command(file: str = "rows.csv") -> list[str]:
    return ["run", "work.json", "--packs", "pack.py", "--rows", file, "--out", "out"]


def results(place: Path) -> list[dict[str, str]]:
    with (place / "out" / "results.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def calls(place: Path) -> Counter[str]:
    notes = place / "calls.txt"
    return Counter(notes.read_text().splitlines() if notes.exists() else [])


def table(count: int) -> str:
    """Rows in five groups that share a picture each; all of them share the grey one."""
    return "text,by\n" + "".join(f"t{n},{1 + n % 5}\n" for n in range(count))


def kill_after(place: Path, lines: int) -> int:
    """Start the run, kill it once the table has this many lines more; the lines it then has."""
    results_file = place / "out" / "results.csv"
    process = subprocess.Popen(
        [*COMMAND, *command()], cwd=place, env=environment(place), stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 100
        while time.monotonic() < end and process.poll() is None:
            if results_file.exists() and results_file.read_bytes().count(b"\n") > lines:
                break
            time.sleep(0.002)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == -signal.SIGKILL
    return results_file.read_bytes().count(b"\n") - 1


def test_five_hundred_rows_killed_twice_end_with_all_results_and_shared_steps_run_once(
    place: Path,
) -> None:
    count = 500
    write(place, "rows.csv", table(count))
    first = kill_after(place, 60)
    assert 60 <= first < count
    second = kill_after(place, 250)
    assert 250 <= second < count
    done = rows(place)
    assert done.returncode == 0, done.stderr
    found = results(place)
    assert [int(line["row"]) for line in found] == list(range(1, count + 1))
    assert [line["text"] for line in found] == [f"t{n}" for n in range(count)]
    assert {line["status"] for line in found} == {"done"}
    assert found[6]["said"] == "t6 1.00"
    assert all((place / "out" / line["picture"]).is_file() for line in found)
    seen = calls(place)
    assert seen.pop("base") == 1
    assert {name: seen.pop(name) for name in list(seen) if name.startswith("light")} == {
        f"light {by}": 1 for by in range(1, 6)
    }
    assert len(seen) == count
    again = sum(seen.values()) - count
    assert again <= 2, "each kill may repeat the row that it struck, and no other"


def test_a_second_start_runs_nothing_and_writes_nothing(place: Path) -> None:
    write(place, "rows.csv", 'id,text,times\none,a,1\ntwo,"b, c",2\n,d,3\n')
    assert rows(place).returncode == 0
    assert [line["said"] for line in results(place)] == ["a 0.50", "b, cb, c 0.50", "ddd 0.50"]
    pictures = [line["picture"][:4] for line in results(place)]
    assert pictures == ["one_", "two_", "3_pi"]
    before = {path: path.stat().st_mtime_ns for path in (place / "out").glob("*.*")}
    ran = calls(place)
    assert rows(place).returncode == 0
    assert calls(place) == ran
    assert {path: path.stat().st_mtime_ns for path in (place / "out").glob("*.*")} == before


def test_only_changed_rows_and_those_whose_files_are_gone_run_again(place: Path) -> None:
    write(place, "rows.csv", "text,times\na,1\nb,1\nc,1\n")
    rows(place)
    ran = calls(place)
    lost = place / "out" / results(place)[2]["picture"]
    lost.unlink()
    write(place, "rows.csv", "text,times\na,1\nb,4\nc,1\n")
    told = [line for line in events(rows(place, "--json").stdout) if line["type"] == "row"]
    assert [line["row"] for line in told] == [2, 3]
    assert calls(place) - ran == Counter({"caption b 4": 1})
    assert lost.is_file()
    assert [line["said"] for line in results(place)] == ["a 0.50", "bbbb 0.50", "c 0.50"]


def test_a_table_torn_by_a_kill_is_made_whole(place: Path) -> None:
    write(place, "rows.csv", "text\na\nb\n")
    rows(place)
    whole = (place / "out" / "results.csv").read_bytes()
    journal = place / "out" / ".results.journal"
    journal.write_bytes(journal.read_bytes()[:-40])
    (place / "out" / "results.csv").write_bytes(whole[:-9])
    ran = calls(place)
    assert rows(place).returncode == 0
    assert calls(place) == ran, "the result of the torn row is in the cache"
    assert [line["said"] for line in results(place)] == ["a 0.50", "b 0.50"]
    assert (place / "out" / "results.csv").read_bytes().count(b"\n") == 3


def test_a_failed_row_stops_no_other_and_is_tried_again(place: Path) -> None:
    write(place, "rows.csv", "text\na\nbad\nc\n")
    done = rows(place)
    assert done.returncode == 1
    assert "row 2: say: this text is bad" in done.stderr
    assert [line["status"] for line in results(place)] == ["done", "failed", "done"]
    assert results(place)[1]["error"] == "say: this text is bad"
    (place / "mended").touch()
    assert rows(place).returncode == 0
    assert [(line["text"], line["status"]) for line in results(place)] == [
        ("a", "done"),
        ("bad", "done"),
        ("c", "done"),
    ]
    assert calls(place)["caption a 1"] == 1


def test_every_problem_is_told_with_row_and_column_before_anything_runs(place: Path) -> None:
    document = json.loads(json.dumps(WORK))
    document["inputs"]["photo"] = {"to": ["group.image"]}
    del document["nodes"]["group"]["links"]
    write(place, "work.json", document)
    (place / "p.png").write_bytes(b"")
    text = "text,times,photo,hue\na,many,p.png,1\nb,1,none.png,1\nc,1\nd,1.5,p.png,2\n"
    write(place, "rows.csv", text)
    done = rows(place, "--json")
    assert done.returncode == 3
    problems = events(done.stdout)[-1]["problems"]
    assert [(p["node"], p["port"]) for p in problems] == [
        ("header", "hue"),
        ("row 1", "times"),
        ("row 2", "photo"),
        ("row 3", None),
        ("row 3", None),
        ("row 4", "times"),
    ]
    assert "rows.csv: row 2.photo: the file none.png cannot be read" in done.stderr
    assert not (place / "out").exists()
    assert not calls(place)


def test_a_problem_of_the_workflow_is_told_once(place: Path) -> None:
    write(place, "work.json", WORK | {"outputs": {"said": "nobody.out"}})
    write(place, "rows.csv", "text\na\nb\nc\n")
    done = rows(place)
    assert done.returncode == 3
    assert done.stderr.count("nobody") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there are no rows in rows.csv"),
        ("text\n", "there are no rows in rows.csv"),
        ("text,text\na,b\n", "header.text: this column is there twice"),
        ("id,text\na,1\nA,2\n", "row 2.id: 'A' names row 1 already"),
        ('text\n"a\n', "rows.csv, line 2"),
    ],
)
def test_a_file_that_is_no_good_table_is_refused(place: Path, text: str, said: str) -> None:
    write(place, "rows.csv", text)
    done = rows(place)
    assert done.returncode in (3, 4)
    assert said in done.stderr
    assert not calls(place)


def test_rows_need_a_folder_and_overwrite_no_table_of_others(place: Path) -> None:
    write(place, "rows.csv", "text\na\n")
    assert musegraph(place, *command()[:-2]).returncode == 2
    (place / "out").mkdir()
    write(place / "out", "results.csv", "mine")
    done = rows(place)
    assert done.returncode == 5
    assert (place / "out" / "results.csv").read_text() == "mine"


def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(place: Path) -> None:
    write(place, "rows.csv", table(200))
    process = subprocess.Popen(
        [*COMMAND, *command(), "--json"],
        cwd=place,
        env=environment(place),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["type"] == "row":
            break
    process.send_signal(signal.SIGINT)
    out, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert events(out)[-1]["type"] == "rows_finished"
    assert 1 <= len(results(place)) < 200
    assert rows(place).returncode == 0
    assert len(results(place)) == 200
    assert calls(place).most_common(1)[0][1] == 1


# -- from Python -------------------------------------------------------------------------------


def jsonl(place: Path, *lines: dict[str, Any]) -> Path:
    write(place, "rows.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    return place / "rows.jsonl"


def test_json_rows_may_give_different_inputs_and_the_table_is_json_too(tmp_path: Path) -> None:
    work = toys.document(
        {
            "a": {"type": "add", "values": {"a": 1}},
            "b": {"type": "add", "links": {"a": "a.out"}},
        },
        inputs={"x": {"to": ["a.a"], "default": 1}, "y": {"to": ["b.b"]}},
        outputs={"sum": "b.out"},
    )
    sheet = jsonl(tmp_path, {"x": 2}, {"y": 5}, {"id": "k", "x": [1, 2], "y": 1}, {"x": 2, "y": 7})
    found = run_rows(work, sheet, tmp_path / "out", engine=toys.engine())
    assert [line["outputs"] for line in found] == [
        {"sum": 2.0},
        {"sum": 6.0},
        {"sum": [2.0, 3.0]},
        {"sum": 9.0},
    ]
    text = (tmp_path / "out" / "results.jsonl").read_text()
    assert events(text) == found
    assert found[2]["id"] == "k"
    assert toys.CALLS["add"] == 6, "2 + 0, 1 + 0, 1 + 5, 1 + 1, 2 + 1, 2 + 7: each sum once"


def test_the_steps_that_rows_share_are_known_before_they_run(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    write(place, "rows.csv", "text,by\na,1\nb,2\nc,1\n")
    engine = Engine(load_registry([place / "pack.py"]), Store())
    work = engine.settle(Workflow.read(place / "work.json"))
    with Batch(engine, work, place / "rows.csv", place / "out") as batch:
        plans = [batch.plan(task) for task in batch.todo]
    assert [plan.durable for plan in plans] == [{"grey", "group"}, {"grey"}, {"grey", "group"}]


WARNS = '''
from musegraph import Context, Text, node


@node(version="1")
def heed(ctx: Context, text: str = "careful") -> Text:
    """Say something that a user should know."""
    ctx.warn(f"be {text}")
    return text


@node(version="1")
def join(one: str, other: str) -> Text:
    """Put two texts together."""
    return one + other
'''


def test_a_warning_of_a_step_that_rows_share_is_told_once_and_again_when_it_is_cached(
    tmp_path: Path,
) -> None:
    (tmp_path / "pack.py").write_text(WARNS)
    work = {
        "musegraph": 1,
        "inputs": {"text": {"to": ["join.other"], "default": "x"}},
        "outputs": {"said": "join.out"},
        "nodes": {
            "heed": {"type": "pack.heed"},
            "join": {"type": "pack.join", "links": {"one": "heed.out"}},
        },
    }
    write(tmp_path, "work.json", work)
    (tmp_path / "rows.csv").write_text("text\na\nb\nc\n")
    first = rows(tmp_path)
    single = musegraph(tmp_path, "run", "work.json", "--packs", "pack.py")
    for done in (first, single):
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("warning: heed: be careful") == 1
