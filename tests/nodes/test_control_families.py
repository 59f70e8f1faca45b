"""LoRAs, ControlNets and IP-Adapters on the families, beside the plain pipelines of diffusers."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
import tiny_lora
import torch
from diffusers import (
    ControlNetModel,
    ControlNetUnionModel,
    StableDiffusionXLAdapterPipeline,
    StableDiffusionXLControlNetPipeline,
    StableDiffusionXLControlNetUnionPipeline,
)
from originals import unet_name
from PIL import Image as Pictures
from safetensors.torch import save_file
from test_diffusion_controlnet import adapter, picture, planes, randomised
from tiny import Opened

from musegraph import Conditioning, Image, Model, ModelError, NodeError, TextEncoder
from musegraph_nodes.diffusion import (
    control,
    decode,
    empty_latent,
    encode_text,
    load_controlnet,
    lora,
    sample,
)
from musegraph_nodes.diffusion.control.controlnet import KINDS
from musegraph_nodes.diffusion.control.controlnet_names import config_of
from musegraph_nodes.live import quiet

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Already found a `peft_config`"),
]
PROMPT = "a red sun"
SIZE = {"height": 32, "width": 32}
Open = Callable[[str], Opened]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Open:
    made: dict[str, Opened] = {}

    def one(name: str) -> Opened:
        if name not in made:
            made[name] = Opened(name, tmp_path_factory.mktemp("models") / name)
        return made[name]

    return one


def ours(
    tiny: Opened,
    model: Model | None = None,
    encoder: TextEncoder | None = None,
    told: Conditioning | None = None,
    guidance: float = 4.0,
) -> torch.Tensor:
    model = model or tiny.parts.model
    told = told or encode_text(encoder or tiny.parts.text_encoder, PROMPT, tiny.ctx)
    latent = empty_latent(model, 32, 32)
    made = sample(
        model, told, tiny.ctx, seed=7, steps=3, sampler="euler", latent=latent, guidance=guidance
    )
    return decode(tiny.parts.vae, made, tiny.ctx).data


def kohya_xl(file: Path, tiny: Opened) -> Path:
    """A file of kohya's for SDXL: the UNet's modules by the names of the first release."""
    random = torch.Generator().manual_seed(4)
    made = {}
    pipeline = tiny.pipeline
    modules = tiny_lora.targets(pipeline.unet, tiny_lora.ATTENTION).items()
    named = [(f"lora_unet_{_first(name)}", module) for name, module in modules]
    for prefix, net in (("te1", pipeline.text_encoder), ("te2", pipeline.text_encoder_2)):
        for name, module in tiny_lora.targets(net, tiny_lora.WORDS).items():
            key = name.removeprefix("text_model.").replace(".", "_")
            named.append((f"lora_{prefix}_text_model_{key}", module))
    for key, module in named:
        out, into = module.weight.shape
        made[f"{key}.lora_down.weight"] = torch.randn(2, into, generator=random) * 0.3
        made[f"{key}.lora_up.weight"] = torch.randn(out, 2, generator=random) * 0.3
        made[f"{key}.alpha"] = torch.tensor(1.0)
    save_file(made, file)
    return file


def _first(name: str) -> str:
    return unet_name(f"{name}.weight", 1).removesuffix(".weight").replace(".", "_")


def kohya_flux(file: Path, tiny: Opened) -> Path:
    """A file of kohya's for FLUX.1, by the names of the first release."""
    random = torch.Generator().manual_seed(4)
    wide = 32
    shapes = {
        "double_blocks_0_img_attn_qkv": (3 * wide, wide),
        "double_blocks_0_img_attn_proj": (wide, wide),
        "double_blocks_0_txt_attn_qkv": (3 * wide, wide),
        "double_blocks_0_img_mlp_0": (4 * wide, wide),
        "single_blocks_0_linear2": (wide, 5 * wide),
    }
    made = {}
    for name, (out, into) in shapes.items():
        key = f"lora_unet_{name}"
        made[f"{key}.lora_down.weight"] = torch.randn(2, into, generator=random) * 0.3
        made[f"{key}.lora_up.weight"] = torch.randn(out, 2, generator=random) * 0.3
        made[f"{key}.alpha"] = torch.tensor(1.0)
    save_file(made, file)
    return file


