"""Tiny models of random weights under the names of the real ones that examples were written for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tiny_lora
import tiny_sound
import torch
from parity import videos
from safetensors.torch import save_file
from tiny import make
from tiny_autoregressive import make_imagegpt, make_janus
from tiny_gan import make_gan
from tiny_language import make_language
from tiny_sd import make_tiny
from tiny_speech import make_voice

from musegraph_nodes.live import quiet

SD15 = "stable-diffusion-v1-5/stable-diffusion-v1-5"
SDXL = "stabilityai/stable-diffusion-xl-base-1.0"


def _unet(folder: Path, model: str) -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel.from_pretrained(folder / model / "unet")


def _lora(folder: Path, place: Path) -> None:
    tiny_lora.peft(place, _unet(folder, SDXL), seed=len(place.stem))


def _controlnet(folder: Path, place: Path) -> None:
    from diffusers import ControlNetModel

    net = ControlNetModel.from_unet(
        _unet(folder, SD15), conditioning_embedding_out_channels=(8, 16, 16)
    )
    torch.manual_seed(len(place.name))  # two of the same weights would be one model of two names
    for weight in net.parameters():  # the layers that begin at zero would lead nowhere
        weight.data += torch.randn(weight.shape) * 0.05
    net.save_pretrained(place)


def _adapter(folder: Path, place: Path) -> None:
    wide, made, number = 32, {}, 1
    for name, module in _unet(folder, SD15).named_modules():
        if name.endswith("attn2"):
            for part in "kv":
                made[f"ip_adapter.{number}.to_{part}_ip.weight"] = torch.randn(
                    module.to_k.weight.shape
                )
            number += 2
    made |= {
        "image_proj.proj.weight": torch.randn(4 * wide, 24) * 0.2,
        "image_proj.proj.bias": torch.zeros(4 * wide),
        "image_proj.norm.weight": torch.ones(wide),
        "image_proj.norm.bias": torch.zeros(wide),
    }
    save_file(made, place)


def _encoder(folder: Path, place: Path) -> None:
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

    config = CLIPVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        image_size=32, patch_size=8, projection_dim=24,
    )  # fmt: skip
    CLIPVisionModelWithProjection(config).save_pretrained(place)
    CLIPImageProcessor(size=32, crop_size=32).save_pretrained(place)


STAND_INS: dict[str, Callable[[Path, Path], Any]] = {
    "Wan-AI/Wan2.1-T2V-1.3B-Diffusers": lambda folder, place: videos.wan().save_pretrained(place),
    "Lightricks/LTX-Video-0.9.5": lambda folder, place: videos.ltx().save_pretrained(place),
    SD15: lambda folder, place: make_tiny(place),
    SDXL: lambda folder, place: make("sdxl", place),
    "nerijs/pixel-art-xl/pixel-art-xl.safetensors": _lora,
    "CiroN2022/toy-face/toy_face_sdxl.safetensors": _lora,
    "lllyasviel/control_v11f1e_sd15_tile": _controlnet,
    "lllyasviel/control_v11p_sd15_openpose": _controlnet,
    "h94/IP-Adapter/models/ip-adapter_sd15.safetensors": _adapter,
    "h94/IP-Adapter/models/image_encoder": _encoder,
    "facebook/musicgen-small": lambda folder, place: tiny_sound.musicgen(place),
    "ACE-Step/acestep-v15-xl-turbo-diffusers": lambda folder, place: tiny_sound.ace_step(place),
    "Qwen/Qwen3-1.7B": lambda folder, place: make_language(place, reach=2048),
    "deepseek-community/Janus-Pro-1B": lambda folder, place: make_janus(place),
    "openai/imagegpt-small": lambda folder, place: make_imagegpt(place),
    "stylegan2/ffhq-256.safetensors": lambda folder, place: make_gan(place),
    "facebook/mms-tts-eng": lambda folder, place: make_voice(place),
    "facebook/encodec_24khz": lambda folder, place: tiny_sound.encodec(place),
}


def stand_ins(folder: Path) -> Path:
    """A folder of models in which the examples find what their inputs name."""
    for name, build in STAND_INS.items():
        with torch.random.fork_rng(devices=[]), quiet():
            torch.manual_seed(0)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            build(folder, folder / name)
    return folder
