"""P01 and P02 of the security reference: what a pack without permissions reaches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
NOBODY = HERE.parent / "isolation" / "nobody.py"
sys.path[:0] = [str(HERE.parent / "isolation"), str(HERE.parent / "packs")]

PROMISE = "A pack without permissions reaches nothing beyond itself, whoever runs it and where."

WAYS = {
    "as whoever runs this": "",
    "without namespaces": "",
    "as nobody": "plain",
    "as nobody, under Docker's filter": "docker",
    "as nobody, under a filter that knows no Landlock": "old-docker",
}


def tried(way: str) -> tuple[dict[str, str], str, list[str]]:
    """What came of each attempt in a process of its own, why none was made, and what held."""
    from test_escapes import WITHOUT
    from test_unprivileged import TRIES

    from musegraph.isolation.process import BOOT

    code = TRIES
    if way == "without namespaces":
        boot = WITHOUT.format(boot=str(BOOT))
        code = (
            "import tempfile; from pathlib import Path; from musegraph.isolation import process\n"
            "place = Path(tempfile.mkdtemp(), 'boot.py')\n"
            f"place.write_text({boot!r}); process.BOOT = place\n{TRIES}"
        )
    how = WAYS[way]
    words = [sys.executable, str(NOBODY), how, sys.executable] if how else [sys.executable]
    paths = os.pathsep.join(place for place in sys.path if place)
    done = subprocess.run(
        [*words, "-B", "-c", code],
        env={"PATH": os.defpath, "PYTHONPATH": paths, "HOME": "/nonexistent", "LANG": "C.UTF-8"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{way}: {done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    held = [f"{wall} by {how}" for wall, how in told["held"].items()]
    return told["made"], told["said"], held


def main(count: int) -> int:
    print("| the run | trials | attempts | succeeded | not run at all | held by |")
    print("|---|--:|--:|--:|--:|---|")
    wrong = 0
    for way, how in WAYS.items():
        made: Counter[str] = Counter()
        by: list[str] = []
        for _ in range(count):
            found, said, by = tried(way)
            escaped = [name for name, one in found.items() if one.startswith("escaped")]
            refused = "cannot be kept in on this system" in said
            made.update(attempts=len(found), escaped=len(escaped), refused=refused)
            expected = refused and not found if how == "old-docker" else len(found) == 23
            wrong += len(escaped) + (not expected)
        cells = (count, made["attempts"], made["escaped"], made["refused"], "; ".join(by))
        print(f"| {way} | {' | '.join(map(str, cells))} |")
    return 1 if wrong else 0
