"""The sampler: from noise, or from a noisy latent, to a clean one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from musegraph import Conditioning, Context, Latent, Model, NodeError, Seed, node

from .control.marks import shared
from .control.steering import steered
from .families import Denoiser, Family, family_of
from .latents import blank
from .preview import preview_of, preview_of_clean
from .prompts.regions import Prompts
from .references import check_loader
from .sampling import loop, plain, split
from .sampling.guiders import Guide, GuiderValue, guiding_of
from .sampling.noise import Drawing, NoiseValue, Source, drawing_of
from .sampling.samplers import OWN, SamplerName
from .sampling.schedulers import make_scheduler, offers, spaced_sigmas
from .sampling.sigmas import ScheduleName, SigmasValue, levels_for, whole

if TYPE_CHECKING:
    from torch import Tensor


@node(version="2", numeric=True, uses="device", frugal="with one picture at a time in the model")
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
    sigmas: Annotated[
        SigmasValue | None,
        Field(description="The noise levels to visit, in place of steps and schedule."),
    ] = None,
    guider: Annotated[
        GuiderValue | None, Field(description="Another way to guide than plain guidance.")
    ] = None,
    noise: Annotated[
        NoiseValue | None, Field(description="Another way to draw noise than by the seed alone.")
    ] = None,
    start: Annotated[
        float,
        Field(ge=0, lt=1, description="Where another model stopped, to go on from its latent."),
    ] = 0.0,
    end: Annotated[
        float, Field(gt=0, le=1, description="Where to stop, for a refiner to go on; 1: the end.")
    ] = 1.0,
) -> Latent:
    """Sample a latent [B,C,h,w] that shows what the text says.

    Latent diffusion (https://arxiv.org/abs/2112.10752) with classifier-free guidance
    (https://arxiv.org/abs/2207.12598), as ``StableDiffusionPipeline`` does it, and below
    ``denoise`` 1 as ``StableDiffusionImg2ImgPipeline``. Where diffusers has no scheduler for what
    is asked, a sampler of ours runs; the record says which. Noise is drawn on the CPU.
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
    asked = _Asked(
        sampler, schedule, steps if sigmas is None else len(sigmas) - 1, denoise, seed,
        sigmas, drawing_of(noise), start, end,
    )  # fmt: skip
    family = family_of(model)
    with torch.no_grad():
        way = _way(model, family, latent, asked, ctx)
        if way is None:
            return latent
        guiding = guiding_of(guider)
        always = OWN[sampler].unguided
        away = (guidance > 1 or always) and not family.embeds_guidance
        texts: dict[str, Conditioning | None] = {"told": positive}
        if away:
            wanted = negative is None or guiding.method == "perp_neg"
            empty = family.away(model, positive, None, ctx) if wanted else None
            free = family.away(model, positive, negative, ctx) if negative else empty
            texts |= {"free": shared(positive, free), "empty": shared(positive, empty)}
        elif negative is not None and family.embeds_guidance:
            ctx.warn(f"{family.title} has learnt guidance: a negative text changes nothing")
        with ctx.load(model) as net:
            denoiser = family.denoiser(net, model, ctx.device, one_by_one=ctx.frugal)
            ask = _Texts(denoiser, texts, guidance, together=not ctx.frugal)
            guide = Guide(
                denoiser, ask, guidance if away else 1.0, guidance_rescale, guiding, always and away
            )
            with steered(denoiser, texts.values(), ctx):
                data = way(denoiser, guide)
    return Latent(data, model.family, latent.scale)


@dataclass(frozen=True)
class _Asked:
    """What a user set of the way down from noise."""

    sampler: str
    schedule: str
    steps: int
    denoise: float
    seed: int
    sigmas: Sequence[float] | None
    drawing: Drawing
    start: float = 0.0
    end: float = 1.0

    @property
    def skipped(self) -> int:
        """The steps that are left out because the latent is not to be made anew wholly."""
        if self.start > 0:
            return 0
        return self.steps - min(int(self.steps * self.denoise), self.steps)


class _Texts:
    """The conditionings of a sampling by name, made ready once for the net."""

    def __init__(
        self,
        denoiser: Denoiser,
        texts: Mapping[str, Conditioning | None],
        guidance: float,
        together: bool,
    ) -> None:
        self.denoiser = denoiser
        self.texts = texts
        self.guidance = guidance
        self.together = together
        self._prompts: dict[tuple[str, ...], Prompts] = {}

    def __call__(
        self, x: Tensor, t: Tensor, progress: float, names: Sequence[str]
    ) -> Sequence[Tensor]:
        asked = tuple(names)
        if asked not in self._prompts:
            texts = [text for name in asked if (text := self.texts[name]) is not None]
            self._prompts[asked] = Prompts(*texts, guidance=self.guidance, together=self.together)
        return self._prompts[asked](self.denoiser, x, t, progress)


Way = Callable[[Denoiser, Guide], "Tensor"]


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


def _way(model: Model, family: Family, latent: Latent, asked: _Asked, ctx: Context) -> Way | None:
    """The way down from noise: that of diffusers where it has one, else ours.

    None if so little is to be made anew that no step is left.
    """
    config = model.options["scheduler"]
    blank = asked.denoise == 1 and asked.start == 0 and not bool(latent.data.any())
    if not blank and asked.skipped == asked.steps:
        return None
    source = Source(tuple(latent.data.shape), asked.seed, asked.drawing, ctx)
    theirs = asked.sigmas is None and not asked.drawing.own
    if theirs and offers(asked.sampler, asked.schedule, config):
        return _theirs(model, family, latent, asked, source, blank, ctx)
    return _ours(model, family, latent, asked, source, blank, ctx)


def _theirs(
    model: Model, family: Family, latent: Latent, asked: _Asked, source: Source, blank: bool,
    ctx: Context,
) -> Way | None:  # fmt: skip
    """A scheduler of diffusers, in the loop of its pipelines."""
    scheduler = make_scheduler(asked.sampler, asked.schedule, model.options["scheduler"])
    try:
        family.set_timesteps(scheduler, asked.steps, ctx.device, source.shape)
    except ValueError as error:
        raise NodeError(
            f"the sampler {asked.sampler!r} cannot make {asked.steps} steps: {error}"
        ) from None
    done = 0 if blank else asked.skipped
    data = latent.data.to(device=ctx.device)
    seeded = source.generators
    if asked.start > 0:
        plan = split.gone_on(scheduler, data, seeded, asked.start)
    else:
        plan = plain.begin(scheduler, data, source.first(), seeded, done, asked.steps, blank)
    plan = split.until(plan, asked.end)
    if not len(plan.timesteps):
        return None
    ctx.note(f"sampled by {type(scheduler).__name__} of diffusers")

    def way(denoiser: Denoiser, guide: Guide) -> Tensor:
        return plain.denoise(plan, guide, _reporter(plan, denoiser, ctx))

    return way


def _ours(
    model: Model, family: Family, latent: Latent, asked: _Asked, source: Source, blank: bool,
    ctx: Context,
) -> Way | None:  # fmt: skip
    """A sampler of ours."""
    levels = levels_for(model, family, source.shape)
    sigmas = asked.sigmas
    if sigmas is None:
        sigmas = spaced_sigmas(model, family, levels, asked.schedule, asked.steps, source.shape)
    sigmas = split.levels_between(whole(sigmas, levels), levels, asked.start, asked.end)
    sigmas = sigmas[0 if blank else asked.skipped :]
    if len(sigmas) < 2:
        return None
    noise = source.first()
    data = latent.data.to(device=ctx.device)
    added = noise if asked.drawing.add and asked.start == 0 else None
    start = loop.begun(data, added, sigmas[0], levels, blank)
    ctx.note(f"sampled by the own {asked.sampler!r}: the levels were {_few(sigmas)}")

    def way(denoiser: Denoiser, guide: Guide) -> Tensor:
        steps = len(sigmas) - 1
        expected = loop.Expected(denoiser, guide, levels, steps)

        def tell(done: int, clean: Tensor) -> None:
            ctx.progress(done, steps, preview=preview_of_clean(denoiser, ctx, clean))

        return loop.walk_down(asked.sampler, start, sigmas, expected, source, tell).float()

    return way


def _few(sigmas: Sequence[float]) -> str:
    """Noise levels to be read: all, or the first and last ones."""
    told = [f"{sigma:.4g}" for sigma in sigmas]
    return ", ".join(told if len(told) <= 8 else [*told[:4], "…", *told[-3:]])


def _reporter(plan: plain.Plan, denoiser: Denoiser, ctx: Context) -> plain.OnCall:
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
