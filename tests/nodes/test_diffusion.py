"""Pack `diffusion`: what it computes, beside the plain pipelines of diffusers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, get_args

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image as PilImage
from tiny_sd import Bench, Tiny, make_tiny

from musegraph import Cancelled, Conditioning, Image, Latent, NodeError
from musegraph_nodes import starter
from musegraph_nodes.diffusion import (
    decode,
    empty_latent,
    encode,
    encode_text,
    load,
    pack,
    sample,
)
from musegraph_nodes.diffusion.sampling.names import SamplerName, ScheduleName
from musegraph_nodes.diffusion.sampling.samplers import OWN
from musegraph_nodes.diffusion.sampling.schedulers import SAMPLERS, make_scheduler, offers
from musegraph_nodes.diffusion.sampling.sigmas import SCHEDULES

# NumPy talks to diffusers about its arithmetic on tensors.
pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

PROMPT, OTHER = "a red sun", "fog"
SCENES = Path(starter.__file__).parent / "weights" / "scenes"
RANDOM = {"euler_ancestral", "dpm_2_ancestral", "ddpm", "lcm", "tcd", "sa_solver"} | {
    name for name in SAMPLERS if "sde" in name
}


MORE = {"tcd": {"eta": 0.3}}
"""What a script says to the pipeline, whose default is for another sampler."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return Tiny(make_tiny(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(scope="module")
def start() -> torch.Tensor:
    return torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(3))


def text(tiny: Tiny, words: str, **options: Any) -> Conditioning:
    return encode_text(tiny.parts.text_encoder, words, tiny.ctx, **options)


def ours(tiny: Tiny, *, seed: int = 7, steps: int = 4, **options: Any) -> torch.Tensor:
    """The latent that our sampler makes."""
    told = text(tiny, PROMPT)
    return sample(tiny.parts.model, told, tiny.ctx, seed=seed, steps=steps, **options).data


def plain_scheduler(tiny: Tiny, name: str) -> Any:
    """The scheduler as a script would make it from that of the pipeline."""
    options: dict[str, dict[str, Any]] = {
        "dpmpp_2m_sde": {"algorithm_type": "sde-dpmsolver++"},
        "dpmpp_2m_sde_heun": {"algorithm_type": "sde-dpmsolver++", "solver_type": "heun"},
        "plms": {"skip_prk_steps": True},
    }
    kind = getattr(diffusers, SAMPLERS[name].scheduler)
    return kind.from_config(tiny.config, **options.get(name, {}))


# The pack


