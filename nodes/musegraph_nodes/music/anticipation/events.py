"""Events of three tokens: when a note arrives, how long it lasts, and which pitch of whom it is.

The layout is that of the Anticipatory Music Transformer (Thickstun and others 2023), so that its
public models load: hundredths of a second, programs of General MIDI with the drums as one more, and
each of these once more for what is given beforehand and only to be accompanied.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from musegraph import Message, Note, Score, Tempo, Track

HUNDREDTHS = 100
"""To a second."""
TIMES, DURATIONS, NOTES = 10_000, 1000, 128 * 129
TIME, DURATION = 0, TIMES
NOTE = DURATION + DURATIONS
REST = NOTE + NOTES
GIVEN = REST + 1
"""By how much the tokens of what is given lie above the others."""
SEPARATOR = GIVEN + REST
AUTOREGRESS, ANTICIPATE = SEPARATOR + 1, SEPARATOR + 2
SIZE = ANTICIPATE + 1
DRUMS = 128
AHEAD = 5 * HUNDREDTHS
"""So long before it sounds what is given is told."""
_CHANNEL_OF_DRUMS = 9
_RESOLUTION = 500
"""Ticks of a millisecond, at 120 to the minute."""
_VELOCITY = 80
CHANNELS = tuple(channel for channel in range(16) if channel != _CHANNEL_OF_DRUMS)


class Event(NamedTuple):
    """A note in hundredths of a second; without a note, a rest."""

    time: int
    duration: int
    note: int
    """The pitch and 128 times the instrument; -1 for a rest."""
    given: bool = False

    @property
    def player(self) -> int:
        return self.note // 128

    def tokens(self, offset: int = 0) -> list[int]:
        """Its three tokens, its time told from an offset."""
        more = GIVEN if self.given else 0
        note = NOTE + self.note if self.note >= 0 else REST
        return [TIME + self.time - offset + more, DURATION + self.duration + more, note + more]


def events_of(score: Score, given: bool = False) -> list[Event]:
    """The notes of a score by time, each with the program that its channel has at first."""
    clock, made = score.clock(), []
    for track in score.tracks:
        programs = track.programs
        for note in track.notes:
            drum = note.channel == _CHANNEL_OF_DRUMS
            player = DRUMS if drum else programs.get(note.channel, 0)
            start = round(clock.seconds(note.start) * HUNDREDTHS)
            end = round(clock.seconds(note.end) * HUNDREDTHS)
            length = min(end - start, DURATIONS - 1)
            made.append(Event(start, length, note.pitch + 128 * player, given))
    return sorted(made)


def rested(events: Sequence[Event], end: int) -> list[Event]:
    """The same with a rest wherever nothing begins for a second, as models have learned it."""
    made: list[Event] = []
    before = 0
    for event in (*events, None):
        then = event.time if event is not None else end
        while then > before + HUNDREDTHS:
            before += HUNDREDTHS
            made.append(Event(before, 0, -1))
        if event is not None:
            made.append(event)
            before = event.time
    return made


def with_given(events: Sequence[Event], given: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """Events with what is given some seconds before it sounds, and what is given after them."""
    made, waiting = list[Event](), list(given)
    for event in events:
        while waiting and event.time >= waiting[0].time - AHEAD:
            made.append(waiting.pop(0))
        made.append(event)
    return made, waiting


def score_with(base: Score | None, events: Iterable[Event]) -> Score:
    """Events as tracks of their own, one for each player, after those of a score."""
    score = base or Score(_RESOLUTION, (), (Tempo(0, 500_000),))
    clock = score.clock()
    by_player: dict[int, list[Event]] = defaultdict(list)
    for event in sorted(events):
        if event.note >= 0:
            by_player[event.player].append(event)
    taken = {channel for track in score.tracks for channel in track.channels}
    free = [*(c for c in CHANNELS if c not in taken), *(c for c in CHANNELS if c in taken)]
    tracks = list(score.tracks)
    for player, own in sorted(by_player.items()):
        channel = _CHANNEL_OF_DRUMS if player == DRUMS else free.pop(0)
        program = [] if player == DRUMS else [Message(0, bytes((0xC0 | channel, player)))]
        notes = []
        for event in _apart(own):
            start = clock.ticks(event.time / HUNDREDTHS)
            end = clock.ticks((event.time + event.duration) / HUNDREDTHS)
            pitch = event.note % 128
            notes.append(Note(start, max(end - start, 1), pitch, _VELOCITY, channel))
        tracks.append(Track.of(notes, program, "Drums" if player == DRUMS else ""))
    return replace(score, tracks=tuple(tracks))


def _apart(events: Sequence[Event]) -> list[Event]:
    """Each note ends where the same one begins again; of two at once the longer is kept."""
    later: dict[int, int] = {}
    made = []
    for event in sorted(events, reverse=True):
        begins = later.get(event.note)
        if begins == event.time:
            continue
        later[event.note] = event.time
        if begins is not None:
            event = event._replace(duration=min(event.duration, begins - event.time))
        made.append(event)
    return made
