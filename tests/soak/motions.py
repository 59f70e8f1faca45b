"""Motions through files and back, and dances of all styles measured."""

from __future__ import annotations

import sys

import numpy as np
from test_motion import NEAR, off, random_motion

from musegraph import files
from musegraph_nodes.motion import metrics
from musegraph_nodes.motion.body import arrays
from musegraph_nodes.motion.choreograph import choreograph
from musegraph_nodes.motion.dance.make import STYLES
from musegraph_nodes.motion.turns import placed

PROMISE = (
    "Joints of random motions and skeletons come back from BVH, GLB, NPZ within 0.1 mm. Dances of"
    " 20 s are on the beat, slide less than 1 cm a frame, stay over the floor and within limits."
)
SECONDS = 20.0


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


def main(count: int) -> int:
    worst = round_trips(count)
    print(f"Files: {3 * count:,} round trips, at most {worst * 1000:.5f} mm off.\n")
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
        and mean["on beat"] > 1.3 * mean["by chance"]
        and all(one["slide cm"] < 1 for one in every)
        and all(one["beyond °"] < 2 for one in every)
        and all(one["lowest cm"] > 0.5 for one in every)
    )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
