"""The menu of samplers: which scheduler of diffusers each name runs, and with what."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from musegraph import Model, NodeError

from .sigmas import Levels, is_flow, make_sigmas

if TYPE_CHECKING:
    from musegraph_nodes.diffusion.families import Family


@dataclass(frozen=True)
class Sampler:
    """A scheduler of diffusers.

    ``always`` makes it what its name says, whatever the model's configuration has; ``otherwise``
    stands in where that configuration is silent and the scheduler's own default suits pixels and
    not latents.
    """

    scheduler: str
    always: Mapping[str, Any] = field(default_factory=dict)
    otherwise: Mapping[str, Any] = field(default_factory=dict)
    spaced: bool = True
    needs: str = ""


def _dpmpp(algorithm: str = "dpmsolver++", solver: str = "midpoint") -> Sampler:
    always = {"algorithm_type": algorithm, "solver_order": 2, "solver_type": solver}
    return Sampler("DPMSolverMultistepScheduler", always)


_UNCLIPPED = {"clip_sample": False}
SAMPLERS: dict[str, Sampler] = {
    "euler": Sampler("EulerDiscreteScheduler"),
    "euler_ancestral": Sampler("EulerAncestralDiscreteScheduler"),
    "heun": Sampler("HeunDiscreteScheduler"),
    "dpm_2": Sampler("KDPM2DiscreteScheduler"),
    "dpm_2_ancestral": Sampler("KDPM2AncestralDiscreteScheduler"),
    "lms": Sampler("LMSDiscreteScheduler", needs="scipy"),
    # Its third order with noise weighs the second difference by -1 where steps are short, which
    # makes noise stronger with each step; "dpmpp_3m_sde" is ours.
    "dpmpp_2m": _dpmpp(),
    "dpmpp_2m_sde": _dpmpp("sde-dpmsolver++"),
    "dpmpp_2m_sde_heun": _dpmpp("sde-dpmsolver++", "heun"),
    "ddim": Sampler("DDIMScheduler", otherwise={**_UNCLIPPED, "set_alpha_to_one": False}),
    "ddpm": Sampler("DDPMScheduler", otherwise=_UNCLIPPED),
    "plms": Sampler("PNDMScheduler", {"skip_prk_steps": True}),
    # Its other solver, bh1, gives NaN at the last step; "uni_pc" is ours.
    "uni_pc_bh2": Sampler("UniPCMultistepScheduler", {"solver_type": "bh2"}),
    "deis": Sampler("DEISMultistepScheduler", {"algorithm_type": "deis", "solver_type": "logrho"}),
    "sa_solver": Sampler("SASolverScheduler", {"algorithm_type": "data_prediction"}),
    "lcm": Sampler("LCMScheduler", spaced=False),
    "tcd": Sampler("TCDScheduler", spaced=False),
}
_SIGMAS = {
    "karras": "use_karras_sigmas",
    "exponential": "use_exponential_sigmas",
    "beta": "use_beta_sigmas",
}
_SPACINGS = {"normal": "linspace", "simple": "trailing", "ddim_uniform": "leading"}


@dataclass(frozen=True)
class FlowSampler(Sampler):
    """A scheduler of diffusers for models that predict a flow.

    ``shift`` is what it calls the shift of the noise levels. ``heeds`` are the other settings by
    which a model bends them that it follows; it would silently pass over the rest.
    """

    shift: str = "shift"
    heeds: frozenset[str] = frozenset()
    schedules: frozenset[str] = frozenset()
    """Those that it makes of the levels of the model, beside that of the model itself."""


_BY_SIZE, _BY_SIZE_STRAIGHT = "use_dynamic_shifting", "time_shift_type"
_BENDS = frozenset({_BY_SIZE, "shift_terminal", "invert_sigmas", *_SIGMAS.values()})
_ALL, _SPACED = _BENDS | {_BY_SIZE_STRAIGHT}, frozenset(_SIGMAS)


def _flow_dpmpp(name: str) -> FlowSampler:
    own = SAMPLERS[name]
    return FlowSampler(own.scheduler, own.always, shift="flow_shift", heeds=frozenset({_BY_SIZE}))


FLOW_SAMPLERS: dict[str, FlowSampler] = {
    "euler": FlowSampler("FlowMatchEulerDiscreteScheduler", heeds=_ALL, schedules=_SPACED),
    "heun": FlowSampler("FlowMatchHeunDiscreteScheduler"),
    "lcm": FlowSampler("FlowMatchLCMScheduler", heeds=_ALL, schedules=_SPACED),
    "dpmpp_2m": _flow_dpmpp("dpmpp_2m"),
    "dpmpp_2m_sde": _flow_dpmpp("dpmpp_2m_sde"),
    "dpmpp_2m_sde_heun": _flow_dpmpp("dpmpp_2m_sde_heun"),
    "uni_pc_bh2": FlowSampler(
        "UniPCMultistepScheduler", {"solver_type": "bh2"}, shift="flow_shift",
        heeds=frozenset({_BY_SIZE, _BY_SIZE_STRAIGHT, "shift_terminal"}),
    ),
}  # fmt: skip
"""Also of diffusers for flows, but not here: DEISMultistep and SASolver, whose last step goes to
the level where it is, and so leaves noise in the picture."""


def make_scheduler(name: str, schedule: str, config: Mapping[str, Any]) -> Any:
    """The scheduler of a menu entry that diffusers offers, by the model's own configuration."""
    import diffusers

    from musegraph_nodes.live import quiet

    flow = is_flow(config)
    sampler = FLOW_SAMPLERS[name] if flow else SAMPLERS[name]
    check_library(sampler.needs, f"the sampler {name!r}")
    if schedule == "beta":
        check_library("scipy", "the schedule 'beta'")
    spaced = _flow_scheduled(name, schedule, config) if flow else _scheduled(name, schedule)
    with quiet():
        kind = getattr(diffusers, sampler.scheduler)
        otherwise = {k: v for k, v in sampler.otherwise.items() if k not in config}
        changes = otherwise | dict(sampler.always) | (spaced or {})
        return kind.from_config(dict(config), **changes)


