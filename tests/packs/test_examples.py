"""The three packs in ``examples``: built, signed, indexed, installed by name, run and removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shell

from musegraph.installed import read_installed
from musegraph.packs.check import check
from musegraph.packs.index import write_index
from musegraph.packs.project import read_project
from musegraph.packs.signing import make_key, read_secret, sign
from musegraph.packs.wheel import build, read_wheel

EXAMPLES = sorted(Path(__file__).with_name("examples").iterdir())
NAMES = [one.name for one in EXAMPLES]

OF_VERSION_1 = {
    "musegraph": 1,
    "packs": {"echoes": "1.4.0"},
    "outputs": {"said": "e.out"},
    "nodes": {
        "e": {"type": "echoes.repeat", "values": {"text": "halloooo", "count": 2, "left": 25}}
    },
}


@pytest.mark.parametrize("place", EXAMPLES, ids=NAMES)
def test_an_example_has_nothing_that_others_would_stumble_over(place: Path) -> None:
    assert [str(one) for one in check(read_project(place)).findings] == []


def test_the_examples_are_signed_indexed_installed_by_name_run_and_removed(
    tmp_path: Path, packs: Path
) -> None:
    assert NAMES == ["dice", "dither", "echoes"]
    make_key(tmp_path / "key")
    secret = read_secret(tmp_path / "key", lambda: "")
    for place in EXAMPLES:
        made = read_wheel(build(read_project(place), tmp_path / "w", None, str(secret.signer)))
        sign(made.place, secret, f"an example, {place.name}")
    index = str(write_index(tmp_path / "w")[0])
    run = {"MUSEGRAPH_PACKS": str(packs), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    old = tmp_path / "old.json"
    old.write_text(json.dumps(OF_VERSION_1))
    missing = shell.musegraph(tmp_path, "verify", "old.json", "--json", **run)
    command = json.loads(missing.stdout)["install"]
    assert command == "musegraph pack install echoes==1.4.0 --index INDEX"

    install = ("pack", "install", *NAMES, "--index", index, "--signer", "key.pub", "--yes")
    done = shell.musegraph(tmp_path, *install, **run)
    assert done.returncode == 0, done.stderr
    assert {one.signer for one in read_installed(packs).packs.values()} == {str(secret.signer)}

    done = shell.musegraph(tmp_path, "run", "old.json", "--json", **run)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["values"]["said"] == "halloooo oo"
    warned = [line["message"] for line in lines if line["type"] == "warning"]
    assert "e: left is called fading since echoes 2.0.0" in warned
    assert "e: it is a echoes.echo since echoes 2.0.0" in warned
    for name in NAMES:
        assert shell.musegraph(tmp_path, "pack", "remove", name, "--yes", **run).returncode == 0
    assert not packs.exists()
