"""A critic of patches for the decoder: it sees whether a spot looks drawn or smeared.

The error of a grain, a brush stroke or the steps of a pixel that is one place off is larger than
that of none, so a decoder that is asked for small errors alone smears them all. A critic learns to
tell its pictures from real ones by patches (PatchGAN, https://arxiv.org/abs/1611.07004), and the
decoder to please it, as the first stage of latent diffusion does
(https://arxiv.org/abs/2112.10752).
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from musegraph_nodes.starter.training.loop import Averages, Checkpoints, half_precision
from musegraph_nodes.starter.training.team import ALONE, Team

#: The critic's gradient in the decoder's last layer, as a part of that of the error.
SHARE = 0.4
#: Steps in which the critic learns alone, and after how many the two gradients are compared.
ALONE_FOR, COMPARED_EVERY = 100, 10


class Critic(nn.Module):
    """Pictures `[b, 3, h, w]` to scores `[b, 1, h / 4, w / 4]`, each of a patch of 22 pixels."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        sizes = ((3, width, 4, 2), (width, 2 * width, 4, 2), (2 * width, 2 * width, 3, 1))
        layers: list[nn.Module] = []
        for before, after, kernel, stride in sizes:
            layers += [spectral_norm(nn.Conv2d(before, after, kernel, stride, 1))]
            layers += [nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, spectral_norm(nn.Conv2d(2 * width, 1, 3, 1, 1)))

    def forward(self, pictures: Tensor) -> Tensor:
        """High where a patch looks real."""
        scores: Tensor = self.layers(pictures)
        return scores


class Contest:
    """The critic beside a decoder in training; it resumes as the decoder does."""

    def __init__(
        self, work: Path, device: torch.device, rate: float = 1e-3, team: Team = ALONE
    ) -> None:
        self.device, self.team = device, team
        self.critic = Critic().to(device)
        parameters = list(self.critic.parameters())
        self.optimizer = torch.optim.AdamW(parameters, rate, betas=(0.5, 0.9))
        self.averages = Averages(parameters, 0.0)
        self.checkpoints = Checkpoints(work)
        self.progress = self.checkpoints.restore(self.critic, self.averages, self.optimizer)
        self.weight = 0.0

    def complaint(self, fit: Tensor, made: Tensor, last: nn.Parameter) -> Tensor:
        """What the decoder has to lessen beside `fit`; `last` is a weight of its last layer."""
        if self.progress.step < ALONE_FOR:
            return fit.new_zeros(())
        self.critic.requires_grad_(False)
        with half_precision(self.device):
            scores = self.critic(made)
        self.critic.requires_grad_(True)
        loss = -scores.float().mean()
        if self.weight == 0.0 or self.progress.step % COMPARED_EVERY == 0:
            pull, push = (
                torch.autograd.grad(one, last, retain_graph=True)[0].norm() for one in (fit, loss)
            )
            self.weight = SHARE * float(pull / (push + 1e-6))
        weighed: Tensor = self.weight * loss
        return weighed

    def learn(self, made: Tensor, real: Tensor) -> Tensor:
        """One step of the critic: hinge loss of made and real pictures."""
        with half_precision(self.device):
            scores = self.critic(torch.cat([made.detach(), real])).float()
        fake, true = scores.chunk(2)
        loss = F.relu(1 + fake).mean() + F.relu(1 - true).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.progress.step += 1
        self.team.meet(self.progress.step, self.critic.parameters())
        return loss.detach()

    def save(self) -> Path:
        """Write a checkpoint."""
        self.averages.update(self.progress.step)
        return self.checkpoints.save(self.progress, self.critic, self.averages, self.optimizer)
