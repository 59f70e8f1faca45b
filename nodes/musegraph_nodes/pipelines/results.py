"""From what a pipeline gives to what goes out at the ports."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from musegraph import UNSET, Audio, Conditioning, ConditioningPart, Image, Latent

from .make import Embedded, Frames, Pictures, Reading, Sounding

if TYPE_CHECKING:
    from torch import Tensor

    from .convert import Given

_RATES = {
    "Allegro": 15.0,
    "AnimateDiff": 8.0,
    "AnimateDiff XL": 8.0,
    "CogVideoX": 8.0,
    "CogVideoX-Fun": 8.0,
    "Cosmos": 30.0,
    "HunyuanVideo": 24.0,
    "HunyuanVideo 1.5": 24.0,
    "Kandinsky 5": 24.0,
    "LTX-Video": 25.0,
    "LTX-2": 24.0,
    "Latte": 8.0,
    "ModelScope": 8.0,
    "Mochi": 30.0,
    "SkyReels V1": 24.0,
    "SkyReels V2": 24.0,
    "Stable Video Diffusion": 7.0,
}
"""Frames per second that a family was trained on, where it is not 16."""

PACKED = "-packed"
"""Ends the family of latents that a transformer has cut into tokens [B,L,C]."""

_PICTURES = ("images", "image", "frames", "video", "rgb", "prediction")
_KNOWN: dict[tuple[Any, ...], str] = {(4, 8, 0.18215): "sd15", (4, 8, 0.13025): "sdxl"}


def batch_of(found: Any) -> dict[str, Any]:
    """The fields of what a pipeline gave; a bare tuple or value is its pictures."""
    if hasattr(found, "items"):
        return dict(found.items())
    return {"images": found[0] if isinstance(found, tuple) else found}


def results_of(given: Given, made: list[dict[str, Any]]) -> Any:
    """The record that the node returns."""
    import torch

    gives = given.entry["gives"]
    if gives == "embeds":
        tensors = [_tensors(one) for one in made]
        joined = {name: torch.cat([one[name] for one in tensors]) for name in tensors[0]}
        return Embedded(Conditioning((ConditioningPart(joined),), given.entry["family"]))
    main = [_main(one) for one in made]
    if given.latent:
        return _without_pictures(given, torch.cat([one.float() for one in main]))
    _tell_of_blackened(given, made)
    if gives == "frames":
        return _video(given, main[0], made[0])
    if gives == "prediction":
        return Reading(Image(_measured(given, main)))
    pictures = torch.cat([pictures_of(one) for one in main])
    if "depth" in made[0]:
        pictures = torch.cat([pictures, *(pictures_of(one["depth"]) for one in made)])
    return Pictures(Image(pictures), UNSET)


def _main(fields: dict[str, Any]) -> Any:
    """The field with the pictures."""
    return next(fields[name] for name in _PICTURES if fields.get(name) is not None)


def _tensors(fields: dict[str, Any]) -> dict[str, Tensor]:
    import torch

    names = {"images": "image_embeddings"}  # a bare value
    return {
        names.get(name, name): torch.as_tensor(value).float()
        for name, value in fields.items()
        if value is not None
    }


def _without_pictures(given: Given, data: Tensor) -> Any:
    family, scale = latent_family(given.pipe)
    packed = PACKED if data.ndim == 3 else ""
    latent = Latent(data, family + packed, scale)
    if given.entry["gives"] != "frames":
        return Pictures(UNSET, latent)
    rate = _rate(given)
    if given.entry.get("sound"):
        return Sounding(UNSET, rate, UNSET, latent)
    return Frames(UNSET, rate, latent)


def _video(given: Given, frames: Any, fields: dict[str, Any]) -> Any:
    image, rate = Image(pictures_of(frames)), _rate(given)
    if not given.entry.get("sound"):
        return Frames(image, rate, UNSET)
    sound = fields.get("audio")
    return Sounding(image, rate, UNSET if sound is None else _audio(given, sound), UNSET)


def _audio(given: Given, sound: Any) -> Audio:
    import torch

    data = torch.as_tensor(sound).float().cpu()
    while data.ndim < 3:
        data = data[None]
    config = getattr(getattr(given.pipe, "vocoder", None), "config", {})
    return Audio(data[:1].clamp(-1, 1), int(getattr(config, "output_sampling_rate", 24000)))


def _rate(given: Given) -> float:
    for name in ("frame_rate", "fps", "target_fps"):
        if given.values.get(name):
            return float(given.values[name])
    return _RATES.get(given.entry["family"], 16.0)


def pictures_of(found: Any) -> Tensor:
    """Pictures [B,H,W,3 or 4] from arrays, tensors or PIL, whatever lists they lie in."""
    import numpy as np
    import torch

    if isinstance(found, list | tuple):
        return torch.cat([pictures_of(one) for one in found])
    if isinstance(found, torch.Tensor):
        data = found.float().cpu()
        channels = {3, 1} if data.ndim == 4 else {3}
        if data.shape[-3] in channels and data.shape[-1] not in (1, 3, 4):
            data = data.movedim(-3, -1)
    else:
        array = np.asarray(found)
        data = torch.from_numpy(array.astype(np.float32))
        if array.dtype == np.uint8:
            data = data / 255
        if data.ndim == 2:
            data = data[..., None]
    data = data.reshape(-1, *data.shape[-3:])
    if data.shape[-1] not in (3, 4):
        data = data[..., :1].expand(*data.shape[:-1], 3)
    return data.clamp(0, 1).contiguous()


def _measured(given: Given, main: list[Any]) -> Tensor:
    """What was read off pictures, as pictures: depth in greys, normals from -1..1."""
    import torch

    data = torch.cat([torch.as_tensor(one).float() for one in main])
    if "Normals" in given.cls:
        data = data * 0.5 + 0.5
    return pictures_of(data.numpy())


def _tell_of_blackened(given: Given, made: list[dict[str, Any]]) -> None:
    """Say why a picture is black."""
    for fields in made:
        found = fields.get("nsfw_content_detected") or fields.get("nsfw_detected")
        if found is not None and any(bool(one) for one in found):
            given.ctx.warn(
                "the safety checker of this model blackened a picture that it took for unfit to"
                " be shown; try another seed or prompt"
            )


def latent_family(pipe: Any) -> tuple[str, int]:
    """What the latents of a pipeline are called, and how many pixels lie along a cell.

    The names of known autoencoders are those of the pack `diffusion`. Elsewhere the name has a
    digest of the autoencoder's configuration.
    """
    net = next(
        (getattr(pipe, name) for name in ("vae", "movq", "vqvae", "vqgan") if hasattr(pipe, name)),
        None,
    )
    if net is None:
        return f"{type(pipe).__name__}", 1
    config = dict(net.config)
    scale = int(getattr(pipe, "vae_scale_factor", 0) or getattr(pipe, "movq_scale_factor", 8))
    channels = config.get("latent_channels", 4)
    known = _KNOWN.get((channels, scale, config.get("scaling_factor")))
    if known:
        return known, scale
    said = {name: value for name, value in config.items() if not name.startswith("_")}
    text = json.dumps(said, sort_keys=True, default=str)
    mark = blake2b(text.encode(), digest_size=4).hexdigest()
    return f"{type(net).__name__}-{channels}-{mark}", scale
