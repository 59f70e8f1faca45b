"""Tiny models of random weights, one for each family of the staged nodes.

``make(name, folder)`` saves one in the layout of Diffusers, ``NAMES`` lists what there is. Pictures
are 32 pixels a side, latents 4 pixels a cell, texts 16 tokens.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLQwenImage,
    DiffusionPipeline,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxTransformer2DModel,
    QwenImageTransformer2DModel,
    SD3Transformer2DModel,
    UNet2DConditionModel,
    ZImageTransformer2DModel,
)
from tiny_sd import SD15_SCHEDULE, WORDS, Bench, settled, tokenizer
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3Model,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

from musegraph_nodes.diffusion.load import Parts
from musegraph_nodes.live import quiet

WIDE = 32
"""How wide the states of the tiny text encoders are."""
_CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def autoencoder(channels: int = 4, **options: Any) -> AutoencoderKL:
    """Latents at a quarter of the picture's sides."""
    return AutoencoderKL(
        latent_channels=channels,
        block_out_channels=(8, 8, 16),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        norm_num_groups=4,
        sample_size=32,
        **options,
    )


def unet(reads: int = 4, wide: int = WIDE, **options: Any) -> UNet2DConditionModel:
    """Two levels, of which the upper looks at the text."""
    return UNet2DConditionModel(
        sample_size=8,
        in_channels=reads,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(16, 32),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=wide,
        attention_head_dim=4,
        norm_num_groups=8,
        **options,
    )


def clip(projected: bool = False, **options: Any) -> Any:
    """A CLIP of three layers, perhaps with a projection."""
    words = tokenizer()
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=WIDE,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=WORDS,
        projection_dim=WIDE,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
        **options,
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)


def t5_words() -> T5Tokenizer:
    """One that knows single letters."""
    known = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    known += [(chr(code), -3.0) for code in range(33, 127)]
    return T5Tokenizer(vocab=known, extra_ids=0)


def t5(wide: int = WIDE) -> T5EncoderModel:
    """The encoder half of a T5 of two layers."""
    size = {"d_model": wide, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}
    return T5EncoderModel(T5Config(vocab_size=len(t5_words()), **size))


