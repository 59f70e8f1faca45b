"""Batches: one value that holds several pictures of one size."""

from musegraph import Image, NodeError, node

from .pixels import check_size, described, with_alpha


@node(version="1")
def split(image: Image) -> list[Image]:
    """List the pictures of a batch one by one."""
    return [Image(picture[None].contiguous()) for picture in image.data]


@node(version="1")
def stack(images: list[Image]) -> Image:
    """Put pictures of one size into one batch."""
    import torch

    if not images:
        raise NodeError("the list is empty; a batch holds at least one picture")
    first = images[0].data
    for number, image in enumerate(images, 1):
        if image.size != images[0].size:
            raise NodeError(
                f"picture {number} is {described(image.data)} and the first is {described(first)}; "
                "a batch has one size, image.resize makes them agree"
            )
    check_size(*images[0].size, sum(len(image.data) for image in images))
    alpha = any(image.data.shape[-1] == 4 for image in images)
    parts = [with_alpha(image.data) if alpha else image.data for image in images]
    return Image(torch.cat([part.to(first.device) for part in parts]))
