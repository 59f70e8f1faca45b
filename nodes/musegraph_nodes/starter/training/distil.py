"""Stage four: fewer steps. A LoRA for the U-Net that lands where many guided steps lead.

Progressive distillation in one go: from a noisy latent at one of a few times the student must
come, in one step, where the teacher comes in several smaller ones with guidance. The pipeline
then draws in 8 steps of the sampler `ddim`, at a guidance of 1, which halves the work again.
(Latent consistency, tried first, was still noisy after as many steps as this needs in all.)
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from musegraph_nodes.starter.training.denoiser import noise_levels, plain_attention
from musegraph_nodes.starter.training.latents import load_latents
from musegraph_nodes.starter.training.loop import (
    Averages,
    Checkpoints,
    Clock,
    half_precision,
    pick_device,
    prepare_device,
)
from musegraph_nodes.starter.training.team import ALONE, Team

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
    # Steps of the student from noise to picture, how many of the teacher's there are to each of
    # them, and between what range its guidance is.
    steps: int = 8
    each: int = 2
    guidance: tuple[float, float] = (3.0, 3.0)
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


def lora_of(file: Path) -> dict[str, Tensor]:
    """The LoRA in a file that `write` made, by the names of the U-Net's own layers, as float32."""
    return {name.removeprefix("unet."): one.float() for name, one in load_file(file).items()}


@dataclass(frozen=True)
class DistilTask:
    """What each process of a team does; expects a trained denoiser in `work`."""

    work: Path
    minutes: float
    device: str
    begin: Path | None = None

    def __call__(self, team: Team) -> None:
        """Train a LoRA for the newest denoiser, or go on training; then write it."""
        from musegraph_nodes.starter.training.export import few_step_of, load_trained

        place = pick_device(self.device)
        _, model, _ = load_trained(self.work)
        earlier = few_step_of(self.begin) if self.begin else None
        begin = earlier if earlier and earlier.exists() else None
        training = DistilTraining(DistilPlan.on(place), model, self.work, place, team, begin)
        before = training.gap() if team.rank == 0 else 0.0
        training.run(self.minutes)
        if team.rank > 0:
            return
        file = few_step_of(self.work / "scenes")
        size = training.write(file)
        print(
            f"{file}: {size / 1e6:.2f} MB; its {training.plan.steps} steps end"
            f" {training.gap():.3f} from the teacher's, {before:.3f} when this run began",
            flush=True,
        )


