"""Moves of street and club: hip-hop, house, popping, pop. Each has four or eight counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .phrase import Phrase

Write = Callable[[Phrase], None]


class Move(NamedTuple):
    """How it is written, its counts, and how much of it there is: 1 calm to 3 large."""

    name: str
    write: Write
    counts: int = 8
    level: int = 2


def rock(m: Phrase) -> None:
    """Weight from side to side with a bounce, arms swinging against it."""
    for beat in range(0, 8, 2):
        way = 1 if beat % 4 == 0 else -1
        fore, behind = ("fore_swing", "ready") if way > 0 else ("ready", "fore_swing")
        m.at(beat + 1, fore, behind, side=0.07 * way, bend=9 * way, drop=0.11, nod=12,
             twist=-12 * way, arch=8)  # fmt: skip
        m.at(beat + 2, "loose", "loose", side=0, bend=0, drop=0.03, nod=-4, twist=0, arch=0)
    m.step("L", 1, 0.24, 0.02, 8).step("R", 3, -0.24, 0.02, -8)
    m.step("L", 5, 0.2, 0.1, 8).step("R", 7, -0.2, 0.1, -8)


def two_step(m: Phrase) -> None:
    """Side, together, side, touch, with the shoulders."""
    m.travel(2, x=0.34).travel(4, x=0.34)
    m.step("L", 1, 0.2).step("R", 2, -0.06, 0, 0).step("L", 3, 0.16).step("R", 4, -0.12)
    m.at(1, "square_low", "chest", drop=0.08, twist=16, bend=6)
    m.at(2, "chest", "square_low", drop=0.03, twist=-10, bend=0)
    m.at(3, "square_low", "chest", drop=0.09, twist=18, bend=7, nod=8)
    m.at(4, "low_side", "low_side", drop=0.03, twist=0, bend=0, nod=0)


def kick_step(m: Phrase) -> None:
    """Kick ahead, step back, and turn the chest against it."""
    for beat, foot, way in ((0, "R", -1), (2, "L", 1)):
        m.step(foot, beat + 1, 0.1 * way, 0.42, 0, y=0.3, span=0.9)
        m.step(foot, beat + 2, 0.14 * way, 0.02, 6 * way, span=0.8)
        arms = ("fore_swing", "back_swing") if way < 0 else ("back_swing", "fore_swing")
        m.at(beat + 1, *arms, drop=0.05, arch=10, twist=14 * way, lean=-4)
        m.at(beat + 2, "square_low", "square_low", drop=0.10, arch=0, twist=0, lean=6)


def pump(m: Phrase) -> None:
    """The chest pumps, arms cross and open."""
    for beat in range(4):
        if beat % 2 == 0:
            m.both(beat + 1, "cross", drop=0.12, arch=16, nod=10, shrug=10)
        else:
            m.both(beat + 1, "low_side", drop=0.03, arch=-12, nod=-8, shrug=0)
    m.step("L", 1, 0.26, 0, 12).step("R", 2, -0.26, 0, -12)


def point_lean(m: Phrase) -> None:
    """Leans to a side and points, gathers, and does it the other way."""
    m.step("L", 1, 0.38, 0.0, 15)
    m.at(1, "high_side", "hip", side=0.10, bend=12, tilt=5, drop=0.10, look=35, twist=10)
    m.at(2, "high_side", "hip", side=0.12, bend=15, tilt=6, drop=0.14, look=35, twist=12)
    m.both(3, "chest", side=0.02, bend=0, tilt=0, drop=0.05, look=0, twist=0)
    m.step("L", 4, 0.14)
    m.both(4, "square_low", side=0, drop=0.09, nod=8)
    m.at(5, "hip", "front", drop=0.05, twist=26, look=-5, nod=0)
    m.at(6, "hip", "front", drop=0.1, twist=30, look=-5)
    m.both(7, "up_bent", drop=0.03, twist=0, arch=-6)
    m.both(8, "loose", drop=0.06, arch=4)


def jack(m: Phrase) -> None:
    """The body undulates ahead and back on every beat."""
    for beat in range(4):
        m.both(beat + 0.5, "ready", arch=18, lean=-10, drop=0.04, nod=-10, ahead=0.02)
        m.both(beat + 1, "square_low", arch=-8, lean=10, drop=0.11, nod=10, ahead=-0.03)
    m.step("L", 1, 0.2, 0.08, 10).step("R", 2, -0.2, 0.08, -10)
    m.step("L", 3, 0.2, -0.04, 10).step("R", 4, -0.2, -0.04, -10)


def shuffle(m: Phrase) -> None:
    """Quick feet: out, in, and out again on half counts."""
    for beat in range(4):
        way = 1 if beat % 2 == 0 else -1
        foot, other = ("L", "R") if way > 0 else ("R", "L")
        m.step(foot, beat + 0.5, 0.3 * way, 0.1, 20 * way, lift=0.05, span=0.42)
        m.step(foot, beat + 1, 0.1 * way, -0.02, 0, lift=0.04, span=0.42)
        m.heel(other, beat + 0.5, 18).heel(other, beat + 1, 0)
        arms = ("fore_swing", "back_swing") if way < 0 else ("back_swing", "fore_swing")
        m.at(beat + 0.5, drop=0.05, twist=-14 * way, tilt=4 * way)
        m.at(beat + 1, *arms, drop=0.09, twist=0, tilt=0)


def cross_step(m: Phrase) -> None:
    """Across, side, behind, side: a grapevine with open arms."""
    m.travel(4, x=0.75)
    m.step("R", 1, 0.22, 0.14, 12, span=0.8).step("L", 2, 0.16, 0, 5)
    m.step("R", 3, 0.2, -0.16, -8, span=0.8).step("L", 4, 0.14)
    m.both(1, "round", drop=0.09, turn=14, twist=-10)
    m.both(2, "round_side", drop=0.05, turn=0, twist=0)
    m.both(3, "round", drop=0.09, turn=-14, twist=12)
    m.both(4, "round_side", drop=0.04, turn=0, twist=0)
    m.step("R", 4.9, -0.13, 0, span=0.8)


def farmer(m: Phrase) -> None:
    """Steps round with lifted knees and swinging arms."""
    for beat in range(0, 4, 2):
        m.step("L", beat + 1, 0.14, 0.2, 0, y=0.34, span=0.9).step("L", beat + 1.9, 0.18, 0.06, 10)
        m.at(beat + 1, "back_swing", "fore_swing", lean=-6, arch=8, twist=12, drop=0.03)
        m.at(beat + 2, "fore_swing", "back_swing", lean=6, arch=4, twist=-10, drop=0.10)
    m.step("R", 2.9, -0.18, -0.05, -10, span=0.8)


def hits(m: Phrase) -> None:
    """Stops: arms at right angles, one place after the other."""
    m.at(1, "square", "square_low", twist=20, drop=0.04, raise_l=30, raise_r=30)
    m.at(2, "square_low", "square", twist=-20, drop=0.09, raise_l=30, raise_r=30)
    m.at(3, "square", "square", twist=0, drop=0.03, look=30, raise_l=40, raise_r=40)
    m.at(4, "front", "hip", twist=-18, drop=0.08, look=0, raise_l=10, raise_r=20)
    m.at(5, "chest", "chest", twist=0, arch=12, drop=0.1, raise_l=50, raise_r=50)
    m.at(6, "side", "chest", bend=8, arch=0, drop=0.05, raise_l=0, raise_r=50, look=40)
    m.at(7, "side", "side", bend=-6, drop=0.05, raise_r=0, look=-40)
    m.both(8, "down", bend=0, drop=0.02, look=0, nod=18, raise_l=0, raise_r=0)
    m.step("L", 2, 0.22, 0, 12).step("R", 5, -0.22, 0, -12)


def arm_wave(m: Phrase) -> None:
    """A wave through both arms from the left hand to the right."""
    m.both(1, "side", drop=0.03, look=50)
    m.at(1.5, (0.86, 0.32, 0.1), "side", look=50, cock=4, bend=4)
    m.at(2, (0.84, -0.22, 0.1), "side", raise_l=40, look=30, bend=6)
    m.at(2.5, (0.94, 0.1, 0.1), "side", raise_l=0, shrug=8, look=0, bend=0)
    m.at(3, "side", (0.84, -0.22, 0.1), raise_r=40, shrug=0, look=-30, bend=-6)
    m.at(3.5, "side", (0.86, 0.34, 0.1), raise_r=0, look=-50, bend=-4)
    m.both(4, "side", look=-20, bend=0, drop=0.06)
    m.step("L", 1, 0.2, 0, 10)


def robot_walk(m: Phrase) -> None:
    """Walks on the spot like a machine, forearms level."""
    flat, low = (0.30, -0.46, 0.50), (0.34, -0.74, 0.10)
    for beat in range(4):
        way = 1 if beat % 2 == 0 else -1
        foot = "L" if way > 0 else "R"
        m.step(foot, beat + 1, 0.13 * way, 0.1 if beat < 2 else 0, 4 * way, lift=0.14, span=0.8)
        arms = (low, flat) if way > 0 else (flat, low)
        m.at(beat + 1, *arms, twist=14 * way, turn=-6 * way, look=-25 * way, drop=0.05)


def tut(m: Phrase) -> None:
    """Hands make boxes before the face."""
    m.at(1, "cross", "chest", raise_l=60, raise_r=60, nod=4)
    m.at(2, "face", "chest", raise_l=50, raise_r=60, cock=8)
    m.at(3, "square", "chest", raise_l=30, raise_r=60, cock=0, look=25)
    m.at(4, "square", "square", raise_l=30, raise_r=30, look=0, drop=0.08)
    m.step("R", 2, -0.2, 0.04, -10).step("L", 4, 0.2, 0.04, 10)


def body_roll(m: Phrase) -> None:
    """From the head down through the body and up again."""
    m.both(1, "ready", nod=16, arch=10, drop=0.04)
    m.both(2, "hip", nod=-6, arch=18, lean=-8, ahead=0.05, drop=0.07)
    m.both(3, "loose", nod=0, arch=-10, lean=14, ahead=-0.02, drop=0.16)
    m.at(4, "up_bent", "hip", nod=-4, arch=0, lean=0, ahead=0, drop=0.04, bend=5)
    m.step("R", 1, -0.2, 0, -8).step("L", 3, 0.22, 0.08, 8)


def heart(m: Phrase) -> None:
    """Arms draw a heart over the head, knees to a side."""
    m.both(1, "low_side", drop=0.04).both(2, "high_side", drop=0.08, tilt=5, side=0.04)
    m.both(3, "round_up", drop=0.04, tilt=0, side=0, cock=8, bend=6)
    m.both(4, "round_up", drop=0.09, cock=-8, bend=-6)
    m.heel("R", 2, 24).heel("R", 3, 0).heel("L", 3, 0).heel("L", 4, 24).heel("L", 5, 0)
    m.step("L", 1, 0.16, 0, 6)


def shoulders(m: Phrase) -> None:
    """Left, right, left, left, with the fists before the chest."""
    for beat, way in ((1, 1), (2, -1), (3, 1), (3.5, -0.4), (4, 1)):
        m.both(beat, "chest", twist=18 * way, bend=7 * way, drop=0.05 + 0.04 * abs(way),
               raise_l=25, raise_r=25, shrug=6)  # fmt: skip
    m.step("L", 1, 0.24, 0, 12).step("R", 2, -0.2, 0, -10)


def hop(m: Phrase) -> None:
    """Down and a hop with both arms up, twice, then a snap to the side."""
    for beat in (0, 2):
        m.both(beat + 1, "fore_swing", drop=0.2, lean=14, arch=8)
        m.at(beat + 1.6, drop=-0.02, lean=0, arch=-4)
        m.both(beat + 2, "up", drop=0.1, lean=4, arch=0)
        for foot, x in (("L", 0.17), ("R", -0.17)):
            m.heel(foot, beat + 1, 0).heel(foot, beat + 1.6, 32).heel(foot, beat + 2, 0)
            if beat == 0:
                m.step(foot, 0.9, x, 0, 40 * x, span=0.6 if foot == "L" else 0.45)


HIP_HOP = (Move("rock", rock, 8, 1), Move("two step", two_step, 4, 2),
           Move("kick", kick_step, 4, 3), Move("pump", pump, 4, 2), Move("point", point_lean, 8, 2),
           Move("roll", body_roll, 4, 1))  # fmt: skip
HOUSE = (Move("jack", jack, 4, 1), Move("shuffle", shuffle, 4, 3), Move("cross", cross_step, 4, 2),
         Move("farmer", farmer, 4, 3), Move("two step", two_step, 4, 1))  # fmt: skip
POPPING = (Move("hits", hits, 8, 2), Move("wave", arm_wave, 4, 1), Move("robot", robot_walk, 4, 2),
           Move("tut", tut, 4, 1), Move("pump", pump, 4, 3))  # fmt: skip
POP = (Move("heart", heart, 4, 1), Move("shoulders", shoulders, 4, 2),
       Move("roll", body_roll, 4, 1), Move("point", point_lean, 8, 2), Move("hop", hop, 4, 3),
       Move("two step", two_step, 4, 2))  # fmt: skip
