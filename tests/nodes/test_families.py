"""Pack `diffusion`: every family beside the plain pipeline of diffusers, with tiny models."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import diffusers
import pytest
import torch
from diffusers import StableDiffusionInpaintPipeline, StableDiffusionXLImg2ImgPipeline
from tiny import Opened
from tiny_sd import Bench

from musegraph import Image, Latent, Mask, NodeError
from musegraph_nodes.diffusion import (
    condition_inpaint,
    condition_sizes,
    decode,
    empty_latent,
    encode_text,
    sample,
)

# NumPy talks to diffusers about its arithmetic on tensors.
pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

PROMPT, OTHER = "a red sun", "fog over water"
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


def ours(
    tiny: Opened, *, seed: int = 7, steps: int = 3, negative: str | None = None, **options: Any
) -> torch.Tensor:
    """The pictures [B,H,W,3] that our nodes make."""
    parts, ctx = tiny.parts, tiny.ctx
    told = encode_text(parts.text_encoder, PROMPT, ctx)
    away = None if negative is None else encode_text(parts.text_encoder, negative, ctx)
    options = {"latent": empty_latent(parts.model, 32, 32), "sampler": "euler"} | options
    latent = sample(parts.model, told, ctx, negative=away, seed=seed, steps=steps, **options)
    return decode(parts.vae, latent, ctx).data


CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("sd2", {"guidance": 5.0}, {"guidance_scale": 5.0}),
    (
        "sd2",
        {"guidance": 5.0, "negative": OTHER},
        {"guidance_scale": 5.0, "negative_prompt": OTHER},
    ),
    ("sdxl", {"guidance": 5.0}, {"guidance_scale": 5.0}),
    (
        "sdxl",
        {"guidance": 5.0, "negative": OTHER},
        {"guidance_scale": 5.0, "negative_prompt": OTHER},
    ),
    ("sdxl", {"guidance": 1.0}, {"guidance_scale": 1.0}),
    ("sd3", {"guidance": 5.0}, {"guidance_scale": 5.0}),
    (
        "sd3",
        {"guidance": 5.0, "negative": OTHER},
        {"guidance_scale": 5.0, "negative_prompt": OTHER},
    ),
    ("sd3-without-t5", {"guidance": 4.0}, {"guidance_scale": 4.0}),
    ("flux", {"guidance": 3.5}, {"guidance_scale": 3.5}),
    ("flux-schnell", {"guidance": 1.0}, {}),
    ("qwen_image", {"guidance": 1.0}, {}),
    (
        "qwen_image",
        {"guidance": 4.0, "negative": OTHER},
        {"true_cfg_scale": 4.0, "negative_prompt": OTHER},
    ),
    ("z_image", {"guidance": 1.0}, {"guidance_scale": 0.0}),
    (
        "z_image",
        {"guidance": 5.0, "negative": OTHER},
        {"guidance_scale": 4.0, "negative_prompt": OTHER},
    ),
]


@pytest.mark.parametrize(("name", "options", "plain"), CASES)
def test_a_picture_equals_that_of_the_pipeline_bit_for_bit(
    opened: Open, name: str, options: dict[str, Any], plain: dict[str, Any]
) -> None:
    tiny = opened(name)
    size = {"height": 32, "width": 32}
    assert torch.equal(ours(tiny, **options), tiny.plain(prompt=PROMPT, **size, **plain))


def test_a_negative_text_that_changes_nothing_is_said(opened: Open) -> None:
    tiny = opened("flux")
    assert torch.equal(ours(tiny, guidance=3.5, negative=OTHER), ours(tiny, guidance=3.5))
    assert "FLUX.1 has learnt guidance: a negative text changes nothing" in tiny.ctx.warnings


def test_a_size_that_does_not_suit_the_squares_of_a_transformer_is_refused(opened: Open) -> None:
    tiny = opened("flux")
    with pytest.raises(NodeError, match=r"multiples of 8, the nearest are 32×32 and 40×40"):
        empty_latent(tiny.parts.model, 36, 36)
    odd = Latent(torch.zeros(1, 4, 9, 9), tiny.parts.vae.family, 4)
    with pytest.raises(NodeError, match=r"the latent has 9×9 cells, of which this model takes 2×2"):
        ours(tiny, latent=odd)


def start_of(tiny: Opened) -> torch.Tensor:
    channels = tiny.parts.model.options["channels"]
    return torch.randn(1, channels, 8, 8, generator=torch.Generator().manual_seed(3))


def test_image_to_image_of_sdxl_equals_the_pipeline_bit_for_bit(opened: Open) -> None:
    tiny = opened("sdxl")
    start = start_of(tiny)
    pipeline = StableDiffusionXLImg2ImgPipeline(**tiny.pipeline.components)
    pipeline.set_progress_bar_config(disable=True)
    plain = pipeline(
        PROMPT, image=start, strength=0.6, num_inference_steps=5, guidance_scale=5.0,
        generator=torch.Generator().manual_seed(7), output_type="pt",
    ).images.permute(0, 2, 3, 1)  # fmt: skip
    latent = Latent(start, tiny.parts.vae.family, 4)
    assert torch.equal(ours(tiny, latent=latent, denoise=0.6, steps=5, guidance=5.0), plain)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sd3", diffusers.StableDiffusion3Img2ImgPipeline),
        ("flux", diffusers.FluxImg2ImgPipeline),
    ],
)
def test_image_to_image_of_a_flow_equals_the_pipeline_bit_for_bit(
    opened: Open, name: str, kind: Any
) -> None:
    tiny = opened(name)
    start = start_of(tiny)
    parts = {key: tiny.pipeline.components[key] for key in signature(kind).parameters
             if key in tiny.pipeline.components}  # fmt: skip
    pipeline = kind(**parts)
    pipeline.set_progress_bar_config(disable=True)
    plain = pipeline(
        PROMPT, image=start, strength=0.6, num_inference_steps=5, guidance_scale=4.0,
        height=32, width=32, generator=torch.Generator().manual_seed(7), output_type="pt",
    ).images.permute(0, 2, 3, 1)  # fmt: skip
    latent = Latent(start, tiny.parts.vae.family, 4)
    assert torch.equal(ours(tiny, latent=latent, denoise=0.6, steps=5, guidance=4.0), plain)


@pytest.mark.parametrize("sampler", ["euler", "heun", "dpmpp_2m"])
def test_a_refiner_goes_on_where_the_base_stopped_as_the_pipelines_do(
    opened: Open, sampler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, refiner = opened("sdxl"), opened("sdxl-refiner")
    kinds = {
        "heun": diffusers.HeunDiscreteScheduler,
        "dpmpp_2m": diffusers.DPMSolverMultistepScheduler,
        "euler": diffusers.EulerDiscreteScheduler,
    }
    plain: torch.Tensor | None = None
    for tiny, options in (
        (base, {"denoising_end": 0.7, "height": 32, "width": 32, "guidance_scale": 5.0}),
        (refiner, {"denoising_start": 0.7, "guidance_scale": 3.0}),
    ):
        given = {} if plain is None else {"image": plain}
        scheduler = kinds[sampler].from_config(tiny.pipeline.scheduler.config)
        monkeypatch.setattr(tiny.pipeline, "scheduler", scheduler)
        plain = tiny.pipeline(
            PROMPT, num_inference_steps=6, generator=torch.Generator().manual_seed(7),
            output_type="latent", **given, **options,
        ).images  # fmt: skip
    told = [encode_text(tiny.parts.text_encoder, PROMPT, tiny.ctx) for tiny in (base, refiner)]
    common: dict[str, Any] = {"seed": 7, "steps": 6, "sampler": sampler}
    first = sample(
        base.parts.model, told[0], base.ctx, latent=empty_latent(base.parts.model, 32, 32),
        guidance=5.0, end=0.7, **common,
    )  # fmt: skip
    made = sample(
        refiner.parts.model, told[1], refiner.ctx, latent=first, guidance=3.0, start=0.7, **common
    )
    assert plain is not None
    assert torch.equal(made.data, plain)


def test_sizes_are_told_as_in_the_pipeline(opened: Open) -> None:
    tiny = opened("sdxl")
    plain = tiny.plain(
        prompt=PROMPT, height=32, width=32, guidance_scale=5.0, original_size=(64, 48),
        crops_coords_top_left=(4, 8), target_size=(32, 40), negative_original_size=(64, 48),
        negative_target_size=(32, 40), negative_crops_coords_top_left=(4, 8),
    )  # fmt: skip
    told = encode_text(tiny.parts.text_encoder, PROMPT, tiny.ctx)
    told = condition_sizes(
        told, original_width=48, original_height=64, crop_left=8, crop_top=4, target_width=40,
        target_height=32,
    )  # fmt: skip
    empty = empty_latent(tiny.parts.model, 32, 32)
    latent = sample(
        tiny.parts.model, told, tiny.ctx, latent=empty, seed=7, steps=3, guidance=5.0,
        sampler="euler",
    )  # fmt: skip
    assert torch.equal(decode(tiny.parts.vae, latent, tiny.ctx).data, plain)
    with pytest.raises(NodeError, match=r"only one side is set \(48×0\); set both"):
        condition_sizes(told, original_width=48)


@pytest.mark.parametrize("negative", [None, OTHER])
def test_a_model_made_for_inpainting_fills_a_hole_as_the_pipeline_does(
    opened: Open, negative: str | None
) -> None:
    tiny = opened("inpaint")
    pixels = torch.rand(1, 32, 32, 3, generator=torch.Generator().manual_seed(1))
    mask = torch.zeros(1, 32, 32)
    mask[:, 8:20, 12:32] = 1
    assert isinstance(tiny.pipeline, StableDiffusionInpaintPipeline)
    told = encode_text(tiny.parts.text_encoder, PROMPT, tiny.ctx)
    shown = condition_inpaint(told, tiny.parts.vae, Image(pixels), Mask(mask), tiny.ctx)
    plain = tiny.plain(
        prompt=PROMPT, negative_prompt=negative, image=pixels.permute(0, 3, 1, 2),
        mask_image=mask[:, None], masked_image_latents=shown.parts[0].embeds["masked"],
        strength=1.0, height=32, width=32, guidance_scale=5.0,
    )  # fmt: skip
    away = encode_text(tiny.parts.text_encoder, negative, tiny.ctx) if negative else None
    latent = sample(
        tiny.parts.model, shown, tiny.ctx, negative=away, seed=7, steps=3, guidance=5.0,
        latent=empty_latent(tiny.parts.model, 32, 32), sampler="euler",
    )  # fmt: skip
    assert torch.equal(decode(tiny.parts.vae, latent, tiny.ctx).data, plain)
    with torch.no_grad():
        around = pixels.permute(0, 3, 1, 2) * (1 - mask[:, None]) + 0.5 * mask[:, None]
        found = tiny.pipeline.vae.encode(2 * around - 1).latent_dist.mode()
    scaled = found * tiny.pipeline.vae.config.scaling_factor
    torch.testing.assert_close(shown.parts[0].embeds["masked"], scaled, rtol=1e-4, atol=1e-4)


def test_a_model_made_for_inpainting_wants_to_be_shown_a_picture_and_others_do_not(
    opened: Open,
) -> None:
    hollow, plain = opened("inpaint"), opened("sd2")
    with pytest.raises(NodeError, match=r"lead its text through diffusion\.condition_inpaint"):
        ours(hollow)
    told = encode_text(plain.parts.text_encoder, PROMPT, plain.ctx)
    image, mask = Image(torch.rand(1, 32, 32, 3)), Mask(torch.ones(1, 32, 32))
    shown = condition_inpaint(told, plain.parts.vae, image, mask, plain.ctx)
    with pytest.raises(NodeError, match="not made for inpainting"):
        sample(plain.parts.model, shown, plain.ctx, steps=1)
    with pytest.raises(NodeError, match=r"the mask is 8×8 pixels and the picture 32×32"):
        condition_inpaint(told, plain.parts.vae, image, Mask(torch.ones(1, 8, 8)), plain.ctx)


@pytest.mark.parametrize("name", ["sdxl", "sd3", "flux", "z_image", "qwen_image"])
def test_one_picture_at_a_time_makes_the_same_pictures(opened: Open, name: str) -> None:
    """Kernels for batches round otherwise, so not bit for bit."""
    tiny = opened(name)
    latent = empty_latent(tiny.parts.model, 32, 32, batch=2)
    whole = ours(tiny, latent=latent, guidance=4.0)
    frugal = Bench()
    frugal.live, frugal.frugal = tiny.ctx.live, True
    usual, tiny.ctx = tiny.ctx, frugal
    try:
        torch.testing.assert_close(
            ours(tiny, latent=latent, guidance=4.0), whole, atol=0.02, rtol=0
        )
    finally:
        tiny.ctx = usual


@pytest.mark.parametrize("name", ["sd2", "sdxl", "sd3", "flux", "z_image", "qwen_image"])
def test_the_sampler_of_the_menu_runs_with_previews_in_every_family(
    opened: Open, name: str
) -> None:
    tiny = opened(name)
    tiny.ctx.previews.clear()
    for sampler in ("euler", "dpmpp_2m"):
        made = ours(tiny, sampler=sampler)
        assert bool(torch.isfinite(made).all())
        assert float(made.std()) > 0.01
    assert len(tiny.ctx.previews) == 6
    for look in (tiny.ctx.previews[2], tiny.ctx.previews[5]):
        small = look().data
        assert small.shape == (1, 8, 8, 3)
        assert 0 <= float(small.min()) <= float(small.max()) <= 1
