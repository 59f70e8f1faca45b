"""Autoencoding in tiles: every pixel is covered, nothing breaks at the seams."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from tiny_sd import Bench, make_tiny

from musegraph import Image, Latent
from musegraph_nodes.diffusion import decode, encode, load
from musegraph_nodes.diffusion.tiles import decode_tiled, encode_tiled, frugal_tile, starts


def enlarged(latent: torch.Tensor) -> torch.Tensor:
    """A decoder that sees single cells only, so that tiles may not matter."""
    return latent[:, :3].repeat_interleave(4, -1).repeat_interleave(4, -2)


@pytest.mark.parametrize(("high", "wide"), [(8, 8), (5, 40), (33, 17), (64, 9)])
def test_tiles_of_a_decoder_without_context_give_the_whole_picture(high: int, wide: int) -> None:
    latent = torch.randn(2, 4, high, wide, generator=torch.Generator().manual_seed(0))
    made = decode_tiled(enlarged, latent, 8)
    torch.testing.assert_close(made, enlarged(latent), atol=1e-5, rtol=0)


def test_tiles_share_a_quarter_and_reach_both_ends() -> None:
    for side in range(9, 200):
        found = starts(side, 8)
        assert found[0] == 0
        assert found[-1] == side - 8
        assert all(0 < b - a <= 6 for a, b in pairwise(found))


def test_seams_do_not_show_and_one_tile_is_the_whole_bit_for_bit(tmp_path: Path) -> None:
    ctx = Bench()
    parts = load(str(make_tiny(tmp_path / "m")), ctx)
    data = torch.randn(1, 4, 40, 40, generator=torch.Generator().manual_seed(1))
    latent = Latent(data, parts.vae.family, 4)
    whole, tiled = decode(parts.vae, latent, ctx).data, decode(parts.vae, latent, ctx, 64).data
    assert whole.shape == tiled.shape
    assert not torch.equal(whole, tiled)
    assert torch.equal(decode(parts.vae, latent, ctx, 160).data, whole)
    step = (tiled[:, :, 1:] - tiled[:, :, :-1]).abs().mean(dim=(0, 1, 3))
    usual = (whole[:, :, 1:] - whole[:, :, :-1]).abs().mean(dim=(0, 1, 3))
    assert step.max() <= 1.25 * usual.max()


def cells(pixels: torch.Tensor) -> torch.Tensor:
    """An encoder that sees single cells of 4×4 pixels only."""
    return torch.nn.functional.avg_pool2d(pixels, 4)


@pytest.mark.parametrize(("high", "wide"), [(8, 8), (5, 40), (33, 17), (64, 9)])
def test_tiles_of_an_encoder_without_context_give_the_whole_latent(high: int, wide: int) -> None:
    pixels = torch.rand(2, 3, high * 4, wide * 4, generator=torch.Generator().manual_seed(0))
    made = encode_tiled(cells, pixels, 8, 4)
    torch.testing.assert_close(made, cells(pixels), atol=1e-5, rtol=0)


def test_encoding_in_tiles_is_that_of_the_whole_picture_away_from_what_norms_see(
    tmp_path: Path,
) -> None:
    ctx = Bench()
    vae = load(str(make_tiny(tmp_path / "m")), ctx).vae
    picture = Image(torch.rand(1, 160, 160, 3, generator=torch.Generator().manual_seed(1)))
    whole, tiled = encode(vae, picture, ctx).data, encode(vae, picture, ctx, tile=80).data
    assert whole.shape == tiled.shape
    assert not torch.equal(whole, tiled)
    assert torch.equal(encode(vae, picture, ctx, tile=160).data, whole)
    # What is left is what norms and attention see; random weights spread it over all cells alike.
    assert (tiled - whole).abs().mean() < 0.1 * whole.std()
    step = (tiled[..., 1:] - tiled[..., :-1]).abs().mean(dim=(0, 1, 2))
    usual = (whole[..., 1:] - whole[..., :-1]).abs().mean(dim=(0, 1, 2))
    assert step.max() <= 1.25 * usual.max()


def test_what_an_encoder_holds_at_once_depends_on_the_tile_and_not_on_the_picture(
    tmp_path: Path,
) -> None:
    ctx = Bench()
    vae = load(str(make_tiny(tmp_path / "m")), ctx).vae
    largest = 0

    def look(module: torch.nn.Module, given: object, made: object) -> None:
        nonlocal largest
        if isinstance(made, torch.Tensor):
            largest = max(largest, made.numel())

    with ctx.load(vae) as net:
        for layer in net.encoder.modules():
            layer.register_forward_hook(look)
    found = []
    for side in (64, 128, 256):
        largest = 0
        encode(vae, Image(torch.rand(1, side, side, 3)), ctx, tile=64)
        found.append(largest)
    assert found[0] == found[1] == found[2]
    largest = 0
    encode(vae, Image(torch.rand(1, 256, 256, 3)), ctx)
    assert largest == 16 * found[0]


def test_a_drawn_latent_in_tiles_is_drawn_with_the_noise_of_the_whole(tmp_path: Path) -> None:
    ctx = Bench()
    vae = load(str(make_tiny(tmp_path / "m")), ctx).vae
    picture = Image(torch.rand(1, 160, 160, 3, generator=torch.Generator().manual_seed(1)))
    drawn = [encode(vae, picture, ctx, "sample", seed, tile=80).data for seed in (3, 3, 4)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    whole = encode(vae, picture, ctx, "sample", 3).data
    assert (drawn[0] - whole).abs().mean() < 0.1 * whole.std()


def test_where_memory_ran_out_tiles_are_smaller_than_the_picture_and_than_what_was_asked() -> None:
    assert frugal_tile(4096, 1024, 0) == 512
    assert frugal_tile(512, 768, 0) == 384
    assert frugal_tile(4096, 4096, 256) == 256
    assert frugal_tile(4096, 4096, 2048) == 512
