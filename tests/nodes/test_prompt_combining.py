"""Where, when and how much prompts count, and what comes of several."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from musegraph import Conditioning, ConditioningPart, Mask, NodeError
from musegraph_nodes.diffusion import average, combine, conditioning_range, region


def told(*numbers: float, length: int = 2, **options: Any) -> Conditioning:
    parts = (
        ConditioningPart({"embeds": torch.full((1, length, 3), float(number))}, **options)
        for number in numbers
    )
    return Conditioning(tuple(parts), "toy")


def mask(*rows: list[float]) -> Mask:
    return Mask(torch.tensor([rows], dtype=torch.float32))


def test_a_region_lies_on_every_part_and_strengths_multiply() -> None:
    made = region(told(1, 2, strength=0.5), mask([1, 0]), strength=3.0)
    for part in made.parts:
        assert torch.equal(part.area, torch.tensor([[[1.0, 0.0]]]))  # type: ignore[arg-type]
        assert part.strength == 1.5


def test_a_second_region_cuts_the_first_whatever_their_sizes() -> None:
    first = region(told(1), mask([1, 0]))
    twice = region(first, mask([1, 1, 1, 1], [0, 0, 0, 0]))
    area = twice.parts[0].area
    assert area is not None
    assert area.shape == (1, 2, 4)
    assert area[0, 0, 0] == 1
    assert area[0, 0, 3] == 0
    assert not area[0, 1].any()
    many = Mask(torch.ones(2, 1, 2))
    assert region(first, many).parts[0].area.shape == (2, 1, 2)  # type: ignore[union-attr]
    with pytest.raises(NodeError, match="one region has 2 masks and the other 3"):
        region(region(told(1), many), Mask(torch.ones(3, 1, 2)))


def test_combined_prompts_keep_their_parts_in_order() -> None:
    made = combine([told(1), told(2, 3), told(4)])
    assert [float(part.embeds["embeds"].mean()) for part in made.parts] == [1, 2, 3, 4]
    with pytest.raises(NodeError, match="nothing to combine"):
        combine([])
    with pytest.raises(NodeError, match="for the family 'toy' and another for 'other'"):
        combine([told(1), replace(told(2), family="other")])


def test_ranges_cut_each_other_and_parts_without_steps_go() -> None:
    both = combine([told(1, ranges=((0.0, 0.4), (0.6, 1.0))), told(2, ranges=((0.9, 1.0),))])
    made = conditioning_range(both, 0.2, 0.8)
    assert [part.ranges for part in made.parts] == [((0.2, 0.4), (0.6, 0.8))]
    with pytest.raises(NodeError, match=r"counts nowhere between 0\.4 and 0\.6"):
        conditioning_range(both, 0.4, 0.6)
    with pytest.raises(NodeError, match="set start below end"):
        conditioning_range(both, 0.5, 0.5)


@pytest.mark.parametrize("how", ["linear", "slerp"])
def test_the_ends_of_an_average_are_its_sides_to_the_bit(how: Any) -> None:
    a, b = told(1), told(2)
    assert torch.equal(
        average(a, b, 0.0, how).parts[0].embeds["embeds"], a.parts[0].embeds["embeds"]
    )
    assert torch.equal(
        average(a, b, 1.0, how).parts[0].embeds["embeds"], b.parts[0].embeds["embeds"]
    )


def one(vector: list[float]) -> Conditioning:
    return Conditioning((ConditioningPart({"embeds": torch.tensor([[vector]])}),), "toy")


def test_an_average_lies_on_the_line_or_on_the_arc() -> None:
    a, b = one([2.0, 0.0]), one([0.0, 2.0])
    line = average(a, b, 0.25).parts[0].embeds["embeds"]
    assert torch.equal(line, torch.tensor([[[1.5, 0.5]]]))
    arc = average(a, b, 1 / 3, "slerp").parts[0].embeds["embeds"]
    assert torch.allclose(arc, torch.tensor([[[3**0.5, 1.0]]]))
    same = average(a, a, 0.5, "slerp").parts[0].embeds["embeds"]
    assert torch.allclose(same, torch.tensor([[[2.0, 0.0]]]))
    nothing = average(one([0.0, 0.0]), b, 0.5, "slerp").parts[0].embeds["embeds"]
    assert bool(torch.isfinite(nothing).all())


def test_an_average_keeps_the_region_of_a_and_says_a_shorter_text_again() -> None:
    a = region(told(1, length=2), mask([1, 0]))
    made = average(a, told(3, length=6)).parts[0]
    assert torch.equal(made.embeds["embeds"], torch.full((1, 6, 3), 2.0))
    assert made.area is a.parts[0].area
    with pytest.raises(NodeError, match="2 states and the other 3"):
        average(told(1, length=2), told(1, length=3))
    with pytest.raises(NodeError, match="1 parts and b 2"):
        average(told(1), told(1, 2))
