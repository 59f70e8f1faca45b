"""``kill -9`` at random moments of a run: what was announced as stored is never computed again."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musegraph.values.canonical import digest_of_buffers

PACK = '''
"""Steps that are dear, and tell of every call."""

import os
import time
from pathlib import Path

from musegraph import File, Text, node


def note(name):
    handle = os.open("calls.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{name}\\n".encode())
    os.close(handle)


@node(version="1")
def make(name: str, size: int = 300_000) -> File:
    """Bytes that follow from a name."""
    note(name)
    time.sleep(0.26)
    return File((name.encode() * size)[:size], name)


@node(version="1")
def join(left: File, right: File, name: str) -> File:
    """Both, one after the other."""
    note(name)
    time.sleep(0.26)
    return File(left.data + right.data, name)


@node(version="1")
def describe(file: File) -> Text:
    """Cheap: how long it is."""
    return f"{file.name}: {len(file.data)} bytes"


@node(version="1")
def think(text: str, name: str) -> Text:
    """Dear, and no object on disk: a text lies in the index."""
    note(name)
    time.sleep(0.26)
    return f"{text}, it seems"
'''


def _step(type_: str, name: str, **links: str) -> dict[str, Any]:
    values = {} if type_ == "describe" else {"name": name}
    return {"type": f"dear.{type_}", "values": values, "links": links}


WORKFLOW = {
    "musegraph": 1,
    "outputs": {"both": "d.out", "said": "t.out"},
    "nodes": {
        "a": _step("make", "a"),
        "b": _step("make", "b"),
        "c": _step("join", "c", left="a.out", right="b.out"),
        "d": _step("join", "d", left="c.out", right="a.out"),
        "e": _step("describe", "e", file="c.out"),
        "t": _step("think", "t", text="e.out"),
    },
}


@dataclass
class Seen:
    """What one run showed: its steps announced as stored, and what its outputs were."""

    code: int
    stored: set[str]
    outputs: dict[str, bytes]
    told: str


def _start(place: Path) -> subprocess.Popen[str]:
    command = ["run", "workflow.json", "--packs", "dear.py", "--json", "--out", "out"]
    return subprocess.Popen(
        [sys.executable, "-m", "musegraph", *command, "--cache", "cache"],
        cwd=place,
        env=os.environ | {"HOME": str(place)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def _end(place: Path, process: subprocess.Popen[str]) -> Seen:
    text, told = process.communicate(timeout=120)
    lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
    stored = {line["node"] for line in lines if line["type"] == "stored"}
    said = [line for line in lines if line["type"] == "outputs"]
    outputs = {}
    if said:
        outputs = {name: json.dumps(value).encode() for name, value in said[0]["values"].items()}
        for name, paths in said[0]["files"].items():
            outputs[name] = b"".join((place / path).read_bytes() for path in paths)
    return Seen(process.returncode, stored, outputs, told)


def _calls(place: Path) -> list[str]:
    """The dear steps called since the last look."""
    notes = place / "calls.txt"
    found = notes.read_text().split() if notes.exists() else []
    notes.unlink(missing_ok=True)
    return found


def furnish(place: Path) -> Path:
    (place / "dear.py").write_text(PACK)
    (place / "workflow.json").write_text(json.dumps(WORKFLOW))
    return place


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


def trial(moment: float, wanted: dict[str, bytes]) -> tuple[str, int]:
    """A run killed after so many seconds, and the same once more: what came, and stored steps."""
    with tempfile.TemporaryDirectory() as folder:
        place = furnish(Path(folder))
        process = _start(place)
        time.sleep(moment)
        process.kill()
        before = _end(place, process)
        ended = before.code == 0
        _calls(place)
        after = _end(place, _start(place))
        twice = before.stored.intersection(_calls(place))
        if after.code != 0 or "Traceback" in after.told:
            return f"the next run failed: {after.told.strip()}", 0
        if twice:
            return f"computed twice: {', '.join(sorted(twice))}", 0
        if after.outputs != wanted:
            return "other outputs", 0
        wrong = damage(place / "cache")
        fine = "fine, had ended before" if ended else "fine"
        return wrong or fine, len(before.stored)


def whole_run() -> tuple[float, dict[str, bytes]]:
    """Seconds and outputs of a run that nobody disturbs."""
    with tempfile.TemporaryDirectory() as folder:
        place = furnish(Path(folder))
        start = time.perf_counter()
        seen = _end(place, _start(place))
        seconds = time.perf_counter() - start
        dear = set(WORKFLOW["nodes"]) - {"e"}  # type: ignore[call-overload]
        if seen.code != 0 or seen.stored != dear or len(seen.outputs) != 2:
            raise SystemExit(f"the undisturbed run is not as expected: {seen.told}, {seen.stored}")
        return seconds, seen.outputs


def main(count: int) -> int:
    draw = random.Random(3)
    seconds, wanted = whole_run()
    moments = [draw.uniform(0, seconds) for _ in range(count)]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda moment: trial(moment, wanted), moments))
    seen = Counter(what for what, _ in found)
    stored = sum(number for _, number in found)
    said = ", ".join(f"{number} {what}" for what, number in seen.items())
    print("| kill -9 of a run | stored before | computed again | outcome |\n|--:|--:|--:|---|")
    again = sum(number for what, number in seen.items() if what.startswith("computed twice"))
    print(f"| {count} | {stored} | {again} | {said} |")
    wrong = [what for what in seen if not what.startswith("fine")]
    blind = count >= 10 and not stored  # then nothing was put to the test
    return 1 if wrong or blind else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
