"""The diffusion nodes where memory runs out, with a tiny model whose layers refuse large inputs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from tiny_sd import Bench, make_tiny

from musegraph import Engine, Image, Reference, Store, Workflow, load_registry
from musegraph.events import Event, Warned
from musegraph.run import RunResult
from musegraph_nodes.diffusion import decode, encode, encode_text, load, pack, sample

SIDE = 160
"""Pixels of a side of the pictures: 40 cells of the tiny model."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(load_registry(), Store(tmp_path / "cache")) as made:
        yield made


@contextmanager
def refusing(kind: type, method: str, largest: int) -> Iterator[list[int]]:
    """Memory for inputs [B,C,H,W] with B·H·W up to ``largest``; gives the sizes that came."""
    true = getattr(kind, method)
    seen: list[int] = []

    def narrow(self: Any, data: torch.Tensor, *rest: Any, **named: Any) -> Any:
        seen.append(data[:, 0].numel())
        if seen[-1] > largest:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return true(self, data, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, method, narrow)
        yield seen


def picture() -> Image:
    """Something smooth with edges in it, [1,160,160,3]."""
    row = torch.linspace(0, 1, SIDE)
    plane = torch.stack(
        [row[:, None] * row, row[:, None].expand(SIDE, SIDE), row.expand(SIDE, SIDE)], -1
    )
    plane[40:90, 60:110] = 0.2
    return Image(plane[None].contiguous())


def document(folder: Path, **nodes: Any) -> Workflow:
    loaded = {"type": "diffusion.load", "values": {"source": str(folder)}}
    return Workflow.parse({"musegraph": 1, "nodes": {"load": loaded, **nodes}})


def to_decode(folder: Path) -> Workflow:
    """A latent of 40×40 cells and its picture, a quarter of which is looked at."""
    size = {"width": SIDE, "height": SIDE}
    return document(
        folder,
        latent={"type": "diffusion.empty_latent", "values": size, "links": {"model": "load.model"}},
        decode={"type": "diffusion.decode", "links": {"vae": "load.vae", "latent": "latent.out"}},
        half={
            "type": "image.resize",
            "values": {"width": 80, "height": 80},
            "links": {"image": "decode.out"},
        },
    )


def run(engine: Engine, work: Workflow) -> tuple[RunResult, list[str]]:
    events: list[Event] = []
    result = engine.run(engine.plan(work), events.append)
    return result, [event.message for event in events if isinstance(event, Warned)]


def test_a_latent_too_large_to_decode_is_decoded_in_tiles_and_that_is_not_kept(
    engine: Engine, folder: Path
) -> None:
    work = to_decode(folder)
    with refusing(AutoencoderKL, "decode", 25 * 25) as seen:
        result, warnings = run(engine, work)
    assert result.ok, result.outcome.errors
    assert seen[:2] == [40 * 40] * 2
    assert set(seen[2:]) == {20 * 20}
    (warning,) = warnings
    assert warning == (
        "out of memory on the device (2.00 GiB were asked for at once), so it ran in tiles;"
        " the result differs a little from the true one and is not kept"
    )
    facts = result.record["steps"]["decode"]
    assert (facts["makeshift"], facts["relief"][-1]) == (True, "ran in tiles")
    short = result.outcome.outputs["decode"]["out"].identity  # type: ignore[index]

    planned = engine.plan(work)
    states = {id: step.state for id, step in planned.steps.items()}
    assert (states["latent"], states["decode"], states["half"]) == ("cached", "run", "open")
    true, warnings = run(engine, work)
    assert warnings == []
    entry = true.outcome.outputs["decode"]["out"]  # type: ignore[index]
    assert entry.identity != short
    assert true.record["steps"]["decode"]["key"] == facts["key"]
    with Engine(load_registry(), Store()) as other:
        plenty, _ = run(other, work)
    assert plenty.outcome.outputs["decode"]["out"].identity == entry.identity  # type: ignore[index]


def test_a_picture_too_large_to_encode_is_encoded_in_tiles(folder: Path) -> None:
    ctx = Bench()
    vae = load(str(folder), ctx).vae
    whole = encode(vae, picture(), ctx).data
    ctx.frugal = True
    with refusing(AutoencoderKL, "encode", 80 * 80) as seen:
        made = encode(vae, picture(), ctx).data
    assert max(seen) == 80 * 80
    assert made.shape == whole.shape
    assert not torch.equal(made, whole)


def test_two_pictures_are_autoencoded_one_after_the_other_where_memory_ran_out(
    folder: Path,
) -> None:
    ctx = Bench()
    vae = load(str(folder), ctx).vae
    both = Image(torch.cat([picture().data, 1 - picture().data]))
    ctx.frugal = True
    latent = encode(vae, both, ctx)
    for index in range(2):
        one = encode(vae, Image(both.data[index : index + 1]), ctx)
        assert torch.equal(latent.data[index : index + 1], one.data)
        again = decode(vae, one, ctx).data
        assert torch.equal(decode(vae, latent, ctx).data[index : index + 1], again)


def test_a_batch_too_large_to_sample_goes_through_the_model_one_by_one(
    engine: Engine, folder: Path
) -> None:
    work = document(
        folder,
        latent={
            "type": "diffusion.empty_latent",
            "values": {"batch": 2},
            "links": {"model": "load.model"},
        },
        text={
            "type": "diffusion.encode_text",
            "values": {"text": "abc"},
            "links": {"encoder": "load.text_encoder"},
        },
        sample={
            "type": "diffusion.sample",
            "values": {"steps": 3, "seed": 7},
            "links": {"model": "load.model", "positive": "text.out", "latent": "latent.out"},
        },
    )
    with refusing(UNet2DConditionModel, "forward", 8 * 8) as seen:
        result, (warning,) = run(engine, work)
    assert result.ok, result.outcome.errors
    assert seen == [4 * 64] * 2 + [64] * 12  # guidance doubles the batch
    assert "ran with one picture at a time in the model" in warning
    port = result.ports()["sample.out"]
    made = result.value(port).data
    true, warnings = run(engine, work)
    assert (true.outcome.ended["sample"], warnings) == ("done", [])
    torch.testing.assert_close(made, true.value(port).data, rtol=1e-4, atol=1e-4)


# -- weights that stay in host memory -------------------------------------------------------------


class Offloaded(Bench):
    """A context whose models are opened by the loader's ``offload``."""

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        loader = pack.loaders[ref.loader.removeprefix("diffusion.")]
        assert loader.offload is not None
        live = loader.offload(ref, Path(ref.source), self.device)
        net = getattr(live, "net", live)
        assert {parameter.device.type for parameter in net.parameters()} == {"meta"}
        assert loader.size(live) > 1000
        yield live
        assert {parameter.device.type for parameter in net.parameters()} == {"meta"}


def test_offloaded_weights_give_the_same_bits_and_lie_nowhere_between_calls(folder: Path) -> None:
    def made(ctx: Bench) -> list[torch.Tensor]:
        parts = load(str(folder), ctx)
        told = encode_text(parts.text_encoder, "abc", ctx)
        latent = sample(parts.model, told, ctx, seed=3, steps=3)
        image = decode(parts.vae, latent, ctx)
        return [
            told.parts[0].embeds["embeds"],
            latent.data,
            image.data,
            encode(parts.vae, image, ctx).data,
        ]

    usual, offloaded = made(Bench()), made(Offloaded())
    assert all(torch.equal(one, other) for one, other in zip(usual, offloaded, strict=True))
