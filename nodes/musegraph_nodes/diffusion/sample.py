"""The sampler: from noise, or from a noisy latent, to a clean one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from musegraph import ADVANCED, Conditioning, Context, Fused, Latent, Mask, Model, Seed, node

from .sampling.names import GuiderValue, NoiseValue, SamplerName, ScheduleName, SigmasValue


def _kind(call: Mapping[str, Any]) -> tuple[int, Hashable] | None:
    from .sampling.fused import kind_of

    return kind_of(call)


def _many(calls: Sequence[Mapping[str, Any]], ctx: Context) -> list[Latent]:
    from .sampling.fused import sampled_together

    return sampled_together(calls, ctx)


@node(
    version="3",
    numeric=True,
    uses="device",
    frugal="with one picture at a time in the model",
    fused=Fused(_kind, _many),
)
def sample(
    model: Model,
    positive: Annotated[Conditioning, Field(description="What is to be seen.")],
    ctx: Context,
    negative: Annotated[
        Conditioning | None,
        Field(description="What guidance leads away from; without one, an empty text."),
    ] = None,
    latent: Annotated[
        Latent | None,
        Field(description="Gives the size, and what to start from if denoise is below 1."),
    ] = None,
    seed: Annotated[Seed, Field(description="Of the noise; item i of a batch takes seed + i.")] = 0,
    steps: Annotated[int, Field(ge=1, le=1000, description="More are slower and finer.")] = 20,
    guidance: Annotated[
        float,
        Field(ge=0, le=100, description="How closely to follow the text; 1 turns guidance off."),
    ] = 7.0,
    sampler: Annotated[SamplerName, Field(description="How a step is made.")] = "dpmpp_2m",
    schedule: Annotated[
        ScheduleName,
        Field(description="How the noise levels of the steps are spaced."),
        ADVANCED,
    ] = "model default",
    denoise: Annotated[
        float,
        Field(ge=0, le=1, description="How much to make anew: 1 all of it, 0 leaves the latent."),
    ] = 1.0,
    guidance_rescale: Annotated[
        float,
        Field(ge=0, le=1, description="Against washed-out pictures at high guidance."),
        ADVANCED,
    ] = 0.0,
    sigmas: Annotated[
        SigmasValue | None,
        Field(description="The noise levels to visit, in place of steps and schedule."),
        ADVANCED,
    ] = None,
    guider: Annotated[
        GuiderValue | None,
        Field(description="Another way to guide than plain guidance."),
        ADVANCED,
    ] = None,
    noise: Annotated[
        NoiseValue | None,
        Field(description="Another way to draw noise than by the seed alone."),
        ADVANCED,
    ] = None,
    start: Annotated[
        float,
        Field(ge=0, lt=1, description="Where another model stopped, to go on from its latent."),
        ADVANCED,
    ] = 0.0,
    end: Annotated[
        float,
        Field(gt=0, le=1, description="Where to stop, for a refiner to go on; 1: the end."),
        ADVANCED,
    ] = 1.0,
    mask: Annotated[
        Mask | None,
        Field(description="How much of each place is made anew: 1 all of it, 0 leaves it."),
        ADVANCED,
    ] = None,
) -> Latent:
    """Sample a latent [B,C,h,w] that shows what the text says.

    Latent diffusion (https://arxiv.org/abs/2112.10752) with classifier-free guidance
    (https://arxiv.org/abs/2207.12598), as ``StableDiffusionPipeline`` does it, and below
    ``denoise`` 1 as ``StableDiffusionImg2ImgPipeline``. Where diffusers has no scheduler for what
    is asked, a sampler of ours runs; the record says which. Noise is drawn on the CPU. A model from
    ``diffusion.optimise`` may ask for several seeds or prompts as one batch. With a ``mask`` the
    rest of the latent stays (https://arxiv.org/abs/2306.00950); where it is grey, the first steps
    leave a place as it is.
    """
    from .sampling.fused import sampled_alone

    return sampled_alone({
        "model": model, "positive": positive, "negative": negative, "latent": latent, "seed": seed,
        "steps": steps, "guidance": guidance, "sampler": sampler, "schedule": schedule,
        "denoise": denoise, "guidance_rescale": guidance_rescale, "sigmas": sigmas,
        "guider": guider, "noise": noise, "start": start, "end": end, "mask": mask,
    }, ctx)  # fmt: skip
