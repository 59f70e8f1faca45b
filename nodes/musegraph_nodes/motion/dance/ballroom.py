"""Moves of the floor and the stage: disco, salsa, swing, ballet."""

from __future__ import annotations

from .moves import Move
from .phrase import Phrase


def saturday(m: Phrase) -> None:
    """One arm from high outside down to the other hip, on the other hip's beat."""
    m.step("L", 0.9, 0.3, 0, 18)
    for beat in (1, 3):
        m.at(beat, "hip", "high_side", side=0.05, tilt=6, bend=-6, twist=-14, look=-25, drop=0.04)
        m.at(beat + 1, "hip", "cross_low", side=-0.04, tilt=-6, bend=6, twist=16, look=10,
             drop=0.09)  # fmt: skip
    m.heel("R", 1, 22).heel("R", 2, 0).heel("R", 3, 22).heel("R", 4, 0)


def hustle(m: Phrase) -> None:
    """Walks ahead and back, arms rolling."""
    m.travel(3, z=0.55).travel(4, z=0.55).travel(7, z=0).travel(8, z=0)
    for beat in range(4):
        way = 1 if beat % 2 == 0 else -1
        foot = "L" if way > 0 else "R"
        m.step(foot, beat + 1, 0.12 * way, 0.08, 5 * way, span=0.8)
        m.step(foot, beat + 5, 0.12 * way, -0.06, 5 * way, span=0.8)
    for half in range(16):
        up = half % 2 == 0
        high, low = (-0.20, -0.14, 0.52), (-0.22, -0.40, 0.42)
        m.at(half / 2 + 0.5, high if up else low, low if up else high)
    for beat in range(8):
        way = 1 if beat % 2 == 0 else -1
        m.at(beat + 1, tilt=5 * way, twist=-10 * way, drop=0.06, bend=-3 * way)
    m.both(8, "square_low", tilt=0, twist=0, bend=0, drop=0.03)


def side_clap(m: Phrase) -> None:
    """Side, touch, clap; side, touch, clap."""
    m.step("L", 1, 0.36, 0, 10).step("R", 2, 0.02, 0.02, 0, toe=1)
    m.step("R", 3, -0.32, 0, -10).step("L", 4, 0.1, 0.02, 0)
    m.both(1, "low_side", side=0.04, bend=6, drop=0.04)
    m.both(2, (-0.28, 0.1, 0.62), side=0.04, bend=-4, drop=0.09, cock=6)
    m.both(3, "low_side", side=-0.02, bend=-6, drop=0.04, cock=0)
    m.both(4, (-0.28, 0.1, 0.62), side=0, bend=4, drop=0.09, cock=-6)


def full_turn(m: Phrase) -> None:
    """Once round on four steps, arms opening at the end."""
    m.travel(4, yaw=360)
    m.step("L", 1, 0.16, 0.06, 10, span=0.8).step("R", 2, -0.16, 0.0, 0, span=0.8)
    m.step("L", 3, 0.16, 0.0, 10, span=0.8).step("R", 4, -0.14, 0.0, 0, span=0.8)
    m.both(1, "round", drop=0.05, twist=14).both(2, "chest", drop=0.03, twist=10)
    m.both(3, "round", drop=0.03, twist=4)
    m.at(4, "high_side", "low_side", drop=0.07, twist=0, arch=-5)


def salsa_basic(m: Phrase) -> None:
    """Ahead on one, back on five; the hips settle on every step."""
    for beat, foot, other, way, z in ((0, "L", "R", 1, 0.26), (4, "R", "L", -1, -0.22)):
        m.step(foot, beat + 1, 0.1 * way, z, 6 * way, lift=0.03)
        m.step(other, beat + 2, -0.12 * way, 0.0, -6 * way, lift=0.03)
        m.step(foot, beat + 3, 0.12 * way, 0.0, 6 * way, lift=0.03)
        hands = ((0.1, -0.32, 0.48), (0.2, -0.42, 0.34))
        hands = hands if way > 0 else (hands[1], hands[0])
        m.at(beat + 1, *hands, side=0.04 * way, tilt=9 * way, bend=-8 * way, twist=-9 * way,
             turn=8 * way, drop=0.07)  # fmt: skip
        m.at(beat + 2, hands[1], hands[0], side=-0.04 * way, tilt=-9 * way, bend=8 * way,
             twist=9 * way, turn=-6 * way, drop=0.06)  # fmt: skip
        m.at(beat + 3, *hands, side=0.05 * way, tilt=10 * way, bend=-8 * way, twist=-8 * way,
             turn=4 * way, drop=0.07)  # fmt: skip
        m.at(beat + 4, side=0.02 * way, tilt=3 * way, bend=-2 * way, twist=0, turn=0, drop=0.05)


