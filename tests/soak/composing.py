"""What the music model writes, beside pieces that it never saw and beside chance.

Of each genre so many pieces are asked for, in keys and tempos that were drawn; half of them bring
their chords along. Keys are told by an estimator that the pack does not have (the profiles of
Albrecht and Shanahan 2013), tempos also from the sound of some. `MUSEGRAPH_MUSIC_MODEL` names
another model than the one that comes along.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from pieces import FIGURES, HEAD, Found
from writing import Continued, Judged, judged

from musegraph_nodes.music.composer.styles import STYLES

PROMISE = (
    "What the music model writes is valid, in the key, the tempo and on the chords asked for, as"
    " varied as what it learned from, and copies none of it; what it continues stays itself."
)
TRIALS = f"200 in each of {len(STYLES)} genres"
MOST = 0.9
INSIDE = 0.9
"""Of all pieces, those whose figure lies where 98 of 100 unseen ones do."""


def table(all_of_them: list[Judged], learned: frozenset[int]) -> dict[str, Found]:
    """A row for each genre with what it is beside, then all together; the sums by kind."""
    sums: dict[str, Found] = {}
    print(HEAD)
    for one in all_of_them:
        unseen = one.kinds["unseen"]
        print(one.kinds["written"].row(f"**{one.genre}**", learned, unseen))
        for kind, found in one.kinds.items():
            if kind != "written":
                print(
                    found.row(f"{one.genre}, {kind}", learned, None if kind == "unseen" else unseen)
                )
            sums.setdefault(kind, Found()).join(found)
    for kind, found in sums.items():
        print(found.row(f"**all, {kind}**", learned))
    return sums


def verdicts(all_of_them: list[Judged], learned: frozenset[int]) -> list[tuple[str, float, float]]:
    """Each promise with the least that holds it, and the figure that was found."""
    every, continued = Found(), Continued()
    inside = dict.fromkeys(FIGURES, 0.0)
    means = 0
    for one in all_of_them:
        found, unseen = one.kinds["written"], one.kinds["unseen"]
        every.join(found)
        continued.join(one.continued)
        for figure in FIGURES:
            inside[figure] += found.within(figure, unseen) / len(all_of_them)
            low, high = unseen.span(figure)
            means += low <= sum(found.figures[figure]) / found.pieces <= high
    went = max(continued.pieces, 1)
    return [
        ("valid MIDI", 1.0, every.share("valid")),
        ("notes on strong beats of the chord or the scale", MOST, every.share("right")),
        ("key found", MOST, every.share("keys")),
        ("tempo within 2 %", 1.0, every.share("tempo")),
        ("means of a genre in the range of unseen pieces", 1.0,
         means / len(all_of_them) / len(FIGURES)),
        *((f"{name} in the range of unseen pieces", INSIDE, n) for name, n in inside.items()),
        ("continued in their key", MOST, continued.key / went),
        ("continued in their tempo", 1.0, continued.tempo / went),
        ("continued on their chord grid", MOST, continued.grid / went),
        ("no eight bars of a lesson", 1.0, 1 - every.copied(learned) / every.pieces),
    ]  # fmt: skip


def main(count: int) -> int:
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        made = list(pool.map(partial(judged, count=count), STYLES))
    learned = frozenset[int]().union(*(one.learned for one in made))
    table(made, learned)
    pace = sum(one.seconds for one in made) / count / len(made)
    went = sum(one.continued.pieces for one in made)
    print(
        f"\n{pace:.2f} s of a core a piece; {went} were continued; {len(learned)} passages known."
    )
    print("In brackets: the share of pieces that lies where 98 of 100 unseen ones do.\n")
    print("| promise | at least | found | |\n|---|--:|--:|---|")
    held = True
    for name, least, found in verdicts(made, learned):
        held &= found >= least
        said = "held" if found >= least else "**not held**"
        print(f"| {name} | {least:.0%} | {found:.1%} | {said} |")
    worst = min(made, key=lambda one: one.kinds["written"].share("keys"))
    print(f"\nthe key is found least often in {worst.genre}", file=sys.stderr)
    return 0 if held else 1
