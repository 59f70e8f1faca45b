"""What a mask covers, filled from what lies around it: for a model to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musegraph import Image, Mask, NodeError, node

from .pixels import described, premultiplied, same_batch, straight

if TYPE_CHECKING:
    from torch import Tensor


@node(version="1", numeric=True)
def fill_hole(image: Image, mask: Mask) -> Image:
    """Fill what a mask covers with colours that run smoothly from what lies around it.

    Before a model paints there anew, it takes away what is to go, so that less noise is enough. It
    pulls and pushes: means of seen pixels, ever coarser, then each hole from the next coarser ones
    (Gortler 1996). Where the mask is 0 every pixel stays exactly.
    """
    if mask.data.shape[1:] != image.data.shape[1:3]:
        raise NodeError(
            f"the mask is {described(mask.data)} and the picture {described(image.data)};"
            " image.mask_resize makes them agree"
        )
    data, hole = same_batch(image.data, mask.data, "the picture and the mask")
    seen = 1 - hole[..., None]
    planes = premultiplied(data).permute(0, 3, 1, 2)
    made = _filled(planes * seen.permute(0, 3, 1, 2), seen.permute(0, 3, 1, 2))
    filled = straight(made.permute(0, 2, 3, 1))
    mixed = data + hole[..., None] * (filled - data)
    return Image(mixed.where(hole[..., None] > 0, data).contiguous())


def _filled(colours: Tensor, seen: Tensor) -> Tensor:
    """[B,C,H,W], known by shares [B,1,H,W] that the colours are multiplied by, known everywhere."""
    import torch.nn.functional as F

    known = colours / seen.clamp(min=1e-6)
    if min(seen.shape[-2:]) == 1 or bool((seen >= 1).all()):
        rest = colours.sum(dim=(2, 3), keepdim=True)
        mean = rest / seen.sum(dim=(2, 3), keepdim=True).clamp(min=1e-6)
        return known.where(seen > 0, mean)
    high, wide = seen.shape[-2:]
    even = (0, wide % 2, 0, high % 2)  # beyond the edge nothing is seen, so it does not count
    coarse = F.avg_pool2d(F.pad(seen, even), 2)
    sums = F.avg_pool2d(F.pad(colours, even), 2)
    # What is seen in a quarter of a square is as good as known there.
    share = (coarse * 4).clamp(max=1)
    below = _filled(sums / coarse.clamp(min=1e-6) * share, share)
    smooth = F.interpolate(below, scale_factor=2, mode="bilinear")[..., :high, :wide]
    return known * seen + smooth * (1 - seen)
