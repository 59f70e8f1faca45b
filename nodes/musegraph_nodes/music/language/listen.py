"""Scores of any origin as pieces: who plays what, in which key, over which chords."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from musegraph import KeySignature, NodeError, Note, Score
from musegraph_nodes.music.composer.form import merged
from musegraph_nodes.music.composer.piece import (
    BASS,
    CHORDS,
    DRUMS,
    MELODY,
    PAD,
    ROLES,
    STEPS,
    Harmony,
    Part,
    Piece,
    Tone,
    level_of,
    tidy,
)
from musegraph_nodes.music.theory import QUALITIES, Chord, Key, parse_key

from . import vocabulary as v

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each pitch fits a key (Krumhansl and Kessler 1982)."""
_HEARD = ("", "m", "7", "maj7", "m7", "dim", "m7b5", "sus4")
_CHANNEL_OF_DRUMS = 9
MOST_BARS = 2048


@dataclass(frozen=True)
class Voice:
    """A channel of a track."""

    track: int
    channel: int


@dataclass(frozen=True)
class Heard:
    """A score as a piece, and from which voices of the score its parts come."""

    piece: Piece
    voices: dict[int, list[Voice]]
    tick: float
    """Ticks of a step."""


def beats_of(score: Score) -> int:
    """The quarter notes of its bars; refused if they change, or no model knows them."""
    meters = {(meter.beats, meter.unit) for meter in score.meters} or {(4, 4)}
    if len(meters) > 1:
        raise NodeError("the score changes its meter, and the model knows one; split it there")
    over, under = meters.pop()
    if not under or over * 4 % under or over * 4 // under not in v.BEATS:
        raise NodeError(
            f"the score is in {over}/{under}, and the model knows bars of three or four quarters"
        )
    return over * 4 // under


