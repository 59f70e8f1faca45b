"""Every family where memory runs out: smaller batches, weights that stay in host memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from test_diffusion_memory import Offloaded
from tiny import make
from tiny_sd import Bench

from musegraph import Engine, Store, Workflow, load_registry
from musegraph.events import Event, Warned
from musegraph_nodes.diffusion import decode, empty_latent, encode_text, load, sample
from musegraph_nodes.diffusion.loader import load as open_part

NETS = {
    "sdxl": diffusers.UNet2DConditionModel,
    "sd3": diffusers.SD3Transformer2DModel,
    "flux": diffusers.FluxTransformer2DModel,
    "z_image": diffusers.ZImageTransformer2DModel,
    "qwen_image": diffusers.QwenImageTransformer2DModel,
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("models")
    return {name: make(name, place / name) for name in NETS}


@contextmanager
def room_for_one(kind: Any) -> Iterator[list[int]]:
    """Memory for one picture in the net; gives the sizes of the batches that came."""
    true = kind.forward
    seen: list[int] = []

    def narrow(self: Any, *given: Any, **named: Any) -> Any:
        pictures = given[0] if given else named["hidden_states"]
        seen.append(len(pictures))
        if seen[-1] > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return true(self, *given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "forward", narrow)
        yield seen


def document(folder: Path) -> Workflow:
    size = {"batch": 2, "width": 32, "height": 32}
    steps = {"steps": 2, "seed": 7, "sampler": "euler", "guidance": 4.0}
    return Workflow.parse(
        {
            "musegraph": 1,
            "nodes": {
                "load": {"type": "diffusion.load", "values": {"source": str(folder)}},
                "latent": {
                    "type": "diffusion.empty_latent",
                    "values": size,
                    "links": {"model": "load.model"},
                },
                "text": {
                    "type": "diffusion.encode_text",
                    "values": {"text": "abc"},
                    "links": {"encoder": "load.text_encoder"},
                },
                "sample": {
                    "type": "diffusion.sample",
                    "values": steps,
                    "links": {
                        "model": "load.model",
                        "positive": "text.out",
                        "latent": "latent.out",
                    },
                },
            },
        }
    )


@pytest.mark.parametrize("name", NETS)
def test_a_batch_too_large_goes_through_the_net_one_by_one(
    folders: dict[str, Path], name: str, tmp_path: Path
) -> None:
    events: list[Event] = []
    with Engine(load_registry(), Store(tmp_path / "cache")) as engine:
        work = document(folders[name])
        with room_for_one(NETS[name]) as seen:
            result = engine.run(engine.plan(work), events.append)
        assert result.ok, result.outcome.errors
        assert max(seen) > 1
        assert seen[-2:] == [1, 1]
        (warning,) = [event.message for event in events if isinstance(event, Warned)]
        assert "ran with one picture at a time in the model" in warning
        made = result.value(result.ports()["sample.out"]).data
        whole = engine.run(engine.plan(work))
        true = whole.value(whole.ports()["sample.out"]).data
    torch.testing.assert_close(made, true, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", NETS)
def test_offloaded_weights_give_the_same_bits(folders: dict[str, Path], name: str) -> None:
    def made(ctx: Bench) -> torch.Tensor:
        parts = load(str(folders[name]), ctx)
        told = encode_text(parts.text_encoder, "abc", ctx)
        empty = empty_latent(parts.model, 32, 32)
        latent = sample(parts.model, told, ctx, latent=empty, seed=3, steps=2, sampler="euler")
        return decode(parts.vae, latent, ctx).data

    assert torch.equal(made(Bench()), made(Offloaded()))


def test_the_encoders_of_a_model_are_leased_one_after_another(folders: dict[str, Path]) -> None:
    ctx = Bench()
    parts = load(str(folders["sd3"]), ctx)
    encode_text(parts.text_encoder, "abc", ctx)
    assert ctx.leased == ["text_encoder", "text_encoder_2", "text_encoder_3"]


def test_an_autoencoder_that_overflows_in_half_precision_computes_in_full(
    folders: dict[str, Path],
) -> None:
    parts = load(str(folders["sdxl"]), Bench(), precision="float16")
    assert parts.vae.options["force_upcast"] is True
    assert open_part(parts.vae, folders["sdxl"], "cpu").dtype == torch.float32
    assert open_part(parts.model, folders["sdxl"], "cpu").dtype == torch.float16


def test_what_happens_to_a_file_leaves_a_live_model_as_it_is(tmp_path: Path) -> None:
    """Weights mapped from a file would change under its results, or end the process."""
    folder = make("sdxl", tmp_path / "sdxl")
    parts = load(str(folder), Bench())
    net = open_part(parts.model, folder, "cpu")
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    (file,) = (folder / "unet").glob("*.safetensors")
    with file.open("r+b") as stream:
        stream.seek(-(1 << 14), 2)
        stream.write(bytes(1 << 14))
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    other = open_part(parts.model, folder, "cpu").state_dict()
    assert not all(torch.equal(tensor, before[name]) for name, tensor in other.items())
