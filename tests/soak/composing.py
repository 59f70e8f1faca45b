"""What the music model writes, beside pieces that it never saw and beside chance.

Of each genre so many pieces are asked for, in keys and tempos and over chords that were drawn; half
of them bring their chords along. Keys are told by an estimator that the pack does not have (the
profiles of Albrecht and Shanahan 2013). `MUSEGRAPH_MUSIC_MODEL` names another model than the one
that comes along.
"""

from __future__ import annotations

import math
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

import numpy as np
import torch

from musegraph import Reference
from musegraph.values.midi import read_midi, write_midi
from musegraph_nodes import starter
from musegraph_nodes.music.composer.form import chosen_chords
from musegraph_nodes.music.composer.piece import DRUMS, Harmony, Piece, Tone, score_of
from musegraph_nodes.music.composer.styles import STYLES
from musegraph_nodes.music.composer.write import composed
from musegraph_nodes.music.language.corpus import lessons
from musegraph_nodes.music.language.listen import heard
from musegraph_nodes.music.language.make import Order, composed_by, continued_by
from musegraph_nodes.music.language.model import load
from musegraph_nodes.music.language.net import MusicNet
from musegraph_nodes.music.language.sample import Taste
from musegraph_nodes.music.language.training.__main__ import HELD_OUT
from musegraph_nodes.music.theory import Key

PROMISE = (
    "What the music model writes is valid, in the key and on the chords asked for, as varied as"
    " what it learned from, and copies none of it."
)
BARS, LEARNED = 12, int(os.environ.get("MUSEGRAPH_MUSIC_LEARNED", "100"))
RANDOM_BARS = 2
_MAJOR = (.238, .006, .111, .006, .137, .094, .016, .214, .009, .080, .008, .081)  # fmt: skip
_MINOR = (.220, .006, .104, .123, .019, .103, .012, .214, .062, .022, .061, .052)  # fmt: skip
Passage = frozenset[tuple[int, int, int]]


def net_of_today() -> MusicNet:
    assert starter.pack.models is not None
    place = Path(os.environ.get("MUSEGRAPH_MUSIC_MODEL", starter.pack.models / "music"))
    return load(Reference(loader="music.model", source=str(place)), place, "cpu")


def chance() -> MusicNet:
    """A net to which whatever the grammar allows is as likely."""
    net = MusicNet(net_of_today().size)
    for weight in net.parameters():
        weight.data.zero_()
    return net.eval().requires_grad_(False)


# -- figures ----------------------------------------------------------------------------------


def pitched(piece: Piece) -> list[tuple[int, Tone]]:
    return [(r, t) for r, p in piece.parts.items() if r != DRUMS for t in p.tones]


def key_by_profiles(piece: Piece) -> Key:
    """The key whose distribution of pitch classes is nearest; what ends the piece counts more."""
    sound = np.zeros(12)
    for _, tone in pitched(piece):
        sound[tone.pitch % 12] += tone.length * (3 if tone.end > piece.end - piece.bar else 1)
    sound /= max(sound.sum(), 1e-9)
    fits = {
        (tonic, mode): float(((np.roll(profile, tonic) - sound) ** 2).sum())
        for tonic in range(12)
        for mode, profile in (("major", _MAJOR), ("minor", _MINOR))
    }
    return Key(*min(fits, key=lambda key: fits[key]))


def on_strong_beats(piece: Piece) -> tuple[int, int]:
    """How many notes on the first and third beat are of the chord or the scale, and of how many."""
    strong = [tone for _, tone in pitched(piece) if tone.start % piece.bar in (0, 24)]
    right = 0
    for tone in strong:
        chord = piece.chord_at(tone.start)
        right += tone.pitch % 12 in {*piece.key.scale, *(chord.pitches if chord else ())}
    return right, len(strong)


def entropy(values: Iterable[int]) -> float:
    counts = Counter(values)
    shares = [n / counts.total() for n in counts.values()]
    return -sum(share * math.log2(share) for share in shares)


def bars(piece: Piece) -> list[Passage]:
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


def passages(piece: Piece) -> Iterator[tuple[Passage, ...]]:
    """All that lasts eight bars."""
    whole = bars(piece)
    for at in range(len(whole) - 7):
        yield tuple(whole[at : at + 8])


# -- pieces -----------------------------------------------------------------------------------


def orders(genre: str, count: int, long: int) -> Iterator[Order]:
    style = STYLES[genre]
    draw = random.Random(f"orders {genre}")
    for number in range(count):
        key = Key(draw.randrange(12), draw.choice(("major", "minor")))
        harmony: tuple[Harmony, ...] | None = None
        if number % 2:
            harmony = chosen_chords(style, key, long, style.beats, draw)
        roles = sorted({0, 1, 2} | ({DRUMS} if style.grooves else set()))
        yield Order(
            genre, key, float(draw.randint(*style.tempo)), style.beats, long, harmony, None, roles
        )


