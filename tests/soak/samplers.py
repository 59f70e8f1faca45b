"""Every sampler under every schedule on the starter model, beside 1,000 steps of a reference.

Deterministic samplers are measured against where 1,000 steps of DPM++ 2M lead the same noise.
Random ones are tested against as many pictures of 1,000 random steps (DDPM): by the energy distance
of whole latents (Székely & Rizzo, https://doi.org/10.1016/j.jspi.2013.03.018), the two sets being
shuffled 2,000 times. Two that should fail, too few steps and noise that is too weak, show that the
test sees what it is for.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from tiny_sd import Bench
from torch import Tensor

from musegraph import Latent
from musegraph_nodes import starter
from musegraph_nodes.diffusion import encode_text, load, noise, sample
from musegraph_nodes.diffusion.sampling.samplers import OWN
from musegraph_nodes.diffusion.sampling.sigmas import SCHEDULES

PROMISE = (
    "Every sampler ends in numbers under every schedule; it comes within 2 % of 1,000 steps, or"
    " draws from the same distribution."
)
SCENES = Path(starter.__file__).parent / "weights" / "scenes"
TEXT = "a red house on a hill"
CHANNELS, NEAR = 8, 0.02
STEPS = (20, 40, 80, 160, 320)
LIKELY = 0.05
"""A random sampler fails if all of them together are less likely than this (Bonferroni)."""


@cache
def opened() -> tuple[Bench, Any, Any]:
    ctx = Bench()
    parts = load(str(SCENES), ctx)
    return ctx, parts.model, encode_text(parts.text_encoder, TEXT, ctx)


def made(
    sampler: Any, schedule: Any, steps: int, *, side: int, batch: int, guidance: float,
    seed: int = 1, **options: Any,
) -> tuple[Tensor, str]:  # fmt: skip
    """The latents, and what the record says of who made them."""
    ctx, model, told = opened()
    ctx.notes.clear()
    ctx.previews.clear()
    blank = Latent(torch.zeros(batch, CHANNELS, side, side), model.family, 8)
    # Guided in its own way, a sampler is compared where that way and the usual one are the same.
    negative = told if OWN[sampler].unguided else None
    found = sample(
        model, told, ctx, negative=negative, latent=blank, sampler=sampler, schedule=schedule,
        steps=steps, guidance=guidance, seed=seed, **options,
    )  # fmt: skip
    return found.data, "diffusers" if "of diffusers" in ctx.notes[0] else "ours"


def finite(count: int) -> list[str]:
    """Each sampler under each schedule; what failed."""
    failed, ran = [], {"diffusers": 0, "ours": 0}
    for name in OWN:
        for schedule in ("model default", *SCHEDULES):
            found, by = made(name, schedule, 5, side=4, batch=1, guidance=4.0)
            ran[by] += 1
            if not found.isfinite().all():
                failed.append(f"{name} under {schedule}")
    print(f"{len(OWN)} samplers under {len(SCHEDULES) + 1} schedules, 5 steps: by a scheduler of")
    print(f"diffusers {ran['diffusers']}, by ours {ran['ours']}; not finite: {failed or 'none'}.\n")
    return failed


def apart(one: Tensor, two: Tensor) -> float:
    return float((one - two).square().mean().sqrt() / two.square().mean().sqrt())


def reference(guidance: float, steps: int) -> Tensor:
    levels: dict[str, Any] = {"side": 8, "batch": 2, "guidance": guidance}
    # The levels of a node of ours, so that ours runs: timesteps are not rounded.
    return made("res_multistep", "karras", steps, **levels)[0]


def deterministic(count: int) -> list[str]:
    """Steps that each sampler takes to come within 2 % of the reference."""
    steps = 1000 if count >= 50 else 100
    ends = {guidance: reference(guidance, steps) for guidance in (1.0, 3.0)}
    print(f"| deterministic | by | steps within 2 % of {steps:,} | apart | apart at 20 steps |")
    print("|---|---|--:|--:|--:|")
    failed = []
    for name, own in OWN.items():
        if own.random or own.few:
            continue
        guidance = 1.0 if own.unguided else 3.0
        share, by, needed, at_20 = 1.0, "", 0, 0.0
        for needed in STEPS if count >= 50 else (40,):
            found, by = made(name, "karras", needed, side=8, batch=2, guidance=guidance)
            share = apart(found, ends[guidance])
            at_20 = share if needed == 20 else at_20
            if share < NEAR:
                break
        if share >= NEAR and count >= 50:
            failed.append(name)
        print(f"| {name} | {by} | {needed} | {share:.2%} | {at_20:.2%} |", flush=True)
    print()
    return failed


def likely(one: Tensor, two: Tensor, shuffles: int = 2000) -> float:
    """How likely two sets of latents are as far apart as they are if both are of one kind."""
    both = torch.cat([one, two]).flatten(1).double()
    between = torch.cdist(both, both)
    half = len(one)
    sign = torch.ones(len(both), dtype=torch.double)
    sign[half:] = -1

    def energy(signs: Tensor) -> Tensor:
        return -torch.einsum("ni,ij,nj->n", signs, between, signs)

    generator = torch.Generator().manual_seed(0)
    orders = torch.stack([torch.randperm(len(both), generator=generator) for _ in range(shuffles)])
    seen = energy(sign[None])
    return (int((energy(sign[orders]) >= seen).sum()) + 1) / (shuffles + 1)


def random(count: int) -> list[str]:
    """Whether each random sampler draws from the distribution of the reference."""
    pictures, steps = (count, 1000) if count >= 50 else (8, 40)
    size: dict[str, Any] = {"side": 4, "batch": pictures, "guidance": 1.0}
    truth = made("ddpm", "karras", steps, seed=10_000, **size)[0]
    names = [name for name, own in OWN.items() if own.random and not own.few]
    least = LIKELY / len(names)
    print(f"| random, {pictures} pictures | by | steps | likelihood | mean | spread |")
    print("|---|---|--:|--:|--:|--:|")
    failed = []

    def row(title: str, found: Tensor, by: str, taken: int) -> float:
        chance = likely(found, truth)
        mean, spread = float(found.mean() - truth.mean()), float(found.std() / truth.std())
        print(
            f"| {title} | {by} | {taken} | {chance:.4f} | {mean:+.3f} | {spread:.3f} |", flush=True
        )
        return chance

    for name in names:
        first = name in ("euler_ancestral", "euler_ancestral_cfg_pp", "ddpm")
        taken = min(160 if first else 40, steps)
        found, by = made(name, "karras", taken, **size)
        if row(name, found, by, taken) < least:
            failed.append(name)
    few, by = made("euler_ancestral", "karras", 6, **size)
    seen = row("euler_ancestral, too few steps", few, by, 6) < least
    weak, by = made("dpmpp_sde", "karras", 40, noise=noise(scale=0.9), **size)
    seen = row("dpmpp_sde, noise too weak", weak, by, 40) < least and seen
    print(f"\nIt fails below {least:.4f}: {LIKELY:.0%} for all {len(names)} together.\n")
    if count < 50:
        return []  # too few pictures to tell
    return failed + ([] if seen else ["the test itself: it did not see what is wrong"])


def main(count: int) -> int:
    torch.set_num_threads(1)
    failed = []
    for part in (finite, deterministic, random):
        start = perf_counter()
        failed += part(count)
        print(f"{part.__name__}: {perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    if failed:
        print(f"Failed: {', '.join(failed)}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