def peft_file(file: Path, tiny: Opened) -> Path:
    return tiny_lora.peft(file, tiny.pipeline.transformer, prefix="transformer")


LORAS: dict[str, tuple[str, Callable[[Path, Opened], Path]]] = {
    "sdxl as kohya writes it": ("sdxl", kohya_xl),
    "sd3 as peft writes it": ("sd3", peft_file),
    "flux as peft writes it": ("flux", peft_file),
    "flux as kohya writes it": ("flux", kohya_flux),
    "z_image as peft writes it": ("z_image", peft_file),
}


@pytest.mark.parametrize("case", LORAS)
def test_a_lora_on_a_family_equals_the_pipeline_bit_for_bit_and_leaves_no_trace(
    case: str, opened: Open, tmp_path: Path
) -> None:
    name, write = LORAS[case]
    tiny = opened(name)
    file = write(tmp_path / "a.safetensors", tiny)
    before = ours(tiny)
    model, encoder = lora(
        tiny.parts.model,
        str(file),
        tiny.ctx,
        tiny.parts.text_encoder,
        strength=0.6,
        clip_strength=0.6,
    )
    made = ours(tiny, model, encoder)
    pipeline = tiny.pipeline
    with quiet():
        pipeline.load_lora_weights(str(tmp_path), weight_name=file.name, adapter_name="a")
        pipeline.set_adapters(["a"], [0.6])
    try:
        scale = 3.0 if name == "z_image" else 4.0
        plain = tiny.plain(prompt=PROMPT, guidance_scale=scale, **SIZE)
    finally:
        pipeline.unload_lora_weights()
    assert torch.equal(made, plain)
    assert not torch.allclose(made, before, atol=1e-3)
    assert torch.equal(ours(tiny), before)


def test_a_lora_of_one_family_is_refused_by_every_other(opened: Open, tmp_path: Path) -> None:
    for name, other in (("sdxl", "flux"), ("flux", "sd3"), ("sd3", "sdxl")):
        write = kohya_xl if name == "sdxl" else peft_file
        file = write(tmp_path / f"{name}.safetensors", opened(name))
        model, _ = lora(opened(other).parts.model, str(file), opened(other).ctx)
        with (
            pytest.raises(ModelError, match="does not fit this model"),
            opened(other).ctx.load(model),
        ):
            pass


def test_a_controlnet_for_sdxl_equals_the_pipeline_bit_for_bit(
    opened: Open, tmp_path: Path
) -> None:
    tiny = opened("sdxl")
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        unet = tiny.pipeline.unet
        made = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(8, 16, 16))
        randomised(made, 1).save_pretrained(tmp_path)
        live = ControlNetModel.from_pretrained(tmp_path)
        parts = tiny.pipeline.components | {"controlnet": live}
        pipeline = StableDiffusionXLControlNetPipeline(**parts)
    told = encode_text(tiny.parts.text_encoder, PROMPT, tiny.ctx)
    told = control(told, load_controlnet(str(tmp_path), tiny.ctx), picture(), strength=0.7)
    pipeline.set_progress_bar_config(disable=True)
    plain = pipeline(
        PROMPT, image=planes(picture()), controlnet_conditioning_scale=0.7, guidance_scale=4.0,
        num_inference_steps=3, generator=torch.Generator().manual_seed(7), output_type="pt",
    ).images.permute(0, 2, 3, 1)  # fmt: skip
    assert torch.equal(ours(tiny, told=told), plain)


