"""The command line, run as its users run it: exit codes, sentences, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from shell import (
    COMMAND,
    TOY,
    calls,
    environment,
    events,
    furnish,
    musegraph,
    run,
    safetensors,
    workflow,
    write,
)

HEAVY = ("torch", "numpy", "PIL", "diffusers", "transformers", "networkx", "aiohttp")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return furnish(tmp_path)


# what is fine


def test_a_run_saves_its_outputs_and_prints_a_path_per_line(place: Path) -> None:
    done = run(place, "plain.json", "--out", "out", "--set", "times=2")
    assert done.returncode == 0, done.stderr
    said, rolled = map(Path, done.stdout.splitlines())
    assert (place / said).read_text() == "HELLOHELLO!"
    assert (place / rolled).read_text().strip() == "2"
    assert "2 steps ran" in done.stderr


def test_a_run_without_a_folder_prints_texts_and_numbers(place: Path) -> None:
    done = run(place, "plain.json")
    assert done.stdout.splitlines() == ["said: HELLO!", "rolled: 2"]


def test_a_second_run_in_a_new_process_computes_nothing_and_rewrites_a_deleted_output(
    place: Path,
) -> None:
    paint = workflow(p={"type": "toy.paint", "values": {"seed": 9}})
    write(place, "paint.json", paint | {"outputs": {"picture": "p.out", "again": "p.out"}})
    arguments = ["run", "paint.json", "--packs", "toy.py", "--out", "out"]
    first = musegraph(place, *arguments)
    assert first.returncode == 0, first.stderr
    assert calls(place) == ["paint"]
    paths = [place / line for line in first.stdout.splitlines()]
    changed = [path.stat().st_mtime_ns for path in paths]
    assert paths[0].read_bytes()[:4] == b"\x89PNG"

    code = f"""
