"""What the node promises."""

import torch
from musegraph_mosaic import lay

from musegraph import Image


def test_each_half_of_a_picture_of_two_colours_keeps_its_colour() -> None:
    picture = torch.zeros(1, 32, 32, 3)
    picture[:, :, 16:] = torch.tensor([1.0, 0.5, 0.0])
    made = lay(Image(picture), 8).data
    assert torch.allclose(made, picture, atol=1e-6)
