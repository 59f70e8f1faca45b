"""A dance as keys on beats: what the body does, where hands go, where feet step.

Angles are in degrees and lengths in metres; left, ahead and up are positive. A side lean is
positive to the left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

CHANNELS = (
    "drop", "side", "ahead", "turn", "tilt", "lean", "twist", "bend", "arch", "look", "nod",
    "cock", "raise_l", "raise_r", "shrug",
)  # fmt: skip
"""Pelvis: lower, aside, ahead, turned, tilted, leant; chest the same; head; elbows; shoulders."""

_ASIDE = frozenset({"side", "turn", "tilt", "twist", "bend", "look", "cock"})
_BASE = ("base_x", "base_z", "base_yaw")

Hand = tuple[float, float, float]
"""Where a hand is from its shoulder: outward, up and ahead, in lengths of the arm."""

HANDS: dict[str, Hand] = {
    "down": (0.17, -0.965, 0.06),
    "loose": (0.22, -0.90, 0.20),
    "ready": (0.18, -0.45, 0.42),
    "hip": (0.26, -0.58, 0.0),
    "side": (0.96, -0.02, 0.10),
    "low_side": (0.72, -0.60, 0.08),
    "high_side": (0.70, 0.66, 0.10),
    "up": (0.12, 0.97, 0.06),
    "up_bent": (0.30, 0.62, 0.18),
    "front": (0.02, 0.00, 0.95),
    "front_low": (0.08, -0.55, 0.70),
    "front_high": (0.06, 0.62, 0.70),
    "chest": (-0.22, -0.20, 0.42),
    "cross": (-0.50, -0.10, 0.50),
    "cross_low": (-0.48, -0.62, 0.36),
    "cross_high": (-0.46, 0.52, 0.50),
    "face": (-0.08, 0.32, 0.42),
    "head": (0.12, 0.55, 0.06),
    "square": (0.56, 0.46, 0.12),
    "square_low": (0.56, -0.46, 0.18),
    "round": (-0.10, -0.30, 0.66),
    "round_side": (0.80, -0.15, 0.36),
    "round_up": (-0.02, 0.86, 0.22),
    "back_swing": (0.20, -0.86, -0.38),
    "fore_swing": (0.10, -0.70, 0.56),
}


class Step(NamedTuple):
    """A foot goes somewhere until a beat: on the floor, or ``y`` above it where it does not land.

    x and z are from where the dancer stands, turned as he is when it arrives.
    """

    foot: int
    start: float
    end: float
    x: float
    z: float
    yaw: float = 0.0
    y: float = 0.0
    lift: float = 0.06
    toe: float = 0.0


@dataclass
class Sheet:
    """The keys of a whole dance; beats are counted from its start."""

    keys: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    hands: tuple[list[tuple[float, Hand]], list[tuple[float, Hand]]] = field(
        default_factory=lambda: ([], [])
    )
    steps: list[Step] = field(default_factory=list)
    heels: tuple[list[tuple[float, float]], list[tuple[float, float]]] = field(
        default_factory=lambda: ([], [])
    )


class Phrase:
    """Writes a move into a sheet from a beat on, as it is or to the other side, so large."""

    def __init__(self, sheet: Sheet, start: float, mirrored: bool, size: float) -> None:
        self.sheet, self.start, self.mirrored, self.size = sheet, start, mirrored, size
        self.base = {name: last(sheet.keys.get(name)) for name in _BASE}
        self.facing = self.base["base_yaw"]

    def rest(self) -> None:
        """Everything as at rest at the beginning, but for where the dancer stands."""
        for name in CHANNELS:
            self._key(name, 0.0, 0.0)
        for own in (0, 1):
            self._hand(own, 0.0, HANDS["loose"])

    def at(
        self, beat: float, left: str | Hand = "", right: str | Hand = "", **body: float
    ) -> Phrase:
        """Hands and body at a beat; what is not said goes on to what is said next."""
        for own, hand in enumerate((left, right)):
            if hand:
                place = HANDS[hand] if isinstance(hand, str) else hand
                self._hand(1 - own if self.mirrored else own, beat, place)
        for name, value in body.items():
            if self.mirrored:
                value = -value if name in _ASIDE else value
                name = {"raise_l": "raise_r", "raise_r": "raise_l"}.get(name, name)
            self._key(name, beat, value * (1 if name.startswith("raise") else self.size))
        return self

    def both(self, beat: float, hands: str | Hand, **body: float) -> Phrase:
        return self.at(beat, hands, hands, **body)

    def step(
        self,
        foot: str,
        beat: float,
        x: float,
        z: float = 0.0,
        yaw: float = 0.0,
        y: float = 0.0,
        lift: float = 0.06,
        span: float = 0.86,
        toe: float = 0.0,
    ) -> Phrase:
        """A foot (``L`` or ``R``) arrives at a beat, on its way for ``span`` of one."""
        own = "LR".index(foot)
        if self.mirrored:
            own, x, yaw = 1 - own, -x, -yaw
        size = 0.5 + 0.5 * self.size
        home = 0.11 if own == 0 else -0.11
        x = home + (x - home) * size
        begin = self.start + beat - span
        self.sheet.steps.append(Step(own, begin, self.start + beat, x, z * size, yaw, y, lift, toe))
        return self

    def heel(self, foot: str, beat: float, angle: float) -> Phrase:
        """The heel of a foot is raised by an angle at a beat, on the ball of the foot."""
        own = "LR".index(foot)
        own = 1 - own if self.mirrored else own
        self.sheet.heels[own].append((self.start + beat, angle))
        return self

    def travel(self, beat: float, x: float = 0.0, z: float = 0.0, yaw: float = 0.0) -> Phrase:
        """By a beat the dancer has gone so far and turned so far since the move began."""
        import math

        sign = -1.0 if self.mirrored else 1.0
        x, yaw = x * sign * self.size, yaw * sign
        angle = math.radians(self.facing)
        across = x * math.cos(angle) + z * self.size * math.sin(angle)
        ahead = z * self.size * math.cos(angle) - x * math.sin(angle)
        for name, value in zip(_BASE, (across, ahead, yaw), strict=True):
            track = self.sheet.keys.setdefault(name, [])
            if not track or track[-1][0] < self.start:
                track.append((self.start, self.base[name]))
            track.append((self.start + beat, self.base[name] + value))
        return self

    def _key(self, name: str, beat: float, value: float) -> None:
        put(self.sheet.keys.setdefault(name, []), self.start + beat, value)

    def _hand(self, own: int, beat: float, place: Hand) -> None:
        put(self.sheet.hands[own], self.start + beat, place)


def put(track: list[tuple[float, object]] | list, beat: float, value: object) -> None:  # type: ignore[type-arg]
    """A key after all that are there; one at the same beat takes its place."""
    while track and track[-1][0] >= beat - 1e-6:
        track.pop()
    track.append((beat, value))


def last(track: list[tuple[float, float]] | None) -> float:
    return track[-1][1] if track else 0.0
