"""Packs that are installed with ``--isolated``: their libraries, what is said of them, and runs."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import making
import pytest
import shell

VERSIONS = '''
from musegraph import NodeError, Pack, node

@node(version="1")
def has(text: str) -> str:
    """Say which version it has."""
    import os
    import gguf
    import tune_lib
    return f"{text} {gguf.VERSION} {tune_lib.VERSION} {os.getpid()}"

@node(version="1")
def crash(text: str) -> str:
    """Crash."""
    import ctypes
    ctypes.string_at(0)

pack = Pack("{name}", nodes=[has, crash])
'''


def installed(tmp_path: Path, *arguments: str) -> Any:
    variables = {
        "MUSEGRAPH_PACKS": str(tmp_path / "packs"),
        "PIP_NO_INDEX": "1",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_FIND_LINKS": str(tmp_path / "wheels"),
        "COLUMNS": "200",
    }
    return shell.musegraph(tmp_path, *arguments, **variables)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two packs that take versions of libraries which no environment can have at once."""
    tmp_path = tmp_path_factory.mktemp("both")
    for version in ("1.2", "1.3"):
        making.library(tmp_path / "wheels", "tune-lib", version)
    for version in ("1.0", "1.1"):
        making.library(tmp_path / "wheels", "gguf", version)
    for name, tune, net in (("low", "1.2", "1.0"), ("high", "1.3", "1.1")):
        requires = ("musegraph>=0.1", f"tune-lib=={tune}", f"gguf=={net}")
        root = making.project(tmp_path, name, requires=requires, nodes=VERSIONS).root
        done = installed(tmp_path, "pack", "install", str(root), "--isolated", "--yes")
        assert done.returncode == 0, done.stderr
    return tmp_path


@pytest.fixture
def two(both: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    shutil.copytree(both / "packs", tmp_path / "packs")
    return tmp_path


GRAPH = {
    "musegraph": 1,
    "outputs": {"low": "low.out", "high": "high.out"},
    "nodes": {
        "low": {"type": "low.has", "values": {"text": "a"}},
        "high": {"type": "high.has", "links": {"text": "low.out"}},
    },
}


def test_two_packs_with_libraries_that_exclude_each_other_run_in_one_graph(two: Path) -> None:
    (two / "graph.json").write_text(json.dumps(GRAPH))
    done = installed(two, "run", "graph.json", "--json")
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    made = told[-1]["values"]["high"]
    first, net, tune, low, net2, tune2, high = str(made).split()
    assert (first, net, tune, net2, tune2) == ("a", "1.0", "1.2", "1.1", "1.3")
    assert low != high, "each has a process of its own"
    told = installed(two, "pack", "info", "low")
    assert "in a process and an environment of its own" in told.stdout
    facts = json.loads(installed(two, "pack", "info", "low", "--json").stdout)
    assert facts["libraries"] == ["gguf 1.0", "tune-lib 1.2"]
    assert facts["isolated"]["memory"] == 2 << 30
    if sys.platform == "linux":
        walls = {"files", "network", "programs", "processes"}
        assert set(facts["isolated"]["held"]) | set(facts["isolated"]["not_held"]) == walls
    assert "isolated" in installed(two, "pack", "list").stdout
    for name in ("low", "high"):
        assert installed(two, "pack", "remove", name, "--yes").returncode == 0
    assert not (two / "packs").exists(), "they leave no trace"


def test_one_byte_changed_in_a_library_of_an_isolated_pack_turns_it_off(two: Path) -> None:
    (place,) = two.glob("packs/trees/tune-lib-1.2-*/tune_lib.py")
    place.write_text('VERSION = "9.9"\n')
    (two / "graph.json").write_text(json.dumps(GRAPH))
    done = installed(two, "run", "graph.json")
    assert done.returncode != 0
    assert "has changed since it was agreed to: tune_lib.py is different" in (
        done.stderr + done.stdout
    )


def test_a_pack_that_clashes_is_told_that_it_could_be_isolated(tmp_path: Path) -> None:
    root = making.project(tmp_path, requires=("numpy<2",)).root
    done = installed(tmp_path, "pack", "install", str(root), "--yes")
    assert done.returncode != 0
    assert "install it with --isolated, which gives it an environment of its own" in done.stderr


def test_options_of_isolation_are_read_and_wrong_ones_refused_in_words(tmp_path: Path) -> None:
    root = str(making.project(tmp_path).root)
    command = ("pack", "install", root, "--yes")
    assert "add --isolated" in installed(tmp_path, *command, "--memory", "1GB").stderr
    wrong = installed(tmp_path, *command, "--isolated", "--memory", "much")
    assert "write 500MB or 8GB" in wrong.stderr
    done = installed(
        tmp_path, *command, "--isolated", "--memory", "500MB", "--patience", "9", "--json"
    )
    facts = json.loads(done.stdout)["isolated"]
    assert (facts["memory"], facts["patience"], facts["trusted"]) == (500 << 20, 9, False)
    again = json.loads(installed(tmp_path, *command, "--json").stdout)
    assert again["outcome"] == "there already", "what was isolated stays so"


def test_a_crash_of_an_isolated_pack_in_a_server_leaves_its_worker_and_all_else_as_it_was(
    two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from client import carried, served
    from test_blame import troubled

    monkeypatch.setenv("MUSEGRAPH_PACKS", str(two / "packs"))
    at = troubled(at={"type": "process"})
    bad = {"musegraph": 1, "nodes": {"bad": {"type": "low.crash", "values": {"text": "x"}}}}

    async def body() -> None:
        async with served(two) as (client, _):
            before = await client.carry_out(at)
            made = await client.carry_out(bad)
            assert made["state"] == "failed"
            assert "the pack low crashed in its own process (SIGSEGV)" in made["error"]
            done = await client.carry_out(GRAPH)
            assert done["state"] == "done", done["error"]
            after = await client.carry_out(at)
            assert after["outputs"]["at"] == before["outputs"]["at"], "the worker is the same"

    carried(body())
    assert os.environ["MUSEGRAPH_PACKS"]
