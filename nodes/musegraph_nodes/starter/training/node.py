"""What nodes that train a model share. It loads nothing heavy."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from musegraph import Cancelled, Context, NodeError

if TYPE_CHECKING:
    from .course import Course

_NAME = re.compile(r"[\w][\w .-]{0,59}")
SAVE_EVERY = 25
"""Steps from one checkpoint to the next: what a killed training does again."""


def check_name(name: str) -> None:
    """Refuse what cannot begin the name of a file, at the port ``name``."""
    if not _NAME.fullmatch(name):
        raise NodeError(
            "port 'name': give up to 60 letters, digits, spaces, points and dashes, a letter first;"
            f" got {name!r}"
        )


def follow(
    ctx: Context, course: Course, learn: Callable[[int, float], float], steps: int
) -> list[float]:
    """Take a course to so many steps; gives the losses of all.

    ``learn`` takes the step of a number, of a training of which a share is done, and gives its
    loss. A run that is cancelled leaves a checkpoint.
    """
    try:
        while course.progress.step < steps:
            step = course.progress.step
            loss = learn(step, step / steps)
            if not math.isfinite(loss):
                raise NodeError(
                    f"the training ran away at step {step + 1}: its loss is no number any more;"
                    " set rate lower"
                )
            course.progress.step += 1
            course.losses.append(loss)
            if course.progress.step % SAVE_EVERY == 0:
                course.save()
            ctx.progress(course.progress.step, steps, text=f"loss {loss:.3f}")
    except Cancelled:
        course.save()
        raise
    course.save()
    return course.losses


def kept(ctx: Context, folder: Path, name: str, write: Callable[[Path], None]) -> str:
    """Keep what ``write`` writes among the models, under a name that no other has: its source."""
    file = folder / "net.safetensors"
    write(file)
    told = blake2b(file.read_bytes(), digest_size=4).hexdigest()
    source = ctx.keep(f"trained/{name}-{told}.safetensors", file).source
    file.unlink()
    return source
