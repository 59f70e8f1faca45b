"""Scores changed: higher, straighter, looser, together, apart, over and over."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from musegraph import Message, NodeError, Note, Score, Seed, Tempo, Track, node

DRUMS = 9
MOST_TICKS = 2**28 - 1
MOST_NOTES = 1_000_000

Drums = Annotated[bool, Field(description="Whether drums, which have no pitch, are moved as well.")]


def changed(score: Score, change: Callable[[Note], Note | None]) -> Score:
    """A score with every note changed, or left out."""
    tracks = []
    for track in score.tracks:
        notes = [made for note in track.notes if (made := change(note)) is not None]
        tracks.append(Track.of(notes, track.events, track.name, track.end))
    return replace(score, tracks=tuple(tracks))


@node(version="1")
def transpose(
    score: Score,
    semitones: Annotated[int, Field(ge=-60, le=60, description="12 are an octave.")],
) -> Score:
    """Move all notes up or down, but drums; what would leave the keyboard, by octaves less."""

    def moved(note: Note) -> Note:
        if note.channel == DRUMS:
            return note
        pitch = note.pitch + semitones
        while pitch > 127:
            pitch -= 12
        while pitch < 0:
            pitch += 12
        return note._replace(pitch=pitch)

    keys = tuple(key._replace(sharps=_nearest(key.sharps + 7 * semitones)) for key in score.keys)
    return replace(changed(score, moved), keys=keys)


def _nearest(sharps: int) -> int:
    """The signature that sounds alike and has the fewest signs."""
    sharps %= 12
    return sharps if sharps <= 6 else sharps - 12


@node(version="1")
def quantise(
    score: Score,
    grid: Annotated[
        int,
        Field(ge=1, le=64, description="Steps to a whole note: 16 are sixteenths, 12 triplets."),
    ] = 16,
    strength: Annotated[
        float, Field(ge=0, le=1, description="1 puts notes on the grid, less leaves some life.")
    ] = 1.0,
    durations: Annotated[bool, Field(description="Whether they also end on it.")] = False,
) -> Score:
    """Move notes to the nearest step of a grid."""
    step = score.resolution * 4 / grid

    def pulled(tick: int) -> int:
        wanted = round(tick / step) * step
        return max(round(tick + (wanted - tick) * strength), 0)

    def straight(note: Note) -> Note:
        start = pulled(note.start)
        if not durations:
            return note._replace(start=start)
        return note._replace(start=start, duration=max(pulled(note.end) - start, round(step * 0.5)))

    return changed(score, straight)


@node(version="1")
def humanise(
    score: Score,
    timing: Annotated[
        float, Field(ge=0, le=200, description="By how many milliseconds notes come early or late.")
    ] = 10.0,
    velocity: Annotated[
        float, Field(ge=0, le=60, description="By how much they are stronger or weaker.")
    ] = 8.0,
    seed: Annotated[Seed, Field(description="Which way each goes.")] = 0,
) -> Score:
    """Let notes come a little early or late, stronger or weaker, as people play them.

    The spread of a normal distribution. Chords stay together: what starts at once moves at once.
    """
    draw = random.Random(seed)
    clock = score.clock()
    moves: dict[int, float] = {}

    def loose(note: Note) -> Note:
        if note.start not in moves:
            moves[note.start] = draw.gauss(0, timing / 1000) if timing else 0.0
        start = clock.ticks(max(clock.seconds(note.start) + moves[note.start], 0.0))
        strength = round(note.velocity + draw.gauss(0, velocity)) if velocity else note.velocity
        return note._replace(start=start, velocity=min(max(strength, 1), 127))

    return changed(score, loose)


@node(version="1")
def change_tempo(
    score: Score,
    factor: Annotated[float, Field(ge=0.1, le=10, description="2 is twice as fast.")] = 1.0,
    bpm: Annotated[
        float,
        Field(ge=0, le=400, description="The tempo at the start; the others follow. 0: as is."),
    ] = 0.0,
) -> Score:
    """Play a score faster or slower."""
    tempos = score.tempos
    if not tempos or tempos[0].time:
        tempos = (Tempo(0, 500_000), *tempos)
    if bpm:
        factor *= bpm / tempos[0].bpm
    return replace(
        score,
        tempos=tuple(
            tempo._replace(microseconds=min(max(round(tempo.microseconds / factor), 1), 2**24 - 1))
            for tempo in tempos
        ),
    )


@node(version="1")
def merge(
    scores: Annotated[list[Score], Field(description="Played together; the first sets the tempo.")],
    one_after_another: Annotated[
        bool, Field(description="One after the other, each in its own tempo.")
    ] = False,
) -> Score:
    """Put scores together: at the same time, or one after the other.

    What plays at the same time keeps its instruments: the channels of a later score are others than
    those of the earlier ones, as long as there are free ones.
    """
    if not scores:
        raise NodeError("there is nothing to merge; link at least one score")
    resolution = max(score.resolution for score in scores)
    fitted = [rescaled(score, resolution) for score in scores]
    if not one_after_another:
        return replace(fitted[0], tracks=tuple(_apart(fitted)))
    tracks: list[Track] = []
    tempos, meters, keys, at = (
        list[Tempo](),
        list(fitted[0].meters[:0]),
        list(fitted[0].keys[:0]),
        0,
    )
    for score in fitted:
        _check_end(at + score.end)
        tracks += [shifted(track, at) for track in score.tracks]
        begin = score.tempos if score.tempos and not score.tempos[0].time else (
            Tempo(0, 500_000), *score.tempos
        )  # fmt: skip
        tempos += [tempo._replace(time=tempo.time + at) for tempo in begin]
        meters += [meter._replace(time=meter.time + at) for meter in score.meters]
        keys += [key._replace(time=key.time + at) for key in score.keys]
        at += score.end
    return Score(resolution, tuple(tracks), tuple(tempos), tuple(meters), tuple(keys))


def _apart(scores: Sequence[Score]) -> list[Track]:
    """The tracks of scores, each score on channels of its own; drums stay where they are."""
    made: list[Track] = []
    taken: set[int] = {DRUMS}
    for score in scores:
        own = {channel for track in score.tracks for channel in _channels(track)} - {DRUMS}
        free = [channel for channel in range(16) if channel not in taken | own]
        other = {c: free.pop(0) for c in sorted(own & taken) if free}
        made += [_moved(track, other) if other else track for track in score.tracks]
        taken |= {other.get(channel, channel) for channel in own}
    return made


def _channels(track: Track) -> set[int]:
    said = {event.data[0] & 0x0F for event in track.events if event.data[0] < 0xF0}
    return said | {*track.channels}


def _moved(track: Track, other: Mapping[int, int]) -> Track:
    def message(event: Message) -> Message:
        status = event.data[0]
        if status >= 0xF0:
            return event
        channel = other.get(status & 0x0F, status & 0x0F)
        return event._replace(data=bytes((status & 0xF0 | channel,)) + event.data[1:])

    return Track.of(
        [note._replace(channel=other.get(note.channel, note.channel)) for note in track.notes],
        [message(event) for event in track.events],
        track.name,
        track.end,
    )


@node(version="1")
def split(score: Score) -> list[Score]:
    """Take a score apart: a score for each track that has notes, and in it for each channel."""
    parts = []
    for track in score.tracks:
        for channel in track.channels:
            notes = [note for note in track.notes if note.channel == channel]
            own = [event for event in track.events if _of(event, channel)]
            parts.append(replace(score, tracks=(Track.of(notes, own, track.name, track.end),)))
    return parts


def _of(event: Message, channel: int) -> bool:
    """Whether a message is for a channel, or for all of them."""
    return event.data[0] >= 0xF0 or event.data[0] & 0x0F == channel


@node(version="1")
def loop(
    score: Score,
    times: Annotated[int, Field(ge=1, le=1000, description="How often it is played.")] = 2,
    beats: Annotated[
        float,
        Field(
            ge=0, le=10_000, description="Quarter notes of a turn; 0: to the end of its last bar."
        ),
    ] = 0.0,
) -> Score:
    """Play a score over and over, without a gap."""
    length = round(beats * score.resolution) or whole_bars(score)
    _check_end(length * times)
    if sum(len(track.packed_notes) for track in score.tracks) // 20 * times > MOST_NOTES:
        raise NodeError(f"that would be more than {MOST_NOTES:,} notes; loop it less often")
    tracks = []
    for track in score.tracks:
        notes = [note for note in track.notes if note.start < length]
        notes = [n._replace(duration=min(n.duration, length - n.start)) for n in notes]
        events = [event for event in track.events if event.time < length]
        tracks.append(
            Track.of(
                [n._replace(start=n.start + turn * length) for turn in range(times) for n in notes],
                [
                    event._replace(time=event.time + turn * length)
                    for turn in range(times)
                    for event in events
                ],
                track.name,
                length * times,
            )
        )
    kept = {
        name: tuple(row for row in getattr(score, name) if row.time < length)
        for name in ("meters", "keys")
    }
    tempos = [tempo for tempo in score.tempos if tempo.time < length]
    every = [t._replace(time=t.time + turn * length) for turn in range(times) for t in tempos]
    return Score(score.resolution, tuple(tracks), tuple(every), kept["meters"], kept["keys"])


def whole_bars(score: Score) -> int:
    """The tick at which the last bar ends, by the meter that it begins with."""
    meter = score.meters[0] if score.meters and score.meters[0].beats else None
    beats, unit = (meter.beats, meter.unit) if meter else (4, 4)
    bar = max(score.resolution * 4 * beats // unit, 1)
    return max(-(-score.end // bar), 1) * bar


def rescaled(score: Score, resolution: int) -> Score:
    """The same music with more ticks to a quarter note."""
    if resolution == score.resolution:
        return score

    def to(tick: int) -> int:
        return tick * resolution // score.resolution

    tracks = [
        Track.of(
            [n._replace(start=to(n.start), duration=to(n.end) - to(n.start)) for n in track.notes],
            [event._replace(time=to(event.time)) for event in track.events],
            track.name,
            to(track.end),
        )
        for track in score.tracks
    ]
    return Score(
        resolution,
        tuple(tracks),
        tuple(row._replace(time=to(row.time)) for row in score.tempos),
        tuple(row._replace(time=to(row.time)) for row in score.meters),
        tuple(row._replace(time=to(row.time)) for row in score.keys),
    )


def shifted(track: Track, ticks: int) -> Track:
    return Track.of(
        [note._replace(start=note.start + ticks) for note in track.notes],
        [event._replace(time=event.time + ticks) for event in track.events],
        track.name,
        track.end + ticks,
    )


def _check_end(ticks: int) -> None:
    if ticks > MOST_TICKS:
        raise NodeError("the score would be longer than any file of it can be; make it shorter")
