"""B10, B27 and B28: eight seeds as a batch, what step caches give and take, and batch fusion."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import Row, alternate, child, timed
from made import distance, drawing, flux
from pictures import SCENES, on_a_thread

SEEDS, STEPS = 8, 10
PROMPT = "watercolor painting of mountains at dawn"
CACHED_STEPS = 30
UNET = {f"deep, each {n}": {"cache": "deep", "cache_every": n} for n in (2, 3, 5)}
TRANSFORMER = {
    # Random weights change more with time than trained ones, for which 0.08 is meant.
    "first block, 0.5": {"cache": "first block", "cache_threshold": 0.5},
    "first block, 0.6": {"cache": "first block", "cache_threshold": 0.6},
    "taylor, each 2": {"cache": "taylor", "cache_every": 2},
    "taylor, each 3": {"cache": "taylor", "cache_every": 3},
}


FUSED_STEPS = 6
ALONE, HALF = "each alone", "4 at once"
FUSED: dict[str, dict[str, Any]] = {
    ALONE: {},
    HALF: {"together": 4},
    "8 at once": {"together": 8},
}
CACHE: dict[str, dict[str, Any]] = {
    "unet": {"cache": "deep", "cache_every": 3},
    "flux": {"cache": "taylor", "cache_every": 3},
}
"""A step cache that goes with batch fusion, for each kind of model."""


def pictures_of(result: Any) -> Any:
    """All pictures of a run as one batch."""
    import torch

    found = result.outputs()["picture"]
    return torch.cat([one.data for one in found]) if isinstance(found, list) else found.data


def eight_seeds() -> dict[str, Any]:
    """In a child: seconds of eight pictures in three ways, a new text each time, and how far."""
    import torch
    from diffusers import StableDiffusionPipeline

    from musegraph import Engine, Store
    from musegraph.workflow import Workflow

    loaded: list[Any] = []
    on_a_thread(lambda: loaded.append(StableDiffusionPipeline.from_pretrained(str(SCENES))))
    pipeline = loaded[0]
    pipeline.set_progress_bar_config(disable=True)
    made: dict[str, list[Any]] = {"batch": [], "single": [], "pipeline": []}
    engines = {name: Engine(store=Store()) for name in ("batch", "single")}
    calls: list[int] = []

    def graph(name: str) -> Callable[[], float]:
        def seconds() -> float:
            number = len(made[name])
            first = 100 * number
            seed = first if name == "batch" else [first + i for i in range(SEEDS)]
            batch = SEEDS if name == "batch" else 1
            text = f"{PROMPT} {number}"
            document = drawing("starter/scenes", text, seed, steps=STEPS, batch=batch)
            ours = engines[name]

            def call() -> None:
                result = ours.run(ours.plan(Workflow.parse(document)))
                made[name].append(pictures_of(result))
                if name == "single":
                    calls.append(result.outcome.calls)

            return timed(call)

        return seconds

    def plain() -> float:
        number = len(made["pipeline"])
        seeded = [torch.Generator().manual_seed(100 * number + i) for i in range(SEEDS)]

        def call() -> None:
            found = pipeline(
                f"{PROMPT} {number}", negative_prompt="fog", num_inference_steps=STEPS,
                guidance_scale=5.0, num_images_per_prompt=SEEDS, generator=seeded,
                output_type="pt",
            )  # fmt: skip
            made["pipeline"].append(found.images.permute(0, 2, 3, 1))

        return timed(lambda: on_a_thread(call))

    ways = {"batch": graph("batch"), "single": graph("single"), "pipeline": plain}
    best = alternate(ways)
    one = {name: torch.cat(found) for name, found in made.items()}
    return {
        **best,
        "loads": engines["single"].models.loads,
        "to single": distance(one["batch"], one["single"]),
        "to pipeline": distance(one["batch"], one["pipeline"]),
    }


def said(apart: tuple[float, float]) -> str:
    return f"relative RMSE {apart[0]:.2g}, at most {apart[1]:.2g} levels of 255"


def batches() -> list[Row]:
    """B10: eight seeds as one batch, as eight samplings, and as a batch of the pipeline."""
    found = child("eight_seeds", pinned=False)
    speed = {name: SEEDS / found[name] for name in ("batch", "single", "pipeline")}
    what = f"{SEEDS} seeds as one batch, {STEPS} steps"
    return [
        Row("B10", what, speed["batch"], "pictures/s", f"StableDiffusionPipeline, batch {SEEDS}",
            speed["pipeline"], 1.0, 0.98, "ratio", more=True, note=said(found["to pipeline"])),
        Row("B10", what, speed["batch"], "pictures/s", f"{SEEDS} samplings of one",
            speed["single"], note=said(found["to single"])),
        Row("B10", f"models loaded for {SEEDS} samplings, five times", found["loads"], "models",
            gate=3),
    ]  # fmt: skip


def cached_steps(kind: str) -> dict[str, Any]:
    """In a child: seconds of a picture without and with each cache, and how far it is then."""
    from musegraph import Engine, Store
    from musegraph.workflow import Workflow

    caches = UNET if kind == "unet" else TRANSFORMER
    given: dict[str, Any] = {"steps": CACHED_STEPS}
    if kind != "unet":
        given |= {"sampler": "euler", "guidance": 3.5, "side": 128}
    with tempfile.TemporaryDirectory(prefix="musegraph-") as work:
        source = "starter/scenes" if kind == "unet" else str(flux(Path(work) / "flux"))
        ours = Engine(store=Store(), data=Path(work) / "data")
        made: dict[str, list[Any]] = {name: [] for name in ("plain", *caches)}

        def drawn(name: str, seed: int) -> Any:
            own = caches.get(name, {})
            document = drawing(source, PROMPT, seed, **given, **own)
            return pictures_of(ours.run(ours.plan(Workflow.parse(document))))

        def taking(name: str) -> Callable[[], float]:
            # The seed changes and the text does not: what is timed is sampling and decoding.
            return lambda: timed(lambda: made[name].append(drawn(name, len(made[name]))))

        drawn("plain", 99)  # loads the model and reads the texts
        best = alternate({name: taking(name) for name in made}, rounds=3)
    import torch

    one = {name: torch.cat(found) for name, found in made.items()}
    return {name: [best[name], *distance(one[name], one["plain"])] for name in made}


def step_caches() -> list[Row]:
    """B27: a picture with a step cache beside the same picture without."""
    rows = []
    for kind, model in (("unet", "starter/scenes"), ("flux", "FLUX, random")):
        found = child("cached_steps", kind, pinned=False)
        plain = found.pop("plain")[0]
        rows += [
            Row("B27", f"{model}, {CACHED_STEPS} steps, {name}", took, "s", "plain", plain,
                note=said((far, most)))
            for name, (took, far, most) in found.items()
        ]  # fmt: skip
    return rows


def fused_calls(kind: str) -> dict[str, Any]:
    """In a child: seconds of eight seeds, and of eight texts, alone and fused; and how far."""
    import torch

    from musegraph import Engine, Store
    from musegraph.workflow import Workflow

    given: dict[str, Any] = {"steps": FUSED_STEPS}
    if kind == "flux":
        given |= {"sampler": "euler", "guidance": 3.5, "side": 64}
    with tempfile.TemporaryDirectory(prefix="musegraph-") as work:
        source = "starter/scenes" if kind == "unet" else str(flux(Path(work) / "flux"))
        ours = Engine(store=Store(), data=Path(work) / "data")
        made: dict[tuple[str, str], list[Any]] = {}

        def drawn(what: str, own: dict[str, Any], number: int) -> Any:
            first = 100 * number
            texts: Any = PROMPT
            seeds: Any = [first + i for i in range(SEEDS)]
            if what == "texts":
                texts, seeds = [f"{PROMPT} {seed}" for seed in seeds], first
            cache = CACHE[kind] if what == "seeds, step cache" else {}
            document = drawing(source, texts, seeds, **given, **own, **cache)
            return pictures_of(ours.run(ours.plan(Workflow.parse(document))))

        def taking(what: str, how: str) -> Callable[[], float]:
            found = made.setdefault((what, how), [])
            return lambda: timed(lambda: found.append(drawn(what, FUSED[how], len(found))))

        drawn("seeds", {}, 99)  # loads the model
        best: dict[tuple[str, str], float] = {}
        for what in ("seeds", "texts", "seeds, step cache"):
            ways = {how: taking(what, how) for how in FUSED if what == "seeds" or how != HALF}
            best |= {(what, how): took for how, took in alternate(ways, rounds=3).items()}
    one = {name: torch.cat(found) for name, found in made.items()}
    rows = [(w, h, best[w, h], *distance(one[w, h], one[w, ALONE])) for w, h in made]
    return {"rows": rows}


def fusion() -> list[Row]:
    """B28: eight pictures sampled together beside the same ones sampled each alone."""
    rows = []
    for kind, model in (("unet", "starter/scenes"), ("flux", "FLUX, random")):
        found = child("fused_calls", kind, pinned=False)["rows"]
        alone = {what: took for what, how, took, _, _ in found if how == ALONE}
        rows += [
            Row("B28", f"{model}, {SEEDS} {what}, {how}", took, "s", ALONE, alone[what],
                note=said((far, most)))
            for what, how, took, far, most in found
            if how != ALONE
        ]  # fmt: skip
    return rows
