"""Running the command line in a folder of its own, with a pack of one file."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from forked import forked, suits

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "musegraph")

TOY = '''
"""Nodes for these tests."""

import sys
import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from musegraph import Context, Image, ModelSource, Seed, Text, node


def note(text):
    with Path("calls.txt").open("a") as stream:
        stream.write(text + "\\n")


@node(version="1")
def shout(
    text: Annotated[str, Field(description="What to shout.")],
    times: Annotated[int, Field(ge=1, le=9, description="How often.")] = 1,
    mark: Literal["!", "?"] = "!",
) -> Text:
    """Write a text in capitals.

    As loud as it gets.
    """
    note("shout")
    return text.upper() * times + mark


@node(version="1")
def slow(text: str, ctx: Context, steps: int = 400) -> Text:
    """Take a while, in small steps."""
    note("slow")
    for step in range(steps):
        ctx.progress(step + 1, steps)
        time.sleep(0.02)
    return text


@node(version="1")
def deaf(text: str) -> Text:
    """Take a while and listen to nobody."""
    note("deaf")
    time.sleep(30)
    return text


@node(version="1")
def boom(text: str) -> Text:
    """Fail."""
    raise RuntimeError("it went boom")


@node(version="1")
def leave(text: str) -> Text:
    """End the process, or try to."""
    sys.exit(0)


@node(version="1")
def chat(text: str, ctx: Context) -> Text:
    """Print, and be odd about progress."""
    print("a node speaks")
    ctx.progress(float("nan"), 3)
    return text


@node(version="1")
def dice(seed: Seed = 0) -> int:
    """Roll."""
    return seed * 2


@node(version="1")
def paint(seed: Seed = 0) -> Image:
    """A small picture."""
    import torch

    note("paint")
    return Image(torch.full((1, 4, 4, 3), (seed % 256) / 255))


@node(version="1")
def measure(source: ModelSource, ctx: Context) -> Text:
    """The digest of a model."""
    return ctx.weights(source).digest
'''

PLAIN = {
    "musegraph": 1,
    "name": "A shout",
    "inputs": {
        "text": {"to": ["a.text"], "default": "hello"},
        "times": {"to": ["a.times"]},
        "seed": {"to": ["d.seed"], "default": 1},
    },
    "outputs": {"said": "a.out", "rolled": "d.out"},
    "nodes": {"a": {"type": "toy.shout"}, "d": {"type": "toy.dice"}},
    "quick": {"text": "q"},
}
SLOW = {
    "musegraph": 1,
    "outputs": {"said": "b.out"},
    "nodes": {
        "a": {"type": "toy.shout", "values": {"text": "first"}},
        "b": {"type": "toy.slow", "links": {"text": "a.out"}},
    },
}


def furnish(place: Path) -> Path:
    """Put the pack ``toy.py`` and the workflow ``plain.json`` into a folder."""
    (place / "toy.py").write_text(TOY)
    write(place, "plain.json", PLAIN)
    return place


def write(place: Path, name: str, document: Any) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    (place / name).write_text(text, encoding="utf-8")
    return name


def workflow(**nodes: dict[str, Any]) -> dict[str, Any]:
    return {"musegraph": 1, "nodes": nodes}


def environment(place: Path, **more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MUSEGRAPH_", "XDG_", "COV_")) and name != "NO_COLOR"
    }
    return kept | {
        "HOME": str(place / "home"),
        "MUSEGRAPH_CACHE": str(place / "cache"),
        "PYTHONPATH": os.pathsep.join((str(ROOT / "engine"), str(ROOT / "nodes"))),
        **more,
    }


Before = Callable[[], None] | None
"""What a process does to itself before it becomes the command."""


def musegraph(
    place: Path, *arguments: str, before: Before = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """What ``musegraph …`` does in a folder; it never shows a traceback, nor calls itself broken.

    ``more`` are variables of its environment.
    """
    variables = environment(place, **more)
    if before is None and suits(more):
        done = forked(place, variables, arguments)
    else:
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=place,
            env=variables,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=120,
            check=False,
            preexec_fn=before,
        )
    assert "Traceback" not in done.stdout + done.stderr
    assert "please report it" not in done.stderr
    return done


EACH = """
import json, sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from musegraph.cli import main

found = []
for arguments in json.load(sys.stdin):
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as told:
        code = main(arguments)
    found.append((code, out.getvalue(), told.getvalue()))
print(json.dumps(found))
"""


def each(
    place: Path, commands: Iterable[Iterable[str]], before: Before = None
) -> list[tuple[int, str, str]]:
    """Exit code, stdout and stderr of many commands, one after the other in one process."""
    done = subprocess.run(
        [sys.executable, "-c", EACH],
        cwd=place,
        env=environment(place),
        input=json.dumps([list(command) for command in commands]),
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
        preexec_fn=before,
    )
    return [(code, out, told) for code, out, told in json.loads(done.stdout)]


def run(
    place: Path, file: str, *arguments: str, before: Before = None, **more: str
) -> subprocess.CompletedProcess[str]:
    return musegraph(place, "run", file, "--packs", "toy.py", *arguments, before=before, **more)


def calls(place: Path) -> list[str]:
    """The nodes that were called since the last look."""
    notes = place / "calls.txt"
    found = notes.read_text().split() if notes.exists() else []
    notes.unlink(missing_ok=True)
    return found


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def safetensors(held: int) -> bytes:
    """A file that promises 16 bytes of weights and holds ``held``."""
    head = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    return struct.pack("<Q", len(head)) + head + bytes(held)
