"""Learned dances of all styles measured, beside choreography that no net has seen."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from musegraph import Motion, Reference
from musegraph_nodes import starter
from musegraph_nodes.motion import metrics
from musegraph_nodes.motion.body import BODY, arrays, motion_of
from musegraph_nodes.motion.dance.make import STYLES, Music, choreograph
from musegraph_nodes.motion.diffusion.dancing import dance, performed, tidied
from musegraph_nodes.motion.diffusion.heard import grid_of, heard_of
from musegraph_nodes.motion.diffusion.model import LOADER, Dancer, load
from musegraph_nodes.motion.turns import placed

PROMISE = (
    "Learned dances of 20 s: as much on the beat as held-out choreography less 5 %, feet that"
    " stand slide less than 1 cm a frame, joints within limits, over the floor, another for every"
    " seed and every music, the same for the same."
)
SECONDS, FPS = 20.0, 30.0


def music_of(number: int) -> Music:
    """Music that nobody learned from."""
    draw = np.random.default_rng((number, 41))
    step = 60 / draw.uniform(84, 140)
    beats = np.arange(draw.uniform(0, step), SECONDS, step)
    return Music(beats, 0, SECONDS, draw.random(len(beats)) * 0.4 + 0.3)


def danced(dancer: Dancer, music: Music, style: int, seed: int) -> Motion:
    build = dancer.build
    grid = grid_of(music, build.per_beat, build.window)
    heard = heard_of(music, grid.beats, style, len(build.styles))
    numbers = dance(dancer, heard, seed, 30, 1.5)
    pair = tidied(performed(numbers, grid.seconds, FPS, round(SECONDS * FPS)), FPS)
    return motion_of(*pair, FPS, BODY)


def judged(motion: Motion, music: Music, seed: int) -> dict[str, float]:
    """What is measured of a dance, beside its beats at random phases."""
    draw = np.random.default_rng(seed)
    times = music.beats
    off = [{"times": (times + draw.uniform(0, times[1] - times[0])).tolist()} for _ in range(8)]
    told = {"times": times.tolist()}
    where = placed(*arrays(motion), BODY)[1]
    return {
        "on beat": metrics.beat_alignment(motion, told).of_motion,
        "by chance": float(np.mean([metrics.beat_alignment(motion, o).of_motion for o in off])),
        "slide cm": metrics.foot_skate(motion).slide,
        "beyond °": metrics.plausibility(motion).worst,
        "lowest cm": float(where[..., 1].min()) * 100,
        "jerk": metrics.jerk(motion),
        "speed": float(np.linalg.norm(np.diff(where, axis=0), axis=-1).mean()) * FPS,
    }


def main(count: int, source: Path) -> int:
    dancer = load(Reference(loader=LOADER, source=str(source)), source, "cpu")
    names = list(STYLES)
    dances = max(count, len(names))
    rows: dict[str, list[tuple[dict[str, float], dict[str, float]]]] = {n: [] for n in names}
    fine, apart, others = True, [], []
    for number in range(dances):
        at = number % len(names)
        music = music_of(number)
        one = danced(dancer, music, at, number)
        shown = choreograph(music, names[at], 500_000 + number, FPS)
        held_out = motion_of(*shown, FPS, BODY)
        rows[names[at]].append((judged(one, music, number), judged(held_out, music, number)))
        if number % 5 == 0:
            fine &= bool((danced(dancer, music, at, number).rotations == one.rotations).all())
            apart.append(metrics.diversity([one, danced(dancer, music, at, number + 1000)]))
            others.append(metrics.diversity([one, danced(dancer, music_of(number + 7), at, number)]))
    keys = list(rows[names[0]][0][0])
    print(f"| style | dances | {' | '.join(f'{key} (choreography)' for key in keys)} |")
    print(f"|---|--:|{'--:|' * len(keys)}")
    every = [pair for some in rows.values() for pair in some]
    mean = [{k: float(np.mean([pair[s][k] for pair in every])) for k in keys} for s in (0, 1)]
    for style, some in [*rows.items(), ("all", every)]:
        told = [
            " ".join((f"{np.mean([p[0][key] for p in some]):.3f}",
                      f"({np.mean([p[1][key] for p in some]):.3f})"))
            for key in keys
        ]  # fmt: skip
        print(f"| {style} | {len(some)} | {' | '.join(told)} |")
    print(f"\nSame seed, same dance: {fine}. Joints apart between seeds {np.mean(apart):.3f} m,"
          f" between pieces of music {np.mean(others):.3f} m.")  # fmt: skip
    fine = (
        fine
        and mean[0]["on beat"] >= 0.95 * mean[1]["on beat"]
        and mean[0]["on beat"] > 1.3 * mean[0]["by chance"]
        and all(one["slide cm"] < 1 and one["beyond °"] < 2 for one, _ in every)
        and all(one["lowest cm"] > 0.5 for one, _ in every)
        and min(apart) > 0.02
        and min(others) > 0.02
    )
    return 0 if fine else 1


if __name__ == "__main__":
    assert starter.pack.models is not None
    place = Path(sys.argv[2]) if len(sys.argv) > 2 else starter.pack.models / "dance"
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 16, place))
