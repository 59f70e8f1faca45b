"""What models there are by what they are for, and how the names of their files end."""

from __future__ import annotations

from typing import Literal

Kind = Literal[
    "pipeline", "checkpoint", "denoiser", "vae", "text_encoder", "lora", "control", "t2i_adapter",
    "ip_adapter", "embedding", "upscaler", "vision", "depth", "pose", "caption", "style",
    "motion", "sound", "language", "autoregressive", "gan", "speech", "other",
]  # fmt: skip

WEIGHTS = (".safetensors", ".gguf")
PICKLES = (".ckpt", ".pt", ".pth", ".bin")
SUFFIXES = frozenset({".safetensors", ".json", ".txt", ".gguf", ".model"})
"""The files that are read of a model."""
