"""Node `gan.train`: a generator learns to make pictures like some that are given."""

from __future__ import annotations

import math
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Cancelled, Context, Image, NodeError, Seed, node
from musegraph_nodes.starter.training.node import check_name, kept
from musegraph_nodes.style.curves import drawn
from musegraph_nodes.style.prepare import colours

from .load import reference
from .planes import shown, squares
from .ports import Gan

if TYPE_CHECKING:
    from torch import Tensor

    from .training.learning import Plan, Training

SAVE_EVERY = 100
"""Steps from one checkpoint to the next: what a killed training does again."""
_FEW = 20
"""With fewer pictures a generator hardly makes others than those."""

Shown = Annotated[
    list[Image],
    Field(
        description="What it learns from: a folder, or a batch, of pictures alike in kind; of what"
        " is not square the middle is taken. Some hundreds and more are good."
    ),
]
Name = Annotated[str, Field(max_length=60, description="Begins the name it gets among the models.")]
Steps = Annotated[
    int, Field(ge=1, le=1_000_000, description="A later run with more goes on from here.")
]
Side = Annotated[
    Literal["32", "64", "128"],
    Field(description="Pixels along its pictures; twice as many take four times as long."),
]
Width = Annotated[
    int,
    Field(ge=4, le=256, multiple_of=4, description="Channels at the largest size."),
    ADVANCED,
]
BatchSize = Annotated[int, Field(ge=2, le=128, description="Pictures in a step."), ADVANCED]
Rate = Annotated[float, Field(gt=0, le=0.1, description="How far a step goes."), ADVANCED]
Steep = Annotated[
    float,
    Field(
        ge=0, le=1000,
        description="How much the critic is held back (R1): more is steadier and slower.",
    ),
    ADVANCED,
]  # fmt: skip
Paths = Annotated[
    float,
    Field(ge=0, le=100, description="How much styles are made even to walk through; 2 is usual."),
    ADVANCED,
]
Augment = Annotated[
    bool,
    Field(description="The critic sees pictures changed at random: else it learns few by heart."),
]
Mirror = Annotated[
    bool, Field(description="Whether pictures are as good the other way round; no for letters.")
]


class Trained(NamedTuple):
    """A generator, pictures that it makes, and how it learned."""

    model: Gan
    sample: Image
    curve: Image


@node(version="1", title="Train a GAN", numeric=True, uses="device")
def train(
    ctx: Context,
    pictures: Shown,
    name: Name = "my pictures",
    steps: Steps = 5000,
    size: Side = "64",
    augment: Augment = True,
    mirror: Mirror = True,
    width: Width = 32,
    batch: BatchSize = 8,
    rate: Rate = 0.0025,
    r1: Steep = 1.0,
    paths: Paths = 0.0,
    seed: Seed = 0,
) -> Trained:
    """Train a small generator on your own pictures, for gan.styles and the other nodes here.

    StyleGAN2 (Karras et al. 2020) with differentiable augmentation (Zhao et al. 2020), and the mean
    of its recent weights is kept. A training that was cancelled or killed goes on from its last
    checkpoint when it is run again; with more steps it goes on too.
    """
    import torch

    from .training.learning import Plan, Training, sheet, write

    check_name(name)
    side = int(size)
    plan = Plan(side, width, batch, rate, r1, paths, augment, mirror, seed=seed)
    if not pictures:
        raise NodeError("port 'pictures': the list is empty; give some hundreds, or more")
    given = torch.cat([squares(colours(one, "pictures"), side) for one in pictures])
    if len(given) < _FEW:
        ctx.warn(
            f"there are {len(given)} pictures to learn from: the generator will hardly make others"
            " than those; give some hundreds"
        )
    folder = ctx.bench("gan-" + _key(plan, given))
    training = Training(plan, folder, ctx.device)
    if training.restore(steps):
        ctx.note(f"went on from step {training.step}")
    _follow(ctx, training, given, steps)
    told = {"pictures": len(given), "steps": training.step, "trained": name}
    source = kept(ctx, folder, name, lambda file: write(training, file, told))
    sample = Image(shown(sheet(training)))
    return Trained(reference(source, ctx), sample, drawn(training.losses))


def _follow(ctx: Context, training: Training, given: Tensor, steps: int) -> None:
    """Take a training to so many steps; one that is cancelled leaves a checkpoint."""
    from .training.learning import sheet

    try:
        while training.step < steps:
            losses = training.learn(given)
            if not all(math.isfinite(loss) for loss in losses.values()):
                raise NodeError(
                    f"the training ran away at step {training.step}: its loss is no number any"
                    " more; set rate lower or r1 higher"
                )
            if training.step % SAVE_EVERY == 0:
                training.save()
            ctx.progress(
                training.step,
                steps,
                text=f"generator {losses['generator']:.2f}, critic {losses['critic']:.2f}",
                preview=lambda: _tiled(shown(sheet(training))),
            )
    except Cancelled:
        training.save()
        raise
    training.save()


def _tiled(made: Tensor) -> Image:
    """Sixteen pictures [16,H,W,3] as one, four in a row."""
    _, high, wide, _ = made.shape
    rows = made.reshape(4, 4, high, wide, 3).permute(0, 2, 1, 3, 4)
    return Image(rows.reshape(1, 4 * high, 4 * wide, 3))


def _key(plan: Plan, given: Tensor) -> str:
    """Trainings that agree in all but the number of steps share a folder."""
    made = blake2b(repr(plan).encode(), digest_size=12)
    made.update(given.numpy().tobytes())
    return made.hexdigest()
