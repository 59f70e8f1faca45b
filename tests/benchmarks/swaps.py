"""B14: gigabytes of models that one graph moves, beside loading each of them once."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from harness import Row

from musegraph import (
    Context,
    Engine,
    Loader,
    Model,
    ModelSource,
    Pack,
    Reference,
    Registry,
    Store,
    node,
)
from musegraph.workflow import Workflow

SIZES = {"t5": 9.5, "clip": 0.25, "flux": 23.8, "vae": 0.17, "clip_g": 1.6, "sdxl": 5.1,
         "vae_x": 0.17}  # fmt: skip
"""Gigabytes of the models of two families, as they are in use."""

BUDGET = 24.0
BRANCHES = 4
STAGES = ("t5", "clip", "flux", "vae", "clip_g", "sdxl", "vae_x")
NEEDS = {"flux": ("t5", "clip"), "vae": ("flux",), "sdxl": ("vae", "clip_g"), "vae_x": ("sdxl",)}
SECONDS = 0.0002
"""Seconds that a gigabyte takes to load here: what is dear to load is dear to lose."""

_moved: list[float] = []


class Weights:
    """Stands for weights of so many gigabytes."""

    def __init__(self, name: str) -> None:
        self.gigabytes = SIZES[name]


def load(ref: Reference, path: Path, device: str) -> Weights:
    made = Weights(path.stem)
    _moved.append(made.gigabytes)
    time.sleep(made.gigabytes * SECONDS)
    return made


@node(version="1")
def find(source: ModelSource, ctx: Context) -> Model:
    """Name a model."""
    return Model(loader="fake.weights", source=source, digest=ctx.weights(source).digest)


@node(version="1", uses="device")
def use(
    model: Model, ctx: Context, first: float = 0, second: float = 0, branch: float = 0
) -> float:
    """Compute with a model, after what it needs."""
    with ctx.load(model):
        return first + second + branch + 1


def graph(folder: Path) -> dict[str, Any]:
    """Branches through two families of models, written one after another."""
    nodes: dict[str, Any] = {
        name: {"type": "fake.find", "values": {"source": str(folder / f"{name}.json")}}
        for name in STAGES
    }
    for branch in range(BRANCHES):
        for stage in STAGES:
            links = {"model": f"{stage}.out"}
            for port, source in zip(("first", "second"), NEEDS.get(stage, ()), strict=False):
                links[port] = f"{source}_{branch}.out"
            values = {"branch": branch}
            nodes[f"{stage}_{branch}"] = {"type": "fake.use", "links": links, "values": values}
    outputs = {f"picture_{branch}": f"vae_x_{branch}.out" for branch in range(BRANCHES)}
    return {"musegraph": 1, "nodes": nodes, "outputs": outputs}


def in_order() -> float:
    """Gigabytes moved by who goes through the graph as written and drops the least used."""
    held: list[str] = []
    moved = 0.0
    for stage in STAGES * BRANCHES:
        if stage in held:
            held.remove(stage)
        else:
            moved += SIZES[stage]
            while held and sum(SIZES[name] for name in held) + SIZES[stage] > BUDGET:
                held.pop(0)
        held.append(stage)
    return moved


def swaps() -> list[Row]:
    """B14: four branches through seven models of 41 GB, where 24 GB fit at a time."""
    once = sum(SIZES.values())
    _moved.clear()
    with tempfile.TemporaryDirectory() as folder:
        for name in STAGES:
            (Path(folder) / f"{name}.json").write_text(json.dumps({"name": name}))
        loaders = {"weights": Loader(load, lambda live: int(live.gigabytes * 2**30))}
        pack = Pack("fake", [find, use], loaders=loaders)
        with Engine(Registry.of(pack), Store()) as ours:
            ours.models.budget = int(BUDGET * 2**30)
            result = ours.run(ours.plan(Workflow.parse(graph(Path(folder)))))
            assert result.ok, result.outcome.errors
    note = f"in the order of the file, the least used dropped: {in_order():.0f} GB"
    return [
        Row("B14", f"models moved by one graph, {BUDGET:g} GB fit", sum(_moved), "GB",
            "each model once", once, None, 1.1, "ratio", note=note),
    ]  # fmt: skip
