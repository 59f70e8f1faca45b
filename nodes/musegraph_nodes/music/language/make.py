"""What the nodes do with a model: whole pieces, what comes after one, and bars within one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from musegraph import Context
from musegraph_nodes.music.composer.piece import (
    BASS,
    CHORDS,
    DRUMS,
    MELODY,
    PAD,
    Harmony,
    Part,
    Piece,
    Tone,
)
from musegraph_nodes.music.composer.styles import STYLES
from musegraph_nodes.music.theory import Chord, Key

from .code import GENRE_NAMES, encoded_bars, header
from .harmonise import harmonised
from .listen import Heard
from .net import MusicNet
from .sample import Sampler, Taste, Wishes, asked
from .session import Session
from .together import Work, alone

Shown = Callable[[int, Callable[[], Piece]], None]
_LISTENS = 4
"""Bars after a gap to which what fills it has to lead."""


@dataclass(frozen=True)
class Order:
    """What a piece is to be."""

    genre: str
    key: Key
    tempo: float
    beats: int
    bars: int
    harmony: tuple[Harmony, ...] | None
    tune: tuple[Tone, ...] | None
    roles: list[int]

    @property
    def empty(self) -> Piece:
        return Piece(self.genre, self.key, self.tempo, self.beats, self.bars)


def roles_in(genre: str, with_melody: bool = True, with_drums: bool = True) -> list[int]:
    """The roles of a piece of a genre: not all have drums, and not all a pad."""
    style = STYLES[genre]
    made = [MELODY] if with_melody else []
    made += [CHORDS, BASS]
    made += [DRUMS] if with_drums and style.grooves else []
    return made + ([PAD] if style.pad else [])


def composed_by(net: MusicNet, order: Order, taste: Taste, seed: int, shown: Shown) -> Piece:
    """A piece as ordered; a melody without chords gets some first."""
    return alone(composing(net, order, taste, seed, shown))


def composing(net: MusicNet, order: Order, taste: Taste, seed: int, shown: Shown) -> Work:
    """The work of it, which stops before each draw."""
    harmony, roles = order.harmony, {*order.roles}
    if order.tune is not None:
        roles.add(MELODY)
        if harmony is None:
            tune = replace(order.empty, parts={MELODY: Part(0, order.tune)})
            harmony = harmonised(net, tune, 1, 2, lambda at, of: None)
    style = STYLES[order.genre]
    programs = {MELODY: style.melody, CHORDS: style.chords, BASS: style.bass, DRUMS: (0,),
                PAD: style.pad or (48,)}  # fmt: skip
    wishes = Wishes(order.bars, True, asked(harmony) if harmony is not None else None,
                    programs=programs)  # fmt: skip
    if order.tune is not None:
        wishes.give(MELODY, order.tune)
    session = Session(net)
    sampler = Sampler(session, wishes, taste, seed, lambda bar: shown(bar, session.writer.piece))
    yield from sampler.header(header(order.empty), sorted(roles))
    yield from sampler.run()
    # The tempo that was asked for, which the word for it only comes near.
    return replace(session.writer.piece(), tempo=order.tempo)


def continued_by(
    net: MusicNet, piece: Piece, bars: int, harmony: dict[int, Chord | None] | None, ends: bool,
    taste: Taste, seed: int, shown: Shown,
) -> Piece:  # fmt: skip
    """A piece with so many bars more; its first part may differ where it left the grid."""
    return alone(continuing(net, piece, bars, harmony, ends, taste, seed, shown))


def continuing(
    net: MusicNet, piece: Piece, bars: int, harmony: dict[int, Chord | None] | None, ends: bool,
    taste: Taste, seed: int, shown: Shown,
) -> Work:  # fmt: skip
    """The work of it, which stops before each draw."""
    session = Session(net)
    session.say(header(piece))
    for tokens in encoded_bars(piece, ends=False):
        session.say(tokens)
    wishes = Wishes(piece.bars + bars, ends, harmony)
    session.say([wishes.word(piece.bars)])
    sampler = Sampler(session, wishes, taste, seed, lambda bar: shown(bar, session.writer.piece))
    yield from sampler.run()
    return replace(session.writer.piece(), bars=piece.bars + bars)


def filled_by(
    net: MusicNet, piece: Piece, span: tuple[int, int], roles: Sequence[int], keep_chords: bool,
    taste: Taste, seed: int, tries: int, ctx: Context,
) -> Piece:  # fmt: skip
    """A piece with some bars of some parts written anew: of several, what leads on best."""
    first, last = span
    said = encoded_bars(piece)
    until = last == piece.bars
    best: tuple[float, Piece] | None = None
    for number in range(tries):
        session = Session(net)
        session.say(header(piece))
        for tokens in said[:first]:
            session.say(tokens)
        chords = asked(piece.harmony) if keep_chords else None
        wishes = Wishes(last, until, chords, whole=piece.bars)
        for role, part in piece.parts.items():
            if role not in roles:
                wishes.give(role, part.tones)

        session.say([wishes.word(first)])

        def tick(bar: int, number: int = number) -> None:
            ctx.progress(number * (last - first) + max(bar - first, 0), tries * (last - first))

        for _ in Sampler(session, wishes, taste, seed + number, tick).run():
            pass
        likely = 0.0
        if not until and tries > 1:
            following = [t for tokens in said[last : last + _LISTENS] for t in tokens][1:]
            likely = session.likelihood(following)
        if best is None or likely > best[0]:
            best = likely, session.writer.piece()
    assert best is not None
    return best[1]


def genre_of(net: MusicNet, heard: Heard) -> Heard:
    """The same, in the genre in which the net finds its first bars likeliest."""
    found: list[tuple[float, int]] = []
    for index, genre in enumerate(GENRE_NAMES):
        piece = replace(heard.piece, genre=genre)
        bars = encoded_bars(piece, ends=False)
        session = Session(net)
        session.say(header(piece))
        session.say(bars[0])
        tokens: list[int] = []
        for bar in bars[1:]:
            if len(tokens) + len(bar) > net.size.context // 2:
                break
            tokens += bar
        found.append((session.likelihood(tokens), -index))
    return replace(heard, piece=replace(heard.piece, genre=GENRE_NAMES[-max(found)[1]]))
