"""Models of random weights, as large as real ones or small, and graphs that draw with them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness import ROOT

sys.path.insert(0, str(ROOT / "tests" / "nodes"))  # whose tiny models have tokenizers and T5

LARGE_WORDS = 49408
LIVELY = 6.0


def drawing(
    source: str, prompt: str | Sequence[str], seed: int | Sequence[int], *, steps: int,
    guidance: float = 5.0, sampler: str = "ddim", batch: int = 1, side: int = 0, **optimise: Any,
) -> dict[str, Any]:  # fmt: skip
    """A document from text to picture; ``optimise`` are the values of that node."""
    nodes: dict[str, Any] = {
        "model": {"type": "diffusion.load", "values": {"source": source}},
        "encode": {
            "type": "diffusion.encode_text",
            "links": {"encoder": "model.text_encoder"},
            "values": {"text": prompt if isinstance(prompt, str) else list(prompt)},
        },
        "away": {
            "type": "diffusion.encode_text",
            "links": {"encoder": "model.text_encoder"},
            "values": {"text": "fog"},
        },
        "size": {
            "type": "diffusion.empty_latent",
            "links": {"model": "model.model"},
            "values": {"batch": batch, "width": side, "height": side},
        },
        "fast": {
            "type": "diffusion.optimise",
            "links": {"model": "model.model"},
            "values": optimise,
        },
        "sample": {
            "type": "diffusion.sample",
            "links": {
                "model": "fast.model", "positive": "encode.out", "negative": "away.out",
                "latent": "size.out",
            },
            "values": {
                "seed": list(seed) if isinstance(seed, Sequence) else seed,
                "steps": steps, "guidance": guidance, "sampler": sampler,
            },
        },
        "decode": {
            "type": "diffusion.decode",
            "links": {"vae": "model.vae", "latent": "sample.out"},
        },
    }  # fmt: skip
    return {"musegraph": 1, "nodes": nodes, "outputs": {"picture": "decode.out"}}


def model_of(engine: Any, source: str) -> Any:
    """The reference to a denoiser, as ``diffusion.load`` gives it."""
    from musegraph import Model
    from musegraph.workflow import Port, Workflow

    node = {"type": "diffusion.load", "values": {"source": source}}
    plan = engine.plan(Workflow.parse({"musegraph": 1, "nodes": {"model": node}}))
    return Model(**engine.run(plan).value(Port("model", "model")))


def distance(one: Any, other: Any) -> tuple[float, float]:
    """How far pictures are from others: root mean square relative to theirs, and most in levels."""
    apart = (one.float().cpu() - other.float().cpu()).double()
    relative = apart.square().mean().sqrt() / other.double().cpu().square().mean().sqrt()
    return float(relative), float(apart.abs().max() * 255)


def unet_alone(folder: Path, width: int = 96) -> Path:
    """A model whose UNet takes 300 MB, and whose other parts are tiny."""
    import torch
    from diffusers import UNet2DConditionModel
    from tiny_sd import make_tiny

    make_tiny(folder)
    torch.manual_seed(0)
    UNet2DConditionModel(
        sample_size=8,
        layers_per_block=2,
        block_out_channels=(width, 2 * width, 5 * width),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
    ).save_pretrained(folder / "unet")
    return folder


def flux(folder: Path) -> Path:
    """A FLUX of twelve blocks, 128 wide, that sees 256 tokens of a picture of 128 pixels."""
    import torch
    from diffusers import (
        FlowMatchEulerDiscreteScheduler,
        FluxPipeline,
        FluxTransformer2DModel,
    )
    from tiny import WIDE, autoencoder, clip, t5, t5_words
    from tiny_sd import tokenizer

    torch.manual_seed(0)
    made = FluxPipeline(
        vae=autoencoder(4, shift_factor=0.1159, scaling_factor=0.3611, use_quant_conv=False,
                        use_post_quant_conv=False),
        text_encoder=clip(),
        text_encoder_2=t5(),
        tokenizer=tokenizer(),
        tokenizer_2=t5_words(),
        transformer=FluxTransformer2DModel(
            in_channels=16, num_layers=4, num_single_layers=8, attention_head_dim=32,
            num_attention_heads=4, joint_attention_dim=WIDE, pooled_projection_dim=WIDE,
            axes_dims_rope=(8, 12, 12), guidance_embeds=True,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
    )  # fmt: skip
    for name, parameter in made.transformer.named_parameters():
        if ".norm" in name and name.endswith(".linear.weight"):
            parameter.data *= LIVELY  # gates as they are begun let blocks say next to nothing
    made.save_pretrained(folder)
    return folder


def stable_diffusion(folder: Path, small: bool) -> Path:
    """Stable Diffusion 1.5 in size, or a quarter as wide and with less to each level."""
    from diffusers import StableDiffusionPipeline, UNet2DConditionModel

    wide, hidden = (64, 64) if small else (320, 768)
    unet = UNet2DConditionModel(
        sample_size=16 if small else 64,
        block_out_channels=(wide, 2 * wide) if small else (wide, 2 * wide, 4 * wide, 4 * wide),
        down_block_types=("CrossAttnDownBlock2D",) * (1 if small else 3) + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * (1 if small else 3),
        cross_attention_dim=hidden,
        attention_head_dim=8,
    )
    parts = {"text_encoder": _clip(hidden, 12, small, "quick_gelu"), "tokenizer": _words()}
    return _saved(StableDiffusionPipeline, folder, small, unet, 0.18215, **parts)


def sdxl(folder: Path, small: bool) -> Path:
    """Stable Diffusion XL in size, or a fifth as wide."""
    from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel

    wide, first, second = (64, 64, 96) if small else (320, 768, 1280)
    unet = UNet2DConditionModel(
        sample_size=16 if small else 128,
        block_out_channels=(wide, 2 * wide, 4 * wide),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=first + second,
        transformer_layers_per_block=(1, 1, 2) if small else (1, 2, 10),
        attention_head_dim=(wide // 64, wide // 32, wide // 16),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=second + 6 * 256,
    )
    parts = {
        "text_encoder": _clip(first, 12, small, "quick_gelu"),
        "text_encoder_2": _clip(second, 32, small, "gelu", projected=True),
        "tokenizer": _words(),
        "tokenizer_2": _words(),
    }
    return _saved(StableDiffusionXLPipeline, folder, small, unet, 0.13025, **parts)


def _words() -> Any:
    from tiny_sd import tokenizer

    words = tokenizer()
    words.model_max_length = 77
    return words


def _clip(wide: int, layers: int, small: bool, act: str, projected: bool = False) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    words = _words()
    config = CLIPTextConfig(
        vocab_size=len(words) if small else LARGE_WORDS,
        hidden_size=wide,
        intermediate_size=4 * wide,
        num_hidden_layers=3 if small else layers,
        num_attention_heads=max(1, wide // 64),
        projection_dim=wide,
        hidden_act=act,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)


def _saved(
    kind: Any, folder: Path, small: bool, unet: Any, scale: float, **parts: Any
) -> Path:  # fmt: skip
    """Both as 16-bit floats, which a GPU computes with as they are and a CPU makes longer."""
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler
    from tiny_sd import SD15_SCHEDULE

    from musegraph_nodes.live import quiet

    wide = 32 if small else 128
    vae = AutoencoderKL(
        block_out_channels=(wide, 2 * wide, 4 * wide, 4 * wide),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1 if small else 2,
        latent_channels=4,
        sample_size=512,
        scaling_factor=scale,
        force_upcast=False,  # or one of the two would decode in 32 bits and the other in 16
    )
    if kind.__name__ == "StableDiffusionPipeline":
        parts |= {"safety_checker": None, "feature_extractor": None}
        parts |= {"requires_safety_checker": False}
    with quiet():
        pipeline = kind(unet=unet, vae=vae, scheduler=DDIMScheduler(**SD15_SCHEDULE), **parts)
        pipeline.to(dtype=torch.float16).save_pretrained(folder)
    return folder
