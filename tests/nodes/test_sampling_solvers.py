"""Our own samplers, on denoisers whose answers are known exactly and beside those of diffusers."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import diffusers
import pytest
import torch
from analytic import EPS, FLOWS, SD, Line, even, walked

from musegraph_nodes.diffusion.sampling.samplers import OWN
from musegraph_nodes.diffusion.sampling.sigmas import SCHEDULES, Levels, make_sigmas

BOTH = pytest.mark.parametrize("levels", [EPS, FLOWS], ids=["eps", "flow"])

ORDERS = {
    "euler": 1, "euler_cfg_pp": 1, "heun": 2, "heunpp2": 1, "exp_heun_2_x0": 2, "dpm_2": 2,
    "lms": 2, "dpmpp_2m": 2, "plms": 2, "ipndm": 2, "deis": 2, "res_multistep": 2,
    "gradient_estimation": 1, "uni_pc": 3, "uni_pc_bh2": 3,
    # Those that draw noise, without it.
    "euler_ancestral": 1, "euler_ancestral_cfg_pp": 1, "exp_heun_2_x0_sde": 2, "dpm_2_ancestral": 2,
    "dpmpp_2s_ancestral": 2, "dpmpp_sde": 2, "dpmpp_2m_sde": 2, "dpmpp_2m_sde_heun": 2,
    "dpmpp_3m_sde": 2, "ddim": 1, "ddpm": 1, "tcd": 1, "seeds_2": 2, "seeds_3": 3, "sa_solver": 2,
}  # fmt: skip
OTHERWISE = {"dpm_fast", "dpm_adaptive", "lcm", "er_sde"}
"""Their levels are their own, or they draw noise whatever is asked: tested apart."""


def start(levels: Levels, sigma: float, count: int = 64) -> torch.Tensor:
    drawn = Line(levels.path).drawn(count, sigma, torch.Generator().manual_seed(5))
    return drawn[:, None]


@cache
def truth(flow: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Points, and where the ODE leads them."""
    levels = FLOWS if flow else EPS
    first, *_, last = even(levels, 2)
    x = start(levels, first)
    return x, Line(levels.path).exact(x, first, last)


def miss(name: str, levels: Levels, steps: int, eta: float | None = None) -> float:
    """How far a sampler ends from where the ODE leads, in the middle."""
    sigmas = even(levels, steps)
    x, exact = truth(levels is FLOWS)
    return float((walked(name, x, sigmas, levels, eta) - exact).square().mean().sqrt())


def test_every_sampler_is_put_to_one_of_these_tests() -> None:
    assert set(ORDERS) | OTHERWISE == set(OWN)


@BOTH
@pytest.mark.parametrize("name", ORDERS)
def test_a_sampler_is_of_the_order_that_its_paper_says(name: str, levels: Levels) -> None:
    eta = None if OWN[name].eta is None else 0.0
    once, twice = (miss(name, levels, steps, eta) for steps in (40, 80))
    assert math.log2(once / twice) > ORDERS[name] - 0.2


@BOTH
def test_steps_of_order_three_in_one_run_are_of_order_three(levels: Levels) -> None:
    few, many = (miss("dpm_fast", levels, steps) for steps in (20, 80))
    assert math.log(few / many, 4) > 2.7


@BOTH
def test_steps_that_size_themselves_come_near_with_few_and_nearer_with_more(
    levels: Levels,
) -> None:
    few, usual, many = (miss("dpm_adaptive", levels, steps) for steps in (5, 20, 200))
    assert few == usual < 0.003
    assert many < usual / 2


def spread_apart(name: str, levels: Levels, steps: int, count: int = 10_000) -> float:
    """The distance of Kolmogorov and Smirnov between what is sampled and the distribution."""
    sigmas = make_sigmas(levels, "karras" if levels is EPS else "simple", steps)
    line = Line(levels.path)
    x = line.drawn(count, sigmas[0], torch.Generator().manual_seed(1))[:, None]
    made = walked(name, x, sigmas, levels, seed=2)[:, 0].sort().values
    places = (torch.arange(count) + 0.5) / count
    return float((line.below(made, 0.0) - places).abs().max())


