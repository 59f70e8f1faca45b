"""Long trials of the promises: ``python tests/soak [--quick] [part …]``, see README.md."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CALL = "import runpy, sys; sys.exit(runpy.run_path(sys.argv[1])['main'](int(sys.argv[2])))"
FULL, QUICK = 100, 3
COUNTS = {"kills": 50, "flips": 1000, "faults": 1000, "rows": 10, "workflows": 10_000}
"""How many trials, where it is not ``FULL``."""


def parts() -> dict[str, Path]:
    files = sorted(HERE.glob("[a-z]*.py"))
    return {file.stem: file for file in files if "def main(count: int)" in file.read_text()}


def main() -> int:
    found = parts()
    parser = argparse.ArgumentParser(prog="python tests/soak", description=__doc__)
    parser.add_argument("part", nargs="*", help=f"of {', '.join(found)}; all without")
    parser.add_argument("--quick", action="store_true", help="a few trials of each")
    options = parser.parse_args()
    chosen = options.part or list(found)
    if unknown := [name for name in chosen if name not in found]:
        parser.error(f"there is no part {unknown[0]}; there are {', '.join(found)}")
    blocks, failed = [], []
    search = os.pathsep.join(
        str(ROOT / name) for name in ("engine", "nodes", "tests/engine", "tests/contract")
    )
    for name in chosen:
        count = QUICK if options.quick else COUNTS.get(name, FULL)
        done = subprocess.run(
            [sys.executable, "-c", CALL, str(found[name]), str(count)],
            env=os.environ | {"PYTHONPATH": search},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        print(done.stdout, flush=True)
        outcome = "passed" if done.returncode == 0 else f"failed, exit code {done.returncode}"
        blocks.append(f"## {name}: {outcome}\n\n{done.stdout.strip()}\n")
        if done.returncode:
            failed.append(name)
    now = datetime.now(UTC)
    head = f"# Soak, {now:%Y-%m-%d %H:%M} UTC{' (quick)' if options.quick else ''}\n\n"
    machine = f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}.\n"
    (HERE / "REPORT.md").write_text(head + machine + "\n" + "\n".join(blocks), encoding="utf-8")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
