"""What the node promises."""

import torch
from musegraph_dither import bayer

from musegraph import Image


def test_only_so_many_tones_are_left_and_the_mean_stays() -> None:
    grey = Image(torch.full((1, 16, 16, 3), 0.25))
    made = bayer(grey, 2).data
    assert set(made.unique().tolist()) == {0.0, 1.0}
    assert abs(float(made.mean()) - 0.25) < 1e-6
