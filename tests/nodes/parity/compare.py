"""A tiny pipeline run as a graph and plainly, with the same weights and seed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from PIL import Image as PilImage

from musegraph import Engine, Image, Registry, Store, Workflow
from musegraph_nodes.live import quiet
from musegraph_nodes.pipelines import pack
from musegraph_nodes.pipelines.catalogue import RENAMED
from musegraph_nodes.pipelines.loader import supplied_names
from musegraph_nodes.pipelines.make import node_of, pipelines

from .cases import CLIP, MASK, OTHER, PICTURE, Case

SEED = 7
BATCHES = ("num_images_per_prompt", "batch_size")


@dataclass(frozen=True)
class Compared:
    """How far apart the two are: 0 for bit-equal."""

    cls: str
    node: str
    shape: tuple[int, ...]
    difference: float
    """The largest difference, relative to the largest value."""


class Bench:
    """A folder for tiny models and pictures, and an engine."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.engine = Engine(Registry.of(pack), store=Store())
        for name, seed in ((PICTURE, 1), (OTHER, 2), (MASK, 3)):
            self.picture(name, seed).save(place / f"{name}.png")

    def picture(self, name: str, seed: int, side: int = 32) -> PilImage.Image:
        """Soft colours; a mask is black on one half and white on the other."""
        if name == MASK:
            made = np.zeros((side, side), np.uint8)
            made[:, side // 2 :] = 255
            return PilImage.fromarray(made, "L")
        drawn = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
        return PilImage.fromarray(drawn).resize((side, side), PilImage.Resampling.BICUBIC)

    def folder(self, case: Case) -> Path:
        """The saved model of a case; made once."""
        return _saved(case.build, self.place)

    def plain(self, case: Case) -> Any:
        """What the pipeline makes by itself."""
        pipe = self._opened(self.folder(case), class_of(case, self.folder(case)))
        given = {name: self._plain(value) for name, value in case.arguments.items()}
        if case.first is not None:
            first = Case(case.family, case.first, {"prompt": "a red sun", "num_inference_steps": 2})
            given |= self.plain(first)
        count = next((case.arguments[name] for name in BATCHES if name in case.arguments), 1)
        count = len(given["class_labels"]) if "class_labels" in given else count
        drawn = [torch.Generator().manual_seed(SEED + index) for index in range(count)]
        priors = "Prior" in type(pipe).__name__
        with quiet():
            return pipe(
                **given,
                generator=drawn if count > 1 else drawn[0],
                output_type="pt" if priors else "np",
            )

    def _opened(self, folder: Path, cls: str) -> Any:
        kind = getattr(diffusers, cls)
        with quiet():
            supplied_names(kind)
            pipe = _unclip(folder) if "UnCLIP" in cls else kind.from_pretrained(folder)
        inside = [
            one for one in vars(pipe).values() if isinstance(one, diffusers.DiffusionPipeline)
        ]
        for one in (pipe, *inside):
            one.set_progress_bar_config(disable=True)
        return pipe

    def _plain(self, value: Any) -> Any:
        if value == CLIP:
            return [self.picture(CLIP, 10 + index) for index in range(9)]
        if value in (PICTURE, OTHER, MASK):
            return PilImage.open(self.place / f"{value}.png")
        return value

    def graph(self, case: Case) -> Any:
        """What the nodes make."""
        folder = self.folder(case)
        cls = class_of(case, folder)
        files: dict[str, Any] = {}
        nodes = self._nodes("", folder, cls, {})
        for name, value in case.arguments.items():
            port = "batch" if name in BATCHES else RENAMED.get(name, name)
            if value == CLIP:
                files[port] = self._clip()
            elif value in (PICTURE, OTHER, MASK):
                files[port] = str(self.place / f"{value}.png")
            else:
                nodes["run"]["values"][port] = value
        if case.first is not None:
            first = _saved(case.first, self.place)
            told = {"prompt": "a red sun", "steps": 2}
            nodes |= self._nodes("first_", first, class_of(None, first), told)
            nodes["run"]["links"]["embeds"] = "first_run.embeds"
        out = {"frames": "frames", "embeds": "embeds"}.get(pipelines()[cls]["gives"], "image")
        document = {
            "musegraph": 1,
            "nodes": nodes,
            "inputs": {port: {"to": [f"run.{port}"]} for port in files},
            "outputs": {"made": f"run.{out}"},
        }
        work = self.engine.settle(Workflow.parse(document), files)
        result = self.engine.run(self.engine.plan(work))
        assert result.ok, result.outcome.errors
        return result.outputs()["made"]

    def _nodes(self, start: str, folder: Path, cls: str, told: dict[str, Any]) -> dict[str, Any]:
        return {
            f"{start}model": {"type": "pipelines.load", "values": {"source": str(folder)}},
            f"{start}run": {
                "type": node_of(cls),
                "values": {"seed": SEED} | told,
                "links": {"model": f"{start}model.out"},
            },
        }

    def _clip(self) -> Any:
        frames = [np.asarray(self._plain(CLIP)[index]) for index in range(9)]
        return Image(torch.from_numpy(np.stack(frames)).float() / 255)

    def compare(self, case: Case) -> Compared:
        """Both, side by side."""
        cls = class_of(case, self.folder(case))
        theirs, ours = tensors_of(self.plain(case)), tensors_of(self.graph(case))
        assert len(theirs) == len(ours), (cls, len(theirs), len(ours))
        worst = 0.0
        for one, other in zip(theirs, ours, strict=True):
            assert one.shape == other.shape, (cls, one.shape, other.shape)
            assert bool(torch.isfinite(one).all()), f"{cls}: the plain pipeline gives no numbers"
            assert float(one.std()) > 1e-4, f"{cls}: the plain pipeline gives one colour"
            if not torch.equal(one, other):
                worst = max(worst, float((one - other).abs().max() / one.abs().max()))
        return Compared(cls, node_of(cls), tuple(theirs[0].shape), worst)


def class_of(case: Case | None, folder: Path) -> str:
    """The pipeline of a case: its own, or that of the folder."""
    found = json.loads((folder / "model_index.json").read_text())["_class_name"]
    return (case.cls if case is not None else "") or str(found)


def tensors_of(found: Any) -> list[torch.Tensor]:
    """The pictures [B,H,W,3] or the embeddings in what either gives."""
    if isinstance(found, Image):
        return [found.data]
    if hasattr(found, "parts"):
        embeds = found.parts[0].embeds
        return [embeds[name] for name in sorted(embeds)]
    if "image_embeds" in found:
        return [found[name].float() for name in sorted(found)]
    name = next(one for one in ("images", "frames") if one in found)
    data = torch.as_tensor(np.asarray(found[name])).float()
    return [data.reshape(-1, *data.shape[-3:])]


def _unclip(folder: Path) -> Any:
    """UnCLIP part by part: Diffusers no longer finds the class of one by its name."""
    import transformers
    from diffusers.pipelines.deprecated.unclip import pipeline_unclip

    index = json.loads((folder / "model_index.json").read_text())
    parts: dict[str, Any] = {}
    for name, entry in index.items():
        if isinstance(entry, list):
            homes = (diffusers, transformers, pipeline_unclip)
            kind = next(getattr(home, entry[1]) for home in homes if hasattr(home, entry[1]))
            parts[name] = kind.from_pretrained(folder / name)
    return diffusers.UnCLIPPipeline(**parts)


@cache
def _saved(build: Any, place: Path) -> Path:
    folder = place / f"model{len(list(place.iterdir()))}"
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        made = build()
        for part in made.components.values():
            if isinstance(part, torch.nn.Module):
                part.eval()
        made.save_pretrained(folder)
    return folder


@contextmanager
def bench(place: Path) -> Iterator[Bench]:
    """A bench whose engine is put away at the end."""
    made = Bench(place)
    with made.engine:
        yield made
