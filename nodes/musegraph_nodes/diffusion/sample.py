"""The sampler: from noise, or from a noisy latent, to a clean one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from musegraph import Conditioning, Context, Latent, Model, NodeError, Seed, node

from .sampling.names import GuiderValue, NoiseValue, SamplerName, ScheduleName, SigmasValue

ADVANCED = Field(json_schema_extra={"advanced": True})


@node(version="3", numeric=True, uses="device", frugal="with one picture at a time in the model")
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
) -> Latent:
    """Sample a latent [B,C,h,w] that shows what the text says.

    Latent diffusion (https://arxiv.org/abs/2112.10752) with classifier-free guidance
    (https://arxiv.org/abs/2207.12598), as ``StableDiffusionPipeline`` does it, and below
    ``denoise`` 1 as ``StableDiffusionImg2ImgPipeline``. Where diffusers has no scheduler for what
    is asked, a sampler of ours runs; the record says which. Noise is drawn on the CPU.
    """
    from .latents import blank
    from .references import check_loader
    from .sampling.guiders import guiding_of
    from .sampling.noise import drawing_of
    from .sampling.way import Asked, sampled

    check_loader(model)
    if latent is None:
        if denoise < 1:
            raise NodeError(
                f"denoise is {denoise:g} and there is no latent to start from; link one"
                " (diffusion.encode makes it of a picture), or set denoise to 1"
            )
        latent = blank(model)
    asked = Asked(
        sampler, schedule, steps if sigmas is None else len(sigmas) - 1, denoise, seed,
        sigmas, drawing_of(noise), start, end, guidance, guidance_rescale, guiding_of(guider)
    )  # fmt: skip
    return sampled(model, positive, negative, latent, asked, ctx)
