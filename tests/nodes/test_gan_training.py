"""The training of the pack `gan`: its parts by their formulas, and that it learns and goes on."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from gan_bench import Bench
from safetensors.torch import load_file
from torch import Tensor

from musegraph import Cancelled, Image, NodeError
from musegraph_nodes.gan import draw, load, styles, train
from musegraph_nodes.gan.layout import shapes_of
from musegraph_nodes.gan.training.augment import changed, coloured, holed, moved
from musegraph_nodes.gan.training.critic import Critic, unlike
from musegraph_nodes.gan.training.learning import Plan, Training, sheet
from musegraph_nodes.gan.training.losses import (
    critic_loss,
    generator_loss,
    steepness,
    unsteadiness,
)

SMALL = Plan(side=16, width=8, batch=8, seed=3)


def flags(count: int = 64, side: int = 16) -> Tensor:
    """Pictures [count,3,side,side]: red above and blue below, or green above and black below."""
    chance = torch.Generator().manual_seed(0)
    kind = torch.rand(count, generator=chance) < 0.5
    high = torch.randint(side // 4, 3 * side // 4, (count,), generator=chance)
    above = torch.arange(side)[None, :, None] < high[:, None, None]
    red, green = torch.tensor([0.8, -0.6, -0.6]), torch.tensor([-0.6, 0.7, -0.6])
    blue, black = torch.tensor([-0.7, -0.7, 0.9]), torch.full((3,), -0.9)
    top = torch.where(kind[:, None], red, green)[:, :, None, None]
    foot = torch.where(kind[:, None], blue, black)[:, :, None, None]
    return torch.where(above[:, None], top, foot).expand(-1, -1, -1, side).contiguous()


# -- parts ------------------------------------------------------------------------------------


def test_losses_are_what_they_are_defined_as() -> None:
    given, made = torch.tensor([0.5, -1.0]), torch.tensor([2.0, 0.0])
    yes = [math.log(1 + math.exp(-x)) for x in given]
    no = [math.log(1 + math.exp(x)) for x in made]
    assert float(critic_loss(given, made)) == pytest.approx(sum(yes) / 2 + sum(no) / 2)
    expected = sum(math.log(1 + math.exp(-float(x))) for x in made) / 2
    assert float(generator_loss(made)) == pytest.approx(expected)


def test_r1_is_the_mean_square_of_the_slope() -> None:
    pictures = torch.randn(3, 3, 4, 4, requires_grad=True)
    weight = torch.arange(48.0).view(3, 4, 4)
    judged = (pictures * weight).sum((1, 2, 3))
    steep = steepness(judged, pictures).detach()
    assert float(steep) == pytest.approx(float(weight.square().sum()))


def test_paths_of_a_linear_generator_are_as_long_as_its_slopes() -> None:
    chance = torch.Generator().manual_seed(4)
    weight = torch.randn(6, 3 * 4 * 4, generator=chance)
    styles = torch.randn(64, 2, 6, generator=chance).requires_grad_(True)
    made = (styles.mean(1) @ weight).view(64, 3, 4, 4)
    uneven, mean = unsteadiness(made, styles, torch.zeros(()), torch.Generator().manual_seed(1))
    noise = torch.randn(made.shape, generator=torch.Generator().manual_seed(1)).flatten(1) / 4
    lengths = (noise @ weight.T / 2).norm(dim=1)
    assert float(mean) == pytest.approx(0.01 * float(lengths.mean()), rel=1e-4)
    expected = float((lengths - mean).square().mean())
    assert float(uneven.detach()) == pytest.approx(expected, rel=1e-4)


def test_a_critic_judges_each_picture_and_sees_whether_all_are_alike() -> None:
    torch.manual_seed(0)
    critic = Critic(SMALL.layout)
    assert critic(torch.randn(8, 3, 16, 16)).shape == (8,)
    same = torch.randn(1, 5, 4, 4).expand(8, -1, -1, -1)
    assert float(unlike(same).max()) < 1e-3
    apart = torch.randn(8, 5, 4, 4)
    seen = unlike(apart)
    assert seen.shape == (8, 1, 4, 4)
    # Of every second: four of the eight are compared with one another.
    group = apart.reshape(4, 2, 5, 4, 4)
    by_hand = (group.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
    assert torch.allclose(seen[:2, 0, 0, 0], by_hand)


def test_changes_are_of_the_sizes_that_are_promised_and_go_backwards() -> None:
    pictures = torch.rand(64, 3, 16, 16, generator=torch.Generator().manual_seed(0)) - 0.3
    made = holed(pictures, torch.Generator().manual_seed(1))
    gone = (made == 0).all(1)
    assert torch.equal(torch.where(gone[:, None], 0.0, pictures), made)
    assert int(gone.sum((1, 2)).max()) == 64, "half as wide and half as high"
    by = []
    for own, after in zip(pictures, moved(pictures, torch.Generator().manual_seed(1)), strict=True):
        found = [
            (y, x)
            for y in range(-2, 3)
            for x in range(-2, 3)
            if torch.equal(torch.roll(own, (-y, -x), (1, 2))[:, 2:-2, 2:-2], after[:, 2:-2, 2:-2])
        ]
        assert len(found) == 1
        by += found
    assert {-2, 2} <= {y for y, _ in by}
    assert {-2, 2} <= {x for _, x in by}
    grey = torch.zeros(256, 3, 4, 4)
    light = coloured(grey, torch.Generator().manual_seed(1)).mean((1, 2, 3))
    assert -0.5 <= float(light.min()) < -0.4 < 0.4 < float(light.max()) <= 0.5
    asked = pictures.clone().requires_grad_(True)
    changed(asked, torch.Generator().manual_seed(2)).square().sum().backward()
    assert asked.grad is not None
    assert bool((asked.grad.flatten(1).abs().max(1).values > 0).all())


# -- learning ---------------------------------------------------------------------------------


def test_a_short_training_comes_nearer_to_what_it_is_shown(tmp_path: Path) -> None:
    """By the mean picture: its colours above and below."""
    shown = flags()
    training = Training(SMALL, tmp_path, "cpu")

    def away() -> float:
        made = sheet(training, 64, 1.0).clamp(-1, 1)
        return float((made.mean(0) - shown.mean(0)).square().mean())

    before = away()
    for _ in range(100):
        losses = training.learn(shown)
        assert all(math.isfinite(loss) for loss in losses.values())
    assert away() < 0.2 * before
    assert all(value > 0 for value in training.losses["R1"])
    made = sheet(training, 64, 1.0)
    assert float(made.std(0).mean()) > 0.2, "and not to one picture alone"


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not(tmp_path: Path) -> None:
    plan = Plan(side=16, width=4, batch=4, paths=2.0)
    shown = flags(20)
    whole = Training(plan, tmp_path / "whole", "cpu")
    for _ in range(6):
        whole.learn(shown)
    first = Training(plan, tmp_path / "parts", "cpu")
    for _ in range(3):
        first.learn(shown)
    first.save()
    (tmp_path / "parts" / "partial-00000004").mkdir()  # what a killed process leaves
    second = Training(plan, tmp_path / "parts", "cpu")
    assert not second.restore(2), "it has come further than that"
    assert second.restore(6)
    assert second.step == 3
    for _ in range(3):
        second.learn(shown)
    assert second.losses == whole.losses
    assert float(second.pair.length) == float(whole.pair.length) > 0
    for (name, one), other in zip(
        whole.pair.named_parameters(), second.pair.parameters(), strict=True
    ):
        assert torch.equal(one, other), name
    assert torch.equal(sheet(whole), sheet(second))


def pictures(count: int = 24) -> list[Image]:
    """A batch, and one that is not square."""
    planes = (flags(count, 40) + 1) / 2
    made = planes.permute(0, 2, 3, 1)
    return [Image(made[:-1]), Image(made[-1:, :, :30])]


def test_the_node_keeps_a_generator_that_opens_in_the_public_layout(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    made = train(bench, pictures(), "two flags", steps=3, size="32", width=4, batch=4)
    assert made.model.source.startswith("trained/two flags-")
    held = load_file(tmp_path / made.model.source)
    layout = Plan(side=32, width=4).layout
    wanted = shapes_of(layout) | {"latent_avg": (16,)}
    assert {name: tuple(tensor.shape) for name, tensor in held.items()} == wanted
    assert made.sample.data.shape == (16, 32, 32, 3)
    assert made.curve.size == (640, 360)
    assert bench.previews[0].size == (128, 128)
    again = load(made.model.source, bench)
    assert again.options == made.model.options == {"side": 32, "layers": 8, "width": 16}
    shown = draw(again, styles(again, bench, count=2), bench)
    assert float(shown.data.std()) > 0.01


def test_a_cancelled_training_goes_on_where_it_was(tmp_path: Path) -> None:
    how = {"name": "flags", "size": "32", "width": 4, "batch": 4}
    stopped = Bench(tmp_path, stop=2)
    with pytest.raises(Cancelled):
        train(stopped, pictures(), steps=5, **how)
    later = Bench(tmp_path)
    made = train(later, pictures(), steps=5, **how)
    assert later.noted == ["went on from step 2"]
    assert len(later.shown) == 3
    fresh = Bench(tmp_path / "fresh")
    whole = train(fresh, pictures(), steps=5, **how)
    assert torch.equal(whole.sample.data, made.sample.data)
    assert whole.model.source == made.model.source
    third = Bench(tmp_path)
    assert train(third, pictures(), steps=5, **how).model.source == made.model.source
    assert third.shown == []


def test_few_pictures_are_warned_of_and_none_are_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    few = [Image(pictures()[0].data[:6])]
    train(bench, few, steps=1, size="32", width=4, batch=2)
    assert bench.warned
    assert bench.warned[0].startswith("there are 6 pictures to learn from")
    with pytest.raises(NodeError, match="the list is empty"):
        train(bench, [], steps=1)
    with pytest.raises(NodeError, match="port 'name'"):
        train(bench, few, "/", steps=1)


def test_a_training_that_runs_away_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Training, "learn", lambda *_: {"generator": math.nan, "critic": 1.0})
    with pytest.raises(NodeError, match="the training ran away at step"):
        train(Bench(tmp_path), pictures(), steps=400, size="32", width=4, batch=2)
