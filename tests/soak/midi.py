"""MIDI files of odd things, read and written, as another reader hears them; and none at all.

Running status, many tempos, notes of no length or without an end, channel 10, texts, sysex, times
from 0 to a million ticks, one to five tracks: what `tests/engine/test_midi.py` draws.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from time import process_time

from test_midi import NONE, file_of, heard

from musegraph.values import identity
from musegraph.values.midi import MidiError, read_midi, write_midi

PROMISE = (
    "A MIDI file comes back with everything that was in it; what is none is refused in words,"
    " within a second."
)
FIRST = 1_000_000
LONGEST = 1.0


def kept(data: bytes) -> str | None:
    """What of a file is lost when it is read and written; None where nothing is."""
    score = read_midi(data)
    again = write_midi(score)
    if identity(read_midi(again)) != identity(score):
        return "another score"
    before, after = heard(data), heard(again)
    if lost := before - after:
        return f"lost: {next(iter(lost))}"
    # A note that nobody let go ends with its track.
    added = [key for key in after - before if "note_off" not in key[2]]
    return f"added: {added[0]}" if added else None


def changed(data: bytes, draw: random.Random) -> bytes:
    """A file with some bytes exchanged, and perhaps cut off."""
    made = bytearray(data)
    for _ in range(draw.randrange(1, 6)):
        made[draw.randrange(len(made))] = draw.randrange(256)
    return bytes(made[: draw.choice((len(made), draw.randrange(len(made))))])


def main(count: int) -> int:
    wrong, kinds, slowest = list[str](), Counter[str](), 0.0
    for seed in range(FIRST, FIRST + count):
        data = file_of(seed)
        kinds.update(key[2].split()[0].removeprefix("MetaMessage('").rstrip("',") for key in
                     heard(data))  # fmt: skip
        if said := kept(data):
            wrong.append(f"file {seed}: {said}")
    refused, read = 0, 0
    draw = random.Random(FIRST)
    bad = [data for data, _ in NONE.values()]
    bad += [changed(file_of(seed), draw) for seed in range(FIRST, FIRST + count)]
    for data in bad:
        began = process_time()
        try:
            score = read_midi(data)
            read += 1
            if identity(read_midi(write_midi(score))) != identity(score):
                wrong.append("a changed file comes back as another score")
        except MidiError:
            refused += 1
        slowest = max(slowest, process_time() - began)
    print("| files | events | kinds | lost or added | hostile | refused | slowest, s |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    print(f"| {count} | {sum(kinds.values())} | {len(kinds)} | {len(wrong)} | {len(bad)}"
          f" | {refused} | {slowest:.2f} |")  # fmt: skip
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong or slowest > LONGEST else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
