"""All stages in one command, which renders the data beside the first of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from musegraph_nodes.starter.ready import READY
from musegraph_nodes.starter.training.loop import pick_device
from musegraph_nodes.starter.training.recipe import Recipe, recipe_of

#: Parts of the minutes; what is left goes into encoding, drawing and judging.
SHARES = {"autoencoder": 0.18, "decoder": 0.08, "denoiser": 0.52, "distil": 0.08, "judge": 0.04}
#: As many pictures must be there before the autoencoder starts.
FIRST = 2000
#: The judge needs no more than this, however long the rest may take.
JUDGE_MINUTES = 25.0


def train_everything(a: Namespace, run: Callable[[Namespace], None]) -> None:
    """Run every stage within about `a.minutes`; what an earlier run has done is not done again."""
    device = pick_device(a.device)
    recipe = recipe_of(a.work, device, size=a.size, pictures=a.pictures)
    print(f"{a.work}: {recipe}", flush=True)
    a.data, a.val = a.data or a.work / "data", a.val or a.work / "val"
    renderer = render_beside(a.data, a.val, recipe)
    try:
        for stage in ("autoencoder", "decoder", "fold", "denoiser", "distil", "judge", "export"):
            if stage == "decoder":  # what the pictures show, it reads at once
                finish(renderer, a.data)
            minutes = a.minutes * SHARES.get(stage, 0.0)
            given = {**vars(a), "stage": stage, "minutes": minutes, "to": a.to or a.work / "scenes"}
            if stage == "judge":
                given["minutes"] = min(JUDGE_MINUTES, max(1.0, minutes))
            began = time.perf_counter()
            run(Namespace(**given))
            print(f"{stage}: {(time.perf_counter() - began) / 60:.1f} minutes", flush=True)
    finally:
        if renderer is not None and renderer.poll() is None:
            renderer.terminate()
            renderer.wait()


def render_beside(data: Path, val: Path, recipe: Recipe) -> subprocess.Popen[bytes] | None:
    """Start to render what is missing, on all cores but one; wait until there is something."""
    maker = [sys.executable, "-m", "musegraph_nodes.starter.scenes.make_data"]
    size = ["--size", str(recipe.size)]
    if not (val / "specs.json").exists():
        subprocess.run(
            [*maker, "--out", str(val), "--count", "512", "--seed", "2", *size], check=True
        )
    if (data / "specs.json").exists():
        return None
    workers = max(1, (os.cpu_count() or 2) - 1)
    told = ["--out", str(data), "--count", str(recipe.pictures), "--seed", "1", *size]
    renderer = subprocess.Popen(
        [*maker, *told, "--workers", str(workers)], stdout=subprocess.DEVNULL
    )
    ready, least = data / READY, min(FIRST, recipe.pictures)
    while renderer.poll() is None and not (ready.exists() and int(ready.read_text()) >= least):
        time.sleep(0.5)
    if renderer.poll():
        raise RuntimeError(f"the data maker ended with exit code {renderer.returncode}; see above")
    return renderer


def finish(renderer: subprocess.Popen[bytes] | None, data: Path) -> None:
    """Wait for the last pictures."""
    if renderer is not None and renderer.wait():
        raise RuntimeError(
            f"the data maker ended with exit code {renderer.returncode}; {data} is not whole:"
            " remove it and start again"
        )
