"""Our own samplers by name: what each needs, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musegraph import NodeError

from . import dpm, exponential, multistep, ode, stochastic
from .walk import Walk

if TYPE_CHECKING:
    from torch import Tensor

Function = Callable[["Tensor", Sequence[float], Walk], "Tensor"]


@dataclass(frozen=True)
class Own:
    """A sampler of ours: ``eta`` is its usual share of fresh noise, None if it knows of none."""

    function: Function
    eta: float | None = None
    fixed: bool = False
    """Whether that share is a part of the method, and cannot be set."""
    asks: int = 1
    """How often it asks the model in a step."""
    few: bool = False
    """Whether it is for models distilled to few steps, and comes near nothing with others."""
    unguided: bool = False
    """Whether it guides in its own way, and wants to be told what is expected without guidance."""

    @property
    def random(self) -> bool:
        return bool(self.eta)


OWN: dict[str, Own] = {
    "euler": Own(ode.euler),
    "euler_cfg_pp": Own(stochastic.euler_cfg_pp, unguided=True),
    "euler_ancestral": Own(stochastic.euler_ancestral, 1.0),
    "euler_ancestral_cfg_pp": Own(stochastic.euler_ancestral_cfg_pp, 1.0, unguided=True),
    "heun": Own(ode.heun, asks=2),
    "heunpp2": Own(ode.heunpp2, asks=3),
    "exp_heun_2_x0": Own(exponential.exp_heun_2_x0, asks=2),
    "exp_heun_2_x0_sde": Own(stochastic.exp_heun_2_x0_sde, 1.0, asks=2),
    "dpm_2": Own(ode.dpm_2, asks=2),
    "dpm_2_ancestral": Own(stochastic.dpm_2_ancestral, 1.0, asks=2),
    "lms": Own(ode.lms),
    "dpm_fast": Own(dpm.dpm_fast),
    "dpm_adaptive": Own(dpm.dpm_adaptive),
    "dpmpp_2s_ancestral": Own(exponential.dpmpp_2s_ancestral, 1.0, asks=2),
    "dpmpp_sde": Own(exponential.dpmpp_sde, 1.0, asks=2),
    "dpmpp_2m": Own(exponential.dpmpp_2m),
    "dpmpp_2m_sde": Own(exponential.dpmpp_2m_sde, 1.0),
    "dpmpp_2m_sde_heun": Own(exponential.dpmpp_2m_sde_heun, 1.0),
    "dpmpp_3m_sde": Own(exponential.dpmpp_3m_sde, 1.0),
    "ddim": Own(stochastic.ddim, 0.0),
    "ddpm": Own(stochastic.ddpm, 1.0),
    "lcm": Own(stochastic.lcm, 1.0, fixed=True, few=True),
    "tcd": Own(stochastic.tcd, 0.3, few=True),
    "plms": Own(ode.plms),
    "ipndm": Own(ode.ipndm),
    "deis": Own(ode.deis),
    "res_multistep": Own(exponential.res_multistep),
    "gradient_estimation": Own(ode.gradient_estimation),
    "er_sde": Own(stochastic.er_sde, 1.0, fixed=True),
    "seeds_2": Own(stochastic.seeds_2, 1.0, asks=2),
    "seeds_3": Own(stochastic.seeds_3, 1.0, asks=3),
    "sa_solver": Own(multistep.sa_solver, 1.0),
    "uni_pc": Own(multistep.uni_pc),
    "uni_pc_bh2": Own(multistep.uni_pc_bh2),
}


def share_of(name: str, eta: float | None) -> float:
    """The share of fresh noise of a sampler: what is set, or what it is known for."""
    own = OWN[name]
    if eta is None:
        return own.eta or 0.0
    if own.eta is None or own.fixed:
        how = "draws no fresh noise" if own.eta is None else "draws noise by a rule of its own"
        raise NodeError(
            f"eta is {eta:g} and the sampler {name!r} {how}; set eta to -1, or choose another"
            " sampler"
        )
    return eta
