"""Stage two: the U-Net and the text encoder, trained together on stored latents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from musegraph_nodes.starter.training.data import save_sheet
from musegraph_nodes.starter.training.latents import load_latents
from musegraph_nodes.starter.training.loop import (
    Averages,
    Checkpoints,
    Clock,
    begin_with,
    channels_last,
    compiled,
    half_precision,
    pick_device,
    prepare_device,
)
from musegraph_nodes.starter.training.recipe import Recipe, recipe_of
from musegraph_nodes.starter.training.team import ALONE, Team
from musegraph_nodes.starter.training.text import (
    TextPlan,
    build_text_encoder,
    encode,
    load_tokenizer,
    same_words,
)

#: What the pipeline reads as its scheduler, and what training adds noise with.
SCHEDULE: dict[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.02,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
    "steps_offset": 1,
    "clip_sample": False,
    "set_alpha_to_one": False,
}


@dataclass(frozen=True)
class DenoiserPlan:
    """Sizes and settings of a training run."""

    channels: tuple[int, ...] = (64, 128, 192)
    heads: int = 4
    groups: int = 16
    batch: int = 24
    rate: float = 1e-3
    # At the full rate the loss stands still after half an hour of two cores.
    fall_share: float = 0.75
    drop: float = 0.1
    middle_share: float = 0.75
    average: float = 0.999
    seed: int = 0


def denoiser_plan(recipe: Recipe) -> DenoiserPlan:
    """The plan for the denoiser of a recipe."""
    return DenoiserPlan(channels=recipe.denoiser, batch=recipe.batch, average=recipe.average)


class Denoiser(nn.Module):
    """The U-Net and the text encoder as one model, so that one optimizer holds both."""

    def __init__(self, unet: Any, text_encoder: Any) -> None:
        super().__init__()
        self.unet = unet
        self.text_encoder = text_encoder

    def forward(self, noisy: Tensor, times: Tensor, ids: Tensor) -> Tensor:
        """Velocity of latents `[b, c, h, w]` at times `[b]` for token ids `[b, length]`."""
        words = self.text_encoder(input_ids=ids).last_hidden_state
        velocity: Tensor = self.unet(noisy, times, encoder_hidden_states=words).sample
        return velocity


def build_denoiser(
    plan: DenoiserPlan, text: TextPlan, tokenizer: Any, channels: int, size: int
) -> Denoiser:
    """A fresh `UNet2DConditionModel` and `CLIPTextModel` for latents of that shape."""
    from diffusers import UNet2DConditionModel

    crossed = len(plan.channels) - 1
    unet = UNet2DConditionModel(
        sample_size=size,
        in_channels=channels,
        out_channels=channels,
        block_out_channels=plan.channels,
        layers_per_block=1,
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * crossed,
        up_block_types=("CrossAttnUpBlock2D",) * crossed + ("UpBlock2D",),
        cross_attention_dim=text.width,
        attention_head_dim=plan.heads,
        norm_num_groups=plan.groups,
    )
    return Denoiser(unet, build_text_encoder(text, tokenizer))


def noise_levels() -> Tensor:
    """Share of the signal's power at each of the training times, float `[1000]`."""
    from diffusers import DDIMScheduler

    return torch.as_tensor(DDIMScheduler.from_config(SCHEDULE).alphas_cumprod)


def draw_times(count: int, middle_share: float, steps: int = 1000) -> Tensor:
    """Training times, int64 `[count]`: mostly where shapes form, the others anywhere.

    Drawn evenly, a third of all times would be so noisy that hardly more than the prompt is left.
    """
    middle = torch.sigmoid(torch.randn(count) * 0.9 - 0.5)
    picked = torch.where(torch.rand(count) < middle_share, middle, torch.rand(count))
    return (picked * steps).long().clamp(0, steps - 1)


def plain_attention(model: Denoiser) -> None:
    """Attention as matrix products: on a CPU faster for such short sequences, here by a fifth."""
    from diffusers.models.attention_processor import AttnProcessor

    model.unet.set_attn_processor(AttnProcessor())
    model.text_encoder.set_attn_implementation("eager")


