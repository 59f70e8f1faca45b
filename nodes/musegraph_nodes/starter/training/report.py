"""The report: what the fixed prompts' pictures show, beside what real renders of them show."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from musegraph_nodes.starter.training.data import save_sheet, to_pixels, to_tensor
from musegraph_nodes.starter.training.judge import (
    ATTRIBUTES,
    LEAST,
    Judge,
    Score,
    Specs,
    counted,
    interval,
    read,
    right,
    usable,
)
from musegraph_nodes.starter.training.prompts import Prompt
from musegraph_nodes.starter.training.segment import measured

#: What is measured on plain shapes by their patches.
PATCHES = ("relation", "count of shapes", "colour of shapes")
NAMES = (*ATTRIBUTES, *PATCHES)
#: With a GPU, and on the CPU alone.
TARGETS: dict[str, tuple[float, float]] = {
    "style": (0.97, 0.95),
    "scene": (0.97, 0.95),
    "time": (0.97, 0.95),
    "position": (0.95, 0.88),
    "colour": (0.93, 0.80),
    "colour of shapes": (0.93, 0.80),
    "subject": (0.92, 0.75),
    "relation": (0.90, 0.65),
    "count": (0.80, 0.55),
    "count of shapes": (0.80, 0.55),
}
MOST_DROP = 0.12
MOST_BEHIND = 0.05
CALIBRATED_ON = 1000

Scores = dict[str, Score]
#: Draws prompts: texts and the seed of the first of them to pictures `[n, 3, h, w]` in -1..1.
Draw = Callable[[list[str], int], Tensor]


def judged(judge: Judge, pictures: Tensor, specs: Specs) -> Scores:
    """How many of the pictures `[n, 3, h, w]` show each attribute as their spec says."""
    verdicts = right(read(judge, pictures), specs)
    by_patches: dict[str, list[bool]] = {name: [] for name in PATCHES}
    for pixels, spec in zip(to_pixels(pictures), specs, strict=True):
        for name, verdict in measured(pixels, spec).items():
            by_patches[name if name in PATCHES else f"{name} of shapes"].append(verdict)
    scores = {name: counted(found) for name, found in verdicts.items()}
    return scores | {name: counted(found) for name, found in by_patches.items()}


def renders_of(specs: Specs, size: int) -> Tensor:
    """Real pictures of specs as `make_data` writes them."""
    from musegraph_nodes.starter.scenes import from_dict, render

    return to_tensor(np.stack([render(from_dict(spec), size) for spec in specs]))


def calibrate(judge: Judge, size: int, count: int = CALIBRATED_ON) -> tuple[Scores, set[str]]:
    """The judge's figures on renders that it has not seen, half of them held-out combinations.

    The attributes that it reads rightly often enough come second: only these are used.
    """
    from musegraph_nodes.starter.scenes import as_dict, sample_spec

    rng = np.random.default_rng(777)
    specs = [as_dict(sample_spec(rng, index % 2 == 1)) for index in range(count)]
    scores = dict.fromkeys(NAMES, (0, 0))
    for start in range(0, count, 100):
        some = specs[start : start + 100]
        for name, (hits, of) in judged(judge, renders_of(some, size), some).items():
            scores[name] = scores[name][0] + hits, scores[name][1] + of
    return scores, usable(scores)


def measure(
    judge: Judge, prompts: list[Prompt], draw: Draw, size: int, sheets: Path, batch: int = 20
) -> dict[str, Scores]:
    """The fixed prompts, drawn and as renders, seen and held out; sheets show the first of each."""
    report: dict[str, Scores] = {}
    for held_out in (False, True):
        name = "held out" if held_out else "seen"
        some = [prompt for prompt in prompts if prompt.held_out == held_out]
        drawn, real = dict.fromkeys(NAMES, (0, 0)), dict.fromkeys(NAMES, (0, 0))
        shown: list[Tensor] = []
        for start in range(0, len(some), batch):
            part = some[start : start + batch]
            specs = [prompt.spec for prompt in part]
            made = draw([prompt.text for prompt in part], part[0].seed)
            renders = renders_of(specs, size)
            for sums, pictures in ((drawn, made), (real, renders)):
                for key, (hits, of) in judged(judge, pictures, specs).items():
                    sums[key] = sums[key][0] + hits, sums[key][1] + of
            if len(shown) * batch < 48:
                shown.append(made)
        report[f"{name}, drawn"], report[f"{name}, renders"] = drawn, real
        save_sheet(torch.cat(shown)[:48], sheets / f"judged-{name.replace(' ', '-')}.png")
    return report


def missed(report: dict[str, Scores], used: set[str]) -> list[str]:
    """Sentences on what falls short of the targets for training on a CPU, if anything does."""
    found = []
    for name, (_, target) in TARGETS.items():
        if name not in used:
            found.append(f"{name}: the judge reads too few real renders rightly")
            continue
        hits, count = report["seen, drawn"][name]
        if count and hits / count < target:
            found.append(f"{name}: {hits / count:.2f} of seen prompts, {target:.2f} is wanted")
        apart, of = report["held out, drawn"][name]
        drop = hits / max(1, count) - apart / max(1, of)
        if count and of and drop > MOST_DROP:
            found.append(f"{name}: {drop:.2f} less of held-out prompts, {MOST_DROP} is allowed")
    return found


def fallen_behind(few: dict[str, Scores], report: dict[str, Scores], used: set[str]) -> list[str]:
    """Sentences on what few steps obey less often than many, by more than is allowed."""
    found = []
    for name in sorted(used):
        for kind in ("seen, drawn", "held out, drawn"):
            (hits, count), (with_many, of) = few[kind][name], report[kind][name]
            behind = with_many / max(1, of) - hits / max(1, count)
            if behind > MOST_BEHIND:
                found.append(
                    f"{name}: in few steps {behind:.2f} less ({kind}), {MOST_BEHIND} is allowed"
                )
    return found


def cell(score: Score) -> str:
    """A share with its 95 % interval, as text."""
    hits, count = score
    if not count:
        return "–"
    low, high = interval(hits, count)
    return f"{hits / count:.3f} ({low:.2f}–{high:.2f}, n={count})"


def table(report: dict[str, Scores], calibration: Scores, used: set[str]) -> list[str]:
    """The figures as Markdown: attributes that the judge reads well enough, then the others."""
    columns = ("seen, drawn", "seen, renders", "held out, drawn", "held out, renders")
    lines = [
        "| | calibration | " + " | ".join(columns) + " | drop | target GPU / CPU |",
        "|---|---|" + "---|" * (len(columns) + 2),
    ]
    for name in NAMES:
        if name not in used:
            continue
        cells = [cell(report[column][name]) for column in columns]
        seen, apart = report["seen, drawn"][name], report["held out, drawn"][name]
        drop = seen[0] / max(1, seen[1]) - apart[0] / max(1, apart[1])
        goals = TARGETS.get(name)
        goal = f"{goals[0]:.2f} / {goals[1]:.2f}" if goals else "–"
        row = [name, cell(calibration[name]), *cells, f"{drop:+.2f}", goal]
        lines.append(f"| {' | '.join(row)} |")
    left = [f"{name} {cell(calibration[name])}" for name in NAMES if name not in used]
    if left:
        lines += [
            "",
            f"Read rightly less than {LEAST} of the time, so not used: {'; '.join(left)}.",
        ]
    return lines


def short_table(report: dict[str, Scores], used: set[str]) -> list[str]:
    """The figures of drawn pictures alone, as Markdown."""
    lines = ["| | seen | held out |", "|---|---|---|"]
    for name in NAMES:
        if name in used:
            pair = [cell(report[f"{kind}, drawn"][name]) for kind in ("seen", "held out")]
            lines.append(f"| {name} | {' | '.join(pair)} |")
    return lines


def write_report(
    work: Path, report: dict[str, Scores], calibration: Scores, used: set[str], more: list[str]
) -> Path:
    """Write `report.json` and `report.md` into `work`."""
    values: dict[str, Any] = {"calibration": calibration, "used": sorted(used), **report}
    (work / "report.json").write_text(json.dumps(values, indent=1), encoding="utf-8")
    lines = ["# Prompts that were fixed beforehand", "", *table(report, calibration, used), ""]
    lines += ["`judged-seen.png` and `judged-held-out.png` show the first 48 of each.", "", *more]
    target = work / "report.md"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return target
