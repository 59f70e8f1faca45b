"""Workflows and values that are none, through the command line: exit codes and exact sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hostile import little_memory
from shell import PLAIN, calls, each, furnish, musegraph, run, workflow, write


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return furnish(tmp_path)


def shout(**values: str) -> str:
    """The text of a workflow with these values, written as they are."""
    said = {"text": '"x"', **values}
    inner = ", ".join(f'"{name}": {text}' for name, text in said.items())
    return f'{{"musegraph": 1, "nodes": {{"a": {{"type": "toy.shout", "values": {{{inner}}}}}}}}}'


def node(id: str) -> str:
    return json.dumps(workflow(**{id: {"type": "toy.dice"}}))


def dice(seed: Any) -> str:
    return json.dumps(workflow(d={"type": "toy.dice", "values": {"seed": seed}}))


UNREADABLE, PROBLEM = 4, 3
PACK = ("--packs", "toy.py")
HUGE = 2**53 + 1
NO_ID = "is no node id: letters, digits, _ and -, 64 at most, no digit first"
HALF = "the text holds half a surrogate pair, no character"
BEYOND = "is beyond ±(2^53 − 1)"
SEED = "it has to be at most 9007199254740991"
TWICE = "stands twice in one object; remove one of them"
BAD: dict[str, tuple[str, int, str]] = {
    "nan": (shout(times="NaN"), UNREADABLE, "NaN is not a JSON number"),
    "infinity": (shout(times="-Infinity"), UNREADABLE, "-Infinity is not a JSON number"),
    "large": (shout(times="1e999"), UNREADABLE, "the number 1e999 is beyond the range of a double"),
    "integer": (shout(times=str(HUGE)), UNREADABLE, f"the integer {HUGE} {BEYOND}"),
    "digits": (shout(times="1" * 5000), UNREADABLE, f"the integer {'1' * 24}… {BEYOND}"),
    "seed": (dice(2**53), PROBLEM, f"d.seed: {2**53} is out of range: {SEED}"),
    "negative": (dice(-1), PROBLEM, "d.seed: -1 is out of range: it has to be at least 0"),
    "fraction": (shout(times="1.5"), PROBLEM, "a.times: 1.5 is no whole number"),
    "key": (shout(text='"x", "text": "y"'), UNREADABLE, f"the key 'text' {TWICE}"),
    "node": (node("a").replace("}}}", '}, "a": {}}}'), UNREADABLE, f"the key 'a' {TWICE}"),
    "escaped": (shout(text='"\\ud800"'), UNREADABLE, HALF),
    "surrogate": (node("\ud83d"), UNREADABLE, HALF),
    "slash": (node("a/b"), PROBLEM, f"a/b: 'a/b' {NO_ID}"),
    "up": (node("../../etc"), PROBLEM, f"../../etc: '../../etc' {NO_ID}"),
    "empty": (node(""), PROBLEM, f"'' {NO_ID}"),
    "letters": (node("x" * 65), PROBLEM, f"{'x' * 65}: '{'x' * 65}' {NO_ID}"),
    "escape": (node("\x1b[2J"), PROBLEM, f"\\x1b[2J: '\\x1b[2J' {NO_ID}"),
}


def sentence(name: str) -> str:
    """How the command line tells of it."""
    _, code, text = BAD[name]
    return f"error: {name}.json: {text}" if code == UNREADABLE else f"{name}.json: {text}"


def test_check_tells_of_each_of_many_bad_files_in_one_sentence(place: Path) -> None:
    files = [write(place, f"{name}.json", text) for name, (text, _, _) in BAD.items()]
    done = musegraph(place, "check", *files, "--packs", "toy.py")
    assert done.returncode == UNREADABLE
    of_code = {
        code: [sentence(name) for name in BAD if BAD[name][1] == code]
        for code in (UNREADABLE, PROBLEM)
    }
    assert done.stderr.splitlines() == of_code[UNREADABLE]
    assert done.stdout.splitlines() == of_code[PROBLEM]


def test_a_bad_file_is_not_run_and_one_sentence_says_why(place: Path) -> None:
    for name, (text, _, _) in BAD.items():
        write(place, f"{name}.json", text)
    found = each(place, (("run", f"{name}.json", *PACK, "--out", "out") for name in BAD))
    wanted = {name: (code, "", sentence(name) + "\n") for name, (_, code, _) in BAD.items()}
    assert dict(zip(BAD, found, strict=True)) == wanted
    assert calls(place) == []
    assert not (place / "out").exists()


DEEP = "[" * 100_000 + "]" * 100_000
DEEPLY = {
    "alone": (DEEP, "error: deep.json is no workflow, and no file that carries one\n"),
    "in a value": (shout(text=DEEP), "error: deep.json: the JSON is nested too deeply\n"),
}


def test_json_nested_100000_deep_is_refused_as_a_file(place: Path) -> None:
    for where, (text, why) in DEEPLY.items():
        write(place, "deep.json", text)
        found = each(place, ((command, "deep.json", *PACK) for command in ("check", "run")))
        assert found == [(UNREADABLE, "", why)] * 2, where
    assert calls(place) == []


def test_a_text_of_50_mb_is_checked_and_run_like_any_other(place: Path) -> None:
    big = workflow(a={"type": "toy.shout", "values": {"text": "x" * 50_000_000}})
    write(place, "big.json", big | {"outputs": {"said": "a.out"}})
    checked = musegraph(place, "check", "big.json", "--packs", "toy.py")
    assert (checked.returncode, checked.stdout) == (0, "big.json: fine (1 node)\n")
    done = run(place, "big.json", "--out", "out", "--quiet")
    assert done.returncode == 0, done.stderr
    said = (place / done.stdout.strip()).read_text()
    assert said == "X" * 50_000_000 + "!"


def test_a_file_larger_than_64_mb_is_refused_unread(place: Path) -> None:
    with (place / "huge.json").open("wb") as file:
        file.truncate(2**40)
    commands = [(command, "huge.json") for command in ("check", "run", "show", "plan")]
    why = "error: huge.json is larger than 64 MB\n"
    assert each(place, commands, before=little_memory) == [(UNREADABLE, "", why)] * 4


# Values from outside

SET: dict[str, tuple[str, str]] = {
    "times=NaN": ("a.times", "'NaN' is no whole number"),
    f"times={HUGE}": ("times", f"the integer {HUGE} {BEYOND}"),
    "times=1e999": ("times", "the number 1e999 is beyond the range of a double"),
    "times=" + "9" * 5000: ("times", f"the integer {'9' * 24}… {BEYOND}"),
    f"seed={HUGE}": ("seed", f"the integer {HUGE} {BEYOND}"),
    "seed=-1": ("d.seed", "-1 is out of range: it has to be at least 0"),
    "times=" + "[" * 100_000: ("a.times", f"'{'[' * 56}… is no whole number"),
    "text=\udcff": ("a.text", HALF),
}


def test_a_value_given_on_the_command_line_is_refused_by_name(place: Path) -> None:
    found = each(place, (("run", "plain.json", *PACK, "--set", given) for given in SET))
    told = {given: (PROBLEM, "", f"plain.json: {at}: {why}\n") for given, (at, why) in SET.items()}
    assert dict(zip(SET, found, strict=True)) == told
    assert calls(place) == []


def test_a_text_that_begins_like_a_list_and_is_none_stays_a_text(place: Path) -> None:
    texts = ("[" * 100_000, "[NaN]", "[a, b]", '["\\ud800"]')
    saving = ("--out", "out", "--quiet")
    found = each(
        place, (("run", "plain.json", *PACK, "--set", f"text={t}", *saving) for t in texts)
    )
    for text, (code, out, told) in zip(texts, found, strict=True):
        assert code == 0, told
        assert (place / out.splitlines()[0]).read_text() == text.upper() + "!"


def test_a_seed_that_is_none_is_a_wrong_use_of_the_command(place: Path) -> None:
    seeds = ("NaN", "9" * 5000, str(2**53), "-1", "1.5")
    found = each(place, (("run", "plain.json", *PACK, "--seed", seed) for seed in seeds))
    for code, out, told in found:
        assert (code, out) == (2, "")
        assert "--seed" in told.splitlines()[-1]
    assert calls(place) == []


def test_values_of_rows_are_refused_by_row_and_column_and_no_row_runs(place: Path) -> None:
    lines = [
        '{"text": "fine"}',
        '{"times": NaN}',
        '{"text": "a", "text": "b"}',
        f'{{"times": {HUGE}}}',
        '{"text": "\\ud800"}',
        DEEP,
    ]
    write(place, "rows.jsonl", "\n".join(lines))
    done = run(place, "plain.json", "--rows", "rows.jsonl", "--out", "out")
    assert (done.returncode, done.stdout) == (PROBLEM, "")
    assert done.stderr.splitlines() == [
        "rows.jsonl: row 2: NaN is not a JSON number",
        f"rows.jsonl: row 3: the key 'text' {TWICE}",
        f"rows.jsonl: row 4: the integer {HUGE} {BEYOND}",
        f"rows.jsonl: row 5: {HALF}",
        "rows.jsonl: row 6: the JSON is nested too deeply",
    ]
    write(place, "rows.csv", f"times,seed\n1,1\n2,{HUGE}\n1e999,3\nNaN,4\n")
    done = run(place, "plain.json", "--rows", "rows.csv", "--out", "out")
    assert (done.returncode, done.stdout) == (PROBLEM, "")
    assert done.stderr.splitlines() == [
        f"rows.csv: row 2.seed: the integer {HUGE} {BEYOND}",
        "rows.csv: row 3.times: the number 1e999 is beyond the range of a double",
        "rows.csv: row 4.times: 'NaN' is no whole number",
    ]
    assert calls(place) == []
    assert not (place / "out").exists()


ODD = '''
"""Results that are none."""

from typing import Any

from musegraph import Text, node


def deep() -> Any:
    made: Any = []
    for _ in range(100_000):
        made = [made]
    return made


circle: list[Any] = []
circle.append(circle)
GIVEN = {"nan": float("nan"), "huge": 2**70, "half": "\\ud800", "deep": deep(), "circle": circle}


@node(version="1")
def anything(what: str) -> Any:
    """Something odd."""
    return GIVEN[what]


@node(version="1")
def number(what: str) -> float:
    """An odd number."""
    return GIVEN[what]


@node(version="1")
def whole(what: str) -> int:
    """An odd whole number."""
    return GIVEN[what]


@node(version="1")
def text(what: str) -> Text:
    """An odd text."""
    return GIVEN[what]
'''
NO_JSON = "the node's output 'out' is not the Json that it promises:"
EXACT = f"{2**70} is beyond ±(2^53 − 1), where JSON is exact"
GIVES = {
    "anything_nan": f"{NO_JSON} nan is not a JSON number",
    "anything_huge": f"{NO_JSON} {EXACT}",
    "anything_half": f"{NO_JSON} {HALF}",
    "anything_deep": f"{NO_JSON} the value is nested more than 200 deep",
    "anything_circle": f"{NO_JSON} the value is nested more than 200 deep",
    "number_nan": NO_JSON.replace("Json", "Number") + " nan is no finite number",
    "whole_huge": f"what the node gave cannot be kept: {EXACT}",
    "text_half": f"what the node gave cannot be kept: {HALF}",
}


def test_odd_results_of_nodes_fail_their_step_and_no_other(place: Path) -> None:
    write(place, "odd.py", ODD)
    nodes = {}
    for id in GIVES:
        type_, _, what = id.partition("_")
        nodes[id] = {"type": f"odd.{type_}", "values": {"what": what}}
    fine = {"type": "toy.shout", "values": {"text": "fine"}}
    write(place, "odd.json", workflow(fine=fine, **nodes))
    done = run(place, "odd.json", "--packs", "odd.py")
    assert (done.returncode, done.stdout) == (1, "fine.out: FINE!\n")
    told = [line for line in done.stderr.splitlines() if line.startswith("✗ ") and ": " in line]
    assert sorted(told) == sorted(f"✗ {id}: {why}" for id, why in GIVES.items())


def test_what_a_terminal_would_obey_is_spelt_out_wherever_a_file_says_it(place: Path) -> None:
    named = PLAIN | {"name": "\x1b[2J\x07"}
    write(place, "named.json", named)
    done = run(place, "named.json")
    assert done.returncode == 0
    assert done.stderr.startswith("\\x1b[2J\\x07  2 steps")
    source = {"type": "toy.measure", "values": {"source": "\x1b]0;mine\x07"}}
    write(place, "model.json", workflow(m=source))
    done = run(place, "model.json")
    assert done.returncode == PROBLEM
    assert "\x1b" not in done.stderr
    assert done.stderr.endswith(", \\x1b]0;mine\\x07\n")
