"""What the denoiser trains on: encoded pictures and tokenized captions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from musegraph_nodes.starter.training.data import Pictures, load_pictures
from musegraph_nodes.starter.training.loop import half_precision, pick_device
from musegraph_nodes.starter.training.reading import teach
from musegraph_nodes.starter.training.team import Team, run_team
from musegraph_nodes.starter.training.text import TextPlan, encode, train_tokenizer
from musegraph_nodes.starter.training.where import emphasis


@dataclass(frozen=True)
class Latents:
    """Encoded pictures: float16 `[n, 2 * channels, size, size]`, means above log variances.

    `tokens` are the captions' token ids, int64 `[n, captions, length]`; `emphasis` is how much each
    place counts, float16 `[n, size, size]`.
    """

    moments: Tensor
    tokens: Tensor
    emphasis: Tensor

    def __len__(self) -> int:
        return int(self.moments.shape[0])

    def to(self, device: torch.device) -> Latents:
        """All of them on `device`."""
        parts = (self.moments, self.tokens, self.emphasis)
        return Latents(*(part.to(device) for part in parts))

    @property
    def channels(self) -> int:
        """Channels of one latent."""
        return int(self.moments.shape[1]) // 2

    def sample(self, index: Tensor, device: torch.device) -> Tensor:
        """Latents drawn from the posteriors of `index` `[b]`: float `[b, channels, size, size]`."""
        chosen = self.moments[index.to(self.moments.device)].to(device)
        mean, log_variance = chosen.float().chunk(2, dim=1)
        spread = (0.5 * log_variance.clamp(-30, 20)).exp()
        return mean + spread * torch.randn_like(mean)

    def weights(self, index: Tensor, device: torch.device) -> Tensor:
        """How much each place of `index` `[b]` counts, one at the mean: `[b, 1, size, size]`."""
        chosen = self.emphasis[index.to(self.emphasis.device)].to(device).float()[:, None]
        return chosen / chosen.mean()


def load_latents(work: Path) -> Latents:
    """Read what `prepare` wrote."""
    moments, tokens, emphasis = (
        torch.from_numpy(np.load(work / f"{name}.npy"))
        for name in ("latents", "tokens", "emphasis")
    )
    return Latents(moments, tokens.long(), emphasis)


@torch.no_grad()
def encode_pictures(
    vae: Any, pictures: Pictures, index: np.ndarray[Any, Any], device: torch.device
) -> Tensor:
    """Posterior moments of the pictures `index`: float16 `[n, 2 * channels, size, size]`."""
    made = []
    with half_precision(device):
        for start in range(0, len(index), 64):
            real = pictures.batch(index[start : start + 64]).to(device, non_blocking=True)
            made.append(vae.encode(real).latent_dist.parameters.float().cpu().half())
    return torch.cat(made)


@dataclass(frozen=True)
class EncodingTask:
    """What each process of a team does: it encodes its part of the first `count` pictures."""

    data: Path
    work: Path
    count: int
    device: str

    def __call__(self, team: Team) -> None:
        """Write `latents-<rank>.npy`."""
        from diffusers import AutoencoderKL

        place = pick_device(self.device)
        vae = AutoencoderKL.from_pretrained(self.work / "vae").to(place)
        index = np.array_split(np.arange(self.count), team.count)[team.rank]
        moments = encode_pictures(vae, load_pictures(self.data), index, place)
        np.save(self.work / f"latents-{team.rank}.npy", moments.numpy())


def prepare(
    data: Path, work: Path, device: str, processes: int, limit: int, text: TextPlan
) -> None:
    """Write tokenizer, text encoder and what `load_latents` reads into `work`, if not there yet.

    The text encoder can read, no more. The tokenizer learns from all captions in `data`; of the
    pictures, the first `limit` are used.
    """
    if all((work / name).exists() for name in ("latents.npy", "emphasis.npy", "text_encoder")):
        return
    pictures = load_pictures(data)
    captions, specs = pictures.captions, pictures.specs[:limit]
    count = min(limit, len(captions))
    tokenizer = train_tokenizer([c for some in captions for c in some], work / "tokenizer", text)
    tokens = encode(tokenizer, [c for some in captions[:count] for c in some])
    tokens = tokens.reshape(count, -1, text.length)
    np.save(work / "tokens.npy", tokens.numpy().astype(np.int16))
    teach(work / "text_encoder", tokenizer, tokens, specs, text, pick_device(device))
    run_team(processes, work, EncodingTask(data, work, count, device))
    parts = [work / f"latents-{rank}.npy" for rank in range(processes)]
    moments = np.concatenate([np.load(part) for part in parts])
    np.save(work / "emphasis.npy", emphasis(specs, moments.shape[-1]).numpy())
    np.save(work / "latents.npy", moments)
    for part in parts:
        part.unlink()
    means = moments[:2048, : moments.shape[1] // 2].astype(np.float32)
    report = {
        "pictures": count,
        "vocabulary": len(tokenizer),
        "longest caption": int((tokens != tokenizer.pad_token_id).sum(-1).max()) + 1,
        "mean": means.mean((0, 2, 3)).round(3).tolist(),
        "deviation": means.std((0, 2, 3)).round(3).tolist(),
    }
    (work / "prepared.json").write_text(json.dumps(report, indent=2), encoding="utf-8")
    print(json.dumps(report), flush=True)
