"""`python -m musegraph_nodes.motion.mdm.training --work DIR --minutes M [--from MODEL]`.

Trains the model of text and motion that comes with Musegraph, on motions that are written by rule;
nobody's recorded motion goes into it. An interrupted training goes on from its last checkpoint; at
the end the mean of the recent weights is written as half precision. With `--until` it also ends,
its last small steps included, when the clock says so. With `--from` it begins with the weights of a
model that was written before, also where nothing else is left of its training: its words, mean and
deviation stay, what came before is counted in its args.json.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from musegraph_nodes.starter.training.course import Habits, Span, hour, spend

from .learning import Plan, Training, terms_of, write
from .lessons import lessons

WEIGHTS = Path(__file__).resolve().parents[3] / "starter" / "weights" / "text_to_motion"


def train(
    work: Path,
    span: Span,
    count: int,
    plan: Plan,
    most: int | None = None,
    start: Path | None = None,
) -> Training:
    """Train as long as a span lasts, what earlier runs spent of the processor included."""
    taught = lessons(work / f"lessons-{count}.npz", count, terms_of(start) if start else None)
    training = Training(plan, taught, work / "model")
    if not training.restore() and start:
        training.begin(start)
    spend(span, training, training.learn, Habits(said=100, saved=120), most=most)
    return training


def first(work: Path) -> list[float]:
    """The losses of two steps on two dozen motions, by which a test knows this script again."""
    training = Training(replace(Plan(), batch=8), lessons(work / "few.npz", 24), work / "few")
    return [training.learn(number, 0.0) for number in range(2)]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="the motions and checkpoints")
    parser.add_argument(
        "--minutes", type=float, default=45, help="of the processor, earlier runs included"
    )
    parser.add_argument(
        "--from", dest="start", type=Path, help="the folder of a written model to begin with"
    )
    parser.add_argument("--until", help="the hour at which it ends at the latest, as 19:30")
    parser.add_argument("--count", type=int, default=8000, help="motions to learn from")
    parser.add_argument("--width", type=int, default=Plan.width)
    parser.add_argument("--layers", type=int, default=Plan.layers)
    parser.add_argument("--batch", type=int, default=Plan.batch)
    parser.add_argument(
        "--rate", type=float, default=Plan.rate, help="of the largest steps; less to go on with"
    )
    parser.add_argument("--to", type=Path, default=WEIGHTS, help="the folder to write")
    given = parser.parse_args()
    torch.set_num_threads(1)
    plan = replace(Plan(), width=given.width, layers=given.layers, batch=given.batch,
                   rate=given.rate)  # fmt: skip
    training = train(
        given.work, Span(given.minutes, hour(given.until)), given.count, plan, start=given.start
    )
    told = {
        "steps": training.progress.step, "motions": given.count, "batch": given.batch,
        "seconds": round(training.progress.seconds), "first": first(given.work),
    }  # fmt: skip
    write(training, given.to, told)


if __name__ == "__main__":
    main()
