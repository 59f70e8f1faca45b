"""Node `style.train_fast`: teach a net the style of a picture, so that one pass repaints others."""

from __future__ import annotations

import math
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Cancelled, Context, Image, NodeError, Seed, node
from musegraph_nodes.starter.training.node import SAVE_EVERY, check_name, kept

from .curves import drawn
from .fast import FastNet
from .fast import reference as fast_reference
from .features import BUNDLED, FeatureNet
from .features import reference as features_reference
from .prepare import check_side, colours, fitted, layers_of, resized

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from .nets import Features
    from .training.fast import Plan, State

_LEAST = 32
"""Pixels along the shorter side of a picture that a net can learn from."""

Manner = Annotated[Image, Field(description="The picture whose manner is learned.")]
Practice = Annotated[
    list[Image] | None,
    Field(
        description="What the net practises on: a folder of pictures of any kind. Without them"
        " it practises on scenes that come with Musegraph."
    ),
]
Eyes = Annotated[FeatureNet | None, Field(description="Sees styles; the bundled net without one.")]
NetName = Annotated[
    str, Field(max_length=60, description="Begins the name that the net gets among the models.")
]
TrainSteps = Annotated[
    int, Field(ge=1, le=100_000, description="More come closer; a later run goes on from here.")
]
StyleShare = Annotated[float, Field(ge=0, le=1e6, description="How much the manner counts.")]
ContentShare = Annotated[float, Field(ge=0, le=1e6, description="How much what is shown counts.")]
Smoothness = Annotated[
    float, Field(ge=0, le=1e4, description="How much neighbours are to be alike.")
]
StyleSize = Annotated[
    int, Field(ge=32, le=2048, description="Longer side of the style: smaller, finer strokes.")
]
Crop = Annotated[
    int,
    Field(ge=64, le=512, multiple_of=16, description="Pixels along what it sees at once."),
    ADVANCED,
]
Batch = Annotated[int, Field(ge=1, le=16, description="Pictures in a step."), ADVANCED]
Width = Annotated[
    int,
    Field(ge=4, le=64, description="Channels of the first layer; the public nets have 32."),
    ADVANCED,
]


class Trained(NamedTuple):
    """A net, what it makes of the first picture, and how it got there."""

    net: FastNet
    sample: Image
    curve: Image


@node(version="1", numeric=True, uses="device")
def train_fast(
    ctx: Context,
    style: Manner,
    pictures: Practice = None,
    features: Eyes = None,
    name: NetName = "my style",
    steps: TrainSteps = 600,
    style_weight: StyleShare = 5.0,
    content_weight: ContentShare = 1.0,
    smoothness: Smoothness = 0.0,
    style_size: StyleSize = 384,
    crop: Crop = 192,
    batch: Batch = 2,
    width: Width = 16,
    seed: Seed = 0,
) -> Trained:
    """Train a net that repaints pictures in the style of one, for style.apply.

    It is kept among the models as a file in the public layout. A training that was cancelled or
    killed goes on from its last checkpoint when it is run again; with more steps it goes on too.
    """
    from .repaint import as_image
    from .training.fast import Plan, begun, restored, sample

    _check(name, style_weight, content_weight)
    shown, practice = _style(style, style_size), _practice(pictures)
    ref = features or features_reference(BUNDLED, "avg", ctx)
    with ctx.load(ref) as live:
        layers = layers_of(
            "", ("conv1_2", "conv2_2", "conv3_2", "conv4_1"), live.layout, "features"
        )
        content = layers_of("", ("conv3_2",), live.layout, "features")
        check_side((shown.shape[3], shown.shape[2]), live.layout, layers, "style")
        plan = Plan(
            width=width, crop=crop, batch=batch, content=content_weight, style=style_weight,
            smooth=smoothness, seed=seed, style_layers=layers, content_layers=content,
        )  # fmt: skip
        folder = ctx.bench("style-" + _key(plan, shown, practice, ref))
        state = begun(plan, ctx.device)
        if restored(state, folder, steps):
            ctx.note(f"went on from step {state.step}")
        _train(ctx, state, plan, live, shown, practice, steps, folder)
    net = _kept(ctx, state, folder, name)
    return Trained(net, as_image(sample(state, practice[0], 512)), drawn(state.losses))


def _check(name: str, style_weight: float, content_weight: float) -> None:
    check_name(name)
    if not style_weight and not content_weight:
        raise NodeError(
            "port 'style_weight': it is 0, and content_weight is too, so there is nothing to learn;"
            " set one above 0"
        )


def _style(style: Image, side: int) -> Tensor:
    planes = colours(style, "style")
    if min(planes.shape[2:]) < _LEAST:
        raise NodeError(
            f"port 'style': the picture is {planes.shape[3]}×{planes.shape[2]} pixels; a manner can"
            f" be learned from one of {_LEAST} and more along each side"
        )
    return resized(planes, fitted((planes.shape[3], planes.shape[2]), side))


def _practice(pictures: list[Image] | None) -> list[Tensor]:
    from .training.scenes import scenes

    if pictures is None:
        return list(scenes())
    if not pictures:
        raise NodeError("port 'pictures': the list is empty; give at least one, or leave it open")
    made: list[Tensor] = []
    for image in pictures:
        planes = colours(image, "pictures")
        if min(planes.shape[2:]) < _LEAST:
            raise NodeError(
                f"port 'pictures': one is {planes.shape[3]}×{planes.shape[2]} pixels; a net"
                f" practises on pictures of {_LEAST} and more along each side"
            )
        made += list(planes)
    return made


def _key(plan: Plan, style: Tensor, practice: list[Tensor], features: FeatureNet) -> str:
    """Trainings that agree in all but the number of steps share a folder."""
    made = blake2b(repr(plan).encode(), digest_size=12)
    made.update((features.digest + repr(sorted(features.options.items()))).encode())
    for picture in (style, *practice):
        made.update(repr(tuple(picture.shape)).encode())
        made.update(picture.numpy().tobytes())
    return made.hexdigest()


def _train(
    ctx: Context, state: State, plan: Plan, features: Features, style: Tensor,
    practice: list[Tensor], steps: int, folder: Path,
) -> None:  # fmt: skip
    from .repaint import as_image
    from .training.fast import batch_of, learned, sample, save, targets_of

    targets = targets_of(features, style.to(ctx.device), plan.style_layers)
    try:
        while state.step < steps:
            crops = batch_of(practice, plan, state.step).to(ctx.device)
            losses = learned(state, features, crops, targets, plan)
            if not all(math.isfinite(loss) for loss in losses.values()):
                raise NodeError(
                    f"the training ran away at step {state.step + 1}: its loss is no number any"
                    " more; set style_weight lower"
                )
            for line, loss in losses.items():
                state.losses[line].append(loss)
            if state.step % SAVE_EVERY == 0:
                save(state, plan, folder)
            ctx.progress(
                state.step,
                steps,
                text=f"style loss {losses['style']:.3g}, content {losses['content']:.3g}",
                preview=lambda: as_image(sample(state, practice[state.step // 50 % len(practice)])),
            )
    except Cancelled:
        save(state, plan, folder)
        raise
    save(state, plan, folder)


def _kept(ctx: Context, state: State, folder: Path, name: str) -> FastNet:
    """The net among the models, under a name that no other net has."""
    from .training.fast import write

    told = {"style": name, "steps": state.step}
    return fast_reference(kept(ctx, folder, name, lambda file: write(state, file, told)), ctx)
