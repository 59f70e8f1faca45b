"""Pieces drawn by chance that the ear learns from: any pattern that a metre allows.

Nothing of them is of a style: tempo, metre, division of the beat, and for each player a pattern of
its own, in which what is on the beat is likelier than what lies between. So what is learned from
them is what a beat is, and not how the pieces go by which the ear is judged.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from bands import TICKS, Piece

from musegraph import Message, Note, Score, Tempo, Track
from musegraph_nodes.music.theory import Chord, Key, voicing

GRID = 12
"""Steps of a beat."""
_DIATONIC = {
    "major": ((0, "", "maj7"), (2, "m", "m7"), (4, "m", "m7"), (5, "", "maj7"), (7, "", "7"),
              (9, "m", "m7"), (10, "", "7"), (2, "", "7")),
    "minor": ((0, "m", "m7"), (3, "", "maj7"), (5, "m", "m7"), (7, "", "7"), (8, "", "maj7"),
              (10, "", "7"), (7, "m", "m7"), (2, "dim", "m7b5")),
}  # fmt: skip
"""Steps above the tonic, the triad and the seventh; the first is home, the last two are rare."""
_OFTEN = (6, 3, 2, 4, 5, 3, 1, 1)
_SPREAD = 0.22
"""The share of rhythms that are spread evenly over a bar, as tresillo and clave are (Toussaint
2005, *The Euclidean algorithm generates traditional musical rhythms*)."""
_PROGRAMS = ((0, 4, 16, 24, 26, 27, 48, 11), (32, 33, 38, 43, 58), (0, 11, 24, 40, 65, 66, 73, 80))
_KICK, _SNARE, _STICK, _HAT, _OPEN, _RIDE, _SHAKER = 36, 38, 37, 42, 46, 51, 70

Row = list[tuple[int, int]]
"""Steps of a bar and how long what begins there lasts."""


@dataclass
class _Metre:
    """A bar of so many beats, each in so many parts; some notes of parts come late."""

    beats: int
    parts: int
    swing: int

    @property
    def bar(self) -> int:
        return self.beats * GRID

    def at(self, beat: float) -> int:
        """The step of a place in beats; halves are late where the metre swings."""
        step = round(beat * GRID)
        return step + self.swing if step % GRID == GRID // 2 else step

    def weight(self, step: int) -> float:
        """How likely something begins at a step."""
        if step % GRID:
            return 0.45 if step % GRID == GRID // 2 else 0.18
        strong = step == 0 or (self.beats == 4 and step == 2 * GRID)
        return 1.0 if strong else 0.7


class Lesson:
    """Draws a piece; all of it follows from the seed."""

    def __init__(self, seed: int, drums: bool = True) -> None:
        self.draw = random.Random(f"lesson {seed}")
        draw = self.draw
        self.tempo = 58 * (186 / 58) ** draw.random()
        parts = draw.choice((2, 2, 3, 4) if self.tempo < 130 else (2, 2, 2, 3, 4))
        swing = 2 if parts == 2 and draw.random() < 0.25 else 0
        self.metre = _Metre(draw.choice((4, 4, 4, 3)), parts, swing)
        self.bars = max(4, round(15 * self.tempo / 60 / self.metre.beats))
        # What is in two says only the first and the third of its four beats in the low voices.
        self.in_two = self.metre.beats == 4 and self.tempo > 104 and draw.random() < 0.35
        self.key = Key(draw.randrange(12), draw.choice(("major", "minor")))
        self.loose = draw.choice((0, 3, 7))
        self.tracks: dict[int, list[Note]] = {0: [], 1: [], 2: [], 3: [], 9: []}
        self.held_end = draw.random() < 0.4
        self.chords = self._harmony()
        self._tune()
        self._low()
        self._comping()
        kit = draw.random() < 0.8
        if kit and drums:
            self._kit()

    # -- what is played -------------------------------------------------------------------------

    def _note(self, channel: int, step: float, length: float, pitch: int, loud: int) -> None:
        late = self.draw.gauss(0, self.loose)
        tick = max(round(step * TICKS / GRID + late), 0)
        loud = min(max(loud + self.draw.randint(-8, 8), 1), 127)
        ticks = max(round(length * TICKS / GRID * 0.93), 30)
        self.tracks[channel].append(Note(tick, ticks, pitch, loud, channel))

    def _steps(self, parts: int) -> list[int]:
        metre = self.metre
        return [metre.at(at / parts) for at in range(metre.beats * parts)]

    def _row(self, busy: float, parts: int = 0) -> Row:
        """A rhythm of a bar: what is on the beat is likelier; each note lasts to the next.

        Some go across the beat: so many notes as evenly as the steps of the bar allow.
        """
        parts = parts or self.metre.parts
        steps = self._steps(parts)
        if self.draw.random() < _SPREAD and parts != 3:
            steps = self._steps(self.draw.choice((2, 4)))
            some = self.draw.choice((3, 5, 5, 7)) if len(steps) > 8 else self.draw.choice((3, 5))
            chosen = [steps[at * len(steps) // some] for at in range(some)]
        else:
            chosen = [s for s in steps if self.draw.random() < busy * self.metre.weight(s)]
        chosen = chosen or [0]
        return [(a, b - a) for a, b in zip(chosen, [*chosen[1:], self.metre.bar], strict=True)]

    def _rows(self, busy: float) -> list[Row]:
        """One or two bars that come back."""
        rows = [self._row(busy) for _ in range(self.draw.choice((1, 1, 2)))]
        return [rows[bar % len(rows)] for bar in range(self.bars)]

    def _harmony(self) -> list[tuple[int, Chord]]:
        """Chords of bars, of two bars or of halves; turns of four come back, home is at an end."""
        draw, pool = self.draw, _DIATONIC[self.key.mode]
        long = draw.choice((1, 1, 1, 1, 2, 0.5 if self.metre.beats == 4 else 1)) * self.metre.bar
        sevenths = draw.random() < 0.35
        turn = [draw.choices(pool, _OFTEN)[0] for _ in range(draw.choice((2, 4, 4, 4, 8)))]
        turn[0 if draw.random() < 0.75 else -1] = pool[0]
        made: list[tuple[int, Chord]] = []
        for at in range(math.ceil(self.bars * self.metre.bar / long)):
            step, triad, seventh = turn[at % len(turn)]
            root = (self.key.tonic + step) % 12
            made.append((int(at * long), Chord(root, seventh if sevenths else triad)))
        if self.held_end:
            last = (self.bars - 1) * self.metre.bar
            home = Chord(self.key.tonic, pool[0][1])
            made = [*(one for one in made if one[0] < last), (last, home)]
        return made

    def _chord(self, step: float) -> Chord:
        return next(chord for start, chord in reversed(self.chords) if start <= step + 1)

    def _playing(self) -> range:
        return range(self.bars - self.held_end)

    def _low(self) -> None:
        draw, metre = self.draw, self.metre
        how = draw.choice(("one", "halves", "walk", "eighths", "drawn", "drawn", "off", ""))
        on = {
            "one": [0], "walk": self._steps(1), "eighths": self._steps(2),
            "halves": [0, 2 * GRID],
            "off": [s for s in self._steps(2) if s % GRID],
        }.get(how)  # fmt: skip
        drawn = self._rows(0.7)
        if self.in_two:
            on, drawn = None, [self._two() for _ in range(2)] * self.bars
            how = "two"
        for bar in self._playing():
            if not how:
                return
            row = drawn[bar]
            if on is not None:
                ends = [*on[1:], metre.bar]
                row = [(a, b - a) for a, b in zip(on, ends, strict=True)]
            for step, length in row:
                chord = self._chord(bar * metre.bar + step)
                tone = chord.root
                if step and draw.random() < (0.7 if how == "walk" else 0.25):
                    tone = draw.choice((*chord.pitches, *self.key.scale))
                self._note(1, bar * metre.bar + step, length, 31 + (tone - 7) % 12, 90)
        if self.held_end:
            self._note(
                1, (self.bars - 1) * metre.bar, metre.bar, 31 + (self.key.tonic - 7) % 12, 90
            )

    def _two(self) -> Row:
        """The first and the third beat, each perhaps with what leads to the next."""
        step = GRID // 2
        chosen = [0, 2 * GRID]
        chosen += [s for s in (3 * step, 5 * step, 7 * step) if self.draw.random() < 0.35]
        chosen.sort()
        return [(a, b - a) for a, b in zip(chosen, [*chosen[1:], self.metre.bar], strict=True)]

    def _comping(self) -> None:
        draw, metre = self.draw, self.metre
        how = draw.choice(("held", "pulse", "off", "drawn", "drawn", "broken", "waltz"))
        drawn, before = self._rows(0.55), None
        size, short = draw.choice((3, 4)), draw.random() < 0.5
        per = draw.choice((1, 2)) if how == "pulse" else metre.parts
        even = self._steps(per)
        order = draw.choice(((0, 1, 2, 1), (0, 2, 1, 2), (0, 1, 2, 3, 2, 1)))
        for bar in range(self.bars):
            first = bar * metre.bar
            rows: Row = {
                "held": [(0, metre.bar)], "pulse": [(s, GRID // per) for s in even],
                "broken": [(s, GRID) for s in even], "drawn": drawn[bar],
                "off": [(s, GRID // 2) for s in self._steps(2) if s % GRID],
                "waltz": [(s, GRID) for s in self._steps(1)[1:]],
            }[how]  # fmt: skip
            changes = [s - first for s, _ in self.chords if first < s < first + metre.bar]
            if how == "held":
                cuts = [0, *changes, metre.bar]
                rows = [(a, b - a) for a, b in pairwise(cuts)]
            if bar not in self._playing():
                rows, how = [(0, metre.bar)], "held"
            for index, (step, length) in enumerate(rows):
                chord = self._chord(first + step)
                pitches = voicing(chord, before, 50, 74, size)
                before = pitches
                lasts = min(length, 4) if short and how in ("drawn", "off", "waltz") else length
                if how == "broken":
                    pitches = [pitches[order[index % len(order)] % len(pitches)]]
                for pitch in pitches:
                    self._note(2, first + step, lasts, pitch, 78 if step % GRID == 0 else 70)
        if draw.random() < 0.35:
            for (start, chord), end in zip(
                self.chords, [*(s for s, _ in self.chords[1:]), self.bars * metre.bar], strict=True
            ):
                for pitch in voicing(chord, None, 53, 74, 3):
                    self._note(3, start, end - start, pitch, 48)

    def _tune(self) -> None:
        """A melody of motifs that come back, of the chord where it is strong."""
        draw, metre = self.draw, self.metre
        if draw.random() < 0.2:
            return
        motifs = [self._row(draw.uniform(0.5, 1.0)) for _ in range(3)]
        silent = [draw.random() < 0.15 for _ in range(4)]
        pitch = 72
        for bar in self._playing():
            if silent[bar % 4]:
                continue
            for step, length in motifs[(0, 1, 0, 2)[bar % 4]]:
                chord = self._chord(bar * metre.bar + step)
                wanted = chord.pitches if step % (2 * GRID) == 0 else self.key.scale
                near = [p for p in range(pitch - 5, pitch + 6) if p % 12 in wanted and 58 < p < 88]
                pitch = draw.choice(near or [72])
                self._note(0, bar * metre.bar + step, length, pitch, 90)

    def _kit(self) -> None:
        """Kick, snare and what marks time, by one of a few manners."""
        draw, metre = self.draw, self.metre
        parts = draw.choice((1, 2, metre.parts, metre.parts))
        time = [s for s in self._steps(parts) if draw.random() < 0.95]
        how = draw.choice(("back", "back", "floor", "free", "light", "ride"))
        drawn = [s for s, _ in self._row(0.5, 2 if metre.parts == 4 else metre.parts) if s]
        beats = self._steps(1)
        kick = {"floor": beats, "light": [0], "ride": beats}.get(how, sorted({0, *drawn}))
        if self.in_two:
            kick, how = [s for s, _ in self._two()], draw.choice(("free", "light"))
            time = self._steps(2)
        snare = beats[1::2] if metre.beats == 4 else beats[1:]
        if how == "free":
            snare = [s for s, _ in self._row(0.5)]
        if how in ("light", "ride") or (how == "floor" and draw.random() < 0.3):
            snare = []
        if draw.random() < 0.25:
            time = [s for s in self._steps(2) if s % GRID] if how == "floor" else []
        mark = draw.choice((_HAT, _RIDE, _SHAKER, _HAT)) if how != "floor" else _OPEN
        hit = _STICK if how == "free" else _SNARE
        soft = 55 if how == "ride" else 104
        for bar in self._playing():
            first = bar * metre.bar
            fill = bar % 4 == 3 and draw.random() < 0.5
            for step in kick:
                self._note(9, first + step, 1, _KICK, soft)
            for step in snare if not fill else [*snare, *self._steps(2)[-3:]]:
                self._note(9, first + step, 1, hit, 96)
            for step in time:
                self._note(9, first + step, 1, mark, 74 if step % GRID == 0 else 62)
        if self.held_end:
            self._note(9, (self.bars - 1) * metre.bar, 1, _KICK, 104)

    # -- the truth --------------------------------------------------------------------------------

    def piece(self) -> Piece:
        draw = random.Random(f"players {self.tempo}")
        programs = {9: 0, 3: 48}
        for channel, pool in zip((2, 1, 0), _PROGRAMS, strict=True):
            programs[channel] = draw.choice(pool)
        tracks = []
        for channel, notes in self.tracks.items():
            if notes:
                asked = Message(0, bytes((0xC0 | channel, programs[channel])))
                tracks.append(Track.of(sorted(notes), (asked,), f"part {channel}"))
        score = Score(TICKS, tuple(tracks), (Tempo(0, round(60e6 / self.tempo)),))
        tempo = 60e6 / round(60e6 / self.tempo)
        count = (self.bars - self.held_end) * self.metre.beats + self.held_end
        spans = [
            (start, end, root, quality.startswith(("m", "dim")) and not quality.startswith("maj"))
            for start, end, root, quality in self.spans()
        ]
        beats = np.arange(count) * 60 / tempo
        return Piece("drawn", score, tempo, beats, (self.key.tonic, self.key.minor), spans)

    def spans(self) -> list[tuple[float, float, int, str]]:
        """From when to when in seconds which root and quality sounds."""
        ends = [*(s for s, _ in self.chords[1:]), self.bars * self.metre.bar]
        second = 60 / (60e6 / round(60e6 / self.tempo)) / GRID
        return [
            (start * second, end * second, chord.root, chord.quality)
            for (start, chord), end in zip(self.chords, ends, strict=True)
        ]


def lesson(seed: int) -> Piece:
    """A piece by chance, of about a quarter of a minute."""
    return Lesson(seed).piece()
