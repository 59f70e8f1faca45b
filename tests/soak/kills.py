"""``kill -9`` at random moments of a run: what was announced as stored is never computed again."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from trials import OUT, TELLING, furnish, seen, start, whole, wrong_after

PROMISE = "A step that cost at least 0.25 s and was announced as stored never runs again."


def trial(moment: float, wanted: dict[str, Any]) -> tuple[str, int]:
    """A killed run, and the same once more: what came, and how many steps had been stored.

    It is killed so many seconds after its first event, or, negative, after its start.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = furnish(Path(folder))
        process = start(place)
        while moment >= 0 and process.poll() is None and not (place / OUT).stat().st_size:
            time.sleep(0.005)
        time.sleep(abs(moment))
        process.kill()
        before = seen(place, process.wait())
        wrong = wrong_after(place, before.stored, whole(place), wanted)
        fine = "fine, had ended before" if before.code == 0 else "fine"
        return wrong or fine, 0 if wrong else len(before.stored)


def undisturbed() -> tuple[float, dict[str, Any]]:
    """Seconds and outputs of a run that nobody kills."""
    with tempfile.TemporaryDirectory() as folder:
        place = furnish(Path(folder))
        begin = time.perf_counter()
        run = whole(place)
        seconds = time.perf_counter() - begin
        if run.code != 0 or run.stored != TELLING or len(run.outputs) != 3:
            raise SystemExit(f"the undisturbed run is not as expected: {run.told}, {run.stored}")
        return seconds, run.outputs


def main(count: int) -> int:
    draw = random.Random(3)
    seconds, wanted = undisturbed()
    moments = [draw.uniform(-seconds / 5, seconds) for _ in range(count)]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda moment: trial(moment, wanted), moments))
    outcomes = Counter(what for what, _ in found)
    stored = sum(number for _, number in found)
    said = ", ".join(f"{number} {what}" for what, number in outcomes.items())
    print("| kill -9 of a run | stored before | computed again | outcome |\n|--:|--:|--:|---|")
    again = sum(number for what, number in outcomes.items() if what.startswith("computed again"))
    print(f"| {count} | {stored} | {again} | {said} |")
    wrong = [what for what in outcomes if not what.startswith("fine")]
    blind = count >= 10 and not stored  # then nothing was put to the test
    return 1 if wrong or blind else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
