"""What the trials of a disturbed run share: a workflow, the command on it, and what one can see.

The steps tell of every call; each waits a while, so that what is disturbed is in the middle of
something, and makes a result that is kept.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musegraph.values.canonical import digest_of_buffers

PACK = '''
"""Steps that tell of every call."""

import os
import time

from musegraph import Context, File, Text, node


def take_time(name, ctx):
    handle = os.open("calls.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{name}\\n".encode())
    os.close(handle)
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        ctx.progress(0.5)
        time.sleep(0.01)


@node(version="1")
def make(name: str, ctx: Context, size: int = SIZE) -> File:
    """Bytes that follow from a name."""
    take_time(name, ctx)
    return File((name.encode() * size)[:size], name)


@node(version="1")
def join(left: File, right: File, name: str, ctx: Context) -> File:
    """Both, one after the other."""
    take_time(name, ctx)
    return File(left.data + right.data, name)


@node(version="1")
def describe(file: File) -> Text:
    """Cheap: how long it is."""
    return f"{file.name}: {len(file.data)} bytes"


@node(version="1")
def think(text: str, name: str, ctx: Context) -> Text:
    """No object on disk: a text lies in the index."""
    take_time(name, ctx)
    return f"{text}, it seems"
'''


def _step(type_: str, name: str, **links: str) -> dict[str, Any]:
    values = {} if type_ == "describe" else {"name": name}
    return {"type": f"trial.{type_}", "values": values, "links": links}


WORKFLOW = {
    "musegraph": 1,
    "outputs": {"both": "c.out", "all": "d.out", "said": "t.out"},
    "nodes": {
        "a": _step("make", "a"),
        "b": _step("make", "b"),
        "c": _step("join", "c", left="a.out", right="b.out"),
        "d": _step("join", "d", left="c.out", right="a.out"),
        "e": _step("describe", "e", file="c.out"),
        "t": _step("think", "t", text="e.out"),
    },
}
TELLING = {"a", "b", "c", "d", "t"}
"""The steps that take time and tell of every call."""
ARGUMENTS = ["run", "workflow.json", "--packs", "trial.py", "--cache", "cache"]
ARGUMENTS += ["--json", "--out", "out"]
OUT, TOLD, CALLS = "printed.txt", "told.txt", "calls.txt"


def furnish(place: Path, seconds: float = 0.26, size: int = 300_000) -> Path:
    """Put the pack and the workflow into a folder."""
    pack = PACK.replace("SECONDS", str(seconds)).replace("SIZE", str(size))
    (place / "trial.py").write_text(pack)
    (place / "workflow.json").write_text(json.dumps(WORKFLOW))
    return place


def start(place: Path, *launch: str) -> subprocess.Popen[bytes]:
    """The run in a process; ``launch`` stands in place of ``-m musegraph``."""
    (place / CALLS).unlink(missing_ok=True)
    with (place / OUT).open("wb") as out, (place / TOLD).open("wb") as told:
        return subprocess.Popen(
            [sys.executable, *(launch or ("-m", "musegraph")), *ARGUMENTS],
            cwd=place,
            env=os.environ | {"HOME": str(place)},
            stdout=out,
            stderr=told,
        )


@dataclass(frozen=True)
class Seen:
    """What one run showed."""

    code: int
    done: set[str]
    """Steps that said to be done."""
    stored: set[str]
    """Steps announced as stored."""
    warned: list[str]
    called: set[str]
    outputs: dict[str, Any]
    told: str


def seen(place: Path, code: int) -> Seen:
    """What the run that ended in a folder showed; of a line cut off by a kill, nothing."""
    lines = [
        json.loads(line)
        for line in (place / OUT).read_text(encoding="utf-8").splitlines(keepends=True)
        if line.startswith("{") and line.endswith("\n")
    ]
    outputs: dict[str, Any] = {}
    for line in lines:
        if line["type"] == "outputs":
            outputs = dict(line["values"])
            for name, paths in line["files"].items():
                outputs[name] = [(place / path).read_bytes() for path in paths]
    calls = place / CALLS
    return Seen(
        code,
        {line["node"] for line in lines if line["type"] == "step_done"},
        {line["node"] for line in lines if line["type"] == "stored"},
        [line["message"] for line in lines if line["type"] == "warning"],
        set(calls.read_text().split()) if calls.exists() else set(),
        outputs,
        (place / TOLD).read_text(encoding="utf-8"),
    )


def whole(place: Path) -> Seen:
    """A run that nobody disturbs."""
    return seen(place, start(place).wait(120))


def wrong_after(place: Path, kept: set[str], after: Seen, wanted: dict[str, Any]) -> str:
    """What is wrong with the run after a disturbed one, of which these steps are to be kept."""
    if after.code != 0 or "Traceback" in after.told:
        return f"the next run: exit code {after.code}, {after.told.strip()}"
    if lost := kept & after.called:
        return f"computed again: {', '.join(sorted(lost))}"
    if after.outputs != wanted:
        return "other outputs"
    return damage(place / "cache")


def damage(cache: Path) -> str:
    """What is wrong in a cache folder, or nothing: every object is read, and the whole index."""
    for file in (cache / "objects").glob("*/*"):
        if digest_of_buffers([file.read_bytes()]) != f"blake3:{file.parent.name}{file.name}":
            return f"the object {file.name} is damaged"
    db = sqlite3.connect(cache / "index.sqlite")
    try:
        found = db.execute("pragma integrity_check").fetchone()[0]
    finally:
        db.close()
    return "" if found == "ok" else f"the index is damaged: {found}"


def failing_disk(folder: Path) -> Path:
    """The library that fails calls to the disk (see ``fault.c``), built."""
    return library(folder, "fault")


def library(folder: Path, name: str) -> Path:
    """A library that is loaded before all others, built from its source; needs a C compiler."""
    made = folder / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl"], check=True)
    return made
