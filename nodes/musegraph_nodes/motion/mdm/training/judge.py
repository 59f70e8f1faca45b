"""`python -m musegraph_nodes.motion.mdm.training.judge [--model FOLDER] [--seeds N]`.

Whether motions do what their prompts say, by facts that are measured of places alone: which hand
rises, how far and where somebody goes, how far he turns, how low and how high he gets. The prompts
are fixed; none is a sentence that was drawn for the training, though all are of its words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from musegraph import Motion
from musegraph_nodes.motion.body import arrays
from musegraph_nodes.motion.turns import Doubles, placed

if TYPE_CHECKING:
    from musegraph_nodes.motion.mdm.live import Mover

_T = TypeVar("_T")


class Facts(NamedTuple):
    """What is measured of a motion, in metres, degrees and seconds."""

    ahead: float
    """How far it went to where it looked at first."""
    aside: float
    """And to its left."""
    path: float
    turned: float
    """All turns about y summed up; to the left is positive."""
    up: tuple[float, float]
    """Share of time in which the left and the right hand are above the head's joint."""
    waved: tuple[int, int]
    """How often each raised hand changed its way from side to side."""
    kicked: tuple[float, float]
    """How high each foot got."""
    knees: tuple[float, float]
    punched: tuple[int, int]
    """How often each hand shot ahead at the height of the chest."""
    clapped: int
    low: float
    """How far the pelvis sank."""
    bent: float
    """Degrees that the back leant ahead, at the most."""
    flown: float
    """How high both feet were at once."""
    wide: float
    """How far both hands were apart, at the most."""
    moved: float
    """Mean speed of the hands."""


def facts(motion: Motion) -> Facts:
    """The facts of a motion on our body."""
    turns, root = arrays(motion)
    where = placed(turns, root, motion.skeleton)[1]
    across = where[:, 1] - where[:, 2] + where[:, 16] - where[:, 17]
    yaw = np.unwrap(np.arctan2(-across[:, 2], across[:, 0]))
    way = where[-1, 0] - where[0, 0]
    sin, cos = np.sin(yaw[0]), np.cos(yaw[0])
    pelvis = where[:, :1] * np.array([1.0, 0.0, 1.0])
    own = where - pelvis
    c, s = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    seen = np.stack((own[..., 0] * c - own[..., 2] * s, own[..., 1],
                     own[..., 0] * s + own[..., 2] * c), -1)  # fmt: skip
    back = seen[:, 12] - seen[:, 0]
    hands = (20, 21)
    feet = np.minimum(where[:, 10, 1], where[:, 11, 1])
    return Facts(
        float(way[0] * sin + way[2] * cos), float(way[0] * cos - way[2] * sin),
        float(np.linalg.norm(np.diff(where[:, 0][:, [0, 2]], axis=0), axis=1).sum()),
        float(np.degrees(yaw[-1] - yaw[0])),
        _pair(lambda at: float((seen[:, at, 1] > seen[:, 15, 1]).mean()), hands),
        _pair(lambda at: _swings(seen[:, at, 0], seen[:, at, 1] > seen[:, 12, 1]), hands),
        _pair(lambda at: float(where[:, at, 1].max()), (7, 8)),
        _pair(lambda at: float(where[:, at, 1].max()), (4, 5)),
        _pair(lambda at: _reaches(seen, at), hands),
        _claps(seen), float(where[0, 0, 1] - where[:, 0, 1].min()),
        float(np.degrees(np.arctan2(back[:, 2], back[:, 1])).max()), float(feet.max()),
        float(np.linalg.norm(seen[:, 20] - seen[:, 21], axis=-1).max()),
        float(np.linalg.norm(np.diff(seen[:, 20:22], axis=0), axis=-1).mean() * motion.fps),
    )  # fmt: skip


def _pair(of: Callable[[int], _T], joints: tuple[int, int]) -> tuple[_T, _T]:
    return of(joints[0]), of(joints[1])


def _swings(side: Doubles, when: NDArray[np.bool_]) -> int:
    """How often a value turns back by 8 cm or more, where it counts."""
    turns, last, way = 0, None, 0
    for value in side[when]:
        if last is None:
            last = value
        elif abs(value - last) > 0.08:
            now = 1 if value > last else -1
            turns += now == -way
            way, last = now, value
        elif (value - last) * way > 0:
            last = value
    return turns


