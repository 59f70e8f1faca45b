"""Tiny generators of random weights, in the layout of the public ones."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from musegraph_nodes.gan.filters import kernel_of
from musegraph_nodes.gan.layout import Layout, shapes_of

TINY = Layout(base=4, channels=(12, 10, 8, 6), width=16, depth=3, draws=16)
"""32 pixels, eight layers."""


def tensors_of(layout: Layout = TINY, seed: int = 0) -> dict[str, Tensor]:
    """Weights as a generator begins with, but that noises and biases count from the first."""
    chance = torch.Generator().manual_seed(seed)
    made = {}
    for name, shape in shapes_of(layout).items():
        values = torch.randn(shape, generator=chance)
        if name.endswith(".kernel"):
            values = kernel_of(4.0)
        elif name.startswith("style."):
            # Stored a hundred times as large as they count: these layers learn slowly.
            values = values * (100 if name.endswith("weight") else 10)
        elif name.endswith("modulation.bias"):
            values = 1 + values * 0.1
        elif name.endswith("bias"):
            values = values * 0.2
        elif name.endswith("noise.weight"):
            values = values * 0.1
        made[name] = values
    return made


def make_gan(
    file: Path, layout: Layout = TINY, seed: int = 0, *, prefix: str = "", mean: bool = False
) -> Path:
    """Save a generator; ``prefix`` puts its tensors where a checkpoint has them."""
    made = {prefix + name: tensor for name, tensor in tensors_of(layout, seed).items()}
    if mean:
        made["latent_avg"] = torch.linspace(-1, 1, layout.width)
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(made, file)
    return file
