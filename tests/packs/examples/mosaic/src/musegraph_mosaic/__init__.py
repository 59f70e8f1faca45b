"""Pack `mosaic`: it brings scikit-image, and NumPy 1 where Musegraph has NumPy 2."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from musegraph import Image, Pack, node


@node(version="1")
def lay(
    image: Image,
    pieces: Annotated[int, Field(ge=2, le=5000, description="About how many pieces.")] = 300,
    roundness: Annotated[
        float, Field(ge=0.1, le=100, description="Low follows colours, high gives even pieces.")
    ] = 10.0,
) -> Image:
    """Lay a picture of pieces of one colour each."""
    import torch
    from skimage.color import label2rgb
    from skimage.segmentation import slic

    laid = []
    for picture in image.data.cpu().numpy():
        labels = slic(picture, n_segments=pieces, compactness=roundness, start_label=1)
        laid.append(torch.from_numpy(label2rgb(labels, picture, kind="avg", bg_label=0)))
    return Image(torch.stack(laid).to(image.data.dtype))


pack = Pack("mosaic", nodes=[lay], title="Mosaic", texts=Path(__file__).with_name("texts"))
