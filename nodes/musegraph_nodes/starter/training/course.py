"""A training as far as it has come, and the time that a command gives it."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .loop import CPU, Averages, Checkpoints, Progress, worked


class Course:
    """The memory of a net's steps, and the mean of its recent weights, which is what is kept."""

    def __init__(
        self, model: nn.Module, steps: torch.optim.Optimizer, average: float, folder: Path
    ) -> None:
        self.model, self.steps = model, steps
        self.averages = Averages(list(model.parameters()), average)
        self.kept = Checkpoints(folder)
        self.progress = Progress()
        self.losses: list[float] = []

    def restore(self, most: int | None = None) -> bool:
        """Go on from the newest checkpoint that is not beyond ``most`` steps; if there was one."""
        found = self.kept.latest()
        if found is None or (most is not None and int(found.name[5:]) > most):
            return False
        self.progress = self.kept.restore(self.model, self.averages, self.steps)
        told = json.loads((found / "losses.json").read_text(encoding="utf-8"))
        self.losses = [float(loss) for loss in told]
        return True

    def save(self) -> None:
        """Leave a checkpoint, once there has been a step."""
        if self.progress.step:
            made = self.kept.save(self.progress, self.model, self.averages, self.steps)
            (made / "losses.json").write_text(json.dumps(self.losses), encoding="utf-8")

    def hurry(self, rate: float) -> None:
        """Let steps go so far from now on."""
        for group in self.steps.param_groups:
            group["lr"] = rate

    def step(self, loss: Tensor, number: int) -> float:
        """Change the weights by what they did to a loss, which is given back."""
        self.steps.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.steps.step()
        self.averages.update(number)
        return float(loss.detach())


def say(text: str) -> None:
    """A line of the log, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def hour(text: str | None) -> float:
    """The next time that the clock says so, in seconds since 1970; never without a text."""
    if not text:
        return math.inf
    clock, minute = map(int, text.split(":"))
    now = datetime.now().astimezone()
    then = now.replace(hour=clock, minute=minute, second=0, microsecond=0)
    return (then if then > now else then + timedelta(days=1)).timestamp()


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


@dataclass(frozen=True)
class Habits:
    """After how many steps a line is said and a measure taken, and how often all is saved."""

    said: int = 50
    measured: int = 500
    saved: float = 60.0
    """In seconds of the processor."""


def spend(
    span: Span,
    course: Course,
    learn: Callable[[int, float], float],
    habits: Habits,
    measure: Callable[[], float] | None = None,
    most: int | None = None,
) -> None:
    """Train as long as a span lasts, what earlier runs spent of the processor included."""
    progress, losses, saved = course.progress, list[float](), worked(CPU)
    while most is None or progress.step < most:
        began = worked(CPU)
        share = span.share(progress.seconds)
        if share >= 1:
            break
        losses.append(learn(progress.step, share))
        course.losses.append(losses[-1])
        progress.step += 1
        progress.seconds += worked(CPU) - began
        if progress.step % habits.said == 0:
            say(f"step {progress.step}  {progress.seconds:.0f} s  loss {np.mean(losses):.4f}")
            losses.clear()
        if measure is not None and progress.step % habits.measured == 0:
            say(f"held out {measure():.4f}")
        if worked(CPU) - saved > habits.saved:
            course.save()
            saved = worked(CPU)
    course.save()
    if measure is not None:
        say(f"held out {measure():.4f}")