import sys
from musegraph.cli import main
code = main({arguments!r})
loaded = set({HEAVY!r}) & sys.modules.keys()
assert not loaded, loaded
sys.exit(code)
"""
    second = subprocess.run(
        [sys.executable, "-c", code],
        cwd=place,
        env=environment(place),
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 0, second.stderr
    assert "nothing to compute" in second.stderr
    assert second.stdout == first.stdout
    assert [path.stat().st_mtime_ns for path in paths] == changed

    paths[0].unlink()
    third = musegraph(place, *arguments)
    assert third.stdout == first.stdout
    assert paths[0].exists()
    assert calls(place) == []


def test_a_saved_picture_is_a_workflow_that_runs_again(place: Path) -> None:
    paint = workflow(p={"type": "toy.paint", "values": {"seed": 9}})
    write(place, "paint.json", paint | {"outputs": {"picture": "p.out"}})
    path = run(place, "paint.json", "--out", "out", "--seed", "33").stdout.strip()
    again = run(place, path, "--out", "out")
    assert again.returncode == 0, again.stderr
    assert "nothing to compute" in again.stderr
    assert again.stdout.strip() == path
    assert musegraph(place, "check", path, "--packs", "toy.py").returncode == 0


def test_no_embed_leaves_the_workflow_out(place: Path) -> None:
    paint = workflow(p={"type": "toy.paint"})
    write(place, "paint.json", paint | {"outputs": {"picture": "p.out"}})
    path = run(place, "paint.json", "--out", "out", "--no-embed").stdout.strip()
    assert b"musegraph" not in (place / path).read_bytes()
    assert run(place, path).returncode == 4


def test_values_of_inputs_have_the_type_of_their_port(place: Path) -> None:
    done = run(place, "plain.json", "--set", "text=12", "--set", "times=3")
    assert "said: 121212!" in done.stdout
    done = run(place, "plain.json", "--set", 'text=["a", "b"]')
    assert 'said: ["A!", "B!"]' in done.stdout
    done = run(place, "plain.json", "--set", "times=2.5")
    assert done.returncode == 3
    assert "plain.json: a.times: 2.5 is no whole number" in done.stderr


def test_a_seed_reaches_the_seed_inputs(place: Path) -> None:
    assert "rolled: 42" in run(place, "plain.json", "--seed", "21").stdout


def test_quick_takes_the_values_for_a_fast_test_run(place: Path) -> None:
    assert "said: Q!" in run(place, "plain.json", "--quick").stdout


def test_only_runs_no_more_than_one_node_needs(place: Path) -> None:
    done = run(place, "plain.json", "--only", "d")
    assert done.stdout == "rolled: 2\n"
    assert calls(place) == []


def test_json_gives_one_event_per_line_and_the_outputs_last(place: Path) -> None:
    done = run(place, "plain.json", "--json", "--out", "out")
    found = events(done.stdout)
    assert found[0]["type"] == "run_started"
    assert found[-2]["type"] == "run_finished"
    assert found[-1]["type"] == "outputs"
    assert found[-1]["values"] == {"said": "HELLO!", "rolled": 2}
    assert (place / found[-1]["files"]["said"][0]).exists()
    assert [event["seq"] for event in found[:-1]] == list(range(1, len(found)))


def test_quiet_prints_only_paths(place: Path) -> None:
    done = run(place, "plain.json", "--quiet", "--out", "out")
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == ""


def test_what_a_node_prints_does_not_mix_with_events(place: Path) -> None:
    write(place, "chat.json", workflow(c={"type": "toy.chat", "values": {"text": "x"}}))
    done = run(place, "chat.json", "--json")
    assert done.returncode == 0
    assert events(done.stdout)[-1]["values"] == {"c.out": "x"}
    assert "a node speaks" in done.stderr


def test_plain_lines_say_which_step_is_done(place: Path) -> None:
    done = run(place, "plain.json")
    assert "a: done in" in done.stderr
    assert "a: cached" in run(place, "plain.json").stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_plan_says_which_steps_run_and_which_are_cached(place: Path) -> None:
    arguments = ("plan", "plain.json", "--packs", "toy.py")
    before = musegraph(place, *arguments)
    assert "2 steps: 2 to run" in before.stdout
    assert calls(place) == []
    run(place, "plain.json")
    assert "2 steps: 2 cached" in musegraph(place, *arguments).stdout
    changed = json.loads(musegraph(place, *arguments, "--set", "text=new", "--json").stdout)
    assert [(step["id"], step["state"]) for step in changed["steps"]] == [
        ("a", "run"),
        ("d", "cached"),
    ]
    assert [step["tier"] for step in changed["steps"]] == [None, "host"], "the record is read"
    assert changed["outputs"] == {"said": "a.out", "rolled": "d.out"}


def test_plan_tells_of_models_that_are_not_hashed_yet(place: Path) -> None:
    (place / "weights.safetensors").write_bytes(safetensors(16))
    values = {"source": "weights.safetensors"}
    write(place, "model.json", workflow(m={"type": "toy.measure", "values": values}))
    arguments = ("plan", "model.json", "--packs", "toy.py")
    assert "not hashed yet" in musegraph(place, *arguments).stdout
    run(place, "model.json")
    assert "cached" in musegraph(place, *arguments).stdout


def test_a_fine_workflow_is_said_to_be_fine(place: Path) -> None:
    done = musegraph(place, "check", "plain.json", "--packs", "toy.py")
    assert (done.returncode, done.stdout) == (0, "plain.json: fine (2 nodes)\n")


def test_a_pack_of_one_file_shows_up_among_the_nodes(place: Path) -> None:
    done = musegraph(place, "nodes", "--packs", "toy.py")
    assert "toy.shout" in done.stdout
    assert "Write a text in capitals." in done.stdout
    assert "core.text" in done.stdout
    listed = json.loads(musegraph(place, "nodes", "toy", "--packs", "toy.py", "--json").stdout)
    (pack,) = listed["packs"]
    assert "toy.shout" in {entry["id"] for entry in pack["nodes"]}


def test_a_node_is_described_with_types_limits_defaults_and_help(place: Path) -> None:
    text = musegraph(place, "nodes", "toy.shout", "--packs", "toy.py").stdout
    for part in ("As loud as it gets.", "required", "What to shout.", "1 to 9", '= "!"', "How of"):
        assert part in text
    described = json.loads(
        musegraph(place, "nodes", "toy.shout", "--packs", "toy.py", "--json").stdout
    )
    assert described["inputs"]["times"]["schema"]["maximum"] == 9


def test_the_version_is_said(place: Path) -> None:
    assert musegraph(place, "--version").stdout.startswith("musegraph 0")


@pytest.mark.parametrize("arguments", [["--help"], ["check", "plain.json", "--packs", "toy.py"]])
def test_help_and_check_import_nothing_heavy(place: Path, arguments: list[str]) -> None:
    (place / "toy.py").write_text(
        TOY.replace("Image, ", "").partition('@node(version="1")\ndef paint')[0]
    )
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "musegraph", *arguments],
        cwd=place,
        env=environment(place),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not loaded & {*HEAVY, "rich", "asyncio"}


# what is wrong


BAD: dict[str, tuple[Any, str]] = {
    "unknown node": (
        workflow(a={"type": "toy.shuot", "values": {"text": "x"}}),
        "bad.json: a: the pack 'toy' has no node 'shuot'; close to it: toy.shout",
    ),
    "unknown pack": (workflow(a={"type": "nope.x"}), "a: the pack 'nope' of nope.x is not"),
    "wrong type": (
        workflow(
            a={"type": "toy.dice"},
            b={"type": "toy.shout", "links": {"text": "a.out"}},
        ),
        "bad.json: b.text: it takes Text and is given Integer",
    ),
    "cycle": (
        workflow(
            a={"type": "toy.shout", "links": {"text": "b.out"}},
            b={"type": "toy.shout", "links": {"text": "a.out"}},
        ),
        "the links run in a circle",
    ),
    "missing input": (
        workflow(a={"type": "toy.shout"}),
        "bad.json: a.text: it needs a value of type Text",
    ),
    "out of range": (
        workflow(a={"type": "toy.shout", "values": {"text": "x", "times": 10}}),
        "bad.json: a.times: 10 is out of range: it has to be at most 9",
    ),
    "no choice": (
        workflow(a={"type": "toy.shout", "values": {"text": "x", "mark": "."}}),
        "bad.json: a.mark:",
    ),
    "no such output": (
        workflow(a={"type": "toy.dice"}) | {"outputs": {"x": "a.nope"}},
        "bad.json: x: the output 'x' points to a.nope",
    ),
    "structure": (workflow(a={"type": "toy.dice", "mode": "odd"}), "bad.json: a: the mode 'odd'"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_workflow_with_a_problem_is_refused_with_node_port_and_sentence(
    place: Path, what: str
) -> None:
    document, sentence = BAD[what]
    write(place, "bad.json", document)
    checked = musegraph(place, "check", "bad.json", "--packs", "toy.py")
    assert checked.returncode == 3
    assert sentence in checked.stdout
    done = run(place, "bad.json", "--out", "out")
    assert done.returncode == 3
    assert sentence in done.stderr
    assert not (place / "out").exists()


def test_every_problem_is_told_at_once(place: Path) -> None:
    nodes = {f"n{index}": {"type": "toy.shout"} for index in range(5)}
    write(place, "bad.json", workflow(**nodes))
    done = musegraph(place, "check", "bad.json", "plain.json", "--packs", "toy.py")
    assert done.returncode == 3
    assert len(done.stdout.splitlines()) == 6
    listed = musegraph(place, "check", "bad.json", "plain.json", "--packs", "toy.py", "--json")
    bad, fine = events(listed.stdout)
    assert [problem["node"] for problem in bad["problems"]] == list(nodes)
    assert {problem["code"] for problem in bad["problems"]} == {"missing"}
    assert fine == {"file": "plain.json", "ok": True, "problems": []}


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "",
        "{}",
        "[]",
        "{",
        '{"musegraph": 2}',
        '{"musegraph": 1, "musegraph": 1}',
        '{"musegraph": 1, "x": NaN}',
        "[" * 100_000,
        '{"a":' * 5_000,
    ],
    ids=lambda text: text[:12] or "empty",
)
def test_a_file_that_is_no_workflow_is_refused_by_name(place: Path, text: str) -> None:
    write(place, "odd.json", text)
    for command in ("check", "run"):
        done = musegraph(place, command, "odd.json")
        assert done.returncode == 4
        assert "odd.json" in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\ncut", b"\xff\xfe{"])
def test_a_picture_without_a_workflow_is_refused(place: Path, data: bytes) -> None:
    (place / "odd.png").write_bytes(data)
    done = run(place, "odd.png")
    assert done.returncode == 4
    assert "odd.png" in done.stderr


def test_a_missing_file_and_a_folder_are_no_workflows(place: Path) -> None:
    assert musegraph(place, "run", "nope.json").returncode == 4
    assert musegraph(place, "check", "nope.json", ".", "plain.json").returncode == 4
    assert musegraph(place, "plan", ".").returncode == 4


def test_a_missing_and_a_truncated_model_are_named_before_anything_runs(place: Path) -> None:
    (place / "cut.safetensors").write_bytes(safetensors(9))
    document = workflow(
        a={"type": "toy.shout", "values": {"text": "x"}},
        m={"type": "toy.measure", "values": {"source": "nobody/nothing"}},
        n={"type": "toy.measure", "values": {"source": "cut.safetensors"}},
    )
    write(place, "models.json", document)
    for command in ("run", "plan"):
        done = musegraph(place, command, "models.json", "--packs", "toy.py")
        assert done.returncode == 3
        assert "m.source: there is no model 'nobody/nothing'; looked at:" in done.stderr
        assert "n.source:" in done.stderr
        assert "is cut off: it holds 79 of 86 bytes" in done.stderr
    assert calls(place) == []


def test_models_are_looked_for_in_folders_named_on_the_command_line(place: Path) -> None:
    (place / "more").mkdir()
    (place / "more" / "w.safetensors").write_bytes(safetensors(16))
    write(
        place, "m.json", workflow(m={"type": "toy.measure", "values": {"source": "w.safetensors"}})
    )
    assert run(place, "m.json").returncode == 3
    assert run(place, "m.json", "--models", "more").returncode == 0


def test_a_failed_step_is_told_and_the_other_outputs_are_saved(place: Path) -> None:
    document = workflow(
        bad={"type": "toy.boom", "values": {"text": "x"}},
        below={"type": "toy.shout", "links": {"text": "bad.out"}},
        fine={"type": "toy.shout", "values": {"text": "x"}},
    )
    write(place, "some.json", document | {"outputs": {"lost": "below.out", "kept": "fine.out"}})
    done = run(place, "some.json", "--out", "out")
    assert done.returncode == 1
    assert "bad: RuntimeError: it went boom (--debug shows where)" in done.stderr
    assert "1 skipped because of that" in done.stderr
    assert len(done.stdout.splitlines()) == 1
    told = subprocess.run(
        [*COMMAND, "run", "some.json", "--packs", "toy.py", "--debug"],
        cwd=place,
        env=environment(place),
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert "Traceback" in told.stderr


def test_a_node_that_ends_the_process_only_fails(place: Path) -> None:
    document = workflow(
        a={"type": "toy.leave", "values": {"text": "x"}},
        b={"type": "toy.shout", "values": {"text": "x"}},
    )
    write(place, "leave.json", document)
    done = run(place, "leave.json")
    assert done.returncode == 1
    assert "a: SystemExit" in done.stderr
    assert "b.out: X!" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "usage: musegraph"),
        (["dance"], "invalid choice"),
        (["run"], "FILE"),
        (["run", "plain.json", "--set", "text"], "not of the form NAME=VALUE"),
        (["run", "plain.json", "--set", "txt=1"], "inputs are: text (Text), times (Integer), s"),
        (["run", "plain.json", "--seed", "x"], "--seed"),
        (["run", "plain.json", "--seed", "-1"], "--seed -1 is out of range"),
        (["run", "plain.json", "--packs", "nope.py"], "no pack at nope.py"),
        (["nodes", "core.txet"], "close to it: core.text"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_explained(place: Path, arguments: list[str], sentence: str) -> None:
    packs = ["--packs", "toy.py"] if arguments[1:2] == ["plain.json"] else []
    done = musegraph(place, *arguments, *packs)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_a_node_to_run_that_does_not_exist_is_named(place: Path) -> None:
    done = run(place, "plain.json", "--only", "nope")
    assert done.returncode == 3
    assert "nope: there is no node" in done.stderr


def test_a_broken_pack_is_reported_and_the_others_work(place: Path) -> None:
    write(place, "broken.py", "import nothing_of_that_name")
    write(place, "leaver.py", "raise SystemExit(0)")
    done = run(place, "plain.json", "--packs", "broken.py", "--packs", "leaver.py")
    assert done.returncode == 0
    assert "warning: the pack 'broken' could not be opened: ModuleNotFoundError" in done.stderr
    assert "warning: the pack 'leaver' could not be opened: SystemExit" in done.stderr
    listed = musegraph(place, "nodes", "--packs", "broken.py", "--packs", "toy.py")
    assert listed.returncode == 0
    assert "broken: could not be opened: ModuleNotFoundError" in listed.stdout
    write(place, "uses.json", workflow(a={"type": "broken.thing"}))
    told = musegraph(place, "check", "uses.json", "--packs", "broken.py")
    assert told.returncode == 3
    assert "a: the pack 'broken' could not be opened" in told.stdout


def test_a_pack_named_like_an_installed_one_takes_nothing_away(place: Path) -> None:
    (place / "core.py").write_text(TOY)
    write(place, "text.json", workflow(a={"type": "core.text", "values": {"text": "x"}}))
    done = run(place, "text.json", "--packs", "core.py")
    assert done.returncode == 0
    assert "warning: the pack 'core.py' could not be opened: there are two packs" in done.stderr


def test_a_folder_that_cannot_be_written_to_costs_no_result(place: Path) -> None:
    write(place, "file", "x")
    done = run(place, "plain.json", "--out", "file/out")
    assert done.returncode == 5
    assert "cannot be saved in file/out" in done.stderr
    again = run(place, "plain.json", "--out", "out")
    assert again.returncode == 0
    assert "nothing to compute" in again.stderr


def test_a_cache_that_cannot_be_used_is_named(place: Path) -> None:
    write(place, "file", "x")
    done = run(place, "plain.json", "--cache", "file/cache")
    assert done.returncode == 5
    assert "file/cache" in done.stderr
    (place / "damaged").mkdir()
    (place / "damaged" / "index.sqlite").write_bytes(b"no database" * 1000)
    assert run(place, "plain.json", "--cache", "damaged").returncode == 5


def test_a_device_that_does_not_exist_is_refused_before_anything_runs(place: Path) -> None:
    done = run(place, "plain.json", MUSEGRAPH_DEVICE="abacus")
    assert done.returncode == 2
    assert "abacus" in done.stderr
    assert calls(place) == []


def test_with_json_an_error_is_json_as_well(place: Path) -> None:
    write(place, "bad.json", workflow(a={"type": "toy.shout"}))
    (told,) = events(run(place, "bad.json", "--json").stdout)
    assert (told["type"], told["code"]) == ("error", 3)
    assert told["problems"][0]["port"] == "text"


def test_nobody_reading_on_is_no_error_to_talk_about(place: Path) -> None:
    for arguments in (["nodes"], ["run", "plain.json", "--packs", "toy.py", "--json"]):
        reader, writer = os.pipe()
        os.close(reader)
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=place,
            env=environment(place),
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(writer)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 141
        assert told == ""
