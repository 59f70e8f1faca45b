"""How a generator learns from pictures: one step, and what a checkpoint keeps."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from musegraph_nodes.gan.layout import MEAN, Layout
from musegraph_nodes.gan.nets import Generator, mean_of, noises_of
from musegraph_nodes.starter.training.loop import Averages, Checkpoints, Progress

from .augment import changed
from .critic import Critic
from .losses import critic_loss, generator_loss, steepness, unsteadiness

STEEP_EVERY, PATH_EVERY = 16, 4
"""Steps between those in which R1 and the lengths of paths count: so they cost little."""
_DEPTH = 2
"""Layers of the mapping; few pictures want fewer than the eight of StyleGAN2."""
_MIXED = 0.9
"""The share of pictures that are made of two styles, so that layers learn to do without others."""
_BASE = 4


@dataclass(frozen=True)
class Plan:
    """Everything that decides what comes out after a step."""

    side: int = 64
    width: int = 32
    """Channels at the largest size; each size below has twice as many, at most four times."""
    batch: int = 8
    rate: float = 0.0025
    steep: float = 1.0
    """How much R1 counts."""
    paths: float = 0.0
    augment: bool = True
    mirror: bool = True
    average: float = 0.998
    """How much the mean of the weights keeps of itself from step to step."""
    seed: int = 0

    @property
    def layout(self) -> Layout:
        sides = [self.side]
        while sides[0] > _BASE:
            sides.insert(0, sides[0] // 2)
        channels = tuple(self.width * min(4, self.side // side) for side in sides)
        return Layout(_BASE, channels, channels[0], _DEPTH, channels[0], mean=True)


class Pair(nn.Module):
    """A generator and its critic, and the mean length of paths."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.generator, self.critic = Generator(layout), Critic(layout)
        # Not learned, but kept like what is.
        self.length = nn.Parameter(torch.zeros(()), requires_grad=False)


