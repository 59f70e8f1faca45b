"""Packs and libraries that are made up for a test."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from musegraph.packs.install import Offer, held, install, offer
from musegraph.packs.project import Project, read_project
from musegraph.packs.wheel import Wheel, build, read_wheel

NODES = '''
"""Nodes of a pack for tests."""

from typing import Annotated

from pydantic import Field

from musegraph import NodeError, Pack, node


@node(version="1")
def shout(
    text: Annotated[str, Field(max_length=500, description="What to shout.")],
    times: Annotated[int, Field(ge=1, le=9, description="How often.")] = 1,
) -> str:
    """Say it loud."""
    if not text.strip():
        raise NodeError("there is nothing to shout; give it a text")
    return text.upper() + "!" * times


pack = Pack("{name}", nodes=[shout], title="Loud")
'''

ABOUT = """
[project]
name = "musegraph-{name}"
version = "{version}"
description = "A pack for tests"
readme = "README.md"
license = "MIT"
license-files = ["LICENSE"]
requires-python = ">=3.11"
dependencies = [{requires}]

[project.entry-points."musegraph.packs"]
{name} = "musegraph_{name}:pack"

[tool.musegraph]
namespace = "{name}"
api = "1"
title = {{ en = "Loud", zh = "响亮" }}
{more}
"""


def project(
    folder: Path,
    name: str = "loud",
    *,
    version: str = "1.0.0",
    requires: Sequence[str] = ("musegraph>=0.1",),
    nodes: str = NODES,
    more: str = "",
) -> Project:
    """The folder of a pack whose nodes are texts, so that nothing heavy is imported."""
    root = folder / name
    module = root / "src" / f"musegraph_{name}"
    module.mkdir(parents=True, exist_ok=True)
    listed = ", ".join(f'"{one}"' for one in requires)
    about = ABOUT.format(name=name, version=version, requires=listed, more=more)
    (root / "pyproject.toml").write_text(about, "utf-8")
    (module / "__init__.py").write_text(nodes.replace("{name}", name), "utf-8")
    (root / "README.md").write_text("# A pack\n")
    (root / "LICENSE").write_text("MIT\n")
    return read_project(root)


def wheel(folder: Path, name: str = "loud", **more: object) -> Wheel:
    """The wheel of such a pack."""
    made = project(folder / "sources", name, **more)  # type: ignore[arg-type]
    return read_wheel(build(made, folder / "wheels"))


def agree(made: Wheel, packs: Path) -> Offer:
    """Install a wheel as somebody does who agrees to everything."""
    with held(packs) as listed:
        offered = offer(made, made.place.name, packs, listed)
        install(offered, packs, listed)
    return offered


def library(
    folder: Path,
    name: str,
    version: str,
    requires: Sequence[str] = (),
    members: Mapping[str, str] | None = None,
) -> Path:
    """A wheel of a library, in the folder in which pip is told to look."""
    folder.mkdir(exist_ok=True)
    stem = name.replace("-", "_")
    info = f"{stem}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {one}\n" for one in requires)
    texts = dict(members or {f"{stem}.py": f'VERSION = "{version}"\n'})
    texts[f"{info}/METADATA"] = metadata
    texts[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    rows = [
        f"{member},sha256={digest(text.encode())},{len(text.encode())}"
        for member, text in texts.items()
    ]
    texts[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
    place = folder / f"{stem}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(place, "w") as archive:
        for member, text in texts.items():
            archive.writestr(member, text)
    return place


def digest(data: bytes) -> str:
    """As RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
