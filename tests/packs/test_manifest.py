"""The manifest of a pack: read without importing anything, and refused in sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import making
import pytest

from musegraph.errors import PackError
from musegraph.packs.manifest import read_manifest
from musegraph.packs.project import read_project


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (None, r"pyproject.toml: there is no table \[tool.musegraph\]; put one there"),
        ({}, r"tool.musegraph.namespace is missing; it is the name before the point"),
        ({"namespace": "Loud", "api": "1"}, r"tool.musegraph.namespace is 'Loud', which will not"),
        ({"namespace": "a", "api": 1}, r'tool.musegraph.api is 1, .* api = "1"'),
        ({"namespace": "a", "api": "2"}, r"api is '2', and this Musegraph has the interface '1'"),
        ({"namespace": "a", "api": "1", "titel": {}}, r"tool.musegraph.titel .* mean title\?"),
        (
            {"namespace": "a", "api": "1", "permissions": {"gpu": {}}},
            r"tool.musegraph.permissions.gpu.reason is missing; it is why",
        ),
        (
            {"namespace": "a", "api": "1", "permissions": {"sockets": {}}},
            r"tool.musegraph.permissions.sockets is no key of a manifest",
        ),
        (
            {
                "namespace": "a",
                "api": "1",
                "permissions": {"network": {"hosts": ["*"], "reason": "r"}},
            },
            r'permissions.network.hosts.0 is .* hosts = \["example.org:443"\]',
        ),
        ({"namespace": "a", "api": "1", "texts": "../x"}, r"texts is '../x', .* inside the"),
        (
            {"namespace": "a", "api": "1", "models": [{"source": "o/n"}]},
            r'models.0.licence is missing; it is .* licence = "apache-2.0"',
        ),
    ],
)
def test_what_is_wrong_with_a_manifest_is_said_with_file_key_and_remedy(
    table: Any, said: str
) -> None:
    with pytest.raises(PackError, match=said):
        read_manifest(table, "pyproject.toml")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(PackError) as told:
        read_manifest({"api": "1", "namespace": "A", "texts": "/", "x": 1}, "pyproject.toml")
    assert len(str(told.value).splitlines()) == 3


def test_what_a_pack_asks_for_is_said_with_its_reason() -> None:
    table = {
        "namespace": "loud",
        "api": "1",
        "title": {"en": "Loud", "zh": "响亮"},
        "permissions": {
            "network": {"hosts": ["example.org:443"], "reason": "asks a translator"},
            "files": {"read": ["models"], "reason": "has weights"},
        },
    }
    manifest = read_manifest(table, "pyproject.toml")
    assert list(manifest.permissions.lines()) == [
        ("network (example.org:443)", "asks a translator"),
        ("files (read models)", "has weights"),
    ]
    assert manifest.name_in("zh") == "响亮"
    assert manifest.name_in("fr") == "Loud"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('version = "1.0.0"', 'dynamic = ["version"]', "project.dynamic has version; write the"),
        ('version = "1.0.0"\n', "", "project.version is missing"),
        ('loud = "musegraph_loud:pack"', "", "there is no entry point of a pack"),
        ('loud = "musegraph_loud:pack"', 'loud = "musegraph_loud"', "names no pack"),
        ('loud = "musegraph_loud:pack"', 'quiet = "musegraph_loud:pack"', "have to be the same"),
        (
            'loud = "musegraph_loud:pack"',
            'loud = "musegraph_loud:pack"\nb = "b:b"',
            "has 2 entry points",
        ),
        ('"musegraph_loud:pack"', '"gone:pack"', "neither src/gone/__init__.py nor"),
        ("[project]", "[project", "cannot be read"),
    ],
)
def test_a_project_that_is_no_pack_is_refused_with_what_to_write(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    root = making.project(tmp_path).root
    about = root / "pyproject.toml"
    text = about.read_text("utf-8")
    assert old in text
    about.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(PackError, match=said):
        read_project(root)


def test_a_folder_without_a_project_is_told_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="'musegraph pack new NAME' makes one"):
        read_project(tmp_path)