def test_the_pack_opens_without_heavy_libraries() -> None:
    code = (
        "import sys, musegraph_nodes.diffusion as d, musegraph_nodes.starter; "
        "[t.schema() for t in d.pack.types.values()]; "
        "print(sorted({'torch', 'numpy', 'PIL', 'diffusers', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_node_says_in_a_sentence_what_it_computes_and_has_a_version() -> None:
    exact = {"load", "empty_latent", "sigmas", "custom_sigmas", "cut_sigmas", "guider", "noise"}
    exact |= {"lora", "combine", "range", "embedding", "prompt_wildcards", "prompt_permutations"}
    exact |= {"condition_sizes", "load_controlnet", "control", "load_vision", "seamless"}
    exact |= {"optimise", "freeu", "style_guidance", "split_latents", "stack_latents"}
    exact = {f"diffusion.{name}" for name in exact}
    for id, kind in pack.types.items():
        assert kind.text.split("\n")[0].endswith("."), id
        # Of the sampler, uni_pc became the solver that the name stands for; of all that compute
        # with weights, these lie in memory of their own now, and kernels round by that. Then more
        # samplers on flows became those of diffusers, and dpmpp_3m_sde became ours.
        changed = {"encode_text": "2", "encode": "2", "sample": "3", "decode": "2"}
        assert kind.version == changed.get(id.removeprefix("diffusion."), "1"), id
        assert kind.numeric == (id not in exact), id


def test_the_menu_lists_what_the_table_has() -> None:
    assert get_args(SamplerName) == tuple(OWN)
    assert set(SAMPLERS) < set(OWN)
    assert set(get_args(ScheduleName)) == {"model default", *SCHEDULES}


# Bit for bit as the pipelines of diffusers


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_text_to_image_equals_the_pipeline_bit_for_bit(tiny: Tiny, name: str) -> None:
    options: dict[str, Any] = {"guidance_scale": 5.0} | MORE.get(name, {})
    plain = tiny.plain(plain_scheduler(tiny, name), prompt=PROMPT, **options)
    assert torch.equal(ours(tiny, sampler=name, guidance=5.0), plain)


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_image_to_image_equals_the_pipeline_bit_for_bit(
    tiny: Tiny, name: str, start: torch.Tensor
) -> None:
    options: dict[str, Any] = {"guidance_scale": 5.0} | MORE.get(name, {})
    plain = tiny.plain_from_image(
        plain_scheduler(tiny, name), image=start, strength=0.6, prompt=PROMPT, **options
    )
    given = Latent(start, tiny.parts.model.family, 4)
    made = ours(tiny, sampler=name, guidance=5.0, latent=given, denoise=0.6)
    assert torch.equal(made, plain)


@pytest.mark.parametrize("name", ["ddim", "euler", "dpmpp_2m"])
def test_the_decoded_picture_equals_that_of_the_pipeline(tiny: Tiny, name: str) -> None:
    options: dict[str, Any] = {"prompt": PROMPT, "guidance_scale": 5.0, "output_type": "pt"}
    plain = tiny.plain(plain_scheduler(tiny, name), **options)
    latent = Latent(ours(tiny, sampler=name, guidance=5.0), tiny.parts.vae.family, 4)
    picture = decode(tiny.parts.vae, latent, tiny.ctx)
    assert picture.data.shape == (1, 32, 32, 3)
    assert torch.equal(picture.data, plain.permute(0, 2, 3, 1))


@pytest.mark.parametrize("name", ["ddim", "euler", "dpmpp_2m", "euler_ancestral"])
@pytest.mark.parametrize(
    ("options", "plain_options"),
    [
        ({"guidance": 1.0}, {"guidance_scale": 1.0}),
        ({"guidance": 0.0}, {"guidance_scale": 0.0}),
        (
            {"guidance": 6.5, "guidance_rescale": 0.7},
            {"guidance_scale": 6.5, "guidance_rescale": 0.7},
        ),
    ],
)
def test_guidance_is_that_of_the_pipeline(
    tiny: Tiny, name: str, options: dict[str, Any], plain_options: dict[str, Any]
) -> None:
    plain = tiny.plain(plain_scheduler(tiny, name), prompt=PROMPT, **plain_options)
    assert torch.equal(ours(tiny, sampler=name, **options), plain)


@pytest.mark.parametrize("name", ["ddim", "euler", "dpmpp_2m"])
def test_a_negative_text_is_that_of_the_pipeline(tiny: Tiny, name: str) -> None:
    options: dict[str, Any] = {"prompt": PROMPT, "negative_prompt": OTHER, "guidance_scale": 4.0}
    plain = tiny.plain(plain_scheduler(tiny, name), **options)
    assert torch.equal(ours(tiny, sampler=name, negative=text(tiny, OTHER), guidance=4.0), plain)


@pytest.mark.parametrize("strength", [0.25, 0.5, 0.99, 1.0])
def test_denoise_is_the_strength_of_the_pipeline(
    tiny: Tiny, start: torch.Tensor, strength: float
) -> None:
    plain = tiny.plain_from_image(
        plain_scheduler(tiny, "ddim"),
        steps=5,
        image=start,
        strength=strength,
        prompt=PROMPT,
        guidance_scale=5.0,
    )
    given = Latent(start, tiny.parts.model.family, 4)
    options: dict[str, Any] = {"sampler": "ddim", "guidance": 5.0, "latent": given, "steps": 5}
    assert torch.equal(ours(tiny, denoise=strength, **options), plain)


def test_other_sizes_are_those_of_the_pipeline(tiny: Tiny) -> None:
    size: dict[str, int] = {"width": 48, "height": 24}
    plain = tiny.plain(plain_scheduler(tiny, "euler"), prompt=PROMPT, guidance_scale=5.0, **size)
    given = empty_latent(tiny.parts.model, **size)
    assert torch.equal(ours(tiny, sampler="euler", guidance=5.0, latent=given), plain)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_v_prediction_with_trailing_steps_equals_the_pipeline(
    tmp_path: Path, prediction: str
) -> None:
    options = {"prediction_type": prediction, "timestep_spacing": "trailing"}
    if prediction == "v_prediction":
        options |= {"rescale_betas_zero_snr": True}  # type: ignore[dict-item]
    tiny = Tiny(make_tiny(tmp_path / "tiny", **options))
    for name in ("ddim", "euler", "dpmpp_2m", "uni_pc_bh2"):
        plain = tiny.plain(plain_scheduler(tiny, name), prompt=PROMPT, guidance_scale=5.0)
        assert torch.equal(ours(tiny, sampler=name, guidance=5.0), plain), name


def test_a_text_is_encoded_as_in_the_pipeline(tiny: Tiny) -> None:
    told, free = tiny.pipeline.encode_prompt(PROMPT, "cpu", 1, True, OTHER)
    assert torch.equal(text(tiny, PROMPT).parts[0].embeds["embeds"], told)
    assert torch.equal(text(tiny, OTHER).parts[0].embeds["embeds"], free)


def test_a_picture_is_encoded_as_in_the_pipeline(tiny: Tiny) -> None:
    levels = torch.randint(0, 256, (32, 32, 3), generator=torch.Generator().manual_seed(5))
    picture = PilImage.fromarray(levels.to(torch.uint8).numpy())
    pixels = torch.from_numpy(np.asarray(picture).astype(np.float32) / 255)[None]
    planes = tiny.from_image.image_processor.preprocess(picture)
    with torch.no_grad():
        found = tiny.pipeline.vae.encode(planes).latent_dist
        drawn = found.sample(torch.Generator().manual_seed(9))
    scaling = tiny.pipeline.vae.config.scaling_factor
    image = Image(pixels)
    made = encode(tiny.parts.vae, image, tiny.ctx, posterior="sample", seed=9)
    assert torch.equal(made.data, scaling * drawn)
    mean = encode(tiny.parts.vae, image, tiny.ctx)
    assert torch.equal(mean.data, scaling * found.mode())


def test_the_starter_model_equals_the_pipeline_bit_for_bit() -> None:
    tiny = Tiny(SCENES)
    words = "a lighthouse at dusk, watercolor"
    told = encode_text(tiny.parts.text_encoder, words, tiny.ctx)
    for name in ("ddim", "euler", "dpmpp_2m"):
        options: dict[str, Any] = {"guidance_scale": 3.0, "output_type": "pt"}
        plain = tiny.plain(plain_scheduler(tiny, name), prompt=words, **options)
        latent = sample(
            tiny.parts.model, told, tiny.ctx, seed=7, steps=4, guidance=3.0, sampler=name
        )
        picture = decode(tiny.parts.vae, latent, tiny.ctx).data
        assert torch.equal(picture, plain.permute(0, 2, 3, 1)), name


# Seeds and batches


@pytest.mark.parametrize("name", ["dpmpp_2m", "euler_ancestral", "ddpm", "dpmpp_2m_sde", "ddim"])
def test_a_batch_is_its_items_made_one_by_one(tiny: Tiny, name: str) -> None:
    """The noise is bit-equal, also that of later steps; kernels for batches round otherwise."""
    given = empty_latent(tiny.parts.model, batch=4)
    together = ours(tiny, sampler=name, latent=given, seed=7)
    for item in range(4):
        alone = ours(tiny, sampler=name, seed=7 + item)
        error = (together[item] - alone[0]).norm() / alone.norm()
        assert error < 1e-4, item


def test_the_noise_of_a_batch_is_bit_equal_to_that_of_its_items(tiny: Tiny) -> None:
    from musegraph_nodes.diffusion.latents import generators, noise_of

    together = noise_of((3, 4, 8, 8), generators(tiny.ctx, 7, 3))
    for item in range(3):
        plain = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(7 + item))
        assert torch.equal(together[item : item + 1], plain)


