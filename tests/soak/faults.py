"""One call to the disk fails, at every place of a run in turn: nothing that was kept is wrong.

A library that is loaded before all others (`fault.c`) fails the call. The runs are whole commands
in forked processes, so that each costs milliseconds.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # this file may be started from anywhere
from kills import damage

MODES = ("eio", "enospc", "full", "short", "kill")
FINE, UNUSABLE, KILLED = 0, 5, -9
PACK = '''
"""Quick steps that tell of every call."""

import os

from musegraph import File, Text, node


def note(name):
    handle = os.open("calls.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{name}\\n".encode())
    os.close(handle)


@node(version="1")
def make(name: str, size: int = 70_000) -> File:
    """Bytes that follow from a name."""
    note(name)
    return File((name.encode() * size)[:size], name)


@node(version="1")
def join(left: File, right: File, name: str) -> File:
    """Both, one after the other."""
    note(name)
    return File(left.data + right.data, name)


@node(version="1")
def describe(file: File, name: str) -> Text:
    """How long it is."""
    note(name)
    return f"{file.name}: {len(file.data)} bytes"
'''


def _step(type_: str, name: str, **links: str) -> dict[str, Any]:
    return {"type": f"quick.{type_}", "values": {"name": name}, "links": links}


WORKFLOW = {
    "musegraph": 1,
    "outputs": {"a": "a.out", "b": "b.out", "c": "c.out", "d": "d.out"},
    "nodes": {
        "a": _step("make", "a"),
        "b": _step("make", "b"),
        "c": _step("join", "c", left="a.out", right="b.out"),
        "d": _step("describe", "d", file="c.out"),
    },
}
COMMAND = ["run", "workflow.json", "--packs", "quick.py", "--cache", "cache", "--json"]


@dataclass
class Seen:
    """What one run showed."""

    code: int
    calls: int
    """How often it changed something in the cache folder."""
    stored: set[str]
    warned: list[str]
    called: set[str]
    outputs: dict[str, Any]
    told: str


def _child(place: Path, fault: dict[str, str]) -> None:
    """The command, in a process of its own that ends here."""
    from musegraph.cli import main

    for name, file in (("out.txt", 1), ("err.txt", 2)):
        os.dup2(os.open(place / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), file)
    os.chdir(place)
    os.environ.update(fault)
    code = main([*COMMAND, "--out", "out"])
    sys.stdout.flush()
    sys.stderr.flush()
    count = ctypes.CDLL(None).fault_seen
    count.restype = ctypes.c_long
    Path("count.txt").write_text(str(count()))
    os._exit(code)


def run(place: Path, **fault: str) -> Seen:
    """A run in a folder, with a fault or without."""
    for left in ("calls.txt", "count.txt"):
        (place / left).unlink(missing_ok=True)
    pid = os.fork()
    if not pid:
        try:
            _child(place, fault)
        finally:
            os._exit(99)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    text = (place / "out.txt").read_text()
    lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
    outputs: dict[str, Any] = {}
    for line in lines:
        if line["type"] == "outputs":
            files = {name: [Path(p) for p in paths] for name, paths in line["files"].items()}
            read = {name: [(place / p).read_bytes() for p in ps] for name, ps in files.items()}
            outputs = line["values"] | read
    return Seen(
        code,
        int(_read(place / "count.txt") or 0),
        {line["node"] for line in lines if line["type"] == "stored"},
        [line["message"] for line in lines if line["type"] == "warning"],
        set(_read(place / "calls.txt").split()),
        outputs,
        _read(place / "err.txt"),
    )


def _read(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def furnish(place: Path) -> Path:
    (place / "quick.py").write_text(PACK)
    (place / "workflow.json").write_text(json.dumps(WORKFLOW))
    return place


def trial(mode: str, at: int, wanted: dict[str, Any]) -> tuple[str, int]:
    """A run with a fault and one without: what was wrong, and the first one's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        place = furnish(Path(folder))
        fault = {"FAULT_BELOW": f"{place / 'cache'}", "FAULT_MODE": mode, "FAULT_AT": str(at)}
        first = run(place, **fault)
        after = run(place)
        return _judged(mode, first, after, wanted) or damage(place / "cache"), first.code


def _judged(mode: str, first: Seen, after: Seen, wanted: dict[str, Any]) -> str:
    for seen in (first, after):
        if "Traceback" in seen.told or "defect" in seen.told:
            return seen.told
    if first.code not in ((FINE, KILLED) if mode == "kill" else (FINE, UNUSABLE)):
        return f"exit code {first.code}: {first.told}"
    if first.code == UNUSABLE and "cannot be" not in first.told:
        return f"not a sentence that says what cannot be done: {first.told}"
    if first.code == FINE and first.outputs != wanted:
        return "other outputs"
    if first.code == FINE and first.stored != set(wanted) and not first.warned:
        return "not all was stored, and nobody was told"
    if any("rollback" in text or "Errno" in text for text in first.warned):
        return f"no sentence: {first.warned}"
    if after.code != FINE or after.outputs != wanted:
        return f"the next run: exit code {after.code}, {after.told}"
    lost = first.stored & after.called
    return f"stored, and computed again: {', '.join(sorted(lost))}" if lost else ""


def sweep(mode: str, count: int) -> int:
    """Every place in turn, or ``count`` of them spread over the run; prints a row of the table."""
    import musegraph.cli.run
    import musegraph.outputs  # noqa: F401  all that a run needs, once for all forks

    with tempfile.TemporaryDirectory() as folder:
        place = furnish(Path(folder))
        whole = run(place, FAULT_BELOW=str(place / "cache"))
    if whole.code != FINE or len(whole.outputs) != 4 or whole.calls < 20:
        print(f"| {mode} | 0 | the run without a fault is not as expected: {whole.told} |")
        return 1
    places = range(1, whole.calls + 1)
    chosen = places[:: max(1, len(places) // count)][:count] if count < len(places) else places
    found = [(at, *trial(mode, at, whole.outputs)) for at in chosen]
    codes = Counter(code for _, _, code in found)
    said = [f"{number} with exit code {code}" for code, number in sorted(codes.items())]
    wrong = [f"call {at}: {what}" for at, what, _ in found if what]
    outcome = "; ".join([", ".join(said), *wrong]).replace("\n", " ")
    print(f"| {mode} | {len(found)} of {whole.calls} calls | {outcome} |")
    return 1 if wrong else 0


def build(folder: Path) -> Path:
    """The library that fails calls."""
    made = folder / "fault.so"
    source = Path(__file__).with_name("fault.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl"], check=True)
    return made


def start(library: Path, mode: str, count: int) -> tuple[int, str]:
    """The sweep of one mode in a process that the library is loaded into; exit code and row."""
    done = subprocess.run(
        [sys.executable, __file__, mode, str(count)],
        env=os.environ | {"LD_PRELOAD": str(library)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def main(count: int) -> int:
    print("| a call to the disk | tried | outcome |\n|---|--:|---|")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        library = build(Path(folder))
        found = list(pool.map(lambda mode: start(library, mode, count), MODES))
    for code, row in found:
        print(row.strip() or f"| ? | 0 | exit code {code} |")
    return 1 if any(code for code, _ in found) else 0


if __name__ == "__main__":
    if sys.argv[1] in MODES:
        sys.exit(sweep(sys.argv[1], int(sys.argv[2])))
    sys.exit(main(int(sys.argv[1])))
