"""How a piece is built: phrases of four bars, which return, and the chords under them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from functools import lru_cache

from musegraph_nodes.music.theory import QUALITIES, Chord, Key, parse_chord

from .piece import STEPS, Harmony
from .styles import Style

PHRASE = 4
"""Bars of a phrase."""
_PLANS = ("AABA", "ABAB", "AABB", "AAAA", "AABC")
_STRANGE = ("", "m", "7", "m7", "maj7", "dim", "sus4", "m7b5", "sus2", "aug", "6", "m6", "dim7")


def letters(bars: int, draw: random.Random) -> str:
    """By phrase, a letter; equal ones have the same melody and the same groove."""
    plan = draw.choice(_PLANS)
    count = -(-bars // PHRASE)
    return "".join(plan[at % len(plan)] for at in range(count))


def chosen_chords(
    style: Style, key: Key, bars: int, beats: int, draw: random.Random, strange: float = 0.0
) -> tuple[Harmony, ...]:
    """Chords for a piece of a style: turns that return with their phrases, and a cadence at last.

    ``strange`` is the share of chords that no style would take, from which a model learns what to
    do about those of a user.
    """
    turns: dict[str, list[Chord]] = {}
    pool = style.minor if key.minor else style.major
    made: list[Chord] = []
    plan = letters(bars, draw)
    while len(made) < bars:
        letter = plan[len(made) // PHRASE % len(plan)]
        if letter not in turns:
            turns[letter] = [_chord(word, key) for word in draw.choice(pool).split()]
        made += turns[letter]
    made = made[:bars]
    if strange:
        made = [_any(draw) if draw.random() < strange else chord for chord in made]
    harmony = [(at * beats * STEPS, chord) for at, chord in enumerate(made)]
    harmony = _hurried(harmony, beats, draw, key, style)
    if bars >= 2:
        dominant, end = style.cadence[key.minor].split()
        last = (bars - 1) * beats * STEPS
        before = last - beats * STEPS
        harmony = [row for row in harmony if row[0] < before]
        harmony += [(before, _chord(dominant, key)), (last, _chord(end, key))]
    return merged(Harmony(start, chord) for start, chord in harmony)


def _chord(word: str, key: Key) -> Chord:
    return _read(word, key)


@lru_cache(4096)
def _read(word: str, key: Key) -> Chord:
    return parse_chord(word, key)


def _any(draw: random.Random) -> Chord:
    return Chord(draw.randrange(12), draw.choice(_STRANGE))


def _hurried(
    harmony: Sequence[tuple[int, Chord]], beats: int, draw: random.Random, key: Key, style: Style
) -> list[tuple[int, Chord]]:
    """Now and then a dominant in the second half of a bar leads to what follows."""
    made: list[tuple[int, Chord]] = []
    for at, (start, chord) in enumerate(harmony):
        made.append((start, chord))
        after = harmony[(at + 1) % len(harmony)][1]
        if beats == 4 and after.root != chord.root and draw.random() < 0.08:
            seventh = "7" if "7" in "".join(style.major) else ""
            made.append((start + 2 * STEPS, Chord((after.root + 7) % 12, seventh)))
    return made


def merged(harmony: Iterable[Harmony]) -> tuple[Harmony, ...]:
    """Chords without those that only go on."""
    made: list[Harmony] = []
    for one in harmony:
        if not made or made[-1].chord != one.chord:
            made.append(one)
    return tuple(made)


def pitches_at(chord: Chord | None, key: Key) -> tuple[int, ...]:
    """The pitch classes to sing over a chord: the scale, bent to what the chord has."""
    scale = set(key.scale)
    if chord is None:
        return tuple(sorted(scale))
    own = {(chord.root + step) % 12: step for step in QUALITIES[chord.quality]}
    for pitch in own.keys() - scale:
        # A third or seventh that is major was raised, and takes the place of what lies below it.
        gone = (pitch + (-1 if own[pitch] in (4, 8, 11) else 1)) % 12
        if gone not in own and gone != key.tonic:
            scale.discard(gone)
    scale |= own.keys()
    return tuple(sorted(scale))
