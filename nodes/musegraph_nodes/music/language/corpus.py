"""What a model learns from: pieces as tokens with their facts, cut into stretches of one length."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from musegraph_nodes.music.composer.piece import MELODY, Piece
from musegraph_nodes.music.composer.styles import STYLES
from musegraph_nodes.music.composer.write import composed

from . import vocabulary as v
from .code import encoded, facts_of
from .reader import FACTS

IGNORED = -100
"""The label of what is not to be predicted."""
GIVEN = 6
"""Tokens of a header that are always said, never guessed."""
_BARS = (8, 8, 12, 16, 16, 24)
_STRANGE = (0.0, 0.0, 0.15, 0.6)
"""Shares of chords that no style has, so that every chord is known."""


@dataclass(frozen=True)
class Corpus:
    """All tokens one after the other, their facts, and where each piece begins."""

    tokens: NDArray[np.uint16]
    facts: NDArray[np.uint8]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, pieces: Iterable[Piece]) -> Corpus:
        tokens: list[int] = []
        facts: list[tuple[int, ...]] = []
        starts = [0]
        for piece in pieces:
            said = encoded(piece)
            tokens += said
            facts += facts_of(said)
            starts.append(len(tokens))
        return cls(
            np.array(tokens, np.uint16),
            np.array(facts, np.uint8).reshape(-1, len(FACTS)),
            np.array(starts, np.int64),
        )

    def save(self, file: Path) -> None:
        partial = file.with_name(f"partial-{file.name}")
        with partial.open("wb") as to:
            np.savez(to, tokens=self.tokens, facts=self.facts, starts=self.starts)
        partial.replace(file)

    @classmethod
    def load(cls, file: Path) -> Corpus:
        with np.load(file, allow_pickle=False) as held:
            return cls(held["tokens"], held["facts"], held["starts"])

    def __len__(self) -> int:
        return len(self.starts) - 1

    def stretch(self, piece: int, length: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Which places of the corpus a stretch takes: a header, then bars from one of them on."""
        begin, end = self.starts[piece], self.starts[piece + 1]
        own = self.tokens[begin:end]
        bars = np.flatnonzero((own >= v.BAR.first) & (own < v.BAR.first + v.BAR.count))
        first = int(bars[0])
        # From the beginning, or from a bar after which there is still enough to fill it.
        late = [int(bar) for bar in bars if len(own) - bar > length // 2]
        chosen = first if rng.random() < 0.4 or not late else late[int(rng.integers(len(late)))]
        taken = np.arange(chosen, min(len(own), chosen + length + 1 - first))
        return np.asarray(begin + np.concatenate((np.arange(first), taken)), np.int64)

    def batch(self, size: int, length: int, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Tokens and labels [size,length], facts [size,length,9]; beyond an end nothing counts."""
        tokens = np.zeros((size, length + 1), np.int64)
        facts = np.zeros((size, length, len(FACTS)), np.int64)
        labels = np.full((size, length), IGNORED, np.int64)
        for row in range(size):
            places = self.stretch(int(rng.integers(len(self))), length, rng)
            tokens[row, : len(places)] = self.tokens[places]
            count = len(places) - 1
            facts[row, :count] = self.facts[places[:-1]]
            labels[row, GIVEN - 1 : count] = tokens[row, GIVEN : count + 1]
        return tuple(map(torch.from_numpy, (tokens[:, :-1].copy(), labels, facts)))


def taught(genre: str, number: int) -> Piece:
    """A piece to learn from: some are short, some lack parts, some have strange chords."""
    draw = random.Random(f"taught {genre} {number}")
    piece = composed(genre, number, draw.choice(_BARS), strange=draw.choice(_STRANGE))
    roles = sorted(piece.parts)
    lot = draw.random()
    if lot < 0.4:
        # A melody alone is what chords are looked for.
        kept = [MELODY] if lot < 0.1 else draw.sample(roles, draw.randint(1, len(roles)))
        piece = replace(piece, parts={role: piece.parts[role] for role in sorted(kept)})
    return piece


def lessons(each: int, first: int = 0) -> Iterator[Piece]:
    """So many pieces of each genre, the genres in turn."""
    for number in range(first, first + each):
        for genre in STYLES:
            yield taught(genre, number)
