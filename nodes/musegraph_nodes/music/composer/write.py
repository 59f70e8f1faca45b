"""Whole pieces: arranged over chords that somebody gave, or composed from nothing but a seed."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Collection, Sequence

from musegraph_nodes.music.theory import Chord, Key

from . import band
from .form import chosen_chords, letters, merged
from .melody import melody
from .piece import BASS, CHORDS, DRUMS, MELODY, PAD, ROLES, STEPS, Harmony, Part, Piece, Tone, tidy
from .styles import STYLES, Style

ALL = tuple(range(len(ROLES)))
_KIT = 0


def programs_of(style: Style, draw: random.Random) -> dict[int, int]:
    """An instrument for each part that the style has."""
    made = {
        MELODY: draw.choice(style.melody),
        CHORDS: draw.choice(style.chords),
        BASS: draw.choice(style.bass),
    }
    if style.grooves:
        made[DRUMS] = _KIT
    if style.pad:
        made[PAD] = draw.choice(style.pad)
    return made


def arranged(
    genre: str,
    key: Key,
    tempo: float,
    beats: int,
    bars: int,
    harmony: Sequence[Harmony],
    seed: int,
    parts: Collection[int] = ALL,
    tune: Sequence[Tone] | None = None,
) -> Piece:
    """Chords as a band of a style plays them, with the melody that is given or one of its own."""
    style = STYLES[genre]
    draw = random.Random(f"{genre} {seed}")
    plan = letters(bars, draw)
    harmony = merged([one for one in harmony if one.start < bars * beats * STEPS])
    starts = [one.start for one in harmony]

    def chord_at(step: int) -> Chord | None:
        at = bisect_right(starts, step) - 1
        return harmony[at].chord if at >= 0 else None

    programs = programs_of(style, draw)
    seeds = {role: random.Random(f"{genre} {seed} {role}") for role in ALL}
    sung = list(tune) if tune is not None else melody(
        style, key, beats, bars, plan, chord_at, programs[MELODY], seeds[MELODY]
    )  # fmt: skip
    played: dict[int, list[Tone]] = {
        MELODY: sung,
        CHORDS: band.chords(style, beats, bars, plan, chord_at, seeds[CHORDS]),
        BASS: band.bass(style, key, beats, bars, plan, chord_at, seeds[BASS]),
        DRUMS: band.drums(style, beats, bars, plan, seeds[DRUMS]),
        PAD: band.pad(beats, bars, [(one.start, one.chord) for one in harmony]),
    }
    end = bars * beats * STEPS
    made = {
        role: Part(programs[role], tidy(played[role], role == DRUMS, end))
        for role in sorted(programs)
        if role in parts and played[role]
    }
    return Piece(genre, key, tempo, beats, bars, harmony, made)


def composed(
    genre: str, seed: int, bars: int = 16, *, strange: float = 0.0, beats: int | None = None
) -> Piece:
    """A piece of a genre: key, tempo, chords and all parts follow from the seed."""
    style = STYLES[genre]
    draw = random.Random(f"{genre} {seed} {bars}")
    key = Key(draw.randrange(12), "minor" if draw.random() < style.share_of_minor else "major")
    tempo = float(draw.randint(*style.tempo))
    beats = beats or style.beats
    harmony = chosen_chords(style, key, bars, beats, draw, strange)
    return arranged(genre, key, tempo, beats, bars, harmony, draw.randrange(2**31))
