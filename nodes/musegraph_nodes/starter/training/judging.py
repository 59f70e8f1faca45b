"""Stage five: train the judge, if there is none yet, and write the report."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from musegraph_nodes.starter.training.data import load_pictures
from musegraph_nodes.starter.training.denoiser import draw
from musegraph_nodes.starter.training.judge import (
    Judge,
    JudgeTraining,
    Renders,
    load_judge,
    save_judge,
)
from musegraph_nodes.starter.training.loop import pick_device
from musegraph_nodes.starter.training.nearest import memorised, signatures_of
from musegraph_nodes.starter.training.prompts import load_prompts
from musegraph_nodes.starter.training.recipe import recipe_of
from musegraph_nodes.starter.training.report import (
    Scores,
    calibrate,
    fallen_behind,
    measure,
    missed,
    renders_of,
    short_table,
    write_report,
)

#: Pictures of combinations that the denoiser never sees; the judge has to know them.
UNUSUAL, SEED = 4000, 3
GUIDANCE, STEPS, FAST_STEPS = 3.0, 20, 8
COMPARED = 100
#: Pixels along a side of larger pictures, and of how many prompts of each kind they are drawn.
LARGER, ENLARGED = 256, 100


def the_judge(data: Path, work: Path, minutes: float, device: torch.device) -> Judge:
    """The judge of `work`, trained for `minutes` where it is not trained yet."""
    kept = work / "judge.safetensors"
    if kept.exists():
        return load_judge(kept).to(device)
    unusual = work / "unusual"
    if not (unusual / "specs.json").exists():
        from musegraph_nodes.starter.scenes.make_data import make_data

        make_data(unusual, UNUSUAL, SEED, recipe_of(work).size, held_out=True)
    renders = Renders.of([load_pictures(data), load_pictures(unusual)], work / "small.npy")
    judge = JudgeTraining(renders, work, device).run(minutes)
    save_judge(judge, kept)
    return judge


def judge_all(
    data: Path,
    work: Path,
    minutes: float,
    device: str,
    limit: int = 10_000,
    folder: Path | None = None,
) -> list[str]:
    """Measure the newest models of `work`, or those that were exported to `folder`.

    The first `limit` prompts of each kind are drawn. A judge is trained first where there is
    none. What falls short of the targets for training on a CPU is returned.
    """
    from musegraph_nodes.starter.training.export import few_step_of, load_folder, load_trained

    place = pick_device(device)
    judge = the_judge(data, work, minutes, place)
    vae, model, tokenizer = load_folder(folder) if folder else load_trained(work)
    models = (model.to(place), vae.to(place), tokenizer)
    size = vae.config.sample_size
    calibration, used = calibrate(judge, size)
    prompts = [p for kind in (False, True) for p in _first(limit, kind)]

    def drawn(texts: list[str], seed: int) -> Tensor:
        return draw(*models, texts, steps=STEPS, guidance=GUIDANCE, seed=seed)

    report = measure(judge, prompts, drawn, size, work)
    more = [f"Drawn with DDIM, {STEPS} steps, a guidance of {GUIDANCE}; {_seconds(drawn)}.", ""]
    more += _memorised(data, work, drawn, limit)
    more += ["", *_larger(judge, models, min(limit, ENLARGED), work, used)]
    short = missed(report, used)
    fast = few_step_of(folder or work / "scenes")
    if fast.exists():
        few, lines = _fast(judge, models, fast, prompts, size, work, used)
        more += ["", *lines]
        short += fallen_behind(few, report, used)
    target = write_report(work, report, calibration, used, more)
    print(target.read_text(encoding="utf-8"), flush=True)
    return short


def _seconds(drawn: Callable[[list[str], int], Tensor]) -> str:
    """How long one picture takes, as text; the first does not count."""
    drawn(["the sea at dusk, flat vector art"], 0)
    began = time.process_time()
    drawn(["the sea at dusk, flat vector art"], 1)
    spent = time.process_time() - began
    return f"{spent:.2f} s of processor time a picture, drawn alone"


def _first(limit: int, held_out: bool) -> list[Any]:
    return [prompt for prompt in load_prompts() if prompt.held_out == held_out][:limit]


def _memorised(data: Path, work: Path, drawn: Any, limit: int) -> list[str]:
    some = _first(min(limit, COMPARED), held_out=False)
    made = torch.cat(
        [drawn([p.text for p in some[i : i + 20]], i) for i in range(0, len(some), 20)]
    )
    fresh = renders_of([prompt.spec for prompt in some], made.shape[-1])
    pixels = load_pictures(data).pixels
    return memorised(made, fresh, pixels, signatures_of(pixels), work / "nearest.png")


def _larger(
    judge: Judge, models: tuple[Any, Any, Any], count: int, work: Path, used: set[str]
) -> list[str]:
    """Some of the prompts at a size that was not trained at: lines for the report."""
    vae, prompts = models[1], _first(count, False) + _first(count, True)
    places = LARGER // 2 ** (len(vae.config.block_out_channels) - 1)

    def drawn(texts: list[str], seed: int) -> Tensor:
        return draw(*models, texts, steps=STEPS, guidance=GUIDANCE, seed=seed, size=places)

    report = measure(judge, prompts, drawn, LARGER, work / f"at-{LARGER}")
    how = f"At {LARGER} pixels, {count} of each, in {STEPS} steps; {_seconds(drawn)}:"
    return [how, "", *short_table(report, used)]


def _fast(
    judge: Judge,
    models: tuple[Any, Any, Any],
    file: Path,
    prompts: list[Any],
    size: int,
    work: Path,
    used: set[str],
) -> tuple[dict[str, Scores], list[str]]:
    """The same prompts in few steps: the figures, and lines for the report."""
    from peft import set_peft_model_state_dict

    from musegraph_nodes.starter.training.distil import lora_config, lora_of

    model, weights = models[0], lora_of(file)
    model.unet.add_adapter(lora_config(weights))
    set_peft_model_state_dict(model.unet, weights)

    def drawn(texts: list[str], seed: int) -> Tensor:
        return draw(*models, texts, steps=FAST_STEPS, guidance=1.0, seed=seed)

    sheets = work / "few-step"
    report: dict[str, Scores] = measure(judge, prompts, drawn, size, sheets)
    megabytes = file.stat().st_size / 1e6
    how = f"DDIM, {FAST_STEPS} steps, a guidance of 1, {_seconds(drawn)}"
    lines = [f"With `{file.parent.name}` ({megabytes:.1f} MB), {how}:", ""]
    return report, lines + short_table(report, used)