def test_the_highest_seed_is_followed_by_zero(tiny: Tiny) -> None:
    from musegraph_nodes.diffusion.latents import generators

    last, first = generators(tiny.ctx, 2**53 - 1, 2)
    assert (last.initial_seed(), first.initial_seed()) == (2**53 - 1, 0)


def test_the_same_seed_gives_the_same_latent_and_another_another(tiny: Tiny) -> None:
    for name in ("dpmpp_2m", "euler_ancestral"):
        assert torch.equal(ours(tiny, sampler=name), ours(tiny, sampler=name))
        assert not torch.equal(ours(tiny, sampler=name), ours(tiny, sampler=name, seed=8))


# The menu


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_every_sampler_runs_under_every_schedule_that_it_offers(tiny: Tiny, name: str) -> None:
    ran = []
    for schedule in get_args(ScheduleName):
        if not offers(name, schedule, tiny.config):  # ours runs, see test_sampling
            continue
        made = ours(tiny, sampler=name, schedule=schedule, guidance=1.0)
        assert torch.isfinite(made).all(), schedule
        ran.append(schedule)
    assert ran[0] == "model default"
    assert len(ran) >= (1 if name in ("lcm", "tcd") else 4)


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("name", list(SAMPLERS))
def test_every_sampler_runs_with_few_steps(tiny: Tiny, name: str, steps: int) -> None:
    assert torch.isfinite(ours(tiny, sampler=name, steps=steps, guidance=1.0)).all()


