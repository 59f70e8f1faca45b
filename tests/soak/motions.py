"""Motions through files and back, on other skeletons, and dances of all styles measured."""

from __future__ import annotations

import sys
from itertools import permutations

import numpy as np
from bodies import KINDS, skeleton
from test_motion import NEAR, off, random_motion

from musegraph import Motion, Skeleton, files
from musegraph_nodes.motion import metrics
from musegraph_nodes.motion.body import arrays, feet, leg_length, motion_of, parts_of
from musegraph_nodes.motion.choreograph import choreograph
from musegraph_nodes.motion.dance.make import STYLES
from musegraph_nodes.motion.edit import retarget
from musegraph_nodes.motion.turns import NONE, placed

PROMISE = (
    "Joints of random motions and skeletons come back from BVH, GLB, NPZ within 0.1 mm. Dances of"
    " 20 s are on the beat, slide less than 1 cm a frame, stay over the floor and within limits."
    " On skeletons of other programs and proportions feet stand when they stood, and slide no more."
)
SECONDS = 20.0
MOVED = 8.0
"""Seconds of the dances that go from skeleton to skeleton."""


def round_trips(count: int) -> float:
    """The furthest that any joint is off, in metres."""
    worst = 0.0
    for seed in range(count):
        was = random_motion(100_000 + seed)
        for kind, scale in (("bvh", 0.01), ("glb", 0.0), ("npz", 0.0)):
            file = files.to_file(was, "x", kind)
            worst = max(worst, off(was, files.read_motion(file.data, file.name, scale=scale)))
    return worst


def judged(style: str, seed: int) -> dict[str, float]:
    """What is measured of a dance, beside its beats at random phases."""
    draw = np.random.default_rng(seed)
    made = choreograph(
        seconds=SECONDS,
        style=style,
        seed=seed,
        tempo=float(draw.uniform(84, 140)),  # type: ignore[arg-type]
    )
    times = np.array(made.beats["times"])
    moved = [{"times": (times + draw.uniform(0, times[1] - times[0])).tolist()} for _ in range(8)]
    where = placed(*arrays(made.motion), made.motion.skeleton)[1]
    return {
        "on beat": metrics.beat_alignment(made.motion, made.beats).of_motion,
        "by chance": float(
            np.mean([metrics.beat_alignment(made.motion, one).of_motion for one in moved])
        ),
        "slide cm": metrics.foot_skate(made.motion).slide,
        "beyond °": metrics.plausibility(made.motion).worst,
        "lowest cm": float(where[..., 1].min()) * 100,
        "jerk": metrics.jerk(made.motion),
    }


def naive(motion: Motion, target: Skeleton) -> Motion:
    """Turns of like joints copied as they are, and the root as far as legs are long."""
    turns, root = arrays(motion)
    own, theirs = parts_of(motion.skeleton), parts_of(target)
    made = np.tile(NONE, (len(turns), len(target.names), 1))
    for role in own.keys() & theirs.keys():
        made[:, theirs[role]] = turns[:, own[role]]
    scale = leg_length(target) / leg_length(motion.skeleton)
    return motion_of(made, root * scale, motion.fps, target)


def soles(motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Whether each ball of a foot is low and slow [T,2], and its steps over the floor [T-1,2].

    Both in lengths of the leg, and with bounds of its own: it is not what retargeting goes by.
    """
    where = placed(*arrays(motion), motion.skeleton)[1] / leg_length(motion.skeleton)
    balls = where[:, [ball for _, ball in feet(motion.skeleton)]]
    steps = np.linalg.norm(np.diff(balls[..., [0, 2]], axis=0), axis=-1)
    slow = np.concatenate((steps[:1], steps)) * motion.fps < 0.2
    low = balls[..., 1] < np.percentile(balls[..., 1], 2) + 0.04
    return slow & low, steps


def kept(was: Motion, now: Motion) -> tuple[float, float]:
    """F of frames with a contact; cm a frame that a foot slides where it stood, of a leg of 1 m."""
    (before, _), (after, steps) = soles(was), soles(now)
    both = 2 * int((before & after).sum())
    return both / max(int(before.sum() + after.sum()), 1), float(
        steps[before[1:] & before[:-1]].mean() * 100
    )


def retargets(count: int) -> bool:
    """Dances from each kind of skeleton to each other, beside turns copied as they are."""
    pairs = list(permutations(KINDS, 2))
    rows: dict[str, list[tuple[float, ...]]] = {kind: [] for kind in KINDS}
    for index in range(max(count, len(pairs))):
        draw = np.random.default_rng(200_000 + index)
        source, target = pairs[index % len(pairs)]
        style, tempo = str(draw.choice(list(STYLES))), float(draw.uniform(84, 140))
        made = choreograph(seconds=MOVED, style=style, seed=index, tempo=tempo).motion  # type: ignore[arg-type]
        was = made if source == "ours" else retarget(made, still(skeleton(source, draw)))
        other = skeleton(target, draw)
        found = (kept(was, retarget(was, still(other))), kept(was, naive(was, other)))
        rows[target].append((*found[0], *found[1]))
    print("| onto | dances | contacts kept, F | at worst | slide | turns copied: F | slide |")
    print(f"|---|{'--:|' * 6}")
    every = [row for some in rows.values() for row in some]
    for kind, some in [*rows.items(), ("all", every)]:
        table = np.array(some)
        good, slide, copied, slid = table.mean(0)
        cells = (good, table[:, 0].min(), slide, copied, slid)
        print(f"| {kind} | {len(some)} | {' | '.join(f'{cell:.3f}' for cell in cells)} |")
    table = np.array(every)
    print()
    return bool(table[:, 0].min() > 0.9 and table[:, 1].max() < 0.2)


def still(skeleton: Skeleton) -> Motion:
    """A skeleton at rest, to be named as the one that a motion is to get."""
    return motion_of(np.tile(NONE, (1, len(skeleton.names), 1)), np.zeros((1, 3)), 30.0, skeleton)


def main(count: int) -> int:
    worst = round_trips(count)
    print(f"Files: {3 * count:,} round trips, at most {worst * 1000:.5f} mm off.\n")
    kept_feet = retargets(count // 5)
    names = list(STYLES)
    dances = max(count // 10, len(names))
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for index in range(dances):
        style = names[index % len(names)]
        rows[style].append(judged(style, 1000 + index))
    every = [one for some in rows.values() for one in some]
    keys = list(every[0])
    print(f"| style | dances | {' | '.join(keys)} |\n|---|--:|{'--:|' * len(keys)}")
    for style, some in [*rows.items(), ("all", every)]:
        told = [f"{np.mean([one[key] for one in some]):.3f}" for key in keys]
        print(f"| {style} | {len(some)} | {' | '.join(told)} |")
    mean = {key: float(np.mean([one[key] for one in every])) for key in keys}
    fine = (
        worst < NEAR
        and kept_feet
        and mean["on beat"] > 1.3 * mean["by chance"]
        and all(one["slide cm"] < 1 for one in every)
        and all(one["beyond °"] < 2 for one in every)
        and all(one["lowest cm"] > 0.5 for one in every)
    )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
