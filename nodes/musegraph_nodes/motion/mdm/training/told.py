"""Motions with what is said of them: an act is drawn, done and put in words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from musegraph_nodes.motion.body import BODY, motion_of
from musegraph_nodes.motion.dance.make import STYLES, Music, choreograph
from musegraph_nodes.motion.dance.perform import Manner, perform
from musegraph_nodes.motion.dance.phrase import HANDS, Phrase, Sheet
from musegraph_nodes.motion.layouts import FPS, features
from musegraph_nodes.motion.turns import Doubles

from . import acts
from .acts import BRISK, CALM, Act, Ways

FRAMES = 80
"""The longest motion that is learned: four seconds."""
LEAST = 60
SUBJECTS = (
    "a person", "a man", "a woman", "someone", "the person", "a figure", "the dancer", "he", "she",
    "",
)  # fmt: skip
CAPTIONS = 12
"""Sentences for each motion."""
PACES = {-1: ("slowly", "slowly", "gently"), 0: ("",), 1: ("quickly", "fast", "rapidly")}
"""Words for what is done slower or faster."""


class Spoken(NamedTuple):
    """An act in words: verbs are ``walks|walk``; what is in {} is said of how it is done."""

    kind: str
    act: Act | tuple[Act, ...]
    says: tuple[str, ...]
    weight: float = 1.0
    sides: bool = False
    rate: float = 1.5
    stride: float = 0.0
    times: tuple[int, ...] = (1,)
    bend: float = 0.0
    angle: float = 90.0
    paces: tuple[int, ...] = (-1, 0, 0, 1)
    manner: Manner = CALM


_WALK = ("walks|walk", "goes|go", "strolls|stroll")
_AHEAD = ("forward", "forwards", "ahead", "straight ahead", "")
_BACK = ("backward", "backwards", "back")
_HAND = ("{side} hand", "{side} arm")


def _said(verbs: tuple[str, ...], rest: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{verb} {what}" for verb in verbs for what in rest)


SPOKEN: tuple[Spoken, ...] = (
    Spoken("walk", acts.walk, _said(_WALK, _AHEAD), 2.0, rate=1.8, stride=0.62),
    Spoken("walk back", acts.walk, _said(_WALK, _BACK), 1.4, rate=1.7, stride=-0.45),
    Spoken("circle", acts.walk, _said(_WALK, (
        "in a circle to the {side}", "in a {side} circle", "around in a circle to the {side}",
        "around to the {side}")), 1.6, True, 1.8, 0.55, bend=46.0),
    Spoken("run", acts.run, _said(("runs|run", "jogs|jog", "sprints|sprint"), _AHEAD), 1.5,
           rate=2.8, stride=0.85, paces=(0, 0, 1), manner=BRISK),
    Spoken("run circle", acts.run, _said(("runs|run", "jogs|jog"), (
        "in a circle to the {side}", "around in a circle to the {side}")), 1.6, True, 2.8, 0.75,
           bend=36.0, paces=(0,), manner=BRISK),
    Spoken("march", acts.march, (*_said(("marches|march", "steps|step"), (
        "in place", "on the spot")), "lifts|lift the knees high"), 1.0, rate=1.8),
    Spoken("march ahead", acts.march, ("marches|march forward", "marches|march ahead",
           "marches|march forwards"), 0.7, rate=1.8, stride=0.5),
    Spoken("wave", acts.wave, _said(("waves|wave with the", "waves|wave the", "waves|wave his",
           "waves|wave her"), _HAND), 1.8, True, 1.5),
    Spoken("wave both", acts.wave_both, ("waves|wave both hands", "waves|wave both arms",
           "waves|wave with both hands"), 0.8),
    Spoken("raise", acts.lift_hand, _said(("raises|raise the", "lifts|lift the", "puts|put up the",
           "raises|raise his", "raises|raise her"), _HAND), 1.6, True, 1.3),
    Spoken("raise both", acts.lift_both, (*_said(("raises|raise", "lifts|lift"), (
        "both arms", "both hands", "the arms", "the arms up")), "puts|put both hands up"),
           1.0, rate=1.3),
    Spoken("spread", acts.spread, ("spreads|spread the arms", "stretches|stretch the arms out",
           "spreads|spread both arms to the sides"), 0.8, rate=1.3),
    Spoken("clap", acts.clap, ("claps|clap {times}", "claps|clap the hands {times}",
           "claps|clap hands {times}"), 1.8, rate=1.5, times=(1, 2, 3)),
    Spoken("kick", acts.kick, ("kicks|kick {times} with the {side} foot",
           "kicks|kick with the {side} leg {times}", "kicks|kick the {side} leg {times}",
           "kicks|kick the {side} foot forward {times}"), 1.8, True, 1.5, times=(1, 2)),
    Spoken("punch", acts.punch, ("punches|punch {times} with the {side} hand",
           "punches|punch with the {side} fist {times}", "throws|throw a {side} punch {times}",
           "hits|hit with the {side} hand {times}"), 2.2, True, 1.8, times=(1, 2, 3)),
    Spoken("box", acts.box, ("boxes|box", "punches|punch with both hands",
           "punches|punch with both fists"), 1.4, rate=1.8),
    Spoken("turn", acts.turn, ("turns|turn {side}", "turns|turn to the {side}",
           "makes|make a {side} turn"), 1.4, True, 1.8, angle=90.0),
    Spoken("turn around", acts.turn, ("turns|turn around to the {side}",
           "turns|turn around {side}", "turns|turn back over the {side}"), 1.0, True, 2.0,
           angle=180.0),
    Spoken("spin", acts.turn, ("spins|spin to the {side}", "spins|spin around to the {side}",
           "spins|spin {side}"), 1.0, True, 2.9, angle=360.0, paces=(0,)),
    Spoken("squat", acts.squat, ("squats|squat {times}", "does|do {a} squat {times}",
           "crouches|crouch {times}", "bends|bend the knees {times}"), 1.2, times=(1, 2)),
    Spoken("sit", acts.sit, ("sits|sit down", "sits|sit", "takes|take a seat"), 1.0, rate=1.3),
    Spoken("bow", acts.bow, ("bows|bow", "takes|take a bow", "bows|bow down", "bends|bend forward"),
           1.0, rate=1.4),
    Spoken("jump", acts.jump, ("jumps|jump {times}", "jumps|jump up {times}", "hops|hop {times}",
           "jumps|jump in place {times}"), 1.4, rate=1.7, times=(1, 2), paces=(0,)),
    Spoken("jump ahead", acts.jump, ("jumps|jump forward {times}", "jumps|jump forwards {times}",
           "leaps|leap forward {times}", "hops|hop forward {times}"), 1.0, rate=1.7, stride=0.6,
           times=(1, 2), paces=(0,)),
    Spoken("jacks", acts.jacks, ("does|do jumping jacks", "makes|make jumping jacks"), 0.8,
           rate=2.0, paces=(0, 1)),
    Spoken("aside", acts.aside, ("steps|step to the {side} {times}",
           "steps|step {side} {times}", "steps|step aside to the {side} {times}",
           "moves|move sideways to the {side} {times}"), 1.4, True, 1.7, times=(1, 2)),
    Spoken("still", acts.still, ("stands|stand still", "stands|stand", "waits|wait",
           "does|do nothing"), 1.0, rate=1.0, paces=(0,)),
    Spoken("walk wave", (acts.legs, acts.wave), _said(_WALK[:1], (
        "forward and waves|wave the {side} hand", "and waves|wave with the {side} hand",
        "ahead while waving the {side} hand")), 1.2, True, 1.8, 0.6, paces=(0,)),
    Spoken("walk raise", (acts.legs, acts.lift_hand), _said(_WALK[:1], (
        "forward and raises|raise the {side} hand", "forward with the {side} hand up",
        "ahead and raises|raise the {side} arm")), 0.8, True, 1.8, 0.6, paces=(0,)),
    Spoken("walk both", (acts.legs, acts.lift_both), _said(_WALK[:1], (
        "forward with both hands up", "ahead and raises|raise both arms")), 0.6,
           rate=1.8, stride=0.6, paces=(0,)),
    Spoken("squat raise", (acts.squat, acts.lift_both), (
        "squats|squat with both hands up", "squats|squat and raises|raise both arms"), 0.5),
    Spoken("kick raise", (acts.kick, acts.lift_both), (
        "kicks|kick with the {side} foot and raises|raise both arms",
        "raises|raise both arms and kicks|kick with the {side} foot"), 0.6, True),
    Spoken("dance", (), ("dances|dance {style}", "is|be dancing {style}",
           "dances|dance some {style}", "does|do a {style} dance"), 3.0),
)  # fmt: skip
_WEIGHTS = np.array([one.weight for one in SPOKEN])
_TIMES = {1: ("", "", "once", "one time"), 2: ("twice", "two times"), 3: ("three times",)}


class Clip(NamedTuple):
    """What is learned: features [T,263], and words for them."""

    features: Doubles
    captions: tuple[str, ...]
    kind: str
    side: str


def clip(seed: int) -> Clip:
    """The motion of a seed."""
    draw = np.random.default_rng((77, seed))
    spoken = SPOKEN[int(draw.choice(len(SPOKEN), p=_WEIGHTS / _WEIGHTS.sum()))]
    count = int(draw.integers(LEAST, FRAMES + 1))
    side = ("left", "right")[int(draw.integers(2))] if spoken.sides else ""
    pace = int(draw.choice(spoken.paces))
    times = int(draw.choice(spoken.times))
    if spoken.kind == "dance":
        style = str(draw.choice(list(STYLES)))
        said = {"style": style.replace("-", " "), "side": "", "times": "", "a": ""}
        turns, root = _danced(style, count + 1, draw)
        pace = 0
    else:
        said = {"side": side, "times": str(draw.choice(_TIMES[times])), "style": "",
                "a": "a" if times == 1 else ""}  # fmt: skip
        turns, root = _done(spoken, side, pace, times, count + 1, draw)
    table = features(motion_of(turns, root, FPS, BODY))
    says = tuple(_words(spoken, said, pace, draw) for _ in range(CAPTIONS))
    return Clip(table, says, spoken.kind, side or said["style"])


def _done(
    spoken: Spoken, side: str, pace: int, times: int, count: int, draw: np.random.Generator
) -> tuple[Doubles, Doubles]:
    """Turns and root of an act."""
    rate = spoken.rate * {-1: 0.66, 0: 1.0, 1: 1.4}[pace] * draw.uniform(0.93, 1.07)
    late = draw.uniform(0.0, 0.2)
    sheet = Sheet()
    # Acts that have an end need to come to it.
    room = count / FPS - late
    need = {"kick": 2.2, "squat": 2.4, "jump": 2.3, "jump ahead": 2.3, "punch": 1.1, "clap": 0.8,
            "aside": 2.0}.get(spoken.kind, 0) * times + (2.0 if spoken.kind == "punch" else 1.0
            if spoken.kind == "clap" else 0.1)  # fmt: skip
    if spoken.kind.startswith(("turn", "spin")):
        need = max(round(spoken.angle / 45), 2) + 1.0
    if spoken.kind == "bow":
        need = 3.5
    rate = max(rate, need / room)
    stride = spoken.stride * draw.uniform(0.92, 1.08)
    ways = Ways(times, stride, spoken.bend, spoken.angle, room * rate)
    for track in sheet.hands:
        track.append((-4.0, HANDS["loose"]))
    phrase = Phrase(sheet, late * rate, side == "right", float(draw.uniform(0.92, 1.08)))
    phrase.rest()
    several = spoken.act if isinstance(spoken.act, tuple) else (spoken.act,)
    for act in several:
        if len(several) > 1 and act is not several[0]:
            for track in sheet.hands:
                track[:] = [(-4.0, HANDS["loose"]), (late * rate, HANDS["loose"])]
        act(phrase, ways)
    beats = np.arange(count) / FPS * rate
    made: tuple[Doubles, Doubles] = perform(sheet, beats, FPS, spoken.manner)
    return made


def by_rule(kind: str, side: str, times: int, pace: int, seed: int) -> tuple[Doubles, Doubles]:
    """Turns and root of an act as it is learned from; the side of a dance is its style."""
    draw = np.random.default_rng((78, seed))
    if kind == "dance":
        return _danced(side, FRAMES, draw)
    spoken = next(one for one in SPOKEN if one.kind == kind)
    return _done(spoken, side, pace, times, FRAMES, draw)


def _danced(style: str, count: int, draw: np.random.Generator) -> tuple[Doubles, Doubles]:
    """A part of a dance, which begins with one of its phrases."""
    tempo = draw.uniform(100, 120)
    beats = np.arange(16) * 60 / tempo
    music = Music(beats, 0, float(beats[-1]), np.full(16, 0.6))
    turns, root = choreograph(music, style, int(draw.integers(1 << 30)), FPS, 0.95)
    return turns[:count], root[:count]


def _words(spoken: Spoken, said: dict[str, str], pace: int, draw: np.random.Generator) -> str:
    """A sentence for an act: by somebody, or as an order."""
    subject = str(draw.choice(SUBJECTS))
    text = str(draw.choice(spoken.says)).format(**said)
    words = []
    for word in text.split():
        third, _, plain = word.partition("|")
        words.append(third if subject or not plain else plain)
    adverb = str(draw.choice(PACES[pace]))
    if adverb:
        at = 0 if draw.random() < 0.25 else len(words)
        words.insert(at, adverb)
    return " ".join([subject, *words]).strip()
