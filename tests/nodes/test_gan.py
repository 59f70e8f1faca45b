"""The pack `gan`: styles drawn, mixed, walked, moved and found, with tiny generators."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from gan_bench import Bench
from style_bench import NARROW, saved, torchvision_like
from tiny_gan import make_gan

from musegraph import Cancelled, Image, NodeError
from musegraph_nodes.gan import (
    directions,
    draw,
    find,
    load,
    mix,
    move,
    styles,
    walk,
    walk_to_beats,
)
from musegraph_nodes.gan.directions import factorised
from musegraph_nodes.gan.finding import apart, normalise, unevenness
from musegraph_nodes.gan.load import open_net
from musegraph_nodes.gan.ports import Directions, Gan, Styles
from musegraph_nodes.gan.walk import along
from musegraph_nodes.style.features import load_features


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Gan:
    return load(str(make_gan(tmp_path_factory.mktemp("gan") / "tiny.safetensors")), Bench())


def some(count: int = 3, seed: int = 0, layers: int = 8, width: int = 16) -> Styles:
    chance = torch.Generator().manual_seed(seed)
    return Styles(torch.randn(count, layers, width, generator=chance))


def test_the_pack_opens_without_heavy_libraries() -> None:
    code = (
        "import sys, musegraph_nodes.gan as d; [t.schema() for t in d.pack.types.values()]; "
        "print(sorted({'torch', 'numpy', 'PIL', 'safetensors'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- styles and pictures ----------------------------------------------------------------------


def test_a_style_of_a_batch_is_that_of_its_own_seed_and_so_is_its_picture(model: Gan) -> None:
    batch = styles(model, Bench(), count=3, seed=5)
    assert batch.data.shape == (3, 8, 16)
    together = draw(model, batch, Bench(), noise=7).data
    assert together.shape == (3, 32, 32, 3)
    assert 0 <= float(together.min()) < float(together.max()) <= 1
    for at in range(3):
        alone = styles(model, Bench(), seed=5 + at)
        assert torch.equal(alone.data[0], batch.data[at])
        assert torch.equal(draw(model, alone, Bench(), noise=7).data[0], together[at])
    assert float((together[0] - together[1]).abs().mean()) > 0.01


def test_truncation_brings_styles_nearer_to_the_mean_up_to_a_layer(model: Gan) -> None:
    net = open_net(model, Path(model.source), "cpu")
    whole = styles(model, Bench(), seed=2, truncation=1.0).data
    assert torch.equal(whole, whole[:, :1].expand_as(whole)), "one style for all layers"
    half = styles(model, Bench(), seed=2, truncation=0.5).data
    assert torch.allclose(half - net.mean, (whole - net.mean) / 2, atol=1e-5)
    none = styles(model, Bench(), seed=2, truncation=0.0).data
    assert torch.allclose(none, net.mean.expand_as(none), atol=1e-6)
    some_layers = styles(model, Bench(), seed=2, truncation=0.5, until=3).data
    assert torch.equal(some_layers[:, :3], half[:, :3])
    assert torch.equal(some_layers[:, 3:], whole[:, 3:])


def test_noise_comes_from_its_seed_and_can_be_left_out(model: Gan) -> None:
    one = styles(model, Bench())
    made = [draw(model, one, Bench(), noise).data for noise in (1, 1, 2, None)]
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])
    net = open_net(model, Path(model.source), "cpu")
    plain = ((net(one.data) + 1) / 2).clamp(0, 1).permute(0, 2, 3, 1)
    assert torch.equal(made[3], plain)


def test_drawing_shows_how_far_it_is_and_stops_when_it_is_cancelled(model: Gan) -> None:
    bench = Bench()
    draw(model, some(4), bench)
    assert len(bench.shown) == 5
    assert all(isinstance(one, Image) for one in bench.previews)
    stopped = Bench(stop=3)
    with pytest.raises(Cancelled):
        draw(model, some(40), stopped)
    assert len(stopped.shown) == 3
    with pytest.raises(Cancelled):
        styles(model, Bench(stop=2), count=40)


def test_mixing_takes_the_first_layers_of_one_and_the_others_of_another() -> None:
    one, other = some(2, 1), some(3, 2)
    made = mix(one, other, layer=3, pairs="each with each").data
    assert made.shape == (6, 8, 16)
    for row in range(2):
        for column in range(3):
            assert torch.equal(made[3 * row + column, :3], one.data[row, :3])
            assert torch.equal(made[3 * row + column, 3:], other.data[column, 3:])
    first = Styles(one.data[:1])
    assert torch.equal(mix(first, other, layer=0).data, other.data)
    assert torch.equal(mix(first, other, layer=8).data, first.data.expand(3, -1, -1))
    pair = mix(one, some(2, 3), layer=4).data
    assert torch.equal(pair[:, :4], one.data[:, :4])


# -- walks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["straight", "smooth", "spline"])
def test_a_walk_is_at_its_styles_where_it_should_be(path: Any) -> None:
    keys = some(4)
    closed = walk([keys], frames=5, path=path, closed=True).data
    assert len(closed) == 20
    assert torch.allclose(closed[::5], keys.data, atol=1e-6)
    opened = walk([Styles(keys.data[:2]), Styles(keys.data[2:])], 5, path, closed=False).data
    assert len(opened) == 16
    assert torch.allclose(opened[::5], keys.data, atol=1e-6)
    steps = (closed.roll(-1, 0) - closed).flatten(1).norm(dim=1)
    longest = float((keys.data.roll(-1, 0) - keys.data).norm(dim=(1, 2)).max())
    assert float(steps.max()) < 0.45 * longest


def test_a_closed_walk_has_no_seam() -> None:
    """It begins anywhere: the same frames come, from another place on."""
    keys = some(4)
    for path in ("straight", "smooth", "spline"):
        here = walk([keys], 6, path).data
        later = walk([Styles(keys.data.roll(-1, 0))], 6, path).data
        assert torch.allclose(here.roll(-6, 0), later, atol=1e-6)


def test_a_smooth_walk_rests_at_styles_and_a_spline_glides_through() -> None:
    keys = some(3).data
    places = [1 - 1e-3, 1.0, 1 + 1e-3]
    speed = {}
    for path in ("straight", "smooth", "spline"):
        made = along(keys.double(), places, path, True)
        speed[path] = [float(step.norm()) for step in (made[1] - made[0], made[2] - made[1])]
    assert max(speed["smooth"]) < 0.01 * min(speed["straight"])
    assert speed["spline"][0] == pytest.approx(speed["spline"][1], rel=0.02)
    assert speed["spline"][0] > 0.1 * speed["straight"][0]


def test_a_straight_spline_through_even_styles_is_a_straight_line() -> None:
    keys = torch.arange(4.0)[:, None, None].expand(4, 2, 3)
    places = [at / 7 for at in range(22)]
    made = along(keys, places, "spline", False)
    assert torch.allclose(made[:, 0, 0], torch.tensor(places), atol=1e-5)


def test_a_walk_to_beats_is_at_a_style_on_each_beat() -> None:
    keys = some(3)
    beats = {"times": [0.5, 1.0, 1.5, 2.1, 2.6], "tempo": 118.0}
    made = walk_to_beats([keys], beats, seconds=3.0, fps=10.0).data
    assert len(made) == 30
    for at, time in enumerate(beats["times"]):
        assert torch.allclose(made[round(time * 10)], keys.data[at % 3], atol=1e-4), time
    # A beat before the first it is at the last style, as fast as between the first two.
    assert torch.allclose(made[0], keys.data[2], atol=1e-4)
    slower = walk_to_beats([keys], beats, seconds=3.0, fps=10.0, every=2).data
    assert torch.allclose(slower[15], keys.data[1], atol=1e-4)
    late = walk_to_beats([keys], beats, 3.0, 10.0, path="straight", sharpness=4.0).data
    even = walk_to_beats([keys], beats, 3.0, 10.0, path="straight").data
    assert (late[7] - keys.data[0]).norm() < (even[7] - keys.data[0]).norm()


# -- directions -------------------------------------------------------------------------------


def test_directions_are_those_in_which_the_weights_change_most() -> None:
    weights = torch.randn(40, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    found = factorised(weights)
    assert torch.allclose(found @ found.T, torch.eye(12, dtype=torch.float64), atol=1e-10)
    _, values, vectors = torch.linalg.svd(weights)
    for own, value, vector in zip(found, values, vectors, strict=True):
        assert float((weights @ own).norm()) == pytest.approx(float(value))
        assert float((own @ vector).abs()) == pytest.approx(1.0)
        assert float(own[own.abs().argmax()]) > 0


def test_the_directions_of_a_generator_are_of_the_layers_that_are_asked_for(model: Gan) -> None:
    net = open_net(model, Path(model.source), "cpu")
    made = directions(model, Bench(), count=4, first=1, last=2)
    assert (made.first, made.last, made.data.shape) == (1, 2, (4, 16))
    # Layer 1 is read by the first convolution; layer 2 by its colours and the one that follows.
    names = ("conv1", "to_rgb1", "convs.0")
    read = [net.get_parameter(f"{name}.conv.modulation.weight") for name in names]
    expected = factorised(torch.cat(read).double())[:4].float()
    assert torch.allclose(made.data, expected, atol=1e-5)
    drawn = torch.randn(4000, 16, generator=torch.Generator().manual_seed(8))
    spread = (net.mapped(drawn) @ made.data.T).std(0)
    assert torch.allclose(made.spread, spread, rtol=0.1)
    whole = directions(model, Bench(), count=16)
    assert (whole.first, whole.last) == (1, 8)
    assert float((whole.data[0] @ made.data[0]).abs()) < 0.999


def test_moving_goes_by_so_many_deviations_in_the_layers_of_the_directions() -> None:
    own = Directions(torch.eye(16)[:2], torch.tensor([2.0, 0.5]), first=2, last=3)
    before = some(2)
    after = move(before, own, direction=1, amount=1.5).data - before.data
    expected = torch.zeros(2, 8, 16)
    expected[:, 1:3, 0] = 3.0
    assert torch.allclose(after, expected, atol=1e-6)
    elsewhere = move(before, own, direction=2, amount=-2.0, first=4, last=8).data - before.data
    expected = torch.zeros(2, 8, 16)
    expected[:, 3:, 1] = -1.0
    assert torch.allclose(elsewhere, expected, atol=1e-6)


# -- finding ----------------------------------------------------------------------------------


def far(made: Image, wanted: Image) -> float:
    return float((made.data - wanted.data).square().mean())


def test_a_picture_of_the_generator_is_found_again(model: Gan) -> None:
    own = styles(model, Bench(), seed=13, truncation=0.5)
    wanted = draw(model, own, Bench(), noise=None)
    bench = Bench()
    made = find(model, wanted, bench, steps=200, noise=False)
    begin = draw(model, styles(model, Bench(), truncation=0.0), Bench(), noise=None)
    assert far(made.pictures, wanted) < 0.01 * far(begin, wanted)
    assert torch.equal(made.styles.data, made.styles.data[:, :1].expand(-1, 8, -1)), "in W"
    assert torch.equal(draw(model, made.styles, Bench(), noise=None).data, made.pictures.data)
    losses = [float(text.removeprefix("loss ")) for text in bench.shown]
    assert len(losses) == 200
    assert losses[-1] < 0.05 * losses[0]
    assert isinstance(bench.previews[0], Image)
    assert made.curve.size == (640, 360)


def test_a_style_for_each_layer_comes_closer_to_another_picture(model: Gan) -> None:
    strange = Image(torch.rand(2, 40, 56, 3, generator=torch.Generator().manual_seed(3)))
    one = find(model, strange, Bench(), steps=40)
    each = find(model, strange, Bench(), steps=40, each_layer=True)
    assert each.styles.data.shape == (2, 8, 16)
    wanted = torch.nn.functional.avg_pool2d(strange.data.permute(0, 3, 1, 2)[..., 8:48], 10)

    def away(made: Image) -> float:
        small = torch.nn.functional.avg_pool2d(made.data.permute(0, 3, 1, 2), 8)
        return float((small - wanted).square().mean())

    assert away(each.pictures) < away(one.pictures)


def test_finding_is_the_same_again_and_goes_on_from_a_start(model: Gan) -> None:
    wanted = draw(model, styles(model, Bench(), seed=4, truncation=1.0), Bench())
    first = find(model, wanted, Bench(), steps=8)
    again = find(model, wanted, Bench(), steps=8)
    assert torch.equal(first.styles.data, again.styles.data)
    other = find(model, wanted, Bench(), steps=8, seed=1)
    assert not torch.equal(first.styles.data, other.styles.data)
    start = some(1, 5)
    near = find(model, wanted, Bench(), steps=1, start=start, each_layer=True)
    assert float((near.styles.data - start.data).abs().max()) < 0.2


def test_a_feature_net_can_compare_too(model: Gan, tmp_path: Path) -> None:
    net = saved(torchvision_like(NARROW, "avg"), tmp_path / "f.safetensors")
    eyes = load_features(Bench(), str(net))
    wanted = draw(model, styles(model, Bench(), seed=11, truncation=1.0), Bench(), noise=None)
    bench = Bench()
    find(model, wanted, bench, features=eyes, steps=30, noise=False)
    losses = [float(text.removeprefix("loss ")) for text in bench.shown]
    plain = Bench()
    find(model, wanted, plain, steps=1, noise=False)
    assert losses[0] > float(plain.shown[0].removeprefix("loss ")), "the net's part is added"
    assert losses[-1] < 0.5 * losses[0]


def test_finding_stops_when_it_is_cancelled(model: Gan) -> None:
    bench = Bench(stop=5)
    with pytest.raises(Cancelled):
        find(model, Image(torch.rand(1, 32, 32, 3)), bench, steps=500)
    assert len(bench.shown) == 5


def test_noise_is_told_from_what_is_none() -> None:
    noise = torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.avg_pool2d(noise, 5, 1, 2)
    planes = [smooth.clone()]
    normalise(planes)
    assert float(planes[0].mean()) == pytest.approx(0, abs=1e-6)
    assert float(planes[0].square().mean()) == pytest.approx(1, abs=1e-3)
    assert float(unevenness([noise])) < 0.1 < float(unevenness(planes))
    # At one size, by the formula: the mean product with the next pixel, squared.
    tiny = torch.arange(64.0).view(1, 1, 8, 8)
    by_hand = sum(float((tiny * tiny.roll(1, side)).mean()) ** 2 for side in (2, 3))
    assert float(unevenness([tiny])) == pytest.approx(by_hand)


def test_pictures_are_compared_at_all_sizes() -> None:
    one, other = torch.zeros(1, 3, 16, 16), torch.full((1, 3, 16, 16), 0.5)
    assert float(apart(one, other)) == pytest.approx(0.25)
    stripes = torch.zeros(1, 3, 16, 16)
    stripes[..., ::2] = 1.0
    stripes[..., 1::2] = -1.0
    # Fine stripes are seen at the first of three sizes alone.
    assert float(apart(stripes, one)) == pytest.approx(1 / 3)
    # Beyond white is white.
    assert float(apart(torch.full((1, 3, 16, 16), 1.7), torch.ones(1, 3, 16, 16))) == 0
    assert float(apart(torch.full((1, 3, 16, 16), 1.7), one)) == pytest.approx(1.7**2)


# -- refusals ---------------------------------------------------------------------------------

WRONG: dict[str, tuple[Callable[[Gan], object], str]] = {
    "styles of another generator": (
        lambda model: draw(model, some(layers=10), Bench()),
        "port 'styles': the styles have 10 layers of 16 numbers, and the generator",
    ),
    "a start of another generator": (
        lambda model: find(model, picture(), Bench(), start=some(width=8)),
        "port 'start': the styles have 8 layers of 8 numbers",
    ),
    "two starts for one picture": (
        lambda model: find(model, picture(), Bench(), start=some(2)),
        "port 'start': there are 2 styles for 1 pictures",
    ),
    "a mix of two generators": (
        lambda model: mix(some(), some(layers=10)),
        "port 'fine': these styles have 10 layers of 16 numbers, and the others 8 of 16",
    ),
    "a mix of more layers than there are": (
        lambda model: mix(some(), some(), layer=9),
        "port 'layer': the styles have 8 layers, and 9 is more than that",
    ),
    "a mix of unequal numbers": (
        lambda model: mix(some(2), some(3)),
        "there are 2 coarse styles and 3 fine ones",
    ),
    "a walk through one": (lambda model: walk([some(1)]), "a walk goes through 2 styles at least"),
    "a walk of two generators": (lambda model: walk([some(), some(width=8)]), "port 'styles'"),
    "a walk without end": (lambda model: walk([some(30)], 2000), "60,000 frames is too long"),
    "a walk to one beat": (
        lambda model: walk_to_beats([some()], {"times": [1.0, 2.0]}, every=2),
        "port 'beats': 1 beats are left of every 2",
    ),
    "a direction that was not found": (
        lambda model: move(some(), Directions(torch.eye(16), torch.ones(16), 1, 8), 17),
        "port 'direction': 16 directions were found, and number 17 is asked for",
    ),
    "directions of another generator": (
        lambda model: move(some(), Directions(torch.eye(8), torch.ones(8), 1, 8)),
        "port 'directions': they are for styles of 8 numbers, and these have 16",
    ),
    "layers in the wrong order": (
        lambda model: directions(model, Bench(), first=5, last=2),
        "there are layers 1 to 8, and 5 to 2 were asked for",
    ),
    "styles of two sides": (lambda model: Styles(torch.zeros(3, 16)), "Styles need a tensor"),
    "directions of one side": (
        lambda model: Directions(torch.zeros(3), torch.zeros(3), 1, 2),
        "Directions need a tensor",
    ),
}


def picture() -> Image:
    return Image(torch.rand(1, 32, 32, 3, generator=torch.Generator().manual_seed(1)))


@pytest.mark.parametrize("wrong", WRONG)
def test_what_does_not_fit_is_refused_in_words(wrong: str, model: Gan) -> None:
    call, said = WRONG[wrong]
    with pytest.raises(NodeError) as told:
        call(model)
    assert said in str(told.value)
