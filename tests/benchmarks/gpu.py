"""Text to image at the size of Stable Diffusion 1.5 and XL, random weights: graph beside pipeline.

On CUDA where there is a GPU; ``--small`` makes models that a CPU can run in a minute. What it
prints has the form of the table in README.md.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

CUDA = torch.cuda.is_available()
if CUDA:
    os.environ.setdefault("BENCHMARK_CLOCK", "wall")  # a processor that waits takes no time of it

import table  # noqa: E402  after the clock is chosen
from harness import CLOCK, Row, alternate, child, machine, timed  # noqa: E402
from made import distance, drawing, model_of, sdxl, stable_diffusion  # noqa: E402
from pictures import on_a_thread  # noqa: E402

DEVICE = "cuda" if CUDA else "cpu"
STEPS, SEED, PROMPT = 20, 21, "a red sun"
MODELS: dict[str, tuple[Callable[[Path, bool], Path], int]] = {
    "SD 1.5": (stable_diffusion, 512),
    "SDXL": (sdxl, 1024),
}
SMALL = 128
FUSED = 4
"""How many seeds are sampled as one batch in B28."""
CACHE = {"cache": "deep", "cache_every": 3}


def synced() -> None:
    if CUDA:
        torch.cuda.synchronize()


def opened(folder: Path) -> Any:
    """The plain pipeline, with the numbers that ours computes with."""
    from diffusers import DiffusionPipeline

    from musegraph_nodes.live import quiet

    dtype = torch.float16 if CUDA else torch.float32
    options = {"torch_dtype": dtype, "local_files_only": True}
    if (folder / "text_encoder_2").is_dir():
        options["add_watermarker"] = False
    with quiet():
        pipeline = DiffusionPipeline.from_pretrained(str(folder), **options).to(DEVICE)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def plain(pipeline: Any, number: int, steps: int, side: int) -> Any:
    """A picture by the plain pipeline, on the host."""
    found = pipeline(
        f"{PROMPT} {number}",
        negative_prompt="fog",
        width=side,
        height=side,
        num_inference_steps=steps,
        guidance_scale=5.0,
        generator=torch.Generator().manual_seed(SEED + number),
        output_type="pt",
    )
    return found.images.permute(0, 2, 3, 1).float().cpu()


def drawn(engine: Any, folder: Path, number: int, steps: int, side: int, text: int = -1) -> Any:
    """A picture by the graph: another text with each number, or the same with ``text``."""
    from musegraph.workflow import Workflow

    told = f"{PROMPT} {number if text < 0 else text}"
    document = drawing(str(folder), told, SEED + number, steps=steps, side=side)
    made = engine.run(engine.plan(Workflow.parse(document))).outputs()["picture"].data
    synced()
    return made


def fresh() -> Any:
    from musegraph import Engine, Store

    return Engine(store=Store(), data=Path(tempfile.mkdtemp(prefix="musegraph-")))


def high_water() -> float:
    """Megabytes of this process at the most; ``ru_maxrss`` would begin at its parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6


def peak(who: str, folder: str, side: str) -> float:
    """In a child: megabytes at the most, two pictures one after another, above what imports take.

    On CUDA as torch's allocator counts them, else those of the process.
    """
    import diffusers

    import musegraph_nodes.diffusion.loader

    assert diffusers.DiffusionPipeline
    assert musegraph_nodes.diffusion.loader.load
    before = high_water()
    if who == "graph":
        engine = fresh()
        for number in range(2):
            drawn(engine, Path(folder), number, 3, int(side))
    else:
        made: list[Any] = []
        on_a_thread(lambda: made.append(opened(Path(folder))))
        for number in range(2):
            on_a_thread(lambda number=number: plain(made[0], number, 3, int(side)))  # type: ignore[misc]
    if CUDA:
        return torch.cuda.max_memory_allocated() / 1e6
    return high_water() - before


def _peak(who: str, folder: Path, side: int) -> float:
    most: float = child("peak", who, folder, side, pinned=False, MUSEGRAPH_DEVICE=DEVICE)
    return most


def beside(name: str, folder: Path, side: int, judged: bool) -> list[Row]:
    """Time, memory and loads of one model, graph and pipeline taking turns.

    Small models are not judged: there what costs the same for all sizes is most.
    """
    most = {who: _peak(who, folder, side) for who in ("graph", "pipeline")}
    loaded: list[Any] = []
    on_a_thread(lambda: loaded.append(opened(folder)))
    engine, made = fresh(), {"graph": [], "pipeline": []}  # type: dict[str, list[Any]]

    def graph() -> float:
        number = len(made["graph"])
        return timed(lambda: made["graph"].append(drawn(engine, folder, number, STEPS, side)))

    def pipeline() -> float:
        number = len(made["pipeline"])

        def call() -> None:
            made["pipeline"].append(plain(loaded[0], number, STEPS, side))

        return timed(lambda: on_a_thread(call))

    best = alternate({"graph": graph, "pipeline": pipeline})
    far = distance(torch.cat(made["graph"]), torch.cat(made["pipeline"]))
    note = f"relative RMSE {far[0]:.2g}, at most {far[1]:.2g} levels of 255"
    loads, moved = engine.models.loads, watched(engine)
    drawn(engine, folder, len(made["graph"]), STEPS, side, text=0)
    row = f"{name}, {side} pixels, {STEPS} steps"
    return [
        Row("G", f"{row}: time", best["graph"], "s", "diffusers", best["pipeline"], None,
            1.02 if judged else None,
            "ratio", note=note),
        Row("G", f"{row}: peak memory", most["graph"], "MB", "diffusers", most["pipeline"], None,
            1.05 if judged else None, "ratio"),
        Row("G", f"{name}: loaded at a warm re-run, another seed", sum(moved) / 1e6, "MB",
            gate=0, note=f"{engine.models.loads - loads} models"),
    ]  # fmt: skip


