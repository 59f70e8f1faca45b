"""The packs in ``examples``, and the index of them in ``wheels`` that anyone can install from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import making
import pytest
import shell
from shelf import EXAMPLES as PLACE
from shelf import WHEELS, built

from musegraph.installed import read_installed
from musegraph.packs.check import check
from musegraph.packs.index import read_index, write_index
from musegraph.packs.project import read_project
from musegraph.packs.signing import make_key, read_secret, sign
from musegraph.packs.wheel import build, read_wheel

EXAMPLES = sorted(PLACE.iterdir())
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


def test_the_index_of_the_examples_holds_what_their_sources_give(tmp_path: Path) -> None:
    made = {one.place.name: one for one in built(tmp_path)}
    listed = read_index(str(WHEELS / "index.json")).packs
    releases = {one.wheel: one for pack in listed.values() for one in pack.versions}
    assert sorted(releases) == sorted(made) == sorted(one.name for one in WHEELS.glob("*.whl"))
    for name, release in releases.items():
        assert release.content == made[name].content, "run 'python tests/packs/shelf.py'"
        assert hashlib.sha256((WHEELS / name).read_bytes()).hexdigest() == release.sha256
        assert release.size < 16 << 10


def test_the_examples_are_installed_from_their_index_run_and_removed(
    tmp_path: Path, packs: Path
) -> None:
    assert NAMES == ["dice", "dither", "echoes", "mosaic"]
    index = str(WHEELS / "index.json")
    run = {"MUSEGRAPH_PACKS": str(packs), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    old = tmp_path / "old.json"
    old.write_text(json.dumps(OF_VERSION_1))
    missing = shell.musegraph(tmp_path, "verify", "old.json", "--json", **run)
    command = json.loads(missing.stdout)["install"]
    assert command == "musegraph pack install echoes==1.4.0 --index INDEX"

    plain = ("dice", "dither", "echoes")
    done = shell.musegraph(tmp_path, "pack", "install", *plain, "--index", index, "--yes", **run)
    assert done.returncode == 0, done.stderr
    done = shell.musegraph(tmp_path, "run", "old.json", "--json", **run)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["values"]["said"] == "halloooo oo"
    warned = [line["message"] for line in lines if line["type"] == "warning"]
    assert "e: left is called fading since echoes 2.0.0" in warned
    assert "e: it is a echoes.echo since echoes 2.0.0" in warned

    before = making.content(packs)
    done = shell.musegraph(tmp_path, "pack", "install", "mosaic", "--index", index, "--yes", **run)
    assert done.returncode == 1
    assert "the pack musegraph-mosaic 1.0.0 asks for numpy<2, and numpy 2" in done.stderr
    assert "install it with --isolated" in done.stderr
    assert making.content(packs) == before, "nothing was touched for it"
    for name in plain:
        assert shell.musegraph(tmp_path, "pack", "remove", name, "--yes", **run).returncode == 0
    assert not packs.exists()


def test_examples_are_signed_and_taken_with_that_key_alone(tmp_path: Path, packs: Path) -> None:
    make_key(tmp_path / "key")
    secret = read_secret(tmp_path / "key", lambda: "")
    made = read_wheel(build(read_project(EXAMPLES[0]), tmp_path / "w", None, str(secret.signer)))
    sign(made.place, secret, "an example")
    index = str(write_index(tmp_path / "w")[0])
    install = ("pack", "install", NAMES[0], "--index", index, "--signer", "key.pub", "--yes")
    done = shell.musegraph(tmp_path, *install, MUSEGRAPH_PACKS=str(packs))
    assert done.returncode == 0, done.stderr
    assert {one.signer for one in read_installed(packs).packs.values()} == {str(secret.signer)}
