"""From noise, or from a noisy latent, to a clean one: the way down that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from musegraph import Conditioning, Context, Latent, Mask, Model, NodeError
from musegraph_nodes.diffusion.control.marks import shared
from musegraph_nodes.diffusion.control.steering import steered
from musegraph_nodes.diffusion.control.style_push import pushed
from musegraph_nodes.diffusion.families import Denoiser, Family, family_of
from musegraph_nodes.diffusion.preview import preview_of, preview_of_clean
from musegraph_nodes.diffusion.prompts.regions import Prompts

from . import keep, loop, plain, split
from .guiders import Guide, Guiding
from .noise import Drawing, Source
from .samplers import OWN
from .schedulers import make_scheduler, offers, spaced_sigmas
from .sigmas import Levels, levels_for, whole

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Asked:
    """What a user set of the way down from noise."""

    sampler: str
    schedule: str
    steps: int
    denoise: float
    seeds: tuple[int, ...]
    """More than one if several samplings are made as one batch: so many items for each."""
    sigmas: Sequence[float] | None
    drawing: Drawing
    start: float
    end: float
    guidance: float
    guidance_rescale: float
    guiding: Guiding
    mask: Mask | None = None
    """How much of each place is made anew; None for all of it."""

    @property
    def whole(self) -> bool:
        """Whether it leads from a clean latent to a clean one."""
        clean = self.sigmas is None or self.sigmas[-1] == 0
        return self.start == 0 and self.end == 1 and self.drawing.add and clean

    @property
    def skipped(self) -> int:
        """The steps that are left out because the latent is not to be made anew wholly."""
        if self.start > 0:
            return 0
        return self.steps - min(int(self.steps * self.denoise), self.steps)


def sampled(
    model: Model,
    positive: Conditioning,
    negative: Conditioning | None,
    latent: Latent,
    asked: Asked,
    ctx: Context,
) -> Latent:
    """The latent that is asked for; the given one if nothing of it is to be made anew."""
    import torch

    _check(model, latent, positive, negative)
    # Before the weights are loaded: a mask that says nothing is told at once.
    cells = None if asked.mask is None else keep.cells_of(asked.mask, latent, asked.whole)
    family = family_of(model)
    with torch.no_grad():
        way = _way(model, family, latent, asked, ctx)
        if way is None:
            return latent
        always = OWN[asked.sampler].unguided
        away = (asked.guidance > 1 or always) and not family.embeds_guidance
        texts: dict[str, Conditioning | None] = {"told": positive}
        if away:
            wanted = negative is None or asked.guiding.method == "perp_neg"
            empty = family.away(model, positive, None, ctx) if wanted else None
            free = family.away(model, positive, negative, ctx) if negative else empty
            texts |= {"free": shared(positive, free), "empty": shared(positive, empty)}
        elif negative is not None and family.embeds_guidance:
            ctx.warn(f"{family.title} has learnt guidance: a negative text changes nothing")
        with ctx.load(model) as net:
            denoiser = family.denoiser(net, model, ctx.device, one_by_one=ctx.frugal)
            ask = _Texts(denoiser, texts, asked.guidance, together=not ctx.frugal)
            guide = Guide(
                denoiser,
                ask,
                asked.guidance if away else 1.0,
                asked.guidance_rescale,
                asked.guiding,
                always and away,
            )
            levels = partial(levels_for, model, family, tuple(latent.data.shape))
            with (
                steered(denoiser, texts.values(), ctx),
                pushed(denoiser, positive, levels, ctx) as guide.push,
            ):
                data = _kept(way, denoiser, guide, latent, cells, levels)
    return Latent(data, model.family, latent.scale)


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


def _kept(
    way: Way, denoiser: Denoiser, guide: Guide, latent: Latent, cells: Tensor | None,
    levels: Callable[[], Levels],
) -> Tensor:  # fmt: skip
    """What the way leads to; with a mask, only where that lets it."""
    if cells is None:
        return way(denoiser, guide)
    cells, given = (one.to(denoiser.device) for one in (cells, latent.data.float()))
    guide.keep = stays = keep.Keep(denoiser, cells, given, levels())
    return stays.ended(way(denoiser, guide))


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


def _way(model: Model, family: Family, latent: Latent, asked: Asked, ctx: Context) -> Way | None:
    """The way down from noise: that of diffusers where it has one, else ours.

    None if so little is to be made anew that no step is left.
    """
    config = model.options["scheduler"]
    blank = asked.denoise == 1 and asked.start == 0 and not bool(latent.data.any())
    if not blank and asked.skipped == asked.steps:
        return None
    source = Source(tuple(latent.data.shape), asked.seeds, asked.drawing, ctx)
    theirs = asked.sigmas is None and not asked.drawing.own
    if theirs and offers(asked.sampler, asked.schedule, config):
        return _theirs(model, family, latent, asked, source, blank, ctx)
    return _ours(model, family, latent, asked, source, blank, ctx)


def _theirs(
    model: Model, family: Family, latent: Latent, asked: Asked, source: Source, blank: bool,
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
    model: Model, family: Family, latent: Latent, asked: Asked, source: Source, blank: bool,
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
