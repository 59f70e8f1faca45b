"""Conditionings of several parts: weighted by place, by strength and by time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from musegraph import Conditioning, ConditioningPart, NodeError
from musegraph_nodes.diffusion.prompts.regions import Prompts, predict

SHAPE = (2, 4, 4, 6)
T = torch.tensor(5)


class Toy:
    """Answers x plus the number that a part says; notes how many items it was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.prepared = 0
        self.guidance = 0.0

    def conditions(
        self, parts: Sequence[ConditioningPart], shape: tuple[int, ...], guidance: float = 1.0
    ) -> torch.Tensor:
        self.prepared += 1
        self.guidance = guidance
        return torch.cat([part.embeds["embeds"][:, :1].expand(shape[0], 1) for part in parts])

    def __call__(self, x: torch.Tensor, t: torch.Tensor, prepared: torch.Tensor) -> torch.Tensor:
        self.asked.append(len(x))
        return x + prepared.reshape(-1, *[1] * (x.ndim - 1))


def part(number: float, length: int = 3, **options: Any) -> ConditioningPart:
    return ConditioningPart({"embeds": torch.full((1, length), number)}, **options)


def told(*parts: ConditioningPart) -> Conditioning:
    return Conditioning(parts, "toy")


def asked(conditioning: Conditioning, progress: float = 0.0, x: torch.Tensor | None = None) -> Any:
    """What is added to a latent of zeros, and the toy that was asked."""
    toy = Toy()
    return predict(toy, torch.zeros(SHAPE) if x is None else x, T, progress, conditioning), toy


def left(share: float = 0.5, size: tuple[int, int] = (32, 48), value: float = 1.0) -> torch.Tensor:
    area = torch.zeros(1, *size)
    area[..., : round(size[1] * share)] = value
    return area


def test_one_part_is_the_denoisers_own_answer_and_one_call() -> None:
    x = torch.randn(SHAPE)
    for one in (part(2), part(2, strength=0.3), part(2, area=left())):
        made, toy = asked(told(one), x=x)
        assert torch.equal(made, x + 2)
        assert toy.asked == [2]


def test_parts_without_area_are_averaged_by_strength_in_one_batch() -> None:
    made, toy = asked(told(part(1, strength=3.0), part(5)))
    assert torch.equal(made, torch.full(SHAPE, 2.0))
    assert toy.asked == [4]


def test_a_region_rules_inside_and_the_rest_falls_to_the_part_without() -> None:
    made, _ = asked(told(part(1), part(9, area=left())))
    assert torch.equal(made[..., :3], torch.full((2, 4, 4, 3), 9.0))
    assert torch.equal(made[..., 3:], torch.full((2, 4, 4, 3), 1.0))


def test_a_weak_region_leaves_the_rest_of_itself_to_the_background() -> None:
    made, _ = asked(told(part(1), part(9, area=left(), strength=0.25)))
    assert torch.equal(made[0, 0, 0], torch.tensor([3.0, 3, 3, 1, 1, 1]))


def test_where_regions_overlap_their_strengths_are_shared() -> None:
    whole = torch.ones(1, 32, 48)
    made, toy = asked(told(part(1), part(9, area=left(), strength=3.0), part(5, area=whole)))
    assert torch.equal(made[0, 0, 0], torch.tensor([8.0, 8, 8, 5, 5, 5]))
    assert toy.asked == [4], "the part that is covered everywhere is not asked"


def test_what_no_region_covers_is_shared_where_no_part_is_without() -> None:
    areas = (left(1 / 3), left(1 / 3).flip(-1))
    made, _ = asked(told(part(0, area=areas[0]), part(4, area=areas[1], strength=3.0)))
    assert torch.equal(made[0, 0, 0], torch.tensor([0.0, 0, 3, 3, 4, 4]))


def test_a_cell_that_a_mask_cuts_takes_its_share_of_it() -> None:
    made, _ = asked(told(part(0), part(8, area=left(20 / 48))))
    assert torch.allclose(made[0, 0, 0], torch.tensor([8.0, 8, 4, 0, 0, 0]))


