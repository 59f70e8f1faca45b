"""Every sampler under every schedule on the starter model, beside 1,000 steps of a reference.

Deterministic samplers are measured against where 1,000 steps of order 2 lead the same noise
(`res_multistep`). Those that draw noise are put to the test in `noise.py`; those for distilled
models (`lcm`, `tcd`) come near nothing with this one, so they only have to end in numbers.
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
from musegraph_nodes.diffusion import encode_text, load, sample
from musegraph_nodes.diffusion.sampling.samplers import OWN
from musegraph_nodes.diffusion.sampling.sigmas import SCHEDULES

PROMISE = (
    "Every sampler ends in numbers under every schedule; without fresh noise it comes within 2 % of"
    " 1,000 steps."
)
TRIALS = f"{len(OWN) * (len(SCHEDULES) + 1)} pairs"
SCENES = Path(starter.__file__).parent / "weights" / "scenes"
TEXT = "a red house on a hill"
CHANNELS, NEAR = 8, 0.02
STEPS = (20, 40, 80, 160, 320)


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
            found, by = made(name, schedule, 4, side=4, batch=1, guidance=4.0)
            ran[by] += 1
            if not found.isfinite().all():
                failed.append(f"{name} under {schedule}")
    print(f"{len(OWN)} samplers under {len(SCHEDULES) + 1} schedules, 4 steps: by a scheduler of")
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


def main(count: int) -> int:
    torch.set_num_threads(1)
    failed = []
    for part in (finite, deterministic):
        start = perf_counter()
        failed += part(count)
        print(f"{part.__name__}: {perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    if failed:
        print(f"Failed: {', '.join(failed)}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