def salsa_side(m: Phrase) -> None:
    """Side and back with an arm that styles."""
    m.step("L", 1, 0.4, 0, 10, lift=0.03).step("R", 2, -0.1, 0, 0, lift=0.03)
    m.step("L", 3, 0.12, 0, 0, lift=0.03)
    m.at(1, "low_side", "ready", side=0.06, tilt=9, bend=-6, twist=10, drop=0.06)
    m.at(2, "side", "ready", side=-0.02, tilt=-8, bend=6, twist=4, drop=0.06)
    m.at(3, "up_bent", "ready", side=0.05, tilt=9, bend=-8, twist=-6, drop=0.06, look=20)
    m.at(4, "head", "hip", side=0.02, tilt=2, bend=0, twist=0, drop=0.04, look=0)


def salsa_turn(m: Phrase) -> None:
    """A turn to the right on three steps under an arm."""
    m.travel(3, yaw=-360).travel(4, yaw=-360)
    m.step("R", 1, -0.12, 0.08, -10, span=0.8).step("L", 2, 0.12, 0.04, 0, span=0.8)
    m.step("R", 3, -0.12, 0, 0, span=0.8).step("L", 4, 0.12, 0, 0, lift=0.03)
    m.at(1, "ready", "up_bent", drop=0.05, tilt=5).at(2, "chest", "round_up", drop=0.04, tilt=-5)
    m.at(3, "ready", "up_bent", drop=0.05, tilt=6).at(
        4, "low_side", "square_low", drop=0.07, tilt=0
    )


def cumbia(m: Phrase) -> None:
    """Back on the one with an open side, and home."""
    for beat, foot, way in ((0, "R", -1), (2, "L", 1)):
        m.step(foot, beat + 1, 0.22 * way, -0.22, 35 * way, lift=0.04)
        m.step(foot, beat + 2, 0.12 * way, 0, 0, lift=0.03)
        arms = ("side", "ready") if way > 0 else ("ready", "side")
        m.at(beat + 1, *arms, turn=24 * way, twist=10 * way, tilt=8 * way, drop=0.07,
             look=20 * way)  # fmt: skip
        m.both(beat + 2, "ready", turn=0, twist=0, tilt=-4 * way, drop=0.05, look=0)


def charleston(m: Phrase) -> None:
    """Step, kick ahead, step, touch behind; arms against the legs."""
    m.step("L", 1, 0.12, 0.1, 6).step("R", 2, -0.1, 0.46, 0, y=0.3, span=0.85)
    m.step("R", 3, -0.12, 0.0, -6, span=0.85).step("L", 4, 0.1, -0.34, 0, y=0.12, span=0.85)
    m.step("L", 4.9, 0.12, 0, 6, span=0.8)
    m.at(1, "fore_swing", "back_swing", drop=0.07, lean=6, twist=-8)
    m.at(2, "fore_swing", (0.3, -0.7, -0.44), drop=0.04, lean=-8, twist=-14)
    m.at(3, "back_swing", "fore_swing", drop=0.08, lean=6, twist=8)
    m.at(4, (0.3, -0.7, -0.44), "front_low", drop=0.08, lean=14, twist=14)


def triple(m: Phrase) -> None:
    """Three quick steps to a side and a rock back."""
    m.travel(2, x=0.3).travel(4, x=0.3)
    m.step("L", 1, 0.16, 0, 6, span=0.6).step("R", 1.5, -0.04, 0, 0, lift=0.03, span=0.45)
    m.step("L", 2, 0.16, 0, 6, lift=0.03, span=0.45)
    m.step("R", 3, -0.14, -0.22, -20).step("R", 4, -0.12, 0, 0, span=0.8)
    m.at(1, "square_low", "ready", drop=0.07, bend=6, tilt=-4).at(1.5, drop=0.04)
    m.at(2, "low_side", "ready", drop=0.08, bend=8, tilt=-5)
    m.at(3, "fore_swing", "back_swing", drop=0.10, turn=-14, bend=0, lean=6, tilt=0)
    m.at(4, "ready", "ready", drop=0.05, turn=0, lean=0)


def suzie(m: Phrase) -> None:
    """Across and out again, hips twisting, hands level."""
    for beat, way in ((0, 1), (2, 1)):
        m.step("R", beat + 1, 0.16 * way, 0.14, 35, lift=0.04).step("L", beat + 2, 0.16, 0, -10)
        m.travel(beat + 2, x=0.15 * (beat + 2))
        m.at(beat + 1, (0.42, -0.36, 0.34), (0.42, -0.36, 0.34), turn=26, twist=-30, drop=0.09)
        m.at(beat + 2, (0.56, -0.3, 0.3), (0.56, -0.3, 0.3), turn=-14, twist=16, drop=0.06)
    m.step("R", 4.8, -0.12, 0, 0, span=0.7)


def truck(m: Phrase) -> None:
    """Struts on the spot with a finger in the air."""
    for beat in range(4):
        way = 1 if beat % 2 == 0 else -1
        foot = "L" if way > 0 else "R"
        m.step(foot, beat + 1, 0.13 * way, 0.04, 14 * way, lift=0.1, span=0.8)
        hands = ((0.3, 0.42, 0.34), "ready") if way > 0 else ((0.3, 0.56, 0.3), "low_side")
        m.at(beat + 1, *hands, side=0.05 * way, tilt=7 * way, bend=-6 * way, drop=0.08,
             cock=6 * way, twist=-8 * way)  # fmt: skip


