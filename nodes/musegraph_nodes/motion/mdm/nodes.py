"""Nodes `motion.text_to_motion`, `motion.in_between` and `motion.redo_part`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from musegraph import ADVANCED, Context, Image, Motion, NodeError, Reference, Seed, node

from .model import MotionModel

if TYPE_CHECKING:
    from musegraph_nodes.motion.shaping import Pair
    from musegraph_nodes.motion.turns import Doubles

    from .live import Mover
    from .nets import Told

Chosen = Annotated[MotionModel, Field(description="Of motion.load_text_model.")]
Prompt = Annotated[
    str,
    Field(
        max_length=2000,
        description="What somebody does: a person walks forward and waves the left hand. The"
        " starter also reads Chinese.",
        json_schema_extra={"multiline": True},
    ),
]
SeedOf = Annotated[Seed, Field(description="Another one, another motion.")]
Steps = Annotated[
    int, Field(ge=0, le=1000, description="0: as many as the model was trained with."), ADVANCED
]
Guidance = Annotated[
    float, Field(ge=0, le=20, description="How closely the words are followed."), ADVANCED
]
Clean = Annotated[
    bool,
    Field(description="Feet stay where they stand, joints within limits, nothing trembles."),
    ADVANCED,
]


@node(version="2", title="Text to motion", numeric=True, uses="device")
def text_to_motion(
    prompt: Prompt,
    model: Chosen,
    ctx: Context,
    seconds: Annotated[
        float,
        Field(ge=0.5, le=30, description="The starter makes up to 4, public models up to 9.8."),
    ] = 4.0,
    seed: SeedOf = 0,
    steps: Steps = 0,
    guidance: Guidance = 2.5,
    clean: Clean = True,
) -> Motion:
    """Make a motion of what a text says (MDM, https://arxiv.org/abs/2209.14916).

    It is noise at first, in which a net sees the motion a little more clearly with every step. The
    starter knows some thirty acts: walking, running, waving, kicking, bowing, dancing and the like;
    words that it does not know are named. motion.join puts several motions one after the other.
    """
    from .make import cleaned, motion, of_numbers

    with _opened(model, ctx) as stage:
        mover, told = stage.live, stage.told(prompt)
        frames = _frames(mover, seconds)
        table = mover.make(told, frames, seed, steps, guidance, None, _shown(ctx))
    pair = of_numbers(table)
    return motion(cleaned(pair) if clean else pair)


@node(version="2", title="In-between", numeric=True, uses="device")
def in_between(
    motion: Motion,
    model: Chosen,
    ctx: Context,
    prompt: Prompt = "",
    start: Annotated[
        float, Field(ge=0, le=3600, description="Seconds from which on it is made anew.")
    ] = 1.0,
    length: Annotated[float, Field(gt=0, le=30, description="Seconds that are made anew.")] = 2.0,
    seed: SeedOf = 0,
    steps: Steps = 0,
    guidance: Guidance = 2.5,
) -> Motion:
    """Make a stretch of a motion anew; what is before and after it stays as it is.

    The net sees the frames around the gap, and what it makes is laid so that it begins and ends
    where they are. The motion is brought onto a body with 24 joints, at 20 frames a second.
    """
    from musegraph_nodes.motion.layouts import FPS

    from .make import between, gap_mask, of_numbers, onto_body, table_of, tidied
    from .make import motion as made_of

    whole = onto_body(motion)
    count = len(whole[1])
    first, last = round(start * FPS), min(round((start + length) * FPS), count)
    if first >= last or last - first >= count:
        raise NodeError(
            f"the motion has {count / FPS:.2f} s, and from {start:g} s on {length:g} s are to be"
            " made anew: nothing would be made, or nothing kept; set start and length within it"
        )
    with _opened(model, ctx) as stage:
        mover = stage.features()
        if last - first > mover.most - 2:
            raise NodeError(
                f"{length:g} s are to be made anew, and this model makes up to"
                f" {(mover.most - 2) / FPS:g} s at once; set length lower"
            )
        begin, end = _window(first, last, count, mover.most)
        cut = (whole[0][begin:end], whole[1][begin:end])
        mask = gap_mask(end - begin, first - begin, last - begin)
        table = mover.make(
            stage.told(prompt), end - begin, seed, steps, guidance, (table_of(cut), mask),
            _shown(ctx),
        )  # fmt: skip
    made = between(cut, tidied(of_numbers(table)), first - begin, last - begin)
    whole[0][begin:end], whole[1][begin:end] = made
    return made_of(whole)


@node(version="2", title="Redo a part of the body", numeric=True, uses="device")
def redo_part(
    motion: Motion,
    prompt: Prompt,
    model: Chosen,
    ctx: Context,
    part: Annotated[
        Literal["upper body", "lower body"],
        Field(description="What is made anew; the rest stays as it is."),
    ] = "upper body",
    seed: SeedOf = 0,
    steps: Steps = 0,
    guidance: Guidance = 2.5,
) -> Motion:
    """Let a part of the body do something else: legs go on walking while a hand waves.

    The net is given the joints that are kept, and makes the others. The motion is brought onto a
    body with 24 joints, at 20 frames a second, and can be as long as the model makes at once.
    """
    import numpy as np

    from musegraph_nodes.motion.layouts import FPS

    from .make import (
        lower,
        mask_of_joints,
        of_numbers,
        onto_body,
        table_of,
        tidied,
        upper,
        with_part,
    )
    from .make import motion as made_of

    own = onto_body(motion)
    with _opened(model, ctx) as stage:
        mover = stage.features()
        frames = _frames(mover, len(own[1]) / FPS)
        keep = mask_of_joints(lower() if part == "upper body" else upper())
        mask = np.tile(keep, (frames, 1))
        table = mover.make(
            stage.told(prompt), frames, seed, steps, guidance, (table_of(own), mask), _shown(ctx)
        )
    return made_of(with_part(own, tidied(of_numbers(table)), part))


class _Stage:
    """A live model with what reads its prompts."""

    def __init__(self, live: Mover, texts: Any, source: str, ctx: Context) -> None:
        self.live, self.texts, self.source, self.ctx = live, texts, source, ctx

    def features(self) -> Mover:
        """The model, if it is one of features, which alone can be given a motion."""
        if self.live.layout.features != 263:
            raise NodeError(
                f"port 'model': {self.source!r} is told actions and cannot be given a motion; take"
                " one with 263 features, as starter/text_to_motion"
            )
        return self.live

    def told(self, prompt: str) -> Told | None:
        """A prompt as the net is told it; none for an empty one."""
        import torch

        from .nets import Told

        live = self.live
        if not prompt.strip():
            return None
        if live.layout.actions:
            return live.action(prompt)
        if self.texts is not None:
            told: Told = self.texts.told(prompt, self.ctx.device)
            return told
        if live.reader is None:
            self.ctx.warn(f"{self.source!r} is told nothing, so the prompt changes nothing")
            return None
        strange = live.reader.unknown(prompt)
        if strange:
            self.ctx.warn(
                f"{self.source!r} does not know {', '.join(strange[:12])}: it was taught"
                f" {len(live.reader.reader.vocabulary)} English words, and goes by the others"
            )
        ids = live.reader.ids([prompt]).to(live.mean.device)
        if not bool(ids.any()):
            return None
        with torch.no_grad():
            return Told(live.reader(ids)[None])


class _opened:  # noqa: N801  read as a verb: with _opened(model, ctx) as stage
    """A lease on a model and, where it has one of its own, on its text encoder."""

    def __init__(self, model: MotionModel, ctx: Context) -> None:
        self.ctx, self.model, self.stack = ctx, model, ExitStack()

    def __enter__(self) -> _Stage:
        texts = None
        if told := self.model.options.get("texts"):
            texts = self.stack.enter_context(self.ctx.load(Reference(**told)))
        live = self.stack.enter_context(self.ctx.load(self.model))
        return _Stage(live, texts, self.model.source, self.ctx)

    def __exit__(self, *error: object) -> None:
        self.stack.close()


def _frames(mover: Mover, seconds: float) -> int:
    """How many frames a length has, if the model can make as many."""
    from musegraph_nodes.motion.layouts import FPS

    frames = max(round(seconds * FPS), 2)
    if frames > mover.most:
        raise NodeError(
            f"{seconds:g} s are asked for, and this model makes up to {mover.most / FPS:g} s at"
            " once; ask for less, and put motions one after the other with motion.join"
        )
    return frames


def _window(first: int, last: int, count: int, most: int) -> tuple[int, int]:
    """Frames about a gap, as many of them as a model sees at once."""
    room = min(most, count)
    begin = min(max(first - (room - (last - first)) // 2, 0), count - room)
    return begin, begin + room


def _shown(ctx: Context) -> Callable[[int, int, Callable[[], Doubles]], None]:
    """Tells how many steps are done, and draws what the net sees when somebody looks."""

    def tick(step: int, count: int, table: Callable[[], Doubles]) -> None:
        ctx.progress(step, count, preview=lambda: _strip(table()))

    return tick


def _strip(table: Doubles) -> Image:
    """Six moments of a motion beside each other."""
    from musegraph_nodes.motion.show import filmstrip

    from .make import motion, of_numbers

    pair: Pair = of_numbers(table)
    return filmstrip([motion(pair)], count=6, columns=6, width=120, height=160)
