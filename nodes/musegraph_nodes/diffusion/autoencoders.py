"""Autoencoders of all kinds alike: pictures [B,3,H,W] and latents [B,C,h,w] as denoisers want them.

Most multiply by a factor, some shift first; that of Qwen-Image, which is made for films too, has a
mean and a spread for each channel, and takes a picture as a film of one frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


def moments(net: Any, planes: Tensor) -> Tensor:
    """Mean and logarithm of the variance [B,2C,h,w] of what the encoder thinks likely."""
    films = _of_films(net)
    made: Tensor = net.encode(planes[:, :, None] if films else planes).latent_dist.parameters
    return made[:, :, 0] if films else made


def decoded(net: Any, data: Tensor) -> Tensor:
    """The pictures of latents as the autoencoder made them."""
    films = _of_films(net)
    made: Tensor = net.decode(data[:, :, None] if films else data, return_dict=False)[0]
    return made[:, :, 0] if films else made


def to_model(net: Any, data: Tensor) -> Tensor:
    """What an autoencoder made, as a denoiser wants it."""
    factor: float | None = net.config.get("scaling_factor")
    shift: float | None = net.config.get("shift_factor")
    made = data
    if net.config.get("latents_mean") is not None:
        mean, turned = _each(net, data)
        made = made - mean if factor is None else (made - mean) * factor
        return made * turned
    made = made - shift if shift else made
    return made if factor is None else factor * made


def from_model(net: Any, data: Tensor) -> Tensor:
    """What a denoiser made, as an autoencoder wants it."""
    factor: float | None = net.config.get("scaling_factor")
    shift: float | None = net.config.get("shift_factor")
    if net.config.get("latents_mean") is not None:
        mean, turned = _each(net, data)
        made = data / turned
        return (made if factor is None else made / factor) + mean
    made = data if factor is None else data / factor
    return made + shift if shift else made


def _of_films(net: Any) -> bool:
    return "z_dim" in net.config


def _each(net: Any, like: Tensor) -> tuple[Tensor, Tensor]:
    """The mean of each channel, and one over its spread: [1,C,1,1]."""
    import torch

    mean = torch.tensor(net.config["latents_mean"]).view(1, -1, 1, 1).to(like)
    return mean, 1.0 / torch.tensor(net.config["latents_std"]).view(1, -1, 1, 1).to(like)
