"""Nodes `music.compose`, `music.continue`, `music.infill` and `music.harmonise`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from musegraph import ADVANCED, Context, Image, NodeError, Score, Seed, node
from musegraph_nodes.music.arrange import (
    Genres,
    Tempos,
    Tune,
    key_under,
    over,
    plain,
    tune_of,
    usual_tempo,
    wanted_bars,
)
from musegraph_nodes.music.composer.piece import (
    MELODY,
    RESOLUTION,
    STEPS,
    Harmony,
    Part,
    Piece,
    score_of,
    tidy,
)
from musegraph_nodes.music.composer.styles import STYLES
from musegraph_nodes.music.harmony import Chords, Progression, Sounding, progression_of
from musegraph_nodes.music.theory import Key, parse_key

from . import vocabulary as v
from .listen import heard, key_of
from .model import MusicModel

Auto: TypeAlias = Literal[
    "auto", "pop", "rock", "jazz", "blues", "bossa", "folk", "house", "lofi", "classical"
]
_PREVIEW = 448, 288
"""The pixels of the picture of what there is so far, of the shape of its place in a node."""
AutoGenre = Annotated[
    Auto, Field(description="auto: that in which the model finds the music most likely.")
]
KeyOrNone = Annotated[
    str,
    Field(max_length=40, description="C major, A minor, F#m; empty: that of what is given."),
]
Temperature = Annotated[
    float,
    Field(ge=0, le=2, description="0 always takes what is likeliest; more dares more."),
    ADVANCED,
]
TopP = Annotated[
    float,
    Field(gt=0, le=1, description="Of what could follow, the likeliest with this share."),
    ADVANCED,
]
Strict = Annotated[
    bool,
    Field(description="On strong beats only notes of the chord or the scale are played."),
    ADVANCED,
]
SeedOf = Annotated[Seed, Field(description="Another one, another piece.")]


@node(version="3", numeric=True, uses="device")
def compose(
    model: MusicModel,
    ctx: Context,
    chords: Annotated[
        Chords | None, Field(description="Without them the model finds some.")
    ] = None,
    melody: Tune = None,
    genre: Genres = "pop",
    key: KeyOrNone = "",
    tempo: Tempos = 0.0,
    bars: Annotated[int, Field(ge=0, le=256, description="0: as the chords last, or 16.")] = 0,
    with_melody: Annotated[bool, Field(description="Whether there is a melody.")] = True,
    with_drums: Annotated[bool, Field(description="Whether there are drums.")] = True,
    temperature: Temperature = 0.95,
    top_p: TopP = 0.95,
    strict: Strict = True,
    seed: SeedOf = 0,
) -> Score:
    """Let a model write a piece: of a genre, over chords, around a melody, or from nothing.

    Whatever it draws stays within the grammar of music, so each piece is whole: the chords are
    those asked for, the melody is played as it is, and the last bar ends the piece.
    """
    from .make import Order, composed_by, roles_in
    from .sample import Taste

    tune = None if melody is None else tune_of(melody)
    read = None if chords is None else progression_of(chords)
    beats = _beats(read, melody, genre)
    if read is not None and read.chords:
        ends = max(one.start + one.duration for one in read.chords)
    else:
        ends = 0.0
    count = wanted_bars(beats, ends, tune, bars or (0 if ends or tune else 16))
    known = _key(key, chords, tune)
    order = Order(
        genre, known, tempo or usual_tempo(genre), beats, count,
        over(chords, count) if ends else None,
        tidy(tune, False, count * beats * 12) if tune is not None else None,
        roles_in(genre, with_melody, with_drums),
    )  # fmt: skip
    with ctx.load(model) as net:
        made = composed_by(net, order, Taste(temperature, top_p, strict), seed, _shown(ctx, count))
    return score_of(made)


def _beats(read: Progression | None, melody: Score | None, genre: str) -> int:
    from .listen import beats_of

    if read is not None:
        if read.beats not in v.BEATS:
            raise NodeError(
                f"port 'chords': their bars have {read.beats} quarters, and the model knows 3 and"
                " 4; set beats of music.chords to one of them"
            )
        return read.beats
    return beats_of(melody) if melody is not None else STYLES[genre].beats


def _key(text: str, chords: Any, tune: Sequence[Any] | None) -> Key:
    if text.strip():
        return plain(parse_key(text))
    if chords is not None:
        return key_under(chords)
    return key_of(tune) if tune is not None else Key(0)


def _shown(ctx: Context, bars: int, before: int = 0) -> Callable[[int, Callable[[], Piece]], None]:
    """Tells how many bars there are, and draws what there is when somebody looks.

    The picture is as long as the piece will be, so that bars fill it and none of them moves.
    """
    from musegraph_nodes.music.picture import drawn

    def draw(piece: Piece) -> Image:
        end = (before + bars) * piece.bar * RESOLUTION // STEPS
        return drawn(score_of(piece), *_PREVIEW, end=end)

    def tick(bar: int, so_far: Callable[[], Piece]) -> None:
        done = max(bar - before, 0)
        ctx.progress(
            done, bars, text=f"bar {min(done + 1, bars)} of {bars}",
            preview=lambda: draw(so_far()),
        )  # fmt: skip

    return tick


@node(id="continue", version="3", numeric=True, uses="device", title="Continue")
def continue_(
    score: Annotated[Score, Field(description="A piece in bars of three or four quarters.")],
    model: MusicModel,
    ctx: Context,
    bars: Annotated[int, Field(ge=1, le=256, description="How many are added.")] = 8,
    chords: Annotated[Chords | None, Field(description="Under the new bars.")] = None,
    genre: AutoGenre = "auto",
    key: KeyOrNone = "",
    ending: Annotated[bool, Field(description="Whether the last bar ends the piece.")] = True,
    temperature: Temperature = 0.95,
    top_p: TopP = 0.95,
    strict: Strict = True,
    seed: SeedOf = 0,
) -> Score:
    """Let a model go on with a piece: the same players, key and tempo; what was there stays.

    The piece is taken in on a grid of sixteenths and triplets; its own notes are not moved to it.
    New notes come after its last bar, on the tracks of those who played before.
    """
    from .change import added, after
    from .make import continued_by
    from .sample import Taste

    with ctx.load(model) as net:
        piece = heard(score, _genre(genre), key)
        if genre == "auto":
            piece = likeliest(net, piece)
        under = after(over_bars(chords, bars, piece.piece), piece.piece) if chords else None
        made = continued_by(
            net, piece.piece, bars, under, ending, Taste(temperature, top_p, strict), seed,
            _shown(ctx, bars, piece.piece.bars),
        )  # fmt: skip
    return added(score, piece, made)


def over_bars(chords: Any, bars: int, piece: Piece) -> tuple[Harmony, ...]:
    read = progression_of(chords)
    if read.beats != piece.beats:
        raise NodeError(
            f"port 'chords': their bars have {read.beats} quarters, and those of the score"
            f" {piece.beats}; set beats of music.chords to {piece.beats}"
        )
    if not read.chords:
        raise NodeError("port 'chords': there is none; write some, or leave it open")
    return over(chords, bars)


def _genre(genre: str) -> str:
    return "pop" if genre == "auto" else genre


def likeliest(net: Any, piece: Any) -> Any:
    from .make import genre_of

    return genre_of(net, piece)


@node(version="3", numeric=True, uses="device")
def infill(
    score: Annotated[Score, Field(description="A piece in bars of three or four quarters.")],
    model: MusicModel,
    ctx: Context,
    first: Annotated[int, Field(ge=1, le=4096, description="The first bar written anew.")] = 5,
    last: Annotated[int, Field(ge=1, le=4096, description="The last one.")] = 8,
    parts: Annotated[
        Literal["all", "melody", "chords", "bass", "drums", "pad"],
        Field(description="Who plays something new; the others stay as they are."),
    ] = "all",
    keep_chords: Annotated[bool, Field(description="Whether the chords stay.")] = True,
    tries: Annotated[
        int, Field(ge=1, le=16, description="Of so many, that which leads on best is taken.")
    ] = 3,
    genre: AutoGenre = "auto",
    key: KeyOrNone = "",
    temperature: Temperature = 0.95,
    top_p: TopP = 0.95,
    strict: Strict = True,
    seed: SeedOf = 0,
) -> Score:
    """Let a model write some bars of a piece anew, so that what comes after them follows well.

    Several are written, and that is kept after which the model finds the next bars likeliest.
    """
    from .change import replaced
    from .make import filled_by
    from .sample import Taste

    with ctx.load(model) as net:
        piece = heard(score, _genre(genre), key)
        if not first <= last <= piece.piece.bars:
            raise NodeError(
                f"ports 'first' and 'last': bars {first} to {last} are asked for, and the score has"
                f" {piece.piece.bars}; give two of its bars, the earlier first"
            )
        if genre == "auto":
            piece = likeliest(net, piece)
        roles = [*piece.piece.parts] if parts == "all" else [_role(parts, piece.piece)]
        made = filled_by(
            net, piece.piece, (first - 1, last), roles, keep_chords,
            Taste(temperature, top_p, strict), seed, tries, ctx,
        )  # fmt: skip
    return replaced(score, piece, made, (first - 1, last), roles)


def _role(name: str, piece: Piece) -> int:
    from musegraph_nodes.music.composer.piece import ROLES

    role = ROLES.index(name)
    if role not in piece.parts:
        there = ", ".join(ROLES[one] for one in piece.parts)
        raise NodeError(f"port 'parts': the score has no {name}; it has {there}")
    return role


@node(version="1", numeric=True, uses="device")
def harmonise(
    melody: Annotated[Score, Field(description="A melody in bars of three or four quarters.")],
    model: MusicModel,
    ctx: Context,
    genre: Genres = "pop",
    key: KeyOrNone = "",
    in_a_bar: Annotated[
        int, Field(ge=1, le=2, description="Chords in a bar; bars of three quarters have one.")
    ] = 1,
    ways: Annotated[
        int,
        Field(ge=1, le=16, description="How many ways are followed at once; the best is taken."),
        ADVANCED,
    ] = 4,
) -> Chords:
    """Find chords for a melody: those with which the model finds it likeliest.

    Chords of the key, dominants of others and borrowed ones are tried; in jazz, bossa, blues and
    lo-fi with their sevenths. The same melody always gets the same chords.
    """
    from .harmonise import bars_of, harmonised
    from .listen import beats_of

    tune, beats = tune_of(melody), beats_of(melody)
    count = wanted_bars(beats, 0.0, tune, 0)
    known = _key(key, None, tune)
    tones = tidy(tune, False, count * beats * 12)
    piece = Piece(genre, known, usual_tempo(genre), beats, count, (), {MELODY: Part(0, tones)})
    a_bar = in_a_bar if beats % 2 == 0 else 1
    with ctx.load(model) as net:
        found = harmonised(net, piece, a_bar, ways, ctx.progress)
    made = [
        Sounding(
            start=start, duration=length, root=chord.root, quality=chord.quality, bass=chord.bass,
            name=chord.name(known),
        )
        for start, length, chord in bars_of(found, piece.end)
        if chord is not None
    ]  # fmt: skip
    return Progression(key=str(known), beats=beats, chords=tuple(made)).model_dump(mode="json")
