"""Pieces for bands whose tempo, beats, key and chords are known, to put listening to the test."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from musegraph import Message, Note, Score, Tempo, Track
from musegraph_nodes.music.synth.render import levelled, render, room
from musegraph_nodes.music.theory import Chord, voicing

RATE = 22_050
TICKS = 480
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)

# Steps above the tonic and whether the chord is minor; each begins or ends at home.
MAJORS = (
    ((0, 0), (7, 0), (9, 1), (5, 0)), ((0, 0), (9, 1), (5, 0), (7, 0)),
    ((0, 0), (5, 0), (7, 0), (5, 0)), ((0, 0), (5, 0), (0, 0), (7, 0)),
    ((2, 1), (7, 0), (0, 0), (0, 0)), ((0, 0), (4, 1), (5, 0), (7, 0)),
    ((0, 0), (2, 1), (5, 0), (7, 0)), ((0, 0), (7, 0), (5, 0), (7, 0)),
)  # fmt: skip
MINORS = (
    ((0, 1), (8, 0), (3, 0), (10, 0)), ((0, 1), (5, 1), (7, 0), (0, 1)),
    ((0, 1), (10, 0), (8, 0), (7, 0)), ((0, 1), (8, 0), (5, 1), (7, 0)),
    ((0, 1), (5, 1), (10, 0), (0, 1)), ((0, 1), (7, 0), (0, 1), (5, 1)),
)  # fmt: skip


@dataclass(frozen=True)
class Style:
    """A manner: tempos, drums of a bar in sixteenths (kick, snare, hat), bass, and who plays."""

    slow: int
    fast: int
    drums: tuple[tuple[str, str, str], ...]
    bass: tuple[str, ...]
    comping: tuple[tuple[str, int], ...]
    beats: int = 4
    swing: float = 0.0
    hat: int = 42


STYLES = {
    "rock": Style(92, 148, (("x.....x.x.......", "....x.......x...", "x.x.x.x.x.x.x.x."),
                            ("x.x.......x.x...", "....x.......x...", "x.x.x.x.x.x.x.x."),
                            ("x.......x.x.....", "....x.......x...", "x...x...x...x...")),
                  ("x.x.x.x.x.x.x.x.", "x...x...x...x..."), (("pulse", 27), ("block", 16))),
    "pop": Style(84, 126, (("x.....x.x.....x.", "....x.......x...", "x.x.x.x.x.x.x.x."),
                           ("x.......x.......", "....x.......x...", "xxxxxxxxxxxxxxxx")),
                 ("x.......x.......", "x.....x.x.....x."), (("block", 0), ("arpeggio", 4))),
    "ballad": Style(60, 86, (("x.......x.......", "....x.......x...", "x.x.x.x.x.x.x.x."),
                             ("x.....x.x.......", "....x.......x...", "xxxxxxxxxxxxxxxx")),
                    ("x...............", "x.......x......."), (("arpeggio", 0), ("block", 48))),
    "house": Style(116, 132, (("x...x...x...x...", "....x.......x...", "..x...x...x...x."),
                              ("x...x...x...x...", "................", "..x...x...x...x.")),
                   ("..x...x...x...x.", "x..x..x.x..x..x."), (("stabs", 4), ("block", 89)), hat=46),
    "disco": Style(104, 128, (("x...x...x...x...", "....x.......x...", "x.xxx.xxx.xxx.xx"),),
                   ("x.x.x.x.x.x.x.x.",), (("stabs", 27), ("block", 48))),
    "hip-hop": Style(70, 100, (("x......xx.x.....", "....x.......x...", "x.x.x.x.x.x.x.x."),
                               ("x..x....x.......", "....x.......x..x", "xxx.x.xxx.x.x.x.")),
                     ("x......xx.......",), (("block", 4), ("arpeggio", 11))),
    "drum and bass": Style(
        160, 178, (("x.........x.....", "....x.......x...", "x.x.x.x.x.x.x.x."),),
        ("x.........x.....", "x..............."), (("block", 89),),
    ),
    "bossa": Style(112, 148, (("x..xx..xx..xx..x", "x..x...x..x.....", "x.x.x.x.x.x.x.x."),),
                   ("x.....x.x.....x.",), (("stabs", 24), ("block", 4))),
    "waltz": Style(84, 168, (("x...........", "....x...x...", "x...x...x..."),
                             ("x...........", "....x...x...", "x.x.x.x.x.x.")),
                   ("x...........",), (("waltz", 0), ("waltz", 21)), beats=3),
    "folk": Style(84, 138, (("", "", ""), ("", "", "x...x...x...x...")),
                  ("x.......x.......", ""), (("strum", 25),)),
    "piano": Style(66, 116, (("", "", ""),), ("x.......x.......",), (("arpeggio", 0),
                                                                     ("pulse4", 0))),
    "march": Style(100, 126, (("x.......x.......", "....x.x.....x.x.", "................"),
                              ("x...x...x...x...", "..x...x...x...xx", "x...x...x...x...")),
                   ("x.......x.......",), (("stabs", 61), ("pulse4", 60))),
    "ska": Style(132, 172, (("x.......x.......", "....x.......x...", "x.x.x.x.x.x.x.x."),),
                 ("x...x...x...x...",), (("stabs", 27),)),
    "funk": Style(90, 116, (("x.....x...x.....", "....x..x.x..x..x", "xxxxxxxxxxxxxxxx"),
                            ("x.x......xx.....", "....x.......x...", "xxxxxxxxxxxxxxxx")),
                  ("x..x..x...x..x..",), (("stabs", 27), ("stabs", 4))),
    "swing": Style(100, 176, (("x...x...x...x...", "....x.......x...", "x...x.x.x...x.x."),),
                   ("x...x...x...x...",), (("block", 0), ("stabs", 26)), swing=1 / 6, hat=51),
}  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """A piece and the truth of it; times in seconds."""

    style: str
    score: Score
    tempo: float
    beats: np.ndarray
    key: tuple[int, bool]
    chords: list[tuple[float, float, int, bool]]

    def heard(self, rate: int = RATE, reverb: float = 0.2) -> np.ndarray:
        """Its samples, the mean of both sides."""
        mix = room(render(self.score, rate, lambda _: None, tail=1.5), rate, reverb, 1.3)
        return levelled(mix).mean(axis=0, dtype=np.float32)


def compose(
    seed: int, style: str = "", seconds: float = 15.0, tempo: float = 0.0, drums: bool = True
) -> Piece:
    """A piece in a style, of about so many seconds; all of it follows from the seed."""
    draw = random.Random(seed)
    style = style or draw.choice(list(STYLES))
    manner = STYLES[style]
    tempo = tempo or draw.uniform(manner.slow, manner.fast)
    minor, tonic = draw.random() < 0.4, draw.randrange(12)
    row = draw.choice(MINORS if minor else MAJORS)
    bars = max(4, round(seconds * tempo / 60 / manner.beats / 4) * 4)
    steps = manner.beats * 4
    writer = _Writer(draw, manner, draw.choice((0, 4, 8)))
    chords = [row[bar % len(row)] for bar in range(bars)]
    before = None
    kit = draw.choice(manner.drums) if drums else ("", "", "")
    bass, (comping, program) = draw.choice(manner.bass), draw.choice(manner.comping)
    for bar, (step, is_minor) in enumerate(chords):
        root = (tonic + step) % 12
        before = voicing(Chord(root, "m" if is_minor else ""), before, 52, 76, 4)
        writer.drums(bar * steps, kit)
        writer.bass(bar * steps, bass, 32 + (root + 4) % 12)
        writer.comp(bar * steps, comping, before)
    if draw.random() < 0.65:
        writer.melody(bars * steps, tonic, MINOR if minor else MAJOR, chords, steps)
    score = writer.score(tempo, program, draw.choice((73, 65, 80, 0)))
    quarter = 60e6 / round(60e6 / tempo)
    beats = np.arange(bars * manner.beats) * 60 / quarter
    bar_long = manner.beats * 60 / quarter
    spans = [
        (bar * bar_long, (bar + 1) * bar_long, (tonic + step) % 12, bool(is_minor))
        for bar, (step, is_minor) in enumerate(chords)
    ]
    return Piece(style, score, quarter, beats, (tonic, minor), spans)


class _Writer:
    """Writes bars of sixteenths into tracks."""

    def __init__(self, draw: random.Random, style: Style, loose: int) -> None:
        self.draw, self.style, self.loose = draw, style, loose
        self.tracks: dict[str, list[Note]] = {"drums": [], "bass": [], "chords": [], "melody": []}

    def _tick(self, step: float) -> int:
        """A sixteenth in ticks: swung where the style swings, and a little early or late."""
        late = self.style.swing if step % 4 == 2 else 0.0
        wanted = (step / 4 + late) * TICKS
        return max(round(wanted + self.draw.gauss(0, self.loose)), 0)

    def note(self, track: str, step: float, length: float, pitch: int, loud: int) -> None:
        loud = min(max(loud + self.draw.randint(-8, 8), 1), 127)
        channel = 9 if track == "drums" else {"bass": 0, "chords": 1, "melody": 2}[track]
        ticks = max(round(length * TICKS / 4), 30)
        self.tracks[track].append(Note(self._tick(step), ticks, pitch, loud, channel))

    def drums(self, first: int, kit: tuple[str, str, str]) -> None:
        for row, pitch, loud in zip(kit, (36, 38, self.style.hat), (105, 98, 68), strict=True):
            for step, mark in enumerate(row):
                if mark == "x":
                    accent = 14 if step % 4 == 0 and pitch == self.style.hat else 0
                    self.note("drums", first + step, 1, pitch, loud + accent)

    def bass(self, first: int, row: str, pitch: int) -> None:
        spots = [step for step, mark in enumerate(row) if mark == "x"]
        for step, after in pairwise([*spots, len(row)]):
            self.note("bass", first + step, (after - step) * 0.9, pitch, 88)

    def comp(self, first: int, how: str, pitches: list[int]) -> None:
        size = self.style.beats * 4
        if how == "arpeggio":
            for index, step in enumerate(range(0, size, 2)):
                self.note("chords", first + step, 2.5, pitches[(0, 1, 2, 3, 2, 1)[index % 6]], 72)
            return
        spots: list[int] = {
            "block": [0], "pulse": list(range(0, size, 2)), "pulse4": list(range(0, size, 4)),
            "stabs": [s for s in range(size) if s % 4 == 2], "waltz": [4, 8],
            "strum": [0, 4, 6, 10, 12, 14],
        }[how]  # fmt: skip
        for step, after in pairwise([*spots, size]):
            length = 1.5 if how == "stabs" else (after - step) * 0.95
            loud = 80 if step % 4 == 0 else 68
            for index, pitch in enumerate(pitches):
                late = index * 0.12 if how == "strum" else 0.0
                self.note("chords", first + step + late, length, pitch, loud)

    def melody(
        self, steps: int, tonic: int, scale: tuple[int, ...], chords: list[Any], bar: int
    ) -> None:
        """A walk over the scale that is at home in the chord on strong beats, and at the end."""
        pitch, step = 72 + tonic % 12 - (12 if tonic > 6 else 0), 0
        notes = [p for p in range(60, 85) if (p - tonic) % 12 in scale]
        while step < steps:
            length = self.draw.choice((2, 2, 4, 4, 4, 6, 8))
            root, is_minor = chords[step // bar]
            tones = {(tonic + root + s) % 12 for s in (0, 3 if is_minor else 4, 7)}
            near = [p for p in notes if abs(p - pitch) <= 5]
            if step % 4 == 0:
                near = [p for p in range(58, 87) if p % 12 in tones and abs(p - pitch) <= 6] or near
            pitch = self.draw.choice(near or notes)
            if self.draw.random() < 0.85:
                self.note("melody", step, min(length, steps - step) * 0.9, pitch, 90)
            step += length

    def score(self, tempo: float, program: int, melody: int) -> Score:
        programs = {"drums": 0, "bass": 33, "chords": program, "melody": melody}
        tracks = []
        for name, notes in self.tracks.items():
            if notes:
                channel = notes[0].channel
                asked = Message(0, bytes((0xC0 | channel, programs[name])))
                tracks.append(Track.of(notes, (asked,), name))
        return Score(TICKS, tuple(tracks), (Tempo(0, round(60e6 / tempo)),))
