"""The sampler: from noise, or from a noisy latent, to a clean one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from musegraph import Conditioning, Context, Latent, Model, NodeError, Seed, node

from .latents import blank, generators, noise_of
from .load import check_loader, encoder_of
from .preview import preview_of
from .samplers import SamplerName, ScheduleName, make_scheduler
from .text import hidden_states, tokens

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
        guided = guidance > 1
        plan = _prepare(model, latent, seed, steps, denoise, sampler, schedule, ctx)
        if plan is None:
            return latent
        texts = _texts(model, positive, negative, guided, len(latent.data), ctx)
        with ctx.load(model) as net:
            strength = (guidance, guidance_rescale) if guided else None
            report = _reporter(plan, model, ctx)
            data = _denoise(net, plan, texts, strength, report, one_by_one=ctx.frugal)
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
        if len(given.parts) != 1:
            raise NodeError(f"the {name} text has {len(given.parts)} parts; this sampler takes one")


def _texts(
    model: Model,
    positive: Conditioning,
    negative: Conditioning | None,
    guided: bool,
    batch: int,
    ctx: Context,
) -> Tensor:
    """The texts for a batch: [B,L,D], with guidance [2B,L,D], negative first."""
    import torch

    told = _spread(positive.parts[0].embeds["embeds"], batch, ctx)
    if not guided:
        return told
    if negative is None:
        with ctx.load(encoder_of(model)) as live:
            ids, mask, _ = tokens(live, "")
            free = hidden_states(live, ids, mask, 0, ctx.device)
    else:
        free = negative.parts[0].embeds["embeds"]
    return torch.cat([_spread(free, batch, ctx), told])


def _spread(embeds: Tensor, batch: int, ctx: Context) -> Tensor:
    """One text for every item of a batch."""
    if embeds.shape[0] not in (1, batch):
        raise NodeError(
            f"there are {embeds.shape[0]} texts for {batch} pictures; give one, or one for each"
        )
    embeds = embeds.to(ctx.device)
    return embeds if embeds.shape[0] == batch else embeds.repeat(batch, 1, 1)


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
    try:
        scheduler.set_timesteps(steps, device=ctx.device)
    except ValueError as error:
        raise NodeError(f"the sampler {sampler!r} cannot make {steps} steps: {error}") from None
    data = latent.data.to(device=ctx.device)
    seeded = generators(ctx, seed, len(data))
    noise = noise_of(tuple(data.shape), seeded).to(ctx.device)
    if denoise == 1 and not bool(latent.data.any()):
        start = noise * scheduler.init_noise_sigma
        return _Plan(scheduler, scheduler.timesteps, steps, start, seeded)
    done = steps - min(int(steps * denoise), steps)
    if done == steps:
        return None
    first = done * scheduler.order
    timesteps = scheduler.timesteps[first:]
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    start = scheduler.add_noise(data, noise, timesteps[:1].repeat(len(data)))
    return _Plan(scheduler, timesteps, steps - done, start, seeded)


def _reporter(plan: _Plan, model: Model, ctx: Context) -> OnCall:
    """Says one step after another; a sampler of order 2 asks the denoiser twice for a step."""
    order, calls = plan.scheduler.order, len(plan.timesteps)
    before = calls - plan.steps * order
    done = 0

    def report(call: int, timestep: Tensor, given: Tensor, made: Tensor) -> None:
        nonlocal done
        last = call == calls - 1
        if last or (call + 1 > before and (call + 1) % order == 0):
            done = plan.steps if last else min(done + 1, plan.steps)
            look = preview_of(model, ctx, plan.scheduler, timestep, given, made)
            ctx.progress(done, plan.steps, preview=look)
        else:
            ctx.check()

    return report


def _denoise(
    net: Any,
    plan: _Plan,
    texts: Tensor,
    strength: tuple[float, float] | None,
    report: OnCall,
    one_by_one: bool,
) -> Tensor:
    """The loop of ``StableDiffusionPipeline``; ``strength`` is guidance and its rescaling."""
    import torch

    scheduler, x = plan.scheduler, plan.start
    seeded: Any = plan.generators if len(plan.generators) > 1 else plan.generators[0]
    random = "generator" in signature(scheduler.step).parameters
    extra = {"generator": seeded} if random else {}
    dtype = net.dtype  # asked once: it goes through all parameters
    texts = texts.to(dtype)
    for call, t in enumerate(plan.timesteps):
        given = scheduler.scale_model_input(torch.cat([x, x]) if strength else x, t)
        made = _answer(net, given.to(dtype), t, texts, one_by_one).float()
        if strength:
            free, told = made.chunk(2)
            made = free + strength[0] * (told - free)
            if strength[1] > 0:
                made = _rescaled(made, told, strength[1])
        x = scheduler.step(made, t, x, **extra, return_dict=False)[0]
        report(call, t, given[-len(x) :], made)
    return x.float()


def _answer(net: Any, given: Tensor, t: Tensor, texts: Tensor, one_by_one: bool) -> Tensor:
    """What the model says of a batch; asked item by item it takes less memory, and rounds apart."""
    import torch

    if one_by_one and len(given) > 1:
        pairs = zip(given.split(1), texts.split(1), strict=True)
        return torch.cat([_answer(net, item, t, text, False) for item, text in pairs])
    made: Tensor = net(given, t, encoder_hidden_states=texts, return_dict=False)[0]
    return made


def _rescaled(made: Tensor, told: Tensor, share: float) -> Tensor:
    """Guidance with the spread of the unguided: §3.4 of https://arxiv.org/abs/2305.08891."""
    axes = list(range(1, told.ndim))
    spread = told.std(dim=axes, keepdim=True) / made.std(dim=axes, keepdim=True)
    return share * (made * spread) + (1 - share) * made
