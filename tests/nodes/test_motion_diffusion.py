"""Sampling by nets that say x0, held against what can be worked out on paper."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from musegraph_nodes.motion.diffusion.x0 import (
    Given,
    Schedule,
    Way,
    cosine,
    guided,
    linear,
    sample,
    seeded,
    times,
)

MEAN, SPREAD = 0.7, 0.4


def gaussian(schedule: Schedule, mean: float = MEAN, spread: float = SPREAD):
    """The best that can be said of x0 where it is spread evenly about a mean."""

    def net(x: Tensor, time: Tensor, /) -> Tensor:
        left = schedule.left[time][:, None].to(x)
        gain = spread**2 * left.sqrt() / (spread**2 * left + 1 - left)
        return mean + gain * (x - left.sqrt() * mean)

    return net


def test_schedules_are_those_of_the_papers_and_steps_spread_over_them() -> None:
    for made in (cosine(1000), linear(1000)):
        assert (made.left.diff() < 0).all()
        assert made.at(-1) == 1
        assert made.at(0) > 0.999
        assert made.at(999) < 1e-4
    half = math.cos((0.5 + 0.008) / 1.008 * math.pi / 2) ** 2
    whole = math.cos(0.008 / 1.008 * math.pi / 2) ** 2
    assert cosine(1000).at(499) == pytest.approx(half / whole)
    assert float(linear(1000).left[:2].prod()) == pytest.approx((1 - 1e-4) ** 2 * 0.99988, rel=1e-5)
    assert times(1000, 1000) == list(range(999, -1, -1))
    assert times(1000, 50)[:2] == [999, 979]
    assert times(1000, 50)[-1] == 19
    assert times(10, 99) == list(range(9, -1, -1))


@pytest.mark.parametrize("steps", [50, 400])
def test_without_new_noise_a_sample_is_where_the_closed_form_says(steps: int) -> None:
    schedule = cosine(1000)
    noise, draw = seeded((64, 3), 1)
    made = sample(gaussian(schedule), noise, schedule, Way(steps, 0.0), draw)
    left = schedule.at(999)
    spread = math.sqrt(SPREAD**2 * left + 1 - left)
    wanted = MEAN + SPREAD * (noise - math.sqrt(left) * MEAN) / spread
    assert float((made - wanted).abs().max()) < 6.0 / steps


def test_with_new_noise_samples_are_spread_as_the_data_are_and_step_as_ddpm_does() -> None:
    schedule = cosine(200)
    noise, draw = seeded((4000, 2), 2)
    made = sample(gaussian(schedule), noise, schedule, Way(200, 1.0), draw)
    assert float(made.mean()) == pytest.approx(MEAN, abs=0.02)
    assert float(made.std()) == pytest.approx(SPREAD, rel=0.03)
    # The posterior of Ho et al., equation 7, over two times.
    two = Schedule(torch.tensor([0.8, 0.3], dtype=torch.float64))
    x, draw = seeded((5, 4), 3)
    x0 = torch.linspace(-1, 1, 20).reshape(5, 4)
    beta = 1 - 0.3 / 0.8
    mean = math.sqrt(0.8) * beta / 0.7 * x0 + math.sqrt(1 - beta) * 0.2 / 0.7 * x
    new = torch.randn(x.shape, generator=seeded((5, 4), 3)[1])
    wanted = mean + math.sqrt(0.2 / 0.7 * beta) * new
    seen = []
    sample(lambda a, _: seen.append(a) or x0, x, two, Way(2), draw)
    torch.testing.assert_close(seen[1], wanted)


def test_given_values_stay_to_the_bit_and_what_hangs_on_them_follows() -> None:
    schedule = cosine(300)
    covariance = torch.tensor([[1.0, 0.9], [0.9, 1.0]])

    def net(x: Tensor, time: Tensor, /) -> Tensor:
        left = float(schedule.left[time[0]])
        seen = left * covariance + (1 - left) * torch.eye(2)
        return x @ (math.sqrt(left) * torch.linalg.solve(seen, covariance))

    noise, draw = seeded((3000, 2), 4)
    values = torch.tensor([1.5, 0.0]).expand(3000, 2)
    given = Given(values, torch.tensor([1.0, 0.0]))
    made = sample(net, noise, schedule, Way(300), draw, given)
    assert (made[:, 0] == 1.5).all()
    # The way of replacing goes most of the way to 0.9 * 1.5, and is known not to go all of it.
    assert 0.6 < float(made[:, 1].mean()) / (0.9 * 1.5) < 1.05


def test_guidance_goes_beyond_what_is_told_and_asks_no_more_than_it_needs() -> None:
    asked: list[bool] = []

    def net(x: Tensor, time: Tensor, /, free: bool) -> Tensor:
        asked.append(free)
        return x * 0 + (1.0 if free else 3.0)

    x, time = torch.zeros(1, 2), torch.zeros(1, dtype=torch.long)
    for scale, wanted in ((2.5, 6.0), (1.0, 3.0), (0.0, 1.0)):
        assert float(guided(net, scale)(x, time)[0, 0]) == wanted
    assert asked == [True, False, False, True]


def test_windows_agree_every_step_is_told_and_a_seed_gives_the_same_again() -> None:
    schedule = linear(50)

    def settle(x: Tensor) -> Tensor:
        x = x.clone()
        x[1:, :2] = x[:-1, 2:]
        return x

    def once(seed: int) -> Tensor:
        noise, draw = seeded((3, 4), seed)
        told: list[tuple[int, int]] = []
        made = sample(
            gaussian(schedule), noise, schedule, Way(10, clip=0.9), draw, None, settle,
            lambda number, count, x0: told.append((number, count)),
        )  # fmt: skip
        assert told == [(at, 10) for at in range(1, 11)]
        return made

    made = once(5)
    assert (made[1:, :2] == made[:-1, 2:]).all()
    assert float(made.abs().max()) <= 0.9
    assert (made == once(5)).all()
    assert (made != once(6)).any()
