"""Decoding in tiles: every pixel is covered, nothing breaks at the seams."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from tiny_sd import Bench, make_tiny

from musegraph import Latent
from musegraph_nodes.diffusion import decode, load
from musegraph_nodes.diffusion.tiles import decode_tiled, starts


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
