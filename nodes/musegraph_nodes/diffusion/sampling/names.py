"""What a sampling is set to: the names that users know, and what travels on its edges.

Apart from what does the work, so that a workflow is read and checked without it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from musegraph import Named

SamplerName = Literal[
    "euler",
    "euler_cfg_pp",
    "euler_ancestral",
    "euler_ancestral_cfg_pp",
    "heun",
    "heunpp2",
    "exp_heun_2_x0",
    "exp_heun_2_x0_sde",
    "dpm_2",
    "dpm_2_ancestral",
    "lms",
    "dpm_fast",
    "dpm_adaptive",
    "dpmpp_2s_ancestral",
    "dpmpp_sde",
    "dpmpp_2m",
    "dpmpp_2m_sde",
    "dpmpp_2m_sde_heun",
    "dpmpp_3m_sde",
    "ddim",
    "ddpm",
    "lcm",
    "tcd",
    "plms",
    "ipndm",
    "deis",
    "res_multistep",
    "gradient_estimation",
    "er_sde",
    "seeds_2",
    "seeds_3",
    "sa_solver",
    "uni_pc",
    "uni_pc_bh2",
]
ScheduleName = Literal[
    "model default",
    "normal",
    "karras",
    "exponential",
    "sgm_uniform",
    "simple",
    "ddim_uniform",
    "beta",
    "beta_timesteps",
    "linear_quadratic",
    "kl_optimal",
    "align_your_steps",
]
Method = Literal["cfg", "apg", "cfg_zero", "tangential", "perp_neg", "pag", "seg", "skip_layers"]

SigmasValue = Annotated[list[float], Named("Sigmas")]
GuiderValue = Annotated[dict[str, Any], Named("Guider")]
NoiseValue = Annotated[dict[str, Any], Named("Noise")]
