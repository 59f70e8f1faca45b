"""Pipelines where memory runs out: a failing allocator, through the whole ladder of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from parity import pictures, stable, videos
from parity.cases import Case
from parity.compare import SEED, Bench, bench, class_of

from musegraph import Workflow
from musegraph.events import Event, Warned
from musegraph.run import RunResult
from musegraph_nodes.pipelines.make import node_of, pipelines

# NumPy talks to diffusers about its arithmetic on tensors.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:CUDA out of memory:UserWarning"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("pipelines")) as made:
        yield made


@contextmanager
def refusing(kind: type) -> Iterator[list[bool]]:
    """No memory to decode a whole picture; gives whether it was asked for in tiles."""
    true = kind.decode  # type: ignore[attr-defined]
    seen: list[bool] = []

    def narrow(self: Any, *rest: Any, **named: Any) -> Any:
        seen.append(self.use_tiling)
        if not self.use_tiling:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return true(self, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "decode", narrow)
        yield seen


def run(place: Bench, folder: Path, cls: str) -> tuple[RunResult, list[str]]:
    sizes = {"width": 32, "height": 32, "steps": 2, "seed": SEED}
    sizes |= {"num_frames": 5} if "frames" in pipelines()[cls]["gives"] else {}
    if "use_resolution_binning" in pipelines()[cls]["params"]:  # or it paints at 1024 px
        sizes |= {"use_resolution_binning": False}
    nodes = {
        "model": {"type": "pipelines.load", "values": {"source": str(folder)}},
        "run": {
            "type": node_of(cls),
            "values": sizes | {"prompt": "a red sun"},
            "links": {"model": "model.out"},
        },
    }
    events: list[Event] = []
    work = Workflow.parse({"musegraph": 1, "nodes": nodes})
    result = place.engine.run(place.engine.plan(work), events.append)
    return result, [event.message for event in events if isinstance(event, Warned)]


@pytest.mark.parametrize(
    ("build", "vae"),
    [
        (stable.sd15, diffusers.AutoencoderKL),
        (stable.sdxl, diffusers.AutoencoderKL),
        (stable.sd3, diffusers.AutoencoderKL),
        (pictures.sana, diffusers.AutoencoderDC),
        (pictures.qwen_image, diffusers.AutoencoderKLQwenImage),
        (videos.wan, diffusers.AutoencoderKLWan),
        (videos.ltx, diffusers.AutoencoderKLLTXVideo),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_finds_no_memory_is_decoded_in_tiles_and_that_is_not_kept(
    build: Callable[[], Any], vae: type, place: Bench
) -> None:
    folder = place.folder(Case("", build))
    cls = class_of(None, folder)
    with refusing(vae) as seen:
        result, warnings = run(place, folder, cls)
    assert result.ok, result.outcome.errors
    assert (seen[0], seen[-1]) == (False, True)
    (told,) = (warning for warning in warnings if "out of memory" in warning)
    assert "attention in slices and the autoencoder in tiles" in told
    assert result.record["steps"]["run"]["makeshift"]
    true, warnings = run(place, folder, cls)
    assert true.ok
    assert not any("out of memory" in warning for warning in warnings)
    assert "makeshift" not in true.record["steps"]["run"]
