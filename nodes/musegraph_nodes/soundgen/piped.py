"""Pipelines of Diffusers that make sound. Imported only where one is used."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor

from musegraph import NodeError
from musegraph_nodes.live import Live
from musegraph_nodes.pipelines.run import built, spare, unchanged
from musegraph_nodes.pipelines.telling import Bar, listening

from .asked import Asked, Share

_OWN_DRAWS = 0x5EED
"""Added to the seed for what a pipeline draws beside its noise: otherwise both would be alike."""


class _Unseen:
    """Stands for the previews of a pipeline for pictures: a sound has none."""

    def latest(self) -> None:
        """Nothing to look at."""


def rate_of(live: Live) -> tuple[int, int]:
    """Samples a second, and channels."""
    vocoder = live.parts.get("vocoder")
    if vocoder is not None:
        return int(vocoder.config.sampling_rate), 1
    config = live.parts["vae"].config
    return int(config.sampling_rate), int(config.audio_channels)


@contextmanager
def pipeline(live: Live, asked: Asked, cls: str) -> Iterator[Any]:
    """A pipeline around the live parts, which afterwards are as they were."""
    with ExitStack() as stack:
        stack.enter_context(live.turn(asked.ctx))
        stack.enter_context(unchanged([*live.parts.values()]))
        stack.enter_context(listening(asked.ctx))
        pipe = built(cls, live.parts, live.told)
        if asked.ctx.frugal:
            spare(pipe)
        yield pipe


def make(
    live: Live,
    asked: Asked,
    cls: str,
    told: Callable[[int], dict[str, Any]],
    prepare: Callable[[Any], None] | None = None,
) -> list[Tensor]:
    """What a pipeline makes [1,C,N], for each item; ``told`` gives the arguments of one."""
    made = []
    with pipeline(live, asked, cls) as pipe:
        if prepare is not None:
            prepare(pipe)
        for index, seed in enumerate(asked.seeds()):
            share: Any = Share(asked.ctx, index, asked.count)
            pipe.__dict__["progress_bar"] = _bars(share)
            arguments = _usual(pipe, asked) | told(index)
            made.append(_called(pipe, asked, arguments, seed))
    return made


def _bars(share: Any) -> Callable[..., Bar]:
    def bar(iterable: Any = None, total: int | None = None) -> Bar:
        unseen: Any = _Unseen()
        return Bar(share, unseen, iterable, total)

    return bar


def _usual(pipe: Any, asked: Asked) -> dict[str, Any]:
    """What all pipelines are told; what was left open stays with the pipeline."""
    made: dict[str, Any] = {"prompt": asked.prompt}
    if asked.steps:
        made["num_inference_steps"] = asked.steps
    known = inspect.signature(pipe.__call__).parameters
    if asked.guidance is not None:
        made["guidance_scale"] = asked.guidance
    elif getattr(pipe, "is_turbo", False):  # its default is for those that have guidance
        made["guidance_scale"] = 1.0
    if asked.negative.strip():
        made["negative_prompt"] = asked.negative
    for name, what in (("guidance_scale", "guidance"), ("negative_prompt", "negative prompt")):
        if name in made and name not in known:
            del made[name]
            asked.ctx.warn(f"{type(pipe).__name__} knows no {what}; it was left out")
    return made


def _called(pipe: Any, asked: Asked, arguments: dict[str, Any], seed: int) -> Tensor:
    drawn = asked.ctx.generator(seed)
    with drawing(pipe, asked.ctx.generator(seed + _OWN_DRAWS)):
        try:
            found = pipe(**arguments, generator=drawn, output_type="pt").audios
        except (ValueError, TypeError) as error:  # how pipelines refuse what does not suit them
            why = " ".join(str(error).split())
            raise NodeError(f"{type(pipe).__name__} refuses this: {why}") from error
    made = torch.as_tensor(found)
    return made[:, None] if made.ndim == 2 else made


@contextmanager
def drawing(pipe: Any, generator: torch.Generator) -> Iterator[None]:
    """Let what ACE-Step draws of its encoder come from a generator, not from all of torch."""
    net = getattr(pipe, "vae", None)
    if type(pipe).__name__ != "AceStepPipeline" or net is None:
        yield
        return
    encode = net.encode

    def seeded(*args: Any, **options: Any) -> Any:
        found = encode(*args, **options)
        sample = found.latent_dist.sample
        found.latent_dist.sample = lambda _=None: sample(generator)
        return found

    vars(net)["encode"] = seeded
    try:
        yield
    finally:
        del vars(net)["encode"]