def _reaches(seen: Doubles, at: int) -> int:
    """How often a hand comes 0.42 m before the shoulder, at its height, and goes back."""
    shoulder = seen[:, at - 4]
    far = seen[:, at, 2] - shoulder[:, 2]
    level = np.abs(seen[:, at, 1] - shoulder[:, 1]) < 0.25
    out = (far > 0.40) & level
    return int((out[1:] & ~out[:-1]).sum())


def _claps(seen: Doubles) -> int:
    """How often both hands meet."""
    gap = np.linalg.norm(seen[:, 20] - seen[:, 21], axis=-1)
    near = gap < 0.22
    return int((near[1:] & ~near[:-1]).sum())


class Asked(NamedTuple):
    """A prompt, its act, and whether facts are those that it asks for."""

    prompt: str
    kind: str
    holds: Callable[[Facts], bool]
    side: str = ""
    times: int = 1
    pace: int = 0


def _stays(f: Facts) -> bool:
    return f.path < 0.8


ASKED: tuple[Asked, ...] = (
    Asked("a person walks forward", "walk", lambda f: f.ahead > 1.5 and abs(f.turned) < 40),
    Asked("someone strolls straight ahead slowly", "walk", lambda f: 0.6 < f.ahead < 3.2, pace=-1),
    Asked("walk backwards", "walk back", lambda f: f.ahead < -0.8 and abs(f.turned) < 40),
    Asked(
        "a woman walks in a circle to the left",
        "circle",
        lambda f: f.turned > 120 and f.path > 1.2,
        "left",
    ),
    Asked(
        "a man walks in a circle to the right",
        "circle",
        lambda f: f.turned < -120 and f.path > 1.2,
        "right",
    ),
    Asked("a figure runs forward", "run", lambda f: f.ahead > 4.5 and abs(f.turned) < 40),
    Asked(
        "she jogs in a circle to the left",
        "run circle",
        lambda f: f.turned > 120 and f.path > 3,
        "left",
    ),
    Asked("march in place", "march", lambda f: _stays(f) and min(f.knees) > 0.62),
    Asked(
        "the dancer marches forwards", "march ahead", lambda f: f.ahead > 1 and min(f.knees) > 0.6
    ),
    Asked(
        "someone waves with the left hand",
        "wave",
        lambda f: f.waved[0] > 2 and f.up[1] < 0.1,
        "left",
    ),
    Asked("he waves the right arm", "wave", lambda f: f.waved[1] > 2 and f.up[0] < 0.1, "right"),
    Asked("a man waves both hands", "wave both", lambda f: min(f.waved) > 1),
    Asked("raise the left hand", "raise", lambda f: f.up[0] > 0.4 and f.up[1] < 0.1, "left"),
    Asked(
        "a figure lifts the right arm", "raise", lambda f: f.up[1] > 0.4 and f.up[0] < 0.1, "right"
    ),
    Asked("a person puts both hands up", "raise both", lambda f: min(f.up) > 0.4),
    Asked("she spreads the arms", "spread", lambda f: f.wide > 1.2 and max(f.up) < 0.2),
    Asked("someone claps twice", "clap", lambda f: f.clapped == 2, "", 2),
    Asked("he claps the hands three times", "clap", lambda f: f.clapped == 3, "", 3),
    Asked(
        "a woman kicks with the left foot",
        "kick",
        lambda f: f.kicked[0] > 0.45 > f.kicked[1],
        "left",
    ),
    Asked(
        "the person kicks the right leg",
        "kick",
        lambda f: f.kicked[1] > 0.45 > f.kicked[0],
        "right",
    ),
    Asked(
        "punch with the left fist", "punch", lambda f: f.punched[0] > 0 and not f.punched[1], "left"
    ),
    Asked("someone throws a right punch twice", "punch", lambda f: f.punched == (0, 2), "right", 2),
    Asked("a man boxes", "box", lambda f: min(f.punched) > 1),
    Asked("turn left", "turn", lambda f: 55 < f.turned < 130 and _stays(f), "left"),
    Asked(
        "the figure makes a right turn",
        "turn",
        lambda f: -130 < f.turned < -55 and _stays(f),
        "right",
    ),
    Asked("she turns around to the left", "turn around", lambda f: 140 < f.turned < 225, "left"),
    Asked("a person spins to the right", "spin", lambda f: f.turned < -280, "right"),
    Asked("someone squats", "squat", lambda f: f.low > 0.25 and _stays(f)),
    Asked("a man sits down", "sit", lambda f: f.low > 0.28),
    Asked("the dancer takes a bow", "bow", lambda f: f.bent > 45),
    Asked("jump up once", "jump", lambda f: f.flown > 0.12 and abs(f.ahead) < 0.35),
    Asked(
        "a woman leaps forward twice",
        "jump ahead",
        lambda f: f.flown > 0.12 and f.ahead > 0.7,
        "",
        2,
    ),
    Asked(
        "he does jumping jacks",
        "jacks",
        lambda f: min(f.up) > 0.08 and f.wide > 1.0 and f.moved > 1,
    ),
    Asked(
        "step aside to the left", "aside", lambda f: f.aside > 0.25 and abs(f.ahead) < 0.3, "left"
    ),
    Asked("she moves sideways to the right twice", "aside", lambda f: f.aside < -0.5, "right", 2),
    Asked("stand still", "still", lambda f: _stays(f) and f.moved < 0.25),
    Asked(
        "a man walks forward and waves the left hand",
        "walk wave",
        lambda f: f.ahead > 1.2 and f.waved[0] > 2 and f.up[1] < 0.1,
        "left",
    ),
    Asked(
        "walk ahead and raise the right arm",
        "walk raise",
        lambda f: f.ahead > 1.2 and f.up[1] > 0.4 and f.up[0] < 0.1,
        "right",
    ),
    Asked("someone dances disco", "dance", lambda f: f.moved > 0.35 and f.path < 3, "disco"),
    Asked("the person dances hip hop", "dance", lambda f: f.moved > 0.35 and f.path < 3, "hip-hop"),
)


