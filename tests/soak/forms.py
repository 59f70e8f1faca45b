"""How well the parts of pieces are found whose form is known, beside a part every eight bars.

A piece is of a style of the composer and a plan of parts: equal letters are the same music, others
have chords, a melody and a groove of their own; key, tempo and players are those of the piece. A
part lasts 4, 8 or 12 bars, as its letter draws.
"""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from musegraph_nodes.audio.frames import RATE
from musegraph_nodes.audio.rhythm import pulse
from musegraph_nodes.audio.sections import structure
from musegraph_nodes.music.composer.form import chosen_chords
from musegraph_nodes.music.composer.piece import DRUMS, Part, Piece, score_of, tidy
from musegraph_nodes.music.composer.styles import STYLES
from musegraph_nodes.music.composer.write import arranged
from musegraph_nodes.music.synth.render import levelled, render
from musegraph_nodes.music.theory import Key

PROMISE = (
    "Where parts begin is found within a bar with an F-measure of 0.6, and which of them are alike"
    " with a pairwise F-measure of 0.7, each at least 0.1 above a part every eight bars."
)
PLANS = ("AABA", "ABAB", "AABB", "ABAC", "ABCB", "ABACABA", "ABABCB")
LEAST, ABOVE = {"edges": 0.6, "letters": 0.7}, 0.1
FIRST = 5000
"""Seeds from here on; the listener was made with those below."""


@dataclass(frozen=True)
class Form:
    """A piece, where its parts begin and end in seconds, their letters, and how long a bar is."""

    piece: Piece
    edges: list[float]
    letters: str
    bar: float

    def heard(self) -> np.ndarray:
        mix = levelled(render(score_of(self.piece), RATE, lambda _: None, tail=1.0))
        return mix.mean(axis=0, dtype=np.float32)


def formed(genre: str, seed: int) -> Form:
    """A piece in a form of parts; all of it follows from the seed."""
    draw, style = random.Random(f"form {genre} {seed}"), STYLES[genre]
    key = Key(draw.randrange(12), "minor" if draw.random() < style.share_of_minor else "major")
    tempo, plan = float(draw.randint(*style.tempo)), draw.choice(PLANS)
    made: dict[str, Piece] = {}
    for letter in sorted({*plan}):
        bars = draw.choice((4, 8, 8, 12))
        harmony = chosen_chords(style, key, bars, style.beats, draw)
        one = arranged(genre, key, tempo, style.beats, bars, harmony, draw.randrange(1 << 30))
        made[letter] = one
    first = made[plan[0]]
    starts = [0, *accumulate(made[letter].bars for letter in plan)]
    parts = {}
    for role, part in first.parts.items():
        tones = [
            tone._replace(start=tone.start + at * first.bar)
            for letter, at in zip(plan, starts, strict=False)
            for tone in made[letter].parts.get(role, Part(0)).tones
        ]
        end = starts[-1] * first.bar
        parts[role] = replace(part, tones=tidy(tones, role == DRUMS, end))
    whole = replace(first, bars=starts[-1], harmony=(), parts=parts)
    bar = style.beats * 60 / (60e6 / round(60e6 / tempo))
    return Form(whole, [at * bar for at in starts], plan, bar)


def hits(found: list[float], true: list[float], near: float) -> float:
    """F-measure of inner edges, each found at most once within so many seconds."""
    left, right = list(found), 0
    for edge in true:
        close = [one for one in left if abs(one - edge) <= near]
        if close:
            left.remove(min(close, key=lambda one: abs(one - edge)))
            right += 1
    return 2 * right / max(len(found) + len(true), 1)


def alike(edges: list[float], letters: str, times: np.ndarray) -> np.ndarray:
    """Whether each two moments are of parts with the same letter."""
    at = np.clip(np.searchsorted(edges, times, "right") - 1, 0, len(letters) - 1)
    named = np.array([ord(letter) for letter in letters])[at]
    same = named[:, None] == named[None]
    return same[np.triu_indices(len(times), 1)]


def pairwise(edges: list[float], letters: str, form: Form) -> float:
    """F-measure of the pairs of moments that are said to be of equal parts (Levy, Sandler 2008)."""
    times = np.arange(0.25, form.edges[-1], 0.5)
    said, true = alike(edges, letters, times), alike(form.edges, form.letters, times)
    return 2 * float((said & true).sum()) / max(float(said.sum() + true.sum()), 1)


def judged(form: Form) -> dict[str, float]:
    wave = form.heard()
    found = structure(wave, pulse(wave).times, 6.0)
    every = [*np.arange(0, form.edges[-1] - form.bar, 8 * form.bar).tolist(), form.edges[-1]]
    names = {  # all alike, or each by itself: whichever is better
        "one": "A" * (len(every) - 1),
        "each": "".join(chr(65 + at) for at in range(len(every) - 1)),
    }
    return {
        "edges": hits(found.edges[1:-1], form.edges[1:-1], form.bar),
        "plain edges": hits(every[1:-1], form.edges[1:-1], form.bar),
        "letters": pairwise(found.edges, "".join(found.letters), form),
        "plain letters": max(pairwise(every, name, form) for name in names.values()),
    }


def main(count: int) -> int:
    names = list(STYLES)
    rows: dict[str, list[dict[str, float]]] = defaultdict(list)
    for index in range(count):
        genre = names[index % len(names)]
        rows[genre].append(judged(formed(genre, FIRST + index)))
    every = [one for some in rows.values() for one in some]
    titles = list(every[0])
    print(f"| style | pieces | {' | '.join(titles)} |\n|---|--:{'|--:' * len(titles)}|")
    for genre, some in [*rows.items(), ("all", every)]:
        told = [f"{np.mean([one[title] for one in some]):.3f}" for title in titles]
        print(f"| {genre} | {len(some)} | {' | '.join(told)} |")
    mean = {title: float(np.mean([one[title] for one in every])) for title in titles}
    held = all(
        mean[name] >= max(least, mean[f"plain {name}"] + ABOVE) for name, least in LEAST.items()
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9))