class Training:
    """A training as far as it has come."""

    def __init__(self, plan: Plan, folder: Path, device: str) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            self.pair = Pair(plan.layout)
        self.pair.to(device)
        self.plan, self.device = plan, torch.device(device)
        # A term that counts every few steps counts for as many of them; Adam is told so.
        lazy = {
            "generator": PATH_EVERY / (PATH_EVERY + 1) if plan.paths else 1.0,
            "critic": STEEP_EVERY / (STEEP_EVERY + 1) if plan.steep else 1.0,
        }
        self.adam = torch.optim.Adam([
            {"params": list(net.parameters()), "lr": plan.rate * share, "betas": (0.0, 0.99**share)}
            for net, share in ((self.pair.generator, lazy["generator"]),
                               (self.pair.critic, lazy["critic"]))
        ])  # fmt: skip
        self.averages = Averages(list(self.pair.parameters()), plan.average)
        self.kept, self.progress = Checkpoints(folder), Progress()
        self.losses: dict[str, list[float]] = {"generator": [], "critic": [], "R1": []}

    @property
    def step(self) -> int:
        """How many steps have been made."""
        return self.progress.step

    def restore(self, most: int) -> bool:
        """Go on from the newest checkpoint that is not beyond ``most`` steps; if there was one."""
        found = self.kept.latest()
        if found is None or int(found.name[5:]) > most:
            return False
        self.progress = self.kept.restore(self.pair, self.averages, self.adam)
        told = json.loads((found / "losses.json").read_text(encoding="utf-8"))
        self.losses = {name: [float(loss) for loss in told[name]] for name in self.losses}
        return True

    def save(self) -> None:
        """Leave a checkpoint, once there has been a step."""
        if self.step:
            made = self.kept.save(self.progress, self.pair, self.averages, self.adam)
            (made / "losses.json").write_text(json.dumps(self.losses), encoding="utf-8")

    # -- a step -------------------------------------------------------------------------------

    def learn(self, pictures: Tensor) -> dict[str, float]:
        """One step with all pictures [N,3,side,side] of -1..1 to draw from; the losses of it."""
        chance = torch.Generator().manual_seed(self.plan.seed + 1_000_003 * (self.step + 1))
        given = self._given(pictures, chance)
        told = self._criticise(given, chance)
        told |= self._improve(chance)
        self.progress.step += 1
        self.averages.update(self.step)
        for name, line in self.losses.items():
            # What counts only now and then keeps its last value between.
            line.append(told.get(name, line[-1] if line else 0.0))
        return {name: line[-1] for name, line in self.losses.items()}

    def _given(self, pictures: Tensor, chance: torch.Generator) -> Tensor:
        count = self.plan.batch
        some = pictures[torch.randint(0, len(pictures), (count,), generator=chance)]
        if self.plan.mirror:
            turned = torch.rand(count, 1, 1, 1, generator=chance) < 0.5
            some = torch.where(turned, some.flip(3), some)
        return some.to(self.device)

    def _criticise(self, given: Tensor, chance: torch.Generator) -> dict[str, float]:
        critic, plan = self.pair.critic, self.plan
        with torch.no_grad():
            made, _ = self._made(plan.batch, chance)
        loss = critic_loss(critic(self._seen(given, chance)), critic(self._seen(made, chance)))
        told = {"critic": float(loss.detach())}
        if plan.steep and self.step % STEEP_EVERY == 0:
            seen = given.requires_grad_(True)
            steep = steepness(critic(self._seen(seen, chance)), seen)
            loss = loss + plan.steep / 2 * STEEP_EVERY * steep
            told["R1"] = float(steep.detach())
        self._step(loss)
        return told

    def _improve(self, chance: torch.Generator) -> dict[str, float]:
        plan = self.plan
        self.pair.critic.requires_grad_(False)
        made, styles = self._made(plan.batch, chance)
        loss = generator_loss(self.pair.critic(self._seen(made, chance)))
        told = {"generator": float(loss.detach())}
        if plan.paths and self.step % PATH_EVERY == 0:
            uneven, now = unsteadiness(made, styles, self.pair.length, chance)
            self.pair.length.copy_(now.detach())
            loss = loss + plan.paths * PATH_EVERY * uneven
        self._step(loss)
        self.pair.critic.requires_grad_(True)
        return told

    def _step(self, loss: Tensor) -> None:
        # Adam passes over what has no gradient: the net whose turn it is not.
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()

    def _seen(self, pictures: Tensor, chance: torch.Generator) -> Tensor:
        return changed(pictures, chance) if self.plan.augment else pictures

    def _made(self, count: int, chance: torch.Generator) -> tuple[Tensor, Tensor]:
        """Pictures [count,3,side,side] and their styles, most of which are mixed of two."""
        net = self.pair.generator
        layers = net.layout.layers
        drawn = torch.randn(2 * count, net.layout.draws, generator=chance).to(self.device)
        first, second = net.mapped(drawn).chunk(2)
        cut = torch.randint(1, layers, (count, 1), generator=chance)
        cut = torch.where(torch.rand(count, 1, generator=chance) < _MIXED, cut, layers)
        coarse = (torch.arange(layers)[None] < cut)[:, :, None].to(self.device)
        styles = torch.where(coarse, first[:, None], second[:, None])
        noises = [one.to(self.device) for one in noises_of(net.layout, chance, count)]
        return net(styles, noises), styles


@torch.no_grad()
def sheet(training: Training, count: int = 16, psi: float = 0.7) -> Tensor:
    """What the averaged generator draws now, always of the same draws: [count,3,side,side]."""
    net = training.pair.generator
    drawn = torch.randn(count, net.layout.draws, generator=torch.Generator().manual_seed(1))
    with training.averages.applied():
        mean = mean_of(net, 512)
        styles = mean + (net.mapped(drawn.to(training.device)) - mean) * psi
        made: Tensor = net(styles[:, None].expand(-1, net.layout.layers, -1)).cpu()
    return made


@torch.no_grad()
def write(training: Training, file: Path, said: dict[str, Any]) -> None:
    """The averaged generator with the mean of its styles, in the public layout."""
    from safetensors.torch import save_file

    net = training.pair.generator
    with training.averages.applied():
        tensors = {name: t.detach().cpu().clone() for name, t in net.state_dict().items()}
        tensors[MEAN] = mean_of(net).cpu()
    constant = noises_of(net.layout, torch.Generator().manual_seed(0))
    tensors |= {f"noises.noise_{at}": plane for at, plane in enumerate(constant)}
    held = {name: tensor.contiguous() for name, tensor in tensors.items()}
    # One entry: several would be written in any order, and equal nets are to be equal files.
    save_file(held, file, metadata={"musegraph": json.dumps(said, sort_keys=True)})
