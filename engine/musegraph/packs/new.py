"""A new pack that works as it is: a node, a workflow, a test, texts in two languages."""

from __future__ import annotations

import keyword
import re
import sys
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from musegraph.errors import PackError
from musegraph.texts import PortText, Texts, digest

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_TAKEN = frozenset({"core", "image", "diffusion", "starter", "musegraph", "graph"})
"""Packs that come with Musegraph, and words with a meaning in a workflow."""

_WAVES = Texts(
    "Waves",
    "Draw the waves that come from several points and meet.",
    {
        "sources": PortText("", "How many points the waves come from."),
        "width": PortText("", "Width in pixels."),
        "height": PortText("", "Height in pixels."),
        "seed": PortText(),
    },
    {"out": PortText()},
)
"""What the node of the skeleton says of itself; its translations are held against that."""


def make_pack(name: str, folder: Path) -> list[Path]:
    """Write a new pack below ``folder``; the files, its own folder first."""
    if not _NAME.fullmatch(name) or len(name) > 48:
        raise PackError(
            f"{name!r} is no name for a pack; take a word in lower-case letters and digits, such "
            "as 'loud' or 'loud-colours'"
        )
    namespace = name.replace("-", "_")
    if namespace in _TAKEN or keyword.iskeyword(namespace) or namespace in sys.stdlib_module_names:
        raise PackError(f"the name {name!r} is taken; take another, such as '{name}-nodes'")
    root = folder / name
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise PackError(f"{root} is there already; take another name, or another folder with --dir")
    title = name.replace("-", " ").replace("_", " ").capitalize()
    words = {
        "namespace": namespace,
        "package": f"musegraph_{namespace}",
        "distribution": f"musegraph-{name.replace('_', '-')}",
        "title": title,
        "year": str(datetime.now(UTC).year),
        "english": digest(Texts(title)),
        "waves": digest(_WAVES),
    }
    made = [root]
    try:
        for template, place in _places(words["package"]).items():
            file = root / place
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(_filled(template, words), "utf-8")
            made.append(file)
    except OSError as error:
        raise PackError(f"{error.filename or root} cannot be written: {error.strerror}") from None
    return made


def _places(package: str) -> dict[str, str]:
    """Where each file of the skeleton goes; the first word is its name there."""
    inside = f"src/{package}"
    return {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        "LICENSE": "LICENSE",
        "gitignore": ".gitignore",
        "package.py": f"{inside}/__init__.py",
        "pictures.py": f"{inside}/pictures.py",
        "zh.json": f"{inside}/texts/zh.json",
        "workflow.json": f"{inside}/workflows/waves.json",
        "examples.json": "tests/examples.json",
        "test_nodes.py": "tests/test_nodes.py",
    }


def _filled(template: str, words: dict[str, str]) -> str:
    text = files("musegraph.packs").joinpath("skeleton", f"{template}.txt").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: words[found[1]], text)
