"""``pack new`` and ``pack check``: what is written passes; each fault is found with its remedy."""

from __future__ import annotations

import json
from pathlib import Path

import making
import pytest
import shell

from musegraph.errors import PackError
from musegraph.packs.check import check
from musegraph.packs.imports import Imports
from musegraph.packs.new import make_pack
from musegraph.packs.project import read_project


def test_a_new_pack_has_nothing_to_change(tmp_path: Path) -> None:
    root = make_pack("loud-colours", tmp_path)[0]
    checked = check(read_project(root))
    assert checked.findings == ()
    assert checked.told is not None
    assert list(checked.told["texts"]) == ["zh"]
    assert not list(root.rglob("__pycache__")), "looking leaves nothing behind"


@pytest.mark.parametrize("name", ["Loud", "1st", "a b", "../x", "core", "json", "class", "x" * 60])
def test_a_name_that_will_not_do_is_refused_with_one_that_will(tmp_path: Path, name: str) -> None:
    with pytest.raises(PackError, match=r"such as '"):
        make_pack(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_pack_is_never_written_over_another(tmp_path: Path) -> None:
    make_pack("loud", tmp_path)
    with pytest.raises(PackError, match="is there already; take another name, or another folder"):
        make_pack("loud", tmp_path)


FAULTY = '''
"""Nodes with faults."""

import scipy
import requests_of_nobody
from typing import TYPE_CHECKING, Annotated

if TYPE_CHECKING:
    import only_for_types

from pydantic import Field

from musegraph import Pack, node


@node(version="1")
def Shout(Text: str, times: Annotated[int, Field(description="How often.")] = 1) -> str:
    """Say it loud"""
    return Text


@node(version="1")
def whisper(text: Annotated[str, Field(description="What.")]) -> str:
    return text


pack = Pack("loud", nodes=[Shout, whisper], version="3", title="Other")
'''


def test_every_fault_is_found_with_its_place_and_its_remedy(tmp_path: Path) -> None:
    project = making.project(
        tmp_path,
        nodes=FAULTY,
        requires=["musegraph", "scipy"],
        more='workflows = "workflows"\ntexts = "texts"',
    )
    file = project.package / "__init__.py"
    file.write_text(file.read_text().replace("import requests_of_nobody\n", ""))
    (project.home / "workflows").mkdir()
    bad = {"musegraph": 1, "nodes": {"a": {"type": "loud.gone"}}}
    (project.home / "workflows" / "bad.json").write_text(json.dumps(bad))
    (project.home / "texts").mkdir()
    (project.home / "texts" / "zh.json").write_text('{"loud.gone": {}}')
    (project.root / "LICENSE").unlink()
    about = project.root / "pyproject.toml"
    text = about.read_text().replace('"MIT"', '"Mine"').replace('"A pack for tests"', '""')
    about.write_text(text.replace('readme = "README.md"\n', ""))

    found = [
        f"{one.level} {one.where} {one.message}"
        for one in check(read_project(project.root)).findings
    ]
    for start, said in (
        ("error pyproject.toml", "project.license 'Mine' is no SPDX name"),
        ("error pyproject.toml", "no file with the licence's text"),
        ("error pyproject.toml", "project.description is missing"),
        ("error pyproject.toml", "project.readme names no file"),
        ("error pyproject.toml", "Pack(version='3') says another; leave version out"),
        ("error pyproject.toml", "Pack(title='Other') says another"),
        ("error pyproject.toml", "names a folder that the pack does not use"),
        ("error src/musegraph_loud/__init__.py:15", "lower-case letters, digits and _: shout"),
        ("error src/musegraph_loud/__init__.py:15", "its docstring is no sentence"),
        ("error src/musegraph_loud/__init__.py:15", "the port 'Text' is named in"),
        ("error src/musegraph_loud/__init__.py:15", "the input 'Text' has no description"),
        ("error src/musegraph_loud/__init__.py:21", "whisper has no docstring"),
        ("error texts/zh.json", "loud.gone: there is no such node; take it out"),
        ("error src/musegraph_loud/workflows/bad.json", "a: the pack 'loud' has no node 'gone'"),
        ("warning src/musegraph_loud/__init__.py:4", "imports scipy at the top of the module"),
        ("warning src/musegraph_loud/__init__.py:15", "'times' has no upper limit"),
        ("warning tests", "there are no tests"),
    ):
        assert any(one.startswith(start) and said in one for one in found), (start, said, found)
    assert not any("only_for_types" in one for one in found)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("from musegraph.values import Image", "write 'from musegraph import Image'"),
        ("from musegraph.store.disk import Disk", "which promises nothing of that"),
        ("import musegraph.run", "write 'from musegraph import run'"),
        ("from musegraph import Registry, plan", "'from musegraph import plan' reaches into"),
        ("from musegraph_nodes.core import text", "are no interface; use their nodes"),
        ("import nobody_has_this", "imports nobody_has_this, which is not installed here and"),
        ("import psutil", 'does not declare it; add "psutil" to project.dependencies'),
        ("def f():\n    import yaml", 'does not declare it; add "pyyaml" to project.dependencies'),
        ("import os, json, numpy, torch, PIL.Image, musegraph, musegraph_loud", ""),
        ("from . import x\nfrom musegraph import Image, node", ""),
        ("x = (", "is no Python that can be read"),
    ],
)
def test_imports_are_read_without_running_them(tmp_path: Path, line: str, said: str) -> None:
    project = making.project(tmp_path)
    (project.package / "more.py").write_text(f"raise SystemExit\n{line}\n")
    found = [f"{where} {text}" for where, text in Imports(project).errors()]
    if not said:
        assert found == []
    else:
        (one,) = found
        assert one.startswith("src/musegraph_loud/more.py")
        assert said in one


def test_a_declared_library_may_be_imported_and_musegraph_has_to_be_declared(
    tmp_path: Path,
) -> None:
    project = making.project(tmp_path, requires=["PyYAML>=6", "psutil"])
    (project.package / "more.py").write_text("import yaml, psutil\n")
    assert list(Imports(project).errors()) == [
        ("pyproject.toml", 'project.dependencies does not name "musegraph>=…"; add it')
    ]


def test_a_pack_that_cannot_be_imported_fails_its_check_in_words(tmp_path: Path) -> None:
    root = making.project(tmp_path, nodes="print('hello')\nimport nobody_has_this\n").root
    done = shell.musegraph(tmp_path, "pack", "check", str(root), COLUMNS="300")
    assert done.returncode == 1
    assert "the pack cannot be imported: ModuleNotFoundError" in done.stdout
    assert "(__init__.py, line 2)" in done.stdout
    assert "hello" not in done.stdout
