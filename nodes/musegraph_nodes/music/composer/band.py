"""What the band plays: drums, bass, chords and a pad, from the patterns of a style."""

from __future__ import annotations

import random
from functools import lru_cache

from musegraph_nodes.music.theory import Chord, Key, voicing

from .form import PHRASE, pitches_at
from .melody import ChordAt, nearest, walked
from .piece import STEPS, Tone
from .styles import CRASH, KICK, OPEN, RIDE, Groove, Style, fitted

_STRENGTHS = {",": 0, "o": 1, "x": 2, "X": 3}
_LOW, _HIGH = 28, 50
"""The bass stays between these."""


def drums(style: Style, beats: int, bars: int, plan: str, draw: random.Random) -> list[Tone]:
    """The groove of each phrase, a fill before the next, and one stroke at the end."""
    if not style.grooves:
        return []
    grooves = {letter: draw.choice(style.grooves) for letter in sorted({*plan})}
    filled = draw.random() < 0.85
    made: list[Tone] = []
    for bar in range(bars):
        at = bar * beats * STEPS
        letter = plan[bar // PHRASE % len(plan)]
        if bar == bars - 1 and bars > 1:
            made += [Tone(at, 1, KICK, 3), Tone(at, 1, CRASH if style.pad else RIDE, 2)]
            continue
        turn = bar % PHRASE == PHRASE - 1 and (bar % (2 * PHRASE) != PHRASE - 1 or len(plan) < 3)
        made += _struck(style.fill if turn and filled else grooves[letter], style, at, beats)
        if style.pad and bar % (2 * PHRASE) == 0:
            made.append(Tone(at, 1, CRASH, 2))
    return made


def _struck(groove: Groove, style: Style, at: int, beats: int) -> list[Tone]:
    return [
        Tone(at + start, 1, pitch, _STRENGTHS.get(letter, 2))
        for pitch, pattern in groove.items()
        for start, _, letter in fitted(pattern, style.beats, beats)
        if not (pitch == OPEN and letter == ".")
    ]


def bass(
    style: Style, key: Key, beats: int, bars: int, plan: str, chord_at: ChordAt,
    draw: random.Random,
) -> list[Tone]:  # fmt: skip
    """Roots and what leads to the next one."""
    patterns = {letter: draw.choice(style.low) for letter in sorted({*plan})}
    made: list[Tone] = []
    before = 38
    for bar in range(bars):
        at = bar * beats * STEPS
        if bar == bars - 1 and bars > 1:
            if (chord := chord_at(at)) is not None:
                made.append(Tone(at, beats * STEPS, _root(chord, before), 2))
            continue
        played = fitted(patterns[plan[bar // PHRASE % len(plan)]], style.beats, beats)
        for start, length, letter in played:
            chord = chord_at(at + start)
            if chord is None:
                continue
            after = chord_at((bar + 1) * beats * STEPS) or chord
            before = _low(letter, chord, after, key, before, draw, start, beats)
            made.append(Tone(at + start, length, before, 2 + (start == 0)))
    return made


def _root(chord: Chord, before: int) -> int:
    pitch = chord.root if chord.bass is None else chord.bass
    options = [p for p in range(_LOW, 46) if p % 12 == pitch]
    return min(options, key=lambda p: (abs(p - before), p))


def _low(
    letter: str, chord: Chord, after: Chord, key: Key, before: int, draw: random.Random,
    start: int, beats: int,
) -> int:  # fmt: skip
    root = _root(chord, min(before, 42))
    third = next((step for step in chord.steps if step in (3, 4)), 7)
    fifth = next((step for step in chord.steps if step in (6, 7, 8)), 7)
    if letter == "5":
        return root + fifth if root + fifth <= _HIGH else root + fifth - 12
    if letter in "38":
        return min(root + (third if letter == "3" else 12), _HIGH)
    if letter == "a" or (letter == "w" and start >= (beats - 1) * STEPS):
        goal = _root(after, before)
        ways = pitches_at(chord, key)
        return draw.choice((goal - 1, goal + 1, walked(goal, 1, ways), walked(goal, -1, ways)))
    if letter == "w" and start:
        goal = _root(after, before)
        move = 1 if goal > before or before < _LOW + 5 else -1
        if start % (2 * STEPS) == 0:
            return nearest(before + 3 * move, chord.pitches, move)
        return walked(before, draw.choice((move, move, 2 * move)), pitches_at(chord, key))
    return root


@lru_cache(65_536)
def _voiced(chord: Chord, before: tuple[int, ...], low: int, voices: int) -> tuple[int, ...]:
    return tuple(voicing(chord, before or None, low, low + 21, voices))


def chords(
    style: Style, beats: int, bars: int, plan: str, chord_at: ChordAt, draw: random.Random,
    low: int = 49,
) -> list[Tone]:  # fmt: skip
    """Chords in the rhythm of the style; each voice moves as little as it can."""
    patterns = {letter: draw.choice(style.comp) for letter in sorted({*plan})}
    made: list[Tone] = []
    voices: tuple[int, ...] = ()
    bar_length = beats * STEPS
    for bar in range(bars):
        at = bar * bar_length
        played = fitted(patterns[plan[bar // PHRASE % len(plan)]], style.beats, beats)
        if bar == bars - 1 and bars > 1:
            played = [(0, bar_length, "C")]
        for start, length, letter in _restruck(played, at, chord_at):
            chord = chord_at(at + start)
            if chord is None:
                continue
            voices = _voiced(chord, voices, low, style.voices)
            level = 0 if letter == "c" else 1 + (start == 0)
            chosen = voices if letter in "Cc" else (voices[(int(letter) - 1) % len(voices)],)
            made += [Tone(at + start, length, pitch, level) for pitch in chosen]
    return made


def _restruck(
    played: list[tuple[int, int, str]], at: int, chord_at: ChordAt
) -> list[tuple[int, int, str]]:
    """What is held is struck anew where its chord changes."""
    made: list[tuple[int, int, str]] = []
    for start, length, letter in played:
        begin, here = start, chord_at(at + start)
        for step in range(start + 1, start + length):
            if (other := chord_at(at + step)) != here:
                made.append((begin, step - begin, letter))
                begin, here = step, other
        made.append((begin, start + length - begin, letter))
    return made


def pad(
    beats: int, bars: int, harmony: list[tuple[int, Chord | None]], low: int = 53
) -> list[Tone]:
    """Chords that are held until the next one."""
    made: list[Tone] = []
    voices: tuple[int, ...] = ()
    end = bars * beats * STEPS
    starts = [start for start, _ in harmony[1:]] + [end]
    for (start, chord), stop in zip(harmony, starts, strict=True):
        if chord is None:
            continue
        voices = _voiced(chord, voices, low, 3)
        at = start
        while at < stop:  # two bars at most, so that it breathes
            length = min(stop - at, 2 * beats * STEPS)
            made += [Tone(at, length, pitch, 0) for pitch in voices]
            at += length
    return made
