"""The menu of samplers: which scheduler of diffusers each name runs, and with what."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from musegraph import NodeError

SamplerName = Literal[
    "euler",
    "euler_ancestral",
    "heun",
    "dpm_2",
    "dpm_2_ancestral",
    "lms",
    "dpmpp_2m",
    "dpmpp_2m_sde",
    "dpmpp_2m_sde_heun",
    "dpmpp_3m_sde",
    "ddim",
    "ddpm",
    "plms",
    "uni_pc",
    "deis",
    "sa_solver",
    "lcm",
]
ScheduleName = Literal[
    "model default", "karras", "exponential", "beta", "normal", "simple", "ddim_uniform"
]


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
    # The other solver, bh1, gives NaN at the last step unless that step is left out.
    "uni_pc": Sampler("UniPCMultistepScheduler", {"solver_type": "bh2"}),
    "deis": Sampler("DEISMultistepScheduler", {"algorithm_type": "deis", "solver_type": "logrho"}),
    "sa_solver": Sampler("SASolverScheduler", {"algorithm_type": "data_prediction"}),
    "lcm": Sampler("LCMScheduler", spaced=False),
}
_SIGMAS = {
    "karras": "use_karras_sigmas",
    "exponential": "use_exponential_sigmas",
    "beta": "use_beta_sigmas",
}
_SPACINGS = {"normal": "linspace", "simple": "trailing", "ddim_uniform": "leading"}


def make_scheduler(name: str, schedule: str, config: Mapping[str, Any]) -> Any:
    """The scheduler of a menu entry, made from the model's own scheduler configuration."""
    import diffusers

    from musegraph_nodes.diffusion.loader import quiet

    sampler = SAMPLERS[name]
    check_library(sampler.needs, f"the sampler {name!r}")
    with quiet():
        kind = getattr(diffusers, sampler.scheduler)
        known = inspect.signature(kind.__init__).parameters
        otherwise = {k: v for k, v in sampler.otherwise.items() if k not in config}
        changes = otherwise | dict(sampler.always) | _scheduled(name, schedule, known)
        return kind.from_config(dict(config), **changes)


def _scheduled(name: str, schedule: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """The options that set a schedule; refused in words where the scheduler has no such option."""
    if schedule == "model default":
        return {}
    sigmas = {option: False for option in _SIGMAS.values() if option in known}
    spaced = "timestep_spacing" in known and SAMPLERS[name].spaced
    if schedule in _SPACINGS and spaced:
        return sigmas | {"timestep_spacing": _SPACINGS[schedule]}
    if schedule in _SIGMAS and _SIGMAS[schedule] in known:
        if schedule == "beta":
            check_library("scipy", "the schedule 'beta'")
        return sigmas | {_SIGMAS[schedule]: True}
    offered = ["model default", *(s for s, option in _SIGMAS.items() if option in known)]
    offered += _SPACINGS if spaced else ()
    raise NodeError(
        f"the sampler {name!r} has no schedule {schedule!r}; it offers: {', '.join(offered)}"
    )


def check_library(library: str, what: str) -> None:
    from importlib.util import find_spec

    if library and find_spec(library) is None:
        raise NodeError(
            f"{what} needs the Python library {library}, which is not installed; install it, or"
            " choose another"
        )
