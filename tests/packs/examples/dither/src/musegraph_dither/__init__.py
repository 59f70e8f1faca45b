"""Pack `dither`: pictures of few tones."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from musegraph import Image, Pack, node


@node(version="1")
def bayer(
    image: Image,
    tones: Annotated[int, Field(ge=2, le=16, description="How many tones each channel has.")] = 2,
) -> Image:
    """Draw a picture with few tones, in a regular pattern of points."""
    import torch

    data = image.data
    matrix = torch.tensor([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
    height, width = data.shape[1:3]
    tiled = matrix.repeat(height // 4 + 1, width // 4 + 1)[:height, :width]
    threshold = ((tiled + 0.5) / 16)[None, :, :, None]
    steps = tones - 1
    return Image((data * steps + threshold).floor().clamp(0, steps) / steps)


pack = Pack("dither", nodes=[bayer], title="Dither", texts=Path(__file__).with_name("texts"))
