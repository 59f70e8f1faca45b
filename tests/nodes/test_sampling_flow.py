"""Our own samplers on models that predict a flow, beside the scheduler of diffusers for them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny import Opened

from musegraph import Latent
from musegraph_nodes.diffusion import (
    empty_latent,
    encode_text,
    guider,
    noise,
    sample,
    sigmas,
)
from musegraph_nodes.diffusion.sampling.samplers import OWN

STEPS = 3


@pytest.fixture(scope="module", params=["sd3", "flux", "qwen_image"])
def flowing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return Opened(request.param, tmp_path_factory.mktemp("models") / request.param)


@pytest.fixture(scope="module")
def sd3(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return Opened("sd3", tmp_path_factory.mktemp("models") / "sd3")


def made(tiny: Opened, latent: Latent | None = None, **options: Any) -> torch.Tensor:
    parts = tiny.parts
    told = encode_text(parts.text_encoder, "a red sun", tiny.ctx)
    latent = latent or empty_latent(parts.model, 32, 32)
    tiny.ctx.notes.clear()
    return sample(parts.model, told, tiny.ctx, latent=latent, seed=7, steps=STEPS, **options).data


def apart(one: torch.Tensor, two: torch.Tensor) -> float:
    return float((one - two).square().mean().sqrt() / two.square().mean().sqrt())


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
