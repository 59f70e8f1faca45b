"""`python -m musegraph_nodes.motion.training.dance --work DIR --minutes M [--to FOLDER]`.

Trains the dancer that comes with Musegraph on dances that `motion.choreograph` writes; nobody
else's dances go into it. An interrupted training goes on from its last checkpoint; at the end the
mean of the recent weights is written as half precision. With `--until` it also ends, its last small
steps included, when the clock says so.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d

from musegraph_nodes.motion.dance.make import STYLES, Music, choreograph
from musegraph_nodes.motion.diffusion.heard import grid_of, heard_of, on_grid
from musegraph_nodes.motion.diffusion.learning import (
    Build,
    Lesson,
    Lessons,
    Plan,
    Training,
    write,
)
from musegraph_nodes.motion.diffusion.numbers import Range, numbers_of
from musegraph_nodes.starter.training.course import Habits, Span, hour, say, spend

WEIGHTS = Path(__file__).resolve().parents[2] / "starter" / "weights" / "dance"
HELD_OUT = 1_000_000
"""Dances from this number on are never learned from."""
_FPS = 60.0


def music_of(number: int, beats: tuple[int, int] = (40, 72)) -> Music:
    """Music that there might be: its beats, its first bar, and how loud it becomes."""
    draw = np.random.default_rng((number, 77))
    count = int(draw.integers(*beats, endpoint=True))
    step = 60 / draw.uniform(78, 152)
    first = int(draw.choice([0, 0, 0, 1, 2, 4]))
    times = step * (np.arange(count) + draw.uniform(0, 1)) + draw.normal(0, 0.004, count)
    soft = gaussian_filter1d(draw.random(count), 4.0, mode="nearest")
    energy = (soft - soft.min()) / (soft.max() - soft.min())
    if draw.random() < 0.25:
        energy = np.full(count, 0.5)
    return Music(times, first, float(times[-1] + step * draw.uniform(0.5, 2)), energy)


def lesson(number: int, build: Build) -> Lesson:
    """A dance of a style, in turn, on the grid of its music."""
    style = number % len(build.styles)
    music = music_of(number)
    turns, root = choreograph(music, build.styles[style], number, _FPS)
    grid = grid_of(music, build.per_beat, build.window)
    turns, root = on_grid(turns, root, _FPS, grid)
    return Lesson(
        numbers_of(turns, root, grid.seconds).astype(np.float32),
        heard_of(music, grid.beats, style, len(build.styles)).astype(np.float32),
    )


def taught(work: Path, build: Build, count: int) -> Lessons:
    """The dances, with what brings them to between -1 and 1, which is kept."""
    some = [lesson(number, build) for number in range(count)]
    file = work / "range.npz"
    if not file.is_file():
        work.mkdir(parents=True, exist_ok=True)
        found = Range.of(np.concatenate([one.numbers for one in some]))
        np.savez(file, scale=found.scale, shift=found.shift)
    with np.load(file, allow_pickle=False) as held:
        scope = Range(held["scale"], held["shift"])
    return Lessons(some, build, scope)


@torch.no_grad()
def measured(training: Training, held_out: Lessons) -> float:
    """How far the mean weights are off on dances that were never seen."""
    rng = np.random.default_rng(1)
    with training.averages.applied():
        return float(np.mean([float(training.wrongness(held_out, 16, rng)) for _ in range(6)]))


def train(work: Path, plan: Plan, count: int, span: Span) -> Training:
    """Train as long as a span lasts, what earlier runs spent of the processor included."""
    lessons = taught(work, plan.build, count)
    held_out = Lessons(
        [lesson(HELD_OUT + at, plan.build) for at in range(16)], plan.build, lessons.scope
    )
    training = Training(plan, lessons.scope, work / "model")
    training.restore()
    parameters = sum(one.numel() for one in training.net.parameters())
    say(f"{len(lessons.windows)} windows, {parameters / 1e6:.1f} M parameters")
    learn = partial(training.learn, lessons)
    spend(span, training, learn, Habits(), lambda: measured(training, held_out))
    return training


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="the checkpoints")
    parser.add_argument("--minutes", type=float, default=45, help="of the processor")
    parser.add_argument("--until", help="the hour at which it ends at the latest, as 19:30")
    parser.add_argument("--dances", type=int, default=5000, help="how many to learn from")
    parser.add_argument("--width", type=int, default=Build.width)
    parser.add_argument("--layers", type=int, default=Build.layers)
    parser.add_argument("--batch", type=int, default=Plan.batch)
    parser.add_argument("--rate", type=float, default=Plan.rate)
    parser.add_argument("--to", type=Path, default=WEIGHTS, help="the folder to write")
    given = parser.parse_args()
    torch.set_num_threads(1)
    build = Build(styles=tuple(STYLES), width=given.width, layers=given.layers)
    plan = replace(Plan(), build=build, batch=given.batch, rate=given.rate)
    span = Span(given.minutes, hour(given.until))
    training = train(given.work, plan, given.dances, span)
    given.to.mkdir(parents=True, exist_ok=True)
    with training.averages.applied():
        told = {"steps": training.progress.step, "dances": given.dances}
        write(training.net, training.scope, build, given.to / "model.safetensors", told)


if __name__ == "__main__":
    main()
