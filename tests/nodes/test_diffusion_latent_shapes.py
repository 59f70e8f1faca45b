"""Latents of another size, taken apart and put together."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny_sd import Tiny, make_tiny

from musegraph import Latent, NodeError
from musegraph_nodes.diffusion import (
    decode,
    encode_text,
    resize_latent,
    sample,
    scale_latent,
    split_latents,
    stack_latents,
)

METHODS = ("nearest", "bilinear", "bicubic")


def ramp(batch: int = 1, scale: int = 8) -> Latent:
    """Brighter to the right, item by item brighter."""
    row = torch.linspace(0, 1, 6).expand(4, 8, 6)
    return Latent(torch.stack([row + index for index in range(batch)]), "sd", scale)


@pytest.mark.parametrize("method", METHODS)
def test_a_ramp_stays_a_ramp_at_any_size(method: str) -> None:
    for width, height in ((96, 128), (48, 32), (24, 64), (72, 8)):
        made = resize_latent(ramp(2), width, height, method)  # type: ignore[arg-type]
        assert made.data.shape == (2, 4, height // 8, width // 8)
        assert (made.family, made.scale) == ("sd", 8)
        assert (made.data.diff(dim=-1) >= -1e-6).all()
        assert float(made.data[0].mean()) == pytest.approx(0.5, abs=0.11)
        torch.testing.assert_close(made.data[1], made.data[0] + 1)


def test_nearest_invents_no_value_and_repeats_each_as_often() -> None:
    given = Latent(torch.randn(1, 4, 3, 5, generator=torch.Generator().manual_seed(1)), "sd", 8)
    made = scale_latent(given, 2, "nearest")
    assert torch.equal(made.data, given.data.repeat_interleave(2, -1).repeat_interleave(2, -2))


@pytest.mark.parametrize("method", METHODS)
def test_the_same_size_changes_no_bit(method: str) -> None:
    given = ramp()
    assert resize_latent(given, 48, 64, method) is given  # type: ignore[arg-type]
    assert scale_latent(given, 1.0, method) is given  # type: ignore[arg-type]


def test_a_factor_goes_to_the_nearest_whole_cell_and_never_to_none() -> None:
    assert scale_latent(ramp(), 1.5).data.shape[-2:] == (12, 9)
    assert scale_latent(ramp(), 1.25).data.shape[-2:] == (10, 8)
    assert scale_latent(ramp(), 0.01).data.shape[-2:] == (1, 1)


def test_the_frames_of_a_film_are_resampled_one_by_one() -> None:
    data = torch.randn(2, 4, 3, 6, 5, generator=torch.Generator().manual_seed(2))
    made = scale_latent(Latent(data, "film", 8), 2).data
    assert made.shape == (2, 4, 3, 12, 10)
    for frame in range(3):
        alone = scale_latent(Latent(data[:, :, frame], "film", 8), 2).data
        torch.testing.assert_close(made[:, :, frame], alone)


def test_batches_come_apart_and_together() -> None:
    batch = ramp(3)
    parts = split_latents(batch)
    assert [len(part.data) for part in parts] == [1, 1, 1]
    again = stack_latents(parts)
    assert torch.equal(again.data, batch.data)
    assert (again.family, again.scale) == ("sd", 8)


def test_a_second_pass_draws_a_larger_picture(tmp_path: Path) -> None:
    tiny = Tiny(make_tiny(tmp_path / "model"))
    text = encode_text(tiny.parts.text_encoder, "a", tiny.ctx)
    first = sample(tiny.parts.model, text, tiny.ctx, steps=2, seed=1)
    larger = scale_latent(first, 1.5)
    second = sample(tiny.parts.model, text, tiny.ctx, latent=larger, steps=4, denoise=0.5, seed=1)
    assert second.data.shape[-2:] == larger.data.shape[-2:]
    assert not torch.equal(second.data, larger.data)
    assert decode(tiny.parts.vae, second, tiny.ctx).size == (48, 48)


def test_what_cannot_be_done_is_said() -> None:
    sound = Latent(torch.zeros(1, 4, 9), "sound", 1)
    with pytest.raises(NodeError, match="4×9, which is of sound"):
        resize_latent(sound, 8, 8)
    with pytest.raises(NodeError, match="of sound"):
        scale_latent(sound, 2)
    with pytest.raises(NodeError, match=r"100×64 pixels do not suit .* 96×64 and 104×64"):
        resize_latent(ramp(), 100, 64)
    with pytest.raises(NodeError, match="a side of the picture has 19,200 pixels"):
        scale_latent(Latent(torch.zeros(1, 4, 200, 10), "sd", 8), 12)
    with pytest.raises(NodeError, match="the list is empty"):
        stack_latents([])
    with pytest.raises(NodeError, match="latent 2 has the shape 4×12×9 and the first 4×8×6"):
        stack_latents([ramp(), scale_latent(ramp())])
    with pytest.raises(NodeError, match="latent 2 is of the family 'sdxl'"):
        stack_latents([ramp(), Latent(ramp().data, "sdxl", 8)])
