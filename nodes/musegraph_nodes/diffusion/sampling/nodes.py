"""Nodes that set a sampling: its noise levels, its guider, its noise."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field

from musegraph import ADVANCED, Context, Latent, Model, NodeError, Seed, node
from musegraph_nodes.diffusion.references import check_loader

from .names import GuiderValue, Method, NoiseValue, ScheduleName, SigmasValue


@node(version="1")
def sigmas(
    model: Model,
    latent: Annotated[
        Latent | None,
        Field(description="Its size counts where a model shifts its levels by size."),
    ] = None,
    schedule: Annotated[
        ScheduleName, Field(description="How the noise levels of the steps are spaced.")
    ] = "karras",
    steps: Annotated[int, Field(ge=1, le=1000, description="More are slower and finer.")] = 20,
    shift: Annotated[
        float,
        Field(
            ge=0,
            le=100,
            description="Of a flow model: more gives strong noise more steps; 0: its own.",
        ),
    ] = 0.0,
) -> SigmasValue:
    """Give a sampler its noise levels, by the name of a schedule.

    One level more than there are steps, the last of them 0. The names and where each comes from
    are in the README of this pack.
    """
    from musegraph_nodes.diffusion.families import family_of
    from musegraph_nodes.diffusion.latents import blank

    from .schedulers import spaced_sigmas
    from .sigmas import is_flow, levels_for

    check_loader(model)
    family = family_of(model)
    if latent is None and model.options["scheduler"].get("use_dynamic_shifting") and not shift:
        latent = blank(model)
    shape = (1, 1, 1, 1) if latent is None else tuple(latent.data.shape)
    if shift and not is_flow(model.options["scheduler"]):
        raise NodeError(
            f"shift is {shift:g} and this model predicts no flow, so nothing is shifted; set it to"
            " 0"
        )
    if shift:
        config = model.options["scheduler"] | {"shift": shift, "use_dynamic_shifting": False}
        model = model.model_copy(update={"options": model.options | {"scheduler": config}})
    levels = levels_for(model, family, shape)
    return spaced_sigmas(model, family, levels, schedule, steps, shape)


@node(version="1")
def custom_sigmas(
    values: Annotated[
        list[float], Field(min_length=2, description="Falling; the last is 0 for a clean picture.")
    ],
) -> SigmasValue:
    """Give a sampler noise levels of your own, as noise to signal; of a flow model from 1 to 0."""
    for high, low in pairwise(values):
        if not high > low >= 0:
            raise NodeError(
                f"noise levels fall, and not below 0: {low:g} comes after {high:g}; sort them, the"
                " highest first"
            )
    return values


@node(version="1")
def cut_sigmas(
    sigmas: Annotated[SigmasValue, Field(description="Of all the steps.")],
    start: Annotated[int, Field(ge=0, le=1000, description="How many steps to leave out.")] = 0,
    end: Annotated[
        int, Field(ge=0, le=1000, description="The step after which to stop; 0: the last.")
    ] = 0,
) -> SigmasValue:
    """Take some steps out of a schedule, so that two samplers share it.

    The first is given the steps up to ``end`` and leaves a noisy latent; the second those from
    there on, and noise settings that add none.
    """
    steps = len(sigmas) - 1
    last = end or steps
    if not 0 <= start < last <= steps:
        raise NodeError(
            f"there are {steps} steps, and steps {start} to {last} are no part of them; set start"
            f" below end, and end to {steps} at most"
        )
    return sigmas[start : last + 1]


Scale = Annotated[
    float,
    Field(ge=0, le=100, description="How much the part of pag, seg, skip_layers, perp_neg counts."),
]
Layers = Annotated[
    list[int],
    Field(description="Which layers pag, seg and skip_layers weaken; none: the middle one."),
]


Momentum = Annotated[
    float,
    Field(ge=-1, le=1, description="Of apg: below 0, each step leads away from the last."),
    ADVANCED,
]


@node(version="1")
def guider(
    method: Annotated[
        Method, Field(description="How the answers with and without a text become one.")
    ] = "cfg",
    scale: Scale = 3.0,
    start: Annotated[
        float, Field(ge=0, le=1, description="The share of the steps before guidance begins.")
    ] = 0.0,
    stop: Annotated[
        float, Field(ge=0, le=1, description="The share of the steps after which it ends.")
    ] = 1.0,
    layers: Layers = [],  # noqa: B006 # an input's default, never changed
    momentum: Momentum = 0.0,
    parallel: Annotated[
        float,
        Field(ge=0, le=1, description="Of apg: what counts of guidance along the answer itself."),
        ADVANCED,
    ] = 0.0,
    most: Annotated[
        float,
        Field(ge=0, description="Of apg: the greatest length of guidance; 0: any."),
        ADVANCED,
    ] = 15.0,
    zero_steps: Annotated[
        int,
        Field(ge=0, le=1000, description="Of cfg_zero: how many first steps stand still."),
        ADVANCED,
    ] = 1,
) -> GuiderValue:
    """Choose how a sampler follows a text; its ``guidance`` stays the strength.

    ``cfg`` with start and stop is guidance in a limited interval (https://arxiv.org/abs/2404.07724);
    the papers of the others are in the README of this pack. ``pag``, ``seg`` and ``skip_layers``
    ask the model once more for each step.
    """
    from .guiders import Guiding

    made = Guiding(
        method=method,
        scale=scale,
        start=start,
        stop=stop,
        layers=tuple(layers),
        momentum=momentum,
        parallel=parallel,
        most=most,
        zero_steps=zero_steps,
    )
    return made.model_dump(mode="json")


@node(version="1")
def noise(
    add: Annotated[
        bool,
        Field(description="Off: the latent has its noise already, from another sampler."),
        ADVANCED,
    ] = True,
    variation_seed: Annotated[
        Seed, Field(description="Of the other noise; item i of a batch takes it + i.")
    ] = 0,
    variation: Annotated[
        float, Field(ge=0, le=1, description="How much of the other noise: 1 is all of it.")
    ] = 0.0,
    eta: Annotated[
        float,
        Field(
            ge=-1,
            le=1,
            description="The share of fresh noise in each step; -1: what the sampler is known for.",
        ),
        ADVANCED,
    ] = -1.0,
    scale: Annotated[
        float,
        Field(ge=0, le=2, description="How strong fresh noise is; above 1 for more detail."),
        ADVANCED,
    ] = 1.0,
) -> NoiseValue:
    """Set how a sampler draws noise: variations of a seed, none at the start, more on the way."""
    from .noise import Drawing

    made = Drawing(
        add=add,
        variation_seed=variation_seed,
        variation=variation,
        eta=None if eta < 0 else eta,
        scale=scale,
    )
    return made.model_dump(mode="json")


@node(version="1", numeric=True)
def add_noise(
    latent: Latent,
    ctx: Context,
    amount: Annotated[
        float, Field(ge=0, le=1000, description="The spread of the noise, in a latent's own unit.")
    ] = 0.05,
    seed: Annotated[Seed, Field(description="Item i of a batch takes the seed + i.")] = 0,
) -> Latent:
    """Put noise into a latent [B,C,h,w]: for more detail, before a sampler or between two."""
    from musegraph_nodes.diffusion.latents import generators, noise_of

    data = latent.data
    drawn = noise_of(tuple(data.shape), generators(ctx, seed, len(data)))
    return Latent(data + drawn.to(data.device) * amount, latent.family, latent.scale)
