"""Packs from repositories, and newer versions from where packs came (P06)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import making
import pytest
import shell

from musegraph.errors import PackError
from musegraph.installed import read_installed
from musegraph.packs.git import address
from musegraph.packs.index import write_index
from musegraph.packs.source import find

ASKS = 'permissions = { network = { hosts = ["example.org:443"], reason = "asks a server" } }'


def git(folder: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    done = subprocess.run(
        ["git", *settings, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def committed(root: Path) -> str:
    if not (root / ".git").exists():
        git(root, "init", "--quiet")
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "-m", "A version")
    return git(root, "rev-parse", "HEAD")


def test_a_pack_comes_from_a_repository_by_branch_tag_or_commit_and_is_updated_from_it(
    tmp_path: Path, packs: Path
) -> None:
    root = making.project(tmp_path / "repo").root
    marker = tmp_path / "ran"
    (root / "setup.py").write_text(f"open({str(marker)!r}, 'w')\n")
    (root / "link").symlink_to("/etc/passwd")
    first = committed(root)
    git(root, "tag", "v1")
    hook = root / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o755)
    url = f"git+file://{root}"
    for named in (url, f"{url}@v1", f"{url}@{first}"):
        found = find(named, None, tmp_path / named.rpartition("/")[2])
        assert (found.wheel.version, found.commit) == ("1.0.0", first)
    command = ("pack", "install", url, "--yes", "--json")
    done = shell.musegraph(tmp_path, *command, MUSEGRAPH_PACKS=str(packs))
    assert done.returncode == 0, done.stderr
    one = read_installed(packs).packs["loud"]
    assert (one.source, one.commit) == (url, first)

    making.project(tmp_path / "repo", version="1.1.0")
    second = committed(root)
    command = ("pack", "update", "--yes", "--json")
    done = shell.musegraph(tmp_path, *command, MUSEGRAPH_PACKS=str(packs))
    assert json.loads(done.stdout)["packs"] == [
        {"pack": "loud", "outcome": "updated", "before": "1.0.0", "version": "1.1.0"}
    ]
    assert read_installed(packs).packs["loud"].commit == second
    assert not marker.exists(), "neither hooks nor setup.py ran"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("git+http://example.org/a", "it has to begin with git\\+ and https://, ssh:// or file://"),
        ("git+ext::sh -c touch% x", "it has to begin with git"),
        ("git+https://example.org/a@--upload-pack=x", "is no branch, tag or commit"),
        ("git+https://example.org/a@x/../y", "is no branch, tag or commit"),
        ("git+https://example.org/a#subdirectory=../b", "leads out of the repository"),
        ("git+https://example.org/a#egg=b", "has to be subdirectory=FOLDER"),
    ],
)
def test_an_address_that_is_no_repository_is_refused(named: str, said: str) -> None:
    with pytest.raises(PackError, match=said):
        address(named)


def test_the_parts_of_an_address() -> None:
    assert address("git+ssh://git@example.org/a.git@v1#subdirectory=packs/loud") == (
        "ssh://git@example.org/a.git",
        "v1",
        "packs/loud",
    )
    assert address("git+ssh://git@example.org/a.git").revision == ""


def test_a_repository_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"cannot be fetched; git says: "):
        find(f"git+file://{tmp_path}/none", None, tmp_path / "x")


def test_p06_a_version_that_asks_for_more_is_held_and_the_old_one_goes_on(
    tmp_path: Path, packs: Path
) -> None:
    making.wheel(tmp_path)
    index = str(write_index(tmp_path / "wheels")[0])
    run = {"MUSEGRAPH_PACKS": str(packs), "COLUMNS": "200"}
    done = shell.musegraph(tmp_path, "pack", "install", "loud", "--index", index, "--yes", **run)
    assert done.returncode == 0, done.stderr
    done = shell.musegraph(tmp_path, "pack", "update", **run)
    assert "loud 1.0.0 is the newest" in done.stdout
    making.wheel(tmp_path, version="2.0.0", more=ASKS)
    write_index(tmp_path / "wheels")
    done = shell.musegraph(tmp_path, "pack", "update", "loud", "--yes", **run)
    assert done.returncode == 1
    assert "it asks anew for network: update it without --yes, or --grant" in done.stdout
    assert "network (example.org:443)" in done.stderr
    assert "1.0.0; asks anew for network" in done.stderr
    assert read_installed(packs).packs["loud"].version == "1.0.0"
    done = shell.musegraph(tmp_path, "pack", "update", "loud", "--yes", "--grant", **run)
    assert done.returncode == 0, done.stderr
    assert read_installed(packs).packs["loud"].version == "2.0.0"


def test_several_packs_are_installed_by_one_command(tmp_path: Path, packs: Path) -> None:
    for name in ("loud", "quiet"):
        making.wheel(tmp_path, name)
    index = str(write_index(tmp_path / "wheels")[0])
    command = ("pack", "install", "loud==1.0.0", "quiet", "--index", index, "--yes")
    done = shell.musegraph(tmp_path, *command, MUSEGRAPH_PACKS=str(packs))
    assert done.returncode == 0, done.stderr
    assert sorted(read_installed(packs).packs) == ["loud", "quiet"]
    assert {one.index for one in read_installed(packs).packs.values()} == {index}


def test_a_wheel_that_is_gone_cannot_be_updated_and_it_is_said_why(
    tmp_path: Path, packs: Path
) -> None:
    making.agree(making.wheel(tmp_path), packs)
    done = shell.musegraph(tmp_path, "pack", "update", MUSEGRAPH_PACKS=str(packs))
    assert done.returncode == 1
    assert "name where newer ones are with --index, or install one" in done.stdout