@BOTH
@pytest.mark.parametrize("name", [name for name, own in OWN.items() if own.random and not own.few])
def test_a_random_sampler_draws_from_the_distribution(name: str, levels: Levels) -> None:
    # By chance alone 10,000 points are farther than 0.0163 apart once in a hundred times; what is
    # of first order is allowed the error of its steps too, which halves when they are doubled.
    first = name in ("euler_ancestral", "euler_ancestral_cfg_pp", "ddpm")
    if not first:
        assert spread_apart(name, levels, 60) < 0.0163 + 0.003
        return
    few, many = (spread_apart(name, levels, steps) for steps in (20, 80))
    assert few < 0.07
    assert many < 0.35 * few + 0.008


def test_trajectory_consistency_goes_below_by_a_share_of_the_time_and_noises_up() -> None:
    sigma, to, gamma = 0.9, 0.6, 0.3
    x = start(FLOWS, sigma)
    clean = Line(FLOWS.path)(x, sigma)
    time = to / (3 - 2 * to)  # undoes a shift of 3
    below = 3 * (0.7 * time) / (1 + 2 * 0.7 * time)
    noise = (x - (1 - sigma) * clean) / sigma
    scale = (1 - to) / (1 - below)
    lower = (1 - below) * clean + below * noise
    drawn = torch.randn(64, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    wanted = scale * lower + math.sqrt(to**2 - (scale * below) ** 2) * drawn
    assert torch.allclose(walked("tcd", x, [sigma, to], FLOWS, gamma), wanted)


def test_consistency_sampling_noises_what_is_expected_anew() -> None:
    x, drawn = start(EPS, 3.0), torch.randn((64, 1), generator=torch.Generator().manual_seed(0),
                                            dtype=torch.float64)  # fmt: skip
    clean = Line(EPS.path)(x, 3.0)
    assert torch.allclose(walked("lcm", x, [3.0, 1.0], EPS), clean + drawn)
    assert torch.equal(walked("lcm", x, [3.0, 0.0], EPS), clean)


class Guided(Line):
    """One that expects a tenth more than without guidance."""

    def __call__(self, x: torch.Tensor, sigma: float) -> torch.Tensor:
        self.unguided = super().__call__(x, sigma)
        return self.unguided * 1.1


@BOTH
def test_guidance_plus_plus_puts_back_the_noise_that_was_seen_without_guidance(
    levels: Levels,
) -> None:
    sigma, to = 0.8, 0.5
    x, line = start(levels, sigma), Guided(levels.path)
    made = walked("euler_cfg_pp", x, [sigma, to], levels, denoise=line)
    free = Line(levels.path)(x, sigma)
    noise = (x - levels.path.signal(sigma) * free) / sigma
    assert torch.allclose(made, levels.path.signal(to) * free * 1.1 + to * noise)


PAIRS = [
    (schedule, levels)
    for schedule in SCHEDULES
    for levels in (EPS, FLOWS)
    if not (schedule == "align_your_steps" and levels is FLOWS)  # refused in words
]


@pytest.mark.parametrize(("schedule", "levels"), PAIRS)
def test_every_sampler_ends_in_numbers_under_every_schedule(schedule: str, levels: Levels) -> None:
    for steps in (1, 2, 3, 7):
        sigmas = make_sigmas(levels, schedule, steps)
        x = start(levels, sigmas[0], 4)
        for name in OWN:
            assert walked(name, x, sigmas, levels).isfinite().all(), (name, steps)


@pytest.mark.parametrize("name", OWN)
def test_a_sampler_tells_of_each_step_and_of_the_last_one_last(name: str) -> None:
    from musegraph_nodes.diffusion.sampling.walk import Walk

    told: list[int] = []
    sigmas = make_sigmas(EPS, "karras", 6)
    x = start(EPS, sigmas[0], 4)
    walk = Walk(Line(EPS.path), partial(torch.zeros_like, x), EPS, 0.5,
                lambda done, clean: told.append(done))  # fmt: skip
    OWN[name].function(x, sigmas, walk)
    assert told == sorted(told)
    assert told[-1] == 6
    assert name in ("dpm_fast", "dpm_adaptive") or told == [1, 2, 3, 4, 5, 6]


# Beside the schedulers of diffusers

VARIANCE_KEEPING = {
    "DPMSolverMultistepScheduler", "DEISMultistepScheduler", "UniPCMultistepScheduler",
    "SASolverScheduler",
}  # fmt: skip


def theirs(kind: str, steps: int, options: dict[str, Any]) -> tuple[torch.Tensor, list[float]]:
    """What a scheduler of diffusers makes of the points, and the levels that it visited.

    All but the last step, for which some go down to first order and ours only if it leads to zero.
    """
    scheduler = getattr(diffusers, kind)(**SD, **options)
    scheduler.set_timesteps(steps)
    line, generator = Line(EPS.path), torch.Generator().manual_seed(0)
    levels = list(dict.fromkeys(float(sigma) for sigma in scheduler.sigmas))
    x = start(EPS, levels[0])
    keeps = kind in VARIANCE_KEEPING
    if keeps:
        x = x / math.sqrt(1 + levels[0] ** 2)
    levels = levels[:-1]
    for t in scheduler.timesteps[:-1]:
        scheduler.scale_model_input(x, t)
        if scheduler.step_index is None:
            scheduler._init_step_index(t)
        sigma = float(scheduler.sigmas[scheduler.step_index])
        if kind.startswith("KDPM2") and not scheduler.state_in_first_order:
            sigma = float(scheduler.sigmas_interpol[scheduler.step_index])
        seen = x * math.sqrt(1 + sigma**2) if keeps else x
        noise = (seen - line(seen, sigma)) / sigma
        extra = {"generator": generator} if "SDE" in kind or "SA" in kind or "Anc" in kind else {}
        if options.get("algorithm_type") == "sde-dpmsolver++":
            extra = {"generator": generator}
        x = scheduler.step(noise, t, x, **extra, return_dict=False)[0]
    last = levels[-1]
    return (x * math.sqrt(1 + last**2) if keeps else x), levels


def _dpmpp(order: int, kind: str = "dpmsolver++", solver: str = "midpoint") -> dict[str, Any]:
    return {"algorithm_type": kind, "solver_order": order, "solver_type": solver}


PEERS: dict[str, tuple[str, dict[str, Any]]] = {
    "euler": ("EulerDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "dpm_2": ("KDPM2DiscreteScheduler", {}),
    "lms": ("LMSDiscreteScheduler", {}),
    "euler_ancestral": ("EulerAncestralDiscreteScheduler", {}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", _dpmpp(2)),
    "dpmpp_2m_sde": ("DPMSolverMultistepScheduler", _dpmpp(2, "sde-dpmsolver++")),
    "dpmpp_2m_sde_heun": ("DPMSolverMultistepScheduler", _dpmpp(2, "sde-dpmsolver++", "heun")),
    "deis": ("DEISMultistepScheduler", {"solver_type": "logrho"}),
    "uni_pc": ("UniPCMultistepScheduler", {"solver_type": "bh1", "final_sigmas_type": "sigma_min"}),
    "uni_pc_bh2": ("UniPCMultistepScheduler", {"solver_type": "bh2"}),
    "sa_solver": ("SASolverScheduler", {}),
}


@pytest.mark.parametrize("name", PEERS)
def test_a_sampler_of_ours_makes_what_that_of_diffusers_makes(name: str) -> None:
    kind, options = PEERS[name]
    plain, levels = theirs(kind, 12, options)
    made = walked(name, start(EPS, levels[0]), levels, EPS, single="2m" in name)
    assert float((made - plain).abs().max()) < 2e-4 * float(plain.abs().max())


def _sigmas(kind: str, steps: int, **options: Any) -> list[float]:
    scheduler = getattr(diffusers, kind)(**SD, **options)
    scheduler.set_timesteps(steps)
    return [float(sigma) for sigma in scheduler.sigmas]


@pytest.mark.parametrize(
    ("schedule", "theirs"),
    [
        ("normal", partial(_sigmas, "EulerDiscreteScheduler")),
        ("karras", partial(_sigmas, "EulerDiscreteScheduler", use_karras_sigmas=True)),
        ("exponential", partial(_sigmas, "EulerDiscreteScheduler", use_exponential_sigmas=True)),
        ("beta", partial(_sigmas, "EulerDiscreteScheduler", use_beta_sigmas=True)),
        ("simple", partial(_sigmas, "EulerDiscreteScheduler", timestep_spacing="trailing")),
        (
            "ddim_uniform",
            partial(_sigmas, "EulerDiscreteScheduler", timestep_spacing="leading", steps_offset=1),
        ),
    ],
)
def test_a_schedule_is_that_of_diffusers(
    schedule: str, theirs: Callable[[int], list[float]]
) -> None:
    for steps in (4, 10, 25):
        made = make_sigmas(EPS, schedule, steps)
        assert made == pytest.approx(theirs(steps), rel=2e-3)
