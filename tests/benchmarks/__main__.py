"""Measure the engine beside its peers and print one table. See README.md in this folder."""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from pathlib import Path

import table
from determinism import determinism
from eviction import eviction
from harness import Row, machine
from isolation import isolation
from loading import loading
from memory import memory
from overhead import linearity, overhead
from parallel import parallel
from pictures import cold_start, parity
from reuse import again_from_text, again_in_memory, edit, restart
from sampling import batches, fusion, step_caches
from serving import answers, latency, throughput, traffic
from shelves import library
from sounds import band
from styles import repainted
from swaps import swaps
from tiers import hashing, tiers

BENCHMARKS = {
    "B1": overhead,
    "B2": linearity,
    "B3": again_from_text,
    "B4": again_in_memory,
    "B5": edit,
    "B6": restart,
    "B7": cold_start,
    "B8": parity,
    "B9": parallel,
    "B10": batches,
    "B11": tiers,
    "B12": hashing,
    "B13": eviction,
    "B14": swaps,
    "B16": loading,
    "B17": throughput,
    "B18": latency,
    "B19": traffic,
    "B24": memory,
    "B25": determinism,
    "B26": library,
    "B27": step_caches,
    "B28": fusion,
    "B29": repainted,
    "B30": isolation,
    "B31": answers,
    "B32": band,
}


def chosen(text: str) -> list[str]:
    names = [name.strip().upper() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in BENCHMARKS]:
        every = ", ".join(BENCHMARKS)
        raise argparse.ArgumentTypeError(f"no benchmark {unknown[0]}; there are {every}")
    return names


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description=__doc__)
    parser.add_argument(
        "--only", type=chosen, default=list(BENCHMARKS), metavar="B1,B3", help="some of them"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument(
        "--write", action="store_true", help="put the table into README.md between its marks"
    )
    asked = parser.parse_args()
    before, rows, broken = machine(), [], []
    for name in asked.only:
        start = time.perf_counter()
        print(f"{name} …", end=" ", file=sys.stderr, flush=True)
        try:
            rows += BENCHMARKS[name]()
        except Exception as error:  # noqa: BLE001  one that breaks must not take the rest with it
            broken.append(Row(name, f"broke: {type(error).__name__}", float("nan"), ""))
            traceback.print_exc()
        print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)
    facts = {**before, "load after": machine()["load"]}
    text = table.markdown(rows + broken, facts)
    print(text)
    if asked.json:
        written = {"machine": facts, "rows": [row.json() for row in rows + broken]}
        asked.json.write_text(json.dumps(written, indent=1) + "\n")
    if asked.write:
        only = asked.only if len(asked.only) < len(BENCHMARKS) else []
        table.write(Path(__file__).with_name("README.md"), text, only)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
