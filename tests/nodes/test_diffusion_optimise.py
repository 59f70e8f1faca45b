"""Less memory and less time: as diffusers does it, and taken back without a trace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import pytest
import tiny_lora
import torch
from diffusers import DDIMScheduler, FirstBlockCacheConfig, MagCacheConfig, TaylorSeerCacheConfig
from diffusers.hooks.mag_cache import FLUX_MAG_RATIOS
from tiny import Opened
from tiny_sd import Tiny, make_tiny

from musegraph import Model, ModelError
from musegraph_nodes.diffusion import (
    decode,
    empty_latent,
    encode_text,
    freeu,
    lora,
    optimise,
    sample,
    seamless,
)
from musegraph_nodes.live import quiet

pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")
PROMPT = "a red sun"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return Tiny(make_tiny(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return Opened("flux", tmp_path_factory.mktemp("models") / "flux")


def ours(tiny: Tiny | Opened, model: Model | None = None, **options: Any) -> torch.Tensor:
    model = model or tiny.parts.model
    told = encode_text(tiny.parts.text_encoder, PROMPT, tiny.ctx)
    how: dict[str, Any] = {"seed": 7, "steps": 6, "guidance": 5.0, "sampler": "ddim"} | options
    return sample(model, told, tiny.ctx, latent=empty_latent(model, 32, 32), **how).data


def optimised(tiny: Tiny | Opened, **how: Any) -> Model:
    return optimise(tiny.parts.model, **how).model


def plain(tiny: Tiny) -> torch.Tensor:
    scheduler = DDIMScheduler.from_config(tiny.config)
    return tiny.plain(scheduler, steps=6, prompt=PROMPT, guidance_scale=5.0)


def shape_of(net: Any) -> list[Any]:
    return [(name, vars(module).keys()) for name, module in net.named_modules()]


# FreeU


def test_freeu_equals_that_of_the_pipeline_and_leaves_the_base_bit_equal(tiny: Tiny) -> None:
    numbers = {"b1": 1.5, "b2": 1.6, "s1": 0.9, "s2": 0.2}
    before = ours(tiny)
    with tiny.ctx.load(tiny.parts.model) as net:
        shape = shape_of(net)
    made = ours(tiny, freeu(tiny.parts.model, **numbers))
    tiny.pipeline.enable_freeu(**numbers)
    try:
        expected = plain(tiny)
    finally:
        tiny.pipeline.disable_freeu()
    assert torch.equal(made, expected)
    assert not torch.allclose(made, before, atol=1e-2)
    with tiny.ctx.load(tiny.parts.model) as net:
        assert shape_of(net) == shape
    assert torch.equal(ours(tiny), before)
    twice = freeu(freeu(tiny.parts.model, b1=1.1), **numbers)
    assert torch.equal(ours(tiny, twice), made)  # the last one holds


def test_freeu_is_refused_for_a_model_without_skips(flux: Opened) -> None:
    with pytest.raises(ModelError, match="a FluxTransformer2DModel has no skips"):
        ours(flux, freeu(flux.parts.model), sampler="euler")


# Where weights lie


def test_weights_in_eight_bits_equal_those_of_diffusers_and_are_a_model_of_their_own(
    tiny: Tiny, tmp_path: Path
) -> None:
    model = optimised(tiny, storage="float8_e4m3fn")
    before = ours(tiny)
    made = ours(tiny, model)
    with quiet():
        pipeline = diffusers.StableDiffusionPipeline.from_pretrained(
            tiny.folder, safety_checker=None
        )
        pipeline.unet.enable_layerwise_casting(
            storage_dtype=torch.float8_e4m3fn, compute_dtype=torch.float32
        )
    pipeline.set_progress_bar_config(disable=True)
    scheduler = DDIMScheduler.from_config(tiny.config)
    how: dict[str, Any] = {"prompt": PROMPT, "guidance_scale": 5.0}
    assert torch.equal(made, tiny._run(pipeline, scheduler, 7, 6, how))
    assert not torch.equal(made, before)
    assert torch.equal(ours(tiny), before)
    with tiny.ctx.load(model) as net:
        layer = net.down_blocks[0].resnets[0].conv1
        assert layer.weight.dtype == torch.float8_e4m3fn
        shape = shape_of(net)
    file = tiny_lora.peft(tmp_path / "a.safetensors", tiny.pipeline.unet)
    changed, _ = lora(model, str(file), tiny.ctx)
    assert not torch.allclose(ours(tiny, changed), made, atol=1e-3)
    with tiny.ctx.load(model) as net:
        assert shape_of(net) == shape
    assert torch.equal(ours(tiny, model), made)


@pytest.mark.parametrize("offload", ["by block", "by layer"])
def test_weights_that_come_and_go_leave_the_picture_bit_equal(offload: str, tiny: Tiny) -> None:
    assert torch.equal(ours(tiny, optimised(tiny, offload=offload)), ours(tiny))


def test_a_lora_on_weights_that_come_and_go_is_refused_in_words(tiny: Tiny, tmp_path: Path) -> None:
    file = tiny_lora.peft(tmp_path / "a.safetensors", tiny.pipeline.unet)
    model, _ = lora(optimised(tiny, offload="by layer"), str(file), tiny.ctx)
    with pytest.raises(ModelError, match="has lora on it and its weights are offloaded"):
        ours(tiny, model)


def test_channels_come_last_where_that_is_asked_for(tiny: Tiny) -> None:
    parts = optimise(tiny.parts.model, channels_last=True)
    with tiny.ctx.load(parts.model) as net, tiny.ctx.load(parts.vae) as vae:
        for live in (net, vae):
            weights = [m.weight for m in live.modules() if isinstance(m, torch.nn.Conv2d)]
            assert all(w.is_contiguous(memory_format=torch.channels_last) for w in weights)
    assert torch.allclose(ours(tiny, parts.model), ours(tiny), atol=1e-3)


def test_compiling_by_region_reaches_the_blocks_that_repeat(tiny: Tiny) -> None:
    with tiny.ctx.load(optimised(tiny, compile=True)) as net:
        blocks = [m for m in net.modules() if type(m).__name__ == "BasicTransformerBlock"]
        assert blocks
        assert all(block._compiled_call_impl is not None for block in blocks)
    with tiny.ctx.load(tiny.parts.model) as net:
        assert all(m._compiled_call_impl is None for m in net.modules())


def test_torchao_is_asked_for_by_name_where_it_is_not_installed(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torchao", None)
    with pytest.raises(ModelError, match="need the package torchao, which is not installed"):
        ours(tiny, optimised(tiny, storage="int8 by torchao"))


def test_a_model_without_optimisations_is_the_very_one_that_it_was(tiny: Tiny) -> None:
    assert optimised(tiny) == tiny.parts.model
    assert optimised(tiny, storage="float8_e5m2").base() != tiny.parts.model.base()
    assert optimised(tiny, cache="deep").base() == tiny.parts.model.base()


# Attention


def test_sliced_attention_gives_the_picture_of_the_pipeline_and_is_taken_back(tiny: Tiny) -> None:
    made = ours(tiny, optimised(tiny, attention="sliced"))
    tiny.pipeline.enable_attention_slicing("auto")
    try:
        assert torch.equal(made, plain(tiny))
    finally:
        tiny.pipeline.disable_attention_slicing()
    with tiny.ctx.load(tiny.parts.model) as net:
        kinds = {type(one).__name__ for one in net.attn_processors.values()}
    assert kinds == {"AttnProcessor2_0"}


def test_a_back_end_of_attention_is_chosen_for_the_lease_alone(flux: Opened) -> None:
    from diffusers.models.attention_dispatch import _AttentionBackendRegistry

    before = _AttentionBackendRegistry._active_backend
    options = {"sampler": "euler", "guidance": 3.5, "steps": 3}
    made = ours(flux, optimised(flux, attention="native math"), **options)
    with flux.ctx.load(optimised(flux, attention="native math")) as net:
        chosen = {one._attention_backend for one in net.attn_processors.values()}
        assert [one.value for one in chosen] == ["_native_math"]
    with flux.ctx.load(flux.parts.model) as net:
        assert {one._attention_backend for one in net.attn_processors.values()} == {None}
    assert _AttentionBackendRegistry._active_backend is before
    assert torch.allclose(made, ours(flux, **options), atol=1e-3)


def test_a_back_end_that_is_not_to_be_had_is_refused_in_words(tiny: Tiny, flux: Opened) -> None:
    with pytest.raises(ModelError, match="cannot be computed by sage here"):
        ours(flux, optimised(flux, attention="sage"), sampler="euler")
    with pytest.raises(ModelError, match="has no back ends to choose from"):
        ours(tiny, optimised(tiny, attention="native math"))
    with pytest.raises(ModelError, match="cannot be sliced"):
        ours(flux, optimised(flux, attention="sliced"), sampler="euler")


# Caches


CACHES: dict[str, tuple[dict[str, Any], Callable[[], Any]]] = {
    "first block": ({"cache_threshold": 0.5}, lambda: FirstBlockCacheConfig(threshold=0.5)),
    "taylor": (
        {"cache_every": 2},
        lambda: TaylorSeerCacheConfig(
            cache_interval=2, disable_cache_before_step=1, taylor_factors_dtype=torch.float32
        ),
    ),
    "mag": (
        {"cache_threshold": 0.5, "cache_steps": 6},
        lambda: MagCacheConfig(threshold=0.5, num_inference_steps=6, mag_ratios=FLUX_MAG_RATIOS),
    ),
}


@pytest.mark.parametrize("cache", CACHES)
def test_a_cache_equals_that_of_the_pipeline_bit_for_bit_and_is_taken_back(
    cache: str, flux: Opened
) -> None:
    how, config = CACHES[cache]
    options = {"sampler": "euler", "guidance": 3.5}
    before = ours(flux, **options)
    with flux.ctx.load(flux.parts.model) as net:
        shape = shape_of(net)
    model = optimised(flux, cache=cache, **how)
    made = ours(flux, model, **options)
    transformer = flux.pipeline.transformer
    with quiet():
        transformer.enable_cache(config())
    try:
        told = flux.plain(steps=6, prompt=PROMPT, guidance_scale=3.5, height=32, width=32)
    finally:
        transformer.disable_cache()
    latent = sample(
        model, encode_text(flux.parts.text_encoder, PROMPT, flux.ctx), flux.ctx, seed=7, steps=6,
        latent=empty_latent(model, 32, 32), **options,
    )  # fmt: skip
    assert torch.equal(decode(flux.parts.vae, latent, flux.ctx).data, told)
    assert not torch.equal(made, before)
    with flux.ctx.load(flux.parts.model) as net:
        assert shape_of(net) == shape
        assert net._cache_config is None
    assert torch.equal(ours(flux, **options), before)


def test_the_cache_pyramid_computes_less_and_is_taken_back(flux: Opened) -> None:
    options = {"sampler": "euler", "guidance": 3.5, "steps": 8}
    before = ours(flux, **options)
    made = ours(flux, optimised(flux, cache="pyramid", cache_every=2), **options)
    assert not torch.equal(made, before)
    assert torch.equal(ours(flux, **options), before)


def calls_of(net: Any, name: str) -> list[int]:
    """Counts how often a module of a network is computed."""
    found = [0]
    module = net.get_submodule(name)
    whole = module.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        found[0] += 1
        return whole(*args, **kwargs)

    module.forward = forward
    return found


def test_the_cache_deep_computes_the_inner_levels_in_each_nth_step(tiny: Tiny) -> None:
    before = ours(tiny)
    assert torch.equal(ours(tiny, optimised(tiny, cache="deep", cache_every=1)), before)
    with tiny.ctx.load(tiny.parts.model) as net:
        outer, inner = calls_of(net, "down_blocks.0"), calls_of(net, "mid_block")
        made = ours(tiny, optimised(tiny, cache="deep", cache_every=3))
        assert (outer[0], inner[0]) == (6, 2)
        del net.down_blocks[0].forward, net.mid_block.forward
    assert not torch.equal(made, before)
    assert float((made - before).norm() / before.norm()) < 0.5
    assert torch.equal(ours(tiny), before)


def test_the_cache_deep_keeps_what_calls_of_one_step_say_apart(tiny: Tiny) -> None:
    from musegraph_nodes.diffusion.control.caches import deep
    from musegraph_nodes.diffusion.control.undo import kept

    texts = torch.randn(2, 1, 16, 32, generator=torch.Generator().manual_seed(1))
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    with tiny.ctx.load(tiny.parts.model) as net, torch.no_grad(), kept(net):
        alone = [net(x, torch.tensor(900), encoder_hidden_states=one)[0] for one in texts]
        deep(net, 2)
        for time in (900, 800):
            found = [net(x, torch.tensor(time), encoder_hidden_states=one)[0] for one in texts]
            if time == 900:
                assert all(torch.equal(a, b) for a, b in zip(alone, found, strict=True))
        assert not torch.equal(found[0], found[1])


def test_a_cache_for_another_kind_of_model_is_refused_in_words(tiny: Tiny, flux: Opened) -> None:
    with pytest.raises(ModelError, match="the cache 'taylor' is for transformers"):
        ours(tiny, optimised(tiny, cache="taylor"))
    with pytest.raises(ModelError, match="the cache deep is for UNets"):
        ours(flux, optimised(flux, cache="deep"), sampler="euler")


# Tiles


def test_a_seamless_model_does_not_know_where_its_edges_are(tiny: Tiny, tmp_path: Path) -> None:
    both = seamless(tiny.parts.model, axes="sideways")
    ends = (*tiny_lora.ATTENTION, *tiny_lora.CONVOLUTIONS)
    file = tiny_lora.kohya(tmp_path / "a.safetensors", tiny.pipeline.unet, ends=ends)
    changed, _ = lora(both.model, str(file), tiny.ctx)
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    texts = torch.randn(1, 16, 32, generator=torch.Generator().manual_seed(1))

    def answer(model: Model, given: torch.Tensor) -> torch.Tensor:
        with tiny.ctx.load(model) as net, torch.no_grad():
            made: torch.Tensor = net(given, torch.tensor(500), encoder_hidden_states=texts)[0]
            return made

    for model in (both.model, changed):
        made = answer(model, x)
        assert torch.allclose(made.roll(4, -1), answer(model, x.roll(4, -1)), atol=1e-4)
        assert not torch.allclose(made.roll(4, -2), answer(model, x.roll(4, -2)), atol=1e-2)
    plain = answer(tiny.parts.model, x)
    assert not torch.allclose(plain.roll(4, -1), answer(tiny.parts.model, x.roll(4, -1)), atol=1e-2)
    with tiny.ctx.load(both.vae) as net, torch.no_grad():
        picture = net.decode(x, return_dict=False)[0]
        rolled = net.decode(x.roll(2, -1), return_dict=False)[0]
    assert torch.allclose(picture.roll(8, -1), rolled, atol=1e-4)


def test_seamless_on_and_off_leaves_the_model_as_it_was(tiny: Tiny) -> None:
    before = ours(tiny)
    first = ours(tiny, seamless(tiny.parts.model).model)
    assert not torch.equal(first, before)
    assert torch.equal(ours(tiny), before)
    assert torch.equal(ours(tiny, seamless(tiny.parts.model).model), first)


def test_seamless_is_refused_by_a_model_without_convolutions(flux: Opened) -> None:
    model = seamless(flux.parts.model).model
    with pytest.raises(ModelError, match="has no convolutions whose edges could meet"):
        ours(flux, model, sampler="euler")
