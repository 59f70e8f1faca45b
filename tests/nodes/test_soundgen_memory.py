"""Sound models where memory is short."""

from __future__ import annotations

import pytest
import torch
from sound_bench import SEED, Sounds

from musegraph import Audio
from musegraph_nodes.soundgen import pack
from musegraph_nodes.soundgen.generate import song


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Sounds:
    return Sounds(tmp_path_factory.mktemp("sounds"))


def test_a_song_is_decoded_in_tiles_where_memory_is_short_and_whole_the_next_time(
    sounds: Sounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = sounds.model("ace-step")
    with sounds.ctx.load(model) as live:
        net = live.parts["vae"]
    monkeypatch.setattr(net, "tile_latent_min_length", 8)
    monkeypatch.setattr(net, "tile_latent_overlap", 2)
    decoded: list[int] = []
    heard = net.decoder.register_forward_pre_hook(
        lambda _, given: decoded.append(given[0].shape[-1])
    )

    def made(frugal: bool) -> tuple[Audio, list[int]]:
        ctx = sounds.fresh()
        ctx.frugal = frugal
        decoded.clear()
        found = song(model, "a waltz", "la la", ctx, seconds=0.6, steps=2, seed=SEED)
        return found, [*decoded]

    (whole, once), (tiled, parts), (again, _) = made(False), made(True), made(False)
    heard.remove()
    assert once == [15]
    assert len(parts) == 4
    assert max(parts) == 8
    assert tiled.data.shape == whole.data.shape
    assert torch.equal(again.data, whole.data), "the model was left as it was"


def test_only_the_node_whose_models_all_can_do_with_less_says_that_it_does() -> None:
    assert {kind.id for kind in pack.types.values() if kind.frugal} == {"soundgen.song"}