def port_de_bras(m: Phrase) -> None:
    """Arms from low through round to above and out, with the breath."""
    m.both(2, "round", drop=0.0, arch=2, nod=6)
    m.both(4, "round_up", drop=-0.01, arch=-6, nod=-8)
    m.at(6, "side", "round_up", bend=12, look=30, nod=-4, arch=0)
    m.both(8, "low_side", bend=0, look=0, nod=0, drop=0.04)
    for foot in "LR":
        m.heel(foot, 2, 0).heel(foot, 4, 26).heel(foot, 5.5, 26).heel(foot, 7, 0)
    m.step("L", 1, 0.07, 0, 28, lift=0.04).step("R", 2, -0.07, 0, -28, lift=0.04)


def tendu(m: Phrase) -> None:
    """A foot draws to the side and home, ahead and home."""
    m.step("L", 2, 0.46, 0.02, 40, lift=0.04, span=1.4, toe=1)
    m.step("L", 4, 0.08, 0, 28, lift=0.04, span=1.4)
    m.at(2, "side", "round", side=-0.05, look=35, bend=-3).both(4, "round", side=0, look=0, bend=0)
    m.step("L", 6, 0.02, 0.42, 30, lift=0.04, span=1.4, toe=1)
    m.step("L", 8, 0.08, 0, 28, lift=0.04, span=1.4)
    m.at(6, "round", "round_up", ahead=-0.04, arch=-5, look=20).both(8, "low_side", ahead=0, arch=0,
         look=0)  # fmt: skip


def balance(m: Phrase) -> None:
    """Down to a side, up behind, down; and to the other."""
    for beat, foot, other, way in ((0, "L", "R", 1), (4, "R", "L", -1)):
        m.step(foot, beat + 1, 0.40 * way, 0.02, 25 * way, lift=0.05, span=0.95)
        m.step(other, beat + 2, 0.20 * way, -0.16, -20 * way, lift=0.05, span=0.9)
        m.step(other, beat + 3, -0.08 * way, 0.0, -20 * way, lift=0.04, span=0.9)
        arms = ("side", "round") if way > 0 else ("round", "side")
        m.at(
            beat + 2, *arms, drop=0.09, side=0.03 * way, bend=9 * way, look=30 * way, twist=8 * way
        )
        m.both(beat + 4, "round_side", drop=0.0, side=0, bend=0, look=0, twist=0)
    m.step("L", 8, 0.08, 0, 20, span=0.8)


def pirouette(m: Phrase) -> None:
    """A deep bend, once round on one foot, and arms open."""
    m.step("R", 2, -0.1, -0.24, -30, span=1.2)
    m.at(2, "round", "side", drop=0.15, twist=-10)
    m.travel(2.6, yaw=0).travel(5.4, yaw=360).travel(8, yaw=360)
    m.step("R", 3.4, -0.02, 0.12, -35, y=0.36, lift=0.0, span=1.0, toe=1)
    m.both(3.4, "round", drop=0.0, twist=4).both(5, "round_up", drop=0.0, twist=0)
    m.heel("L", 2.6, 0).heel("L", 3.2, 30).heel("L", 5.2, 30).heel("L", 6, 0)
    m.step("R", 6.2, -0.14, -0.18, -30, span=1.1)
    m.both(6.2, "side", drop=0.12, arch=-3).both(8, "low_side", drop=0.03, arch=0)
    m.step("R", 8, -0.07, 0, -25, span=1.2)


def arabesque(m: Phrase) -> None:
    """One leg behind in the air, an arm ahead, and home."""
    m.step("L", 1, 0.04, 0.16, 20, span=0.9)
    m.step("R", 4, -0.1, -0.52, -25, y=0.42, lift=0.05, span=2.6, toe=1)
    m.at(2, "round", "round", drop=0.05).at(4, "front_high", "side", lean=24, arch=-16, ahead=0.03,
         drop=0.0, nod=-10)  # fmt: skip
    m.at(5.4, "front_high", "side", lean=26, arch=-18, ahead=0.03, nod=-10)
    m.step("R", 7, -0.08, 0.0, -25, span=1.5).step("L", 8, 0.08, 0, 25, span=0.8)
    m.both(8, "low_side", lean=0, arch=0, ahead=0, drop=0.04, nod=0)


DISCO = (Move("point", saturday, 4, 2), Move("hustle", hustle, 8, 2), Move("clap", side_clap, 4, 1),
         Move("turn", full_turn, 4, 3))  # fmt: skip
SALSA = (Move("basic", salsa_basic, 8, 1), Move("side", salsa_side, 4, 2),
         Move("turn", salsa_turn, 4, 3), Move("cumbia", cumbia, 4, 2))  # fmt: skip
SWING = (Move("charleston", charleston, 4, 3), Move("triple", triple, 4, 2),
         Move("suzie", suzie, 4, 2), Move("truck", truck, 4, 1))  # fmt: skip
BALLET = (Move("port de bras", port_de_bras, 8, 1), Move("tendu", tendu, 8, 1),
          Move("balance", balance, 8, 2), Move("pirouette", pirouette, 8, 3),
          Move("arabesque", arabesque, 8, 3))  # fmt: skip