class Judged(NamedTuple):
    """Of one prompt, which motions do what it says: those of a model, and those made by rule."""

    asked: Asked
    held: list[bool]
    by_rule: list[bool]
    motions: list[Motion]
    """Of the model."""


def judged(live: Mover, seeds: Iterable[int], guidance: float = 2.5) -> Iterator[Judged]:
    """What a model makes of all prompts, beside what it learned from."""
    from musegraph_nodes.motion.mdm.make import cleaned, motion, of_numbers
    from musegraph_nodes.motion.mdm.nets import Told

    from .told import by_rule

    assert live.reader is not None, "a model with a reader of its own is judged"
    for asked in ASKED:
        told = Told(live.reader(live.reader.ids([asked.prompt]))[None])
        held, rule, motions = [], [], []
        for seed in seeds:
            table = live.make(told, live.most, seed, 0, guidance)
            motions.append(motion(cleaned(of_numbers(table))))
            held.append(asked.holds(facts(motions[-1])))
            pair = by_rule(asked.kind, asked.side, asked.times, asked.pace, seed)
            rule.append(asked.holds(facts(motion(cleaned(pair)))))
        yield Judged(asked, held, rule, motions)


def main() -> None:
    """The command line: a row for each prompt, and the share of all."""
    import argparse
    import sys
    from pathlib import Path

    from musegraph import Reference
    from musegraph_nodes.motion.mdm.model import load

    from .__main__ import WEIGHTS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=WEIGHTS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--guidance", type=float, default=2.5)
    given = parser.parse_args()
    live = load(Reference(loader="motion.mdm", source="it"), given.model, "cpu")
    every: list[bool] = []
    rule: list[bool] = []
    for one in judged(live, range(1000, 1000 + given.seeds), given.guidance):
        every += one.held
        rule += one.by_rule
        sys.stdout.write(
            f"{sum(one.held)}/{len(one.held)}  by rule {sum(one.by_rule)}  {one.asked.prompt}\n"
        )
        sys.stdout.flush()
    sys.stdout.write(f"{np.mean(every):.3f}, by rule {np.mean(rule):.3f} of {len(every)}\n")


if __name__ == "__main__":
    main()
