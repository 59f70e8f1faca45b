"""Ctrl-C and SIGTERM at random moments: the exit code, no traceback, and the next run's result."""

from __future__ import annotations

import random
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path

from shell import SLOW, furnish, run, write
from test_cli_live import start

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


def trial(number: signal.Signals, moment: float) -> str:
    """One interrupted run and the run after it; what was wrong, or ``fine``."""
    with tempfile.TemporaryDirectory() as folder:
        place = furnish(Path(folder))
        write(place, "slow.json", SLOW | {"inputs": {"steps": {"to": ["b.steps"], "default": 30}}})
        process = start(place, "slow.json")
        time.sleep(moment)
        process.send_signal(number)
        out, told = process.communicate(timeout=60)
        if "Traceback" in told:
            return "traceback"
        if process.returncode == 0 and out == "said: FIRST!\n":
            return "fine, had ended before"
        if process.returncode != CODES[number]:
            return f"exit code {process.returncode}"
        after = run(place, "slow.json")
        wanted = after.returncode == 0 and "FIRST!" in after.stdout
        return "fine" if wanted else f"next run: {after.returncode}, {after.stdout!r}"


def main(count: int) -> int:
    draw = random.Random(3)
    print("| signal | runs | outcome |\n|---|--:|---|")
    wrong = 0
    for number in CODES:
        seen = Counter(trial(number, draw.uniform(0, 1.5)) for _ in range(count))
        print(f"| {number.name} | {count} | {', '.join(f'{n} {w}' for w, n in seen.items())} |")
        wrong += sum(n for w, n in seen.items() if not w.startswith("fine"))
    return 1 if wrong else 0
