"""A sheet of keys as a motion: feet stay where they stand, and everything is on the beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d

from musegraph_nodes.motion.body import BODY, SOLE
from musegraph_nodes.motion.limbs import bend
from musegraph_nodes.motion.limits import kept
from musegraph_nodes.motion.turns import (
    NONE,
    UP,
    Doubles,
    about,
    back,
    between,
    euler,
    product,
    rotated,
    steady,
    unit,
)

from .phrase import CHANNELS, HANDS, Sheet, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

_AT = {name: BODY.names.index(name) for name in BODY.names}
_OFFSET = np.array(BODY.offsets)
_LEG = float(sum(np.linalg.norm(_OFFSET[_AT[j]]) for j in ("left_knee", "left_ankle")))
_ARM = float(sum(np.linalg.norm(_OFFSET[_AT[j]]) for j in ("left_elbow", "left_wrist")))
_SIDES = ("left", "right")
_STAND = SOLE - float(_OFFSET[_AT["left_foot"]][1]) + _LEG - float(_OFFSET[_AT["left_hip"]][1])
_STRETCH = 0.994
"""How much of its length a standing leg has at the most."""


_QUICKEST = 0.3
"""Beats that a step takes at the least."""
_TURNOUT = np.radians(58.0)
"""How far a foot points away from where its body looks, at the most."""
_DEPTH = 0.62
"""What is written of how deep knees bend, as it is danced."""


class Manner(NamedTuple):
    """How a style moves: how suddenly, how it bounces, how it stands."""

    sharp: float = 0.2
    """0 flows, 1 stands and then hits the beat."""
    bounce: float = 0.02
    """Metres that every beat goes down."""
    upbeat: bool = False
    """Down between the beats, up on them."""
    crouch: float = 0.03
    """Metres that knees are always bent by."""
    swing: float = 0.0
    """Degrees that hips and chest sway against each other, a beat to each side."""
    lead: float = 0.06
    """Parts of a beat that everything comes earlier: what stops on the beat is slowest after it."""


def perform(sheet: Sheet, beats: Doubles, fps: float, manner: Manner) -> tuple[Doubles, Doubles]:
    """Turns [T,24,4] and root [T,3]; ``beats`` [T] is the beat of every frame, with its part."""
    beats = beats + manner.lead
    values = {
        name: np.radians(found) if name not in ("drop", "side", "ahead") else found
        for name, found in _channels(sheet, beats, manner).items()
    }
    base = np.stack([_curve(sheet.keys.get(f"base_{axis}", []), beats, 0.0) for axis in "xz"], -1)
    yaw = np.radians(_curve(sheet.keys.get("base_yaw", []), beats, 0.0))
    feet = [_foot(sheet, own, beats, manner, yaw) for own in (0, 1)]
    pelvis, hips = _pelvis(values, base, yaw, feet, fps, beats, manner)
    local = np.tile(NONE, (len(beats), 24, 1))
    local[:, 0] = pelvis
    _spine(local, values, beats, manner)
    _legs(local, hips, pelvis, feet, yaw)
    _arms(local, sheet, values, beats, manner)
    _eased_arms(local, fps)
    return local, hips


def _eased_arms(local: Doubles, fps: float) -> None:
    """No arm starts or stops within a frame: flesh is heavy."""
    for side in _SIDES:
        for joint in ("collar", "shoulder", "elbow", "wrist"):
            at = _AT[f"{side}_{joint}"]
            turns = gaussian_filter1d(steady(local[:, at]), 0.035 * fps, axis=0, mode="nearest")
            local[:, at] = unit(turns)
    local[:] = kept(local, BODY, ("shoulder", "collar", "elbow", "wrist", "neck", "head"))


def _channels(sheet: Sheet, beats: Doubles, manner: Manner) -> dict[str, Doubles]:
    return {name: _curve(sheet.keys.get(name, []), beats, manner.sharp) for name in CHANNELS}


def eased(part: Doubles, sharp: float) -> Doubles:
    """From 0 to 1, slow at both ends; sharper ones wait and then arrive at once."""
    smooth = part * part * (3 - 2 * part)
    return (1 - sharp) * smooth + sharp * part**3


def _curve(keys: Sequence[tuple[float, float]], beats: Doubles, sharp: float) -> Doubles:
    if not keys:
        return np.zeros_like(beats)
    times, values = np.array([k[0] for k in keys]), np.array([k[1] for k in keys], float)
    return _between(times, values[:, None], beats, sharp)[:, 0]


def _between(times: Doubles, values: Doubles, beats: Doubles, sharp: float) -> Doubles:
    after = np.clip(np.searchsorted(times, beats, "right"), 1, max(len(times) - 1, 1))
    after = np.minimum(after, len(times) - 1)
    before = np.maximum(after - 1, 0)
    gap = np.maximum(times[after] - times[before], 1e-9)
    part = eased(np.clip((beats - times[before]) / gap, 0, 1), sharp)[:, None]
    return np.asarray(values[before] + (values[after] - values[before]) * part)


class _Foot(NamedTuple):
    """Ball [T,3], yaw and pitch of a foot, and whether it stands on the floor."""

    ball: Doubles
    yaw: Doubles
    pitch: Doubles
    stands: Doubles


def _foot(sheet: Sheet, own: int, beats: Doubles, manner: Manner, facing: Doubles) -> _Foot:
    """Where a foot is: it stands still between steps, and flies in an arc during them."""
    home = 0.11 if own == 0 else -0.11
    toes = 0.13  # what is told of a step is where the ankle stands
    ball = np.empty((len(beats), 3))
    yaw, pitch = np.zeros(len(beats)), np.zeros(len(beats))
    stands = np.ones(len(beats))
    place = _landed(sheet, Step(own, 0, 0, home, 0.0, 10.0 if own == 0 else -10.0), toes)
    ball[:], yaw[:] = place[:3], place[3]
    until = -64.0
    for step in sorted((s for s in sheet.steps if s.foot == own), key=lambda s: s.end):
        # A foot that is still on its way to somewhere leaves from there.
        start = max(step.start, until)
        step = step._replace(start=start, end=max(step.end, start + _QUICKEST))
        until = step.end
        goal = _landed(sheet, step, toes)
        from_air, to_air = place[1] > SOLE + 1e-6, goal[1] > SOLE + 1e-6
        during = (beats >= step.start) & (beats < step.end)
        part = (beats[during] - step.start) / (step.end - step.start)
        smooth = eased(part, 0.25 * manner.sharp)[:, None]
        path = place[:3] + (goal[:3] - place[:3]) * smooth
        arc = np.sin(np.pi * part)
        path[:, 1] += arc * step.lift * (0.4 if from_air or to_air else 1.0)
        ball[during], stands[during] = path, 0.0
        yaw[during] = place[3] + (goal[3] - place[3]) * smooth[:, 0]
        pitch[during] = _pitched(part, step, from_air, to_air)
        later = beats >= step.end
        ball[later], yaw[later] = goal[:3], goal[3]
        stands[later] = 0.0 if to_air else 1.0
        pitch[later] = np.radians(45.0 if step.toe else 20.0) if to_air else 0.0
        if step.toe and not to_air:
            pitch[later] = np.radians(24.0)
        place = goal
    # A foot turns on its ball where a body turns further than its hip does.
    yaw = facing + _TURNOUT * np.tanh((yaw - facing) / _TURNOUT)
    raised = np.radians(_curve(sheet.heels[own], beats, 0.0)) if sheet.heels[own] else 0.0
    return _Foot(ball, yaw, np.where(stands > 0, np.maximum(pitch, raised), pitch), stands)


def _pitched(part: Doubles, step: Step, from_air: bool, to_air: bool) -> Doubles:
    """Toes hang while a foot flies: most in the middle, and as they are held at the ends."""
    held = np.radians(45.0 if step.toe else 20.0)
    first = held if from_air else 0.0
    last = held if to_air else np.radians(24.0) if step.toe else 0.0
    return np.asarray(first + (last - first) * part + np.sin(np.pi * part) * np.radians(16.0))


def _landed(sheet: Sheet, step: Step, toes: float) -> Doubles:
    """Ball x, y, z and yaw of a foot where a step ends."""
    at = np.array([step.end])
    base = [_curve(sheet.keys.get(f"base_{axis}", []), at, 0.0)[0] for axis in "xz"]
    turn = np.radians(_curve(sheet.keys.get("base_yaw", []), at, 0.0)[0])
    facing = turn + np.radians(step.yaw)
    cos, sin = np.cos(turn), np.sin(turn)
    x = base[0] + step.x * cos + step.z * sin + toes * np.sin(facing)
    z = base[1] - step.x * sin + step.z * cos + toes * np.cos(facing)
    return np.array([x, SOLE + step.y, z, facing])


def _pelvis(
    values: dict[str, Doubles],
    base: Doubles,
    yaw: Doubles,
    feet: list[_Foot],
    fps: float,
    beats: Doubles,
    manner: Manner,
) -> tuple[Doubles, Doubles]:
    """How the pelvis is turned and where it is: over the feet, as low as both legs need it."""
    weights = np.stack([0.12 + foot.stands for foot in feet])
    weights = gaussian_filter1d(weights, 0.10 * fps, axis=1, mode="nearest")
    heels = np.stack([foot.ball - _ahead(foot.yaw) * 0.10 for foot in feet])
    centre = (weights[..., None] * heels).sum(0) / weights.sum(0)[:, None]
    centre = 0.75 * centre[:, [0, 2]] + 0.25 * base
    centre = gaussian_filter1d(centre, 0.09 * fps, axis=0, mode="nearest")
    sway = np.radians(manner.swing) * np.sin(np.pi * beats)
    turn = product(about(UP, yaw), euler(values["lean"], values["turn"], values["tilt"] + sway))
    cos, sin = np.cos(yaw), np.sin(yaw)
    side, ahead = values["side"], values["ahead"]
    where = np.empty((len(beats), 3))
    where[:, 0] = centre[:, 0] + side * cos + ahead * sin
    where[:, 2] = centre[:, 1] - side * sin + ahead * cos
    phase = np.cos(2 * np.pi * beats) * (-1 if manner.upbeat else 1)
    height = _STAND - manner.crouch - _DEPTH * values["drop"] - manner.bounce * 0.5 * (1 + phase)
    lift = np.stack([foot.pitch * foot.stands for foot in feet]).min(0)
    height = height + 0.10 * np.sin(np.clip(lift, 0, 1))
    where[:, 1] = np.minimum(height, _highest(where, turn, feet, fps))
    return turn, where


def _highest(where: Doubles, turn: Doubles, feet: list[_Foot], fps: float) -> Doubles:
    """The height at which no leg that stands is longer than it can be, smoothly."""
    most = np.full(len(where), np.inf)
    for foot, side in zip(feet, _SIDES, strict=True):
        hip = rotated(turn, _OFFSET[_AT[f"{side}_hip"]])
        ankle = _ankle(foot, side)
        across = np.linalg.norm((where + hip - ankle)[:, [0, 2]], axis=-1)
        own = ankle[:, 1] + np.sqrt(np.maximum((_LEG * _STRETCH) ** 2 - across**2, 0.04))
        most = np.minimum(most, own - hip[:, 1])
    # The lowest nearby, then smooth: a smooth curve that is below the steps of the first.
    from scipy.ndimage import minimum_filter1d

    reach = max(round(0.12 * fps), 1)
    low = minimum_filter1d(most, 2 * reach + 1, mode="nearest")
    soft = gaussian_filter1d(low, reach / 2.5, mode="nearest", truncate=2.5)
    return np.asarray(np.minimum(soft, most))


def _ahead(yaw: Doubles) -> Doubles:
    return np.stack((np.sin(yaw), np.zeros_like(yaw), np.cos(yaw)), axis=-1)


def _sole(foot: _Foot) -> Doubles:
    """How a foot is turned in the world: its heel is raised by its pitch."""
    return product(about(UP, foot.yaw), about([1.0, 0, 0], foot.pitch))


def _ankle(foot: _Foot, side: str) -> Doubles:
    return foot.ball - rotated(_sole(foot), _OFFSET[_AT[f"{side}_foot"]])


def _legs(local: Doubles, hips: Doubles, pelvis: Doubles, feet: list[_Foot], yaw: Doubles) -> None:
    for foot, side in zip(feet, _SIDES, strict=True):
        hip, knee = _AT[f"{side}_hip"], _AT[f"{side}_knee"]
        ankle, toes = _AT[f"{side}_ankle"], _AT[f"{side}_foot"]
        top = hips + rotated(pelvis, _OFFSET[hip])
        pole = unit(rotated(pelvis, np.array([0.0, 0, 1])) + 1.2 * _ahead(foot.yaw))
        leg = bend(top, _ankle(foot, side), _OFFSET[knee], _OFFSET[ankle], pole, [1.0, 0, 0], 0.999)
        local[:, hip] = product(back(pelvis), leg.upper)
        local[:, knee] = product(back(leg.upper), leg.lower)
        local[:, ankle] = product(back(leg.lower), _sole(foot))
        # Toes stay level where only the heel is raised.
        level = np.where(foot.stands > 0, foot.pitch, 0.4 * foot.pitch)
        local[:, toes] = about([1.0, 0, 0], -np.minimum(level, 0.9))


def _spine(local: Doubles, values: dict[str, Doubles], beats: Doubles, manner: Manner) -> None:
    """Chest and head: they make up for what the pelvis does, so that a person stays upright."""
    sway = np.radians(manner.swing) * np.sin(np.pi * beats)
    arch = values["arch"] - 0.55 * values["lean"]
    bend_ = -values["bend"] - 0.7 * (values["tilt"] + sway)
    twist = values["twist"] - 0.3 * values["turn"]
    for name, share in (("spine1", 0.30), ("spine2", 0.35), ("spine3", 0.35)):
        local[:, _AT[name]] = euler(share * arch, share * twist, share * bend_)
    level = 0.6 * (arch + values["lean"])
    straight = 0.6 * (bend_ + values["tilt"])
    aside = values["look"] - 0.8 * (values["twist"] + values["turn"])
    for name, share in (("neck", 0.45), ("head", 0.55)):
        local[:, _AT[name]] = euler(
            share * (values["nod"] - level), share * aside, share * (-values["cock"] - straight)
        )


def _arms(
    local: Doubles, sheet: Sheet, values: dict[str, Doubles], beats: Doubles, manner: Manner
) -> None:
    """Hands where they are asked to be from their shoulders, in the frame of the chest."""
    for own, side in enumerate(_SIDES):
        out = 1.0 if own == 0 else -1.0
        reach = _hand(sheet, own, beats, manner)
        reach = reach * np.array([out, 1.0, 1.0])
        collar, shoulder = _AT[f"{side}_collar"], _AT[f"{side}_shoulder"]
        elbow, wrist = _AT[f"{side}_elbow"], _AT[f"{side}_wrist"]
        # A raised arm takes its shoulder along.
        high = 0.42 * np.clip(reach[:, 1], 0, 1) + values["shrug"]
        fore = 0.25 * np.clip(reach[:, 2], 0, 1) + 0.5 * np.clip(-out * reach[:, 0], 0, 1)
        local[:, collar] = euler(np.zeros_like(high), -out * fore, out * high)
        up = values["raise_l" if own == 0 else "raise_r"]
        way = unit(reach)
        pole = _elbow(way, out)
        pole = unit(pole - (pole * way).sum(-1, keepdims=True) * way)
        pole = _lifted(pole, way, up)
        arm = bend(
            np.zeros((len(beats), 3)), reach * _ARM, _OFFSET[elbow], _OFFSET[wrist], pole,
            [0.0, -out, 0.0], 0.985,
        )  # fmt: skip
        local[:, shoulder] = product(back(local[:, collar]), arm.upper)
        local[:, elbow] = product(back(arm.upper), arm.lower)
        local[:, wrist] = euler(
            np.zeros_like(up), np.zeros_like(up), out * (0.12 - 0.25 * way[:, 1])
        )


def _elbow(way: Doubles, out: float) -> Doubles:
    """Where an elbow points for a hand in a direction: it goes along with the arm as that swings.

    Behind where the arm is spread; below where the hand is ahead, outward where it hangs.
    """
    swing = between(np.array([out, 0.0, 0.0]), way)
    pole = rotated(swing, np.array([0.0, -0.25, -0.97]))
    pole = pole - 0.9 * np.clip(way[:, 2:], 0, 1) * UP
    return np.asarray(pole + 0.45 * np.clip(-way[:, 1:2], 0, 1) * np.array([out, 0.0, 0.0]))


def _lifted(pole: Doubles, way: Doubles, angle: Doubles) -> Doubles:
    """An elbow turned upward about the line from shoulder to hand."""
    high = UP - (way @ UP)[:, None] * way
    size = np.linalg.norm(high, axis=-1, keepdims=True)
    high = unit(high)
    part = np.clip(angle / (np.pi / 2), -1, 1)[:, None] * np.clip(size * 2, 0, 1)
    return unit(pole * (1 - np.abs(part)) + high * part)


def _hand(sheet: Sheet, own: int, beats: Doubles, manner: Manner) -> Doubles:
    """Where a hand is [T,3]: on arcs about its shoulder, and never in the chest."""
    keys = sheet.hands[own] or [(0.0, HANDS["loose"])]
    times, values = np.array([k[0] for k in keys]), np.array([k[1] for k in keys], float)
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    ways = _between(times, values / length, beats, manner.sharp)
    far = _between(times, length, beats, manner.sharp)
    made = unit(ways) * far
    # The shoulder stands 0.18 m beside the spine, and an arm is 0.52 m long.
    inside = np.clip((-made[:, 0] - 0.02) / 0.25, 0, 1) * np.clip((0.25 + made[:, 1]) / 0.25, 0, 1)
    low = np.clip((-made[:, 0] - 0.02) / 0.25, 0, 1) * np.clip((0.9 + made[:, 1]) / 0.3, 0, 1)
    least = 0.36 * np.maximum(low, inside) * (made[:, 1] < 0.45)
    made[:, 2] = np.maximum(made[:, 2], least)
    return made
