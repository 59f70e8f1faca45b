"""`python -m musegraph_nodes.music.language.training --work DIR --minutes M [--to FOLDER]`.

Trains the music model that comes with Musegraph on pieces that its composer writes; nobody else's
music goes into it. An interrupted training goes on from its last checkpoint; at the end the mean of
the recent weights is written as half precision. With `--start` it goes on from weights that another
training wrote; with `--until` it also ends, its last small steps included, when the clock says so.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import torch

from musegraph import Reference
from musegraph_nodes.music.language.corpus import Corpus, lessons
from musegraph_nodes.music.language.learning import Plan, Training, write, wrongness
from musegraph_nodes.music.language.model import load
from musegraph_nodes.music.language.net import Size

WEIGHTS = Path(__file__).resolve().parents[3] / "starter" / "weights" / "music"
HELD_OUT = 1_000_000
"""Pieces from this number on are never learned from."""


def corpus(work: Path, each: int) -> Corpus:
    """The pieces, which are composed once and kept."""
    file = work / f"corpus-{each}.npz"
    if not file.is_file():
        work.mkdir(parents=True, exist_ok=True)
        Corpus.of(lessons(each)).save(file)
    return Corpus.load(file)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@torch.no_grad()
def measured(training: Training, held_out: Corpus) -> float:
    """The surprise at pieces that were never seen, with the mean weights."""
    rng = np.random.default_rng(1)
    with training.averages.applied():
        batches = [held_out.batch(8, training.plan.length, rng) for _ in range(4)]
        return float(np.mean([float(wrongness(training.net, *batch)) for batch in batches]))


@dataclass(frozen=True)
class Span:
    """How long a training takes: minutes of the processor, and when the clock ends it."""

    minutes: float
    until: float = math.inf
    """In seconds since 1970."""
    began: float = field(default_factory=time.time)

    def share(self, seconds: float) -> float:
        """How much of it is over after so many seconds of the processor."""
        by_clock = (time.time() - self.began) / max(self.until - self.began, 1e-9)
        return max(seconds / (self.minutes * 60), by_clock)


def train(
    work: Path, span: Span, each: int, plan: Plan, steps: int | None = None,
    start: Path | None = None,
) -> Training:  # fmt: skip
    """Train as long as a span lasts, what earlier runs spent of the processor included."""
    taught = corpus(work, each)
    held_out = Corpus.of(lessons(4, HELD_OUT))
    _say(f"{len(taught)} pieces, {len(taught.tokens)} tokens")
    begun = None
    if start is not None:
        begun = load(Reference(loader="music.model", source=str(start)), start, "cpu")
        begun.train().requires_grad_(True)
    training = Training(plan, work / "model", begun)
    training.restore()
    _say(f"held out {measured(training, held_out):.4f}")

    progress, losses, saved = training.progress, list[float](), time.process_time()
    while steps is None or progress.step < steps:
        began = time.process_time()
        share = span.share(progress.seconds)
        if share >= 1:
            break
        losses.append(training.learn(taught, progress.step, share))
        progress.step += 1
        progress.seconds += time.process_time() - began
        if progress.step % 25 == 0:
            _say(f"step {progress.step}  {progress.seconds:.0f} s  loss {np.mean(losses):.4f}")
            losses.clear()
        if progress.step % 250 == 0:
            _say(f"held out {measured(training, held_out):.4f}")
        if time.process_time() - saved > 30:
            training.save()
            saved = time.process_time()
    training.save()
    _say(f"held out {measured(training, held_out):.4f}")
    return training


def _hour(text: str) -> float:
    """The next time the clock says so."""
    hour, minute = map(int, text.split(":"))
    now = datetime.now().astimezone()
    then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (then if then > now else then + timedelta(days=1)).timestamp()


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
    span = Span(given.minutes, _hour(given.until) if given.until else math.inf)
    training = train(given.work, span, given.each, plan, start=given.start)
    given.to.mkdir(parents=True, exist_ok=True)
    with training.averages.applied():
        told = {"steps": training.progress.step, "pieces": given.each}
        write(training.net, given.to / "model.safetensors", told)


if __name__ == "__main__":
    main()
