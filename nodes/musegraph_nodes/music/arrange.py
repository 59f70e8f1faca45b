"""Node `music.arrange`: chords, and a melody if there is one, as a band of a style plays them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from musegraph import ADVANCED, NodeError, Score, Seed, node

from .composer.piece import (
    BASS,
    CHORDS,
    DRUMS,
    MELODY,
    PAD,
    STEPS,
    Harmony,
    Tone,
    score_of,
)
from .composer.styles import STYLES
from .composer.write import arranged
from .harmony import MOST_BARS, Chords, progression_of
from .language.listen import key_of, weights
from .theory import Key, parse_key

_STRAY = 0.15
"""The share of what sounds that may lie outside the key before another is looked for."""

Genre: TypeAlias = Literal[
    "pop", "rock", "jazz", "blues", "bossa", "folk", "house", "lofi", "classical"
]
Genres = Annotated[
    Genre,
    Field(description="Tempo, instruments, rhythms and chords. Folk is a waltz, the others 4/4."),
]
Tempos = Annotated[
    float, Field(ge=0, le=300, description="Quarter notes in a minute; 0: as the style goes.")
]
Bars = Annotated[int, Field(ge=0, le=512, description="0: as long as the chords and the melody.")]
Tune = Annotated[Score | None, Field(description="Played as it is; without one it is made up.")]


@node(version="1", title="Arrange")
def arrange(
    chords: Chords,
    melody: Tune = None,
    style: Genres = "pop",
    tempo: Tempos = 0.0,
    bars: Bars = 0,
    with_melody: Annotated[bool, Field(description="Whether there is a melody.")] = True,
    with_chords: Annotated[bool, Field(description="Whether chords are played.")] = True,
    with_bass: Annotated[bool, Field(description="Whether there is a bass.")] = True,
    with_drums: Annotated[bool, Field(description="Whether there are drums.")] = True,
    with_pad: Annotated[
        bool, Field(description="Whether chords are held behind it all."), ADVANCED
    ] = True,
    seed: Annotated[Seed, Field(description="Which patterns, instruments and motifs.")] = 0,
) -> Score:
    """Write parts for a band over chords: drums, bass, chords, a pad and a melody, by style.

    Phrases have four bars and come back; before each new one the drums fill in; the last bar is
    held. Chords that are shorter than the piece are played again. Where they hardly keep to the key
    that music.chords was told, the one that they sound like is taken.
    """
    read = progression_of(chords)
    if not read.chords:
        raise NodeError("there are no chords to play; write some in music.chords")
    tune = None if melody is None else tune_of(melody)
    wanted = wanted_bars(read.beats, chords_end(chords), tune, bars)
    asked = (with_melody, with_chords, with_bass, with_drums, with_pad)
    parts = [role for role, on in zip((MELODY, CHORDS, BASS, DRUMS, PAD), asked, strict=True) if on]
    if not parts:
        raise NodeError("every part is off, so there is nothing to play; switch one on")
    made = arranged(
        style, key_under(chords), tempo or usual_tempo(style), read.beats, wanted,
        over(chords, wanted), seed, parts, tune,
    )  # fmt: skip
    return score_of(made)


def usual_tempo(style: str) -> float:
    """In the middle of what is usual."""
    return float(sum(STYLES[style].tempo) // 2)


def tune_of(melody: Score) -> list[Tone]:
    """The notes of a score but its drums, on the grid."""
    from .composer.piece import level_of

    tick = melody.resolution / STEPS
    tones = [
        Tone(round(n.start / tick), max(round(n.duration / tick), 1), n.pitch, level_of(n.velocity))
        for n in melody.notes
        if n.channel != 9
    ]
    if not tones:
        raise NodeError("the melody has no notes but drums; link a score with a melody")
    return tones


def chords_end(chords: Any) -> float:
    """The quarter note at which chords end."""
    return max((one.start + one.duration for one in progression_of(chords).chords), default=0.0)


def wanted_bars(beats: int, end: float, tune: list[Tone] | None, bars: int) -> int:
    """How many bars: those asked for, or what chords and melody need."""
    longest = max(end, max((tone.end for tone in tune), default=0) / STEPS if tune else 0.0)
    found = bars or max(-(-round(longest * STEPS) // (beats * STEPS)), 1)
    if found > MOST_BARS:
        raise NodeError(f"that would be {found} bars, and at most {MOST_BARS} are written")
    return found


def over(chords: Any, bars: int) -> tuple[Harmony, ...]:
    """Chords on the grid, again and again until so many bars are full."""
    read = progression_of(chords)
    turn = round(chords_end(chords) * STEPS)
    bar = read.beats * STEPS
    turn = max(-(-turn // bar) * bar, bar)
    made = []
    for begin in range(0, bars * bar, turn):
        made += [Harmony(begin + round(one.start * STEPS), one.chord) for one in read.chords]
    return tuple(one for one in made if one.start < bars * bar)


def key_under(chords: Any) -> Key:
    """The key that the chords say, or where they hardly keep to it, that which they sound like."""
    read = progression_of(chords)
    said = plain(parse_key(read.key))
    tones = [
        Tone(round(one.start * STEPS), max(round(one.duration * STEPS), 1), 60 + pitch)
        for one in read.chords
        for pitch in one.chord.pitches
    ]
    sounding = weights(tones)
    outside = sum(sounding) - sum(sounding[pitch] for pitch in said.scale)
    return said if outside <= _STRAY * sum(sounding) else key_of(tones)


def plain(key: Key) -> Key:
    """Major or minor, whichever is nearer to a mode."""
    return Key(key.tonic, "minor" if key.minor else "major")
