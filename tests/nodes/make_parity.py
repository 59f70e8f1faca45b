"""Compare every tiny pipeline and write the table: ``make parity``, or ``… parity NAME``."""

from __future__ import annotations

import sys
import tempfile
import traceback
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent))

from parity.cases import CASES, Case
from parity.compare import Bench, Compared, bench, class_of

from musegraph_nodes.pipelines import catalogue

REPORT = Path(__file__).resolve().parent / "PARITY.md"
HEAD = """# Graphs beside plain pipelines

Written by `make parity`: each pipeline of Diffusers with tiny random weights, once called plainly
and once as its node of the pack `pipelines`, on the CPU, with the same weights and seed. A
difference is the largest of all pixels, relative to the largest value.

"""
MOST = 1e-4
LIBRARIES = ("diffusers", "transformers", "torch")


def row(case: Case, made: Compared) -> str:
    """A line of the table."""
    equal = "bit-equal" if made.difference == 0 else f"{made.difference:.1e}"
    shape = "×".join(map(str, made.shape))
    why = "" if made.difference == 0 else case.reason
    return f"| {case.family} | `{made.cls}` | `{made.node}` | {shape} | {equal} | {why} |"


def tried(place: Bench, case: Case) -> Compared | None:
    start = perf_counter()
    try:
        made = place.compare(case)
    except Exception:  # noqa: BLE001  a table with a hole says more than none
        traceback.print_exc()
        print(f"FAILED {case.family} {case.cls or case.build.__name__}", flush=True)
        return None
    print(f"{made.difference:8.1e} {perf_counter() - start:5.1f} s  {made.cls}", flush=True)
    return made


def main(names: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder, bench(Path(folder)) as place:
        chosen = [
            case for case in CASES if not names or class_of(case, place.folder(case)) in names
        ]
        found = [(case, tried(place, case)) for case in chosen]
    good = [(case, made) for case, made in found if made and made.difference <= MOST]
    if not names:
        fresh = catalogue.text_of(catalogue.signatures())
        if fresh != catalogue.SIGNATURES.read_text("utf-8"):
            print(f"signatures.json is not of the installed Diffusers: {catalogue.AGAIN}")
            return 1
        equal = sum(made.difference == 0 for _, made in good)
        families = len({case.family for case, _ in good})
        libraries = ", ".join(f"{one} {version(one)}" for one in LIBRARIES)
        lines = [
            HEAD,
            f"With {libraries}: {len(good)} runs over {families} families, {equal} bit-equal.\n\n",
            "| family | pipeline | node | result | difference | reason |\n",
            "|---|---|---|---|---|---|\n",
            *(row(case, made) + "\n" for case, made in good),
        ]
        REPORT.write_text("".join(lines), "utf-8")
    return 0 if len(good) == len(found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
