"""One call to the disk fails, at every place of a run in turn: nothing that was kept is wrong.

A library that is loaded before all others (`fault.c`) fails the call. The runs are whole commands
in forked processes, so that each costs milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from sweeps import sweep_calls, sweep_modes
from trials import ARGUMENTS, OUT, TOLD, Seen, furnish, seen, wrong_after

PROMISE = "Whatever call to the disk fails, nothing that was announced as stored is lost."
TRIALS = "each call, in five ways"
MODES = ("eio", "enospc", "full", "short", "kill")
FINE, UNUSABLE, KILLED = 0, 5, -9
COUNT = "count.txt"
OUTPUTS, KEPT = {"both", "all", "said"}, {"c", "d", "t"}
"""What is made, and by which steps: cheap as they are here, only these are kept."""


def furnished(folder: str) -> Path:
    return furnish(Path(folder), seconds=0, size=70_000)


def _child(place: Path, fault: dict[str, str]) -> None:
    """The command, in a process of its own that ends here."""
    from musegraph.cli import main

    for name, file in ((OUT, 1), (TOLD, 2)):
        os.dup2(os.open(place / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), file)
    os.chdir(place)
    os.environ.update(fault)
    code = main(ARGUMENTS)
    sys.stdout.flush()
    sys.stderr.flush()
    count = ctypes.CDLL(None).fault_seen
    count.restype = ctypes.c_long
    Path(COUNT).write_text(str(count()))
    os._exit(code)


def run(place: Path, **fault: str) -> Seen:
    """A run in a folder, with a fault or without."""
    for left in ("calls.txt", COUNT):
        (place / left).unlink(missing_ok=True)
    pid = os.fork()
    if not pid:
        try:
            _child(place, fault)
        finally:
            os._exit(99)
    return seen(place, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def trial(mode: str, at: int, wanted: dict[str, Any]) -> tuple[str, int]:
    """A run with a fault and one without: what was wrong, and the first one's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        place = furnished(folder)
        fault = {"FAULT_BELOW": f"{place / 'cache'}", "FAULT_MODE": mode, "FAULT_AT": str(at)}
        first = run(place, **fault)
        wrong = _wrong(mode, first, wanted)
        return wrong or wrong_after(place, first.stored, run(place), wanted), first.code


def _wrong(mode: str, first: Seen, wanted: dict[str, Any]) -> str:
    if "Traceback" in first.told or "defect" in first.told:
        return first.told
    if first.code not in ((FINE, KILLED) if mode == "kill" else (FINE, UNUSABLE)):
        return f"exit code {first.code}: {first.told}"
    if first.code == UNUSABLE and "cannot be" not in first.told:
        return f"not a sentence that says what cannot be done: {first.told}"
    if first.code == FINE and first.outputs != wanted:
        return "other outputs"
    if first.code == FINE and not first.warned and first.stored != KEPT:
        return "not all was stored, and nobody was told"
    if any("rollback" in text or "Errno" in text for text in first.warned):
        return f"no sentence: {first.warned}"
    return ""


def sweep(mode: str, count: int) -> int:
    """Every place in turn, or ``count`` of them spread over the run; prints a row of the table."""
    import musegraph.cli.run
    import musegraph.outputs  # noqa: F401  all that a run needs, once for all forks

    with tempfile.TemporaryDirectory() as folder:
        place = furnished(folder)
        whole = run(place, FAULT_BELOW=str(place / "cache"))
        calls = int((place / COUNT).read_text()) if (place / COUNT).exists() else 0
    if whole.code != FINE or whole.outputs.keys() != OUTPUTS or calls < 20:
        print(f"| {mode} | 0 | the run without a fault is not as expected: {whole.told} |")
        return 1
    return sweep_calls(mode, calls, count, lambda at: trial(mode, at, whole.outputs))


def main(count: int) -> int:
    return sweep_modes(__file__, "a call to the disk", MODES, count)


if __name__ == "__main__":
    if sys.argv[1] in MODES:
        sys.exit(sweep(sys.argv[1], int(sys.argv[2])))
    sys.exit(main(int(sys.argv[1])))