def spaced_sigmas(
    model: Model, family: Family, levels: Levels, schedule: str, steps: int, shape: tuple[int, ...]
) -> list[float]:
    """The noise levels of a schedule for a sampler of ours.

    "model default" is what the model's own configuration makes of so many steps of Euler.
    """
    if schedule != "model default":
        return make_sigmas(levels, schedule, steps)
    scheduler = make_scheduler("euler", schedule, model.options["scheduler"])
    try:
        family.set_timesteps(scheduler, steps, "cpu", shape)
    except ValueError as error:
        raise NodeError(
            f"the model's own schedule cannot make {steps} steps: {error}; choose another"
        ) from None
    return [float(sigma) for sigma in scheduler.sigmas]


def offers(name: str, schedule: str, config: Mapping[str, Any]) -> bool:
    """Whether diffusers has a scheduler for a sampler and a schedule, for such a model."""
    if is_flow(config):
        return name in FLOW_SAMPLERS and _flow_scheduled(name, schedule, config) is not None
    return name in SAMPLERS and _scheduled(name, schedule) is not None


def _flow_scheduled(name: str, schedule: str, config: Mapping[str, Any]) -> dict[str, Any] | None:
    """The options that set the levels of a flow; None where the scheduler would pass one over."""
    sampler = FLOW_SAMPLERS[name]
    bent = {option for option in _BENDS if config.get(option)}
    if config.get(_BY_SIZE) and config.get(_BY_SIZE_STRAIGHT, "exponential") != "exponential":
        bent.add(_BY_SIZE_STRAIGHT)
    if not bent <= sampler.heeds or schedule not in {"model default", *sampler.schedules}:
        return None
    made: dict[str, Any] = {sampler.shift: config.get("shift", config.get("flow_shift")) or 1.0}
    if sampler.shift == "flow_shift":
        made |= {"use_flow_sigmas": True, "prediction_type": "flow_prediction"}
    if schedule != "model default":
        made |= {option: option == _SIGMAS[schedule] for option in _SIGMAS.values()}
    return made


def _scheduled(name: str, schedule: str) -> dict[str, Any] | None:
    """The options that set a schedule; None where the scheduler has no such option."""
    import diffusers

    if schedule == "model default":
        return {}
    known = inspect.signature(getattr(diffusers, SAMPLERS[name].scheduler).__init__).parameters
    sigmas = {option: False for option in _SIGMAS.values() if option in known}
    if schedule in _SPACINGS and "timestep_spacing" in known and SAMPLERS[name].spaced:
        return sigmas | {"timestep_spacing": _SPACINGS[schedule]}
    if schedule in _SIGMAS and _SIGMAS[schedule] in known:
        return sigmas | {_SIGMAS[schedule]: True}
    return None


def check_library(library: str, what: str) -> None:
    from importlib.util import find_spec

    if library and find_spec(library) is None:
        raise NodeError(
            f"{what} needs the Python library {library}, which is not installed; install it, or"
            " choose another"
        )
