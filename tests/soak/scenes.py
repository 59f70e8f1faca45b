"""The starter model's pictures for 1,000 prompts that were fixed beforehand, read by a judge.

The judge is the one beside this file, unless `build/scenes` holds another, and used only for what
it reads rightly in real renders it has not seen. The report there has the figures beside their
ceilings, sheets, and the nearest training pictures. `MUSEGRAPH_SCENES_MODEL=FOLDER` judges another
model than the one that comes with Musegraph; `MUSEGRAPH_SCENES_WORK=FOLDER` is another place for
all this. Sheets of the model that comes with Musegraph are kept in `sheets` beside this file.

A data maker that draws otherwise needs another judge: without `scenes_judge.safetensors` one is
trained for 25 minutes of a core, to be copied here.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from PIL import Image

from musegraph_nodes.starter.training.everything import finish, render_beside
from musegraph_nodes.starter.training.export import WEIGHTS
from musegraph_nodes.starter.training.judging import judge_all
from musegraph_nodes.starter.training.recipe import recipe_of

PROMISE = (
    "The starter model draws the style, scene, time, subject, colour, place, relation and count"
    " that prompts ask for, also in combinations that training did not show."
)
ROOT = Path(__file__).resolve().parents[2]
WORK = Path(os.environ.get("MUSEGRAPH_SCENES_WORK", ROOT / "build" / "scenes"))
MODEL = Path(os.environ.get("MUSEGRAPH_SCENES_MODEL", WEIGHTS))
JUDGE = Path(__file__).with_name("scenes_judge.safetensors")
JUDGE_MINUTES = 25
SHEETS = Path(__file__).with_name("sheets")


def main(count: int) -> int:
    recipe = recipe_of(WORK)
    data = WORK / "data"
    finish(render_beside(data, WORK / "val", recipe), data)
    if JUDGE.exists() and not (WORK / "judge.safetensors").exists():
        shutil.copyfile(JUDGE, WORK / "judge.safetensors")
    short = judge_all(data, WORK, JUDGE_MINUTES, "auto", count, MODEL)
    if MODEL == WEIGHTS:
        keep_sheets()
    for sentence in short:
        print(f"* {sentence}")
    return 1 if short else 0


def keep_sheets() -> None:
    """What was drawn, and the nearest of what was learned from, small enough to be committed."""
    for name in ("judged-seen", "judged-held-out", "nearest"):
        with Image.open(WORK / f"{name}.png") as sheet:
            sheet.convert("RGB").save(SHEETS / f"{name}.jpg", quality=85)
