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
from parity.sounds import RUNS, Run, compared
from sound_bench import Sounds

from musegraph_nodes.pipelines import catalogue

REPORT = Path(__file__).resolve().parent / "PARITY.md"
HEAD = """# Graphs beside plain pipelines

Written by `make parity`: each pipeline of Diffusers with tiny random weights, once called plainly
and once as its node of the pack `pipelines`, on the CPU, with the same weights and seed. A
difference is the largest of all pixels, relative to the largest value.

"""
SOUND = """
## Sound

Models of sound with tiny random weights, once by the plain library and once as a node of the pack
`soundgen`. A difference is the largest of all samples, relative to the largest value.

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


def heard(place: Sounds, run: Run) -> tuple[str, bool] | None:
    """The line of a sound model, and whether it is bit-equal; None if it failed or differs."""
    try:
        difference, shape = compared(place, run)
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        print(f"FAILED {run.family} {run.cls}", flush=True)
        return None
    print(f"{difference:8.1e} {run.family}", flush=True)
    if difference > MOST:
        return None
    equal = "bit-equal" if difference == 0 else f"{difference:.1e}"
    size = "×".join(map(str, shape))
    return f"| {run.family} | `{run.cls}` | `{run.node}` | {size} | {equal} |", difference == 0


def sounds(names: list[str]) -> tuple[list[str], bool]:
    """The section of sound, and whether all of it is good."""
    chosen = [run for run in RUNS if not names or run.cls in names]
    with tempfile.TemporaryDirectory() as folder:
        place = Sounds(Path(folder))
        found = [heard(place, run) for run in chosen]
    good = [one for one in found if one is not None]
    lines = [
        SOUND,
        f"{len(good)} runs, {sum(equal for _, equal in good)} bit-equal.\n\n",
        "| family | class | node | result | difference |\n",
        "|---|---|---|---|---|\n",
        *(line + "\n" for line, _ in good),
    ]
    return lines, len(good) == len(found)


def main(names: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder, bench(Path(folder)) as place:
        chosen = [
            case for case in CASES if not names or class_of(case, place.folder(case)) in names
        ]
        found = [(case, tried(place, case)) for case in chosen]
    heard_lines, all_heard = sounds(names)
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
            *heard_lines,
        ]
        REPORT.write_text("".join(lines), "utf-8")
    return 0 if len(good) == len(found) and all_heard else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
