"""Files that were changed at random: bundles, weights, pictures, what they carry, saved values."""

from __future__ import annotations

import os
import resource
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from fuzzed import SLOW, readers

PROMISE = (
    "A file that was changed at random is read or refused in one sentence, in time and memory."
)
MOST = 256 << 10
"""Kilobytes that the memory may grow by, as long as no picture is decoded."""


@contextmanager
def quiet() -> Iterator[None]:
    """Without what libraries in C write to the terminal."""
    own, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(own, 2)
        os.close(own)
        os.close(nowhere)


def memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(count: int) -> int:
    """So many changed files for each reader; whatever else one does goes through and ends this."""
    warnings.simplefilter("ignore")
    print("| files | changed | read | refused | CPU ms, most | memory, more MB |")
    print("|---|--:|--:|--:|--:|--:|")
    fine = True
    for name, reader in readers().items():
        before = memory()
        with quiet():
            reader.trial(count, seed=20)
        read, refused = reader.seen["read"] - len(reader.seeds), reader.seen["refused"]
        grown = memory() - before
        figures = (count, read, refused, f"{reader.slowest * 1e3:.0f}", grown >> 10)
        print(f"| {name} | {' | '.join(map(str, figures))} |", flush=True)
        bounded = reader.decodes or (reader.slowest < SLOW and grown < MOST)
        fine = fine and read + refused == count and bounded
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
