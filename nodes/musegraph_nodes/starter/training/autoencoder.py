"""Stage one: the autoencoder, 8 latent channels at an eighth of the resolution."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from musegraph_nodes.starter.training.data import Pictures, load_pictures, open_pictures, save_sheet
from musegraph_nodes.starter.training.loop import (
    Ahead,
    Averages,
    Checkpoints,
    Clock,
    begin_with,
    channels_last,
    compiled,
    half_precision,
    load_average,
    pick_device,
    prepare_device,
)
from musegraph_nodes.starter.training.muon import Muon
from musegraph_nodes.starter.training.recipe import Recipe, recipe_of
from musegraph_nodes.starter.training.team import ALONE, Team

#: Rows turn red, green, blue into brightness and two colour differences.
YCBCR = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))

#: Weight of the difference in roughness.
ROUGHNESS = 2.0

#: How much oftener than others a decoder that is trained further sees the styles that it smears,
#: and how much noise it sees: less than at first, for what it has to learn then is sharpness.
SMEARED = {"pixel art": 5.0, "oil painting": 2.5, "paper cut": 2.0}
FURTHER_NOISE = 0.2


@dataclass(frozen=True)
class AutoencoderPlan:
    """Sizes and settings of a training run."""

    channels: tuple[int, ...] = (16, 32, 64, 96)
    latent_channels: int = 8
    groups: int = 8
    size: int = 128
    batch: int = 16
    crop: int = 64
    full_share: float = 0.2
    rate: float = 2e-3
    # At most, in deviations of the latents: a decoder that sees none makes mush of what a denoiser
    # draws, which is never quite a latent, and an encoder then hides what hardly counts in them
    # (Latent denoising makes good visual tokenizers, Yang et al. 2025).
    latent_noise: float = 0.5
    kl_weight: float = 5e-4
    average: float = 0.998
    seed: int = 0


def build_autoencoder(plan: AutoencoderPlan) -> Any:
    """A fresh `diffusers.AutoencoderKL`."""
    from diffusers import AutoencoderKL

    levels = len(plan.channels)
    model = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=plan.channels,
        layers_per_block=1,
        latent_channels=plan.latent_channels,
        norm_num_groups=plan.groups,
        sample_size=plan.size,
        scaling_factor=1.0,
        mid_block_add_attention=False,
        force_upcast=False,
    )
    start_simple(model)
    return model


def plan_of(recipe: Recipe) -> AutoencoderPlan:
    """The plan for the autoencoder of a recipe."""
    return AutoencoderPlan(channels=recipe.autoencoder, size=recipe.size, batch=recipe.crops)


@torch.no_grad()
def start_simple(model: Any) -> None:
    """Start from averaging down and copying up, with blocks that add nothing yet.

    From the usual start the first hundreds of steps go into finding this.
    """
    for name, module in model.named_modules():
        if not isinstance(module, torch.nn.Conv2d):
            continue
        weight = module.weight
        noise = torch.randn_like(weight) / weight[0].numel() ** 0.5
        if name.endswith("conv2"):
            weight.zero_()
        elif "upsamplers" in name:
            torch.nn.init.dirac_(weight)
            weight.add_(noise, alpha=0.1)
        elif "downsamplers" in name:
            torch.nn.init.dirac_(weight)
            kernel = F.pad(weight[:, :, 1:2, 1:2].expand(-1, -1, 2, 2) / 4, (0, 1, 0, 1))
            weight.copy_(kernel).add_(noise, alpha=0.5)


def reconstruction_loss(made: Tensor, real: Tensor) -> Tensor:
    """How far `made` is from `real`, both float `[batch, 3, h, w]`.

    L1 and L1 of the gradients at three scales, and colour apart from brightness: without the
    colour terms a small autoencoder settles on grey before it learns green, purple and pink. How
    rough each spot is counts by itself: of grain, brush strokes and pixels, of which no latent says
    where each lies, the other terms would leave nothing.
    """
    matrix = torch.tensor(YCBCR, device=real.device)
    loss = torch.zeros((), device=real.device)
    a, b = made, real
    for _ in range(3):
        error = a - b
        loss = loss + error.abs().mean()
        loss = loss + 0.5 * (error[..., 1:] - error[..., :-1]).abs().mean()
        loss = loss + 0.5 * (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    error = torch.einsum("ck,bkhw->bchw", matrix, made - real)
    loss = loss + 1.5 * error[:, 1:].abs().mean()
    loss = loss + ROUGHNESS * (roughness(made) - roughness(real)).abs().mean()
    return loss + 8.0 * F.avg_pool2d(error, 4).pow(2).mean()


def roughness(pictures: Tensor) -> Tensor:
    """How much neighbours differ about each spot: `[batch, 3, h, w]` to `[batch, 2, h', w']`."""
    grey = pictures.mean(1, keepdim=True)
    across = (grey[..., :-1, 1:] - grey[..., :-1, :-1]).abs()
    down = (grey[..., 1:, :-1] - grey[..., :-1, :-1]).abs()
    return F.avg_pool2d(torch.cat([across, down], 1), 8, 4)


class AutoencoderTraining:
    """One resumable training run; `decoder_only` keeps the latents as they are."""

    def __init__(
        self,
        plan: AutoencoderPlan,
        pictures: Pictures,
        work: Path,
        device: torch.device,
        decoder_only: bool = False,
        team: Team = ALONE,
        begin: Path | None = None,
    ) -> None:
        torch.manual_seed(plan.seed)
        prepare_device(device)
        if decoder_only:
            plan = replace(plan, latent_noise=FURTHER_NOISE)
        self.odds = pictures.odds(SMEARED) if decoder_only else None
        self.plan, self.pictures, self.device, self.team = plan, pictures, device, team
        self.model = build_autoencoder(plan)
        if begin is not None:
            begin_with(self.model, begin / "vae")
        self.model.to(device)
        if device.type == "cuda":
            channels_last(self.model)
        self.crops = Ahead(self._crops) if device.type == "cuda" else self._crops
        self.fitted = compiled(self._fit, device)
        self.decoder_only = decoder_only
        if decoder_only:
            if begin is None or Checkpoints(work / "autoencoder").latest() is not None:
                load_average(work / "autoencoder", self.model)
            self.model.encoder.requires_grad_(False)
            self.model.quant_conv.requires_grad_(False)
        parameters = list(self.model.parameters())
        trained = [p for p in parameters if p.requires_grad]
        self.optimizer = Muon(trained, plan.rate, weight_decay=1e-3)
        self.averages = Averages(parameters, plan.average)
        self.checkpoints = Checkpoints(work / ("decoder" if decoder_only else "autoencoder"))
        self.progress = self.checkpoints.restore(self.model, self.averages, self.optimizer)
        self.rng = np.random.default_rng([plan.seed, self.progress.step, team.rank])
        torch.manual_seed(plan.seed + self.progress.step * team.count + team.rank)

    def run(self, minutes: float, max_steps: int | None = None) -> None:
        """Train until `minutes` of training are done in all, earlier runs included."""
        sized, device = self.averages.fit, self.device
        clock = Clock(self.progress, minutes, self.team, sized=sized, device=device)
        clock.run(self.step, self.save, max_steps)

    def save(self) -> Path:
        """Write a checkpoint."""
        return self.checkpoints.save(self.progress, self.model, self.averages, self.optimizer)

    def _crops(self, whole: bool) -> Tensor:
        """Bytes of crops, or of `whole` pictures as many as have about the same area."""
        plan = self.plan
        picture = self.pictures.pixels.shape[1]
        crop, batch = plan.crop, plan.batch
        if whole:
            batch, crop = max(1, batch * crop**2 // picture**2), picture
        return self.pictures.raw_crops(self.rng, batch, crop, self.odds)

    def _fit(self, real: Tensor) -> tuple[Tensor, Tensor]:
        """How far what comes out is from `real`, and the latents' divergence."""
        with half_precision(self.device):
            with torch.set_grad_enabled(not self.decoder_only):
                posterior = self.model.encode(real).latent_dist
                latents = posterior.sample().float()
            made = self.model.decode(self.spoiled(latents)).sample
        kl = posterior.kl().mean() / latents[0].numel()
        return reconstruction_loss(made.float(), real), kl

    def spoiled(self, latents: Tensor) -> Tensor:
        """Latents `[n, c, h, w]` with noise, of each as much as chance has it."""
        own = latents.detach().std((0, 2, 3), keepdim=True)
        much = self.plan.latent_noise * torch.rand(len(latents), 1, 1, 1, device=latents.device)
        return latents + much * own * torch.randn_like(latents)

    def step(self, number: int, share: float) -> dict[str, Tensor]:
        """One optimizer step; `share` is the part of the time that is done."""
        plan = self.plan
        for group in self.optimizer.param_groups:
            group["lr"] = cosine_rate(plan.rate, number, share)
        bytes_ = self.crops(share > 1 - plan.full_share).to(self.device, non_blocking=True)
        # A crop that lies in memory as bytes of a picture is channels_last already.
        real = bytes_.permute(0, 3, 1, 2).float() / 127.5 - 1
        fit, kl = self.fitted(real)
        loss = fit + plan.kl_weight * kl
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.team.meet(number + 1, self.model.parameters())
        self.averages.update(number)
        return {"loss": fit.detach(), "kl": kl.detach()}


