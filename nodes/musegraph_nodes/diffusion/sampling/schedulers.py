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


def _dpmpp(order: int, algorithm: str = "dpmsolver++", solver: str = "midpoint") -> Sampler:
    always = {"algorithm_type": algorithm, "solver_order": order, "solver_type": solver}
    return Sampler("DPMSolverMultistepScheduler", always)


_UNCLIPPED = {"clip_sample": False}
SAMPLERS: dict[str, Sampler] = {
    "euler": Sampler("EulerDiscreteScheduler"),
    "euler_ancestral": Sampler("EulerAncestralDiscreteScheduler"),
    "heun": Sampler("HeunDiscreteScheduler"),
    "dpm_2": Sampler("KDPM2DiscreteScheduler"),
    "dpm_2_ancestral": Sampler("KDPM2AncestralDiscreteScheduler"),
    "lms": Sampler("LMSDiscreteScheduler", needs="scipy"),
    "dpmpp_2m": _dpmpp(2),
    "dpmpp_2m_sde": _dpmpp(2, "sde-dpmsolver++"),
    "dpmpp_2m_sde_heun": _dpmpp(2, "sde-dpmsolver++", "heun"),
    "dpmpp_3m_sde": _dpmpp(3, "sde-dpmsolver++"),
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


_FLOW = Sampler("FlowMatchEulerDiscreteScheduler", spaced=False)


def make_scheduler(name: str, schedule: str, config: Mapping[str, Any]) -> Any:
    """The scheduler of a menu entry that diffusers offers, by the model's own configuration."""
    import diffusers

    from musegraph_nodes.diffusion.loader import quiet

    sampler = _FLOW if is_flow(config) else SAMPLERS[name]
    check_library(sampler.needs, f"the sampler {name!r}")
    if schedule == "beta":
        check_library("scipy", "the schedule 'beta'")
    with quiet():
        kind = getattr(diffusers, sampler.scheduler)
        otherwise = {k: v for k, v in sampler.otherwise.items() if k not in config}
        changes = otherwise | dict(sampler.always) | (_scheduled(name, schedule) or {})
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
    if name not in SAMPLERS:
        return False
    if is_flow(config):
        return name == "euler" and schedule == "model default"
    return _scheduled(name, schedule) is not None


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
