"""Small pictures of unfinished latents, for pipelines whose latents allow it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from musegraph import Image

if TYPE_CHECKING:
    from torch import Tensor

_MAPS: WeakKeyDictionary[Any, Tensor] = WeakKeyDictionary()


class Previews:
    """The latents of the latest step, as a picture when somebody looks."""

    def __init__(self, pipe: Any, values: Mapping[str, Any]) -> None:
        self.net = getattr(pipe, "vae", None)
        self.pipe = pipe
        self.values = values
        self.latents: Tensor | None = None

    def take(self, latents: Any) -> None:
        """Remember what a step has made."""
        if getattr(latents, "ndim", 0) == 3:
            latents = self._unpacked(latents)
        channels = _channels(self.net)
        fits = getattr(latents, "ndim", 0) in (4, 5) and latents.shape[1] == channels
        self.latents = latents.detach() if fits else None

    def _unpacked(self, latents: Tensor) -> Tensor | None:
        """Latents that a transformer has cut into tokens, put together again if their size fits."""
        unpack = getattr(self.pipe, "_unpack_latents", None)
        if unpack is None:
            return None
        wanted = list(signature(unpack).parameters)[1:4]
        scale = int(getattr(self.pipe, "vae_scale_factor", 8))
        high, wide = (self._side(name, scale) for name in ("height", "width"))
        try:
            whole: Tensor | None = None
            if wanted == ["height", "width", "vae_scale_factor"]:
                whole = unpack(latents, high, wide, scale)
            elif wanted == ["num_frames", "height", "width"]:
                scale = self.pipe.vae_spatial_compression_ratio
                frames = int(self.values["num_frames"]) - 1
                cells = frames // self.pipe.vae_temporal_compression_ratio + 1
                whole = unpack(latents, cells, high // scale, wide // scale)
        except (RuntimeError, KeyError, AttributeError):  # another size than was asked for
            return None
        return whole

    def _side(self, name: str, scale: int) -> int:
        own = int(getattr(self.pipe, "default_sample_size", 0) or 0) * scale
        return int(self.values.get(name) or own)

    def latest(self) -> Callable[[], Image] | None:
        """A callable that shows the latest step, if its latents are such as the autoencoder has."""
        latents = self.latents
        return None if latents is None else lambda: Image(self._look(latents))

    def _look(self, latents: Tensor) -> Tensor:
        if latents.ndim == 5:  # of a video, the frame in the middle
            latents = latents[:, :, latents.shape[2] // 2]
        weights = _map_of(self.net)
        planes = latents.float().cpu().permute(0, 2, 3, 1)
        return (planes @ weights[:-1] + weights[-1]).clamp(0, 1)


def _channels(net: Any) -> int:
    config = getattr(net, "config", {})
    found = config.get("latent_channels") or config.get("z_dim") or 0
    return int(found) if hasattr(net, "encode") else 0


def _map_of(net: Any) -> Tensor:
    """The linear map from latents to colours; fitted once for each autoencoder."""
    if net not in _MAPS:
        _MAPS[net] = fit(net)
    return _MAPS[net]


def fit(net: Any) -> Tensor:
    """Least squares from what the encoder makes of soft colour fields: [C+1,3]."""
    import torch
    import torch.nn.functional as F

    generator = torch.Generator().manual_seed(0)
    fields = torch.rand(4, 3, 5, 5, generator=generator)
    pictures = F.interpolate(fields, size=(128, 128), mode="bicubic").clamp(0, 1)
    given = (pictures * 2 - 1).to(device=net.device, dtype=net.dtype)
    with torch.no_grad():
        try:
            latents = _encoded(net, given)
        except (ValueError, RuntimeError):  # one for videos, which wants an axis of frames
            latents = _encoded(net, given[:, :, None])[:, :, 0]
    latents = _scaled(net, latents.float().cpu())
    rows = latents.permute(0, 2, 3, 1).flatten(0, 2)
    rows = torch.cat([rows, torch.ones(len(rows), 1)], dim=1)
    high, wide = latents.shape[-2:]
    wanted = F.adaptive_avg_pool2d(pictures, (high, wide)).permute(0, 2, 3, 1).flatten(0, 2)
    solution: Tensor = torch.linalg.lstsq(rows, wanted, driver="gelsd").solution
    return solution


def _encoded(net: Any, given: Tensor) -> Tensor:
    found = net.encode(given)
    made: Tensor = found.latent_dist.mode() if hasattr(found, "latent_dist") else found[0]
    return made


def _scaled(net: Any, latents: Tensor) -> Tensor:
    """Latents as a denoiser has them."""
    import torch

    config = net.config
    mean, spread = config.get("latents_mean"), config.get("latents_std")
    if mean is not None and spread is not None:
        shape = (1, -1, 1, 1)
        latents = (latents - torch.tensor(mean).view(shape)) / torch.tensor(spread).view(shape)
        return latents * float(config.get("scaling_factor") or 1)
    shift = float(config.get("shift_factor") or 0)
    return (latents - shift) * float(config.get("scaling_factor") or 1)
