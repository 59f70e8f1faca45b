"""The sampler: from noise, or from a noisy latent, to a clean one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from musegraph import Conditioning, Context, Latent, Model, NodeError, Seed, node

from .families import Denoiser, family_of
from .latents import blank, generators, noise_of
from .preview import preview_of
from .prompts.regions import Prompts
from .references import check_loader
from .sampling.schedulers import SamplerName, ScheduleName, make_scheduler

if TYPE_CHECKING:
    import torch
    from torch import Tensor

OnCall = Callable[[int, "Tensor", "Tensor", "Tensor"], None]


@dataclass(frozen=True)
class _Plan:
    """What one sampling does: a scheduler, the timesteps it visits, and where it starts."""

    scheduler: Any
    timesteps: Tensor
    steps: int
    start: Tensor
    generators: list[torch.Generator]


@node(version="1", numeric=True, uses="device", frugal="with one picture at a time in the model")
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
        ScheduleName, Field(description="How the noise levels of the steps are spaced.")
    ] = "model default",
    denoise: Annotated[
        float,
        Field(ge=0, le=1, description="How much to make anew: 1 all of it, 0 leaves the latent."),
    ] = 1.0,
    guidance_rescale: Annotated[
        float, Field(ge=0, le=1, description="Against washed-out pictures at high guidance.")
    ] = 0.0,
) -> Latent:
    """Sample a latent [B,C,h,w] that shows what the text says.

    Latent diffusion (https://arxiv.org/abs/2112.10752) with classifier-free guidance
    (https://arxiv.org/abs/2207.12598), as ``StableDiffusionPipeline`` does it, and below
    ``denoise`` 1 as ``StableDiffusionImg2ImgPipeline``. Noise is drawn on the CPU.
    """
    import torch

    check_loader(model)
    if latent is None:
        if denoise < 1:
            raise NodeError(
                f"denoise is {denoise:g} and there is no latent to start from; link one"
                " (diffusion.encode makes it of a picture), or set denoise to 1"
            )
        latent = blank(model)
    _check(model, latent, positive, negative)
    with torch.no_grad():
        plan = _prepare(model, latent, seed, steps, denoise, sampler, schedule, ctx)
        if plan is None:
            return latent
        family = family_of(model)
        texts = [positive]
        if guidance > 1 and not family.embeds_guidance:
            if negative is None:
                empty = family.unconditional(model, positive.parts[0], ctx)
                negative = Conditioning((empty,), positive.family)
            texts = [negative, positive]
        prompts = Prompts(*texts, guidance=guidance, together=not ctx.frugal)
        with ctx.load(model) as net:
            denoiser = family.denoiser(net, model, ctx.device, one_by_one=ctx.frugal)
            strength = (guidance, guidance_rescale)
            data = _denoise(denoiser, plan, prompts, strength, _reporter(plan, denoiser, ctx))
    return Latent(data, model.family, latent.scale)


def _check(
    model: Model, latent: Latent, positive: Conditioning, negative: Conditioning | None
) -> None:
    channels = int(model.options["channels"])
    if latent.family != model.family or latent.data.shape[1] != channels:
        raise NodeError(
            f"the latent is of the family {latent.family!r} and the model of {model.family!r};"
            " encode the picture with the vae of this model, or link its diffusion.empty_latent"
        )
    for name, given in (("positive", positive), ("negative", negative)):
        if given is None:
            continue
        if given.family != model.options["texts"]:
            raise NodeError(
                f"the {name} text is encoded for the family {given.family!r} and the model reads"
                f" {model.options['texts']!r}; encode it with the text_encoder of this model"
            )


def _prepare(
    model: Model,
    latent: Latent,
    seed: int,
    steps: int,
    denoise: float,
    sampler: str,
    schedule: str,
    ctx: Context,
) -> _Plan | None:
    """The scheduler and the noisy start; None if denoise is so low that no step is left."""
    scheduler = make_scheduler(sampler, schedule, model.options["scheduler"])
    shape = tuple(latent.data.shape)
    try:
        family_of(model).set_timesteps(scheduler, steps, ctx.device, shape)
    except ValueError as error:
        raise NodeError(f"the sampler {sampler!r} cannot make {steps} steps: {error}") from None
    data = latent.data.to(device=ctx.device)
    seeded = generators(ctx, seed, len(data))
    noise = noise_of(shape, seeded).to(ctx.device)
    if denoise == 1 and not bool(latent.data.any()):
        start = noise * getattr(scheduler, "init_noise_sigma", 1.0)
        return _Plan(scheduler, scheduler.timesteps, steps, start, seeded)
    done = steps - min(int(steps * denoise), steps)
    if done == steps:
        return None
    first = done * scheduler.order
    timesteps = scheduler.timesteps[first:]
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    at = timesteps[:1].repeat(len(data))
    if hasattr(scheduler, "scale_noise"):  # of a flow, where noise takes the place of the picture
        start = scheduler.scale_noise(data, at, noise)
    else:
        start = scheduler.add_noise(data, noise, at)
    return _Plan(scheduler, timesteps, steps - done, start, seeded)


def _reporter(plan: _Plan, denoiser: Denoiser, ctx: Context) -> OnCall:
    """Says one step after another; a sampler of order 2 asks the denoiser twice for a step."""
    order, calls = plan.scheduler.order, len(plan.timesteps)
    before = calls - plan.steps * order
    done = 0

    def report(call: int, timestep: Tensor, given: Tensor, made: Tensor) -> None:
        nonlocal done
        last = call == calls - 1
        if last or (call + 1 > before and (call + 1) % order == 0):
            done = plan.steps if last else min(done + 1, plan.steps)
            look = preview_of(denoiser, ctx, plan.scheduler, timestep, given, made)
            ctx.progress(done, plan.steps, preview=look)
        else:
            ctx.check()

    return report


def _denoise(
    denoiser: Denoiser,
    plan: _Plan,
    prompts: Prompts,
    strength: tuple[float, float],
    report: OnCall,
) -> Tensor:
    """The loop of the plain pipelines; ``strength`` is guidance and its rescaling."""
    scheduler, x = plan.scheduler, plan.start
    seeded: Any = plan.generators if len(plan.generators) > 1 else plan.generators[0]
    random = "generator" in signature(scheduler.step).parameters
    extra = {"generator": seeded} if random else {}
    first = max(0, len(plan.timesteps) - plan.steps * scheduler.order)
    for call, t in enumerate(plan.timesteps):
        given = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
        step = max(0, call - first) // scheduler.order
        *away, made = prompts(denoiser, given, t, step / plan.steps)
        if away:
            towards, made = made, denoiser.guided(made, away[0], strength[0])
            if strength[1] > 0:
                made = _rescaled(made, towards, strength[1])
        x = scheduler.step(made, t, x, **extra, return_dict=False)[0]
        report(call, t, given, made)
    return x.float()


def _rescaled(made: Tensor, told: Tensor, share: float) -> Tensor:
    """Guidance with the spread of the unguided: §3.4 of https://arxiv.org/abs/2305.08891."""
    axes = list(range(1, told.ndim))
    spread = told.std(dim=axes, keepdim=True) / made.std(dim=axes, keepdim=True)
    return share * (made * spread) + (1 - share) * made
