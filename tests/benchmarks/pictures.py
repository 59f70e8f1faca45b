"""B7 and B8: the command line and the graph beside plain scripts of diffusers, same weights."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import HERE, ROOT, Row, alternate, child, command_seconds, environment, timed

SCENES = ROOT / "nodes" / "musegraph_nodes" / "starter" / "weights" / "scenes"
WORKFLOW = ROOT / "workflows" / "text_to_image.json"
PROMPT, SEED, STEPS, GUIDANCE = "watercolor painting of mountains at dawn", 21, 20, 3.5
FEW = 4


def straight(out: str, steps: str) -> None:
    """In a process of its own: what somebody writes who uses diffusers and nothing else."""
    import torch
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(str(SCENES))
    pipeline.set_progress_bar_config(disable=True)
    made = pipeline(
        PROMPT,
        negative_prompt="",
        num_inference_steps=int(steps),
        guidance_scale=GUIDANCE,
        generator=torch.Generator().manual_seed(SEED),
    )
    made.images[0].save(out)


def cold_start() -> list[Row]:
    """B7: from the shell to a picture, to help, and to the problems of a file."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "straight.png"
        serial = iter(range(1_000))

        def ours() -> float:
            place = Path(folder) / f"run{next(serial)}"  # each with an empty cache
            given = ("seed=21", f"steps={FEW}", "sampler=ddim", f"guidance={GUIDANCE}")
            sets = [word for item in given for word in ("--set", item)]
            arguments = ["run", str(WORKFLOW), "--out", str(place / "out"), *sets]
            return command_seconds(
                [sys.executable, "-m", "musegraph", *arguments],
                MUSEGRAPH_CACHE=str(place / "cache"),
            )

        plain = [sys.executable, str(HERE / "children.py"), "straight", str(script), str(FEW)]
        best = alternate({"ours": ours, "script": lambda: command_seconds(plain)})
        same = _same_pixels(script, next(Path(folder).glob("run*/out/*.png")))
    note = f"{best['ours']:.2f} s in all; the pictures are {'equal' if same else 'DIFFERENT'}"
    rows = [
        Row("B7", f"shell to picture, {FEW} steps, less 0.15 s", best["ours"] - 0.15, "s",
            "a straight script", best["script"], None, 1.05, "ratio",
            note=note),
    ]  # fmt: skip
    return rows + _without_torch()


def _same_pixels(one: Path, other: Path) -> bool:
    import numpy as np
    from PIL import Image

    with Image.open(one) as a, Image.open(other) as b:
        return bool(np.array_equal(np.asarray(a.convert("RGB")), np.asarray(b.convert("RGB"))))


def _without_torch() -> list[Row]:
    commands = {
        "--help": ["-m", "musegraph", "--help"],
        "check": ["-m", "musegraph", "check", str(WORKFLOW)],
        "nothing": ["-c", "pass"],
    }
    subjects: dict[str, Callable[[], float]] = {
        name: (lambda words=words: command_seconds([sys.executable, *words]))  # type: ignore[misc]
        for name, words in commands.items()
    }
    best = alternate(subjects, rounds=7)
    rows = []
    for name in ("--help", "check"):
        note = "loads torch" if _loads_torch(commands[name][2:]) else "torch is not loaded"
        rows.append(
            Row("B7", f"musegraph {name}", best[name], "s", "python -c pass", best["nothing"],
                None, 0.3, note=note)
        )  # fmt: skip
    return rows


def _loads_torch(arguments: list[str]) -> bool:
    code = (
        "import sys\n"
        "from musegraph.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1] == "True"


def parity() -> list[Row]:
    """B8: the graph beside the pipeline, models loaded, 20 steps, and the same bits."""
    found = child("beside_pipeline", pinned=False)
    note = "bit-equal" if found["equal"] else "DIFFERENT pixels"
    return [
        Row("B8", f"graph, {STEPS} steps", found["ours"], "s", "StableDiffusionPipeline",
            found["pipeline"], 1.005, 1.02, "ratio", note=note),
        Row("B8", "pictures that differ from the pipeline's", found["different"], "pictures",
            gate=0, note=f"of {found['pictures']}"),
    ]  # fmt: skip


def on_a_thread(action: Callable[[], None]) -> None:
    thread = threading.Thread(target=action)
    thread.start()
    thread.join()


def beside_pipeline() -> dict[str, Any]:
    """In a child: both in one process, another prompt and seed each time, so that nothing hits.

    Both load and compute on a thread that ends with them, as the engine's workers do. OpenMP keeps
    helpers for each thread that ever computed, and where those of two threads are more than there
    are cores, it lets all of them sleep between two operations: the second would pay for the first.
    """
    import torch
    from diffusers import StableDiffusionPipeline

    from musegraph import Engine, Store
    from musegraph.workflow import Workflow

    loaded: list[Any] = []
    on_a_thread(lambda: loaded.append(StableDiffusionPipeline.from_pretrained(str(SCENES))))
    pipeline = loaded[0]
    pipeline.set_progress_bar_config(disable=True)
    made: dict[str, list[Any]] = {"ours": [], "pipeline": []}
    ours = Engine(store=Store())
    document = Workflow.read(WORKFLOW)
    fixed = {"sampler": "ddim", "steps": STEPS, "guidance": GUIDANCE}

    def graph() -> float:
        number = len(made["ours"])
        given = {**fixed, "prompt": f"{PROMPT} {number}", "negative": f"fog {number}"}
        settled = ours.settle(document, {**given, "seed": SEED + number})

        def call() -> None:
            made["ours"].append(ours.run(ours.plan(settled)).outputs()["picture"].data)

        return timed(call)

    def plain() -> float:
        number = len(made["pipeline"])
        seeded = torch.Generator().manual_seed(SEED + number)

        def call() -> None:
            found = pipeline(
                f"{PROMPT} {number}",
                negative_prompt=f"fog {number}",
                num_inference_steps=STEPS,
                guidance_scale=GUIDANCE,
                generator=seeded,
                output_type="pt",
            )
            made["pipeline"].append(found.images.permute(0, 2, 3, 1))

        return timed(lambda: on_a_thread(call))

    best = alternate({"ours": graph, "pipeline": plain}, rounds=5)
    pairs = list(zip(made["ours"], made["pipeline"], strict=True))
    different = sum(not torch.equal(one, other) for one, other in pairs)
    return {**best, "equal": different == 0, "different": different, "pictures": len(pairs)}
