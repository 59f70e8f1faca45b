"""Random LoRA files for a tiny model, in the layouts that people share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file


def _random(seed: int) -> Any:
    made = torch.Generator().manual_seed(seed)
    return lambda *shape: torch.randn(*shape, generator=made) * 0.3


def targets(net: Any, ends: tuple[str, ...]) -> dict[str, Any]:
    return {name: m for name, m in net.named_modules() if name.endswith(ends)}


ATTENTION = ("to_q", "to_k", "to_v", "to_out.0", "proj_in", "ff.net.0.proj", "ff.net.2")
CONVOLUTIONS = ("conv1", "conv2", "conv_shortcut", "downsamplers.0.conv", "upsamplers.0.conv")
WORDS = ("q_proj", "k_proj", "v_proj", "out_proj", "mlp.fc1", "mlp.fc2")


def kohya(
    file: Path,
    unet: Any,
    text_encoder: Any = None,
    seed: int = 0,
    rank: int = 2,
    ends: tuple[str, ...] = ATTENTION,
    text_prefix: str = "lora_te",
) -> Path:
    """A file as kohya's trainer writes it, LoCon if ``ends`` names convolutions."""
    random, made = _random(seed), {}
    parts = [("lora_unet", targets(unet, ends))]
    if text_encoder is not None:
        words = targets(text_encoder, WORDS)
        parts.append(
            (
                f"{text_prefix}_text_model",
                {name.removeprefix("text_model."): module for name, module in words.items()},
            )
        )
    for prefix, modules in parts:
        for name, module in modules.items():
            key, weight = f"{prefix}_{name.replace('.', '_')}", module.weight
            made[f"{key}.lora_down.weight"] = random(rank, *weight.shape[1:])
            tail = [1] * (weight.ndim - 2)
            made[f"{key}.lora_up.weight"] = random(weight.shape[0], rank, *tail)
            made[f"{key}.alpha"] = torch.tensor(1.0)
    save_file(made, file)
    return file


def peft(file: Path, unet: Any, seed: int = 0, rank: int = 2, prefix: str = "unet") -> Path:
    """A file in the layout of peft, as the trainers of diffusers write it now."""
    random, made = _random(seed), {}
    for name, module in targets(unet, ATTENTION).items():
        out, into = module.weight.shape[:2]
        tail = [1] * (module.weight.ndim - 2)
        made[f"{prefix}.{name}.lora_A.weight"] = random(rank, into, *tail)
        made[f"{prefix}.{name}.lora_B.weight"] = random(out, rank, *tail)
    save_file(made, file)
    return file


def diffusers(file: Path, unet: Any, seed: int = 0, rank: int = 2) -> Path:
    """A file in the first layout of diffusers, with processors."""
    random, made = _random(seed), {}
    for name, module in targets(unet, ("to_q", "to_k", "to_v", "to_out.0")).items():
        where, _, kind = name.removesuffix(".0").rpartition(".")
        out, into = module.weight.shape
        made[f"unet.{where}.processor.{kind}_lora.down.weight"] = random(rank, into)
        made[f"unet.{where}.processor.{kind}_lora.up.weight"] = random(out, rank)
    save_file(made, file)
    return file
