"""Pieces of the composer's styles as sounds, to judge the ear by what it never learned from.

Their grooves, basses, motifs and turns of chords are those of `music.arrange`; the ear learns from
the bands and from what is drawn in lessons.py. Tempos are those of a style and an eighth around
them, so that all together they go from 61 to 180 beats a minute.
"""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
from bands import Piece

from musegraph_nodes.music.composer.piece import DRUMS, STEPS, score_of
from musegraph_nodes.music.composer.styles import STYLES
from musegraph_nodes.music.composer.write import composed

SECONDS = 15
_MINOR, _MAJOR = {"m", "m7", "m6", "m9"}, {"", "7", "maj7", "6", "9"}


def clip(genre: str, seed: int, drums: bool = True) -> Piece:
    """A piece of about a quarter of a minute; its beats go to the last that is struck.

    Chords that are neither major nor minor are left out of the truth.
    """
    style = STYLES[genre]
    slow, fast = max(style.tempo[0] * 7 / 8, 60), min(style.tempo[1] * 9 / 8, 180)
    tempo = random.Random(f"clip {genre} {seed}").uniform(slow, fast)
    bars = max(round(SECONDS * tempo / 60 / style.beats / 4) * 4, 8)
    piece = replace(composed(genre, seed, bars), tempo=60e6 / round(60e6 / tempo))
    if not drums:
        parts = {role: part for role, part in piece.parts.items() if role != DRUMS}
        piece = replace(piece, parts=parts)
    last = max(tone.start for part in piece.parts.values() for tone in part.tones)
    step = 60 / piece.tempo / STEPS
    ends = [*(one.start for one in piece.harmony[1:]), piece.end]
    spans = [
        (one.start * step, end * step, one.chord.root, one.chord.quality in _MINOR)
        for one, end in zip(piece.harmony, ends, strict=True)
        if one.chord is not None and one.chord.quality in _MINOR | _MAJOR
    ]
    beats = np.arange(last // STEPS + 1) * 60 / piece.tempo
    key = piece.key.tonic, piece.key.minor
    return Piece(genre, score_of(piece), piece.tempo, beats, key, spans)
