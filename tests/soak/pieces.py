"""Figures of pieces: how right they are, how varied, and whether somebody wrote them before."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from musegraph.values.midi import read_midi, write_midi
from musegraph_nodes.audio.frames import RATE
from musegraph_nodes.audio.rhythm import pulse
from musegraph_nodes.music.composer.piece import DRUMS, MELODY, Piece, Tone, score_of
from musegraph_nodes.music.synth.render import render
from musegraph_nodes.music.theory import Key

_MAJOR = (.238, .006, .111, .006, .137, .094, .016, .214, .009, .080, .008, .081)  # fmt: skip
_MINOR = (.220, .006, .104, .123, .019, .103, .012, .214, .062, .022, .061, .052)  # fmt: skip
_HOME = 0.02
LONG = 8
"""Bars of a passage that may not be copied."""
NEAR = 0.02
"""How far a tempo may be from the one asked for."""


def pitched(piece: Piece) -> list[tuple[int, Tone]]:
    return [(r, t) for r, p in piece.parts.items() if r != DRUMS for t in p.tones]


def key_by_profiles(piece: Piece) -> Key:
    """The key whose distribution of pitch classes is nearest; what ends the piece counts more.

    Of keys nearly as near, that of the last low note is taken. How much it counts was chosen on
    pieces of the composer, whose keys are found so in 99 of 100.
    """
    sound = np.zeros(12)
    for _, tone in pitched(piece):
        sound[tone.pitch % 12] += tone.length * (3 if tone.end > piece.end - piece.bar else 1)
    sound /= max(sound.sum(), 1e-9)
    ends = [tone.pitch for _, tone in pitched(piece) if tone.end > piece.end - piece.bar]
    home = min(ends, default=-1) % 12
    fits = {
        (tonic, mode): float(((np.roll(profile, tonic) - sound) ** 2).sum())
        - _HOME * (tonic == home)
        for tonic in range(12)
        for mode, profile in (("major", _MAJOR), ("minor", _MINOR))
    }
    return Key(*min(fits, key=lambda key: fits[key]))


def on_strong_beats(piece: Piece) -> tuple[int, int]:
    """How many notes on the first and third beat are of the chord or the scale, and of how many."""
    strong = {0} if piece.beats == 3 else {0, 24}
    tones = [tone for _, tone in pitched(piece) if tone.start % piece.bar in strong]
    right = 0
    for tone in tones:
        chord = piece.chord_at(tone.start)
        right += tone.pitch % 12 in {*piece.key.scale, *(chord.pitches if chord else ())}
    return right, len(tones)


def entropy(values: Iterable[int]) -> float:
    counts = Counter(values)
    shares = [n / counts.total() for n in counts.values()]
    return -sum(share * math.log2(share) for share in shares)


def bars(piece: Piece) -> list[frozenset[tuple[int, int, int]]]:
    """What each bar has, its pitches from the tonic."""
    made: list[set[tuple[int, int, int]]] = [set() for _ in range(piece.bars)]
    for role, tone in pitched(piece):
        away = tone.pitch - piece.key.tonic
        made[tone.start // piece.bar].add((role, tone.start % piece.bar, away))
    return [frozenset(bar) for bar in made]


def self_similarity(piece: Piece) -> float:
    """How much of a bar was in the bar before that is most like it (Jaccard), on average."""
    whole, found = bars(piece), []
    for at in range(1, len(whole)):
        alike = [len(whole[at] & b) / max(len(whole[at] | b), 1) for b in whole[:at]]
        found.append(max(alike))
    return sum(found) / max(len(found), 1)


FIGURES: dict[str, Callable[[Piece], float]] = {
    "pitch entropy": lambda piece: entropy(tone.pitch % 12 for _, tone in pitched(piece)),
    "rhythm entropy": lambda piece: entropy(tone.start % piece.bar for _, tone in pitched(piece)),
    "self-similarity": self_similarity,
}


def passages(piece: Piece) -> Iterator[int]:
    """All that lasts eight bars, of all parts but the drums and of the melody alone, as a hash.

    Where half of the bars are empty there is nothing to copy.
    """
    whole = bars(piece)
    tune = [frozenset(note for note in bar if note[0] == MELODY) for bar in whole]
    for kind, some in enumerate((whole, tune)):
        for at in range(len(some) - LONG + 1):
            passage = some[at : at + LONG]
            if sum(map(bool, passage)) > LONG // 2:
                yield hash((kind, *passage))


def heard_tempo(piece: Piece) -> float:
    """The tempo that is found in the sound of a piece."""
    mix = render(score_of(piece), RATE, lambda done: None)
    return pulse(np.ascontiguousarray(mix.mean(0), np.float32)).tempo


@dataclass
class Found:
    """What is counted over the pieces of one kind."""

    pieces: int = 0
    valid: int = 0
    tempo: int = 0
    keys: int = 0
    right: int = 0
    strong: int = 0
    passages: list[frozenset[int]] = field(default_factory=list)
    heard: list[bool] = field(default_factory=list)
    """Of some pieces, whether their tempo is heard as well."""
    figures: dict[str, list[float]] = field(default_factory=lambda: {n: [] for n in FIGURES})

    def add(self, piece: Piece, tempo: float, key: Key) -> None:
        """A piece that was asked for in a tempo and a key."""
        score = score_of(piece)
        back = read_midi(write_midi(score))
        self.pieces += 1
        self.valid += back.notes == score.notes and bool(score.notes)
        self.tempo += abs(back.tempos[0].bpm / tempo - 1) <= NEAR
        self.keys += key_by_profiles(piece) == key
        right, strong = on_strong_beats(piece)
        self.right, self.strong = self.right + right, self.strong + strong
        self.passages.append(frozenset(passages(piece)))
        for name, figure in FIGURES.items():
            self.figures[name].append(figure(piece))

    def listen(self, piece: Piece, tempo: float) -> None:
        self.heard.append(abs(heard_tempo(piece) / tempo - 1) <= NEAR)

    def join(self, other: Found) -> None:
        for name in ("pieces", "valid", "tempo", "keys", "right", "strong"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.passages += other.passages
        self.heard += other.heard
        for name in FIGURES:
            self.figures[name] += other.figures[name]

    def share(self, name: str) -> float:
        if name == "right":
            return self.right / max(self.strong, 1)
        return float(getattr(self, name)) / max(self.pieces, 1)

    def copied(self, known: frozenset[int]) -> int:
        """How many pieces have a passage that is known."""
        return sum(not known.isdisjoint(some) for some in self.passages)

    def span(self, figure: str) -> tuple[float, float]:
        """Where 98 of 100 pieces lie."""
        low, high = np.percentile(self.figures[figure], (1, 99))
        return float(low), float(high)

    def within(self, figure: str, other: Found) -> float:
        """The share that lies where nearly all of the others do."""
        low, high = other.span(figure)
        values = np.array(self.figures[figure])
        return float(np.mean((low <= values) & (values <= high)))

    def row(self, name: str, known: frozenset[int], beside: Found | None = None) -> str:
        heard = f"{sum(self.heard)}/{len(self.heard)}" if self.heard else ""
        cells = [self.pieces, f"{self.share('valid'):.1%}", f"{self.share('right'):.1%}",
                 f"{self.share('keys'):.1%}", f"{self.share('tempo'):.1%}", heard,
                 self.copied(known)]  # fmt: skip
        for figure, values in self.figures.items():
            inside = f" ({self.within(figure, beside):.0%})" if beside else ""
            cells.append(f"{np.mean(values):.2f}{inside}")
        return f"| {name} | " + " | ".join(map(str, cells)) + " |"


HEAD = (
    "| | pieces | valid MIDI | on strong beats | key | tempo | tempo heard | copied"
    " | pitch entropy | rhythm entropy | self-similarity |\n" + "|---" + "|--:" * 10 + "|"
)