def chat_words() -> Qwen2Tokenizer:
    """One that knows bytes, and how a conversation is written."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    known = {letter: index for index, letter in enumerate(bytes_to_unicode().values())}
    known["<|endoftext|>"] = len(known)
    made = Qwen2Tokenizer(vocab=known, merges=[])
    made.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    made.chat_template = _CHAT
    return made


def _schedule(**options: Any) -> EulerDiscreteScheduler:
    known = {k: v for k, v in SD15_SCHEDULE.items() if k.startswith(("beta", "steps"))}
    return EulerDiscreteScheduler(**known, **options)


def _sd2() -> dict[str, Any]:
    """What is said of velocities, by an encoder without its last layer."""
    return {
        "vae": autoencoder(),
        "text_encoder": clip(hidden_act="gelu"),
        "tokenizer": tokenizer(),
        "unet": unet(use_linear_projection=True),
        "scheduler": _schedule(prediction_type="v_prediction"),
        "safety_checker": None,
        "feature_extractor": None,
        "requires_safety_checker": False,
    }


def _inpaint() -> dict[str, Any]:
    own = {"unet": unet(reads=9), "text_encoder": clip(), "scheduler": _schedule()}
    return _sd2() | own


def _added(sizes: int) -> dict[str, Any]:
    return {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": WIDE + 8 * sizes,
        "use_linear_projection": True,
    }


def _sdxl() -> dict[str, Any]:
    return {
        "vae": autoencoder(force_upcast=True, scaling_factor=0.13025),
        "text_encoder": clip(),
        "text_encoder_2": clip(projected=True, hidden_act="gelu"),
        "tokenizer": tokenizer(),
        "tokenizer_2": tokenizer(),
        "unet": unet(wide=2 * WIDE, transformer_layers_per_block=(1, 2), **_added(6)),
        "scheduler": _schedule(),
    }


def _refiner() -> dict[str, Any]:
    return _sdxl() | {
        "text_encoder": None,
        "tokenizer": None,
        "unet": unet(wide=WIDE, **_added(5)),
        "requires_aesthetics_score": True,
        "force_zeros_for_empty_prompt": False,
    }


def _sd3() -> dict[str, Any]:
    return {
        "vae": autoencoder(
            16, shift_factor=0.0609, scaling_factor=1.5305, use_quant_conv=False,
            use_post_quant_conv=False,
        ),
        "text_encoder": clip(projected=True),
        "text_encoder_2": clip(projected=True, hidden_act="gelu"),
        "text_encoder_3": t5(2 * WIDE),
        "tokenizer": tokenizer(),
        "tokenizer_2": tokenizer(),
        "tokenizer_3": t5_words(),
        "transformer": SD3Transformer2DModel(
            sample_size=8, patch_size=2, in_channels=16, num_layers=2, attention_head_dim=8,
            num_attention_heads=4, joint_attention_dim=2 * WIDE, caption_projection_dim=32,
            pooled_projection_dim=2 * WIDE, out_channels=16, pos_embed_max_size=16,
            dual_attention_layers=(0,), qk_norm="rms_norm",
        ),
        "scheduler": FlowMatchEulerDiscreteScheduler(shift=3.0),
    }  # fmt: skip


def _sd3_without_t5() -> dict[str, Any]:
    return _sd3() | {"text_encoder_3": None, "tokenizer_3": None}


def _flux(guidance: bool = True) -> dict[str, Any]:
    return {
        "vae": autoencoder(
            4, shift_factor=0.1159, scaling_factor=0.3611, use_quant_conv=False,
            use_post_quant_conv=False,
        ),
        "text_encoder": clip(),
        "text_encoder_2": t5(),
        "tokenizer": tokenizer(),
        "tokenizer_2": t5_words(),
        "transformer": FluxTransformer2DModel(
            in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
            num_attention_heads=2, joint_attention_dim=WIDE, pooled_projection_dim=WIDE,
            axes_dims_rope=(4, 4, 8), guidance_embeds=guidance,
        ),
        "scheduler": FlowMatchEulerDiscreteScheduler(
            shift=3.0 if guidance else 1.0, use_dynamic_shifting=guidance
        ),
    }  # fmt: skip


def _schnell() -> dict[str, Any]:
    return _flux(guidance=False)


def _z_image() -> dict[str, Any]:
    words = chat_words()
    return {
        "vae": autoencoder(4, shift_factor=0.1159, scaling_factor=0.3611),
        "tokenizer": words,
        "text_encoder": Qwen3Model(
            Qwen3Config(
                vocab_size=len(words), hidden_size=WIDE, intermediate_size=64, num_hidden_layers=3,
                num_attention_heads=4, num_key_value_heads=2, head_dim=8,
            )
        ),
        "transformer": ZImageTransformer2DModel(
            in_channels=4, dim=32, n_layers=1, n_refiner_layers=1, n_heads=2, n_kv_heads=2,
            cap_feat_dim=WIDE, axes_dims=[4, 4, 8], axes_lens=[128, 32, 32],
        ),
        "scheduler": FlowMatchEulerDiscreteScheduler(shift=3.0),
    }  # fmt: skip


def _qwen_image() -> dict[str, Any]:
    words = chat_words()
    text = {
        "vocab_size": len(words), "hidden_size": WIDE, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "rope_scaling": {"type": "mrope", "mrope_section": [1, 1, 2]},
    }  # fmt: skip
    seen = {
        "depth": 1, "hidden_size": 32, "intermediate_size": 32, "num_heads": 2,
        "out_hidden_size": WIDE, "fullatt_block_indexes": [0],
    }  # fmt: skip
    return {
        "vae": AutoencoderKLQwenImage(
            base_dim=8, z_dim=4, dim_mult=[1, 2, 2], num_res_blocks=1,
            temperal_downsample=[False, True], latents_mean=[0.1, -0.2, 0.3, 0.0],
            latents_std=[1.1, 0.9, 1.3, 0.7],
        ),
        "tokenizer": words,
        "text_encoder": Qwen2_5_VLForConditionalGeneration(
            Qwen2_5_VLConfig(text_config=text, vision_config=seen)
        ),
        "transformer": QwenImageTransformer2DModel(
            in_channels=16, out_channels=4, num_layers=2, attention_head_dim=16,
            num_attention_heads=2, joint_attention_dim=WIDE, axes_dims_rope=(4, 4, 8),
        ),
        "scheduler": FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True, max_shift=0.9, shift_terminal=0.02, max_image_seq_len=8192
        ),
    }  # fmt: skip


_MODELS: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "sd2": ("StableDiffusionPipeline", _sd2),
    "inpaint": ("StableDiffusionInpaintPipeline", _inpaint),
    "sdxl": ("StableDiffusionXLPipeline", _sdxl),
    "sdxl-refiner": ("StableDiffusionXLImg2ImgPipeline", _refiner),
    "sd3": ("StableDiffusion3Pipeline", _sd3),
    "sd3-without-t5": ("StableDiffusion3Pipeline", _sd3_without_t5),
    "flux": ("FluxPipeline", _flux),
    "flux-schnell": ("FluxPipeline", _schnell),
    "z_image": ("ZImagePipeline", _z_image),
    "qwen_image": ("QwenImagePipeline", _qwen_image),
}
NAMES = tuple(_MODELS)


def make(name: str, folder: Path, seed: int = 0) -> Path:
    """Save a tiny model as a folder of Diffusers."""
    kind, parts = _MODELS[name]
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(seed)
        made = parts()
        for part in made.values():
            if isinstance(part, torch.nn.Module):
                _livelier(part)
        getattr(diffusers, kind)(**made).save_pretrained(folder)
    return folder


def _livelier(net: torch.nn.Module) -> None:
    """Leave no weight at zero or one, or half of a net would not be seen in what it makes."""
    for parameter in net.parameters():
        if parameter.unique().numel() == 1:
            torch.nn.init.normal_(parameter, float(parameter.detach().flatten()[0]), 0.05)


class Opened:
    """A tiny model opened by our nodes and by the plain pipeline of its family."""

    def __init__(self, name: str, folder: Path) -> None:
        from musegraph_nodes.diffusion import load

        self.folder = make(name, folder)
        self.ctx = Bench()
        self.parts: Parts = load(str(folder), self.ctx)
        with quiet():
            index = json.loads((self.folder / "model_index.json").read_text())
            without = ("text_encoder", "text_encoder_3", "tokenizer", "tokenizer_3")
            options: dict[str, Any] = {n: None for n in without if index.get(n) == [None, None]}
            self.pipeline = DiffusionPipeline.from_pretrained(folder, **options)
        settled(self.pipeline)
        self.pipeline.set_progress_bar_config(disable=True)

    def plain(self, seed: int = 7, steps: int = 3, **options: Any) -> torch.Tensor:
        """The pictures [B,H,W,3] that the plain pipeline makes."""
        found = self.pipeline(
            num_inference_steps=steps,
            generator=torch.Generator().manual_seed(seed),
            output_type="pt",
            **options,
        ).images
        assert isinstance(found, torch.Tensor)
        return found.permute(0, 2, 3, 1)
