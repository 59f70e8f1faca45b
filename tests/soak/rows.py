"""A run over rows, killed at random moments again and again: what is repeated, and what is lost."""

from __future__ import annotations

import random
import signal
import subprocess
import tempfile
from pathlib import Path

from shell import COMMAND, environment, write
from test_rows import PACK, WORK, calls, command, results, rows, table

PROMISE = "A run over rows that is killed ends with every result, and each shared step run once."

ROWS = 500
KILLS = 5
"""How often each run is killed, if it lasts that long."""


def kill(place: Path, moment: float) -> bool:
    """Start the run and kill it after so many seconds; whether it was still going."""
    process = subprocess.Popen(
        [*COMMAND, *command()],
        cwd=place,
        env=environment(place),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait() == -signal.SIGKILL


def trial(draw: random.Random) -> tuple[int, int, str]:
    """One run to its end: kills, calls of a row's own step that were repeated, what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "pack.py").write_text(PACK)
        write(place, "work.json", WORK)
        write(place, "rows.csv", table(ROWS))
        kills = sum(kill(place, draw.uniform(1, 6)) for _ in range(KILLS))
        done = rows(place)
        found = results(place)
        seen = calls(place)
        shared = sum(seen.pop(name) for name in list(seen) if not name.startswith("caption"))
        again = sum(seen.values()) - ROWS
        if done.returncode or [int(line["row"]) for line in found] != list(range(1, ROWS + 1)):
            return kills, again, "the table is not whole"
        if any(not (place / "out" / line["picture"]).is_file() for line in found):
            return kills, again, "a picture is missing"
        if shared - 6 + again > kills:
            return kills, again, f"{shared} calls of 6 shared steps"
        return kills, again, ""


def main(count: int) -> int:
    draw = random.Random(8)
    found = [trial(draw) for _ in range(count)]
    wrong = [why for _, _, why in found if why]
    kills, again = sum(one[0] for one in found), sum(one[1] for one in found)
    print("| runs over 500 rows | kills | rows run twice | outcome |\n|--:|--:|--:|---|")
    print(f"| {count} | {kills} | {again} | {', '.join(wrong) or 'all results, each once'} |")
    return 1 if wrong else 0
