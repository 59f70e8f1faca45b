"""A fault at every place in turn: what the parts `faults` and `server_faults` share."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trials import failing_disk

Trial = Callable[[int], tuple[str, int]]
"""With the fault at one call: what is wrong, empty if nothing is, and the exit code."""


def sweep_calls(mode: str, calls: int, count: int, trial: Trial) -> int:
    """Every call in turn, or ``count`` of them spread over all; prints a row of the table."""
    places = range(1, calls + 1)
    chosen = places[:: max(1, len(places) // count)][:count] if count < len(places) else places
    found = [(at, *trial(at)) for at in chosen]
    codes = Counter(code for _, _, code in found)
    said = [f"{number} with exit code {code}" for code, number in sorted(codes.items())]
    wrong = [f"call {at}: {what}" for at, what, _ in found if what]
    outcome = "; ".join([", ".join(said), *wrong]).replace("\n", " ")
    print(f"| {mode} | {len(found)} of {calls} calls | {outcome} |")
    return 1 if wrong else 0


def _start(script: str, library: Path, mode: str, count: int) -> tuple[int, str]:
    """The sweep of one mode in a process that the library is loaded into; exit code and row."""
    done = subprocess.run(
        [sys.executable, script, mode, str(count)],
        env=os.environ | {"LD_PRELOAD": str(library)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def sweep_modes(script: str, about: str, modes: Sequence[str], count: int) -> int:
    """The sweeps of all modes, two at a time, as a table."""
    print(f"| {about} | tried | outcome |\n|---|--:|---|")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        library = failing_disk(Path(folder))
        found = list(pool.map(lambda mode: _start(script, library, mode, count), modes))
    for code, row in found:
        print(row.strip() or f"| ? | 0 | exit code {code} |")
    return 1 if any(code for code, _ in found) else 0
