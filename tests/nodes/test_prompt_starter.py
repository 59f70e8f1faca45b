"""Regions and weights on the starter model: what changes in the picture, and where."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny_sd import Bench

from musegraph import Conditioning, Mask
from musegraph_nodes import starter
from musegraph_nodes.diffusion import (
    combine,
    decode,
    empty_latent,
    encode_text,
    load,
    region,
    sample,
)

SCENES = Path(starter.__file__).parent / "weights" / "scenes"
WHOLE = "watercolor painting of the sea by day"


class Room:
    """The starter model, and pictures that it makes of the same noise."""

    def __init__(self) -> None:
        self.ctx = Bench()
        self.parts = load(str(SCENES), self.ctx)

    def told(self, text: str) -> Conditioning:
        return encode_text(self.parts.text_encoder, text, self.ctx)

    def picture(self, conditioning: Conditioning) -> torch.Tensor:
        """Pixels [96,96,3], made small: most of what is tested shows in their colours."""
        latent = empty_latent(self.parts.model, 96, 96)
        made = sample(
            self.parts.model, conditioning, self.ctx, latent=latent, seed=3, steps=6, guidance=3.5
        )
        return decode(self.parts.vae, made, self.ctx).data[0]


@pytest.fixture(scope="module")
def room() -> Room:
    return Room()


def left() -> Mask:
    mask = torch.zeros(1, 96, 96)
    mask[:, :, :48] = 1
    return Mask(mask)


def test_a_region_changes_its_side_of_the_picture_and_leaves_the_other(room: Room) -> None:
    whole = room.told(WHOLE)
    plain = room.picture(whole)
    night = room.picture(
        combine([whole, region(room.told("watercolor painting of the sea at night"), left())])
    )
    changed = (night - plain).abs().mean(dim=(0, 2))
    inside, outside = float(changed[:44].mean()), float(changed[52:].mean())
    assert inside > 0.1
    assert inside > 4 * outside, (inside, outside)
    assert night[:, :44].mean() < plain[:, :44].mean() - 0.1, "the night is darker"


def test_the_same_prompt_in_a_region_is_the_same_picture(room: Room) -> None:
    whole = room.told(WHOLE)
    made = room.picture(combine([whole, region(room.told(WHOLE), left())]))
    assert torch.allclose(made, room.picture(whole), atol=2e-3)


@pytest.mark.parametrize(("colour", "sign"), [("red", 1), ("blue", -1)])
def test_a_weight_makes_a_word_count_more(colour: str, sign: int, room: Room) -> None:
    """The colour of a tent grows with the weight of its word."""
    found = []
    for weight in ("0", "1", "1.6"):
        text = f"watercolor painting of a desert with a ({colour}:{weight}) tent"
        picture = room.picture(room.told(text))
        found.append(sign * float((picture[..., 0] - picture[..., 2]).mean()))
    assert found[0] < found[1] < found[2]