def heard(score: Score, genre: str, key: str = "") -> Heard:
    """A score as the model takes it in: on its grid, by role, with key and chords."""
    if not score.notes:
        raise NodeError("the score has no notes; link one that has")
    beats, tick = beats_of(score), score.resolution / STEPS
    last = max(note.start for note in score.notes)
    bars = int(last // (score.resolution * beats)) + 1
    if bars > MOST_BARS:
        raise NodeError(f"the score has {bars} bars, and at most {MOST_BARS} are read; cut it")
    roles = roles_of(score)
    parts: dict[int, Part] = {}
    voices: dict[int, list[Voice]] = defaultdict(list)
    for role, rows in roles.items():
        tones: list[Tone] = []
        for voice, notes in rows:
            tones += (tone_of(note, tick, role) for note in notes)
            if voice not in voices[role]:
                voices[role].append(voice)
        first = rows[0][0]
        program = score.tracks[first.track].programs.get(first.channel, 0)
        parts[role] = Part(
            0 if role == DRUMS else program,
            tidy(tones, role == DRUMS, bars * beats * STEPS),
        )
    pitched = [tone for role, part in parts.items() if role != DRUMS for tone in part.tones]
    known = parse_key(key) if key else key_of(pitched, score.keys[0] if score.keys else None)
    known = Key(known.tonic, "minor" if known.minor else "major")
    tempo = score.tempos[-1].bpm if score.tempos else 120.0
    chords = chords_of(pitched, bars, beats)
    piece = Piece(genre, known, tempo, beats, bars, chords, parts)
    return Heard(piece, dict(voices), tick)


def tone_of(note: Note, tick: float, role: int) -> Tone:
    start = round(note.start / tick)
    length = 1 if role == DRUMS else max(round(note.duration / tick), 1)
    return Tone(start, length, note.pitch, level_of(note.velocity))


# -- roles ------------------------------------------------------------------------------------

Rows = list[tuple[Voice, list[Note]]]


def roles_of(score: Score) -> dict[int, Rows]:
    """Who plays what: by the name of a track where it says so, else by pitch, chords and sound."""
    found: dict[int, Rows] = defaultdict(list)
    open_ones: list[tuple[Voice, list[Note], int]] = []
    for index, track in enumerate(score.tracks):
        by_channel: dict[int, list[Note]] = defaultdict(list)
        for note in track.notes:
            by_channel[note.channel].append(note)
        for channel, notes in sorted(by_channel.items()):
            voice = Voice(index, channel)
            if channel == _CHANNEL_OF_DRUMS:
                found[DRUMS].append((voice, notes))
            elif track.name.lower() in ROLES:
                found[ROLES.index(track.name.lower())].append((voice, notes))
            else:
                open_ones.append((voice, notes, track.programs.get(channel, 0)))
    _assign(open_ones, found)
    return {role: rows for role, rows in sorted(found.items()) if any(notes for _, notes in rows)}


def _assign(open_ones: Sequence[tuple[Voice, list[Note], int]], found: dict[int, Rows]) -> None:
    many = [one for one in open_ones if _thickness(one[1]) > 1.3]
    single = [one for one in open_ones if one not in many]
    for voice, notes, program in sorted(single, key=lambda one: _middle(one[1])):
        if BASS not in found and (32 <= program < 40 or _middle(notes) < 50):
            found[BASS].append((voice, notes))
        elif MELODY not in found and (voice, notes, program) == _highest(single):
            found[MELODY].append((voice, notes))
        else:
            found[PAD if 40 <= program < 56 else CHORDS].append((voice, notes))
    for voice, notes, program in many:
        if not found and len(open_ones) == 1:
            top, rest = _skyline(notes)
            found[MELODY].append((voice, top))
            found[CHORDS].append((voice, rest))
        else:
            held = 40 <= program < 56 or 88 <= program < 104
            found[PAD if held and CHORDS in found else CHORDS].append((voice, notes))


def _thickness(notes: Sequence[Note]) -> float:
    return len(notes) / len({note.start for note in notes})


def _middle(notes: Sequence[Note]) -> float:
    return sum(note.pitch for note in notes) / len(notes)


def _highest(ones: Sequence[tuple[Voice, list[Note], int]]) -> tuple[Voice, list[Note], int]:
    return max(ones, key=lambda one: _middle(one[1]))


def _skyline(notes: Iterable[Note]) -> tuple[list[Note], list[Note]]:
    """The highest note of each moment, and the others."""
    at: dict[int, list[Note]] = defaultdict(list)
    for note in notes:
        at[note.start].append(note)
    top = [max(group, key=lambda note: note.pitch) for group in at.values()]
    chosen = set(top)
    return top, [note for group in at.values() for note in group if note not in chosen]


# -- key and chords ---------------------------------------------------------------------------


def weights(tones: Iterable[Tone], start: int = 0, end: int | None = None) -> list[float]:
    """How long each pitch class sounds between two steps."""
    found = [0.0] * 12
    for tone in tones:
        stop = tone.end if end is None else min(tone.end, end)
        if (long := stop - max(tone.start, start)) > 0:
            found[tone.pitch % 12] += long
    return found


def key_of(tones: Sequence[Tone], signature: KeySignature | None = None) -> Key:
    """The key whose profile is most like what sounds; of no notes, C major.

    The bass at the end and a signature that was written count as well, the one without signs less:
    it stands in many files that are in another key.
    """
    sounding = weights(tones)
    last = max((tone.end for tone in tones), default=0)
    ends = min((tone.pitch for tone in tones if tone.end == last), default=0) % 12
    best, found = -2.0, Key(0)
    for tonic in range(12):
        for mode, profile in (("major", _MAJOR), ("minor", _MINOR)):
            key = Key(tonic, mode)
            fit = _alike([sounding[(tonic + step) % 12] for step in range(12)], profile)
            fit += 0.12 * (tonic == ends)
            if signature is not None and (key.sharps, key.minor) == signature[1:]:
                fit += 0.3 if signature.sharps or signature.minor else 0.05
            if fit > best:
                best, found = fit, key
    return found


def _alike(one: Sequence[float], other: Sequence[float]) -> float:
    """Pearson's correlation."""
    a, b = sum(one) / len(one), sum(other) / len(other)
    up = sum((x - a) * (y - b) for x, y in zip(one, other, strict=True))
    down = sum((x - a) ** 2 for x in one) * sum((y - b) ** 2 for y in other)
    return up / down**0.5 if down else 0.0


def chords_of(tones: Sequence[Tone], bars: int, beats: int) -> tuple[Harmony, ...]:
    """A chord for each bar, or for each half where they differ: that which explains most."""
    bar = beats * STEPS
    by_bar: dict[int, list[Tone]] = defaultdict(list)
    for tone in tones:
        for number in range(tone.start // bar, (tone.end - 1) // bar + 1):
            by_bar[number].append(tone)
    made = []
    for number in range(bars):
        at = number * bar
        halves = [(at, at + bar)] if beats % 2 else [(at, at + bar // 2), (at + bar // 2, at + bar)]
        whole, fit = chord_of(by_bar[number], at, at + bar)
        parts = [chord_of(by_bar[number], *half) for half in halves]
        if len(parts) == 2 and sum(score for _, score in parts) / 2 > fit + 0.12:
            made += [Harmony(half[0], part[0]) for half, part in zip(halves, parts, strict=True)]
        else:
            made.append(Harmony(at, whole))
    return merged(made)


def chord_of(tones: Sequence[Tone], start: int, end: int) -> tuple[Chord | None, float]:
    """The chord of a stretch, and the share of what sounds that is in it, less what is missing."""
    sounding = weights(tones, start, end)
    total = sum(sounding)
    if not total:
        return None, 0.0
    below = min((t for t in tones if t.start < end and t.end > start), key=lambda t: t.pitch)
    best: tuple[Chord | None, float] = (None, -1.0)
    for root in range(12):
        for quality in _HEARD:
            steps = [step % 12 for step in QUALITIES[quality]]
            inside = sum(sounding[(root + step) % 12] for step in steps) / total
            missing = sum(sounding[(root + step) % 12] < 0.02 * total for step in steps)
            fit = (
                inside - 0.14 * missing - 0.05 * (len(steps) - 3) + 0.1 * (below.pitch % 12 == root)
            )
            if fit > best[1]:
                best = Chord(root, quality), fit
    return best
