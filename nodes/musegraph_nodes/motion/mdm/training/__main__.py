"""`python -m musegraph_nodes.motion.mdm.training --work DIR --minutes M [--to FOLDER]`.

Trains the model of text and motion that comes with Musegraph, on motions that are written by rule;
nobody's recorded motion goes into it. An interrupted training goes on from its last checkpoint; at
the end the mean of the recent weights is written as half precision. With `--until` it also ends,
its last small steps included, when the clock says so.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import torch

from .learning import Plan, Training, write
from .lessons import lessons

WEIGHTS = Path(__file__).resolve().parents[3] / "starter" / "weights" / "text_to_motion"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def train(
    work: Path, minutes: float, count: int, plan: Plan, until: float = math.inf,
    most: int | None = None,
) -> Training:  # fmt: skip
    """Train for minutes of the processor, those of earlier runs included, or until an hour."""
    training = Training(plan, lessons(work / f"lessons-{count}.npz", count), work / "model")
    training.restore()
    progress, losses, saved, opened = training.progress, list[float](), time.time(), time.time()
    while most is None or progress.step < most:
        began = time.process_time()
        by_clock = (time.time() - opened) / max(until - opened, 1e-9)
        share = max(progress.seconds / (minutes * 60), by_clock)
        if share >= 1:
            break
        losses.append(training.learn(progress.step, share))
        progress.step += 1
        progress.seconds += time.process_time() - began
        if progress.step % 100 == 0:
            _say(f"step {progress.step}  {progress.seconds:.0f} s  loss {np.mean(losses):.4f}")
            losses.clear()
        if time.time() - saved > 120:
            training.save()
            saved = time.time()
    training.save()
    return training


def first(work: Path) -> list[float]:
    """The losses of two steps on two dozen motions, by which a test knows this script again."""
    training = Training(replace(Plan(), batch=8), lessons(work / "few.npz", 24), work / "few")
    return [training.learn(number, 0.0) for number in range(2)]


def _hour(text: str) -> float:
    """The next time the clock says so."""
    hour, minute = map(int, text.split(":"))
    now = datetime.now().astimezone()
    then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (then if then > now else then + timedelta(days=1)).timestamp()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="the motions and checkpoints")
    parser.add_argument(
        "--minutes", type=float, default=45, help="of the processor, earlier runs included"
    )
    parser.add_argument("--until", help="the hour at which it ends at the latest, as 19:30")
    parser.add_argument("--count", type=int, default=8000, help="motions to learn from")
    parser.add_argument("--width", type=int, default=Plan.width)
    parser.add_argument("--layers", type=int, default=Plan.layers)
    parser.add_argument("--batch", type=int, default=Plan.batch)
    parser.add_argument("--to", type=Path, default=WEIGHTS, help="the folder to write")
    given = parser.parse_args()
    torch.set_num_threads(1)
    plan = replace(Plan(), width=given.width, layers=given.layers, batch=given.batch)
    until = _hour(given.until) if given.until else math.inf
    training = train(given.work, given.minutes, given.count, plan, until)
    told = {
        "steps": training.progress.step, "motions": given.count, "batch": given.batch,
        "seconds": round(training.progress.seconds), "first": first(given.work),
    }  # fmt: skip
    write(training, given.to, told)


if __name__ == "__main__":
    main()
