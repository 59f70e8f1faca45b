"""The sampler node with what diffusers lacks: our samplers, schedules, guiders, and noise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import diffusers
import pytest
import torch
from diffusers.schedulers import AysSchedules
from tiny_sd import Tiny, make_tiny

from musegraph import Conditioning, Context, Latent, NodeError
from musegraph_nodes.diffusion import (
    add_noise,
    custom_sigmas,
    cut_sigmas,
    encode_text,
    guider,
    noise,
    sample,
    sigmas,
)
from musegraph_nodes.diffusion.sampling.guiders import Guide
from musegraph_nodes.diffusion.sampling.loop import Expected, walk_down
from musegraph_nodes.diffusion.sampling.names import Method
from musegraph_nodes.diffusion.sampling.noise import Drawing, Source, slerp
from musegraph_nodes.diffusion.sampling.perturb import blocks_of, perturbed
from musegraph_nodes.diffusion.sampling.samplers import OWN
from musegraph_nodes.diffusion.sampling.schedulers import FLOW_SAMPLERS, SAMPLERS
from musegraph_nodes.diffusion.sampling.sigmas import SCHEDULES, levels_of, make_sigmas, whole

PROMPT, OTHER = "a red sun", "fog"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return Tiny(make_tiny(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(scope="module")
def told(tiny: Tiny) -> Conditioning:
    return encode_text(tiny.parts.text_encoder, PROMPT, tiny.ctx)


@pytest.fixture(scope="module")
def other(tiny: Tiny) -> Conditioning:
    return encode_text(tiny.parts.text_encoder, OTHER, tiny.ctx)


@pytest.fixture
def ours(tiny: Tiny, told: Conditioning) -> Any:
    def run(seed: int = 7, steps: int = 4, **options: Any) -> torch.Tensor:
        tiny.ctx.notes.clear()
        return sample(tiny.parts.model, told, tiny.ctx, seed=seed, steps=steps, **options).data

    return run


def near(one: torch.Tensor, two: torch.Tensor, share: float = 1e-4) -> bool:
    return float((one - two).square().mean().sqrt()) < share * float(two.square().mean().sqrt())


# Which sampler runs


def test_a_scheduler_of_diffusers_runs_where_there_is_one_and_the_record_says_so(
    tiny: Tiny, ours: Any
) -> None:
    ours(sampler="euler", schedule="karras")
    assert tiny.ctx.notes == ["sampled by EulerDiscreteScheduler of diffusers"]


@pytest.mark.parametrize(
    "options",
    [
        {"sampler": "dpmpp_2s_ancestral"},
        {"sampler": "euler_ancestral", "schedule": "karras"},
        {"sampler": "euler", "schedule": "kl_optimal"},
        {"sampler": "euler", "sigmas": [14.0, 3.0, 0.5, 0.0]},
        {"sampler": "ddim", "noise": {"eta": 0.5}},
    ],
)
def test_a_sampler_of_ours_runs_where_diffusers_has_none_and_the_record_says_so(
    tiny: Tiny, ours: Any, options: dict[str, Any]
) -> None:
    made = ours(**options)
    assert made.isfinite().all()
    (said,) = tiny.ctx.notes
    assert said.startswith(f"sampled by the own '{options['sampler']}': the levels were ")


# The one left out sizes its steps by the worst picture of a batch, as its text says.
@pytest.mark.parametrize("name", sorted(set(OWN) - {"dpm_adaptive"}))
def test_every_sampler_of_ours_paints_what_the_seed_says_item_by_item(
    tiny: Tiny, ours: Any, name: str
) -> None:
    options: dict[str, Any] = {"sampler": name, "schedule": "sgm_uniform", "steps": 2}
    both = ours(latent=blank(tiny, 2), guidance=1.0, **options)
    second = ours(latent=blank(tiny, 1), guidance=1.0, seed=8, **options)
    assert both.isfinite().all()
    assert near(both[1:], second)


def blank(tiny: Tiny, batch: int = 1) -> Latent:
    return Latent(torch.zeros(batch, 4, 8, 8), tiny.parts.model.family, 4)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_our_euler_paints_what_that_of_diffusers_paints(tmp_path: Path, prediction: str) -> None:
    tiny = Tiny(make_tiny(tmp_path / "tiny", prediction_type=prediction))
    scheduler = diffusers.EulerDiscreteScheduler.from_config(
        tiny.config, timestep_spacing="linspace"
    )
    plain = tiny.plain(scheduler, prompt=PROMPT, guidance_scale=4.0)
    text = encode_text(tiny.parts.text_encoder, PROMPT, tiny.ctx)
    levels = [float(sigma) for sigma in scheduler.sigmas]
    # Its pipeline begins with noise of the spread of the level, ours as in training.
    start = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(7)) * levels[0]
    given = Latent(start, tiny.parts.model.family, 4)
    made = sample(
        tiny.parts.model, text, tiny.ctx, latent=given, guidance=4.0, sampler="euler",
        sigmas=levels, noise=noise(add=False),
    )  # fmt: skip
    assert near(made.data, plain, 2e-3)


def test_image_to_image_begins_where_as_much_noise_is_left(tiny: Tiny, ours: Any) -> None:
    start = Latent(torch.randn(1, 4, 8, 8), tiny.parts.model.family, 4)
    levels = sigmas(tiny.parts.model, schedule="karras", steps=5)
    whole = ours(latent=start, sigmas=levels, denoise=0.4, sampler="euler")
    part = ours(latent=start, sigmas=cut_sigmas(levels, 3), sampler="euler")
    assert torch.equal(whole, part)


# Noise levels


def test_two_samplers_that_share_a_schedule_paint_what_one_paints(tiny: Tiny, ours: Any) -> None:
    levels = sigmas(tiny.parts.model, schedule="karras", steps=5)
    whole = ours(sigmas=levels, sampler="euler")
    noisy = ours(sigmas=cut_sigmas(levels, end=2), sampler="euler")
    given = Latent(noisy, tiny.parts.model.family, 4)
    rest = ours(
        sigmas=cut_sigmas(levels, 2), sampler="euler", latent=given, noise=noise(add=False), seed=3
    )
    assert near(rest, whole, 1e-6)


def test_a_schedule_gives_as_many_levels_as_steps_and_zero(tiny: Tiny) -> None:
    levels = sigmas(tiny.parts.model, schedule="exponential", steps=7)
    assert len(levels) == 8
    assert levels[-1] == 0
    assert levels[0] == pytest.approx(14.6146, abs=1e-3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sigmas": [1.0]}, "have no step"),
        ({"sigmas": [1.0, 2.0, 0.0]}, "2 comes after 1"),
        ({"sigmas": [1.0, -1.0]}, "-1 comes after 1"),
    ],
)
def test_levels_that_do_not_fall_are_refused_in_words(
    ours: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(NodeError, match=words):
        ours(sampler="euler", **options)


def test_levels_of_ones_own_have_to_fall() -> None:
    assert custom_sigmas([3.0, 1.0, 0.0]) == [3.0, 1.0, 0.0]
    with pytest.raises(NodeError, match="2 comes after 1"):
        custom_sigmas([1.0, 2.0])


def test_a_part_beyond_the_steps_is_refused_in_words() -> None:
    with pytest.raises(NodeError, match="there are 2 steps, and steps 1 to 3"):
        cut_sigmas([3.0, 1.0, 0.0], 1, 3)


def test_a_shift_is_refused_for_a_model_without_a_flow(tiny: Tiny) -> None:
    with pytest.raises(NodeError, match="predicts no flow"):
        sigmas(tiny.parts.model, shift=3.0)


# Noise


def test_a_variation_of_nothing_is_the_seed_and_of_all_the_other_seed(ours: Any) -> None:
    seeded, varied = ours(seed=7), ours(seed=9)
    assert torch.equal(ours(seed=7, noise=noise(variation_seed=9, variation=0.0)), seeded)
    assert near(ours(seed=7, noise=noise(variation_seed=9, variation=1.0)), varied)
    between = ours(seed=7, noise=noise(variation_seed=9, variation=0.1))
    assert (between - seeded).norm() < (between - varied).norm()


def test_noise_between_two_seeds_is_as_strong_as_theirs() -> None:
    one, two = torch.randn(2, 3, 4, 16, 16, generator=torch.Generator().manual_seed(0)).unbind()
    middle = slerp(one, two, 0.5)
    assert middle.std() == pytest.approx(1.0, abs=0.03)
    assert torch.allclose(slerp(one, one, 0.5), one, atol=1e-5)


def test_fresh_noise_is_as_strong_as_set(ours: Any) -> None:
    usual = ours(sampler="euler_ancestral", schedule="karras")
    weak = ours(sampler="euler_ancestral", schedule="karras", noise=noise(scale=0.0))
    none = ours(sampler="euler_ancestral", schedule="karras", noise=noise(eta=0.0))
    plain = ours(sampler="euler", sigmas=_levels_of(ours))
    assert not near(usual, weak)
    assert not near(weak, none)  # it goes below each level and stays there
    assert near(none, plain)


def _levels_of(ours: Any) -> list[float]:
    config = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    return make_sigmas(levels_of(config), "karras", 4)


def test_noise_put_into_a_latent_has_the_spread_that_is_set(tiny: Tiny) -> None:
    given = Latent(torch.ones(2, 4, 32, 32), tiny.parts.model.family, 4)
    made = add_noise(given, tiny.ctx, amount=0.5, seed=4).data - 1
    assert made.std() == pytest.approx(0.5, abs=0.02)
    alone = add_noise(Latent(given.data[1:], given.family, 4), tiny.ctx, amount=0.5, seed=5)
    assert torch.equal(made[1:] + 1, alone.data)


# Guiders


class Plain:
    """What the guiders of diffusers are given in a pipeline: the answers of the net."""

    def __init__(self, kind: str, **options: Any) -> None:
        self.guider = getattr(diffusers, kind)(**options)

    def __call__(self, told: torch.Tensor, free: torch.Tensor, step: int) -> torch.Tensor:
        self.guider.set_state(step, 4, torch.tensor(0))
        if step == 0:
            self.guider.prepare_inputs({"x": (told, free)})
        made: torch.Tensor = self.guider.forward(told, free).pred
        return made


@pytest.mark.parametrize(
    ("method", "options", "kind", "theirs"),
    [
        ("cfg", {}, "ClassifierFreeGuidance", {}),
        ("cfg", {"start": 0.25, "stop": 0.75}, "ClassifierFreeGuidance",
         {"start": 0.25, "stop": 0.75}),
        ("apg", {"momentum": -0.5, "most": 15.0, "parallel": 0.3}, "AdaptiveProjectedGuidance",
         {"adaptive_projected_guidance_momentum": -0.5, "eta": 0.3}),
        ("cfg_zero", {"zero_steps": 1}, "ClassifierFreeZeroStarGuidance", {"zero_init_steps": 1}),
        ("tangential", {}, "TangentialClassifierFreeGuidance", {}),
    ],
)  # fmt: skip
def test_a_guider_is_that_of_diffusers(
    tiny: Tiny, told: Conditioning, other: Conditioning, ours: Any, method: Any,
    options: dict[str, Any], kind: str, theirs: dict[str, Any],
) -> None:  # fmt: skip
    plain = Plain(kind, guidance_scale=4.0, **theirs)
    scheduler = diffusers.EulerDiscreteScheduler.from_config(tiny.config)
    scheduler.set_timesteps(4)
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(7))
    x = x * scheduler.init_noise_sigma
    texts = [one.parts[0].embeds["embeds"] for one in (other, told)]
    with torch.no_grad():
        for step, t in enumerate(scheduler.timesteps):
            given = scheduler.scale_model_input(torch.cat([x, x]), t)
            answers = tiny.pipeline.unet(given, t, encoder_hidden_states=torch.cat(texts)).sample
            free, towards = answers.chunk(2)
            x = scheduler.step(plain(towards, free, step), t, x).prev_sample
    made = ours(sampler="euler", negative=other, guidance=4.0, guider=guider(method, **options))
    assert near(made, x, 1e-5)


def test_a_guider_that_stands_still_at_first_goes_with_a_rescaled_guidance(ours: Any) -> None:
    usual = ours(sampler="euler", guidance=4.0, guider=guider("cfg_zero"))
    made = ours(sampler="euler", guidance=4.0, guider=guider("cfg_zero"), guidance_rescale=0.5)
    assert made.isfinite().all()
    assert not near(made, usual, 1e-3)


def test_perp_neg_leaves_out_what_of_the_negative_lies_along_the_text(
    ours: Any, told: Conditioning, other: Conditioning
) -> None:
    usual = ours(sampler="euler", guidance=4.0)
    same = ours(sampler="euler", guidance=4.0, negative=told, guider=guider("perp_neg", scale=1.0))
    apart = ours(sampler="euler", guidance=4.0, negative=other, guider=guider("perp_neg"))
    assert near(same, usual, 1e-4)  # a negative that is the text itself takes nothing away
    assert not near(apart, usual, 1e-2)


@pytest.mark.parametrize("method", ["pag", "seg", "skip_layers"])
def test_what_leads_away_from_weaker_layers_changes_the_picture_and_leaves_the_net_as_it_was(
    tiny: Tiny, ours: Any, method: Any
) -> None:
    usual = ours(sampler="euler", guidance=4.0)
    led = ours(sampler="euler", guidance=4.0, guider=guider(method, scale=2.0, layers=[0]))
    none = ours(sampler="euler", guidance=4.0, guider=guider(method, scale=0.0))
    assert led.isfinite().all()
    assert not near(led, usual, 1e-3)
    assert torch.equal(none, usual)
    assert torch.equal(ours(sampler="euler", guidance=4.0), usual)
    net = next(live for key, live in tiny.ctx.live.items() if "unet" in str(key))
    assert not any(module._forward_hooks for module in net.modules())
    assert not any(module._forward_pre_hooks for module in net.modules())


def test_weakened_layers_are_as_they_were_in_other_threads(tiny: Tiny) -> None:
    import threading

    net = tiny.pipeline.unet
    x, t, text = torch.randn(1, 4, 8, 8), torch.tensor(500), torch.randn(1, 16, 32)
    found: list[torch.Tensor] = []

    def ask() -> None:
        with torch.no_grad():
            found.append(net(x, t, encoder_hidden_states=text).sample)

    ask()
    for method in ("pag", "seg", "skip_layers"):
        with perturbed(net, method, [0]):
            ask()
            other = threading.Thread(target=ask)
            other.start()
            other.join()
        weak, aside = found[-2:]
        assert torch.equal(aside, found[0]), method
        assert not torch.equal(weak, found[0]), method
    assert len(blocks_of(net)) > 1


def test_attention_to_itself_is_the_value_of_each_place(tiny: Tiny) -> None:
    attention = blocks_of(tiny.pipeline.unet)[0].attn1
    x = torch.randn(1, 9, attention.to_q.in_features)
    with torch.no_grad(), perturbed(tiny.pipeline.unet, "pag", [0]):
        made = attention(x)
        wanted = attention.to_out[0](attention.to_v(x))
    assert torch.allclose(made, wanted, atol=1e-6)


def test_layers_that_a_model_lacks_are_named_in_words(ours: Any) -> None:
    with pytest.raises(NodeError, match=r"this model has \d+ layers, 0 to \d+, .* layer 99"):
        ours(sampler="euler", guider=guider("pag", layers=[99]))


def test_a_share_of_noise_is_refused_where_it_would_change_nothing(ours: Any) -> None:
    with pytest.raises(NodeError, match=r"eta is 0\.5 and the sampler 'heun' draws no fresh noise"):
        ours(sampler="heun", noise=noise(eta=0.5))
    with pytest.raises(NodeError, match="'er_sde' draws noise by a rule of its own"):
        ours(sampler="er_sde", noise=noise(eta=0.5))


def test_settings_written_by_hand_are_checked_in_words(ours: Any) -> None:
    with pytest.raises(NodeError, match=r"the guider is not one: method: .*diffusion.guider"):
        ours(guider={"method": "magic"})
    with pytest.raises(NodeError, match=r"the noise settings are none: loud: .*diffusion.noise"):
        ours(noise={"loud": True})


def test_guidance_plus_plus_with_the_answer_of_the_text_alone_renoises_without_it(
    ours: Any, other: Conditioning
) -> None:
    follows = ours(sampler="euler_cfg_pp", guidance=1.0, negative=other)
    ignores = ours(sampler="euler_cfg_pp", guidance=0.0, negative=other)
    assert not near(follows, ignores, 1e-2)


# Flow models


class Flowing:
    """A net that knows where every latent leads: it answers with the flow to there."""

    prediction = "flow_prediction"

    def __init__(self, clean: torch.Tensor) -> None:
        self.clean = clean
        self.seen: list[float] = []

    def __call__(
        self, x: torch.Tensor, t: torch.Tensor, progress: float, names: Any
    ) -> list[torch.Tensor]:
        self.seen.append(float(t))
        # Not the straight way there, so that the samplers have something to bend to.
        sigma = float(t) / 1000
        return [(x - self.clean * (1 + 0.3 * sigma)) / sigma]


def walked(name: str, net: Flowing, levels: list[float], noise: torch.Tensor) -> torch.Tensor:
    """What a sampler of ours makes of noise, with a net that answers with flows."""
    made = levels_of({"prediction_type": "flow_prediction"})
    denoiser: Any = net
    guide = Guide(denoiser, net, 1.0)
    expected = Expected(denoiser, guide, made, len(levels) - 1)
    source = Source(tuple(noise.shape), (5,), Drawing(), Context())
    source.first()
    return walk_down(name, noise, levels, expected, source, lambda done, clean: None)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("euler", "FlowMatchEulerDiscreteScheduler"), ("heun", "FlowMatchHeunDiscreteScheduler")],
)
def test_a_flow_is_followed_as_by_diffusers(name: str, kind: str) -> None:
    generator = torch.Generator().manual_seed(0)
    clean, noise = torch.randn(2, 1, 4, 8, 8, generator=generator).unbind()
    scheduler = getattr(diffusers, kind)(shift=3.0)
    scheduler.set_timesteps(6)
    levels = list(dict.fromkeys(float(sigma) for sigma in scheduler.sigmas))
    x, net = noise, Flowing(clean)
    for t in scheduler.timesteps:
        (made,) = net(x, t, 0.0, ())
        x = scheduler.step(made, t, x, return_dict=False)[0]
    plain_seen, net.seen = net.seen, []
    ours = walked(name, net, levels, noise)
    assert near(ours, x, 1e-5)
    assert net.seen == pytest.approx(plain_seen, abs=1e-3)


def test_levels_shifted_by_size_are_those_of_diffusers() -> None:
    config = {
        "_class_name": "FlowMatchEulerDiscreteScheduler", "use_dynamic_shifting": True,
        "base_shift": 0.5, "max_shift": 1.15, "base_image_seq_len": 256, "max_image_seq_len": 4096,
    }  # fmt: skip
    cells, steps = 1024, 8
    mu = 0.5 + (1.15 - 0.5) * (cells - 256) / (4096 - 256)
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler.from_config(config)
    scheduler.set_timesteps(sigmas=[1 - i / steps for i in range(steps)], mu=mu)
    made = make_sigmas(levels_of(config, mu=mu), "sgm_uniform", steps)
    assert made == pytest.approx([float(sigma) for sigma in scheduler.sigmas], abs=1e-5)


def test_the_first_mochi_schedule_is_that_of_its_pipeline() -> None:
    from diffusers.pipelines.mochi.pipeline_mochi import linear_quadratic_schedule

    made = make_sigmas(levels_of({"prediction_type": "flow_prediction"}), "linear_quadratic", 16)
    assert made[:-1] == pytest.approx(linear_quadratic_schedule(16, 0.025), abs=1e-6)


def test_levels_made_for_noise_are_refused_for_a_flow_in_words() -> None:
    with pytest.raises(NodeError, match="predicts a flow; 'simple' and 'beta' suit it"):
        make_sigmas(levels_of({"prediction_type": "flow_prediction"}), "align_your_steps", 8)
    with pytest.raises(NodeError, match="lie between 1 and 0"):
        whole([14.6, 1.0, 0.0], levels_of({"prediction_type": "flow_prediction"}))


def test_the_schedule_of_the_model_is_the_same_for_ours_as_for_diffusers(tiny: Tiny) -> None:
    scheduler = diffusers.EulerDiscreteScheduler.from_config(tiny.config)
    scheduler.set_timesteps(6)
    made = sigmas(tiny.parts.model, schedule="model default", steps=6)
    assert made == [float(sigma) for sigma in scheduler.sigmas]


def test_optimised_levels_are_those_of_the_paper_stretched_to_the_model() -> None:
    config = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    made = make_sigmas(levels_of(config), "align_your_steps", 10)
    known = list(AysSchedules["StableDiffusionSigmas"])
    assert made == pytest.approx(known, rel=5e-3)


def test_the_readme_tells_of_every_sampler_schedule_and_guider() -> None:
    import musegraph_nodes.diffusion as there

    page = (Path(there.__file__).parent / "README.md").read_text("utf-8")
    text = page.partition("\n## Sampling\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = [name for cell in rows for name in re.findall(r"`([\w ]+)`", cell)]
    assert sorted(named) == sorted([*OWN, "model default", *SCHEDULES, *get_args(Method)])
    for name, own in OWN.items():
        (row,) = [line for line in text.splitlines() if re.match(rf"\|[^|]*`{name}`", line)]
        cells = [cell.strip() for cell in row.split("|")]
        for cell, offered in zip(cells[2:4], (SAMPLERS, FLOW_SAMPLERS), strict=True):
            there = offered[name].scheduler.removesuffix("Scheduler") if name in offered else ""
            assert cell == there, name
        assert (cells[6] == "yes") == own.random, name
