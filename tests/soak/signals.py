"""Ctrl-C and SIGTERM at random moments: no traceback, and nothing that was finished is lost."""

from __future__ import annotations

import random
import signal
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from kills import undisturbed
from trials import OUT, furnish, seen, start, whole, wrong_after

PROMISE = "Interrupt a run at any time: what was finished is kept, and no traceback is shown."
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
HERE = "here\n"
LAUNCH = """
import signal, sys
# ignored where this runs in the background
signal.signal(signal.SIGINT, signal.default_int_handler)
from musegraph.cli import main
print("here", flush=True)
sys.exit(main())
"""


def trial(number: signal.Signals, moment: float, wanted: dict[str, Any]) -> tuple[str, int]:
    """An interrupted run and the run after it: what came, and how many steps were finished.

    The signal comes so many seconds after its first event, or, negative, after its start.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = furnish(Path(folder))
        process = start(place, "-c", LAUNCH)
        quiet = len(HERE) if moment >= 0 else 0
        while process.poll() is None and (place / OUT).stat().st_size <= quiet:
            time.sleep(0.005)
        time.sleep(abs(moment))
        process.send_signal(number)
        run = seen(place, process.wait(60))
        if "Traceback" in run.told or "defect" in run.told:
            return f"told: {run.told.strip()}", 0
        # The system itself ends a process that has not begun to listen, or has ceased to.
        fine = {CODES[number]: "fine", 0: "fine, had ended before", -number: "fine, at its edge"}
        if run.code not in fine:
            return f"exit code {run.code}", 0
        wrong = wrong_after(place, run.done, whole(place), wanted)
        return wrong or fine[run.code], 0 if wrong else len(run.done)


def main(count: int) -> int:
    draw = random.Random(3)
    seconds, wanted = undisturbed()
    print("| signal | runs | finished before | computed again | outcome |\n|---|--:|--:|--:|---|")
    failed = blind = False
    for number in CODES:
        moments = [draw.uniform(-seconds / 5, seconds) for _ in range(count)]
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda moment, n=number: trial(n, moment, wanted), moments))
        outcomes = Counter(what for what, _ in found)
        done = sum(steps for _, steps in found)
        said = ", ".join(f"{times} {what}" for what, times in outcomes.items())
        again = sum(n for what, n in outcomes.items() if what.startswith("computed again"))
        print(f"| {number.name} | {count} | {done} | {again} | {said} |")
        failed = failed or any(not what.startswith("fine") for what in outcomes)
        blind = blind or (count >= 10 and not done)  # then nothing was put to the test
    return 1 if failed or blind else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
