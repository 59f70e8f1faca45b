"""Node `motion.train_dance`: teach a net to dance like some dances, or like the choreographer."""

from __future__ import annotations

from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Audio, Context, Image, Motion, NodeError, Seed, node
from musegraph_nodes.starter.training.node import check_name, follow, kept

from .model import DanceModel, Dancer, reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .learning import Build, Lesson, Lessons, Plan, Training

_SAMPLED = 8.0
"""Seconds of the dance that shows what was learned."""

Dances = Annotated[
    list[Motion] | None,
    Field(
        description="Dances to learn from. Without them the choreographer of this pack makes some"
        " in all its styles."
    ),
]
Sounds = Annotated[
    list[Audio] | None,
    Field(
        description="The music of each dance, in the same order; of two folders, those of one name."
    ),
]
Styles = Annotated[
    list[str] | None,
    Field(description="What the style of each dance is called; one for all, or none."),
]
Name = Annotated[str, Field(max_length=60, description="Begins the name it gets among the models.")]
Steps = Annotated[
    int, Field(ge=1, le=1_000_000, description="A later run with more goes on from here.")
]
Width = Annotated[int, Field(ge=32, le=1024, multiple_of=32, description="Its width."), ADVANCED]
Layers = Annotated[int, Field(ge=1, le=24, description="Its layers."), ADVANCED]
Batch = Annotated[int, Field(ge=1, le=256, description="Stretches in a step."), ADVANCED]
Rate = Annotated[float, Field(gt=0, le=0.1, description="How far a step goes."), ADVANCED]
Made = Annotated[
    int, Field(ge=8, le=20_000, description="Dances that are made, where none are given."), ADVANCED
]


class Trained(NamedTuple):
    """A model, a dance that it makes, and how it learned."""

    model: DanceModel
    sample: Motion
    curve: Image


@node(version="1", title="Train a dancer", numeric=True, uses="device")
def train_dance(
    ctx: Context,
    dances: Dances = None,
    sounds: Sounds = None,
    styles: Styles = None,
    name: Name = "my dancer",
    steps: Steps = 4000,
    made: Made = 400,
    width: Width = 192,
    layers: Layers = 4,
    batch: Batch = 32,
    rate: Rate = 3e-3,
    seed: Seed = 0,
) -> Trained:
    """Train a net that dances to music, for motion.dance.

    A dance is learned on the beats of its music, four frames to each, so it can be danced at any
    tempo. The model is kept among the models. A training that was cancelled or killed goes on from
    its last checkpoint when it is run again; with more steps it goes on too.
    """
    from musegraph_nodes.style.curves import drawn

    from .learning import Build, Lessons, Plan, Training

    check_name(name)
    known = _names(dances, sounds, styles)
    build = Build(styles=known, width=width, inner=width * 8 // 3, layers=layers, heads=width // 32)
    plan = Plan(build, batch, rate, seed=seed)
    lessons = Lessons(list(_lessons(ctx, dances, sounds, styles, build, made)), build)
    folder = ctx.bench("dance-" + _key(plan, lessons))
    training = Training(plan, lessons.scope, folder, None, ctx.device)
    if training.restore(steps):
        ctx.note(f"went on from step {training.progress.step}")
    losses = follow(ctx, training, partial(training.learn, lessons), steps)
    with training.averages.applied():
        model = _kept(ctx, training, folder, name)
        sample = _sampled(training, seed)
    return Trained(model, sample, drawn({"loss": losses}))


def _names(
    dances: list[Motion] | None, sounds: list[Audio] | None, styles: list[str] | None
) -> tuple[str, ...]:
    """The styles there are; a sentence where dances, music and styles do not go together."""
    from musegraph_nodes.motion.dance.make import STYLES

    if dances is None:
        if sounds or styles:
            raise NodeError("port 'dances': there is music or a style, and no dance; link dances")
        return tuple(STYLES)
    if not dances:
        raise NodeError("port 'dances': the list is empty; give at least one, or leave it open")
    if len(sounds or []) != len(dances):
        raise NodeError(
            f"port 'sounds': there are {len(dances)} dances and {len(sounds or [])} pieces of"
            " music; each dance needs its own, in the same order"
        )
    if styles and len(styles) not in (1, len(dances)):
        raise NodeError(
            f"port 'styles': there are {len(dances)} dances and {len(styles)} names of styles;"
            " give one for each, or one for all"
        )
    return tuple(sorted(set(styles))) if styles else ("",)


def _lessons(
    ctx: Context, dances: list[Motion] | None, sounds: list[Audio] | None,
    styles: list[str] | None, build: Build, made: int,
) -> Iterator[Lesson]:  # fmt: skip
    from musegraph_nodes.motion.training.dance import lesson

    if dances is None:
        for number in range(made):
            ctx.progress(number, made, text="dances are made")
            yield lesson(number, build)
        return
    names = styles or [""]
    for at, (motion, sound) in enumerate(zip(dances, sounds or [], strict=True)):
        ctx.progress(at, len(dances), text="beats are looked for")
        style = build.styles.index(names[at] if len(names) > 1 else names[0])
        yield _heard(motion, sound, style, build, at)


def _heard(motion: Motion, sound: Audio, style: int, build: Build, number: int) -> Lesson:
    """A dance and its music as they are learned."""
    from musegraph_nodes.motion.choreograph import music_of
    from musegraph_nodes.motion.layouts import on_body

    from .heard import grid_of, heard_of, on_grid
    from .learning import Lesson
    from .numbers import JOINTS, numbers_of

    music = music_of(None, None, sound, motion.seconds, 120.0, 0)
    grid = grid_of(music, build.per_beat, build.window)
    turns, root = on_body(motion, motion.fps)
    if turns.shape[1] < JOINTS or motion.seconds < 2:
        raise NodeError(
            f"port 'dances': dance {number + 1} has {turns.shape[1]} joints and"
            f" {motion.seconds:.1f} s; give two seconds or more of a body with {JOINTS} joints, as"
            " motion.retarget makes"
        )
    turns, root = on_grid(turns[:, :JOINTS], root, motion.fps, grid)
    numbers = numbers_of(turns, root, grid.seconds)
    return Lesson(numbers, heard_of(music, grid.beats, style, len(build.styles)))


def _key(plan: Plan, lessons: Lessons) -> str:
    """Trainings that agree in all but the number of steps share a folder."""
    made = blake2b(repr(plan).encode(), digest_size=12)
    for part in (*lessons.numbers, *lessons.heard):
        made.update(part.numpy().tobytes())
    return made.hexdigest()


def _kept(ctx: Context, training: Training, folder: Path, name: str) -> DanceModel:
    """The model among the models, under a name that no other has."""
    from .learning import write

    build, told = training.plan.build, {"name": name, "steps": training.progress.step}
    source = kept(
        ctx, folder, name, lambda file: write(training.net, training.scope, build, file, told)
    )
    return reference(source, ctx)


def _sampled(training: Training, seed: int) -> Motion:
    """What the net dances to sixteen even beats."""
    import numpy as np

    from musegraph_nodes.motion.body import BODY, motion_of
    from musegraph_nodes.motion.dance.make import Music

    from .dancing import danced

    build = training.plan.build
    beats = np.asarray(np.arange(16.0) * 0.5, np.float64)
    music = Music(beats, 0, _SAMPLED, np.full(16, 0.5, np.float64))
    pair = danced(Dancer(training.net, training.scope, build), music, 0, seed, 20, 1.5, 30.0)
    return motion_of(*pair, 30.0, BODY)
