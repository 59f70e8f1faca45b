"""MIDI files of odd things, read and written, as another reader hears them; and none at all.

Running status, many tempos, notes of no length or without an end, channel 10, texts, sysex, times
from 0 to a million ticks, one to five tracks: what `tests/engine/test_midi.py` draws.
"""

from __future__ import annotations

import random
import sys
from collections import Counter

from cost import cost
from test_midi import NONE, changed, check_that_it_comes_back, file_of, heard

from musegraph.values import identity
from musegraph.values.midi import MidiError, read_midi, write_midi

PROMISE = (
    "A MIDI file comes back with everything that was in it; what is none is refused in words,"
    " within a second."
)
FIRST = 1_000_000
LONGEST = 1.0


def main(count: int) -> int:
    wrong, kinds, slowest = list[str](), Counter[str](), 0.0
    for seed in range(FIRST, FIRST + count):
        names = (key[2].split()[0] for key in heard(file_of(seed)))
        kinds.update(name.removeprefix("MetaMessage('").rstrip("',") for name in names)
        try:
            check_that_it_comes_back(seed)
        except AssertionError as error:
            wrong.append(f"file {seed}: {error}")
    refused = 0
    draw = random.Random(FIRST)
    bad = [data for data, _ in NONE.values()]
    bad += [changed(file_of(seed), draw) for seed in range(FIRST, FIRST + count)]
    for data in bad:
        with cost() as spent:
            try:
                score = read_midi(data)
                if identity(read_midi(write_midi(score))) != identity(score):
                    wrong.append("a changed file comes back as another score")
            except MidiError:
                refused += 1
        slowest = max(slowest, spent.seconds)
    print("| files | events | kinds | lost or added | hostile | refused | slowest, s |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    print(f"| {count} | {sum(kinds.values())} | {len(kinds)} | {len(wrong)} | {len(bad)}"
          f" | {refused} | {slowest:.2f} |")  # fmt: skip
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong or slowest > LONGEST else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
