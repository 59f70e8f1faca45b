"""Chords for a melody: those under which the model finds melody and chords most likely together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from musegraph_nodes.music.composer.form import merged
from musegraph_nodes.music.composer.piece import MELODY, STEPS, Harmony, Piece
from musegraph_nodes.music.theory import Chord, Key, parse_chord

from . import vocabulary as v
from .code import chord_tokens, encoded_bars, header
from .net import Cache, MusicNet
from .reader import Reader

TRIADS = {
    "major": "I ii iii IV V vi V7 bVII II III7 VI7 iv vii°",
    "minor": "i III iv v V VI VII V7 ii° iv7 bII",
}
SEVENTHS = {
    "major": "Imaj7 ii7 iii7 IVmaj7 V7 vi7 VI7 II7 III7 viim7b5 iv7 I6 bVII7",
    "minor": "i7 iim7b5 IIImaj7 iv7 V7 v7 VImaj7 VII7 i6 i bIImaj7",
}
_OF_SEVENTHS = {"jazz", "blues", "bossa", "lofi"}


@dataclass
class _Way:
    """One way through the melody so far: what was said, and how likely it was."""

    tokens: list[int]
    facts: list[tuple[int, ...]]
    reader: Reader
    likely: float
    chords: list[Chord]


def candidates(genre: str, key: Key) -> list[Chord]:
    """The chords that are tried."""
    table = SEVENTHS if genre in _OF_SEVENTHS else TRIADS
    mode = "minor" if key.minor else "major"
    home = Key(key.tonic, mode)
    return [parse_chord(word, home) for word in table[mode].split()]


def harmonised(
    net: MusicNet, piece: Piece, a_bar: int, ways: int, tick: Callable[[int, int], None]
) -> tuple[Harmony, ...]:
    """Chords under the melody of a piece, ``a_bar`` in each; of all ways the best few are kept."""
    melody = Piece(
        piece.genre, piece.key, piece.tempo, piece.beats, piece.bars, (),
        {MELODY: piece.parts[MELODY]},
    )  # fmt: skip
    parts = _parts(melody, a_bar)
    options = candidates(piece.genre, piece.key)
    first = _Way([], [], Reader(), 0.0, [])
    _extend(first, header(melody))
    kept = [first]
    for number, (before, after) in enumerate(parts):
        tick(number, len(parts))
        tried = [_tried(way, chord, before, after, piece.key.tonic)
                 for way in kept for chord in options]  # fmt: skip
        for way, found in zip(tried, _likelihoods(net, tried, kept), strict=True):
            way.likely += found
        kept = sorted(tried, key=lambda way: -way.likely)[:ways]
    long = piece.bar // a_bar
    return merged(Harmony(at * long, chord) for at, chord in enumerate(kept[0].chords))


def _parts(melody: Piece, a_bar: int) -> list[tuple[list[int], list[int]]]:
    """For each chord to find, the tokens before it, and those of the melody under it."""
    made: list[tuple[list[int], list[int]]] = []
    steps = melody.bar // a_bar
    for tokens in encoded_bars(melody):
        cut: list[tuple[list[int], list[int]]] = [
            ([*tokens[:1] * (part == 0), v.POS[part * steps]], []) for part in range(a_bar)
        ]
        part = 0
        for token in tokens[1:]:
            if token in v.POS:
                place = token - v.POS.first
                part = place // steps
                if place % steps == 0:
                    continue
            cut[part][1].append(token)
        made += cut
    return made


def _tried(way: _Way, chord: Chord, before: list[int], after: list[int], tonic: int) -> _Way:
    made = _Way([*way.tokens], [*way.facts], _copied(way.reader), way.likely, [*way.chords, chord])
    _extend(made, [*before, *chord_tokens(chord, tonic), *after])
    return made


def _copied(reader: Reader) -> Reader:
    made = Reader(**vars(reader))
    made.programs, made.played = dict(reader.programs), dict(reader.played)
    made.busy, made.fresh = dict(reader.busy), [*reader.fresh]
    return made


def _extend(way: _Way, tokens: Sequence[int]) -> None:
    for token in tokens:
        way.reader.take(token)
        way.tokens.append(token)
        way.facts.append(way.reader.facts())


@torch.inference_mode()
def _likelihoods(net: MusicNet, tried: Sequence[_Way], kept: Sequence[_Way]) -> list[float]:
    """How likely what each way has more than the one before is.

    All ways are as long, since they differ in chords alone; so they are read as one batch, the
    shared beginnings once.
    """
    device = net.turns.device
    old = len(kept[0].tokens)
    new = len(tried[0].tokens) - old
    head = next(at for at, token in enumerate(tried[0].tokens) if token in v.BAR)
    room = net.size.context - new - 1
    start = max(head, old - (room - head))
    past = [*range(head), *range(start, old)]

    def rows(ways: Sequence[_Way], places: Sequence[int]) -> tuple[Tensor, Tensor]:
        tokens = torch.tensor([[way.tokens[at] for at in places] for way in ways], device=device)
        facts = torch.tensor([[way.facts[at] for at in places] for way in ways], device=device)
        return tokens, facts

    cache = Cache(net.size, len(kept), device)
    before = net(*rows(kept, past), cache)[:, -1:]
    each = len(tried) // len(kept)
    wide = torch.arange(len(kept), device=device).repeat_interleave(each)
    tokens, facts = rows(tried, range(old, old + new))
    said = net(tokens, facts, cache.picked(wide))
    logits = torch.cat((before[wide], said[:, :-1]), 1).log_softmax(-1)
    found = logits.gather(-1, tokens[..., None])[..., 0].sum(-1)
    return [float(value) for value in found.cpu()]


def bars_of(harmony: Sequence[Harmony], end: int) -> list[tuple[float, float, Chord | None]]:
    """Chords with when they begin and how long they last, in quarter notes."""
    starts = [one.start for one in harmony[1:]] + [end]
    return [(one.start / STEPS, (stop - one.start) / STEPS, one.chord)
            for one, stop in zip(harmony, starts, strict=True)]  # fmt: skip