class DistilTraining:
    """One resumable training run; `model` is the trained denoiser that is to become faster.

    It begins with the LoRA in the file `begin`, that of an earlier denoiser, or with one that does
    nothing yet.
    """

    def __init__(
        self,
        plan: DistilPlan,
        model: Any,
        work: Path,
        device: torch.device,
        team: Team = ALONE,
        begin: Path | None = None,
    ) -> None:
        from peft import LoraConfig

        torch.manual_seed(plan.seed)
        prepare_device(device)
        self.plan, self.device, self.team = plan, device, team
        self.latents = load_latents(work)
        if device.type == "cpu":
            plain_attention(model)
        self.teacher = model.to(device).eval().requires_grad_(False)
        self.student = copy.deepcopy(self.teacher.unet)
        rank = min(plan.rank, rank_that_fits(self.student))
        layers = list(LAYERS)
        self.student.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=layers))
        if begin is not None:
            self._begin_with(begin, rank)
        self.adapters = Adapters(self.student)
        parameters = list(self.adapters.parameters())
        self.optimizer = torch.optim.AdamW(parameters, plan.rate, weight_decay=0.0)
        self.averages = Averages(parameters, plan.average)
        self.checkpoints = Checkpoints(work / "distil")
        self.progress = self.checkpoints.restore(self.adapters, self.averages, self.optimizer)
        torch.manual_seed(plan.seed + self.progress.step * team.count + team.rank)
        self.alphas = noise_levels().to(device)
        count = len(self.alphas)
        # The times of the teacher's steps, trailing as the schedule of the pipeline.
        self.grid = torch.linspace(count, 0, plan.steps * plan.each + 1).round().long() - 1

    def _begin_with(self, file: Path, rank: int) -> None:
        from peft import set_peft_model_state_dict

        held = lora_of(file)
        wanted = lora_config(held).r
        if wanted != rank:
            raise ValueError(
                f"{file} is of rank {wanted}, and here it would be {rank}; begin with the model of"
                " the same sizes that it is for, or leave --from out"
            )
        set_peft_model_state_dict(self.student, held)

    def run(self, minutes: float, max_steps: int | None = None) -> None:
        """Train until `minutes` of training are done in all, earlier runs included."""
        sized, device = self.averages.fit, self.device
        clock = Clock(self.progress, minutes, self.team, sized=sized, device=device)
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
        place = torch.randint(0, plan.steps, (plan.batch,)) * plan.each
        late = self.grid[place].to(self.device)
        noisy = self._noised(clean, late)
        low, high = plan.guidance
        guidance = torch.empty(plan.batch, 1, 1, 1).uniform_(low, high).to(self.device)
        with torch.no_grad(), half_precision(self.device):
            words, empty = self._words(ids)
            nearer = self._teacher_steps(noisy, place, words, empty, guidance)
            target = self._velocity_to(noisy, nearer, late, self.grid[place + plan.each])
        with half_precision(self.device):
            said = self.student(noisy, late, encoder_hidden_states=words).sample
        loss = (said.float() - target).pow(2).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.adapters.parameters(), 1.0)
        self.optimizer.step()
        self.team.meet(number + 1, self.adapters.parameters())
        self.averages.update(number)
        return {"loss": loss.detach()}

    @torch.no_grad()
    def gap(self, count: int = 6) -> float:
        """How far the averaged student's few steps end from all the teacher's guided ones.

        Root mean square, for `count` fixed noises and prompts; the latents' own is about 1.
        """
        index = torch.arange(count) % len(self.latents)
        ids = self.latents.tokens[index, 0].to(self.device)
        shape = (count, *self.latents.moments.shape[1:])
        made = torch.Generator().manual_seed(0)
        noise = torch.randn(shape, generator=made)[:, : self.latents.channels].to(self.device)
        guidance = torch.full((count, 1, 1, 1), sum(self.plan.guidance) / 2, device=self.device)
        with half_precision(self.device), self.averages.applied():
            words, empty = self._words(ids)
            taught, said = noise, noise
            for step in range(self.plan.steps):
                place = torch.full((count,), step * self.plan.each)
                taught = self._teacher_steps(taught, place, words, empty, guidance)
                late, early = self.grid[place].to(self.device), self.grid[place + self.plan.each]
                velocity = self.student(said, late, encoder_hidden_states=words).sample.float()
                said = self._moved(said, velocity, late, early.to(self.device))
        return float((said - taught).pow(2).mean().sqrt())

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

    def _moved(self, noisy: Tensor, velocity: Tensor, late: Tensor, early: Tensor) -> Tensor:
        """One step of DDIM from `late` to `early`."""
        signal, noise = self._levels(late)
        clean, drift = signal * noisy - noise * velocity, signal * velocity + noise * noisy
        signal, noise = self._levels(early)
        return signal * clean + noise * drift

    def _velocity_to(self, noisy: Tensor, nearer: Tensor, late: Tensor, early: Tensor) -> Tensor:
        """The velocity with which one step of DDIM comes from `noisy` to `nearer`."""
        signal, noise = self._levels(late)
        signal_there, noise_there = self._levels(early.to(self.device))
        ratio = noise_there / noise
        clean = (nearer - ratio * noisy) / (signal_there - ratio * signal)
        return (signal * noisy - clean) / noise

    def _teacher_steps(
        self, noisy: Tensor, place: Tensor, words: Tensor, empty: Tensor, guidance: Tensor
    ) -> Tensor:
        """The teacher's steps, with guidance, from `place` in the grid to the student's next."""
        both = torch.cat([words, empty])
        for step in range(self.plan.each):
            late = self.grid[place + step].to(self.device)
            early = self.grid[place + step + 1].to(self.device)
            double, times = torch.cat([noisy, noisy]), torch.cat([late, late])
            velocity = self.teacher.unet(double, times, encoder_hidden_states=both).sample
            given, free = velocity.float().chunk(2)
            noisy = self._moved(noisy, free + guidance * (given - free), late, early)
        return noisy

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
