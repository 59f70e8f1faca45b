"""Pack `style`: a picture woven of pieces of a style."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from style_bench import Bench

from musegraph import Image, Mask, NodeError
from musegraph_nodes.style import weave
from musegraph_nodes.style.weaving import pieces, woven


def picture(high: int = 40, wide: int = 56, seed: int = 1, channels: int = 3) -> Image:
    made = torch.Generator().manual_seed(seed)
    return Image(torch.rand(1, high, wide, channels, generator=made))


def half(left: bool = True) -> Mask:
    data = torch.zeros(1, 40, 56)
    data[:, :, :28] = 1
    return Mask(data if left else 1 - data)


def test_layout_comes_from_the_content_and_colours_come_from_the_style() -> None:
    content = torch.zeros(1, 3, 64, 64)
    content[..., 32:] = 1
    style = torch.tensor([0.1, 0.3, 0.8]).view(1, 3, 1, 1).expand(1, 3, 96, 96).clone()
    style[:, :, :48] = torch.tensor([0.9, 0.8, 0.6]).view(1, 3, 1, 1)
    made = woven(content, pieces(style))
    dark, light = made[..., 4:24].mean((0, 2, 3)), made[..., 40:60].mean((0, 2, 3))
    assert torch.allclose(dark, torch.tensor([0.1, 0.3, 0.8]), atol=0.1)
    assert torch.allclose(light, torch.tensor([0.9, 0.8, 0.6]), atol=0.1)


def test_all_of_a_style_is_used_where_a_content_is_flat() -> None:
    made = torch.Generator().manual_seed(3)
    style = torch.rand(1, 3, 96, 96, generator=made)
    flat = woven(torch.full((1, 3, 96, 96), 0.5), pieces(style))
    assert float((flat.mean((2, 3)) - style.mean((2, 3))).abs().max()) < 0.03
    assert float(flat.std() / style.std()) > 0.75


def test_the_same_inputs_make_the_same_picture() -> None:
    one = weave(picture(), [picture(seed=2)], Bench()).data
    assert torch.equal(one, weave(picture(), [picture(seed=2)], Bench()).data)


def test_strength_leads_from_the_content_to_the_style() -> None:
    made = [
        weave(picture(), [picture(seed=2)], Bench(), strength=strength).data
        for strength in (0.0, 0.5, 1.0)
    ]
    assert torch.equal(made[0], picture().data)
    assert torch.allclose(made[1], (made[0] + made[2]) / 2, atol=1e-6)


def test_each_style_counts_where_its_mask_is_white_and_weights_blend() -> None:
    one, two = picture(seed=2), picture(seed=3)
    left = weave(picture(), [one], Bench()).data
    right = weave(picture(), [two], Bench()).data
    made = weave(picture(), [one, two], Bench(), masks=[half(), half(left=False)]).data
    assert torch.allclose(made[:, :, :28], left[:, :, :28], atol=1e-6)
    assert torch.allclose(made[:, :, 28:], right[:, :, 28:], atol=1e-6)
    both = weave(picture(), [one, two], Bench(), weights=[3.0, 1.0]).data
    assert torch.allclose(both, 0.75 * left + 0.25 * right, atol=1e-6)


@pytest.mark.parametrize("side", [(1, 1), (4, 4), (33, 7), (64, 50)])
def test_any_size_keeps_its_shape_and_its_transparency(side: tuple[int, int]) -> None:
    image = picture(*side, channels=4)
    made = weave(image, [picture(seed=2)], Bench())
    assert made.data.shape == image.data.shape
    assert torch.allclose(made.data[..., 3], image.data[..., 3], atol=1e-6)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"content": Image(torch.full((1, 8, 8, 3), float("nan")))}, "port 'content': the picture hol"),
    ({"content": Image(torch.zeros(1, 8, 8, 4))}, "port 'content': the picture is transparent"),
    ({"content": Image(torch.zeros(0, 8, 8, 3))}, "port 'content': the batch holds no picture"),
    ({"styles": []}, "port 'styles': the list is empty"),
    ({"styles": [picture(1, 900)]}, "port 'styles': a style is 384×1 pixels here"),
    ({"styles": [Image(torch.full((1, 8, 8, 3), float("inf")))]}, "port 'styles': the picture hol"),
    ({"weights": [0.0]}, "port 'weights': all are 0"),
    ({"weights": [1.0, 2.0]}, "port 'weights': 2 weights for 1 styles"),
    ({"weights": [-1.0]}, "port 'weights': a weight is 0 or more"),
    ({"masks": [Mask(torch.ones(1, 8, 8))]}, "port 'masks': a mask is 8×8"),
    ({"masks": [Mask(torch.zeros(1, 40, 56))]}, "port 'masks': a mask is black everywhere"),
]


@pytest.mark.parametrize(("given", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_woven_is_refused_at_its_port(given: dict[str, Any], said: str) -> None:
    settings: dict[str, Any] = {"content": picture(), "styles": [picture(seed=2)]} | given
    with pytest.raises(NodeError, match=said):
        weave(ctx=Bench(), **settings)
