"""Pack `style`: the basis of an optimisation, palettes, and strokes that are laid before it."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from style_bench import Bench
from style_toys import content_data, stripes
from torch import Tensor

from musegraph import Cancelled, Image
from musegraph_nodes.style import load_features, texture, transfer
from musegraph_nodes.style.basis import Pixels, waves
from musegraph_nodes.style.gram import variation
from musegraph_nodes.style.laying import Ground, Sample, covered
from musegraph_nodes.style.palette import in_palette, in_palettes
from musegraph_nodes.style.prepare import Style

COLOURS = torch.tensor([[0.05, 0.04, 0.01], [0.04, 0.05, 0.01], [0.01, 0.01, 0.02]])


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def quiet() -> None:
    """Nobody cancels."""


def planes(data: Tensor) -> Tensor:
    return data.permute(0, 3, 1, 2).contiguous()


@pytest.mark.parametrize("size", [(24, 32), (17, 23), (1, 8)])
def test_a_picture_becomes_waves_and_a_picture_again(size: tuple[int, int]) -> None:
    basis, picture = waves(size, COLOURS, "cpu"), noise(1, 3, *size)
    assert torch.allclose(basis.picture(basis.values(picture)), picture, atol=1e-5)
    plain = Pixels()
    assert torch.equal(plain.picture(plain.values(picture)), picture)


@pytest.mark.parametrize("size", [(24, 32), (17, 23)])
def test_the_gradient_of_waves_is_that_of_their_picture(size: tuple[int, int]) -> None:
    basis = waves(size, COLOURS, "cpu")
    values = noise(1, 3, *size).requires_grad_(True)
    goal = noise(1, 3, *size, seed=1)
    picture = basis.picture(values)
    ((picture - goal) ** 2).sum().backward()
    assert values.grad is not None
    made = basis.gradient(2 * (picture.detach() - goal))
    assert torch.allclose(made, values.grad, rtol=1e-4, atol=1e-5)


def test_waves_move_large_shapes_and_common_colours_before_grain_and_rare_ones() -> None:
    basis = waves((64, 64), COLOURS, "cpu")
    across = torch.arange(64) / 64 * 2 * torch.pi
    grey = torch.ones(1, 3, 1, 1)
    large, grain = (grey * torch.sin(turns * across) for turns in (2, 24))
    rare = torch.tensor([1.0, -1.0, 0.0])[None, :, None, None] * torch.sin(2 * across)

    def moved(gradient: Tensor) -> float:
        whole = gradient.expand(1, 3, 64, 64)
        step = basis.picture(basis.gradient(whole))
        return float(step.norm() / whole.norm())

    assert moved(large) > 5 * moved(grain)
    assert moved(large) > 3 * moved(rare)


def test_an_optimisation_in_waves_leaves_less_noise_than_one_in_pixels() -> None:
    smooth = Image(stripes() * 0.5 + 0.25)
    plain = {"size": 64, "levels": 1, "steps": 12, "smooth": 0.0, "strokes": False, "preview": 0}
    bench, content = Bench(), Image(content_data())
    net = load_features(bench)
    rough = {
        basis: float(
            variation(
                planes(transfer(content, [smooth], net, bench, basis=basis, **plain).image.data)
                - planes(smooth.data)
            )
        )
        for basis in ("waves", "pixels")
    }
    assert rough["waves"] < rough["pixels"]


def test_a_content_in_the_palette_of_a_style_is_as_bright_and_as_colourful() -> None:
    style = noise(1, 3, 40, 40, seed=1) ** 3 * torch.tensor([0.9, 0.5, 0.2])[:, None, None]
    made = in_palette(noise(1, 3, 30, 50, seed=2), style)
    steps = torch.linspace(0.05, 0.95, 7)
    there, here = (torch.quantile(one.mean(1).flatten(), steps) for one in (style, made))
    assert float((there - here).abs().max()) < 0.03
    assert float((made.mean((2, 3)) - style.mean((2, 3))).abs().max()) < 0.03


def test_one_tone_stays_one_tone_in_another_palette() -> None:
    content = planes(content_data())
    made = in_palette(content, noise(1, 3, 40, 40, seed=1))
    for tone in (content[0, :, 32, 32], content[0, :, 0, 0]):
        where = (content[0] == tone[:, None, None]).all(0)
        assert float(made[0][:, where].std(1, correction=0).max()) < 1e-6


def test_palettes_go_where_the_masks_of_their_styles_are_white() -> None:
    content = noise(1, 3, 16, 20)
    left = torch.zeros(16, 20)
    left[:, :10] = 1
    red, blue = (
        Style(torch.tensor(colour)[None, :, None, None].expand(1, 3, 8, 8), None, 1.0, mask)
        for colour, mask in (((0.9, 0.1, 0.1), left), ((0.1, 0.1, 0.9), 1 - left))
    )
    made = in_palettes(content, [red, blue])
    assert float((made[0, 0, :, :10] - made[0, 2, :, :10]).mean()) > 0.5
    assert float((made[0, 2, :, 10:] - made[0, 0, :, 10:]).mean()) > 0.5


def test_a_style_laid_on_itself_stays_what_it_is() -> None:
    style = planes(stripes())
    made = covered(style, [Ground([Sample(style)])], quiet)
    assert float((made - style).abs().mean()) < 0.05


def test_what_is_laid_has_the_colours_of_the_style_and_the_shapes_of_the_guess() -> None:
    style = torch.cat((torch.zeros(1, 3, 40, 20), torch.ones(1, 3, 40, 20)), 3)
    guess = 0.3 + 0.4 * planes(content_data())[:, :1].expand(1, 3, 64, 64)
    made = covered(guess, [Ground([Sample(style)])], quiet)
    assert float(((made < 0.1) | (made > 0.9)).float().mean()) > 0.8
    assert float(made[0, :, 28:36, 28:36].mean() - made[0, :, :8].mean()) > 0.8


def test_each_ground_is_covered_with_its_own_style() -> None:
    left = torch.zeros(32, 32)
    left[:, :16] = 1
    red, blue = (
        torch.tensor(colour)[None, :, None, None] * (0.5 + 0.5 * noise(1, 1, 24, 24, seed=3))
        for colour in ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    )
    grounds = [Ground([Sample(red)], left), Ground([Sample(blue)], 1 - left)]
    made = covered(noise(1, 3, 32, 32), grounds, quiet)
    assert float(made[0, 2, :, :16].max()) < 1e-4
    assert float(made[0, 0, :, 16:].max()) < 1e-4


def test_nothing_is_taken_from_where_a_style_is_not_seen() -> None:
    style = torch.zeros(1, 3, 32, 32)
    style[..., 16:] = 1
    seen = torch.zeros(32, 32)
    seen[:, :15] = 1
    made = covered(noise(1, 3, 32, 32), [Ground([Sample(style, seen)])], quiet)
    assert float(made.abs().max()) < 1e-5


def test_what_is_laid_on_a_picture_that_goes_around_goes_around() -> None:
    guess, ground = noise(1, 3, 32, 48), [Ground([Sample(planes(stripes()))])]
    one = covered(guess, ground, quiet, around=True)
    other = covered(guess.roll((8, 12), (2, 3)), ground, quiet, around=True)
    assert torch.allclose(one.roll((8, 12), (2, 3)), other, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (5, 9), (40, 23)])
def test_a_picture_of_any_size_is_covered(size: tuple[int, int]) -> None:
    ground = [Ground([Sample(planes(stripes()))])]
    for around in (False, True):
        made = covered(noise(1, 3, *size), ground, quiet, around)
        assert made.shape == (1, 3, *size)
        assert bool(torch.isfinite(made).all())


def test_laying_can_be_cancelled() -> None:
    def cancel() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        covered(noise(1, 3, 16, 16), [Ground([Sample(planes(stripes()))])], cancel)


def test_strokes_are_nearer_to_the_style_after_one_step_than_a_content_is() -> None:
    bench = Bench()
    net, given = load_features(bench), (Image(content_data()), [Image(stripes())])
    one = {"size": 64, "levels": 1, "steps": 1, "preview": 0}
    laid, bare = (
        transfer(*given, net, bench, strokes=strokes, **one).figures["style"]
        for strokes in (True, False)
    )
    assert laid < bare / 3


def test_other_seeds_lay_other_strokes_and_equal_ones_the_same() -> None:
    bench = Bench()
    net, given = load_features(bench), (Image(content_data()), [Image(stripes())])
    one = {"size": 64, "levels": 1, "steps": 1, "preview": 0}
    made = [transfer(*given, net, bench, seed=seed, **one).image.data for seed in (1, 1, 2)]
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[1], made[2])


def test_textures_of_other_seeds_are_other_pieces() -> None:
    bench = Bench()
    net = load_features(bench)
    made = [
        texture(Image(stripes()), net, bench, 64, 64, steps=1, levels=1, seed=seed).image.data
        for seed in (1, 2, 3)
    ]
    assert all(float((a - b).abs().mean()) > 0.02 for a, b in pairwise(made))
