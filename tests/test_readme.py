"""What the README says is done here, word for word, in a folder of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
READMES = ("README.md", "README.zh-CN.md")
FENCE = re.compile(
    r"(?P<before>[^\n]*)\n+```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
SAVED_AS = re.compile(r"`(?P<name>[\w.-]+\.(?:py|json|csv))`[:：]$")


@dataclass(frozen=True)
class Block:
    """A fenced block; `name` is the file that the sentence before it says to save it as."""

    line: int
    language: str
    text: str
    name: str | None
    told_not_to_run: bool

    def __str__(self) -> str:
        return f"line {self.line}: {self.name or self.language}"


def blocks(readme: str) -> list[Block]:
    text = (ROOT / readme).read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        saved = SAVED_AS.search(match["before"].rstrip())
        found.append(
            Block(
                line=text.count("\n", 0, match.start("text")) + 1,
                language=match["language"],
                text=match["text"],
                name=saved["name"] if saved else None,
                told_not_to_run=match["before"].startswith("<!-- not run"),
            )
        )
    return found


ENGLISH = blocks("README.md")
FILES = [block for block in ENGLISH if block.name]
COMMANDS = [
    block
    for block in ENGLISH
    if not block.name and not block.told_not_to_run and block.language in {"sh", "python"}
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the examples and the files that the README has the reader write."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "workflows", folder / "workflows")
    for block in FILES:
        (folder / str(block.name)).write_text(block.text, encoding="utf-8")
    return folder


def carry_out(command: list[str], place: Path) -> str:
    commands = Path(sys.executable).parent
    home = place / "home"
    home.mkdir(exist_ok=True)
    environment = os.environ | {
        "HOME": str(home),
        "MUSEGRAPH_CACHE": str(place / "cache"),
        "NO_COLOR": "1",
        "PATH": os.pathsep.join((str(commands), os.environ.get("PATH", ""))),
    }
    result = subprocess.run(
        command,
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout + result.stderr


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_what_the_readme_says_to_type_works(block: Block, place: Path) -> None:
    if block.language == "python":
        carry_out([sys.executable, "-c", block.text], place)
        return
    for line in block.text.splitlines():
        shutil.rmtree(place / "out", ignore_errors=True)
        output = carry_out(["sh", "-c", line], place)
        assert output.strip(), f"{line} said nothing"
        if " --out out" in line:
            assert any((place / "out").iterdir()), f"{line} saved nothing"


def test_the_node_written_from_the_readme_darkens_only_the_corners(place: Path) -> None:
    vignette = next(block for block in FILES if block.name == "my_nodes.py")
    check = """
import torch
white = Image(torch.ones(1, 9, 9, 3))
dark = vignette(white, 1.0)
assert dark.data[0, 4, 4].tolist() == [1, 1, 1] and dark.data[0, 0, 0].tolist() == [0, 0, 0]
assert white.data.min() == 1
"""
    carry_out([sys.executable, "-c", vignette.text + check], place)


def test_the_readme_has_files_and_commands_to_try() -> None:
    assert {block.name for block in FILES} >= {"my_nodes.py", "vignette.json", "lighthouse.json"}
    assert len(COMMANDS) >= 4
    for block in FILES:
        if str(block.name).endswith(".json"):
            assert json.loads(block.text)["musegraph"] == 1


def test_make_knows_every_target_that_the_readmes_name() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for readme in READMES:
        text = (ROOT / readme).read_text(encoding="utf-8")
        named = set(re.findall(r"(?:^|`|cpu )make ([a-z]+)", text, re.MULTILINE))
        assert {"run", "test", "check"} <= named <= targets


def test_both_readmes_hold_the_same_code() -> None:
    assert [block.text for block in blocks("README.zh-CN.md")] == [b.text for b in ENGLISH]
    assert [block.name for block in blocks("README.zh-CN.md")] == [b.name for b in ENGLISH]


@pytest.mark.parametrize("readme", READMES)
def test_what_a_readme_links_to_exists(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)\s]+)\)", text) if not t.startswith("http")]
    assert targets
    missing = []
    for target in targets:
        path, _, anchor = target.partition("#")
        place = ROOT / (path or readme)
        if not place.is_file() or (anchor and anchor not in anchors(place)):
            missing.append(target)
    assert not missing


def anchors(page: Path) -> set[str]:
    """Names under which the headings of a page can be linked to, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one).strip().lower().replace(" ", "-") for one in headings}


def test_the_readmes_first_screen_shows_a_picture_made_by_musegraph() -> None:
    for readme in READMES:
        start = (ROOT / readme).read_text(encoding="utf-8").splitlines()[:20]
        assert any(line.startswith("![") for line in start)
    picture = ROOT / "workflows" / "images" / "text_to_image.png"
    assert b"musegraph" in picture.read_bytes(), "made by Musegraph, its workflow inside"