def test_weights_add_up_to_one_whatever_the_masks() -> None:
    generator = torch.Generator().manual_seed(1)
    for _ in range(20):
        areas = [torch.rand(1, 8, 12, generator=generator) for _ in range(3)]
        strengths = (torch.rand(3, generator=generator) * 3 + 0.01).tolist()
        parts = [part(7, area=a, strength=s) for a, s in zip(areas, strengths, strict=True)]
        for some in (parts, [part(7), *parts]):
            made, _ = asked(told(*some))
            assert torch.allclose(made, torch.full(SHAPE, 7.0), atol=1e-5)


def test_each_latent_of_a_batch_may_have_a_mask_of_its_own() -> None:
    area = torch.cat([left(), 1 - left()])
    made, _ = asked(told(part(0), part(1, area=area)))
    assert torch.equal(made[0], 1 - made[1])
    with pytest.raises(NodeError, match="has 3 masks and there are 2 latents"):
        asked(told(part(0), part(1, area=torch.ones(3, 4, 6))))


def test_latents_of_films_take_a_region_in_every_frame() -> None:
    made, _ = asked(told(part(0), part(1, area=left())), x=torch.zeros(1, 4, 3, 4, 6))
    assert torch.equal(made[0, 0, :, 0], torch.tensor([[1.0, 1, 1, 0, 0, 0]] * 3))
    with pytest.raises(NodeError, match="have no height and width"):
        asked(told(part(0), part(1, area=left())), x=torch.zeros(1, 24, 16))


def test_a_mask_smaller_than_the_latent_is_stretched_over_it() -> None:
    made, _ = asked(told(part(0), part(1, area=torch.tensor([[[1.0, 0.0]]]))))
    row = made[0, 0, 0]
    assert row[0] == 1
    assert row[-1] == 0
    assert bool((row.diff() <= 0).all())


def test_a_part_is_asked_only_in_its_range() -> None:
    early, late = part(1, ranges=((0.0, 0.5),)), part(9, ranges=((0.5, 1.0),))
    prompts, toy = Prompts(told(early, late)), Toy()
    x = torch.zeros(SHAPE)
    said = [float(prompts(toy, x, T, step / 4)[0].mean()) for step in range(4)]
    assert said == [1, 1, 9, 9]
    assert toy.asked == [2] * 4
    assert toy.prepared == 2, "what a part says is prepared once"


def test_a_time_at_which_nothing_is_said_is_refused_in_words() -> None:
    with pytest.raises(NodeError, match="nothing between 0% and 20% of the steps"):
        Prompts(told(part(1, ranges=((0.2, 1.0),))))
    with pytest.raises(NodeError, match="nothing between 50% and 60%"):
        Prompts(told(part(1, ranges=((0.0, 0.5),)), part(1, ranges=((0.6, 1.0),))))
    with pytest.raises(NodeError, match="nothing between 0% and 100%"):
        Prompts(told(part(1, strength=0.0)))
    Prompts(told(part(1, ranges=((0.4, 1.0),)), part(1, ranges=((0.0, 0.5),))))


def test_negative_and_positive_of_one_shape_are_one_batch_in_their_order() -> None:
    toy, x = Toy(), torch.zeros(SHAPE)
    free, made = Prompts(told(part(1)), told(part(2)))(toy, x, T, 0.0)
    assert (float(free.mean()), float(made.mean())) == (1, 2)
    assert toy.asked == [4]


def test_texts_of_other_lengths_are_asked_apart() -> None:
    toy, x = Toy(), torch.zeros(SHAPE)
    free, made = Prompts(told(part(1)), told(part(2, length=6)))(toy, x, T, 0.0)
    assert (float(free.mean()), float(made.mean())) == (1, 2)
    assert toy.asked == [2, 2]


def test_the_strength_of_guidance_reaches_a_net_that_reads_it() -> None:
    toy = Toy()
    Prompts(told(part(1)), guidance=3.5)(toy, torch.zeros(SHAPE), T, 0.0)
    assert toy.guidance == 3.5


def test_for_want_of_memory_parts_are_asked_one_after_the_other() -> None:
    toy, x = Toy(), torch.zeros(SHAPE)
    prompts = Prompts(told(part(1)), told(part(2), part(4)), together=False)
    assert [float(made.mean()) for made in prompts(toy, x, T, 0.0)] == [1, 3]
    assert toy.asked == [2, 2, 2]
