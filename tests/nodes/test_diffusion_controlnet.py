"""ControlNets and T2I-Adapters: as the pipelines of diffusers lead by them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    ControlNetModel,
    DDIMScheduler,
    StableDiffusionAdapterPipeline,
    StableDiffusionControlNetPipeline,
    T2IAdapter,
)
from originals import unet_name
from safetensors.torch import load_file, save_file
from tiny_sd import Tiny, make_tiny

from musegraph import Conditioning, Image, ModelError, NodeError
from musegraph_nodes.diffusion import control, encode_text, load_controlnet, sample
from musegraph_nodes.diffusion.control.controlnet_names import config_of
from musegraph_nodes.live import quiet

PROMPT = "a red sun"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return Tiny(make_tiny(tmp_path_factory.mktemp("models") / "tiny"))


def randomised(net: Any, seed: int) -> Any:
    """The layers that begin at zero would lead nowhere."""
    random = torch.Generator().manual_seed(seed)
    for weight in net.parameters():
        weight.data += torch.randn(weight.shape, generator=random) * 0.05
    return net.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def nets(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two ControlNets made of the tiny UNet, and two T2I-Adapters, in folders."""
    place = tmp_path_factory.mktemp("controls")
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        made: dict[str, Any] = {
            name: ControlNetModel.from_unet(
                tiny.pipeline.unet, conditioning_embedding_out_channels=(8, 16, 16)
            )
            for name in ("one", "two")
        }
        made["adapter"] = adapter("full_adapter")
        made["light"] = adapter("light_adapter")
        for seed, (name, net) in enumerate(made.items()):
            randomised(net, seed).save_pretrained(place / name)
    return {name: place / name for name in made}


def adapter(kind: str) -> T2IAdapter:
    return T2IAdapter(
        in_channels=3, channels=[16, 32], num_res_blocks=1, downscale_factor=4, adapter_type=kind
    )


def picture(seed: int = 0, batch: int = 1, side: int = 32) -> Image:
    made = torch.rand(batch, side, side, 3, generator=torch.Generator().manual_seed(seed))
    return Image(made)


def planes(image: Image) -> torch.Tensor:
    return image.data.permute(0, 3, 1, 2)


def text(tiny: Tiny, words: str = PROMPT) -> Conditioning:
    return encode_text(tiny.parts.text_encoder, words, tiny.ctx)


def led(tiny: Tiny, place: Path, image: Image, told: Conditioning | None = None, **how: Any) -> Any:
    net = load_controlnet(str(place), tiny.ctx)
    return control(told or text(tiny), net, image, **how)


def ours(tiny: Tiny, told: Conditioning, **options: Any) -> torch.Tensor:
    how: dict[str, Any] = {"seed": 7, "steps": 4, "guidance": 5.0, "sampler": "ddim"} | options
    return sample(tiny.parts.model, told, tiny.ctx, **how).data


