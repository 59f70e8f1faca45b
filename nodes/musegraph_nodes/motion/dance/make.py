"""A dance of a style over beats: which moves, how large, to which side."""

from __future__ import annotations

from typing import NamedTuple
from zlib import crc32

import numpy as np

from musegraph_nodes.motion.turns import Doubles

from . import ballroom, moves
from .moves import Move
from .perform import Manner, perform
from .phrase import HANDS, Phrase, Sheet

COUNTS = 8
"""Beats of a phrase."""


class Style(NamedTuple):
    """The moves of a style and the manner in which they are done."""

    moves: tuple[Move, ...]
    manner: Manner
    final: tuple[str, str] = ("hip", "high_side")
    """Where the hands end."""


STYLES: dict[str, Style] = {
    "hip-hop": Style(moves.HIP_HOP, Manner(0.22, 0.035, False, 0.025, 0, 0.11), ("cross", "cross")),
    "house": Style(moves.HOUSE, Manner(0.10, 0.030, True, 0.025), ("square_low", "up_bent")),
    "popping": Style(
        moves.POPPING, Manner(0.75, 0.008, False, 0.015, 0, 0.22), ("square", "square_low")
    ),
    "pop": Style(moves.POP, Manner(0.26, 0.024, False, 0.015, 0, 0.13), ("hip", "high_side")),
    "disco": Style(ballroom.DISCO, Manner(0.20, 0.024, False, 0.012, 3), ("hip", "high_side")),
    "salsa": Style(ballroom.SALSA, Manner(0.15, 0.012, False, 0.025, 4), ("side", "round_up")),
    "swing": Style(ballroom.SWING, Manner(0.15, 0.030, False, 0.02), ("square_low", "up_bent")),
    "ballet": Style(ballroom.BALLET, Manner(0.05, 0.012, False, 0.002), ("round_side", "round_up")),
}


class Music(NamedTuple):
    """Beats in seconds, the first of a phrase among them, and how strong the music is, 0 to 1."""

    beats: Doubles
    first: int
    seconds: float
    energy: Doubles
    """Of each beat."""


def choreograph(
    music: Music, style: str, seed: int, fps: float, energy: float = 1.0
) -> tuple[Doubles, Doubles]:
    """Turns and root of a dance as long as the music."""
    chosen = STYLES[style]
    # Other music is danced otherwise, also with the same seed.
    heard = crc32(np.round(np.concatenate((music.beats, music.energy)), 2).tobytes())
    draw = np.random.default_rng((seed, sorted(STYLES).index(style), heard))
    count = len(music.beats)
    phrases = max(-(-(count - music.first) // COUNTS), 1)
    sheet = Sheet()
    opening(sheet)
    plan = planned(chosen, music, phrases, draw)
    for number, (parts, mirrored) in enumerate(plan):
        size = energy * (0.85 + 0.3 * _energy(music, number))
        at = float(number * COUNTS)
        for move in parts:
            phrase = Phrase(sheet, at, mirrored, size)
            phrase.rest()
            move.write(phrase)
            at += move.counts
    ending(sheet, float(count - music.first), chosen)
    frames = max(round(music.seconds * fps), 1)
    return perform(sheet, beat_of(np.arange(frames) / fps, music), fps, chosen.manner)


def planned(
    style: Style, music: Music, phrases: int, draw: np.random.Generator
) -> list[tuple[list[Move], bool]]:
    """The moves of each phrase: each is danced to one side, then to the other."""
    made: list[tuple[list[Move], bool]] = []
    before: list[str] = []
    while len(made) < phrases:
        wanted = 1 + 2 * _energy(music, len(made))
        parts: list[Move] = []
        while sum(move.counts for move in parts) < COUNTS:
            room = COUNTS - sum(move.counts for move in parts)
            usable = [m for m in style.moves if m.counts <= room]
            # What was danced last is rarely danced again, and large moves belong to strong music.
            worth = np.array([
                np.exp(-abs(m.level - wanted)) * (0.08 if m.name in before[-2:] else 1.0)
                for m in usable
            ])  # fmt: skip
            parts.append(usable[int(draw.choice(len(usable), p=worth / worth.sum()))])
            before.append(parts[-1].name)
            if len(parts) == 1 and parts[0].counts * 2 == COUNTS and draw.random() < 0.5:
                parts.append(parts[0])  # the same again
        side = bool(draw.random() < 0.5)
        made += [(parts, side), (parts, not side)]
    return made[:phrases]


def opening(sheet: Sheet) -> None:
    """A dancer waits, loosely, before the first beat."""
    for own in (0, 1):
        sheet.hands[own].append((-4.0, HANDS["loose"]))


def ending(sheet: Sheet, beat: float, style: Style) -> None:
    """The last beat is a picture that is held."""
    held = float(np.floor(beat - 1e-6))
    for own, name in enumerate(style.final):
        track = sheet.hands[own]
        while track and track[-1][0] > held - 1:
            track.pop()
        track.append((held, HANDS[name]))
    for name, keys in sheet.keys.items():
        while len(keys) > 1 and keys[-1][0] > held:
            keys.pop()
        if not name.startswith("base"):
            while len(keys) > 1 and keys[-1][0] > held - 1:
                keys.pop()
            keys.append((held, {"drop": 0.07, "bend": 6.0, "nod": -6.0}.get(name, 0.0)))
    sheet.steps[:] = [step for step in sheet.steps if step.end <= held]
    for heels in sheet.heels:
        heels[:] = [one for one in heels if one[0] < held]
        if heels:
            heels.append((held, 0.0))
    for foot, x in ((0, 0.17), (1, -0.17)):
        last = [step for step in sheet.steps if step.foot == foot]
        if last and (last[-1].y > 0 or abs(last[-1].x - x) > 0.2 or abs(last[-1].z) > 0.2):
            start = max(last[-1].end, held - 1)
            sheet.steps.append(last[-1]._replace(
                start=start, end=max(held, start + 0.5), x=x, z=0.0, y=0.0, yaw=90 * x, toe=0.0,
            ))  # fmt: skip


def _energy(music: Music, phrase: int) -> float:
    start = music.first + phrase * COUNTS
    part = music.energy[start : start + COUNTS]
    return float(part.mean()) if len(part) else 0.5


def beat_of(times: Doubles, music: Music) -> Doubles:
    """The beat of every moment, counted from the first of a phrase; it goes on before and after."""
    beats = music.beats
    steps = np.diff(beats)
    step = float(np.median(steps)) if len(steps) else 0.5
    head = beats[0] - step * np.arange(64, 0, -1)
    tail = beats[-1] + step * np.arange(1, 4097)
    every = np.concatenate((head, beats, tail))
    return np.asarray(np.interp(times, every, np.arange(len(every)) - 64.0 - music.first))
