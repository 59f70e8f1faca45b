"""A score as sound: every note by its instrument, in its place, in one room."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musegraph import Message, Note, Score, Track

from .drums import drum
from .tones import (
    Instrument,
    bell,
    bowed,
    electric_piano,
    flute,
    mallet,
    organ,
    piano,
    plucked,
    square,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .tones import Wave

DRUMS = 9
_LONGEST = 12.0
"""Seconds that a tone sounds at most which nobody holds; then it is gone."""
_LAYERS = 4
"""How many strengths of a tone are told apart; between them only loudness changes."""

_GUITAR, _BASS = plucked(0.35, 5.0), plucked(0.72, 6.0)
_STRINGS, _PAD = bowed(5.0, 0.0028, 3), bowed(3.0, 0.002, 4)
INSTRUMENTS: dict[str, Instrument] = {
    "piano": Instrument(piano, 0.18, gain=0.55),
    "electric piano": Instrument(electric_piano, 0.15, gain=0.4),
    "mallet": Instrument(mallet, 0.4, gain=0.5),
    "bell": Instrument(bell, 1.2, gain=0.45),
    "organ": Instrument(organ, 0.06, 0.01, held=True, gain=0.3),
    "guitar": Instrument(_GUITAR, 0.12, gain=0.5),
    "bass": Instrument(_BASS, 0.08, gain=0.85),
    "strings": Instrument(_STRINGS, 0.25, 0.09, held=True, gain=0.34),
    "brass": Instrument(bowed(7.0, 0.002, 2), 0.12, 0.04, held=True, gain=0.36),
    "flute": Instrument(flute, 0.12, 0.05, held=True, gain=0.42),
    "lead": Instrument(square, 0.08, 0.008, held=True, gain=0.26),
    "pad": Instrument(_PAD, 0.9, 0.5, held=True, gain=0.34),
}
_FAMILIES = (
    (4, "piano"), (6, "electric piano"), (8, "piano"), (16, "mallet"), (24, "organ"),
    (32, "guitar"), (40, "bass"), (45, "strings"), (46, "guitar"), (47, "guitar"), (48, "mallet"),
    (56, "strings"), (64, "brass"), (68, "brass"), (72, "flute"), (80, "flute"), (88, "lead"),
    (96, "pad"), (104, "pad"), (108, "guitar"), (112, "strings"), (115, "bell"), (120, "mallet"),
    (128, "pad"),
)  # fmt: skip
"""Programs of General MIDI below each number, and what plays them."""
_BELLS = {9, 10, 14, 98, 112}


def instrument_of(program: int) -> str:
    """The name of the instrument that plays a program of General MIDI."""
    if program in _BELLS:
        return "bell"
    return next(name for below, name in _FAMILIES if program < below)


@dataclass(frozen=True)
class Sounded:
    """A note as it is heard: times in seconds, where it stands from left -1 to right 1."""

    start: float
    seconds: float
    pitch: int
    velocity: int
    program: int
    drum: bool
    level: float
    place: float


def render(
    score: Score,
    rate: int,
    tick: Callable[[float], None],
    tail: float = 2.0,
    stereo: float = 1.0,
    semitones: float = 0.0,
) -> NDArray[np.float32]:
    """Samples [2,N] without a room; ``tick`` is told how much is done."""
    import numpy as np

    notes = sorted(heard(score, stereo), key=lambda note: note.start)
    length = int((max((n.start + n.seconds for n in notes), default=0.0) + tail) * rate) + 1
    mix = np.zeros((2, length), np.float32)
    tones: dict[tuple[int, int, int], Wave] = {}
    longest = _longest(notes)
    for index, note in enumerate(notes):
        if index % 32 == 0:
            tick(index / len(notes))
        wave = _wave(note, rate, tones, longest, semitones)
        start = int(note.start * rate)
        wave = wave[: length - start]
        angle = (note.place + 1) * math.pi / 4
        for side, share in enumerate((math.cos(angle), math.sin(angle))):
            mix[side, start : start + len(wave)] += wave * np.float32(note.level * share)
    return mix


def _longest(notes: Iterable[Sounded]) -> dict[tuple[int, int, int], float]:
    """By what is the same tone, the longest time that it is held."""
    found: dict[tuple[int, int, int], float] = defaultdict(float)
    for note in notes:
        key = _key(note)
        found[key] = max(found[key], note.seconds)
    return found


def _key(note: Sounded) -> tuple[int, int, int]:
    layer = min(note.velocity * _LAYERS // 128, _LAYERS - 1)
    return (-1 if note.drum else note.program, note.pitch, layer)


def _wave(
    note: Sounded,
    rate: int,
    tones: dict[tuple[int, int, int], Wave],
    longest: dict[tuple[int, int, int], float],
    semitones: float,
) -> Wave:
    """One note: its tone, which is computed once for all notes alike, let go at its end."""
    import numpy as np

    key = _key(note)
    strength = (key[2] + 0.5) / _LAYERS
    if note.drum:
        if key not in tones:
            tones[key] = drum(note.pitch, strength, rate)
        return tones[key]
    player = INSTRUMENTS[instrument_of(note.program)]
    if key not in tones:
        frequency = 440.0 * 2 ** ((note.pitch + semitones - 69) / 12)
        whole = longest[key] + player.release
        seconds = whole if player.held else min(whole, _LONGEST)
        tones[key] = player.tone(frequency, strength, seconds, rate) * np.float32(player.gain)
    held = int(note.seconds * rate)
    release = max(int(player.release * rate), 1)
    wave = tones[key][: held + release].copy()
    rise = min(int(player.attack * rate), len(wave))
    if rise:
        wave[:rise] *= np.sin(np.linspace(0, np.pi / 2, rise, dtype=np.float32)) ** 2
    if len(wave) > held:
        fall = np.linspace(1, 0, release, dtype=np.float32)[: len(wave) - held] ** 2
        wave[held:] *= fall
    return wave


def heard(score: Score, stereo: float) -> Iterable[Sounded]:
    """All notes with the program, loudness and place that their channel has when they begin."""
    clock = score.clock()
    sounding = [track for track in score.tracks if track.packed_notes]
    for index, track in enumerate(sounding):
        controls = _Controls(track)
        spread = ((index + 1) // 2) * 0.22 * (-1 if index % 2 else 1)
        for note in track.notes:
            program, level, place = controls.at(note)
            start = clock.seconds(note.start)
            end = clock.seconds(controls.let_go(note))
            yield Sounded(
                start, max(end - start, 0.02), note.pitch, note.velocity, program,
                note.channel == DRUMS, level * (note.velocity / 127) ** 1.4,
                max(min((spread if place is None else place) * stereo, 1.0), -1.0),
            )  # fmt: skip


class _Controls:
    """What the messages of a track say at a time: programs, volumes, places, the pedal."""

    def __init__(self, track: Track) -> None:
        self.changes: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for event in track.events:
            self._note(event)

    def _note(self, event: Message) -> None:
        status, data = event.data[0], event.data[1:]
        if status & 0xF0 == 0xC0 and data:
            self.changes[status & 15, -1].append((event.time, data[0]))
        elif status & 0xF0 == 0xB0 and len(data) == 2 and data[0] in (7, 10, 11, 64):
            self.changes[status & 15, data[0]].append((event.time, data[1]))

    def _value(self, channel: int, what: int, time: int) -> int | None:
        found = None
        for at, value in self.changes.get((channel, what), ()):
            if at > time:
                break
            found = value
        return found

    def at(self, note: Note) -> tuple[int, float, float | None]:
        """Program, loudness and place of a note; without a place, None."""
        volume = self._value(note.channel, 7, note.start)
        expression = self._value(note.channel, 11, note.start)
        level = ((100 if volume is None else volume) / 100) ** 2
        level *= ((127 if expression is None else expression) / 127) ** 2
        pan = self._value(note.channel, 10, note.start)
        return (
            self._value(note.channel, -1, note.start) or 0,
            level,
            None if pan is None else (pan - 64) / 63,
        )

    def let_go(self, note: Note) -> int:
        """When a note ends: with its key, or with the pedal that is down then."""
        if (self._value(note.channel, 64, note.end) or 0) < 64:
            return note.end
        lifted = (t for t, v in self.changes[note.channel, 64] if t > note.end and v < 64)
        return next(lifted, note.end)


def room(mix: NDArray[np.float32], rate: int, share: float, size: float) -> NDArray[np.float32]:
    """The sound in a room: what comes back from its walls, of which ``share`` is heard.

    Decaying noise as the answer of a diffuse room (Moorer 1979), duller with time, other in each
    ear; ``size`` is how many seconds it takes to fall by 60 dB.
    """
    import numpy as np
    from scipy.signal import butter, lfilter, oaconvolve

    if share <= 0:
        return mix
    time = np.arange(int(size * rate)) / rate
    wet = []
    for side in range(2):
        draw = np.random.default_rng(side + 1).standard_normal(len(time))
        top, bottom = butter(1, 5200 / (rate / 2))
        dull = lfilter(top, bottom, draw)
        fade = np.clip(time / (size * 0.6), 0, 1)
        answer = (draw * (1 - fade) * 0.5 + dull * fade) * np.exp(-6.9 * time / size)
        answer[: int(0.012 * rate)] = 0
        answer /= np.sqrt((answer**2).sum())
        wet.append(oaconvolve(mix[side], answer.astype(np.float32))[: mix.shape[1]])
    return (mix * (1 - 0.5 * share) + np.stack(wet).astype(np.float32) * share).astype(np.float32)


def levelled(mix: NDArray[np.float32], peak: float = 0.89) -> NDArray[np.float32]:
    """As loud as can be without a sample beyond ``peak``, which is -1 dB."""
    import numpy as np

    loudest = float(np.abs(mix).max(initial=0.0))
    return mix * np.float32(peak / loudest) if loudest > 1e-6 else mix
