"""Every example at full size: ``python tests/soak/showcase.py``, or ``make showcase``.

The pictures go to ``build/showcase``, the figures to ``SHOWCASE.md`` beside this file. Each picture
is run again by ``musegraph reproduce``, with nothing reused.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "showcase"
REPORT = Path(__file__).with_name("SHOWCASE.md")
HEAD = """# Every example at full size

Written by `make showcase`; seconds from the start of the command to its end, with an empty cache.

| example | seconds | steps | output | KB | run again |
|---|--:|--:|---|--:|---|
"""


def musegraph(*arguments: str, cache: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "musegraph", *arguments],
        env=os.environ | {"MUSEGRAPH_CACHE": cache},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def show(example: Path) -> list[str]:
    """The rows of one example; raises RuntimeError with what was said if it fails."""
    from musegraph import Workflow

    with tempfile.TemporaryDirectory() as cache:
        folder = OUT / example.stem
        start = perf_counter()
        arguments = (str(example), "--out", str(folder), "--quiet")
        done = musegraph("run", *arguments, cache=cache)
        seconds = perf_counter() - start
        if done.returncode:
            raise RuntimeError(f"{example.name}: exit code {done.returncode}: {done.stderr}")
        steps = len(Workflow.read(example).nodes)
        rows = []
        for path in map(Path, done.stdout.splitlines()):
            verdict = musegraph("reproduce", str(path), cache=cache)
            said = verdict.stdout.strip() or verdict.stderr.strip()
            name, size = path.name, path.stat().st_size / 1024
            rows.append(
                f"| {example.stem} | {seconds:.1f} | {steps} | {name} | {size:.0f} | {said} |"
            )
        return rows


def run() -> int:
    rows: list[str] = []
    for example in sorted((ROOT / "workflows").glob("*.json")):
        made = show(example)
        print("\n".join(made), flush=True)
        rows += made
    REPORT.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return 0 if rows and all(row.endswith("| identical |") for row in rows) else 1


if __name__ == "__main__":
    sys.exit(run())
