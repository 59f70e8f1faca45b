"""Dances of the net that comes with Musegraph, beside written ones and beside chance."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from musegraph import Motion, Reference
from musegraph_nodes.motion import metrics
from musegraph_nodes.motion.body import BODY, arrays, motion_of
from musegraph_nodes.motion.choreograph import told_of
from musegraph_nodes.motion.dance.make import STYLES, Music, choreograph
from musegraph_nodes.motion.diffusion import dancing
from musegraph_nodes.motion.diffusion.model import Dancer, load
from musegraph_nodes.motion.diffusion.nodes import GUIDANCE, STEPS
from musegraph_nodes.motion.training.dance import HELD_OUT, WEIGHTS, music_of
from musegraph_nodes.motion.turns import placed

if TYPE_CHECKING:
    from numpy.typing import NDArray

PROMISE = (
    "Dances of 20 s of starter/dance are as well on the beat as written ones less 5 %, and far"
    " better than by chance; feet slide less than 1 cm a frame, no joint is beyond its limits or"
    " under the floor; seeds and music change the dance, and the same seed is the same dance."
)
SECONDS, FPS = 20.0, 30.0
KEYS = ("on beat", "by chance", "slide cm", "beyond °", "lowest cm", "jerk")
NAMES = tuple(STYLES)


class Pieces(NamedTuple):
    """A dance of the net, another seed's, one to other music, and a written one."""

    made: Motion
    other: Motion
    elsewhere: Motion
    written: Motion


def music(number: int) -> Music:
    """Twenty seconds of music that nobody learned to dance to."""
    whole = music_of(HELD_OUT + 5000 + number, (60, 60))
    inside = whole.beats < SECONDS
    return Music(whole.beats[inside], whole.first, SECONDS, whole.energy[: int(inside.sum())])


def danced(dancer: Dancer, to: Music, style: int, seed: int) -> Motion:
    """What `motion.dance` makes."""
    pair = dancing.danced(dancer, to, style, seed, STEPS, GUIDANCE, FPS)
    return motion_of(*pair, FPS, BODY)


def written(to: Music, style: int, seed: int) -> Motion:
    """A dance move by move, as `motion.choreograph` gives it."""
    return motion_of(*choreograph(to, NAMES[style], HELD_OUT + seed, FPS), FPS, BODY)


def found(motion: Motion, to: Music, seed: int) -> list[float]:
    """What is measured of a dance, its beats also at random phases."""
    draw = np.random.default_rng(seed)
    beats = told_of(to)
    times = np.array(beats["times"])
    step = times[1] - times[0]
    moved = [beats | {"times": (times + draw.uniform(0, step)).tolist()} for _ in range(8)]
    where = placed(*arrays(motion), BODY)[1]
    return [
        metrics.beat_alignment(motion, beats).of_motion,
        float(np.mean([metrics.beat_alignment(motion, one).of_motion for one in moved])),
        metrics.foot_skate(motion).slide,
        metrics.plausibility(motion).worst,
        float(where[..., 1].min()) * 100,
        metrics.jerk(motion),
    ]


def traits(motion: Motion) -> NDArray[np.float64]:
    """By what a style may be told: how joints lie to the hips, how they vary, how fast they go."""
    turns, root = arrays(motion)
    where = placed(turns, root, BODY)[1]
    own = where - where[:, :1]
    speed = np.linalg.norm(np.diff(where, axis=0), axis=-1) * FPS
    far = np.quantile(speed, (0.25, 0.75, 0.95), axis=0)
    return np.concatenate([one.ravel() for one in (own.mean(0), own.std(0), far)])


def knower(count: int) -> tuple[NDArray[np.float64], ...]:
    """Ridge regression that tells the styles of written dances apart, of dances of its own."""
    rows = np.stack([
        traits(written(music(100_000 + at), at % len(NAMES), 100_000 + at)) for at in range(count)
    ])  # fmt: skip
    mean, spread = rows.mean(0), rows.std(0) + 1e-3
    x = np.concatenate(((rows - mean) / spread, np.ones((count, 1))), axis=1)
    goal = np.eye(len(NAMES))[np.arange(count) % len(NAMES)]
    weights = np.linalg.solve(x.T @ x + 10 * np.eye(x.shape[1]), x.T @ goal)
    return mean, spread, weights


def known(motion: Motion, by: tuple[NDArray[np.float64], ...]) -> int:
    """Which style a dance is taken for."""
    mean, spread, weights = by
    return int((np.append((traits(motion) - mean) / spread, 1.0) @ weights).argmax())


def main(count: int) -> int:
    place = Path(os.environ.get("MUSEGRAPH_DANCER", WEIGHTS))
    dancer = load(Reference(loader="motion.dancer", source="it"), place, "cpu")
    by = knower(max(80, 2 * count))
    table: dict[str, list[list[float]]] = {name: [] for name in NAMES}
    apart: list[list[float]] = []
    for at in range(count):
        style = at % len(NAMES)
        to = music(at)
        made, plain = danced(dancer, to, style, at), written(to, style, at)
        others = danced(dancer, to, style, at + 1), danced(dancer, music(at + 1), style, at)
        apart.append([metrics.diversity([made, one]) for one in others])
        told = [float(known(one, by) == style) for one in (made, plain)]
        table[NAMES[style]].append([*found(made, to, at), *found(plain, to, at), *told])
    again = danced(dancer, music(0), 0, 0), danced(dancer, music(0), 0, 0)
    same = torch.equal(again[0].rotations, again[1].rotations)
    columns = [*KEYS, *(f"{key}, written" for key in KEYS), "style told", "style told, written"]
    print(f"| style | dances | {' | '.join(columns)} |\n|---|--:|{'--:|' * len(columns)}")
    whole = np.array([row for rows in table.values() for row in rows])
    for name, rows in [*table.items(), ("all", whole.tolist())]:
        if rows:
            shown = " | ".join(f"{value:.3f}" for value in np.mean(rows, axis=0))
            print(f"| {name} | {len(rows)} | {shown} |")
    seeds, musics = np.mean(apart, axis=0)
    print(f"\nAnother seed: {seeds:.3f} m apart; other music, same seed: {musics:.3f} m.")
    print(f"The same seed twice: {'the same' if same else 'another'} dance.")
    mean, worst = whole.mean(0), whole.max(0)
    fine = (
        mean[0] >= 0.95 * mean[6]
        and mean[0] > 1.3 * mean[1]
        and worst[2] < 1
        and worst[3] < 2
        and whole[:, 4].min() > 0
        and np.min(apart) > 0.01
        and same
    )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8))
