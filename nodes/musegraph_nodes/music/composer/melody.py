"""Melodies: motifs that return over other chords, phrases that breathe, and a last note at home."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass

from musegraph_nodes.music.theory import Chord, Key

from .form import PHRASE, pitches_at
from .piece import STEPS, Tone
from .styles import Style, fitted

Sung = list[tuple[int, int, str]]
ChordAt = Callable[[int], Chord | None]
_STEPS_UP = (-2, -1, -1, -1, 0, 1, 1, 1, 2, 3, -3)
_MIDDLES = {40: 77, 73: 79, 66: 68, 65: 70, 56: 71, 26: 70, 24: 70, 25: 71, 68: 74, 105: 71}
"""By program, the pitch around which it sings; 74 for others."""


@dataclass
class Motif:
    """A bar of melody without its chord: rhythm, and where each note goes from the one before."""

    rhythm: Sung
    moves: list[int]


@dataclass
class Singer:
    """What is kept from note to note: the last pitch, and how far it may go."""

    key: Key
    chord_at: ChordAt
    draw: random.Random
    middle: int
    pitch: int

    def sing(self, motif: Motif, at: int, bar: int, begin: int | None) -> list[Tone]:
        """A motif at a step; ``begin`` is where it wants to begin, or from where it was."""
        made = []
        if begin is not None:
            self.pitch = begin
        for (start, length, _), move in zip(motif.rhythm, motif.moves, strict=True):
            step = at + start
            chord = self.chord_at(step)
            pitches = pitches_at(chord, self.key)
            self.pitch = self._within(walked(self.pitch, move, pitches))
            strong = start % (2 * STEPS) == 0 or length >= 9
            if chord is not None and (strong or (start % STEPS == 0 and self.draw.random() < 0.7)):
                self.pitch = nearest(self.pitch, chord.pitches, move)
            level = 2 + (start == 0) - (start % STEPS != 0 and length < 6)
            made.append(Tone(step, length, self.pitch, level))
        return made

    def close(self, rhythm: Sung, at: int, last: bool, bar: int) -> list[Tone]:
        """The end of a phrase: down to a long note of the chord; at the very end to the tonic."""
        made = []
        for index, (start, length, _) in enumerate(rhythm):
            step = at + start
            chord = self.chord_at(step)
            move = 0 if index == 0 else self.draw.choice((-1, -1, 1))
            self.pitch = self._within(walked(self.pitch, move, pitches_at(chord, self.key)))
            pitches = chord.pitches if chord is not None else self.key.scale
            if last and self.key.tonic in pitches:
                pitches = (self.key.tonic,)
            self.pitch = nearest(self.pitch, pitches, -1)
            made.append(Tone(step, length, self.pitch, 2))
        return made

    def _within(self, pitch: int) -> int:
        if pitch > self.middle + 11:
            return pitch - 12
        return pitch + 12 if pitch < self.middle - 11 else pitch


def walked(pitch: int, steps: int, pitches: Collection[int]) -> int:
    """So many notes of a scale up or down; with 0 the nearest one of it."""
    if pitch % 12 not in pitches:
        pitch = nearest(pitch, pitches, steps)
    while steps:
        pitch += 1 if steps > 0 else -1
        if pitch % 12 in pitches:
            steps -= 1 if steps > 0 else -1
    return pitch


def nearest(pitch: int, pitches: Collection[int], towards: int) -> int:
    """The nearest pitch of some classes; of two as near, the one on the way."""
    for away in range(7):
        for sign in (1, -1) if towards > 0 else (-1, 1):
            if (pitch + sign * away) % 12 in pitches:
                return pitch + sign * away
    return pitch


def melody(
    style: Style, key: Key, beats: int, bars: int, plan: str, chord_at: ChordAt,
    program: int, draw: random.Random,
) -> list[Tone]:  # fmt: skip
    """A melody for a whole piece, of which ``plan`` says by phrase what returns."""
    middle = _MIDDLES.get(program, 74) + draw.randint(-3, 3)
    singer = Singer(key, chord_at, draw, middle, nearest(middle, key.scale, 1))
    themes: dict[str, tuple[list[Motif], list[int]]] = {}
    made: list[Tone] = []
    for bar in range(bars):
        letter, place = plan[bar // PHRASE % len(plan)], bar % PHRASE
        if letter not in themes:
            themes[letter] = _theme(style, beats, singer, draw)
        motifs, begins = themes[letter]
        at = bar * beats * STEPS
        last = bar == bars - 1
        if last or place == PHRASE - 1:
            cell = style.closes[0] if last else draw.choice(style.closes)
            rhythm = fitted(cell, style.beats, beats)
            made += singer.close(rhythm, at, last, beats * STEPS)
        else:
            made += singer.sing(motifs[place], at, beats * STEPS, begins[place])
    return made


def _theme(
    style: Style, beats: int, singer: Singer, draw: random.Random
) -> tuple[list[Motif], list[int]]:
    """Three bars: two motifs, the first of which comes again, and where each begins."""
    one, two = _motif(style, beats, draw), _motif(style, beats, draw)
    third = one if draw.random() < 0.7 else two
    begin = singer.middle + draw.randint(-5, 4)
    rise = draw.choice((-3, -2, 2, 3, 4, 5))
    return [one, two, third], [begin, begin + rise, begin + draw.choice((0, 0, 2, -2))]


def _motif(style: Style, beats: int, draw: random.Random) -> Motif:
    rhythm = fitted(draw.choice(style.cells), style.beats, beats)
    moves = [0 if at == 0 else draw.choice(_STEPS_UP) for at in range(len(rhythm))]
    for at in range(1, len(moves) - 1):
        if abs(moves[at]) > 2:  # after a leap a step back
            moves[at + 1] = -1 if moves[at] > 0 else 1
    return Motif(rhythm, moves)
