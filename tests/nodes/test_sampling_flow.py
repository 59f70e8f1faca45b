"""Samplers on models that predict a flow: schedulers of diffusers, and ours beside them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from analytic import EPS, SD, Line
from tiny import Opened

from musegraph import Latent
from musegraph_nodes.diffusion import (
    decode,
    empty_latent,
    encode_text,
    guider,
    noise,
    sample,
    sigmas,
)
from musegraph_nodes.diffusion.sampling.plain import begin
from musegraph_nodes.diffusion.sampling.samplers import OWN
from musegraph_nodes.diffusion.sampling.schedulers import make_scheduler, offers

# NumPy talks to diffusers about its arithmetic on tensors.
pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

STEPS = 3
Open = Callable[[str], Opened]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Tiny models, each made once."""
    made: dict[str, Opened] = {}

    def one(name: str) -> Opened:
        if name not in made:
            made[name] = Opened(name, tmp_path_factory.mktemp("models") / name)
        return made[name]

    return one


@pytest.fixture(params=["sd3", "flux", "qwen_image"])
def flowing(request: pytest.FixtureRequest, opened: Open) -> Opened:
    return opened(request.param)


@pytest.fixture
def sd3(opened: Open) -> Opened:
    return opened("sd3")


def made(tiny: Opened, latent: Latent | None = None, **options: Any) -> torch.Tensor:
    parts = tiny.parts
    told = encode_text(parts.text_encoder, "a red sun", tiny.ctx)
    latent = latent or empty_latent(parts.model, 32, 32)
    tiny.ctx.notes.clear()
    options = {"seed": 7, "steps": STEPS} | options
    return sample(parts.model, told, tiny.ctx, latent=latent, **options).data


def apart(one: torch.Tensor, two: torch.Tensor) -> float:
    return float((one - two).square().mean().sqrt() / two.square().mean().sqrt())


# Schedulers of diffusers

