"""Consent is to bytes: a pack that has changed is not imported until somebody agrees anew (P03)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import making
import pytest

from musegraph.errors import PackError
from musegraph.installed import LOOKS, TREES, entries, read_installed
from musegraph.packs.install import held, trust
from musegraph.packs.wheel import read_wheel


@pytest.fixture
def tree(tmp_path: Path, packs: Path) -> Path:
    making.agree(making.wheel(tmp_path, nodes="raise SystemExit('it was imported')\n"), packs)
    (found,) = (packs / TREES).iterdir()
    return found


def one_byte(tree: Path) -> None:
    """Change a byte, and put size and time back to what they were."""
    file = tree / "musegraph_loud" / "__init__.py"
    facts = file.stat()
    file.write_bytes(file.read_bytes().replace(b"imported", b"IMPORTED"))
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def bytecode(tree: Path) -> None:
    (file,) = tree.rglob("*.pyc")
    file.write_bytes(file.read_bytes()[:-1] + b"x")


CHANGES: dict[str, Callable[[Path], object]] = {
    "one byte": one_byte,
    "a new file": lambda tree: (tree / "musegraph_loud" / "more.py").touch(),
    "a mode": lambda tree: (tree / "musegraph_loud" / "__init__.py").chmod(0o755),
    "a .pth": lambda tree: (tree / "evil.pth").write_text("import os\n"),
    "sitecustomize": lambda tree: (tree / "sitecustomize.py").touch(),
    "bytecode": bytecode,
    "a file that is gone": lambda tree: (tree / "musegraph_loud" / "__init__.py").unlink(),
    "a link": lambda tree: (tree / "musegraph_loud" / "link.py").symlink_to("__init__.py"),
    "the tree that is gone": lambda tree: tree.rename(tree.with_name("elsewhere")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_pack_that_has_changed_is_off_and_is_not_imported(
    tree: Path, packs: Path, change: str
) -> None:
    (entry,) = entries(packs)
    with pytest.raises(SystemExit, match="it was imported"):
        entry.load()
    CHANGES[change](tree)
    with pytest.raises(PackError, match="it is off, because it has changed since it was agreed to"):
        entry.load()


def test_the_file_that_has_changed_is_named(tree: Path, packs: Path) -> None:
    one_byte(tree)
    (entry,) = entries(packs)
    assert entry.changed().startswith("musegraph_loud/__init__.py is different in ")
    (tree / "a.py").touch()
    assert entry.changed().startswith("a.py is new and 1 more in ")


def test_a_pack_whose_times_alone_are_others_is_read_in_full_once_and_stays_on(
    tree: Path, packs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in tree.rglob("*"):
        os.utime(file, (1, 1))
    (entry,) = entries(packs)
    assert entry.changed() == ""
    monkeypatch.setattr("musegraph.installed.digests_in", None)
    assert entry.changed() == "", "nothing is read a second time"


def test_what_is_remembered_of_the_looks_is_no_consent(tree: Path, packs: Path) -> None:
    one_byte(tree)
    (seen,) = (packs / LOOKS).iterdir()
    from musegraph.installed import digests_in, look_at, remember

    remember(packs, seen.stem, look_at(tree), digests_in(tree))
    (entry,) = entries(packs)
    assert entry.changed() != ""
    seen.write_text("no JSON")
    assert entry.changed() != ""


def test_a_library_that_has_changed_turns_off_the_packs_that_use_it(
    tmp_path: Path, packs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "libraries"))
    making.library(tmp_path / "libraries", "tune-lib", "1.0")
    making.agree(making.wheel(tmp_path, "one", requires=["musegraph", "tune-lib"]), packs)
    making.agree(making.wheel(tmp_path, "two"), packs)
    (file,) = (packs / TREES).glob("tune-lib-*/tune_lib.py")
    file.write_text("x = 1\n")
    states = {entry.name: bool(entry.changed()) for entry in entries(packs)}
    assert states == {"one": True, "two": False}


def test_agreeing_anew_turns_the_pack_on_as_it_is_now(
    tmp_path: Path, tree: Path, packs: Path
) -> None:
    wheel = tmp_path / "wheels" / "musegraph_loud-1.0.0-py3-none-any.whl"
    one_byte(tree)
    with held(packs) as listed:
        trust("loud", packs, listed)
    (entry,) = entries(packs)
    assert entry.changed() == ""
    with pytest.raises(SystemExit, match="it was IMPORTED"):
        entry.load()
    assert entry.agreed.content.startswith("blake3:"), "it is no longer what its author built"
    making.agree(read_wheel(wheel), packs)
    (entry,) = entries(packs)
    with pytest.raises(SystemExit, match="it was imported"):
        entry.load()


def test_installing_the_same_wheel_again_mends_a_pack_that_has_changed(
    tmp_path: Path, tree: Path, packs: Path
) -> None:
    agreed = read_installed(packs).packs["loud"].content
    one_byte(tree)
    again = read_wheel(tmp_path / "wheels" / "musegraph_loud-1.0.0-py3-none-any.whl")
    making.agree(again, packs)
    (entry,) = entries(packs)
    assert entry.changed() == ""
    assert entry.agreed.content == agreed
