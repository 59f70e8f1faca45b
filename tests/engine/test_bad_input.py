"""Hostile workflow files and model files, through the command line, with their exact exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from shell import calls, furnish, musegraph, run, workflow, write


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return furnish(tmp_path)


DEEP = "[" * 100_000 + "]" * 100_000
HEAD = '{"musegraph": 1, "nodes": {"a": {"type": "toy.shout", "values": {"text": '


@pytest.mark.parametrize("text", [DEEP, HEAD + DEEP + "}}}}"], ids=["alone", "in a value"])
@pytest.mark.parametrize("command", ["check", "run"])
def test_json_nested_100000_deep_is_refused_as_a_file(place: Path, command: str, text: str) -> None:
    write(place, "deep.json", text)
    done = musegraph(place, command, "deep.json", "--packs", "toy.py")
    assert done.returncode == 4, done.stderr
    assert "deep.json" in done.stderr
    assert calls(place) == []


def test_a_text_of_50_mb_is_checked_like_any_other(place: Path) -> None:
    write(
        place, "big.json", workflow(a={"type": "toy.shout", "values": {"text": "x" * 50_000_000}})
    )
    done = musegraph(place, "check", "big.json", "--packs", "toy.py")
    assert done.returncode == 0, done.stderr


def test_a_pickle_named_safetensors_is_refused_and_not_run(place: Path) -> None:
    attack = b"cos\nsystem\n(S'touch owned'\ntR."
    (place / "bad.safetensors").write_bytes(attack)
    source = {"type": "toy.measure", "values": {"source": "./bad.safetensors"}}
    write(place, "bad.json", workflow(m=source))
    for command in ("check", "run"):
        done = musegraph(place, command, "bad.json", "--packs", "toy.py")
        assert done.returncode == 3, (command, done.returncode, done.stderr)
        assert "bad.safetensors" in done.stdout + done.stderr
    assert not (place / "owned").exists()


def test_two_commands_on_one_cache_at_once_end_with_equal_results(place: Path) -> None:
    from test_cli_live import start

    write(place, "slow.json", json.loads((place / "plain.json").read_text()))
    both = [start(place, "slow.json") for _ in range(2)]
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said[0][0] == said[1][0]
    calls(place)
    assert run(place, "slow.json").returncode == 0
    assert calls(place) == []