def cosine_rate(rate: float, step: int, share: float) -> float:
    """A learning rate that rises over 60 steps and falls to nearly nothing by the end."""
    fall = 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
    return rate * min(1.0, (step + 1) / 60) * (0.02 + 0.98 * fall)


@torch.no_grad()
def reconstruct(model: Any, pictures: Tensor, device: torch.device) -> Tensor:
    """Encode and decode pictures, float `[n, 3, h, w]` in -1..1; the result has the same shape."""
    made = []
    with half_precision(device):
        for part in pictures.split(16):
            latents = model.encode(part.to(device)).latent_dist.mode()
            made.append(model.decode(latents).sample.float().cpu())
    return torch.cat(made).clamp(-1, 1)


def psnr(made: Tensor, real: Tensor) -> float:
    """Mean peak signal to noise ratio in dB of pictures, float `[n, 3, h, w]` in -1..1."""
    error = ((made - real) / 2).pow(2).mean((1, 2, 3)).clamp_min(1e-10)
    return float((-10 * error.log10()).mean())


def evaluate(model: Any, pictures: Pictures, device: torch.device, sheet: Path | None) -> float:
    """PSNR of the first 64 pictures; `sheet` shows sixteen of them above their copies."""
    real = pictures.batch(np.arange(min(64, len(pictures))))
    made = reconstruct(model, real, device)
    if sheet is not None:
        rows = [real[:8], made[:8], real[8:16], made[8:16]]
        save_sheet(torch.cat(rows), sheet)
    return psnr(made, real)


@dataclass(frozen=True)
class AutoencoderTask:
    """What each process of a team does."""

    data: Path
    work: Path
    minutes: float
    device: str
    val: Path | None
    decoder_only: bool
    begin: Path | None = None

    def __call__(self, team: Team) -> None:
        """Train, or go on training, until the minutes are done; then say how good it is."""
        place = pick_device(self.device)
        pictures = open_pictures(self.data)
        training = AutoencoderTraining(
            plan_of(recipe_of(self.work)), pictures, self.work, place, self.decoder_only, team,
            self.begin,
        )  # fmt: skip
        training.run(self.minutes)
        if team.rank > 0:
            return
        with training.averages.applied():
            held_back = load_pictures(self.val) if self.val else pictures
            value = evaluate(training.model, held_back, place, self.work / "autoencoder.png")
        print(f"PSNR {value:.2f} dB", flush=True)
