"""The guide ``engine/PACKS.md``, followed word for word, by an author and then by somebody else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "engine" / "PACKS.md"
FENCE = re.compile(
    r"(?P<before>(?:[^\n`]|`[^`\n]*`)*\n?[^\n]*)\n+```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
WHERE = re.compile(r"(?P<how>Save this as|Add this to)\s+`(?P<name>[\w./-]+)`:$")


@dataclass(frozen=True)
class Block:
    """A fenced block: a file to write or to add to, or commands."""

    language: str
    text: str
    how: str
    name: str
    mine: bool
    """Whether the author does it; the rest is done by somebody who has only the wheels."""


def blocks(text: str) -> list[Block]:
    found = []
    for match in FENCE.finditer(text):
        where = WHERE.search(match["before"].rstrip())
        how, name = (where["how"], where["name"]) if where else ("", "")
        mine = match.start() < text.index("## 5. ")
        found.append(Block(match["language"], match["text"], how, name, mine))
    return found


def follow(block: Block, place: Path) -> None:
    if block.how == "Save this as":
        (place / block.name).write_text(block.text, "utf-8")
    elif block.how == "Add this to":
        known = json.loads((place / block.name).read_text("utf-8"))
        more = json.loads(block.text)
        assert not known.keys() & more.keys()
        (place / block.name).write_text(json.dumps(known | more, ensure_ascii=False), "utf-8")
    elif block.language == "sh":
        for line in block.text.splitlines():
            carry_out(line, place)


def carry_out(line: str, place: Path) -> None:
    """A command as it is typed, with a home of its own; it has to say something and to succeed."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MUSEGRAPH_")}
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=place,
        env=kept
        | {
            "HOME": str(place / "home"),
            "NO_COLOR": "1",
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert done.stdout.strip(), f"{line} said nothing"
    if line.startswith("musegraph pack test"):
        assert "✗" not in done.stdout
        assert done.stdout.count("✓") >= 5, done.stdout


@pytest.mark.slow
def test_the_guide_ends_with_a_pack_that_somebody_else_installs_runs_and_removes(
    tmp_path: Path,
) -> None:
    author, other = tmp_path / "author", tmp_path / "other"
    for place in (author, other):
        (place / "home").mkdir(parents=True)
    listed = blocks(GUIDE.read_text("utf-8"))
    for block in listed:
        if block.mine:
            follow(block, author)
    assert (author / "pages" / "zh" / "nodes" / "ripples.mirror.html").is_file()
    assert (author / "ripples" / "tests" / "golden" / "results.json").is_file()
    assert not (author / "home" / ".local").exists(), "writing a pack installs nothing"

    shutil.copytree(author / "wheels", other / "wheels")
    shutil.rmtree(author)
    for block in listed:
        if not block.mine:
            follow(block, other)
    assert [file.suffix for file in (other / "out").iterdir()] == [".png"]
    left = [file for file in (other / "home" / ".local").rglob("*") if file.is_file()]
    assert left == [], "nothing of the pack is left"
    assert not (other / "home/.local/share/musegraph/packs").exists()


def test_both_guides_hold_the_same_code() -> None:
    chinese = blocks(GUIDE.with_name("PACKS.zh-CN.md").read_text("utf-8"))
    assert [block.text for block in chinese] == [b.text for b in blocks(GUIDE.read_text("utf-8"))]
