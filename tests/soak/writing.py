"""Pieces of one genre: by the music model, by the composer that taught it, and by chance."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import process_time

import torch
from pieces import Found, key_by_profiles, passages

from musegraph import Reference, read_safetensors
from musegraph_nodes import starter
from musegraph_nodes.music.composer.form import chosen_chords
from musegraph_nodes.music.composer.piece import Harmony, Piece, score_of
from musegraph_nodes.music.composer.styles import STYLES
from musegraph_nodes.music.composer.write import composed
from musegraph_nodes.music.language.change import added
from musegraph_nodes.music.language.corpus import taught
from musegraph_nodes.music.language.listen import heard
from musegraph_nodes.music.language.make import Order, composing, continuing, roles_in
from musegraph_nodes.music.language.model import load
from musegraph_nodes.music.language.net import MusicNet, Size
from musegraph_nodes.music.language.sample import Taste
from musegraph_nodes.music.language.together import Work, together
from musegraph_nodes.music.language.training.__main__ import HELD_OUT
from musegraph_nodes.music.theory import Key

BARS, GIVEN, MORE = 12, 8, 8
"""Bars of a piece; of one that is continued, and by how many."""


def place() -> Path:
    """The folder of the model: that which comes along, or the one of MUSEGRAPH_MUSIC_MODEL."""
    assert starter.pack.models is not None
    return Path(os.environ.get("MUSEGRAPH_MUSIC_MODEL", starter.pack.models / "music"))


def net_of_today() -> MusicNet:
    return load(Reference(loader="music.model", source=str(place())), place(), "cpu")


def lessons_of_today() -> int:
    """From how many pieces of each genre the model learned."""
    told = read_safetensors(place() / "model.safetensors").metadata["musegraph_music"]
    return int(json.loads(told)["pieces"])


def chance() -> MusicNet:
    """A net to which whatever the grammar allows is as likely."""
    net = MusicNet(Size(32, 1, 1))
    for weight in net.parameters():
        weight.data.zero_()
    return net.eval().requires_grad_(False)


def orders(genre: str, count: int) -> Iterator[Order]:
    """What is asked for: each key and mode as often, and every other time chords as well."""
    style = STYLES[genre]
    draw = random.Random(f"orders {genre}")
    for number in range(count):
        key = Key(draw.randrange(12), draw.choice(("major", "minor")))
        harmony: tuple[Harmony, ...] | None = None
        if number % 2:
            harmony = chosen_chords(style, key, BARS, style.beats, draw)
        tempo = float(draw.randint(*style.tempo))
        yield Order(genre, key, tempo, style.beats, BARS, harmony, None, roles_in(genre))


def _silent(bar: int, so_far: object) -> None:
    pass


def written(net: MusicNet, genre: str, count: int, taste: Taste, listened: int = 0) -> Found:
    """Figures of what a net writes; some pieces are listened to."""
    asked, found = list(orders(genre, count)), Found()
    works = (composing(net, one, taste, seed, _silent) for seed, one in enumerate(asked))
    for number, (order, piece) in enumerate(zip(asked, together(net, works), strict=True)):
        found.add(piece, order.tempo, order.key)
        if number < listened:
            found.listen(piece, order.tempo)
    return found


def unseen(genre: str, count: int, listened: int) -> Found:
    """Figures of pieces by the composer from which nothing was learned."""
    found = Found()
    for seed in range(count):
        piece = composed(genre, HELD_OUT + seed, BARS)
        found.add(piece, piece.tempo, piece.key)
        if seed < listened:
            found.listen(piece, piece.tempo)
    return found


@dataclass
class Continued:
    """Pieces that were gone on with, and what was kept in how many."""

    pieces: int = 0
    key: int = 0
    tempo: int = 0
    grid: int = 0

    def join(self, other: Continued) -> None:
        self.pieces, self.key = self.pieces + other.pieces, self.key + other.key
        self.tempo, self.grid = self.tempo + other.tempo, self.grid + other.grid


def went_on(net: MusicNet, genre: str, count: int) -> Continued:
    """Whether what comes after the given bars is in their key, tempo and chord grid."""
    given = [composed(genre, HELD_OUT + 5000 + seed, GIVEN) for seed in range(count)]
    ears = [heard(score_of(piece), genre, str(piece.key)) for piece in given]

    def works() -> Iterator[Work]:
        for seed, ear in enumerate(ears):
            yield continuing(net, ear.piece, MORE, None, True, Taste(), seed, _silent)

    found = Continued()
    for piece, ear, made in zip(given, ears, together(net, works()), strict=True):
        found.pieces += 1
        found.key += key_by_profiles(_rest(made, ear.piece.end)) == piece.key
        score = added(score_of(piece), ear, made)
        found.tempo += score.tempos == score_of(piece).tempos and score.meters == (
            score_of(piece).meters
        )
        half = made.bar // (1 if made.beats % 2 else 2)
        changes = [one.start for one in made.harmony if one.start >= ear.piece.end]
        found.grid += bool(changes) and not any(start % half for start in changes)
    return found


def _rest(piece: Piece, start: int) -> Piece:
    """Only what begins from a step on."""
    parts = {
        role: replace(part, tones=tuple(tone for tone in part.tones if tone.start >= start))
        for role, part in piece.parts.items()
    }
    return replace(piece, parts=parts)


@dataclass
class Judged:
    """All that is counted of a genre."""

    genre: str
    kinds: dict[str, Found] = field(default_factory=dict)
    continued: Continued = field(default_factory=Continued)
    learned: frozenset[int] = frozenset()
    seconds: float = 0.0


def judged(genre: str, count: int) -> Judged:
    """Pieces of a genre of each kind."""
    torch.set_num_threads(1)
    net, few = net_of_today(), max(count // 8, 1)
    made = Judged(genre)
    start = process_time()
    made.kinds["written"] = written(net, genre, count, Taste(), max(count // 60, 1))
    made.seconds = process_time() - start
    made.kinds["not strict"] = written(net, genre, few, Taste(strict=False))
    made.kinds["unseen"] = unseen(genre, max(count, 100), max(count // 60, 1))
    made.kinds["chance"] = written(chance(), genre, max(count // 4, 1), Taste(1.0, 1.0, False, 0.0))
    made.continued = went_on(net, genre, max(count // 4, 1))
    lessons = (taught(genre, number) for number in range(lessons_of_today()))
    made.learned = frozenset(passage for piece in lessons for passage in passages(piece))
    return made
