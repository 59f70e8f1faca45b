"""What a model made, put into the score that was there: of that nothing else changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from musegraph import Note, Score, Track
from musegraph_nodes.music.composer.piece import DRUMS, LEVELS, STEPS, Harmony, Piece, Tone
from musegraph_nodes.music.theory import Chord

from .listen import Heard, Voice


def after(harmony: Iterable[Harmony], piece: Piece) -> dict[int, Chord | None]:
    """Chords by step, the first of them where a piece ends."""
    return {one.start + piece.end: one.chord for one in harmony}


def notes_of(tones: Iterable[Tone], role: int, voice: Voice, tick: float) -> list[Note]:
    """Tones as notes of a voice."""
    made = []
    for tone in tones:
        start = round(tone.start * tick)
        length = STEPS // 4 if role == DRUMS else tone.length
        end = max(round((tone.start + length) * tick), start + 1)
        made.append(Note(start, end - start, tone.pitch, LEVELS[tone.level], voice.channel))
    return made


def added(score: Score, heard: Heard, made: Piece) -> Score:
    """A score with what comes after the last bar it had."""
    fresh: dict[int, list[Note]] = defaultdict(list)
    for role, voices in heard.voices.items():
        new = [tone for tone in made.parts[role].tones if tone.start >= heard.piece.end]
        fresh[voices[0].track] += notes_of(new, role, voices[0], heard.tick)
    end = round(made.end * heard.tick)
    return _with(score, lambda index, notes: [*notes, *fresh.get(index, [])], end, fresh)


def replaced(
    score: Score, heard: Heard, made: Piece, span: tuple[int, int], roles: Sequence[int]
) -> Score:
    """A score in which some bars of some parts are others."""
    first, last = (bar * heard.piece.bar for bar in span)
    gone: set[tuple[int, int]] = set()
    fresh: dict[int, list[Note]] = defaultdict(list)
    for role in roles:
        voices = heard.voices[role]
        gone |= {(voice.track, voice.channel) for voice in voices}
        # What is new ends with its bars, so that it rings into nothing that was there.
        new = [
            tone._replace(length=min(tone.length, last - tone.start))
            for tone in made.parts[role].tones
            if first <= tone.start < last
        ]
        fresh[voices[0].track] += notes_of(new, role, voices[0], heard.tick)
    kept = _kept_roles(heard, roles)

    def change(index: int, notes: Sequence[Note]) -> list[Note]:
        return [n for n in notes if not inside(index, n)] + fresh.get(index, [])

    def inside(index: int, note: Note) -> bool:
        step = round(note.start / heard.tick)
        if (index, note.channel) not in gone or not first <= step < last:
            return False
        # A voice of two parts, as a piano is: what belongs to the part that stays, stays.
        return (step, note.pitch) not in kept.get((index, note.channel), ())

    return _with(score, change, 0, fresh)


def _kept_roles(
    heard: Heard, roles: Collection[int]
) -> dict[tuple[int, int], set[tuple[int, int]]]:
    made: dict[tuple[int, int], set[tuple[int, int]]] = defaultdict(set)
    for role, voices in heard.voices.items():
        if role not in roles:
            tones = {(tone.start, tone.pitch) for tone in heard.piece.parts[role].tones}
            for voice in voices:
                made[voice.track, voice.channel] |= tones
    return made


def _with(
    score: Score,
    change: Callable[[int, Sequence[Note]], list[Note]],
    end: int,
    touched: Collection[int],
) -> Score:
    tracks = []
    for index, track in enumerate(score.tracks):
        if index in touched:
            notes = change(index, track.notes)
            tracks.append(Track.of(notes, track.events, track.name, max(track.end, end)))
        else:
            tracks.append(track)
    return replace(score, tracks=tuple(tracks))
