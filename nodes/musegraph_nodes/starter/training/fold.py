"""Between the stages: latents made zero-mean and unit-variance inside the autoencoder itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from musegraph_nodes.starter.training.autoencoder import build_autoencoder, plan_of
from musegraph_nodes.starter.training.data import Pictures, load_pictures
from musegraph_nodes.starter.training.loop import (
    Checkpoints,
    begin_with,
    half_precision,
    load_average,
    pick_device,
)
from musegraph_nodes.starter.training.recipe import recipe_of


@torch.no_grad()
def latent_statistics(
    vae: Any, pictures: Pictures, device: torch.device, count: int = 2048
) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each latent channel, float `[channels]` both.

    The deviation is that of latents drawn from the posteriors, not of their means alone.
    """
    means, variances = [], []
    index = np.linspace(0, len(pictures) - 1, min(count, len(pictures))).astype(int)
    for part in np.array_split(index, max(1, len(index) // 64)):
        with half_precision(device):
            posterior = vae.encode(pictures.batch(part).to(device)).latent_dist
        means.append(posterior.mean.float().cpu())
        variances.append(posterior.var.float().cpu())
    mean = torch.cat(means)
    spread = mean.var((0, 2, 3)) + torch.cat(variances).mean((0, 2, 3))
    return mean.mean((0, 2, 3)), spread.sqrt()


@torch.no_grad()
def fold(vae: Any, mean: Tensor, deviation: Tensor) -> None:
    """Change `vae` in place so that its latents come out standardised and decode as before.

    `mean` and `deviation` are float `[channels]`. No pipeline then needs a scale or a shift:
    `scaling_factor` is 1.
    """
    channels = len(mean)
    mean, deviation = mean.to(vae.device), deviation.to(vae.device)
    encode, decode = vae.quant_conv, vae.post_quant_conv
    encode.weight[:channels] /= deviation[:, None, None, None]
    encode.bias[:channels] = (encode.bias[:channels] - mean) / deviation
    encode.bias[channels:] -= 2 * deviation.log()
    decode.bias += torch.einsum("oi,i->o", decode.weight[:, :, 0, 0], mean)
    decode.weight *= deviation[None, :, None, None]
    vae.register_to_config(scaling_factor=1.0)


def fold_trained(data: Path, work: Path, device: str, begin: Path | None = None) -> None:
    """Fold the newest trained autoencoder, and write it to `work/vae`.

    The statistics are kept beside it: a decoder that is trained further folds with the same. Where
    none was trained, that of the exported folder `begin` is taken, which is folded already, with
    a decoder that went on from it.
    """
    place = pick_device(device)
    vae = build_autoencoder(plan_of(recipe_of(work))).to(place)
    if begin is not None and Checkpoints(work / "autoencoder").latest() is None:
        begin_with(vae, begin / "vae")
        if Checkpoints(work / "decoder").latest() is not None:
            load_average(work / "decoder", vae)
        vae.save_pretrained(work / "vae")
        print(f"the autoencoder of {begin} is taken, which is folded", flush=True)
        return
    load_average(work / "autoencoder", vae)
    kept = work / "fold.json"
    if kept.exists():
        values = json.loads(kept.read_text(encoding="utf-8"))
        mean, deviation = torch.tensor(values["mean"]), torch.tensor(values["deviation"])
    else:
        mean, deviation = latent_statistics(vae, load_pictures(data), place)
        values = {"mean": mean.tolist(), "deviation": deviation.tolist()}
        kept.write_text(json.dumps(values), encoding="utf-8")
    if (work / "decoder").exists():
        load_average(work / "decoder", vae)
    fold(vae, mean, deviation)
    vae.save_pretrained(work / "vae")
    print(f"folded: mean {mean.tolist()} deviation {deviation.tolist()}", flush=True)
