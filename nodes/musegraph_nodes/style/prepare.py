"""Pictures, masks, weights and layers as the nodes of this pack want them, or why not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musegraph import Image, Mask, NodeError
from musegraph_nodes.image.filters import resample
from musegraph_nodes.image.pixels import described

if TYPE_CHECKING:
    from torch import Tensor

    from .layouts import Layout


@dataclass(frozen=True)
class Style:
    """One picture of a style: colours [1,3,H,W], what is seen of it, its weight, and its mask."""

    picture: Tensor
    seen: Tensor | None
    weight: float
    mask: Tensor | None
    """[H,W] at the size of the content: where in the result the style counts."""

    port: str = "styles"
    itself: bool = False
    """Whether this is the content, which is then as large as the result."""


def colours(image: Image, port: str) -> Tensor:
    """[B,3,H,W] in host memory; what shows through takes the mean colour of what is seen."""
    import torch

    data = image.data.detach().float().cpu()
    if not len(data):
        raise NodeError(f"port {port!r}: the batch holds no picture; give at least one")
    if not bool(torch.isfinite(data).all()):
        raise NodeError(
            f"port {port!r}: the picture holds values that are no numbers (NaN or infinite); make"
            " it again"
        )
    data = data.clamp(0, 1)
    if data.shape[-1] == 4:
        alpha = data[..., 3:]
        total = alpha.sum((1, 2), keepdim=True)
        if bool((total == 0).any()):
            raise NodeError(
                f"port {port!r}: the picture is transparent everywhere; give one with something on"
                " it"
            )
        mean = (data[..., :3] * alpha).sum((1, 2), keepdim=True) / total
        data = data[..., :3] * alpha + mean * (1 - alpha)
    return data.permute(0, 3, 1, 2).contiguous()


def alpha_of(image: Image) -> Tensor | None:
    """[B,H,W] of an image with transparency, in host memory."""
    if image.data.shape[-1] == 3:
        return None
    return image.data[..., 3].detach().float().cpu().clamp(0, 1)


def styles_of(
    styles: list[Image],
    weights: list[float] | None,
    masks: list[Mask] | None,
    content: tuple[int, int] | None,
    port: str = "styles",
) -> list[Style]:
    """All style pictures with what belongs to them; ``content`` is the size that masks have."""
    if not styles:
        raise NodeError("port 'styles': the list is empty; give at least one picture")
    shares = _weights(weights, len(styles))
    places = _masks(masks, len(styles), content)
    made = []
    for image, share, place in zip(styles, shares, places, strict=True):
        if share == 0:
            continue
        pictures, alpha = colours(image, port), alpha_of(image)
        for at in range(len(pictures)):
            seen = None if alpha is None else alpha[at]
            made.append(Style(pictures[at : at + 1], seen, share / len(pictures), place, port))
    return made


def _weights(weights: list[float] | None, count: int) -> list[float]:
    if weights is None:
        return [1.0] * count
    if len(weights) != count:
        raise NodeError(
            f"port 'weights': {len(weights)} weights for {count} styles; give one for each"
        )
    for weight in weights:
        if not 0 <= weight < math.inf:
            raise NodeError(f"port 'weights': a weight is 0 or more, and got {weight:g}")
    if not any(weights):
        raise NodeError("port 'weights': all are 0, so no style counts; set one above 0")
    return list(weights)


def _masks(
    masks: list[Mask] | None, count: int, content: tuple[int, int] | None
) -> list[Tensor | None]:
    import torch

    if masks is None or content is None:
        return [None] * count
    if len(masks) != count:
        raise NodeError(
            f"port 'masks': {len(masks)} masks for {count} styles; give one for each, a white one"
            " for a style that counts everywhere"
        )
    made: list[Tensor | None] = []
    for mask in masks:
        data = mask.data.detach().float().cpu()
        if len(data) != 1:
            raise NodeError(
                f"port 'masks': one of them is a batch of {len(data)}; give one mask for a style"
            )
        if (data.shape[2], data.shape[1]) != content:
            raise NodeError(
                f"port 'masks': a mask is {described(data)} and the content"
                f" {content[0]}×{content[1]}; image.mask_resize makes them agree"
            )
        if not bool(torch.isfinite(data).all()):
            raise NodeError("port 'masks': a mask holds values that are no numbers; make it again")
        if not bool((data > 0).any()):
            raise NodeError(
                "port 'masks': a mask is black everywhere, so its style counts nowhere; set its"
                " weight to 0 instead"
            )
        made.append(data[0].clamp(0, 1))
    return made


def resized(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """Pictures [B,C,H,W] at another size (width, height), 0..1."""
    if (pictures.shape[3], pictures.shape[2]) == size:
        return pictures
    lines = resample(pictures.permute(0, 2, 3, 1), size, "bicubic")
    return lines.permute(0, 3, 1, 2).clamp(0, 1).contiguous()


def resized_mask(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """A mask [H,W] at another size (width, height)."""
    return resized(mask[None, None], size)[0, 0]


def fitted(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """A size of the same shape whose longer side is so many pixels."""
    if not longest:
        return size
    scale = longest / max(size)
    width, height = (max(1, round(side * scale)) for side in size)
    return width, height


def scaled(style: Style, longest: int | None, scale: float) -> tuple[Tensor, Tensor | None]:
    """A style at the size that its strokes are to have, and where it is seen.

    That is a share of ``longest`` pixels along its longer side, or of its own size.
    """
    own = (style.picture.shape[3], style.picture.shape[2])
    wanted = fitted(own, max(1, round((longest or max(own)) * scale)))
    seen = None if style.seen is None else resized_mask(style.seen, wanted)
    return resized(style.picture, wanted), seen


def check_side(size: tuple[int, int], layout: Layout, layers: tuple[str, ...], port: str) -> None:
    """Refuse a picture on which the deepest layer has no cell."""
    deepest = max(layers, key=layout.stride)
    least = layout.stride(deepest)
    if min(size) < least:
        raise NodeError(
            f"port {port!r}: the picture is {size[0]}×{size[1]} pixels here, and the layer"
            f" {deepest} needs {least} at least; give a larger one, or layers that are less deep"
        )


def layers_of(asked: str, usual: tuple[str, ...], layout: Layout, port: str) -> tuple[str, ...]:
    """The layers that a text names, with commas between; what the net has of the usual without."""
    names = tuple(dict.fromkeys(name.strip() for name in asked.split(",") if name.strip()))
    if not names:
        held = tuple(name for name in usual if name in layout.layers)
        return held or (layout.layers[-1],)
    for name in names:
        if name not in layout.layers:
            raise NodeError(
                f"port {port!r}: the feature net has no layer {name!r}; it has"
                f" {', '.join(layout.layers)}"
            )
    return names