def together(name: str, folder: Path, side: int) -> list[Row]:
    """B28: four seeds sampled as one batch beside the same ones sampled each alone."""
    from musegraph.workflow import Workflow

    engine = fresh()
    ways = {"alone": {}, "together": {"together": FUSED}, "cached": {"together": FUSED, **CACHE}}
    made: dict[str, list[Any]] = {way: [] for way in ways}

    def taking(way: str) -> Callable[[], float]:
        def seconds() -> float:
            first = SEED + 100 * len(made[way])
            seeds = [first + i for i in range(FUSED)]
            document = drawing(str(folder), PROMPT, seeds, steps=STEPS, side=side, **ways[way])

            def call() -> None:
                found = engine.run(engine.plan(Workflow.parse(document))).outputs()["picture"]
                made[way].append(torch.cat([one.data for one in found]).float().cpu())
                synced()

            return timed(call)

        return seconds

    best = alternate({way: taking(way) for way in ways}, rounds=3)
    rows, whole = [], {way: torch.cat(found) for way, found in made.items()}
    for way, what in (("together", ""), ("cached", ", with the cache deep")):
        far = distance(whole[way], whole["alone"])
        rows.append(
            Row("B28", f"{name}, {side} pixels, {STEPS} steps, {FUSED} seeds at once{what}",
                best[way], "s", "each alone", best["alone"],
                note=f"relative RMSE {far[0]:.2g}, at most {far[1]:.2g} levels of 255")
        )  # fmt: skip
    return rows


def watched(engine: Any) -> list[int]:
    """Grows by the bytes of each model that an engine loads from now on."""
    moved: list[int] = []
    whole = engine.models._load

    def load(*args: Any) -> Any:
        held = whole(*args)
        moved.append(held.size)
        return held

    engine.models._load = load
    return moved


def bandwidth(name: str, folder: Path) -> list[Row]:
    """B15: a denoiser from files that the system holds in memory to the device, in GB a second.

    Nothing travels back: what is dropped is still on disk, and in the system's memory of it.
    """
    engine = fresh()
    ref = model_of(engine, str(folder))
    loader = engine.registry.loader(ref.loader)
    size = loader.size(loader.load(ref, folder, DEVICE))
    host = torch.empty(size, dtype=torch.uint8, pin_memory=CUDA)
    target = torch.empty(size, dtype=torch.uint8, device=DEVICE)

    def seconds(action: Callable[[], Any]) -> Callable[[], float]:
        def taken() -> float:
            synced()
            start = perf_counter()
            action()
            synced()
            return perf_counter() - start

        return taken

    ways = {
        "ours": seconds(lambda: loader.load(ref, folder, DEVICE)),
        "copy": seconds(lambda: target.copy_(host, non_blocking=True)),
    }
    speed = {way: size / 1e9 / best for way, best in alternate(ways).items()}
    peer = "pinned copy_" if CUDA else "copy_ in memory"
    what = f"{name}: denoiser of {size / 1e6:,.0f} MB to {DEVICE}"
    return [
        Row("B15", what, speed["ours"], "GB/s", peer, speed["copy"], None, 0.9 if CUDA else None,
            "ratio", more=True)
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/benchmarks/gpu.py", description=__doc__)
    parser.add_argument("--small", action="store_true", help="models that a CPU can run")
    asked = parser.parse_args()
    if not (CUDA or asked.small):
        parser.error("there is no CUDA here; --small runs on the CPU")
    os.environ["MUSEGRAPH_DEVICE"] = DEVICE
    before, rows = machine(), []
    with tempfile.TemporaryDirectory(prefix="musegraph-") as work:
        for name, (make, side) in MODELS.items():
            print(f"{name} …", file=sys.stderr, flush=True)
            folder = make(Path(work) / name.replace(" ", "-"), asked.small)
            rows += beside(name, folder, SMALL if asked.small else side, judged=not asked.small)
            rows += bandwidth(name, folder)
            rows += together(name, folder, SMALL if asked.small else side)
    print(table.markdown(rows, {**before, "load after": machine()["load"]}))
    where = torch.cuda.get_device_name() if CUDA else "the CPU"
    kind = "small models" if asked.small else "models of full size"
    print(f"\nOn {where}, {kind}, clock: {os.environ[CLOCK]}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