def plain(tiny: Tiny, nets: list[Path], images: list[Image], **options: Any) -> torch.Tensor:
    parts = tiny.pipeline.components | {"requires_safety_checker": False}
    with quiet():
        live = [ControlNetModel.from_pretrained(place) for place in nets]
        one = len(live) == 1
        pipeline = StableDiffusionControlNetPipeline(**parts, controlnet=live[0] if one else live)
    pipeline.set_progress_bar_config(disable=True)
    given = [planes(image) for image in images]
    how: dict[str, Any] = {"guidance_scale": 5.0, "prompt": PROMPT} | options
    return tiny._run(
        pipeline,
        DDIMScheduler.from_config(tiny.config),
        7,
        4,
        {"image": given[0] if one else given} | how,
    )


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "as trained": ({}, {}, {}),
    "at half its strength": ({"strength": 0.5}, {"controlnet_conditioning_scale": 0.5}, {}),
    "for a part of the steps": (
        {"start": 0.25, "end": 0.75},
        {"control_guidance_start": 0.25, "control_guidance_end": 0.75},
        {},
    ),
    "in guess mode": ({"guess": True}, {"guess_mode": True}, {}),
    "without guidance": ({}, {"guidance_scale": 1.0}, {"guidance": 1.0}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_controlnet_equals_the_pipeline_bit_for_bit(
    case: str, tiny: Tiny, nets: dict[str, Path]
) -> None:
    how, plain_how, sampling = CASES[case]
    made = ours(tiny, led(tiny, nets["one"], picture(), **how), **sampling)
    assert torch.equal(made, plain(tiny, [nets["one"]], [picture()], **plain_how))
    assert not torch.allclose(made, ours(tiny, text(tiny), **sampling), atol=1e-3)


def test_two_controlnets_equal_the_pipeline_bit_for_bit(tiny: Tiny, nets: dict[str, Path]) -> None:
    told = led(tiny, nets["one"], picture(1), strength=0.7)
    told = led(tiny, nets["two"], picture(2), told, strength=0.4)
    made = ours(tiny, told)
    how: dict[str, Any] = {"controlnet_conditioning_scale": [0.7, 0.4]}
    both = [nets["one"], nets["two"]]
    assert torch.equal(made, plain(tiny, both, [picture(1), picture(2)], **how))


def test_a_negative_text_is_led_by_the_same_picture(tiny: Tiny, nets: dict[str, Path]) -> None:
    made = ours(tiny, led(tiny, nets["one"], picture()), negative=text(tiny, "fog"))
    told = plain(tiny, [nets["one"]], [picture()], negative_prompt="fog")
    assert torch.equal(made, told)


def test_a_batch_has_a_picture_for_each_or_one_for_all(tiny: Tiny, nets: dict[str, Path]) -> None:
    from musegraph_nodes.diffusion import empty_latent

    latent = empty_latent(tiny.parts.model, batch=2)
    each = picture(3, batch=2)
    both = ours(tiny, led(tiny, nets["one"], each), latent=latent)
    second = ours(tiny, led(tiny, nets["one"], Image(each.data[1:])), seed=8)
    assert torch.allclose(both[1:], second, atol=1e-4)
    with pytest.raises(NodeError, match=r"there are 3 pictures for the ControlNet .* and 2 that"):
        ours(tiny, led(tiny, nets["one"], picture(3, batch=3)), latent=latent)


@pytest.mark.parametrize("kind", ["adapter", "light"])
def test_a_t2i_adapter_equals_the_pipeline_bit_for_bit(
    kind: str, tiny: Tiny, nets: dict[str, Path]
) -> None:
    parts = tiny.pipeline.components | {"requires_safety_checker": False}
    parts.pop("image_encoder", None)
    with quiet():
        live = T2IAdapter.from_pretrained(nets[kind])
        pipeline = StableDiffusionAdapterPipeline(**parts, adapter=live)
    pipeline.set_progress_bar_config(disable=True)
    how: dict[str, Any] = {
        "image": planes(picture()), "adapter_conditioning_scale": 0.8, "guidance_scale": 5.0,
        "prompt": PROMPT, "height": 32, "width": 32,
    }  # fmt: skip
    told = tiny._run(pipeline, DDIMScheduler.from_config(tiny.config), 7, 4, how)
    assert torch.equal(ours(tiny, led(tiny, nets[kind], picture(), strength=0.8)), told)


def test_a_controlled_sampling_leaves_the_model_as_it_was(
    tiny: Tiny, nets: dict[str, Path]
) -> None:
    before = ours(tiny, text(tiny))
    ours(tiny, led(tiny, nets["one"], picture()))
    assert torch.equal(ours(tiny, text(tiny)), before)
    with tiny.ctx.load(tiny.parts.model) as net:
        assert not net._forward_pre_hooks


def test_our_own_samplers_are_led_as_well_for_their_part_of_the_steps(
    tiny: Tiny, nets: dict[str, Path]
) -> None:
    how: dict[str, Any] = {"sampler": "dpmpp_2s_ancestral"}
    bare = ours(tiny, text(tiny), **how)
    never = led(tiny, nets["one"], picture(), start=0.9, end=0.95)
    assert torch.equal(ours(tiny, never, **how), bare)
    early = ours(tiny, led(tiny, nets["one"], picture(), end=0.5), **how)
    assert not torch.allclose(early, bare, atol=1e-3)
    assert not torch.allclose(early, ours(tiny, led(tiny, nets["one"], picture()), **how))


def test_a_picture_may_lead_one_of_several_prompts(tiny: Tiny, nets: dict[str, Path]) -> None:
    from musegraph_nodes.diffusion.prompts.combining import combine

    one, two = text(tiny), text(tiny, "fog")
    both = ours(tiny, combine([one, two]))
    half = ours(tiny, combine([led(tiny, nets["one"], picture()), two]))
    whole = ours(tiny, led(tiny, nets["one"], picture(), combine([one, two])))
    assert not torch.allclose(half, both, atol=1e-3)
    assert not torch.allclose(half, whole, atol=1e-3)


# Single files


def first_release(place: Path) -> dict[str, torch.Tensor]:
    """A ControlNet by the names that its first release has: the inverse of what is read."""
    made = {}
    for name, tensor in load_file(place / "diffusion_pytorch_model.safetensors").items():
        head, _, rest = name.partition(".")
        if head == "controlnet_down_blocks":
            index, end = rest.split(".")
            old = f"zero_convs.{index}.0.{end}"
        elif head == "controlnet_mid_block":
            old = f"middle_block_out.0.{rest}"
        elif head == "controlnet_cond_embedding":
            where, _, end = rest.rpartition(".")
            number = {"conv_in": 0, "conv_out": 14}.get(where)
            at = 2 * (int(where.split(".")[1]) + 1) if number is None else number
            old = f"input_hint_block.{at}.{end}"
        else:
            old = unet_name(name, 1)
        made[f"control_model.{old}"] = tensor
    return made


@pytest.mark.parametrize("layout", ["diffusers", "first release"])
def test_a_single_file_with_its_configuration_beside_it_is_the_folder(
    layout: str, tiny: Tiny, nets: dict[str, Path], tmp_path: Path
) -> None:
    file = tmp_path / "edges.safetensors"
    place = nets["one"]
    weights = load_file(place / "diffusion_pytorch_model.safetensors")
    save_file(weights if layout == "diffusers" else first_release(place), file)
    (tmp_path / "edges.config" / "controlnet").mkdir(parents=True)
    beside = tmp_path / "edges.config" / "controlnet" / "config.json"
    beside.write_text((place / "config.json").read_text())
    made = ours(tiny, led(tiny, file, picture()))
    assert torch.equal(made, ours(tiny, led(tiny, place, picture())))


@pytest.mark.parametrize("kind", ["adapter", "light"])
def test_a_t2i_adapter_of_the_first_release_is_the_folder(
    kind: str, tiny: Tiny, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"channels": [16, 32], "downscale_factor": 8}
    with torch.random.fork_rng(devices=[]):
        net = randomised(
            T2IAdapter(
                in_channels=3,
                num_res_blocks=2,
                adapter_type=f"{kind}_adapter".replace("adapter_adapter", "full_adapter"),
                **options,
            ),
            5,
        )
    old = {}
    for name, tensor in net.state_dict().items():
        new = name.removeprefix("adapter.")
        if kind == "light":
            new = new.replace("resnets.", "body.")
        elif new.startswith("body."):
            _, block, *rest = new.split(".")
            layer = 2 * int(block) + (int(rest[1]) if rest[0] == "resnets" else 0)
            new = ".".join(["body", str(layer), *(rest[2:] if rest[0] == "resnets" else rest)])
        old[new] = tensor
    save_file(old, tmp_path / "a.safetensors")
    ref = load_controlnet(str(tmp_path / "a.safetensors"), tiny.ctx)
    seen = picture(side=64)
    with tiny.ctx.load(ref) as live:
        for one, other in zip(live(planes(seen)), net(planes(seen)), strict=True):
            assert torch.equal(one, other)


def test_what_a_file_is_is_told_by_its_shapes() -> None:
    real: dict[str, Any] = {
        "sd15": {"cross_attention_dim": 768, "attention_head_dim": 8},
        "sd21": {
            "cross_attention_dim": 1024,
            "attention_head_dim": (5, 10, 20, 20),
            "use_linear_projection": True,
        },
        "sdxl": {
            "cross_attention_dim": 2048,
            "attention_head_dim": (5, 10, 20),
            "block_out_channels": (320, 640, 1280),
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            "transformer_layers_per_block": (1, 2, 10),
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": 2816,
        },
    }
    for family, options in real.items():
        with torch.device("meta"), quiet():
            net = ControlNetModel(**options)
        shapes = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
        cls, config = config_of(shapes, family)
        with torch.device("meta"), quiet():
            again = getattr(__import__("diffusers"), cls)(**config)
        found = {name: tuple(tensor.shape) for name, tensor in again.state_dict().items()}
        assert found == shapes, family
        heads, wanted = config["attention_head_dim"], net.config.attention_head_dim
        assert (heads if isinstance(heads, int) else tuple(heads)) == wanted, family


# What is refused


def test_a_picture_of_another_size_is_refused_with_both_sizes(
    tiny: Tiny, nets: dict[str, Path]
) -> None:
    with pytest.raises(NodeError, match="has 64×64 pixels and the one that is sampled 32×32"):
        ours(tiny, led(tiny, nets["one"], picture(side=64)))


def test_a_controlnet_for_another_model_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    other = make_tiny(tmp_path / "wide", width=64)
    with quiet():
        wide = Tiny(other)
        ControlNetModel.from_unet(
            wide.pipeline.unet, conditioning_embedding_out_channels=(8, 16, 16)
        ).save_pretrained(tmp_path / "net")
    with pytest.raises(NodeError, match="its cross_attention_dim is 64 and that of the model 32"):
        ours(tiny, led(tiny, tmp_path / "net", picture()))


def test_what_is_no_controlnet_is_refused_in_words(tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a UNet2DConditionModel, no ControlNet"):
        load_controlnet(str(tiny.folder / "unet"), tiny.ctx)
    save_file({"weight": torch.zeros(1)}, tmp_path / "a.safetensors")
    with pytest.raises(ModelError, match=r"is no ControlNet .* it holds weight …"):
        load_controlnet(str(tmp_path / "a.safetensors"), tiny.ctx)


def test_a_control_that_ends_before_it_starts_is_refused(tiny: Tiny, nets: dict[str, Path]) -> None:
    with pytest.raises(NodeError, match=r"ends at 0\.2, before it starts at 0\.5"):
        led(tiny, nets["one"], picture(), start=0.5, end=0.2)