@pytest.fixture(scope="module")
def union(opened: Open, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ControlNet for six kinds of pictures, made of the tiny UNet of SDXL."""
    place = tmp_path_factory.mktemp("controls") / "union"
    unet = opened("sdxl").pipeline.unet
    known = signature(ControlNetUnionModel.__init__).parameters
    config = {name: value for name, value in unet.config.items() if name in known}
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        net = ControlNetUnionModel(
            **config, conditioning_embedding_out_channels=(8, 16, 16), num_trans_channel=16,
            num_trans_head=2, num_proj_channel=16,
        )  # fmt: skip
        randomised(net, 1).save_pretrained(place)
    return place


UNIONS: dict[str, tuple[list[str], dict[str, Any], dict[str, Any]]] = {
    "a line for a part of the steps": (
        ["line"], {"strength": 0.7, "end": 0.7},
        {"controlnet_conditioning_scale": 0.7, "control_guidance_end": 0.7},
    ),
    # Without guidance, with which its pipeline fails: it marks the kinds of twice as many pictures.
    "in guess mode": (["pose"], {"guess": True}, {"guess_mode": True, "guidance_scale": 1.0}),
    "two together": (
        ["pose", "depth"], {"strength": 0.6}, {"controlnet_conditioning_scale": [0.6, 0.6]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNIONS)
def test_a_union_controlnet_equals_the_pipeline_bit_for_bit(
    case: str, opened: Open, union: Path
) -> None:
    kinds, how, plain_how = UNIONS[case]
    tiny = opened("sdxl")
    net = load_controlnet(str(union), tiny.ctx)
    assert net.options["kinds"] == 6
    told = encode_text(tiny.parts.text_encoder, PROMPT, tiny.ctx)
    for seed, kind in enumerate(kinds):
        told = control(told, net, picture(seed), kind=kind, **how)  # type: ignore[arg-type]
    with quiet():
        live = ControlNetUnionModel.from_pretrained(union)
        parts = tiny.pipeline.components | {"controlnet": live}
        pipeline = StableDiffusionXLControlNetUnionPipeline(**parts)
    pipeline.set_progress_bar_config(disable=True)
    asked = {"guidance_scale": 4.0} | plain_how
    plain = pipeline(
        PROMPT, control_image=[planes(picture(seed)) for seed in range(len(kinds))],
        control_mode=[KINDS.index(kind) for kind in kinds], num_inference_steps=3,
        generator=torch.Generator().manual_seed(7), output_type="pt", **asked,
    ).images.permute(0, 2, 3, 1)  # fmt: skip
    made = ours(tiny, told=told, guidance=asked["guidance_scale"])
    if asked["guidance_scale"] > 1:
        assert torch.equal(made, plain)
    else:  # kernels for a batch of one round by where numbers lie
        assert torch.allclose(made, plain, atol=1e-6)


def test_a_union_controlnet_is_told_what_kind_a_picture_is_and_others_are_not(
    opened: Open, union: Path, tmp_path: Path
) -> None:
    tiny = opened("sdxl")
    told = encode_text(tiny.parts.text_encoder, PROMPT, tiny.ctx)
    net = load_controlnet(str(union), tiny.ctx)
    for kind in ("not said", "tile"):
        with pytest.raises(NodeError, match=r"tells 6 kinds of pictures apart; .*: pose, depth,"):
            control(told, net, picture(), kind=kind)  # type: ignore[arg-type]
    with quiet():
        ControlNetModel.from_unet(
            tiny.pipeline.unet, conditioning_embedding_out_channels=(8, 16, 16)
        ).save_pretrained(tmp_path)
    with pytest.raises(NodeError, match="was made for one kind of picture; leave kind at"):
        control(told, load_controlnet(str(tmp_path), tiny.ctx), picture(), kind="line")


def test_a_single_file_of_a_union_controlnet_is_told_by_its_shapes() -> None:
    options: dict[str, Any] = {
        "cross_attention_dim": 2048, "attention_head_dim": [5, 10, 20],
        "block_out_channels": [320, 640, 1280], "use_linear_projection": True,
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        "transformer_layers_per_block": [1, 2, 10], "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816,
        "conditioning_embedding_out_channels": [16, 32, 96, 256], "num_control_type": 8,
    }  # fmt: skip
    with torch.device("meta"), quiet():
        net = ControlNetUnionModel(**options)
    shapes = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    cls, config = config_of(shapes, "promax")
    assert cls == "ControlNetUnionModel"
    assert {name: config[name] for name in options} == options
    with torch.device("meta"), quiet():
        again = ControlNetUnionModel(**config)
    assert {name: tuple(t.shape) for name, t in again.state_dict().items()} == shapes


def test_a_t2i_adapter_for_sdxl_equals_the_pipeline_bit_for_bit(
    opened: Open, tmp_path: Path
) -> None:
    tiny = opened("sdxl")
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        live = randomised(adapter("full_adapter"), 1)
        live.save_pretrained(tmp_path)
        pipeline = StableDiffusionXLAdapterPipeline(**tiny.pipeline.components, adapter=live)
    told = encode_text(tiny.parts.text_encoder, PROMPT, tiny.ctx)
    told = control(told, load_controlnet(str(tmp_path), tiny.ctx), picture(), strength=0.7)
    pipeline.set_progress_bar_config(disable=True)
    plain = pipeline(
        PROMPT, image=planes(picture()), adapter_conditioning_scale=0.7, guidance_scale=4.0,
        num_inference_steps=3, generator=torch.Generator().manual_seed(7), output_type="pt", **SIZE,
    ).images.permute(0, 2, 3, 1)  # fmt: skip
    assert torch.equal(ours(tiny, told=told), plain)


def test_a_controlnet_on_a_family_that_it_is_not_for_is_refused(
    opened: Open, tmp_path: Path
) -> None:
    tiny = opened("sd3")
    with quiet():
        unet = opened("sdxl").pipeline.unet
        ControlNetModel.from_unet(
            unet, conditioning_embedding_out_channels=(8, 16, 16)
        ).save_pretrained(tmp_path)
    told = encode_text(tiny.parts.text_encoder, PROMPT, tiny.ctx)
    told = control(told, load_controlnet(str(tmp_path), tiny.ctx), picture())
    with pytest.raises(NodeError, match="is for a UNet2DConditionModel and the model is a SD3Tr"):
        ours(tiny, told=told)


def _of_sd3(tiny: Opened) -> tuple[Any, Any]:
    from diffusers import SD3ControlNetModel, StableDiffusion3ControlNetPipeline

    net = SD3ControlNetModel.from_transformer(
        tiny.pipeline.transformer, num_layers=1, num_extra_conditioning_channels=0
    )
    return net, StableDiffusion3ControlNetPipeline


def _of_flux(tiny: Opened) -> tuple[Any, Any]:
    from diffusers import FluxControlNetModel, FluxControlNetPipeline

    net = FluxControlNetModel.from_transformer(
        tiny.pipeline.transformer, num_layers=1, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2,
    )  # fmt: skip
    return net, FluxControlNetPipeline


@pytest.mark.parametrize(("name", "guidance"), [("sd3", 1.0), ("sd3", 4.0), ("flux", 4.0)])
def test_a_controlnet_for_a_transformer_equals_the_pipeline_bit_for_bit(
    name: str, guidance: float, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pipelines draw the latent of the picture; ours, and theirs here, is its mean.

    With guidance that of SD 3 encodes the picture twice in a batch, which rounds otherwise.
    """
    from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

    tiny = opened(name)
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        live, kind = {"sd3": _of_sd3, "flux": _of_flux}[name](tiny)
        randomised(live, 1).save_pretrained(tmp_path)
        live = type(live).from_pretrained(tmp_path)
        pipeline = kind(**tiny.pipeline.components | {"controlnet": live})
    before = ours(tiny, guidance=guidance)
    told = encode_text(tiny.parts.text_encoder, PROMPT, tiny.ctx)
    net = load_controlnet(str(tmp_path), tiny.ctx)
    shown = Image((picture().data * 255).round() / 255)  # the pipelines take -1..1, or 8 bits
    made = ours(tiny, told=control(told, net, shown, strength=0.7, end=0.7), guidance=guidance)
    pipeline.set_progress_bar_config(disable=True)
    monkeypatch.setattr(
        DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode()
    )
    plain = pipeline(
        PROMPT, control_image=Pictures.fromarray((shown.data[0] * 255).round().byte().numpy()),
        controlnet_conditioning_scale=0.7, control_guidance_end=0.7,
        guidance_scale=guidance, num_inference_steps=3,
        generator=torch.Generator().manual_seed(7), output_type="pt", **SIZE,
    ).images.permute(0, 2, 3, 1)  # fmt: skip
    if name == "sd3" and guidance > 1:
        assert torch.allclose(made, plain, atol=1e-5)
    else:
        assert torch.equal(made, plain)
    assert not torch.allclose(made, before, atol=1e-3)
    assert torch.equal(ours(tiny, guidance=guidance), before)
