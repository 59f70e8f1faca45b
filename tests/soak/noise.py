"""Samplers that draw fresh noise, on the starter model: whether they draw from the distribution.

Each makes as many pictures as 1,000 random steps (DDPM) do for the reference, from other seeds. How
far two sets are apart is the energy distance (Székely & Rizzo,
https://doi.org/10.1016/j.jspi.2013.03.018) of what the latents are like: mean, spread and
roughness of each channel. How likely that is by chance, 2,000 shuffles of the two sets say. Two
that are wrong on purpose, by too few steps and by noise that is too weak, show that the test sees
such things.
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from samplers import OWN, made
from torch import Tensor

from musegraph_nodes.diffusion import noise

PROMISE = "A sampler that draws fresh noise draws pictures as 1,000 steps do."
LIKELY = 0.05
"""It fails if all samplers together are less likely than this (Bonferroni)."""
FIRST = ("euler_ancestral", "euler_ancestral_cfg_pp", "ddpm")
"""Of first order: they take more steps."""


def features(latents: Tensor) -> Tensor:
    """[B,C,h,w] to [B,4C]: mean, spread and roughness both ways of each channel."""
    across, down = latents.diff(dim=-1), latents.diff(dim=-2)
    spreads = [part.flatten(2).std(dim=2).log() for part in (latents, across, down)]
    return torch.cat([latents.flatten(2).mean(dim=2), *spreads], dim=1).double()


def likely(one: Tensor, two: Tensor, shuffles: int = 2000) -> float:
    """How likely two sets of latents are as far apart as they are if both are of one kind."""
    both = features(torch.cat([one, two]))
    both = (both - both.mean(dim=0)) / both.std(dim=0)
    between = torch.cdist(both, both)
    sign = torch.ones(len(both), dtype=torch.double)
    sign[len(one) :] = -1

    def energy(signs: Tensor) -> Tensor:
        return -torch.einsum("ni,ij,nj->n", signs, between, signs)

    generator = torch.Generator().manual_seed(0)
    orders = torch.stack([torch.randperm(len(both), generator=generator) for _ in range(shuffles)])
    return (int((energy(sign[orders]) >= energy(sign[None])).sum()) + 1) / (shuffles + 1)


def main(count: int) -> int:
    torch.set_num_threads(1)
    whole = count >= 40  # fewer pictures do not tell
    size: dict[str, Any] = {"side": 4, "batch": count, "guidance": 1.0}
    steps = 1000 if whole else 40
    truth = made("ddpm", "karras", steps, seed=1_000_000, **size)[0]
    names = [name for name, own in OWN.items() if own.random and not own.few]
    least = LIKELY / len(names)
    print(f"| {count} pictures | by | steps | likelihood | mean | spread |")
    print("|---|---|--:|--:|--:|--:|")
    failed = []

    def row(title: str, name: str, taken: int, seed: int, **options: Any) -> bool:
        """Whether it is as likely as it has to be."""
        found, by = made(name, "karras", min(taken, steps), seed=seed, **size, **options)
        chance = likely(found, truth)
        mean, spread = float(found.mean() - truth.mean()), float(found.std() / truth.std())
        facts = f"{chance:.4f} | {mean:+.3f} | {spread:.3f}"
        print(f"| {title} | {by} | {min(taken, steps)} | {facts} |", flush=True)
        return chance >= least

    for number, name in enumerate(names):
        if not row(name, name, 120 if name in FIRST else 40, 10_000 * number):
            failed.append(name)
    wrong = row("euler_ancestral, too few steps", "euler_ancestral", 5, 500_000)
    weak = noise(scale=0.7)
    wrong = row("dpmpp_sde, noise too weak", "dpmpp_sde", 40, 600_000, noise=weak) or wrong
    print(f"\nIt fails below {least:.4f}: {LIKELY:.0%} for all {len(names)} together.\n")
    if wrong:
        failed.append("the test itself, which did not see what is wrong on purpose")
    if failed and whole:
        print(f"Failed: {', '.join(failed)}.")
    return 1 if failed and whole else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
