"""Where in a picture a word is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import Opened
from tiny_sd import Bench, Tiny, make_tiny

from musegraph import Image, Latent, NodeError
from musegraph_nodes import starter
from musegraph_nodes.diffusion import attention_maps, decode, encode_text, load, sample

SCENES = Path(starter.__file__).parent / "weights" / "scenes"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return Tiny(make_tiny(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(scope="module")
def latent(tiny: Tiny) -> Latent:
    data = torch.randn(1, 4, 8, 6, generator=torch.Generator().manual_seed(3))
    return Latent(data, tiny.parts.model.family, 4)


def maps(tiny: Tiny | Opened, latent: Latent, **how: Any) -> Any:
    told = {"text": "a red sun", "words": "red, sun"} | how
    return attention_maps(tiny.parts.model, tiny.parts.text_encoder, latent, ctx=tiny.ctx, **told)


def test_each_word_has_a_map_as_large_as_the_picture(tiny: Tiny, latent: Latent) -> None:
    made = maps(tiny, latent)
    assert made.masks.data.shape == (2, 32, 24)
    assert made.maps.data.shape == (2, 32, 24, 3)
    assert float(made.masks.data.min()) == 0
    assert float(made.masks.data.max()) > 0.9
    assert not torch.equal(made.masks.data[0], made.masks.data[1])
    every = maps(tiny, latent, words="")
    assert len(every.masks.data) == 3


def test_a_map_is_the_mean_attention_of_all_layers_and_heads(tiny: Tiny, latent: Latent) -> None:
    """Held beside the sums over all tokens: what the text's tokens are given adds up to one."""
    from musegraph_nodes.diffusion.control.attention_maps import Recorder
    from musegraph_nodes.diffusion.control.undo import kept

    texts = torch.randn(1, 16, 32, generator=torch.Generator().manual_seed(1))
    with tiny.ctx.load(tiny.parts.model) as net, torch.no_grad():
        before = net(latent.data, torch.tensor(5), encoder_hidden_states=texts)[0]
        with kept(net):
            recorder = Recorder((8, 6), [[token] for token in range(16)])
            recorder.watch(net)
            made = net(latent.data, torch.tensor(5), encoder_hidden_states=texts)[0]
        total = (recorder.total / recorder.count).sum(dim=0)
        assert torch.allclose(total, torch.ones(8, 6), atol=1e-4)
        assert torch.equal(made, before)
        assert torch.equal(
            net(latent.data, torch.tensor(5), encoder_hidden_states=texts)[0], before
        )
        assert {type(m).__name__ for m in net.attn_processors.values()} == {"AttnProcessor2_0"}


def test_a_map_lies_over_the_picture(tiny: Tiny, latent: Latent) -> None:
    white = Image(torch.ones(1, 32, 24, 3))
    bare = maps(tiny, latent).maps.data
    over = maps(tiny, latent, image=white, opacity=0.5).maps.data
    assert torch.allclose(over, 0.5 + 0.5 * bare, atol=1e-5)


def test_the_maps_of_a_model_with_two_encoders_are_made_as_well(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    tiny = Opened("sdxl", tmp_path_factory.mktemp("models") / "sdxl")
    data = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    made = maps(tiny, Latent(data, tiny.parts.model.family, 4))
    assert made.masks.data.shape == (2, 32, 32)


def test_the_starter_model_looks_for_the_sea_below_and_for_the_sky_above() -> None:
    ctx = Bench()
    parts = load(str(SCENES), ctx)
    text = "photo of the sea at noon, clear sky"
    told = encode_text(parts.text_encoder, text, ctx)
    latent = sample(parts.model, told, ctx, seed=3, steps=8, guidance=3.5)
    picture = decode(parts.vae, latent, ctx)
    made = attention_maps(
        parts.model, parts.text_encoder, latent, text, "sea, sky", ctx, image=picture, looks=4
    )
    rows = torch.linspace(0, 1, made.masks.data.shape[1])
    weights = made.masks.data.sum(dim=2)
    centres = (weights * rows).sum(dim=1) / weights.sum(dim=1)
    assert centres[0] > centres[1]


# What is refused


def test_a_word_that_is_not_in_the_text_is_named(tiny: Tiny, latent: Latent) -> None:
    with pytest.raises(NodeError, match="'moon' is no word of the text 'a red sun'"):
        maps(tiny, latent, words="red, moon")


def test_a_model_of_joint_attention_is_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    tiny = Opened("flux", tmp_path_factory.mktemp("models") / "flux")
    data = torch.zeros(1, 4, 8, 8)
    with pytest.raises(NodeError, match="reads its text by joint attention"):
        maps(tiny, Latent(data, tiny.parts.model.family, 4))