def written(net: MusicNet, genre: str, count: int, long: int, taste: Taste) -> list[Piece]:
    return [
        composed_by(net, order, taste, seed, lambda bar, piece: None)
        for seed, order in enumerate(orders(genre, count, long))
    ]


@dataclass
class Found:
    """What is counted over the pieces of one kind."""

    pieces: int = 0
    valid: int = 0
    keys: int = 0
    right: int = 0
    strong: int = 0
    copied: int = 0
    seconds: float = 0.0
    figures: dict[str, list[float]] = field(default_factory=lambda: {n: [] for n in FIGURES})

    def add(self, pieces: Iterable[Piece], known: frozenset[tuple[Passage, ...]]) -> None:
        for piece in pieces:
            score = score_of(piece)
            self.pieces += 1
            back = read_midi(write_midi(score))
            tempo = abs(back.tempos[0].bpm / piece.tempo - 1) < 0.02
            self.valid += back.notes == score.notes and tempo and bool(score.notes)
            self.keys += key_by_profiles(piece) == piece.key
            right, strong = on_strong_beats(piece)
            self.right, self.strong = self.right + right, self.strong + strong
            self.copied += any(passage in known for passage in passages(piece))
            for name, figure in FIGURES.items():
                self.figures[name].append(figure(piece))

    def row(self, name: str, beside: Found | None = None) -> str:
        cells = [
            f"{self.valid / self.pieces:.0%}", f"{self.right / max(self.strong, 1):.1%}",
            f"{self.keys / self.pieces:.0%}", f"{self.copied}",
        ]  # fmt: skip
        for figure, values in self.figures.items():
            inside = f" ({self.within(figure, beside):.0%})" if beside else ""
            cells.append(f"{np.mean(values):.2f}{inside}")
        return f"| {name} | {self.pieces} | " + " | ".join(cells) + " |"

    def within(self, figure: str, other: Found) -> float:
        """The share that lies where nearly all of the others do."""
        low, high = np.percentile(other.figures[figure], (1, 99))
        return float(np.mean([low <= value <= high for value in self.figures[figure]]))


def went_on(net: MusicNet, genre: str, count: int) -> tuple[int, int, int]:
    """Of continued pieces: how many stay in their key, change chords on the grid, and all."""
    kept = grid = 0
    for seed in range(count):
        piece = composed(genre, HELD_OUT + 5000 + seed, 8)
        given = heard(score_of(piece), genre, str(piece.key)).piece
        made = continued_by(net, given, 8, None, True, Taste(), seed, lambda bar, so_far: None)
        new = {
            role: replace(part, tones=tuple(t for t in part.tones if t.start >= given.end))
            for role, part in made.parts.items()
        }
        kept += key_by_profiles(replace(made, parts=new)) == piece.key
        changes = [one.start % 12 for one in made.harmony if one.start >= given.end]
        grid += not any(changes)
    return kept, grid, count


def learned_passages() -> frozenset[tuple[Passage, ...]]:
    return frozenset(passage for piece in lessons(LEARNED) for passage in passages(piece))


HEAD = "| | pieces | valid | on beats | key | copied | pitch entropy | rhythm entropy | alike |"


def main(count: int) -> int:
    torch.set_num_threads(1)
    net, dice, known = net_of_today(), chance(), learned_passages()
    every, plain, unseen, chanced = Found(), Found(), Found(), Found()
    kept = grid = continued = 0
    print(HEAD, "|---|--:|--:|--:|--:|--:|--:|--:|--:|", sep="\n")
    for genre in STYLES:
        others = [composed(genre, HELD_OUT + seed, BARS) for seed in range(max(count, 20))]
        beside, found = Found(), Found()
        beside.add(others, known)
        unseen.add(others, known)
        start = perf_counter()
        made = written(net, genre, count, BARS, Taste())
        found.seconds = perf_counter() - start
        found.add(made, known)
        every.add(made, known)
        plain.add(written(net, genre, max(count // 5, 1), BARS, Taste(strict=False)), known)
        chanced.add(
            written(dice, genre, max(count // 20, 1), RANDOM_BARS, Taste(1.0, 1.0, False)), known
        )
        print(found.row(genre, beside))
        print(f"  {genre}: {found.seconds / count:.1f} s a piece", file=sys.stderr)
        one, two, three = went_on(net, genre, max(count // 5, 1))
        kept, grid, continued = kept + one, grid + two, continued + three
    print(every.row("all"))
    print(plain.row("all, not strict"))
    print(unseen.row("never seen"))
    print(chanced.row("chance"))
    print(f"\nContinued: {kept} of {continued} in their key, {grid} with chords on beats.")
    fine = every.valid == every.pieces and not every.copied
    fine = fine and every.right >= 0.9 * every.strong and every.keys >= 0.9 * every.pieces
    return 0 if fine and kept >= 0.9 * continued else 1