@pytest.mark.parametrize("name", sorted(RANDOM - {"lms"}))
def test_a_random_sampler_draws_from_the_seed_only(tiny: Tiny, name: str) -> None:
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    ours(tiny, sampler=name)
    assert torch.equal(before, torch.random.get_rng_state())


def test_what_needs_a_library_that_is_absent_says_so(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for options in ({"sampler": "lms"}, {"schedule": "beta"}):
        with pytest.raises(NodeError, match="needs the Python library scipy"):
            ours(tiny, **options)


def test_more_steps_than_there_are_noise_levels_are_refused_in_words(tiny: Tiny) -> None:
    with pytest.raises(NodeError, match="the sampler 'lcm' cannot make 60 steps"):
        ours(tiny, sampler="lcm", steps=60)


def test_a_configuration_that_is_silent_does_not_clip_latents(tiny: Tiny) -> None:
    silent = {"_class_name": "EulerDiscreteScheduler", "beta_schedule": "scaled_linear"}
    assert make_scheduler("ddim", "model default", silent).config.clip_sample is False
    spoken = silent | {"clip_sample": True}
    assert make_scheduler("ddim", "model default", spoken).config.clip_sample is True


# Progress, previews, cancelling


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_there_is_one_progress_event_for_each_step(
    tiny: Tiny, name: str, start: torch.Tensor
) -> None:
    bench = Bench()
    bench.live = tiny.ctx.live
    told = text(tiny, PROMPT)
    sample(tiny.parts.model, told, bench, steps=6, sampler=name, guidance=1.0)
    assert bench.steps == [(step + 1, 6) for step in range(6)]
    bench.steps.clear()
    given = Latent(start, tiny.parts.model.family, 4)
    options: dict[str, Any] = {"latent": given, "denoise": 0.5, "guidance": 1.0}
    sample(tiny.parts.model, told, bench, steps=6, sampler=name, **options)
    assert bench.steps == [(step + 1, 3) for step in range(3)]


def test_a_preview_is_a_small_picture_made_only_when_somebody_looks(tiny: Tiny) -> None:
    bench = Bench()
    bench.live = tiny.ctx.live
    told = text(tiny, PROMPT)
    sample(tiny.parts.model, told, bench, steps=3, guidance=1.0)
    assert bench.leased == ["unet"]
    for look in bench.previews:
        picture = look().data
        assert picture.shape == (1, 8, 8, 3)
        assert 0 <= picture.min() <= picture.max() <= 1
    assert bench.leased[1:] in (["vae"], [])


def test_the_last_preview_resembles_the_picture(tiny: Tiny) -> None:
    """The linear map finds colours again where the autoencoder keeps them."""
    from musegraph_nodes.diffusion.preview import fit

    class Plain:
        """An autoencoder whose latents are the mean colours of cells."""

        device, dtype = torch.device("cpu"), torch.float32
        config: ClassVar[dict[str, float]] = {"scaling_factor": 0.5}

        def encode(self, pixels: torch.Tensor) -> Any:
            cells = torch.nn.functional.avg_pool2d(pixels, 4)
            both = torch.cat([cells, torch.zeros_like(cells)], dim=1)
            return SimpleNamespace(latent_dist=SimpleNamespace(parameters=both))

        def decode(self, cells: torch.Tensor, return_dict: bool) -> Any:
            return (torch.nn.functional.interpolate(cells, scale_factor=4),)

    found = fit(Plain(), 4)
    wanted = torch.cat([torch.eye(3), torch.full((1, 3), 0.5)])
    assert torch.allclose(found, wanted, atol=1e-3)


@pytest.mark.parametrize("name", ["dpmpp_2m", "heun"])
def test_cancelling_ends_within_one_step(tiny: Tiny, name: str) -> None:
    bench = Bench(cancel_at=2)
    bench.live = tiny.ctx.live
    told = text(tiny, PROMPT)
    with pytest.raises(Cancelled):
        sample(tiny.parts.model, told, bench, steps=50, sampler=name)
    assert bench.steps == [(1, 50), (2, 50)]


def test_layers_can_be_skipped_as_far_as_there_are_any(tiny: Tiny) -> None:
    plain, less = text(tiny, PROMPT), text(tiny, PROMPT, clip_skip=1)
    assert not torch.equal(plain.parts[0].embeds["embeds"], less.parts[0].embeds["embeds"])
    with pytest.raises(NodeError, match="has 3 layers"):
        text(tiny, PROMPT, clip_skip=11)


# Sizes, families, refusals


def test_an_empty_latent_has_the_size_of_the_model_or_the_one_given(tiny: Tiny) -> None:
    own = empty_latent(tiny.parts.model)
    assert own.data.shape == (1, 4, 8, 8)
    assert (own.family, own.scale) == (tiny.parts.vae.family, 4)
    assert empty_latent(tiny.parts.model, 64, 0, 3).data.shape == (3, 4, 8, 16)
    assert not own.data.any()


def test_a_size_between_cells_is_refused_with_the_nearest(tiny: Tiny) -> None:
    words = "multiples of 4, the nearest are 48×64 and 52×64; set width and height so"
    with pytest.raises(NodeError, match=words):
        empty_latent(tiny.parts.model, 50, 64)
    with pytest.raises(NodeError, match=r"image\.resize"):
        encode(tiny.parts.vae, Image(torch.zeros(1, 30, 32, 3)), tiny.ctx)


def test_a_transparent_picture_is_refused_and_an_opaque_one_is_not(tiny: Tiny) -> None:
    pixels = torch.rand(1, 32, 32, 4)
    with pytest.raises(NodeError, match=r"image\.flatten_alpha"):
        encode(tiny.parts.vae, Image(pixels), tiny.ctx)
    pixels[..., 3] = 1
    opaque = encode(tiny.parts.vae, Image(pixels), tiny.ctx)
    plain = encode(tiny.parts.vae, Image(pixels[..., :3]), tiny.ctx)
    assert torch.equal(opaque.data, plain.data)


def test_parts_of_another_model_are_refused_in_words(tiny: Tiny, tmp_path: Path) -> None:
    other = load(str(make_tiny(tmp_path / "other", seed=1)), tiny.ctx)
    latent = empty_latent(tiny.parts.model)
    with pytest.raises(NodeError, match="link the vae of the model that made the latent"):
        decode(other.vae, latent, tiny.ctx)
    with pytest.raises(NodeError, match="encode the picture with the vae of this model"):
        sample(other.model, text(tiny, PROMPT), tiny.ctx, latent=latent)
    with pytest.raises(NodeError, match="the positive text is encoded for the family"):
        sample(other.model, text(tiny, PROMPT), tiny.ctx)


def test_the_same_autoencoder_in_another_folder_is_not_another(tiny: Tiny, tmp_path: Path) -> None:
    same = load(str(make_tiny(tmp_path / "same")), tiny.ctx)
    assert same.vae.family == tiny.parts.vae.family
    latent = Latent(ours(tiny), tiny.parts.model.family, 4)
    assert decode(same.vae, latent, tiny.ctx).data.shape == (1, 32, 32, 3)


def test_denoise_below_one_wants_a_latent(tiny: Tiny) -> None:
    with pytest.raises(NodeError, match="there is no latent to start from"):
        ours(tiny, denoise=0.5)


@pytest.mark.parametrize("denoise", [0.0, 0.2])
def test_denoise_too_low_for_a_step_leaves_the_latent(
    tiny: Tiny, start: torch.Tensor, denoise: float
) -> None:
    given = Latent(start, tiny.parts.model.family, 4)
    assert torch.equal(ours(tiny, latent=given, denoise=denoise), start)


def test_nothing_that_is_given_is_changed(tiny: Tiny, start: torch.Tensor) -> None:
    before = start.clone()
    ours(tiny, latent=Latent(start, tiny.parts.model.family, 4), denoise=0.5)
    decode(tiny.parts.vae, Latent(start, tiny.parts.vae.family, 4), tiny.ctx)
    assert torch.equal(before, start)


def test_what_is_made_can_be_used_where_gradients_are_wanted(tiny: Tiny) -> None:
    latent = Latent(ours(tiny, steps=1), tiny.parts.vae.family, 4)
    weight = torch.ones(1, requires_grad=True)
    (decode(tiny.parts.vae, latent, tiny.ctx).data * weight).sum().backward()
    assert weight.grad is not None
