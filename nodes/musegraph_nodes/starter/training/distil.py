"""Stage four: fewer steps. A LoRA for the U-Net that lands where many guided steps lead.

Latent consistency distillation: from a noisy latent the student must say the same clean one as
it says from a place one teacher step, with guidance, nearer to it. The pipeline then draws in 4 to
8 steps of the sampler `lcm`, at a guidance of 1, which halves the work again.
"""

from __future__ import annotations

import copy
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from musegraph_nodes.starter.training.denoiser import SCHEDULE, noise_levels, plain_attention
from musegraph_nodes.starter.training.latents import load_latents
from musegraph_nodes.starter.training.loop import (
    Averages,
    Checkpoints,
    Clock,
    half_precision,
    pick_device,
    prepare_device,
)
from musegraph_nodes.starter.training.text import encode

#: Layers that the LoRA changes: all large ones of the U-Net.
ATTENTION = ("to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out")
LAYERS = (*ATTENTION, "ff.net.0.proj", "ff.net.2", "conv1", "conv2", "conv_shortcut")
#: The file must be no larger than this.
MOST_BYTES = 4_000_000


@dataclass(frozen=True)
class DistilPlan:
    """Settings of a training run."""

    # At most; fewer where the file would be too large.
    rank: int = 32
    batch: int = 12
    rate: float = 4e-4
    # Steps of the teacher from noise to picture, and between what range its guidance is.
    steps: int = 50
    guidance: tuple[float, float] = (2.5, 3.5)
    average: float = 0.995
    seed: int = 0

    @classmethod
    def on(cls, device: torch.device) -> DistilPlan:
        """The plan for a device: a GPU takes bigger batches."""
        return cls(batch=256, rate=8e-4) if device.type == "cuda" else cls()


class Adapters(nn.Module):
    """The trained parts of a student alone, so that checkpoints hold nothing else."""

    def __init__(self, student: nn.Module) -> None:
        super().__init__()
        self.names = [name for name, p in student.named_parameters() if p.requires_grad]
        known = dict(student.named_parameters())
        self.parts = nn.ParameterList(known[name] for name in self.names)