FLOW: dict[str, Any] = {"use_flow_sigmas": True, "prediction_type": "flow_prediction"}
SDE: dict[str, Any] = FLOW | {"algorithm_type": "sde-dpmsolver++"}
EULER, LCM = "FlowMatchEulerDiscreteScheduler", "FlowMatchLCMScheduler"
DPM, UNI_PC = "DPMSolverMultistepScheduler", "UniPCMultistepScheduler"
CASES: list[tuple[str, str, str, str, dict[str, Any]]] = [
    ("sd3", "heun", "model default", "FlowMatchHeunDiscreteScheduler", {}),
    ("sd3", "lcm", "model default", LCM, {}),
    ("sd3", "lcm", "karras", LCM, {"use_karras_sigmas": True}),
    ("sd3", "euler", "exponential", EULER, {"use_exponential_sigmas": True}),
    ("sd3", "dpmpp_2m", "model default", DPM, FLOW | {"flow_shift": 3.0}),
    ("sd3", "dpmpp_2m_sde", "model default", DPM, SDE | {"flow_shift": 3.0}),
    (
        "sd3", "dpmpp_2m_sde_heun", "model default", DPM,
        SDE | {"flow_shift": 3.0, "solver_type": "heun"},
    ),
    ("sd3", "uni_pc_bh2", "model default", UNI_PC, FLOW | {"flow_shift": 3.0}),
    ("flux", "dpmpp_2m", "model default", DPM, FLOW),
    ("flux", "uni_pc_bh2", "model default", UNI_PC, FLOW),
    ("flux", "euler", "karras", EULER, {"use_karras_sigmas": True}),
    ("flux-schnell", "uni_pc_bh2", "model default", UNI_PC, FLOW),
    ("qwen_image", "uni_pc_bh2", "model default", UNI_PC, FLOW | {"shift_terminal": 0.02}),
    ("qwen_image", "euler", "beta", EULER, {"use_beta_sigmas": True}),
    ("z_image", "lcm", "exponential", LCM, {"use_exponential_sigmas": True}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sampler", "schedule", "kind", "changes"), CASES)
def test_a_scheduler_of_diffusers_paints_a_flow_as_in_the_pipeline_bit_for_bit(
    opened: Open, monkeypatch: pytest.MonkeyPatch, name: str, sampler: str, schedule: str,
    kind: str, changes: dict[str, Any],
) -> None:  # fmt: skip
    tiny = opened(name)
    config = tiny.pipeline.scheduler.config
    scheduler = getattr(diffusers, kind).from_config(config, **changes)
    monkeypatch.setattr(tiny.pipeline, "scheduler", scheduler)
    # These pipelines give their scheduler no generator, so its noise would be of no seed.
    drawn = torch.Generator().manual_seed(7)
    if "generator" in signature(scheduler.step).parameters:
        monkeypatch.setattr(scheduler, "step", partial(scheduler.step, generator=drawn))
    strength = {} if name == "qwen_image" else {"guidance_scale": 0.0 if name == "z_image" else 1.0}
    plain = tiny.pipeline(
        "a red sun", num_inference_steps=4, generator=drawn, output_type="pt", height=32, width=32,
        **strength,
    ).images.permute(0, 2, 3, 1)  # fmt: skip
    latent = Latent(
        made(tiny, sampler=sampler, schedule=schedule, guidance=1.0, steps=4),
        tiny.parts.vae.family, empty_latent(tiny.parts.model).scale,
    )  # fmt: skip
    assert tiny.ctx.notes == [f"sampled by {kind} of diffusers"]
    assert torch.equal(decode(tiny.parts.vae, latent, tiny.ctx).data, plain)


@pytest.mark.parametrize("sampler", ["heun", "dpmpp_2m", "uni_pc_bh2"])
def test_a_scheduler_that_takes_no_list_of_levels_runs_where_the_pipeline_gives_one(
    opened: Open, monkeypatch: pytest.MonkeyPatch, sampler: str
) -> None:
    tiny = opened("z_image")
    config = tiny.pipeline.scheduler.config
    scheduler = make_scheduler(sampler, "model default", config)
    assert scheduler.config.get("flow_shift", scheduler.config.get("shift")) == 3.0
    spaced = scheduler.set_timesteps

    def alone(device: Any, sigmas: list[float], mu: float) -> None:
        if "sigmas" in signature(spaced).parameters:
            spaced(sigmas=np.array(sigmas), device=device)
        else:
            spaced(len(sigmas), device=device)

    monkeypatch.setattr(scheduler, "set_timesteps", alone)
    monkeypatch.setattr(tiny.pipeline, "scheduler", scheduler)
    plain = tiny.plain(prompt="a red sun", guidance_scale=0.0, height=32, width=32)
    found = made(tiny, sampler=sampler, guidance=1.0)
    latent = Latent(found, tiny.parts.vae.family, empty_latent(tiny.parts.model).scale)
    assert torch.equal(decode(tiny.parts.vae, latent, tiny.ctx).data, plain)


STATIC = {"_class_name": EULER, "shift": 3.0}
BY_SIZE = {"_class_name": EULER, "use_dynamic_shifting": True}


@pytest.mark.parametrize(
    ("config", "changes", "lost"),
    [
        (BY_SIZE, {}, {"heun"}),
        (BY_SIZE, {"time_shift_type": "linear"}, {"heun", "dpmpp_2m"}),
        (BY_SIZE, {"shift_terminal": 0.02}, {"heun", "dpmpp_2m"}),
        (STATIC, {"use_karras_sigmas": True}, {"heun", "dpmpp_2m", "uni_pc_bh2"}),
        (STATIC, {}, set()),
    ],
)
def test_where_a_scheduler_would_pass_over_a_setting_of_the_model_ours_runs(
    config: dict[str, Any], changes: dict[str, Any], lost: set[str]
) -> None:
    names = {"euler", "lcm", "heun", "dpmpp_2m", "uni_pc_bh2"}
    for name in names:
        assert offers(name, "model default", config | changes) == (name not in lost), name
    assert not any(offers(name, "karras", config) for name in names - {"euler", "lcm"})


def test_a_shift_that_a_configuration_calls_otherwise_is_followed() -> None:
    config = {"_class_name": UNI_PC, "flow_shift": 5.0} | FLOW
    for name in ("euler", "heun", "dpmpp_2m"):
        scheduler = make_scheduler(name, "model default", config)
        scheduler.set_timesteps(4)
        # The second of four levels, unshifted about 0.75; Euler and Heun bend them once more.
        assert float(scheduler.sigmas[scheduler.order]) > 0.9, name


def test_more_steps_than_whole_timesteps_are_all_made() -> None:
    """Near noise two levels fall on one timestep, where a scheduler would begin with the second."""
    scheduler = make_scheduler("dpmpp_2m", "model default", STATIC)
    scheduler.set_timesteps(600)
    assert scheduler.timesteps[0] == scheduler.timesteps[1]
    x = torch.randn(1, 1, 2, 2)
    for t in begin(scheduler, x, x, [torch.Generator()], 0, 600, blank=True).timesteps:
        x = scheduler.step(x, t, x, return_dict=False)[0]
    assert scheduler.step_index == 600
    assert x.isfinite().all()


def test_what_of_diffusers_is_not_trusted_still_goes_wrong() -> None:
    """Should one of these fail, diffusers has been mended and can run again: see the README."""
    for kind in ("DEISMultistepScheduler", "SASolverScheduler"):
        scheduler = getattr(diffusers, kind)(**FLOW)
        scheduler.set_timesteps(20)
        assert scheduler.sigmas[-1] == scheduler.sigmas[-2] > 0.01, kind
    scheduler = diffusers.DPMSolverMultistepScheduler(
        **SD, algorithm_type="sde-dpmsolver++", solver_order=3, prediction_type="sample",
        timestep_spacing="trailing",
    )  # fmt: skip
    scheduler.set_timesteps(256)
    generator, line = torch.Generator().manual_seed(0), Line(EPS.path)
    x = torch.randn(2000, generator=generator)
    for t, sigma in zip(scheduler.timesteps, scheduler.sigmas.tolist(), strict=False):
        clean = line(x.double() * (1 + sigma**2) ** 0.5, sigma).float()
        x = scheduler.step(clean, t, x, generator=generator, return_dict=False)[0]
    true = line.drawn(2000, 0.0, generator)
    assert x.std() > 1.5 * true.std()


# Ours


def test_our_euler_follows_a_flow_as_the_pipeline_does(flowing: Opened) -> None:
    plain = made(flowing, sampler="euler")
    assert flowing.ctx.notes == ["sampled by FlowMatchEulerDiscreteScheduler of diffusers"]
    latent = empty_latent(flowing.parts.model, 32, 32)
    levels = sigmas(flowing.parts.model, latent, "model default", STEPS)
    assert len(levels) == STEPS + 1
    own = made(flowing, sampler="euler", sigmas=levels)
    assert "own 'euler'" in flowing.ctx.notes[0]
    assert apart(own, plain) < 1e-4


def test_a_picture_made_of_another_begins_with_as_much_noise_as_in_the_pipeline(
    flowing: Opened,
) -> None:
    start = torch.randn(empty_latent(flowing.parts.model, 32, 32).data.shape)
    given = Latent(start, flowing.parts.model.family, empty_latent(flowing.parts.model).scale)
    plain = made(flowing, given, sampler="euler", denoise=0.7)
    levels = sigmas(flowing.parts.model, given, "model default", STEPS)
    own = made(flowing, given, sampler="euler", denoise=0.7, sigmas=levels)
    assert apart(own, plain) < 1e-4


def test_every_sampler_paints_with_a_flow(sd3: Opened) -> None:
    for name in OWN:
        found = made(sd3, sampler=name, schedule="sgm_uniform", guidance=1.0)
        assert found.isfinite().all(), name
        assert found.std() < 10, name


def test_a_shift_of_ones_own_moves_the_levels(sd3: Opened) -> None:
    usual = sigmas(sd3.parts.model, schedule="simple", steps=4)
    more = sigmas(sd3.parts.model, schedule="simple", steps=4, shift=12.0)
    assert usual[0] == more[0] == 1.0
    assert more[2] == pytest.approx(12 * 0.5 / (1 + 11 * 0.5))
    assert more[2] > usual[2]


@pytest.mark.parametrize("method", ["pag", "seg", "skip_layers", "cfg_zero", "apg"])
def test_guiders_lead_a_transformer(sd3: Opened, method: Any) -> None:
    usual = made(sd3, sampler="euler", guidance=4.0)
    led = made(sd3, sampler="euler", guidance=4.0, guider=guider(method))
    assert led.isfinite().all()
    assert apart(led, usual) > 1e-4


def test_random_samplers_keep_the_noise_of_a_flow_as_strong_as_the_level(sd3: Opened) -> None:
    latent = empty_latent(sd3.parts.model, 64, 64, 8)
    levels = [1.0, 0.6]
    for name in ("euler_ancestral", "dpmpp_sde", "er_sde", "lcm"):
        found = made(sd3, latent, sampler=name, sigmas=levels, guidance=1.0, noise=noise())
        assert float(found.std()) > 0.55, name  # the noise alone is 0.6
