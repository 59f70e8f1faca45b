"""However a pack in a process of its own ends: its step fails by name, and all else goes on."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import redirect_stderr
from functools import partial
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "isolation"), str(HERE.parent / "packs")]

PROMISE = "However a pack ends, its step fails by its name, and everything else goes on."

PATIENCE, IMPORT = 0.5, 1.0
ENDS = {
    "segfault": ("a crash", "the pack bad crashed in its own process (SIGSEGV)", "crashed"),
    "leaves": ("it leaves", "the pack bad crashed in its own process (exit code 7)", "crashed"),
    "hangs": (
        "a hang, deaf to SIGTERM",
        "the pack bad gave no sign of life for 0.5 s",
        "time-limit",
    ),
    "allocates": ("3 GB", "the pack bad took more than the 2.00 GiB of memory", "out-of-memory"),
    "prints": ("a million log lines", "the pack bad printed more than 1.00 MiB", "crashed"),
    "frame": ("a message of 2 GB", "a message of 2,147,483,648 bytes is too long", "crashed"),
}
IMPORTS = {
    "an import that never ends": ("while True: time.sleep(1)", "was not imported within 1 s"),
    "an import that prints for ever": ("while True: print('x' * 9999)", "printed more than 1.00"),
    "an import that forks for ever": ("while True: os.fork()", "Operation not permitted"),
}


def held() -> tuple[int, int, int]:
    """The threads of this process, its open files, and the processes that it started."""
    here = Path("/proc/self")
    children = (here / "task" / str(os.getpid()) / "children").read_text().split()
    return threading.active_count(), len(list((here / "fd").iterdir())), len(children)


def memory() -> int:
    """Bytes that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def ended(engine: Any, node: str, said: str, code: str) -> tuple[float, list[str]]:
    """One trial of an end of a call: seconds, and what was wrong."""
    from test_ends import run

    result, seconds = run(engine, node)
    why = str(result.outcome.errors["bad"])
    wrong = [] if said in why and result.outcome.codes["bad"] == code else [why]
    after, _ = run(engine, "fine")
    return seconds, [*wrong, *map(str, after.outcome.errors.values())]


def imported(opener: Any, code: str, said: str) -> tuple[float, list[str]]:
    """One trial of an import: listed with the reason, and the pack beside it opens."""
    from test_ends import GOOD

    (opener.folder / "kept" / "bad.nodes").unlink(missing_ok=True)  # what it told before its change
    start = monotonic()
    registry = opener(seconds=IMPORT if "sleep" in code else 60, bad=code, good=GOOD)
    opened = registry.pack("bad")
    seconds = monotonic() - start
    why = registry.failures.get("bad", "")
    fine = opened is None and said in why and registry.pack("good") is not None
    return seconds, [] if fine else [why or "it was opened"]


def row(what: str, count: int, trial: Callable[[], tuple[float, list[str]]]) -> list[str]:
    """Print what came of so many trials; what was wrong."""
    found = [trial() for _ in range(count)]
    times, right = [seconds for seconds, _ in found], sum(not wrong for _, wrong in found)
    print(f"| {what} | {count} | {right} | {median(times):.2f}, {max(times):.2f} |")
    return [why for _, wrong in found for why in wrong]


def main(count: int) -> int:
    from opening import Opener
    from test_ends import BAD, GOOD

    from musegraph.isolation.settings import Isolation

    print("| what | trials | named, and all else went on | seconds, median and most |")
    print("|---|--:|--:|--:|")
    with (
        tempfile.TemporaryDirectory() as place,
        open(os.devnull, "w") as nowhere,  # noqa: PTH123  it is no path of anybody's
        redirect_stderr(nowhere),
    ):
        opener = Opener(Path(place))
        opener.isolation = Isolation(patience=PATIENCE)
        engine = opener.engine(opener(bad=BAD, good=GOOD))
        ended(engine, "leaves", *ENDS["leaves"][1:])
        before, used = held(), memory()
        bad: list[str] = []
        for node, (what, *expected) in ENDS.items():
            bad += row(what, count, partial(ended, engine, node, *expected))
        for what, expected in IMPORTS.items():
            bad += row(what, count, partial(imported, opener, *expected))
        opener.close()
        after, grown = held(), (memory() - used) / 2**20
    kept = after[0] <= before[0] and after[1] <= before[1] and after[2] == 0
    print(f"\nAt the end no process is left, {after[0]} threads and {after[1]} open files ", end="")
    print(f"({before[0]} and {before[1]} after the first end), {grown:+.1f} MB of memory.")
    for why in bad[:5]:
        print(f"\n* {why}")
    return 0 if not bad and kept else 1
