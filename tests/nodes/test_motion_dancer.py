"""The dancer that comes with Musegraph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from test_motion_edge import Bench

from musegraph_nodes.motion.choreograph import Danced, choreograph
from musegraph_nodes.motion.dance.make import STYLES
from musegraph_nodes.motion.diffusion.model import load_dance_model
from musegraph_nodes.motion.diffusion.nodes import dance
from musegraph_nodes.motion.metrics import beat_alignment, foot_skate, jerk, plausibility

SECONDS = 8.0


def danced(bench: Bench, number: int, seed: int = 1) -> Danced:
    """A dance in one of its styles, to beats of its own."""
    times = (0.1 + np.arange(40) * (0.42 + 0.02 * number)).tolist()
    beats = {"tempo": 0.0, "times": [time for time in times if time < SECONDS]}
    model = load_dance_model(bench)
    return dance(
        bench, model, None, beats, None, list(STYLES)[number], seed, seconds=SECONDS, fps=30.0
    )


def test_the_dancer_is_on_the_beat_in_all_its_styles_and_does_what_a_body_can(
    tmp_path: Path,
) -> None:
    bench, hit, missed = Bench(tmp_path), [], []
    for number in range(len(STYLES)):
        made = danced(bench, number)
        times = np.array(made.beats["times"])
        hit.append(beat_alignment(made.motion, made.beats).of_motion)
        later = [made.beats | {"times": (times + part).tolist()} for part in (0.1, 0.16, 0.22)]
        missed.append(np.mean([beat_alignment(made.motion, one).of_motion for one in later]))
        assert plausibility(made.motion).worst < 2
        assert foot_skate(made.motion).slide < 1
        assert jerk(made.motion) < 200
    assert np.mean(hit) > 1.3 * np.mean(missed)


def test_another_seed_and_another_style_are_other_dances(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    first, again, other = danced(bench, 4), danced(bench, 4), danced(bench, 4, seed=2)
    assert torch.equal(first.motion.rotations, again.motion.rotations)
    assert not torch.allclose(first.motion.rotations, other.motion.rotations, atol=0.05)
    kept = choreograph(seconds=SECONDS, style="ballet", seed=3).motion
    model = load_dance_model(bench)
    begun = dance(bench, model, style="disco", seconds=SECONDS, given=kept, keep_seconds=1.0)
    frames = round(kept.fps)
    off = (begun.motion.rotations[:frames] - kept.rotations[:frames]).abs().max()
    assert float(off) < 1e-6
    step = (begun.motion.root[1:] - begun.motion.root[:-1]).norm(dim=-1)
    assert float(step.max()) < 0.15, "nobody jumps where the given motion ends"