class DenoiserTraining:
    """One resumable training run."""

    def __init__(
        self,
        plan: DenoiserPlan,
        text: TextPlan,
        work: Path,
        device: torch.device,
        team: Team = ALONE,
        begin: Path | None = None,
    ) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.device, self.team = plan, device, team
        self.tokenizer = load_tokenizer(work / "tokenizer")
        prepare_device(device)
        self.latents = load_latents(work)
        if device.type == "cuda":
            self.latents = self.latents.to(device)
        self.empty = encode(self.tokenizer, [""])[0]
        size = int(self.latents.moments.shape[-1])
        channels = self.latents.channels
        self.model = build_denoiser(plan, text, self.tokenizer, channels, size)
        reader = work
        if begin is not None:
            begin_with(self.model.unet, begin / "unet")
            # Words of other captions have other numbers.
            if same_words(work / "tokenizer", begin / "tokenizer"):
                reader = begin
        begin_with(self.model.text_encoder, reader / "text_encoder")
        self.model.to(device)
        if device.type == "cpu":
            plain_attention(self.model)
        else:
            channels_last(self.model)
        self.velocity = compiled(self.model, device)
        self.alphas = noise_levels().to(device)
        parameters = list(self.model.parameters())
        self.optimizer = torch.optim.AdamW(
            parameters, plan.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True
        )
        self.averages = Averages(parameters, plan.average)
        self.checkpoints = Checkpoints(work / "denoiser")
        self.progress = self.checkpoints.restore(self.model, self.averages, self.optimizer)
        torch.manual_seed(plan.seed + self.progress.step * team.count + team.rank)
        self.order = torch.empty(0, dtype=torch.int64)

    def run(self, minutes: float, max_steps: int | None = None) -> None:
        """Train until `minutes` of training are done in all, earlier runs included."""
        sized, device = self.averages.fit, self.device
        clock = Clock(self.progress, minutes, self.team, sized=sized, device=device)
        clock.run(self.step, self.save, max_steps)

    def save(self) -> Path:
        """Write a checkpoint."""
        return self.checkpoints.save(self.progress, self.model, self.averages, self.optimizer)

    def batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Latents `[b, c, h, w]`, token ids `[b, length]` and what places count, `[b, 1, h, w]`.

        Some of the ids are the empty prompt's.
        """
        count = min(self.plan.batch, len(self.latents))
        if len(self.order) < count:
            self.order = torch.randperm(len(self.latents))
        index, self.order = self.order[:count], self.order[count:]
        which = torch.randint(0, self.latents.tokens.shape[1], (count,))
        tokens = self.latents.tokens
        ids = tokens[index.to(tokens.device), which.to(tokens.device)].to(self.device)
        drop = torch.rand(count, 1).to(self.device) < self.plan.drop
        ids = torch.where(drop, self.empty.to(self.device), ids)
        weights = self.latents.weights(index, self.device)
        return self.latents.sample(index, self.device), ids, weights

    def step(self, number: int, share: float) -> dict[str, Tensor]:
        """One optimizer step; `share` is the part of the time that is done."""
        plan = self.plan
        for group in self.optimizer.param_groups:
            fall = min(1.0, max(0.01, (1 - share) / plan.fall_share))
            group["lr"] = plan.rate * min(1.0, (number + 1) / 200) * fall
        clean, ids, weights = self.batch()
        noise = torch.randn_like(clean)
        times = draw_times(len(clean), plan.middle_share, len(self.alphas)).to(self.device)
        signal = self.alphas[times].sqrt()[:, None, None, None]
        spread = (1 - self.alphas[times]).sqrt()[:, None, None, None]
        with half_precision(self.device):
            made = self.velocity(signal * clean + spread * noise, times, ids)
        away = made.float() - (signal * noise - spread * clean)
        loss = (weights * away.pow(2)).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.team.meet(number + 1, self.model.parameters())
        self.averages.update(number)
        return {"loss": loss.detach()}


@torch.no_grad()
def draw(
    model: Denoiser,
    vae: Any,
    tokenizer: Any,
    prompts: list[str],
    steps: int = 20,
    guidance: float = 3.0,
    seed: int = 0,
    size: int | None = None,
) -> Tensor:
    """Pictures for prompts, float `[n, 3, h, w]` in -1..1, from latents seeded one by one.

    Picture `i` starts from the noise of seed `seed + i`, however many are drawn together. A
    guidance of 1 is none, and takes half the work. Latents are `size` places wide and high, or as
    many as the model was trained with.
    """
    from diffusers import DDIMScheduler

    scheduler = DDIMScheduler.from_config(SCHEDULE)
    scheduler.set_timesteps(steps)
    device = next(model.parameters()).device
    config = model.unet.config
    side = size or config.sample_size
    shape = (config.in_channels, side, side)
    noise = [
        torch.randn(shape, generator=torch.Generator().manual_seed(seed + i))
        for i in range(len(prompts))
    ]
    latents = torch.stack(noise).to(device)
    guided = guidance != 1
    ids = encode(tokenizer, prompts + [""] * len(prompts) * guided).to(device)
    with half_precision(device):
        words = model.text_encoder(input_ids=ids).last_hidden_state
        for t in scheduler.timesteps:
            given = torch.cat([latents, latents]) if guided else latents
            velocity = model.unet(given, t, encoder_hidden_states=words).sample.float()
            if guided:
                told, free = velocity.chunk(2)
                velocity = free + guidance * (told - free)
            latents = scheduler.step(velocity, t, latents).prev_sample
        pictures: Tensor = vae.decode(latents).sample.float().cpu()
    return pictures.clamp(-1, 1)


@dataclass(frozen=True)
class DenoiserTask:
    """What each process of a team does; expects `work` to hold what `prepare` writes."""

    work: Path
    minutes: float
    device: str
    prompts: list[str]
    begin: Path | None = None

    def __call__(self, team: Team) -> None:
        """Train, or go on training, until the minutes are done; then draw a sheet."""
        from diffusers import AutoencoderKL

        place = pick_device(self.device)
        plan = denoiser_plan(recipe_of(self.work))
        training = DenoiserTraining(plan, TextPlan(), self.work, place, team, self.begin)
        training.run(self.minutes)
        if team.rank > 0:
            return
        vae = AutoencoderKL.from_pretrained(self.work / "vae").to(place)
        training.model.eval()
        with training.averages.applied():
            pictures = draw(training.model, vae, training.tokenizer, self.prompts)
        save_sheet(pictures, self.work / "denoiser.png")
