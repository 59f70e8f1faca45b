"""Single acts as keys on a sheet: what arms, legs and body do when a person walks, waves or bows.

All are written to the left; to the right they are the mirror image.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from musegraph_nodes.motion.dance.perform import Manner
from musegraph_nodes.motion.dance.phrase import Phrase


class Ways(NamedTuple):
    """How an act is done."""

    times: int = 1
    stride: float = 0.6
    """Metres that a step goes ahead; back where it is negative."""
    bend: float = 0.0
    """Degrees that a walk turns to the left, a step."""
    angle: float = 90.0
    beats: float = 8.0
    """How long there is for it."""


Act = Callable[[Phrase, Ways], None]
GUARD = (0.02, 0.02, 0.5)
OUT, IN = (0.62, 0.72, 0.12), (0.02, 0.86, 0.20)
MEET, APART = (-0.32, -0.16, 0.66), (0.16, -0.16, 0.70)
CALM = Manner(0.05, 0.0, False, 0.012, 0, 0.0)
BRISK = Manner(0.0, 0.045, False, 0.05, 0, 0.0)


def path(m: Phrase, w: Ways) -> None:
    """Where the body is on a walk: evenly, as keys that lie too close to be seen."""
    x = z = yaw = 0.0
    for count in range(int(w.beats * 10) + 10):
        m.travel(count / 10, x / m.size, z / m.size, yaw)
        pace = w.stride / 10 * min(count / 10, 1.0)
        yaw += w.bend / 10
        x += pace * math.sin(math.radians(yaw))
        z += pace * math.cos(math.radians(yaw))


def _gait(m: Phrase, w: Ways, lift: float, arms: bool, swing: tuple[str, str]) -> None:
    path(m, w)
    reach = 0.5 * w.stride
    for beat in range(1, int(w.beats) + 1):
        foot, x = ("L", 0.09) if beat % 2 else ("R", -0.09)
        m.step(foot, beat, x, reach - 0.05, 60 * x, lift=lift, span=0.92)
        if arms:
            ahead, behind = swing
            m.at(beat, behind if beat % 2 else ahead, ahead if beat % 2 else behind)


def walk(m: Phrase, w: Ways) -> None:
    _gait(m, w, 0.09, True, ("fore_swing", "back_swing"))


def legs(m: Phrase, w: Ways) -> None:
    """A walk whose arms are free."""
    _gait(m, w, 0.09, False, ("", ""))


def run(m: Phrase, w: Ways) -> None:
    m.at(0.5, lean=10.0)
    m.at(w.beats + 1, lean=10.0)
    _gait(m, w, 0.22, True, ("ready", "back_swing"))


def march(m: Phrase, w: Ways) -> None:
    path(m, w)
    for beat in range(1, int(w.beats) + 1):
        foot, x = ("L", 0.1) if beat % 2 else ("R", -0.1)
        m.step(foot, beat, x, 0.5 * w.stride - 0.03, 0, lift=0.42, span=0.95)
        hands = ("front_low", "back_swing") if beat % 2 == 0 else ("back_swing", "front_low")
        m.at(beat, *hands)


def wave(m: Phrase, w: Ways) -> None:
    m.at(0.9, left=OUT)
    for count in range(int((w.beats - 2.4) / 0.5)):
        m.at(1.4 + 0.5 * count, left=IN if count % 2 == 0 else OUT)
    m.at(w.beats, left="loose")


def wave_both(m: Phrase, w: Ways) -> None:
    m.both(0.9, OUT)
    for count in range(int((w.beats - 2.4) / 0.5)):
        m.both(1.4 + 0.5 * count, IN if count % 2 == 0 else OUT)
    m.both(w.beats, "loose")


def lift_hand(m: Phrase, w: Ways) -> None:
    m.at(1.2, left="up")
    m.at(w.beats, left="up")


def lift_both(m: Phrase, w: Ways) -> None:
    m.both(1.2, "up")
    m.both(w.beats, "up")


def spread(m: Phrase, w: Ways) -> None:
    m.both(1.2, "side")
    m.both(w.beats, "side")


def clap(m: Phrase, w: Ways) -> None:
    m.both(0.8, APART)
    for count in range(w.times):
        m.both(1.2 + 0.8 * count, MEET)
        m.both(1.6 + 0.8 * count, APART)
    m.both(2.6 + 0.8 * w.times, "loose")


def kick(m: Phrase, w: Ways) -> None:
    for at in (2.2 * count for count in range(w.times)):
        m.at(at + 0.4, "loose", "loose", drop=0.05)
        m.step("L", at + 1, 0.1, 0.62, 0, y=0.62, lift=0.0, span=0.6)
        m.step("L", at + 1.9, 0.11, 0.0, 8, lift=0.04, span=0.75)
        m.at(at + 1, "back_swing", "fore_swing", drop=0.04, lean=-10, arch=8)
        m.at(at + 1.9, "loose", "loose", drop=0, lean=0, arch=0)


def punch(m: Phrase, w: Ways) -> None:
    m.both(0.6, GUARD, drop=0.06)
    for count in range(w.times):
        at = 0.7 + 1.1 * count
        m.at(at, GUARD, GUARD, twist=0)
        m.at(at + 0.4, "front", GUARD, twist=-18)
        m.at(at + 0.9, GUARD, GUARD, twist=0)
    m.both(1.6 + 1.1 * w.times, GUARD, drop=0.06)


def box(m: Phrase, w: Ways) -> None:
    """Both hands in turn."""
    m.both(0.6, GUARD, drop=0.08)
    for count in range(int((w.beats - 1.2) / 0.7)):
        at, even = 0.7 + 0.7 * count, count % 2 == 0
        m.at(at, GUARD, GUARD, twist=0)
        m.at(at + 0.35, "front" if even else GUARD, GUARD if even else "front",
             twist=-16 if even else 16)  # fmt: skip
    m.both(w.beats, GUARD, drop=0.08, twist=0)


def turn(m: Phrase, w: Ways) -> None:
    steps = max(round(w.angle / 45), 2)
    m.travel(0.3).travel(0.3 + steps, yaw=w.angle)
    for count in range(steps):
        foot, x = ("L", 0.12) if count % 2 == 0 else ("R", -0.12)
        m.step(foot, 1.0 + count, x, 0, 8, lift=0.05, span=0.9)
    m.step("R", 1.1 + steps, -0.11, 0, -8, lift=0.04).step("L", 2 + steps, 0.11, 0, 8, lift=0.04)


def squat(m: Phrase, w: Ways) -> None:
    for at in (2.4 * count for count in range(w.times)):
        m.both(at + 0.1, "loose", drop=0, lean=0)
        m.both(at + 1.2, "front", drop=0.62, lean=22, arch=6)
        m.both(at + 2.4, "loose", drop=0, lean=0, arch=0)


def sit(m: Phrase, w: Ways) -> None:
    m.both(1.4, "front_low", drop=0.68, lean=12, ahead=-0.16)
    m.both(w.beats, "front_low", drop=0.68, lean=12, ahead=-0.16)


def bow(m: Phrase, w: Ways) -> None:
    m.both(0.2, "down", lean=0, arch=0)
    m.both(1.4, "down", lean=42, arch=62, nod=16, ahead=-0.06)
    m.both(2.2, "down", lean=42, arch=62, nod=16, ahead=-0.06)
    m.both(3.4, "loose", lean=0, arch=0, nod=0, ahead=0)


def jump(m: Phrase, w: Ways) -> None:
    far = 0.0
    for at in (2.2 * count for count in range(w.times)):
        m.both(at + 0.7, "back_swing", drop=0.30, lean=16)
        m.travel(at + 1.0, z=far)
        far += w.stride
        m.travel(at + 1.6, z=far)
        m.both(at + 1.3, "up_bent", drop=-0.45, lean=0)
        m.both(at + 1.75, "fore_swing", drop=0.24, lean=14)
        m.both(at + 2.2, "loose", drop=0, lean=0)
        for foot, x in (("L", 0.11), ("R", -0.11)):
            m.step(foot, at + 1.3, x, -0.05, 60 * x, y=0.28, lift=0.0, span=0.34)
            m.step(foot, at + 1.64, x, 0.0, 60 * x, lift=0.0, span=0.33)


def jacks(m: Phrase, w: Ways) -> None:
    for at in range(int(w.beats / 2)):
        for half, x, hands in ((1, 0.36, "up"), (2, 0.11, "down")):
            m.both(2 * at + half, hands, drop=0.04)
            m.both(2 * at + half - 0.5, "side", drop=-0.10)
            m.both(2 * at + half, hands, drop=0.04)
            for foot, side in (("L", x), ("R", -x)):
                m.step(foot, 2 * at + half, side, 0, 40 * side, lift=0.07, span=0.6)


def aside(m: Phrase, w: Ways) -> None:
    for count in range(w.times):
        m.travel(2 * count + 0.2, x=0.42 * count).travel(2 * count + 1.9, x=0.42 * (count + 1))
        m.step("L", 2 * count + 1, 0.30, 0, 6, span=0.8).step("R", 2 * count + 2, -0.11, 0, -6)


def still(m: Phrase, w: Ways) -> None:
    m.at(w.beats / 2, side=0.02, bend=2)
    m.at(w.beats, side=0.0, bend=0)
