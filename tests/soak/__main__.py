"""Long trials of the promises: ``python tests/soak [--quick] [part …]``, see README.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from machine import machine, now

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
REPORT, FOUND = HERE / "REPORT.md", HERE / "report.json"
CALL = "import runpy, sys; sys.exit(runpy.run_path(sys.argv[1])['main'](int(sys.argv[2])))"
ABOUT = """
import runpy, sys
part = runpy.run_path(sys.argv[1])
print(part["PROMISE"], part.get("TRIALS", f"{int(sys.argv[2]):,}"), sep="\\n")
"""
FULL, QUICK = 100, 3
COUNTS = {"kills": 50, "flips": 1000, "faults": 1000, "rows": 10}
COUNTS |= {"workflows": 10_000, "memory": 10_000, "server": 100, "contract": 120}
COUNTS |= {"server_faults": 1000, "full": 10, "damage": 50, "clocks": 10, "endurance": 20_000}
COUNTS |= {"fuzz": 20_000, "decoders": 20_000, "links": 10_000, "strings": 500, "door": 200}
COUNTS |= {"past": 10_000, "noise": 48, "numpies": 10, "composing": 200}
COUNTS |= {"scenes": 500}
COUNTS |= {"escapes": 20, "ends": 25, "motions": 1000, "style": 6}
COUNTS |= {"moving": 5, "forms": 27, "midi": 1000}
"""How many trials, where it is not ``FULL``."""
FEWEST = {"scenes": 20, "dancing": 8, "noise": 8, "memory": 100, "past": 100, "endurance": 300}
"""How many are quick, where it is not ``QUICK``."""


def parts() -> dict[str, Path]:
    files = sorted(HERE.glob("[a-z]*.py"))
    return {file.stem: file for file in files if "def main(count: int)" in file.read_text()}


def python(code: str, file: Path, *arguments: str) -> tuple[int, str]:
    """A part's module in a process of its own; the exit code, and what it printed."""
    folders = (
        "engine", "nodes", "tests", "tests/engine", "tests/contract", "tests/soak", "tests/server",
        "tests/nodes",
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code, str(file), *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in folders)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.strip()


def carry_out(name: str, file: Path, count: int) -> dict[str, Any]:
    """One part; what is written down of it."""
    promise, trials = python(ABOUT, file, str(count))[1].splitlines()
    start = perf_counter()
    code, table = python(CALL, file, str(count))
    print(f"{table}\n", flush=True)
    return {
        "trials": trials,
        "outcome": "passed" if code == 0 else f"failed, exit code {code}",
        "seconds": round(perf_counter() - start),
        "when": now(),
        "machine": machine(),
        "promise": promise,
        "table": table,
    }


def report(found: dict[str, dict[str, Any]]) -> str:
    """The report: on what it was made, a row for each part, then each part's own table."""
    machines = list(dict.fromkeys(part["machine"] for part in found.values()))
    lines = ["# Soak", "", *machines, "", "| trial | promise | trials | outcome | seconds | when |"]
    lines += ["|---|---|--:|---|--:|---|"]
    for name, part in found.items():
        cells = (part["promise"], part["trials"], part["outcome"], part["seconds"])
        lines.append(f"| {name} | {' | '.join(map(str, cells))} | {part['when']} |")
    for name, part in found.items():
        lines += ["", f"## {name}: {part['outcome']}", "", part["table"]]
    return "\n".join(lines) + "\n"


def main() -> int:
    known = parts()
    parser = argparse.ArgumentParser(prog="python tests/soak", description=__doc__)
    parser.add_argument("part", nargs="*", help=f"of {', '.join(known)}; all without")
    parser.add_argument("--quick", action="store_true", help="a few trials of each; no report")
    options = parser.parse_args()
    chosen = options.part or list(known)
    if unknown := [name for name in chosen if name not in known]:
        parser.error(f"there is no part {unknown[0]}; there are {', '.join(known)}")
    failed = []
    for name in chosen:
        counts, usual = (FEWEST, QUICK) if options.quick else (COUNTS, FULL)
        made = carry_out(name, known[name], counts.get(name, usual))
        if made["outcome"] != "passed":
            failed.append(name)
        if not options.quick:  # after each part, so that a soak can be stopped and gone on with
            found = json.loads(FOUND.read_text("utf-8")) if FOUND.exists() else {}
            found = {n: p for n, p in sorted((found | {name: made}).items()) if n in known}
            FOUND.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
            REPORT.write_text(report(found), "utf-8")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
