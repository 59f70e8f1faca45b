"""Scores played with a SoundFont: recordings at other speeds, round and round, in envelopes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from musegraph import Score
from musegraph_nodes.music.synth.render import Sounded, heard

from .bank import DRUM_BANK, Bank, Region

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Wave = NDArray[np.float32]

_FLOOR = 100.0
"""Decibels over which envelopes fall; what is below is not heard."""
_LONGEST = 30.0
"""Seconds that a note is heard at most after its key is up."""


@dataclass(frozen=True)
class _Voice:
    """A note of a region: when it begins, and when it is let go or cut off."""

    note: Sounded
    region: Region


def render(
    score: Score,
    bank: Bank,
    rate: int,
    tick: Callable[[float], None],
    tail: float,
    stereo: float,
    semitones: float,
) -> tuple[Wave, set[tuple[int, int]]]:
    """Samples [2,N] without a room, and the programs that were not there."""
    import numpy as np

    voices, missing = _voices(score, bank, stereo)
    length = (
        int((max((v.note.start + v.note.seconds for v in voices), default=0) + tail) * rate) + 1
    )
    mix = np.zeros((2, length), np.float32)
    for index, voice in enumerate(voices):
        if index % 16 == 0:
            tick(index / len(voices))
        start = int(voice.note.start * rate)
        wave = _wave(voice, bank, rate, length - start, semitones)
        place = voice.note.place + voice.region.value(17) / 500
        angle = (min(max(place, -1.0), 1.0) + 1) * math.pi / 4
        gain = voice.note.level * (voice.note.velocity / 127) ** 0.6
        gain *= 10 ** (-min(max(voice.region.value(48), 0), 1440) / 200)
        for side, share in enumerate((math.cos(angle), math.sin(angle))):
            mix[side, start : start + len(wave)] += wave * np.float32(gain * share)
    return mix, missing


def _voices(score: Score, bank: Bank, stereo: float) -> tuple[list[_Voice], set[tuple[int, int]]]:
    """What sounds, note by note; one of an exclusive class ends where the next of it begins."""
    voices: list[_Voice] = []
    missing: set[tuple[int, int]] = set()
    sounding: dict[tuple[int, int, int], list[int]] = {}
    for note in sorted(heard(score, stereo), key=lambda one: one.start):
        asked = (DRUM_BANK if note.drum else 0, note.program)
        preset = bank.stand_in(*asked)
        if preset != asked and not (note.drum and preset is not None):
            missing.add(asked)
        if preset is None:
            continue
        cut = {r.value(57) for r in bank.regions(preset, note.pitch, note.velocity)} - {0}
        for kind in cut:
            for index in sounding.pop((*preset, kind), ()):
                before = voices[index].note
                if before.start < note.start < before.start + before.seconds:
                    shorter = replace(before, seconds=note.start - before.start)
                    voices[index] = replace(voices[index], note=shorter)
        for region in bank.regions(preset, note.pitch, note.velocity):
            # A drum rings as long as it was recorded, however short its note is.
            whole = note if not (note.drum and not region.round) else _ringing(note, region)
            if region.value(57):
                sounding.setdefault((*preset, region.value(57)), []).append(len(voices))
            voices.append(_Voice(whole, region))
    return voices, missing


def _ringing(note: Sounded, region: Region) -> Sounded:
    start, end, _, _ = region.bounds
    speed = 2 ** (region.cents(note.pitch) / 1200) * region.sample.rate
    return replace(note, seconds=max(note.seconds, min((end - start) / speed, _LONGEST)))


def _wave(voice: _Voice, bank: Bank, rate: int, most: int, semitones: float) -> Wave:
    """The samples of a voice, at most so many."""
    import numpy as np

    region, note = voice.region, voice.note
    held = int(note.seconds * rate)
    release = min(region.seconds(38), _LONGEST)
    count = min(held + int(release * rate) + 64, most)
    speed = 2 ** ((region.cents(note.pitch) + 100 * semitones) / 1200) * region.sample.rate / rate
    speed = min(max(speed, 1e-4), 256.0)
    wave = _read(bank, region, speed, count, held)
    wave = wave * _envelope(region, note.pitch, rate, len(wave), held)
    return np.asarray(_dulled(wave, region, rate), np.float32)


def _read(bank: Bank, region: Region, speed: float, count: int, held: int) -> Wave:
    """A recording at another speed, between its samples by a cubic through four of them."""
    import numpy as np

    start, end, loop, loop_end = region.bounds
    if not region.round:
        count = min(count, int((end - start) / speed) + 1)
    at = start + np.arange(count) * speed
    place = np.floor(at).astype(np.int64)
    part = (at - place).astype(np.float32)
    until = count if region.round == 1 else held if region.round == 3 else 0
    points = []
    for shift in (-1, 0, 1, 2):
        spots = place + shift
        if until:
            ahead = spots[:until]
            again = loop + (ahead - loop) % (loop_end - loop)
            turns = np.where(ahead >= loop_end, again, ahead)
            rest = spots[until:]
            if len(rest):
                # Let go, it goes on from where it was in its round, to its end.
                rest = rest - (spots[until - 1] - turns[-1])
            spots = np.concatenate((turns, rest))
        inside = (spots >= start) & (spots < end)
        points.append(
            np.where(inside, bank.pool[np.clip(spots, start, end - 1)], 0).astype(np.float32)
        )
    a, b, c, d = points
    bend = b + 0.5 * part * (
        c - a + part * (2 * a - 5 * b + 4 * c - d + part * (3 * (b - c) + d - a))
    )
    return np.asarray(bend / 32_768)


def _envelope(region: Region, pitch: int, rate: int, count: int, held: int) -> Wave:
    """Delay, attack, hold, decay to a level, and from where it is then, release."""
    import numpy as np

    time = np.arange(count) / rate
    attack, hold = region.seconds(34), region.seconds(35, pitch, 39)
    decay = max(region.seconds(36, pitch, 40), 1e-3)
    sustain = min(max(region.value(37), 0), 1000) / 10
    begun = time - region.seconds(33)
    rising = np.clip(begun / max(attack, 1e-4), 0, 1)
    fallen = np.clip((begun - attack - hold) / decay * _FLOOR, 0, sustain)
    let_go = np.clip((time - held / rate) / max(region.seconds(38), 4e-3) * _FLOOR, 0, _FLOOR)
    level = rising * 10 ** (-(fallen + let_go) / 20)
    level[let_go >= _FLOOR] = 0
    return np.asarray(level, np.float32)


def _dulled(wave: Wave, region: Region, rate: int) -> Wave:
    """Through the low-pass filter of a region, where it has one that is heard."""
    import numpy as np
    from scipy.signal import lfilter

    hertz = 8.176 * 2 ** (min(max(region.value(8), 1500), 13_500) / 1200)
    if region.value(8) >= 13_500 or hertz > rate * 0.45 or not len(wave):
        return wave
    q = 10 ** ((min(max(region.value(9), 0), 960) / 10 - 3.01) / 20)
    turn = 2 * math.pi * hertz / rate
    alpha = math.sin(turn) / (2 * q)
    low = (1 - math.cos(turn)) / 2
    top, bottom = [low, 2 * low, low], [1 + alpha, -2 * math.cos(turn), 1 - alpha]
    return np.asarray(lfilter(top, bottom, wave), np.float32)
