"""What is round a skeleton: limbs between joints and points beside them, shoes and a head."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .body import BODY, LEGS, leg_length, parts_of
from .turns import NONE, placed, unit

if TYPE_CHECKING:
    from musegraph import Skeleton

    from .turns import Doubles


class Limb(NamedTuple):
    """A round limb between two points: its radii in metres, and which colour of the figure."""

    a: int
    b: int
    thick: float
    thin: float
    colour: int
    beyond: float = 0.0
    """By how much of its length it goes on after the second point."""


SKIN, TOP, TROUSERS, SHOES = range(4)

_TRUNK = (
    ("left_hip", "right_hip", 0.088, 0.088, TROUSERS, 0),
    ("pelvis", "spine1", 0.098, 0.096, TROUSERS, 0),
    ("spine1", "spine3", 0.098, 0.106, TOP, 0), ("spine3", "neck", 0.100, 0.062, TOP, -0.3),
    ("left_chest", "right_chest", 0.088, 0.088, TOP, 0),
    ("left_collar", "right_collar", 0.072, 0.072, TOP, 0),
    ("spine3", "neck", 0.05, 0.05, SKIN, 0), ("neck", "head", 0.05, 0.048, SKIN, 0),
)  # fmt: skip
_PAIRED = (
    ("hip", "waist", 0.086, 0.078, TROUSERS, 0), ("waist", "chest", 0.080, 0.088, TOP, 0),
    ("chest", "shoulder", 0.086, 0.060, TOP, 0), ("collar", "shoulder", 0.070, 0.060, TOP, 0),
    ("hip", "knee", 0.086, 0.06, TROUSERS, 0), ("knee", "ankle", 0.06, 0.043, TROUSERS, 0),
    ("heel", "toe", 0.038, 0.035, SHOES, 0), ("shoulder", "elbow", 0.057, 0.043, TOP, 0),
    ("elbow", "wrist", 0.041, 0.031, SKIN, 0), ("wrist", "hand", 0.032, 0.027, SKIN, 0.3),
)  # fmt: skip
_FLAT = 0.43
"""Radians that a foot from ankle to ball falls where its sole stands on the floor."""


class Flesh:
    """The limbs of a skeleton, thin ones along all its bones where it is no body.

    Besides joints they lie between points that :meth:`points` adds: the sides of waist and chest,
    heels and toes.
    """

    def __init__(self, skeleton: Skeleton) -> None:
        self.skeleton, self.parts = skeleton, parts_of(skeleton)
        self.size = 1.0
        if self.parts.keys() >= LEGS:
            self.size = leg_length(skeleton) / leg_length(BODY)
        self._falls = {side: self._fall(side) for side in ("left", "right")}
        sides = self.sides(np.zeros((len(skeleton.names), 3)))
        names = self.parts | {name: len(skeleton.names) + at for at, name in enumerate(sides)}
        paired = [
            (f"{side}_{a}", f"{side}_{b}", thick, thin, colour, beyond)
            for side in ("left", "right")
            for a, b, thick, thin, colour, beyond in _PAIRED
        ]
        made = [
            Limb(names[a], names[b], thick * self.size, thin * self.size, colour, beyond)
            for a, b, thick, thin, colour, beyond in [*_TRUNK, *paired]
            if a in names and b in names
        ]
        bones = [
            Limb(parent, at, 0.03, 0.025, at % 3)
            for at, parent in enumerate(skeleton.parents)
            if at
        ]
        self.limbs = made if len(made) >= 12 else bones

    def points(self, places: Doubles) -> Doubles:
        """The places of joints [J,3], and after them those beside joints [J+K,3]."""
        return np.concatenate((places, *(one[None] for one in self.sides(places).values())))

    def sides(self, places: Doubles) -> dict[str, Doubles]:
        """The points beside joints by their names, as far as there is what they lie beside."""
        at = {name: places[joint] for name, joint in self.parts.items()}
        made: dict[str, Doubles] = {}
        for side, sign in (("left", 1.0), ("right", -1.0)):
            if {"left_hip", "right_hip", "spine1"} <= at.keys():
                aside = unit(at["left_hip"] - at["right_hip"])
                made[f"{side}_waist"] = at["spine1"] + sign * 0.058 * self.size * aside
            if {"spine3", f"{side}_shoulder"} <= at.keys():
                made[f"{side}_chest"] = at["spine3"] + 0.5 * (at[f"{side}_shoulder"] - at["spine3"])
            knee, ankle, ball = (at.get(f"{side}_{one}") for one in ("knee", "ankle", "foot"))
            if knee is not None and ankle is not None and ball is not None:
                heel, toe = self._shoe(knee, ankle, ball, self._falls[side])
                made[f"{side}_heel"], made[f"{side}_toe"] = heel, toe
        return made

    def _shoe(
        self, knee: Doubles, ankle: Doubles, ball: Doubles, fall: float
    ) -> tuple[Doubles, Doubles]:
        """Heel and toe: the sole lies as far from ankle and ball as it does at rest.

        The floor is at 0.
        """
        foot = unit(ball - ankle)
        shin = knee - ankle
        up = unit(shin - (shin @ foot) * foot)
        sole = foot * np.cos(fall) + up * np.sin(fall)
        above = up * np.cos(fall) - foot * np.sin(fall)
        long = float(np.linalg.norm(ball - ankle)) * np.cos(fall)
        raised = ball + 0.018 * self.size * above
        heel, toe = raised - (long + 0.03 * self.size) * sole, raised + 0.065 * self.size * sole
        toe[1] = max(toe[1], 0.035 * self.size)  # toes bend where the floor is
        return heel, toe

    def _fall(self, side: str) -> float:
        """How far a foot falls from ankle to ball at rest, in radians."""
        ankle, ball = self.parts.get(f"{side}_ankle"), self.parts.get(f"{side}_foot")
        if ankle is None or ball is None:
            return _FLAT
        still = np.tile(NONE, (1, len(self.skeleton.names), 1))
        rest = placed(still, np.zeros((1, 3)), self.skeleton)[1][0]
        x, y, z = rest[ball] - rest[ankle]
        return float(np.clip(np.arctan2(-y, np.hypot(x, z)), 0.0, 0.9))