def rank_that_fits(unet: Any, most: int = MOST_BYTES) -> int:
    """The highest rank, a multiple of 4, whose float16 file stays below `most` bytes."""
    each = 0
    for name, module in unet.named_modules():
        if name.endswith(LAYERS) and isinstance(module, nn.Linear | nn.Conv2d):
            area = module.weight[0, 0].numel() if isinstance(module, nn.Conv2d) else 1
            each += 2 * (module.weight.shape[1] * area + module.weight.shape[0])
    return max(4, int(most * 0.97) // each // 4 * 4)


def lora_config(weights: dict[str, Tensor]) -> Any:
    """The configuration of the adapter whose file has these weights."""
    from peft import LoraConfig

    rank = next(value.shape[0] for name, value in weights.items() if ".lora_A." in name)
    return LoraConfig(r=rank, lora_alpha=rank, target_modules=list(LAYERS))


def distil(work: Path, minutes: float, device: str) -> None:
    """Train a LoRA for the newest denoiser in `work`, and write `few-step.safetensors` there."""
    from musegraph_nodes.starter.training.export import FEW_STEP, load_trained

    place = pick_device(device)
    _, model, _ = load_trained(work)
    training = DistilTraining(DistilPlan.on(place), model, work, place)
    before = training.gap()
    training.run(minutes)
    size = training.write(work / FEW_STEP)
    print(
        f"{FEW_STEP}: {size / 1e6:.2f} MB; one step is {training.gap():.3f} from"
        f" {training.plan.steps} guided ones, {before:.3f} when this run began",
        flush=True,
    )


class DistilTraining:
    """One resumable training run; `model` is the trained denoiser that is to become faster."""

    def __init__(self, plan: DistilPlan, model: Any, work: Path, device: torch.device) -> None:
        from peft import LoraConfig

        torch.manual_seed(plan.seed)
        prepare_device(device)
        self.plan, self.device = plan, device
        self.latents = load_latents(work)
        if device.type == "cpu":
            plain_attention(model)
        self.teacher = model.to(device).eval().requires_grad_(False)
        self.student = copy.deepcopy(self.teacher.unet)
        rank = min(plan.rank, rank_that_fits(self.student))
        layers = list(LAYERS)
        self.student.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=layers))
        self.adapters = Adapters(self.student)
        parameters = list(self.adapters.parameters())
        self.optimizer = torch.optim.AdamW(parameters, plan.rate, weight_decay=0.0)
        self.averages = Averages(parameters, plan.average)
        self.checkpoints = Checkpoints(work / "distil")
        self.progress = self.checkpoints.restore(self.adapters, self.averages, self.optimizer)
        torch.manual_seed(plan.seed + self.progress.step)
        self.alphas = noise_levels().to(device)
        count = len(self.alphas)
        # The times of the teacher's steps, trailing as the schedule of the pipeline.
        self.grid = torch.linspace(count, 0, plan.steps + 1).round().long() - 1

    def run(self, minutes: float, max_steps: int | None = None) -> None:
        """Train until `minutes` of training are done in all, earlier runs included."""
        clock = Clock(self.progress, minutes, sized=self.averages.fit)
        clock.run(self.step, self.save, max_steps)

    def save(self) -> Path:
        """Write a checkpoint."""
        return self.checkpoints.save(self.progress, self.adapters, self.averages, self.optimizer)

    def step(self, number: int, share: float) -> dict[str, Tensor]:
        """One optimizer step; `share` is the part of the time that is done."""
        plan = self.plan
        for group in self.optimizer.param_groups:
            group["lr"] = plan.rate * min(1.0, (number + 1) / 50) * max(0.02, 1 - share)
        index = torch.randint(0, len(self.latents), (plan.batch,))
        which = torch.randint(0, self.latents.tokens.shape[1], (plan.batch,))
        clean = self.latents.sample(index, self.device)
        ids = self.latents.tokens[index, which].to(self.device)
        place = torch.randint(0, plan.steps, (plan.batch,))
        late, early = self.grid[place].to(self.device), self.grid[place + 1].to(self.device)
        noisy = self._noised(clean, late)
        with torch.no_grad(), half_precision(self.device):
            words, empty = self._words(ids)
            low, high = plan.guidance
            guidance = torch.empty(len(noisy), 1, 1, 1).uniform_(low, high).to(self.device)
            nearer = self._teacher_step(noisy, late, early, words, empty, guidance)
            # At the very end there is nothing left to say: the teacher's picture is the target.
            told = self._clean(self.student, nearer, early.clamp_min(0), words)
            target = torch.where((early < 0)[:, None, None, None], nearer, told)
        with half_precision(self.device):
            said = self._clean(self.student, noisy, late, words)
        loss = ((said - target).pow(2) + 1e-6).sqrt().mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.adapters.parameters(), 1.0)
        self.optimizer.step()
        self.averages.update(number)
        return {"loss": loss.detach()}

    @torch.no_grad()
    def gap(self, count: int = 6) -> float:
        """How far one step of the averaged student is from all guided steps of the teacher.

        Root mean square, for `count` fixed noises and prompts; the latents' own is about 1.
        """
        index = torch.arange(count) % len(self.latents)
        ids = self.latents.tokens[index, 0].to(self.device)
        shape = (count, *self.latents.moments.shape[1:])
        made = torch.Generator().manual_seed(0)
        noise = torch.randn(shape, generator=made)[:, : self.latents.channels].to(self.device)
        guidance = torch.full((count, 1, 1, 1), sum(self.plan.guidance) / 2, device=self.device)
        times = self.grid[:, None].expand(-1, count).to(self.device)
        with half_precision(self.device), self.averages.applied():
            words, empty = self._words(ids)
            latents = noise
            for late, early in itertools.pairwise(times):
                latents = self._teacher_step(latents, late, early, words, empty, guidance)
            said = self._clean(self.student, noise, times[0], words)
        return float((said - latents).pow(2).mean().sqrt())

    def _words(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        encoder = self.teacher.text_encoder
        blank = self.blank.to(self.device).expand_as(ids)
        both = encoder(input_ids=torch.cat([ids, blank])).last_hidden_state
        words, empty = both.chunk(2)
        return words, empty

    @property
    def blank(self) -> Tensor:
        """The token ids of the empty prompt: its start, and then ends."""
        config = self.teacher.text_encoder.config
        ids = torch.full((1, config.max_position_embeddings), config.eos_token_id)
        ids[0, 0] = config.bos_token_id
        return ids

    def _levels(self, times: Tensor) -> tuple[Tensor, Tensor]:
        """Parts of signal and noise at `times`; before the first there is no noise."""
        power = torch.where(times < 0, torch.ones_like(self.alphas[0]), self.alphas[times])
        return power.sqrt()[:, None, None, None], (1 - power).sqrt()[:, None, None, None]

    def _noised(self, clean: Tensor, times: Tensor) -> Tensor:
        signal, noise = self._levels(times)
        return signal * clean + noise * torch.randn_like(clean)

    def _clean(self, unet: Any, noisy: Tensor, times: Tensor, words: Tensor) -> Tensor:
        velocity = unet(noisy, times, encoder_hidden_states=words).sample.float()
        signal, noise = self._levels(times)
        clean: Tensor = signal * noisy - noise * velocity
        return clean

    def _teacher_step(
        self,
        noisy: Tensor,
        late: Tensor,
        early: Tensor,
        words: Tensor,
        empty: Tensor,
        guidance: Tensor,
    ) -> Tensor:
        double, times = torch.cat([noisy, noisy]), torch.cat([late, late])
        both = torch.cat([words, empty])
        velocity = self.teacher.unet(double, times, encoder_hidden_states=both).sample.float()
        given, free = velocity.chunk(2)
        velocity = free + guidance * (given - free)
        signal, noise = self._levels(late)
        clean, drift = signal * noisy - noise * velocity, signal * velocity + noise * noisy
        signal, noise = self._levels(early)
        nearer: Tensor = signal * clean + noise * drift
        return nearer

    def write(self, file: Path) -> int:
        """Write the averaged LoRA as float16, in the layout of peft; its size in bytes."""
        weights = {}
        for name, value in zip(self.adapters.names, self.averages.values, strict=True):
            plain = name.replace(".default.", ".").replace(".base_layer.", ".")
            weights[f"unet.{plain}"] = value.detach().cpu().half().contiguous()
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file(weights, file, {"format": "pt"})
        size = file.stat().st_size
        if size > MOST_BYTES:
            raise ValueError(f"{file} has {size:,} bytes, more than {MOST_BYTES:,}; lower the rank")
        return size


@torch.no_grad()
def draw_fast(
    model: Any, vae: Any, tokenizer: Any, prompts: list[str], steps: int = 6, seed: int = 0
) -> Tensor:
    """Pictures `[n, 3, h, w]` in -1..1 of a denoiser with the LoRA in it, seeded one by one."""
    from diffusers import LCMScheduler

    scheduler = LCMScheduler.from_config(SCHEDULE)
    device = next(model.parameters()).device
    config = model.unet.config
    shape = (1, config.in_channels, config.sample_size, config.sample_size)
    made = [torch.Generator().manual_seed(seed + i) for i in range(len(prompts))]
    latents = torch.cat([torch.randn(shape, generator=one) for one in made])
    ids = encode(tokenizer, prompts).to(device)
    scheduler.set_timesteps(steps)
    with half_precision(device):
        words = model.text_encoder(input_ids=ids).last_hidden_state
        for t in scheduler.timesteps:
            velocity = model.unet(latents.to(device), t, encoder_hidden_states=words).sample
            # Its noise is drawn for each picture by itself, so that company does not matter.
            parts = zip(velocity.float().cpu().split(1), latents.split(1), made, strict=True)
            step_index = scheduler.step_index
            moved = []
            for v, x, one in parts:
                scheduler._step_index = step_index
                moved.append(scheduler.step(v, t, x, generator=one).prev_sample)
            latents = torch.cat(moved)
        pictures: Tensor = vae.decode(latents.to(device)).sample.float().cpu()
    return pictures.clamp(-1, 1)
