"""`python -m musegraph_nodes.music.language.training --work DIR --minutes M [--to FOLDER]`.

Trains the music model that comes with Musegraph on pieces that its composer writes; nobody else's
music goes into it. An interrupted training goes on from its last checkpoint; at the end the mean of
the recent weights is written as half precision. With `--start` it goes on from weights that another
training wrote; with `--until` it also ends, its last small steps included, when the clock says so.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from musegraph import Reference
from musegraph_nodes.music.language.corpus import Corpus, lessons
from musegraph_nodes.music.language.learning import Plan, Training, write, wrongness
from musegraph_nodes.music.language.model import load
from musegraph_nodes.music.language.net import Size
from musegraph_nodes.starter.training.course import Habits, Span, hour, say, spend

WEIGHTS = Path(__file__).resolve().parents[3] / "starter" / "weights" / "music"
HELD_OUT = 1_000_000
"""Pieces from this number on are never learned from."""
HABITS = Habits(said=25, measured=250, saved=30)


def corpus(work: Path, each: int) -> Corpus:
    """The pieces, which are composed once and kept."""
    file = work / f"corpus-{each}.npz"
    if not file.is_file():
        work.mkdir(parents=True, exist_ok=True)
        Corpus.of(lessons(each)).save(file)
    return Corpus.load(file)


@torch.no_grad()
def measured(training: Training, held_out: Corpus) -> float:
    """The surprise at pieces that were never seen, with the mean weights."""
    rng = np.random.default_rng(1)
    with training.averages.applied():
        batches = [held_out.batch(8, training.plan.length, rng) for _ in range(4)]
        return float(np.mean([float(wrongness(training.net, *batch)) for batch in batches]))


def train(
    work: Path, span: Span, each: int, plan: Plan, steps: int | None = None,
    start: Path | None = None,
) -> Training:  # fmt: skip
    """Train as long as a span lasts, what earlier runs spent of the processor included."""
    taught = corpus(work, each)
    held_out = Corpus.of(lessons(4, HELD_OUT))
    say(f"{len(taught)} pieces, {len(taught.tokens)} tokens")
    begun = None
    if start is not None:
        begun = load(Reference(loader="music.model", source=str(start)), start, "cpu")
        begun.train().requires_grad_(True)
    training = Training(plan, work / "model", begun)
    training.restore()
    say(f"held out {measured(training, held_out):.4f}")

    learn = partial(training.learn, taught)
    spend(span, training, learn, HABITS, lambda: measured(training, held_out), steps)
    return training


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="the pieces and checkpoints")
    parser.add_argument(
        "--minutes", type=float, default=45, help="of the processor, earlier runs included"
    )
    parser.add_argument("--until", help="the hour at which it ends at the latest, as 19:30")
    parser.add_argument("--start", type=Path, help="weights to go on from, of the same size")
    parser.add_argument("--each", type=int, default=500, help="pieces of each genre")
    parser.add_argument("--width", type=int, default=Size.width)
    parser.add_argument("--layers", type=int, default=Size.layers)
    parser.add_argument("--batch", type=int, default=Plan.batch)
    parser.add_argument("--to", type=Path, default=WEIGHTS, help="the folder to write")
    given = parser.parse_args()
    torch.set_num_threads(1)
    plan = replace(
        Plan(), size=Size(given.width, given.layers, given.width // 32), batch=given.batch
    )
    span = Span(given.minutes, hour(given.until))
    training = train(given.work, span, given.each, plan, start=given.start)
    given.to.mkdir(parents=True, exist_ok=True)
    with training.averages.applied():
        told = {"steps": training.progress.step, "pieces": given.each}
        write(training.net, given.to / "model.safetensors", told)


if __name__ == "__main__":
    main()
